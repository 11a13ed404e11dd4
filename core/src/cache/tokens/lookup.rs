//! What a query finds.

use std::cmp::Reverse;
use std::sync::Arc;

use super::TokenCache;
use super::entry::{self, alike, same};
use super::index::{EntryId, Fingerprint};
use super::keys::{self, Held, Holder, OfClient};
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
    held: Held,
    of_client: OfClient,
}

impl<'a> Sought<'a> {
    fn new(query: &'a TokenQuery, group: &'a str, home: Option<&'a str>) -> Self {
        let holder = match &query.subject {
            TokenSubject::OnBehalfOf(hash) => Holder::Call(hash),
            _ => Holder::Account(home.unwrap_or_default()),
        };
        // Where many tenants are asked, the tokens of an account's own are meant.
        let own = || home.and_then(|home| home.rsplit_once('.')).map(|(_, tenant)| tenant);
        let held = Held::new(&holder, group);
        let of_client = held.of_client(&query.client_id);
        Self { query, group, realm: query.realm.as_deref().or_else(own), holder, held, of_client }
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

    fn is_of(&self, token: &RefreshToken) -> bool {
        self.is_held(token.home_account_id.as_deref(), token.user_assertion_hash.as_deref())
            && self.is_here(&token.environment)
    }
}

impl TokenCache {
    /// What the cache has for `query`.
    #[must_use]
    pub fn find(&mut self, query: &TokenQuery) -> TokenView {
        let group = environment_group(&query.environment);
        let mut view = TokenView::default();
        let named;
        let home = match &query.subject {
            TokenSubject::Accounts => {
                view.accounts = self.accounts(query, group);
                return view;
            }
            TokenSubject::Account(home) => Some(home.as_str()),
            TokenSubject::Username(name) => {
                view.accounts = self.accounts_named(name, query, group);
                named = view.accounts.first().map(Arc::clone);
                match one_account(named.as_deref(), &view.accounts) {
                    Some(home) => Some(home),
                    // Nobody, or more than one: whose tokens would they be?
                    None => return view,
                }
            }
            TokenSubject::Application | TokenSubject::OnBehalfOf(_) => None,
        };
        let sought = Sought::new(query, group, home);
        if let TokenSubject::Account(home) = &query.subject {
            view.accounts = self.accounts_of(home, sought.held, query);
        }
        if home == Some("") {
            // Those of nobody are the application's.
            return view;
        }
        view.access_tokens = self.access_tokens(&sought);
        if query.subject != TokenSubject::Application {
            view.app_metadata = self.app_metadata(&query.client_id, group);
            let family = view.app_metadata.as_ref().map(|metadata| metadata.family_id.as_deref());
            view.refresh_tokens = self.refresh_tokens(&sought, family.unwrap_or(Some(THE_FAMILY)));
            // Whose call it is, its token says.
            let of_call = view.access_tokens.first().and_then(|token| token.home_account_id.as_deref());
            match sought.holder {
                Holder::Account(home) => view.id_tokens = self.id_tokens(home, sought.of_client, &sought),
                Holder::Call(_) => {
                    if let Some(home) = of_call.filter(|home| !home.is_empty()) {
                        let held = Held::new(&Holder::Account(home), group);
                        view.accounts = self.accounts_of(home, held, query);
                        view.id_tokens = self.id_tokens(home, held.of_client(&query.client_id), &sought);
                    }
                }
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
        let query = sought.query;
        let scheme = (query.token_type.as_str(), query.key_id.as_deref().unwrap_or_default());
        let ext = query.ext_cache_key.as_deref().unwrap_or_default();
        let keys = sought.of_client.access_tokens(sought.realm.unwrap_or_default(), scheme, ext);
        // Any of the scopes leads to the token; one that nothing else has leads there at once.
        let key = api_scopes(&query.scopes).next().map_or(keys.all(), |scope| keys.with(scope));
        let mut found: Vec<Arc<AccessToken>> = Vec::new();
        for id in self.index.get(key).take(MOST_LOOKED_AT) {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            let Record::AccessToken(token) = &entry.record else { continue };
            if mismatch(sought, token).is_some() {
                continue;
            }
            found.push(Arc::clone(token));
            self.uses.touch(entry, id);
            if found.len() == MOST_FOUND {
                break;
            }
        }
        found.sort_by_key(|token| Reverse(token.expires_on));
        found
    }

    fn access_token(&self, id: EntryId) -> Option<&Arc<AccessToken>> {
        match &self.entries.get(&id)?.record {
            Record::AccessToken(token) => Some(token),
            _ => None,
        }
    }

    /// The application's own, the newest first; then those of its family. One that is not known to be in a family or out
    /// of it may try.
    fn refresh_tokens(&self, sought: &Sought<'_>, family: Option<&str>) -> Vec<Arc<RefreshToken>> {
        let mut found = self.refresh_tokens_by(sought.of_client.refresh_tokens(), sought, |token| {
            token.family_id.is_none() && same(&token.client_id, &sought.query.client_id)
        });
        if let Some(family) = family {
            let of_family = |token: &RefreshToken| token.family_id.as_deref() == Some(family);
            found.extend(self.refresh_tokens_by(sought.held.family(family), sought, of_family));
        }
        found
    }

    /// Those of a fingerprint that are meant: the newest first; of two as new, the one of the exact environment before
    /// that of another name of it.
    fn refresh_tokens_by(
        &self,
        key: Fingerprint,
        sought: &Sought<'_>,
        is_meant: impl Fn(&RefreshToken) -> bool,
    ) -> Vec<Arc<RefreshToken>> {
        let all = self.index.get(key).take(MOST_LOOKED_AT);
        let of_use = all.filter_map(|id| match &self.entries.get(&id)?.record {
            Record::RefreshToken(token) if is_meant(token) && sought.is_of(token) => Some(Arc::clone(token)),
            _ => None,
        });
        let mut found: Vec<_> = of_use.take(MOST_FOUND).collect();
        found.sort_by_key(|token| {
            let exact = same(&token.environment, &sought.query.environment);
            Reverse((token.last_modification_time, exact))
        });
        found
    }

    /// `of_client` are the keys of the account's.
    fn id_tokens(&self, home: &str, of_client: OfClient, sought: &Sought<'_>) -> Vec<Arc<IdToken>> {
        let is_meant = |token: &IdToken| {
            same(token.home_account_id.as_deref().unwrap_or_default(), home)
                && same(&token.client_id, &sought.query.client_id)
                && sought.is_here(&token.environment)
                && sought.realm.is_none_or(|realm| same(entry::realm(&token.realm, Some(home)), realm))
        };
        let all = self.index.get(of_client.id_tokens()).take(MOST_LOOKED_AT);
        all.filter_map(|id| match &self.entries.get(&id)?.record {
            Record::IdToken(token) if is_meant(token) => Some(Arc::clone(token)),
            _ => None,
        })
        .take(MOST_FOUND)
        .collect()
    }

    /// Those that the application has a token for.
    fn accounts(&self, query: &TokenQuery, group: &str) -> Vec<Arc<AccountRecord>> {
        self.accounts_by(keys::accounts(group), query, |record| self.is_of_use(record, &query.client_id))
    }

    fn accounts_named(&self, name: &str, query: &TokenQuery, group: &str) -> Vec<Arc<AccountRecord>> {
        let name = entry::folded(name);
        self.accounts_by(keys::username(&name, group), query, |record| {
            same(&entry::folded(&record.account.username), &name)
        })
    }

    fn accounts_of(&self, home: &str, held: Held, query: &TokenQuery) -> Vec<Arc<AccountRecord>> {
        self.accounts_by(held.accounts(), query, |record| same(record.account.home_account_id.as_str(), home))
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
        let group = environment_group(&account.environment);
        let family = self.app_metadata(client_id, group).map(|metadata| metadata.family_id.clone());
        let family = family.unwrap_or_else(|| Some(THE_FAMILY.into()));
        let home = account.home_account_id.as_str();
        self.index.get(keys::owner(home)).any(|id| {
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

    pub(super) fn app_metadata(&self, client_id: &str, group: &str) -> Option<Arc<AppMetadata>> {
        self.index.get(keys::app(client_id, group)).find_map(|id| match &self.entries.get(&id)?.record {
            Record::AppMetadata(metadata)
                if same(&metadata.client_id, client_id)
                    && same(environment_group(&metadata.environment), group) =>
            {
                Some(Arc::clone(metadata))
            }
            _ => None,
        })
    }

    /// Tokens of the same subject that do not fit, and why.
    fn considered(&self, sought: &Sought<'_>) -> Vec<Considered> {
        let key = match sought.holder {
            Holder::Account("") => {
                let realm = sought.realm.unwrap_or_default();
                sought.of_client.access_tokens(realm, ("Bearer", ""), "").all()
            }
            Holder::Account(home) => keys::owner(home),
            Holder::Call(hash) => keys::session(&sought.query.client_id, hash),
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
    if !same(&query.token_type, token_type) || !alike(query.key_id.as_deref().unwrap_or_default(), key_id) {
        return Some(Reason::OtherType);
    }
    let ext = query.ext_cache_key.as_deref().unwrap_or_default();
    if !same(ext, token.ext_cache_key.as_deref().unwrap_or_default()) {
        return Some(Reason::OtherPurpose);
    }
    let target = &token.target;
    let has = |scope: &str| {
        // Nearly always it is the only one, or longer than all of them together.
        same(scope, target)
            || scope.len() < target.len() && token.scopes().any(|granted| same(scope, granted))
    };
    if !api_scopes(&query.scopes).all(has) {
        return Some(Reason::MissingScope);
    }
    None
}
