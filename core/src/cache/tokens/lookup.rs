//! What a query finds.

use std::sync::Arc;

use super::TokenCache;
use super::entry::{self, Holder, RefreshOwner};
use super::index::EntryId;
use crate::cache::{
    AccessToken, AccountRecord, AppMetadata, Considered, ConsideredKind, IdToken, Reason, Record,
    RefreshToken, TokenQuery, TokenSubject, TokenView,
};

/// The most entries that one query looks at where many would do; the latest first.
const MOST_LOOKED_AT: usize = 64;

impl TokenCache {
    /// What the cache has for `query`.
    #[must_use]
    pub fn find(&mut self, query: &TokenQuery) -> TokenView {
        let accounts = self.accounts(query);
        let app_metadata = self.app_metadata(&query.client_id, &query.environment);
        let mut view = TokenView { accounts, app_metadata, ..TokenView::default() };
        let home = match &query.subject {
            TokenSubject::Accounts => return view,
            TokenSubject::Account(home) => Some(home.clone()),
            TokenSubject::Username(_) => match one_account(&view.accounts) {
                Some(home) => Some(home),
                // Nobody, or more than one: whose tokens would they be?
                None => return view,
            },
            TokenSubject::Application | TokenSubject::OnBehalfOf(_) => None,
        };
        if home.as_deref() == Some("") {
            // Those of nobody are the application's.
            return view;
        }
        let query = &with_realm(query, home.as_deref());
        let holder = match (&query.subject, &home) {
            (TokenSubject::OnBehalfOf(hash), _) => Holder::Call(hash),
            (_, home) => Holder::Account(home.as_deref().unwrap_or_default()),
        };
        let ids = self.access_tokens(query, &holder);
        for id in &ids {
            self.touch(*id);
        }
        view.access_tokens = ids.iter().filter_map(|id| self.access_token(*id)).cloned().collect();
        view.access_tokens.sort_by_key(|token| std::cmp::Reverse(token.expires_on));
        if query.subject != TokenSubject::Application {
            let family = view.app_metadata.as_ref().map(|metadata| metadata.family_id.clone());
            view.refresh_tokens = self.refresh_tokens(query, &holder, family);
        }
        // Whose call it is, its token says.
        let of_call = view.access_tokens.first().and_then(|token| token.home_account_id.as_deref());
        match (&query.subject, of_call.or(home.as_deref()).filter(|home| !home.is_empty())) {
            (TokenSubject::Application, _) | (_, None) => {}
            (TokenSubject::OnBehalfOf(_), Some(home)) => {
                let subject = TokenSubject::Account(home.to_owned());
                view.accounts = self.accounts(&TokenQuery { subject, ..query.clone() });
                view.id_tokens = self.id_tokens(home, query);
            }
            (_, Some(home)) => view.id_tokens = self.id_tokens(home, query),
        }
        let count = if view.access_tokens.is_empty() { &mut self.stats.misses } else { &mut self.stats.hits };
        *count = count.saturating_add(1);
        if view.access_tokens.is_empty() {
            view.considered = self.considered(query, &holder);
        }
        view
    }

    /// Those that fit in every respect but time.
    fn access_tokens(&self, query: &TokenQuery, holder: &Holder<'_>) -> Vec<EntryId> {
        // Any of the scopes leads to the token; one that nothing else has leads there at once.
        let scope = entry::api_scopes(&query.scopes).next().unwrap_or_default();
        let key = entry::access(
            holder,
            &query.client_id,
            &query.environment,
            query.realm.as_deref().unwrap_or_default(),
            (&query.token_type, query.key_id.as_deref().unwrap_or_default()),
            query.ext_cache_key.as_deref().unwrap_or_default(),
            scope,
        );
        let fits = |id: &EntryId| {
            self.access_token(*id).is_some_and(|token| mismatch(query, holder, token).is_none())
        };
        self.index.get(key).take(MOST_LOOKED_AT).filter(fits).collect()
    }

    fn access_token(&self, id: EntryId) -> Option<&Arc<AccessToken>> {
        match &self.entries.get(&id)?.record {
            Record::AccessToken(token) => Some(token),
            _ => None,
        }
    }

    fn touch(&mut self, id: EntryId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        self.use_count = self.use_count.saturating_add(1);
        let class = entry::class(&entry.record);
        self.uses.remove(&(class, entry.used, id));
        entry.used = self.use_count;
        self.uses.insert((class, entry.used, id));
    }

    /// The application's own, the newest first; then those of its family. One that is not known to be in a family or out
    /// of it may try.
    fn refresh_tokens(
        &self,
        query: &TokenQuery,
        holder: &Holder<'_>,
        family: Option<Option<String>>,
    ) -> Vec<Arc<RefreshToken>> {
        let mut found = Vec::new();
        let family = family.unwrap_or_else(|| Some(THE_FAMILY.to_owned()));
        let owners =
            [Some(RefreshOwner::Client(&query.client_id)), family.as_deref().map(RefreshOwner::Family)];
        for owner in owners.into_iter().flatten() {
            let key = entry::refresh(holder, &query.environment, &owner);
            let mut of_owner: Vec<(EntryId, &Arc<RefreshToken>)> = self
                .index
                .get(key)
                .take(MOST_LOOKED_AT)
                .filter_map(|id| match &self.entries.get(&id)?.record {
                    Record::RefreshToken(token) if is_for(token, query, holder, &owner) => Some((id, token)),
                    _ => None,
                })
                .collect();
            // The exact environment before another name of it; then the newest.
            of_owner.sort_by_key(|(id, token)| {
                let exact = token.environment.eq_ignore_ascii_case(&query.environment);
                std::cmp::Reverse((token.last_modification_time, exact, *id))
            });
            found.extend(of_owner.into_iter().map(|(_, token)| Arc::clone(token)));
        }
        found
    }

    fn id_tokens(&self, home: &str, query: &TokenQuery) -> Vec<Arc<IdToken>> {
        let key = entry::id_token(home, &query.environment, &query.client_id);
        let all =
            self.index.get(key).take(MOST_LOOKED_AT).filter_map(|id| match &self.entries.get(&id)?.record {
                Record::IdToken(token)
                    if token.home_account_id.as_deref().unwrap_or_default().eq_ignore_ascii_case(home)
                        && token.client_id.eq_ignore_ascii_case(&query.client_id)
                        && entry::same_environment(&token.environment, &query.environment)
                        && query.realm.as_deref().is_none_or(|realm| {
                            entry::realm(&token.realm, Some(home)).eq_ignore_ascii_case(realm)
                        }) =>
                {
                    Some(Arc::clone(token))
                }
                _ => None,
            });
        all.collect()
    }

    fn accounts(&self, query: &TokenQuery) -> Vec<Arc<AccountRecord>> {
        let environment = &query.environment;
        let key = match &query.subject {
            TokenSubject::Application | TokenSubject::OnBehalfOf(_) => return Vec::new(),
            TokenSubject::Account(home) => entry::account(home, environment),
            TokenSubject::Username(name) => entry::username(name, environment),
            TokenSubject::Accounts => entry::accounts(environment),
        };
        let is_meant = |record: &AccountRecord| match &query.subject {
            TokenSubject::Account(home) => record.account.home_account_id.as_str().eq_ignore_ascii_case(home),
            TokenSubject::Username(name) => record.account.username.to_lowercase() == name.to_lowercase(),
            _ => self.is_of_use(record, &query.client_id),
        };
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
        found.sort_by(|left, right| {
            let key = |record: &AccountRecord| {
                (
                    record.account.home_account_id.as_str().to_ascii_lowercase(),
                    record.account.tenant_id.clone(),
                )
            };
            key(left).cmp(&key(right))
        });
        found
    }

    /// Whether an application has a token for an account: one of its own, or a refresh token of its family.
    fn is_of_use(&self, record: &AccountRecord, client_id: &str) -> bool {
        let account = &record.account;
        let family =
            self.app_metadata(client_id, &account.environment).map(|metadata| metadata.family_id.clone());
        let family = family.unwrap_or_else(|| Some(THE_FAMILY.to_owned()));
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
        self.index.get(entry::app(client_id, environment)).find_map(|id| {
            match &self.entries.get(&id)?.record {
                Record::AppMetadata(metadata)
                    if metadata.client_id.eq_ignore_ascii_case(client_id)
                        && entry::same_environment(&metadata.environment, environment) =>
                {
                    Some(Arc::clone(metadata))
                }
                _ => None,
            }
        })
    }

    /// Tokens of the same subject that do not fit, and why.
    fn considered(&self, query: &TokenQuery, holder: &Holder<'_>) -> Vec<Considered> {
        let key = match holder {
            Holder::Account("") => {
                let realm = query.realm.as_deref().unwrap_or_default();
                entry::access(holder, &query.client_id, &query.environment, realm, ("Bearer", ""), "", "")
            }
            Holder::Account(home) => entry::owner(home),
            Holder::Call(hash) => entry::session(&query.client_id, hash),
        };
        let tokens =
            self.index.get(key).filter_map(|id| self.access_token(id)).take(TokenView::MOST_CONSIDERED);
        tokens
            .filter_map(|token| {
                let reason = mismatch(query, holder, token)?;
                Some(Considered {
                    kind: ConsideredKind::AccessToken,
                    client_id: token.client_id.clone(),
                    realm: token.realm.clone(),
                    target: token.target.clone(),
                    expires_on: Some(token.expires_on),
                    reason,
                })
            })
            .collect()
    }
}

/// Where many tenants are asked, the tokens of an account's own are meant.
fn with_realm(query: &TokenQuery, home: Option<&str>) -> TokenQuery {
    let mut query = query.clone();
    let own = || home.and_then(|home| home.rsplit_once('.')).map(|(_, tenant)| tenant.to_owned());
    query.realm = query.realm.or_else(own);
    query
}

/// The only family there is.
const THE_FAMILY: &str = "1";

/// The one account that these are, in however many tenants.
fn one_account(accounts: &[Arc<AccountRecord>]) -> Option<String> {
    let mut homes: Vec<_> =
        accounts.iter().map(|record| record.account.home_account_id.as_str().to_ascii_lowercase()).collect();
    homes.dedup();
    match homes.as_slice() {
        [home] => Some(home.clone()),
        _ => None,
    }
}

/// Why a token does not fit, time apart; `None` if it does.
fn mismatch(query: &TokenQuery, holder: &Holder<'_>, token: &AccessToken) -> Option<Reason> {
    let same = |left: &str, right: &str| left.eq_ignore_ascii_case(right);
    let held = match holder {
        Holder::Account(home) => {
            same(home, token.home_account_id.as_deref().unwrap_or_default())
                && token.user_assertion_hash.is_none()
        }
        Holder::Call(hash) => token.user_assertion_hash.as_deref() == Some(*hash),
    };
    let (token_type, key_id) = entry::scheme(token);
    if !same(&query.client_id, &token.client_id) {
        return Some(Reason::OtherClient);
    }
    if !entry::same_environment(&query.environment, &token.environment) {
        return Some(Reason::OtherEnvironment);
    }
    if !held {
        return Some(Reason::OtherPurpose);
    }
    if query.realm.as_deref().is_some_and(|realm| !same(realm, entry::realm_of(token))) {
        return Some(Reason::OtherRealm);
    }
    if !same(&query.token_type, token_type) || query.key_id.as_deref().unwrap_or_default() != key_id {
        return Some(Reason::OtherType);
    }
    let ext = |ext: &Option<String>| ext.as_deref().unwrap_or_default().to_ascii_lowercase();
    if ext(&query.ext_cache_key) != ext(&token.ext_cache_key) {
        return Some(Reason::OtherPurpose);
    }
    let has = |scope: &str| token.target.iter().any(|granted| same(scope, granted));
    if !entry::api_scopes(&query.scopes).all(has) {
        return Some(Reason::MissingScope);
    }
    None
}

fn is_for(token: &RefreshToken, query: &TokenQuery, holder: &Holder<'_>, owner: &RefreshOwner<'_>) -> bool {
    let held = match holder {
        Holder::Account(home) => {
            home.eq_ignore_ascii_case(token.home_account_id.as_deref().unwrap_or_default())
                && token.user_assertion_hash.is_none()
        }
        Holder::Call(hash) => token.user_assertion_hash.as_deref() == Some(*hash),
    };
    let owned = match owner {
        RefreshOwner::Client(client) => {
            token.family_id.is_none() && token.client_id.eq_ignore_ascii_case(client)
        }
        RefreshOwner::Family(family) => token.family_id.as_deref() == Some(*family),
    };
    held && owned && entry::same_environment(&token.environment, &query.environment)
}
