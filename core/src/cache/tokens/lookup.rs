//! What a query finds.

use std::sync::Arc;

use super::TokenCache;
use super::entry::{self, Holder, RefreshOwner, same};
use super::index::{EntryId, Fingerprint};
use crate::authority::environment_group;
use crate::cache::{
    AccessToken, AccountRecord, AppMetadata, Considered, IdToken, Reason, Record, RefreshToken, TokenQuery,
    TokenSubject, TokenView,
};
use crate::context::is_reserved;

/// The most entries of one fingerprint that a query looks at, the latest first: many more than share one by chance.
const MOST_LOOKED_AT: usize = 4096;
/// The most tokens of a kind that a query finds where many would do.
const MOST_FOUND: usize = 64;

/// What is looked for, once it is clear whose it is.
struct Sought<'a> {
    query: &'a TokenQuery,
    /// The one name of the cloud.
    group: &'a str,
    /// The tenant, if one is meant.
    realm: Option<&'a str>,
    holder: Holder<'a>,
}

impl<'a> Sought<'a> {
    fn new(query: &'a TokenQuery, group: &'a str, home: Option<&'a str>) -> Self {
        let holder = match &query.subject {
            TokenSubject::OnBehalfOf(hash) => Holder::Call(hash),
            _ => Holder::Account(home.unwrap_or_default()),
        };
        // Where many tenants are asked, the tokens of an account's own are meant.
        let own = || home.and_then(|home| home.rsplit_once('.')).map(|(_, tenant)| tenant);
        Self { query, group, realm: query.realm.as_deref().or_else(own), holder }
    }

    fn is_here(&self, environment: &str) -> bool {
        same(environment, &self.query.environment) || same(environment_group(environment), self.group)
    }

    fn is_held(&self, home_account_id: Option<&str>, assertion_hash: Option<&str>) -> bool {
        match self.holder {
            Holder::Account(home) => {
                same(home, home_account_id.unwrap_or_default()) && assertion_hash.is_none()
            }
            Holder::Call(hash) => assertion_hash == Some(hash),
        }
    }
}

impl TokenCache {
    /// What the cache has for `query`.
    #[must_use]
    pub fn find(&mut self, query: &TokenQuery) -> TokenView {
        let group = environment_group(&query.environment);
        let mut view = TokenView { accounts: self.accounts(query, group), ..TokenView::default() };
        let account = view.accounts.first().map(Arc::clone);
        let home = match &query.subject {
            TokenSubject::Accounts => return view,
            TokenSubject::Account(home) => Some(home.as_str()),
            TokenSubject::Username(_) => match one_account(account.as_deref(), &view.accounts) {
                Some(home) => Some(home),
                // Nobody, or more than one: whose tokens would they be?
                None => return view,
            },
            TokenSubject::Application | TokenSubject::OnBehalfOf(_) => None,
        };
        if home == Some("") {
            // Those of nobody are the application's.
            return view;
        }
        let sought = Sought::new(query, group, home);
        view.access_tokens = self.access_tokens(&sought);
        if query.subject != TokenSubject::Application {
            view.app_metadata = self.app_metadata(&query.client_id, &query.environment);
            let family = view.app_metadata.as_ref().map(|metadata| metadata.family_id.as_deref());
            view.refresh_tokens = self.refresh_tokens(&sought, family.unwrap_or(Some(THE_FAMILY)));
            // Whose call it is, its token says.
            let of_call = view.access_tokens.first().map(Arc::clone);
            let of_call = of_call.as_ref().and_then(|token| token.home_account_id.as_deref());
            let home = of_call.or(home).unwrap_or_default();
            if !home.is_empty() {
                if let Holder::Call(_) = sought.holder {
                    view.accounts = self.accounts_of(home, query, group);
                }
                view.id_tokens = self.id_tokens(home, &sought);
            }
        }
        let count = if view.access_tokens.is_empty() { &mut self.stats.misses } else { &mut self.stats.hits };
        *count = count.saturating_add(1);
        if view.access_tokens.is_empty() {
            view.considered = self.considered(&sought);
        }
        view
    }

    /// Those that fit in every respect but time, the one that ends last first. They are now the latest of use.
    fn access_tokens(&mut self, sought: &Sought<'_>) -> Vec<Arc<AccessToken>> {
        // Any of the scopes leads to the token; one that nothing else has leads there at once.
        let scope = api_scopes(&sought.query.scopes).next().unwrap_or_default();
        let Sought { query, group, realm, holder } = sought;
        let scheme = (query.token_type.as_str(), query.key_id.as_deref().unwrap_or_default());
        let ext = query.ext_cache_key.as_deref().unwrap_or_default();
        let realm = realm.unwrap_or_default();
        let mut found: Vec<(EntryId, Arc<AccessToken>)> = self
            .index
            .get(entry::access(holder, &query.client_id, group, realm, scheme, ext, scope))
            .take(MOST_LOOKED_AT)
            .filter_map(|id| Some((id, self.access_token(id)?)))
            .filter(|(_, token)| mismatch(sought, token).is_none())
            .take(MOST_FOUND)
            .map(|(id, token)| (id, Arc::clone(token)))
            .collect();
        found.sort_by_key(|(_, token)| std::cmp::Reverse(token.expires_on));
        for (id, _) in &found {
            self.touch(*id);
        }
        found.into_iter().map(|(_, token)| token).collect()
    }

    fn access_token(&self, id: EntryId) -> Option<&Arc<AccessToken>> {
        match &self.entries.get(&id)?.record {
            Record::AccessToken(token) => Some(token),
            _ => None,
        }
    }

    fn touch(&mut self, id: EntryId) {
        // One that was of use a little while ago stays where it is: no order is kept among the latest quarter of the access
        // tokens, which are the first to go.
        let lately = (self.ends.len() / 4) as u64;
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if entry.used.saturating_add(lately) >= self.use_count {
            return;
        }
        self.use_count = self.use_count.saturating_add(1);
        let class = entry::class(&entry.record);
        self.uses.remove(&(class, entry.used, id));
        entry.used = self.use_count;
        self.uses.insert((class, entry.used, id));
    }

    /// The application's own, the newest first; then those of its family. One that is not known to be in a family or out
    /// of it may try.
    fn refresh_tokens(&self, sought: &Sought<'_>, family: Option<&str>) -> Vec<Arc<RefreshToken>> {
        let mut found: Vec<(EntryId, &Arc<RefreshToken>)> = Vec::new();
        let owners = [Some(RefreshOwner::Client(&sought.query.client_id)), family.map(RefreshOwner::Family)];
        for owner in owners.into_iter().flatten() {
            let key = entry::refresh(&sought.holder, sought.group, &owner);
            let before = found.len();
            let of_owner = self.index.get(key).take(MOST_LOOKED_AT);
            let of_owner = of_owner.filter_map(|id| match &self.entries.get(&id)?.record {
                Record::RefreshToken(token) if is_for(token, sought, &owner) => Some((id, token)),
                _ => None,
            });
            found.extend(of_owner.take(MOST_FOUND));
            // The newest; of two as new, the one of the exact environment before that of another name of it.
            let of_owner = found.get_mut(before..).unwrap_or_default();
            of_owner.sort_by_key(|(id, token)| {
                let exact = same(&token.environment, &sought.query.environment);
                std::cmp::Reverse((token.last_modification_time, exact, *id))
            });
        }
        found.into_iter().map(|(_, token)| Arc::clone(token)).collect()
    }

    fn id_tokens(&self, home: &str, sought: &Sought<'_>) -> Vec<Arc<IdToken>> {
        let client_id = &sought.query.client_id;
        let is_meant = |token: &IdToken| {
            same(token.home_account_id.as_deref().unwrap_or_default(), home)
                && same(&token.client_id, client_id)
                && sought.is_here(&token.environment)
                && sought.realm.is_none_or(|realm| same(entry::realm(&token.realm, Some(home)), realm))
        };
        let all = self.index.get(entry::id_token(home, sought.group, client_id)).take(MOST_LOOKED_AT);
        all.filter_map(|id| match &self.entries.get(&id)?.record {
            Record::IdToken(token) if is_meant(token) => Some(Arc::clone(token)),
            _ => None,
        })
        .take(MOST_FOUND)
        .collect()
    }

    /// The accounts that a query's subject may be.
    fn accounts(&self, query: &TokenQuery, group: &str) -> Vec<Arc<AccountRecord>> {
        match &query.subject {
            TokenSubject::Application | TokenSubject::OnBehalfOf(_) => Vec::new(),
            TokenSubject::Account(home) => self.accounts_of(home, query, group),
            TokenSubject::Username(name) => {
                let name = name.to_lowercase();
                self.accounts_by(entry::username(&name, group), query, |record| {
                    record.account.username.to_lowercase() == name
                })
            }
            TokenSubject::Accounts => {
                let client_id = &query.client_id;
                self.accounts_by(entry::accounts(group), query, |record| self.is_of_use(record, client_id))
            }
        }
    }

    fn accounts_of(&self, home: &str, query: &TokenQuery, group: &str) -> Vec<Arc<AccountRecord>> {
        self.accounts_by(entry::account(home, group), query, |record| {
            same(record.account.home_account_id.as_str(), home)
        })
    }

    /// Those of a fingerprint that are of the query's cloud and meant, in the order of their identifiers and tenants.
    fn accounts_by(
        &self,
        key: Fingerprint,
        query: &TokenQuery,
        is_meant: impl Fn(&AccountRecord) -> bool,
    ) -> Vec<Arc<AccountRecord>> {
        let environment = &query.environment;
        let is_there = |record: &AccountRecord| {
            environment.is_empty() || entry::same_environment(&record.account.environment, environment)
        };
        let mut found: Vec<_> = self
            .index
            .get(key)
            .filter_map(|id| match &self.entries.get(&id)?.record {
                Record::Account(record) if is_there(record) && is_meant(record) => Some(Arc::clone(record)),
                _ => None,
            })
            .collect();
        found.sort_by_cached_key(|record| {
            let account = &record.account;
            (account.home_account_id.as_str().to_ascii_lowercase(), account.tenant_id.clone())
        });
        found
    }

    /// Whether an application has a token for an account: one of its own, or a refresh token of its family.
    fn is_of_use(&self, record: &AccountRecord, client_id: &str) -> bool {
        let account = &record.account;
        let family =
            self.app_metadata(client_id, &account.environment).map(|metadata| metadata.family_id.clone());
        let family = family.unwrap_or_else(|| Some(THE_FAMILY.into()));
        let home = account.home_account_id.as_str();
        self.index.get(entry::owner(home)).any(|id| {
            let Some(entry) = self.entries.get(&id) else { return false };
            let is_mine = entry::home_account_id(&entry.record).eq_ignore_ascii_case(home)
                && entry::same_environment(entry::environment(&entry.record), &account.environment);
            is_mine
                && match &entry.record {
                    Record::RefreshToken(token) if token.family_id.is_some() => token.family_id == family,
                    Record::AccessToken(_) | Record::RefreshToken(_) => {
                        entry::client_id(&entry.record).eq_ignore_ascii_case(client_id)
                    }
                    _ => false,
                }
        })
    }

    pub(super) fn app_metadata(&self, client_id: &str, environment: &str) -> Option<Arc<AppMetadata>> {
        self.index.get(entry::app(client_id, environment_group(environment))).find_map(|id| {
            match &self.entries.get(&id)?.record {
                Record::AppMetadata(metadata)
                    if same(&metadata.client_id, client_id)
                        && entry::same_environment(&metadata.environment, environment) =>
                {
                    Some(Arc::clone(metadata))
                }
                _ => None,
            }
        })
    }

    /// Tokens of the same subject that do not fit, and why.
    fn considered(&self, sought: &Sought<'_>) -> Vec<Considered> {
        let key = match sought.holder {
            Holder::Account("") => {
                let (client, realm) = (&sought.query.client_id, sought.realm.unwrap_or_default());
                entry::access(&sought.holder, client, sought.group, realm, ("Bearer", ""), "", "")
            }
            Holder::Account(home) => entry::owner(home),
            Holder::Call(hash) => entry::session(&sought.query.client_id, hash),
        };
        let tokens = self.index.get(key).filter_map(|id| self.access_token(id));
        tokens
            .take(TokenView::MOST_CONSIDERED)
            .filter_map(|token| Some(Considered::access_token(token, mismatch(sought, token)?)))
            .collect()
    }
}

/// The scopes of APIs among those that are asked for.
fn api_scopes(scopes: &[String]) -> impl Iterator<Item = &str> {
    scopes.iter().map(String::as_str).filter(|scope| !is_reserved(scope))
}

/// The only family there is.
const THE_FAMILY: &str = "1";

/// The one account that these are, in however many tenants.
fn one_account<'a>(first: Option<&'a AccountRecord>, all: &[Arc<AccountRecord>]) -> Option<&'a str> {
    let home = first?.account.home_account_id.as_str();
    let is_same = |record: &Arc<AccountRecord>| same(record.account.home_account_id.as_str(), home);
    all.iter().all(is_same).then_some(home)
}

/// Why a token does not fit, time apart; `None` if it does.
fn mismatch(sought: &Sought<'_>, token: &AccessToken) -> Option<Reason> {
    let query = sought.query;
    let (token_type, key_id) = entry::scheme(token);
    if !same(&query.client_id, &token.client_id) {
        return Some(Reason::OtherClient);
    }
    if !sought.is_here(&token.environment) {
        return Some(Reason::OtherEnvironment);
    }
    if !sought.is_held(token.home_account_id.as_deref(), token.user_assertion_hash.as_deref()) {
        return Some(Reason::OtherPurpose);
    }
    if sought.realm.is_some_and(|realm| !same(realm, entry::realm_of(token))) {
        return Some(Reason::OtherRealm);
    }
    if !same(&query.token_type, token_type) || query.key_id.as_deref().unwrap_or_default() != key_id {
        return Some(Reason::OtherType);
    }
    let ext = query.ext_cache_key.as_deref().unwrap_or_default();
    if !same(ext, token.ext_cache_key.as_deref().unwrap_or_default()) {
        return Some(Reason::OtherPurpose);
    }
    let has = |scope: &str| token.scopes().any(|granted| same(scope, granted));
    if !api_scopes(&query.scopes).all(has) {
        return Some(Reason::MissingScope);
    }
    None
}

fn is_for(token: &RefreshToken, sought: &Sought<'_>, owner: &RefreshOwner<'_>) -> bool {
    let owned = match owner {
        RefreshOwner::Client(client) => token.family_id.is_none() && same(&token.client_id, client),
        RefreshOwner::Family(family) => token.family_id.as_deref() == Some(*family),
    };
    owned
        && sought.is_held(token.home_account_id.as_deref(), token.user_assertion_hash.as_deref())
        && sought.is_here(&token.environment)
}
