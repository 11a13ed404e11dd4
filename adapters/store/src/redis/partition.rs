//! Which key a token is kept under.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use entrada_core::cache::{CacheUpdate, Record, TokenChange};
use sha2::{Digest, Sha256};

/// What is kept under one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Partition(String);

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Partition {
    pub(super) fn user(home_account_id: &str) -> Self {
        Self(format!("user:{}", escaped(home_account_id)))
    }

    pub(super) fn app(client_id: &str, realm: &str) -> Self {
        Self(format!("app:{}:{}", escaped(client_id), escaped(realm)))
    }

    /// Hashed once more, as the key of a session may be a secret of its own.
    pub(super) fn call(client_id: &str, hash: &str) -> Self {
        let hash: String = Sha256::digest(hash).iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("call:{}:{hash}", escaped(client_id)))
    }
}

/// A part of a name in which nothing looks like the end of it. Identifiers differ in nothing but case.
fn escaped(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'%' | b':' | b'{' | b'}' | 0..=b' ' | 0x7f.. => text.push_str(&format!("%{byte:02X}")),
            _ => text.push(byte.to_ascii_lowercase().into()),
        }
    }
    text
}

/// A change as one change for each partition.
///
/// An account and its ID token go with the tokens of the same change: to the call's partition if it has none but those
/// of a call, which then has all that the call needs and goes as one. What is said of an application alone has no
/// partition, unless an account is named.
pub(super) fn split(update: &CacheUpdate) -> BTreeMap<Partition, CacheUpdate> {
    let of_calls = calls(update);
    let mut changes = BTreeMap::<Partition, Vec<TokenChange>>::new();
    let mut of_apps = Vec::new();
    for change in &update.tokens {
        let partitions = match change {
            TokenChange::Put(Record::AppMetadata(_)) => {
                of_apps.push(change.clone());
                continue;
            }
            TokenChange::Put(record) => of_record(record, &of_calls),
            TokenChange::RemoveRefreshToken(token) => {
                of_record(&Record::RefreshToken(token.clone()), &of_calls)
            }
            TokenChange::RemoveAccount { home_account_id, .. } => vec![Partition::user(home_account_id)],
            TokenChange::RemoveSession { client_id, session_key } => {
                vec![Partition::call(client_id, session_key)]
            }
            // A kind that this release does not know cannot be put anywhere.
            _ => Vec::new(),
        };
        for partition in partitions {
            changes.entry(partition).or_default().push(change.clone());
        }
    }
    if changes.is_empty()
        && !of_apps.is_empty()
        && let Some(home) = &update.only_if_account
    {
        changes.insert(Partition::user(home), Vec::new());
    }
    let part = |changes: Vec<TokenChange>| {
        let mut part = CacheUpdate::default();
        part.at = update.at;
        part.only_if_account.clone_from(&update.only_if_account);
        part.tokens = changes;
        part.tokens.extend(of_apps.iter().cloned());
        part
    };
    changes.into_iter().map(|(partition, changes)| (partition, part(changes))).collect()
}

/// The calls of each account that has tokens of calls and no others in a change.
fn calls(update: &CacheUpdate) -> BTreeMap<String, BTreeSet<Partition>> {
    let mut calls = BTreeMap::<String, BTreeSet<Partition>>::new();
    let mut has_others = BTreeSet::new();
    for change in &update.tokens {
        let (home, client_id, hash) = match change {
            TokenChange::Put(Record::AccessToken(token)) => {
                (&token.home_account_id, &token.client_id, &token.user_assertion_hash)
            }
            TokenChange::Put(Record::RefreshToken(token)) => {
                (&token.home_account_id, &token.client_id, &token.user_assertion_hash)
            }
            _ => continue,
        };
        let home = home.as_deref().unwrap_or_default().to_ascii_lowercase();
        match hash {
            Some(hash) => drop(calls.entry(home).or_default().insert(Partition::call(client_id, hash))),
            None => drop(has_others.insert(home)),
        }
    }
    calls.retain(|home, _| !has_others.contains(home));
    calls
}

fn of_record(record: &Record, of_calls: &BTreeMap<String, BTreeSet<Partition>>) -> Vec<Partition> {
    let (home, client_id, realm, hash) = match record {
        Record::AccessToken(token) => (
            token.home_account_id.as_deref(),
            token.client_id.as_str(),
            token.realm.as_str(),
            token.user_assertion_hash.as_deref(),
        ),
        Record::RefreshToken(token) => (
            token.home_account_id.as_deref(),
            token.client_id.as_str(),
            "",
            token.user_assertion_hash.as_deref(),
        ),
        Record::IdToken(token) => {
            (token.home_account_id.as_deref(), token.client_id.as_str(), token.realm.as_str(), None)
        }
        Record::Account(record) => (Some(record.account.home_account_id.as_str()), "", "", None),
        _ => return Vec::new(),
    };
    if let Some(hash) = hash {
        return vec![Partition::call(client_id, hash)];
    }
    let home = home.unwrap_or_default();
    match of_calls.get(&home.to_ascii_lowercase()) {
        Some(calls) => calls.iter().cloned().collect(),
        None if home.is_empty() => vec![Partition::app(client_id, realm)],
        None => vec![Partition::user(home)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entrada_core::account::{Account, HomeAccountId};
    use entrada_core::cache::{AccessToken, AccountRecord, AppMetadata, RefreshToken};

    fn access(home: Option<&str>, hash: Option<&str>) -> Record {
        let mut token = AccessToken::default();
        token.client_id = "App".into();
        token.realm = "Tenant".into();
        token.home_account_id = home.map(Into::into);
        token.user_assertion_hash = hash.map(Into::into);
        token.into()
    }

    fn account(home: &str) -> Record {
        let mut record = AccountRecord::default();
        record.account = Account::default();
        record.account.home_account_id = HomeAccountId::new(home);
        record.into()
    }

    fn names(records: Vec<Record>) -> Vec<(String, usize)> {
        let mut update = CacheUpdate::default();
        update.tokens = records.into_iter().map(TokenChange::from).collect();
        split(&update).into_iter().map(|(name, part)| (name.to_string(), part.tokens.len())).collect()
    }

    #[test]
    fn each_kind_of_token_has_its_partition() {
        let of_call = Partition::call("app", "hash").to_string();
        assert_eq!(of_call.len(), "call:app:".len() + 64);
        assert_eq!(names(vec![access(None, None)]), [("app:app:tenant".to_owned(), 1)]);
        assert_eq!(names(vec![access(Some("U.T"), None), account("u.t")]), [("user:u.t".to_owned(), 2)]);
        assert_eq!(names(vec![access(Some("u.t"), Some("hash")), account("U.T")]), [(of_call, 2)]);
        assert_eq!(
            names(vec![access(Some("u.t"), None), access(Some("u.t"), Some("hash")), account("u.t")]).len(),
            2
        );
        assert_eq!(names(vec![access(Some("a.t"), None), access(Some("b.t"), None)]).len(), 2);
    }

    #[test]
    fn what_is_known_of_an_application_goes_with_each_partition() {
        let metadata = || Record::from(AppMetadata::default());
        assert_eq!(names(vec![access(Some("u.t"), None), metadata()]), [("user:u.t".to_owned(), 2)]);
        assert_eq!(names(vec![metadata()]), []);
        let mut update = CacheUpdate::default();
        update.tokens = vec![metadata().into()];
        update.only_if_account = Some("u.t".to_owned());
        let (name, part) = split(&update).pop_first().unwrap();
        assert_eq!((name, part.tokens.len()), (Partition::user("u.t"), 1));
    }

    #[test]
    fn removals_go_where_the_tokens_are() {
        let mut token = RefreshToken::default();
        token.home_account_id = Some("u.t".into());
        let mut update = CacheUpdate::default();
        update.tokens = vec![
            TokenChange::RemoveRefreshToken(token.into()),
            TokenChange::RemoveAccount {
                home_account_id: "U.T".to_owned(),
                environment: String::new(),
                client_id: String::new(),
            },
            TokenChange::RemoveSession { client_id: "app".to_owned(), session_key: "key".to_owned() },
        ];
        let parts = split(&update);
        assert_eq!(parts[&Partition::user("u.t")].tokens.len(), 2);
        assert_eq!(parts[&Partition::call("App", "key")].tokens.len(), 1);
    }

    #[test]
    fn no_name_can_look_like_another() {
        assert_ne!(Partition::app("a:b", "c"), Partition::app("a", "b:c"));
        assert_eq!(Partition::user("a}:%{ü").to_string(), "user:a%7D%3A%25%7B%C3%BC");
    }
}
