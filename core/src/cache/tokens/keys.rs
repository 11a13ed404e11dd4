//! What an entry is found by. Here and below, `group` is the one name that stands for a cloud.

use super::entry;
use super::index::Fingerprint;
use crate::account::Account;
use crate::authority::environment_group;
use crate::cache::{AccessToken, IdToken, Record, RefreshToken};

/// Whose tokens are, as far as finding them goes: an account's, the application's (empty), or a call's.
pub(super) enum Holder<'a> {
    Account(&'a str),
    Call(&'a str),
}

impl<'a> Holder<'a> {
    fn new(home: Option<&'a str>, hash: Option<&'a str>) -> Self {
        match hash {
            Some(hash) => Self::Call(hash),
            None => Self::Account(home.unwrap_or_default()),
        }
    }
}

/// The keys of what a holder has in a cloud. What they have in common is hashed once.
#[derive(Clone, Copy)]
pub(super) struct Held(Fingerprint);

impl Held {
    pub(super) fn new(holder: &Holder<'_>, group: &str) -> Self {
        let (sort, name) = match holder {
            Holder::Account(home) => ("account", home),
            Holder::Call(hash) => ("call", hash),
        };
        Self(Fingerprint::of(sort).and(name).and(group))
    }

    /// The accounts.
    pub(super) fn accounts(self) -> Fingerprint {
        self.0
    }

    /// The refresh tokens of a family.
    pub(super) fn family(self, family_id: &str) -> Fingerprint {
        self.0.and("family").and(family_id)
    }

    pub(super) fn of_client(self, client_id: &str) -> OfClient {
        OfClient(self.0.and("client").and(client_id))
    }
}

/// The keys of what an application has of a holder in a cloud.
#[derive(Clone, Copy)]
pub(super) struct OfClient(Fingerprint);

impl OfClient {
    /// The access tokens, whatever their scopes.
    pub(super) fn access_tokens(self, realm: &str, scheme: (&str, &str), ext: &str) -> AccessTokens {
        let (token_type, key_id) = scheme;
        AccessTokens(self.0.and("access").and(realm).and(token_type).and(key_id).and(ext))
    }

    pub(super) fn refresh_tokens(self) -> Fingerprint {
        self.0.and("refresh")
    }

    pub(super) fn id_tokens(self) -> Fingerprint {
        self.0.and("id")
    }
}

/// The keys of access tokens that differ in their scopes.
#[derive(Clone, Copy)]
pub(super) struct AccessTokens(Fingerprint);

impl AccessTokens {
    pub(super) fn all(self) -> Fingerprint {
        self.0
    }

    pub(super) fn with(self, scope: &str) -> Fingerprint {
        self.0.and(scope)
    }
}

/// Accounts of a cloud, whoever they are; of every cloud with the empty name.
pub(super) fn accounts(group: &str) -> Fingerprint {
    Fingerprint::of("accounts").and(group)
}

/// `name` is [folded](entry::folded).
pub(super) fn username(name: &str, group: &str) -> Fingerprint {
    Fingerprint::of("username").and(name).and(group)
}

pub(super) fn app(client_id: &str, group: &str) -> Fingerprint {
    Fingerprint::of("app").and(client_id).and(group)
}

/// Everything that belongs to an account.
pub(super) fn owner(home: &str) -> Fingerprint {
    Fingerprint::of("owner").and(home)
}

/// Everything that was got under an assertion or the key of a session.
pub(super) fn session(client_id: &str, hash: &str) -> Fingerprint {
    Fingerprint::of("session").and(client_id).and(hash)
}

fn of_access_token(token: &AccessToken, realm: &str) -> AccessTokens {
    let holder = Holder::new(token.home_account_id.as_deref(), token.user_assertion_hash.as_deref());
    let held = Held::new(&holder, environment_group(&token.environment));
    let ext = token.ext_cache_key.as_deref().unwrap_or_default();
    held.of_client(&token.client_id).access_tokens(realm, entry::scheme(token), ext)
}

fn of_refresh_token(token: &RefreshToken) -> Fingerprint {
    let holder = Holder::new(token.home_account_id.as_deref(), token.user_assertion_hash.as_deref());
    let held = Held::new(&holder, environment_group(&token.environment));
    match token.family_id.as_deref() {
        Some(family_id) => held.family(family_id),
        None => held.of_client(&token.client_id).refresh_tokens(),
    }
}

fn of_id_token(token: &IdToken) -> Fingerprint {
    let holder = Holder::new(token.home_account_id.as_deref(), None);
    Held::new(&holder, environment_group(&token.environment)).of_client(&token.client_id).id_tokens()
}

fn of_account(account: &Account) -> Fingerprint {
    let holder = Holder::Account(account.home_account_id.as_str());
    Held::new(&holder, environment_group(&account.environment)).accounts()
}

/// Visits every key that an entry is found by; some perhaps twice.
pub(super) fn each(record: &Record, mut visit: impl FnMut(Fingerprint)) {
    match record {
        Record::AccessToken(token) => {
            // On behalf of a user the tenant may be unknown: such tokens are found with and without it.
            let realms = [Some(entry::realm_of(token)), token.user_assertion_hash.as_ref().map(|_| "")];
            for realm in realms.into_iter().flatten() {
                let keys = of_access_token(token, realm);
                visit(keys.all());
                entry::api_scopes(token).for_each(|scope| visit(keys.with(scope)));
            }
        }
        Record::Account(record) => {
            let account = &record.account;
            let group = environment_group(&account.environment);
            visit(of_account(account));
            visit(accounts(group));
            visit(accounts(""));
            visit(username(&entry::folded(&account.username), group));
        }
        Record::RefreshToken(_) | Record::IdToken(_) | Record::AppMetadata(_) => identity(record, &mut visit),
    }
    let home = entry::home_account_id(record);
    if !home.is_empty() {
        visit(owner(home));
    }
    if let Some(hash) = entry::assertion_hash(record) {
        visit(session(entry::client_id(record), hash));
    }
}

/// Visits the keys under which those stand that a record replaces.
pub(super) fn identity(record: &Record, mut visit: impl FnMut(Fingerprint)) {
    match record {
        Record::AccessToken(token) => {
            let keys = of_access_token(token, entry::realm_of(token));
            let mut scopes = entry::api_scopes(token).peekable();
            if scopes.peek().is_none() {
                visit(keys.all());
            }
            scopes.for_each(|scope| visit(keys.with(scope)));
        }
        Record::RefreshToken(token) => visit(of_refresh_token(token)),
        Record::IdToken(token) => visit(of_id_token(token)),
        Record::Account(record) => visit(of_account(&record.account)),
        Record::AppMetadata(metadata) => {
            visit(app(&metadata.client_id, environment_group(&metadata.environment)));
        }
    }
}
