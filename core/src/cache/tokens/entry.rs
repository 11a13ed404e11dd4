//! An entry: its record, its keys in the index, and what makes it the same as another.

use super::index::Fingerprint;
use crate::authority::environment_group;
use crate::cache::schema::{self, Came};
use crate::cache::{AccessToken, Record, RefreshToken};
use crate::context::is_reserved;
use crate::time::Timestamp;

/// A record, and what came with it.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) record: Record,
    pub(super) came: Came,
    pub(super) bytes: usize,
    pub(super) used: u64,
}

impl Entry {
    pub(super) fn new(record: Record, came: Came) -> Self {
        let bytes = schema::bytes(&record);
        Self { record, came, bytes, used: 0 }
    }
}

/// How readily an entry goes to make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    AccessToken,
    IdToken,
    RefreshToken,
    Never,
}

pub(super) const fn class(record: &Record) -> Class {
    match record {
        Record::AccessToken(_) => Class::AccessToken,
        Record::IdToken(_) => Class::IdToken,
        Record::RefreshToken(_) => Class::RefreshToken,
        Record::Account(_) | Record::AppMetadata(_) => Class::Never,
    }
}

const ACCESS: u8 = 1;
const REFRESH: u8 = 2;
const ID_TOKEN: u8 = 3;
const ACCOUNT: u8 = 4;
const APP: u8 = 5;
const OWNER: u8 = 6;
const USERNAME: u8 = 7;
const SESSION: u8 = 8;

/// Whose an access token is, as far as finding it goes: an account's, the application's (empty), or a call's.
pub(super) enum Holder<'a> {
    Account(&'a str),
    Call(&'a str),
}

/// Access tokens with a scope; all of them with the empty one. Here and below, `group` is the one name that stands for a
/// cloud.
pub(super) fn access(
    holder: &Holder<'_>,
    client_id: &str,
    group: &str,
    realm: &str,
    scheme: (&str, &str),
    ext: &str,
    scope: &str,
) -> Fingerprint {
    let (kind, holder) = match holder {
        Holder::Account(home) => ("", *home),
        Holder::Call(hash) => ("call", *hash),
    };
    let (token_type, key_id) = scheme;
    Fingerprint::new(ACCESS, &[kind, holder, client_id, group, realm, token_type, key_id, ext, scope])
}

pub(super) enum RefreshOwner<'a> {
    Client(&'a str),
    Family(&'a str),
}

pub(super) fn refresh(holder: &Holder<'_>, group: &str, owner: &RefreshOwner<'_>) -> Fingerprint {
    let (kind, holder) = match holder {
        Holder::Account(home) => ("", *home),
        Holder::Call(hash) => ("call", *hash),
    };
    let (sort, owner) = match owner {
        RefreshOwner::Client(client) => ("client", *client),
        RefreshOwner::Family(family) => ("family", *family),
    };
    Fingerprint::new(REFRESH, &[kind, holder, group, sort, owner])
}

pub(super) fn id_token(home: &str, group: &str, client_id: &str) -> Fingerprint {
    Fingerprint::new(ID_TOKEN, &[home, group, client_id])
}

pub(super) fn account(home: &str, group: &str) -> Fingerprint {
    Fingerprint::new(ACCOUNT, &[home, group])
}

/// Accounts of a cloud, whoever they are; of every cloud with the empty name.
pub(super) fn accounts(group: &str) -> Fingerprint {
    Fingerprint::new(ACCOUNT, &[group])
}

pub(super) fn username(name: &str, group: &str) -> Fingerprint {
    Fingerprint::new(USERNAME, &[&name.to_lowercase(), group])
}

pub(super) fn app(client_id: &str, group: &str) -> Fingerprint {
    Fingerprint::new(APP, &[client_id, group])
}

/// Everything that belongs to an account.
pub(super) fn owner(home: &str) -> Fingerprint {
    Fingerprint::new(OWNER, &[home])
}

/// Everything that was got under an assertion or the key of a session.
pub(super) fn session(client_id: &str, hash: &str) -> Fingerprint {
    Fingerprint::new(SESSION, &[client_id, hash])
}

fn holder<'a>(home: Option<&'a str>, hash: Option<&'a str>) -> Holder<'a> {
    match hash {
        Some(hash) => Holder::Call(hash),
        None => Holder::Account(home.unwrap_or_default()),
    }
}

pub(super) fn scheme(token: &AccessToken) -> (&str, &str) {
    let token_type = if token.token_type.is_empty() { "Bearer" } else { &token.token_type };
    (token_type, token.key_id.as_deref().unwrap_or_default())
}

/// The tenant that a token is of. Some libraries write down the name that was asked, which stands for the account's own
/// tenant, and `adfs` for the one that AD FS does not have.
pub(super) fn realm<'a>(written: &'a str, home_account_id: Option<&'a str>) -> &'a str {
    let is = |name: &&str| written.eq_ignore_ascii_case(name);
    if ["common", "organizations", "consumers"].iter().any(is) {
        let own = home_account_id.and_then(|home| home.rsplit_once('.'));
        return own.map_or(written, |(_, tenant)| tenant);
    }
    if is(&"adfs") { "" } else { written }
}

/// The tenant of an access token.
pub(super) fn realm_of(token: &AccessToken) -> &str {
    realm(&token.realm, token.home_account_id.as_deref())
}

fn access_key(token: &AccessToken, realm: &str, scope: &str) -> Fingerprint {
    let holder = holder(token.home_account_id.as_deref(), token.user_assertion_hash.as_deref());
    let ext = token.ext_cache_key.as_deref().unwrap_or_default();
    access(&holder, &token.client_id, environment_group(&token.environment), realm, scheme(token), ext, scope)
}

/// The scopes of APIs, which are what tokens are found by.
pub(super) fn api_scopes(token: &AccessToken) -> impl Iterator<Item = &str> {
    token.scopes().filter(|scope| !is_reserved(scope))
}

fn refresh_key(token: &RefreshToken) -> Fingerprint {
    let owner =
        token.family_id.as_deref().map_or(RefreshOwner::Client(&token.client_id), RefreshOwner::Family);
    let holder = holder(token.home_account_id.as_deref(), token.user_assertion_hash.as_deref());
    refresh(&holder, environment_group(&token.environment), &owner)
}

/// Every key that an entry is found by.
pub(super) fn keys(record: &Record) -> Vec<Fingerprint> {
    let mut keys = Vec::new();
    match record {
        Record::AccessToken(token) => {
            // On behalf of a user the tenant may be unknown: such tokens are found with and without it.
            let realms = [Some(realm_of(token)), token.user_assertion_hash.as_ref().map(|_| "")];
            for realm in realms.into_iter().flatten() {
                keys.push(access_key(token, realm, ""));
                keys.extend(api_scopes(token).map(|scope| access_key(token, realm, scope)));
            }
        }
        Record::RefreshToken(token) => keys.push(refresh_key(token)),
        Record::IdToken(token) => {
            let home = token.home_account_id.as_deref().unwrap_or_default();
            keys.push(id_token(home, environment_group(&token.environment), &token.client_id));
        }
        Record::Account(record) => {
            let account_of = &record.account;
            let group = environment_group(&account_of.environment);
            keys.push(account(account_of.home_account_id.as_str(), group));
            keys.push(accounts(group));
            keys.push(accounts(""));
            keys.push(username(&account_of.username, group));
        }
        Record::AppMetadata(metadata) => {
            keys.push(app(&metadata.client_id, environment_group(&metadata.environment)))
        }
    }
    let home = home_account_id(record);
    if !home.is_empty() {
        keys.push(owner(home));
    }
    if let Some(hash) = assertion_hash(record) {
        keys.push(session(client_id(record), hash));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The keys under which those stand that a record replaces.
pub(super) fn identity(record: &Record) -> Vec<Fingerprint> {
    match record {
        Record::AccessToken(token) => {
            let mut keys: Vec<_> =
                api_scopes(token).map(|scope| access_key(token, realm_of(token), scope)).collect();
            if keys.is_empty() {
                keys.push(access_key(token, realm_of(token), ""));
            }
            keys
        }
        Record::RefreshToken(token) => vec![refresh_key(token)],
        Record::IdToken(token) => {
            let home = token.home_account_id.as_deref().unwrap_or_default();
            vec![id_token(home, environment_group(&token.environment), &token.client_id)]
        }
        Record::Account(record) => {
            vec![account(
                record.account.home_account_id.as_str(),
                environment_group(&record.account.environment),
            )]
        }
        Record::AppMetadata(metadata) => {
            vec![app(&metadata.client_id, environment_group(&metadata.environment))]
        }
    }
}

/// Whether two names are the same, which have no case. Nearly always they are written alike, which is seen at once.
pub(super) fn same(left: &str, right: &str) -> bool {
    left == right || left.eq_ignore_ascii_case(right)
}

fn same_option(left: Option<&str>, right: Option<&str>) -> bool {
    same(left.unwrap_or_default(), right.unwrap_or_default())
}

pub(super) fn same_environment(left: &str, right: &str) -> bool {
    // Nearly always both have the same name.
    same(left, right) || same(environment_group(left), environment_group(right))
}

/// Whether `new` takes the place of `old`. Access tokens that share a scope do, as they answer the same queries.
pub(super) fn replaces(new: &Record, old: &Record) -> bool {
    if !same_environment(environment(new), environment(old))
        || !same(home_account_id(new), home_account_id(old))
        || assertion_hash(new) != assertion_hash(old)
    {
        return false;
    }
    match (new, old) {
        (Record::AccessToken(new), Record::AccessToken(old)) => {
            let (new_type, new_key) = scheme(new);
            let (old_type, old_key) = scheme(old);
            same(&new.client_id, &old.client_id)
                && same(realm_of(new), realm_of(old))
                && same(new_type, old_type)
                && new_key == old_key
                && same_option(new.ext_cache_key.as_deref(), old.ext_cache_key.as_deref())
                && share_a_scope(new, old)
        }
        (Record::RefreshToken(new), Record::RefreshToken(old)) => match (&new.family_id, &old.family_id) {
            (Some(new), Some(old)) => same(new, old),
            (None, None) => same(&new.client_id, &old.client_id),
            _ => false,
        },
        (Record::IdToken(new), Record::IdToken(old)) => {
            same(&new.client_id, &old.client_id) && same(&new.realm, &old.realm)
        }
        (Record::Account(new), Record::Account(old)) => same(&new.account.tenant_id, &old.account.tenant_id),
        (Record::AppMetadata(new), Record::AppMetadata(old)) => same(&new.client_id, &old.client_id),
        _ => false,
    }
}

fn share_a_scope(left: &AccessToken, right: &AccessToken) -> bool {
    let mut left_scopes = api_scopes(left).peekable();
    if left_scopes.peek().is_none() {
        return api_scopes(right).next().is_none();
    }
    left_scopes.any(|scope| api_scopes(right).any(|other| same(scope, other)))
}

pub(super) fn home_account_id(record: &Record) -> &str {
    match record {
        Record::AccessToken(token) => token.home_account_id.as_deref().unwrap_or_default(),
        Record::RefreshToken(token) => token.home_account_id.as_deref().unwrap_or_default(),
        Record::IdToken(token) => token.home_account_id.as_deref().unwrap_or_default(),
        Record::Account(record) => record.account.home_account_id.as_str(),
        Record::AppMetadata(_) => "",
    }
}

pub(super) fn environment(record: &Record) -> &str {
    match record {
        Record::AccessToken(token) => &token.environment,
        Record::RefreshToken(token) => &token.environment,
        Record::IdToken(token) => &token.environment,
        Record::Account(record) => &record.account.environment,
        Record::AppMetadata(metadata) => &metadata.environment,
    }
}

pub(super) fn client_id(record: &Record) -> &str {
    match record {
        Record::AccessToken(token) => &token.client_id,
        Record::RefreshToken(token) => &token.client_id,
        Record::IdToken(token) => &token.client_id,
        Record::Account(_) => "",
        Record::AppMetadata(metadata) => &metadata.client_id,
    }
}

pub(super) fn assertion_hash(record: &Record) -> Option<&str> {
    match record {
        Record::AccessToken(token) => token.user_assertion_hash.as_deref(),
        Record::RefreshToken(token) => token.user_assertion_hash.as_deref(),
        _ => None,
    }
}

/// When an access token is of no use any more.
pub(super) fn end(record: &Record) -> Option<Timestamp> {
    match record {
        Record::AccessToken(token) => {
            Some(token.expires_on.max(token.extended_expires_on.unwrap_or_default()))
        }
        _ => None,
    }
}
