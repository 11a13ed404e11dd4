//! An entry: its record, and what makes it the same as another.

use std::borrow::Cow;

use crate::authority::environment_group;
use crate::cache::schema::{self, Came};
use crate::cache::{AccessToken, Record};
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

/// The scopes of APIs, which are what tokens are found by.
pub(super) fn api_scopes(token: &AccessToken) -> impl Iterator<Item = &str> {
    token.scopes().filter(|scope| !is_reserved(scope))
}

/// Whether two names are the same, which have no case. Nearly always they are written alike, which is seen at once.
pub(super) fn same(left: &str, right: &str) -> bool {
    alike(left, right) || left.eq_ignore_ascii_case(right)
}

/// Whether two texts are the same to the letter. The C library's comparison, asked about two that are empty, can take longer
/// than for long ones: on processors with AVX-512 it reads where they are, which is nowhere.
pub(super) fn alike(left: &str, right: &str) -> bool {
    left.len() == right.len() && (left.is_empty() || left == right)
}

/// A user's name in a form in which [`same`] compares it. Nearly always that is as it is.
pub(super) fn folded(name: &str) -> Cow<'_, str> {
    if name.is_ascii() { Cow::Borrowed(name) } else { Cow::Owned(name.to_lowercase()) }
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
                && alike(new_key, old_key)
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
