//! The token cache: what is in it, and what a query finds.

mod document;
mod entry;
mod evict;
mod index;
mod keys;
mod lookup;
#[cfg(test)]
mod tests;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use self::document::DocumentReader;
use self::entry::Entry;
use self::index::{EntryId, Index, Table};
use self::uses::Uses;
use super::{CacheUpdate, Record, RefreshToken, TokenChange, schema};
use crate::authority::environment_group;
use crate::secret::SecretMembers;
use crate::text::Text;
use crate::time::Timestamp;

/// The tokens, accounts and applications that flows remember, indexed.
///
/// It reads what any MSAL wrote and writes what they all read ([`schema`]), keeps every member, entry and section that
/// it does not know, and finds by fields, never by the key of an entry, as those differ between the libraries. What it
/// holds is wiped when dropped; a token is shared with the record that brought it, not copied.
///
/// A lookup costs the same with one entry and with a million, whether they are of many accounts and tenants or of one.
#[derive(Clone, Default)]
pub struct TokenCache {
    entries: Table<EntryId, Entry>,
    next: EntryId,
    index: Index,
    /// Access tokens by when they end.
    ends: BTreeSet<(Timestamp, EntryId)>,
    uses: Uses,
    bytes: usize,
    limits: CacheLimits,
    stats: CacheStats,
    /// Entries of the known sections that are no items, and sections that are not known.
    foreign: BTreeMap<&'static str, SecretMembers>,
    other: SecretMembers,
}

/// How much a token cache may hold. What has to stay, stays: the last refresh token of each account, accounts and
/// applications. A change looks at sixteen refresh tokens to find one that may go, so a cache that is full of others can be
/// above its limits for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheLimits {
    /// The most entries: 1,000,000 by default.
    pub entries: usize,
    /// The most bytes, as far as texts go: 1 GiB by default.
    pub bytes: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { entries: 1_000_000, bytes: 1024 * 1024 * 1024 }
    }
}

/// What a token cache has done since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheStats {
    /// How many queries found an access token.
    pub hits: u64,
    /// How many did not.
    pub misses: u64,
    /// How many entries went as they had expired.
    pub expired: u64,
    /// How many went to make room.
    pub evicted: u64,
}

impl TokenCache {
    /// An empty cache with these limits.
    #[must_use]
    pub fn with_limits(limits: CacheLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many bytes they take, as far as texts go.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the cache has done since it was made.
    #[must_use]
    pub const fn stats(&self) -> CacheStats {
        self.stats
    }

    /// Every record, in the order in which they came.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.in_order().map(|entry| &entry.record)
    }

    /// Every entry, in the order in which they came.
    fn in_order(&self) -> impl Iterator<Item = &Entry> {
        let mut all: Vec<(&EntryId, &Entry)> = self.entries.iter().collect();
        all.sort_unstable_by_key(|(id, _)| **id);
        all.into_iter().map(|(_, entry)| entry)
    }

    /// Makes the changes of `update` to the tokens, then lets go of what has expired and of what there is no room for.
    pub fn apply(&mut self, update: &CacheUpdate) {
        // Signing out takes the account away and what the application has of it; another application's tokens are no
        // sign that it is still there. Those of a family are.
        let has_changed = |client_id: &str| {
            update.tokens.iter().any(|change| {
                matches!(change, TokenChange::Put(record) if entry::client_id(record).eq_ignore_ascii_case(client_id))
            })
        };
        let is_there = |home: &String| {
            self.index.get(keys::owner(home)).any(|id| {
                self.entries.get(&id).is_some_and(|Entry { record, .. }| {
                    entry::home_account_id(record).eq_ignore_ascii_case(home)
                        && match record {
                            Record::Account(_) => true,
                            Record::RefreshToken(token) if token.family_id.is_some() => true,
                            record => has_changed(entry::client_id(record)),
                        }
                })
            })
        };
        let changes = match &update.only_if_account {
            Some(home) if !is_there(home) => &[],
            _ => update.tokens.as_slice(),
        };
        for change in changes {
            match change {
                TokenChange::Put(record) => self.put(record),
                TokenChange::RemoveRefreshToken(token) => self.remove_refresh_token(token),
                TokenChange::RemoveAccount { home_account_id, environment, client_id } => {
                    self.remove_account(home_account_id, environment, client_id);
                }
                TokenChange::RemoveSession { client_id, session_key } => {
                    self.remove_session(client_id, session_key);
                }
            }
        }
        self.make_room(update.at);
    }

    /// Adds a record in place of those of the same identity. Members of theirs that no schema knows are kept.
    fn put(&mut self, record: &Record) {
        let mut alike: Vec<EntryId> = Vec::new();
        keys::identity(record, |key| alike.extend(self.index.get(key)));
        // One that shares many scopes stands under many keys, and is compared once.
        alike.sort_unstable();
        alike.dedup();
        alike.retain(|id| self.entries.get(id).is_some_and(|old| entry::replaces(record, &old.record)));
        let mut came = None;
        for id in alike {
            came = came.or(self.remove(id).and_then(|old| old.came.unknown()));
        }
        self.insert(Entry::new(record.clone(), came.unwrap_or_default()));
    }

    fn remove_refresh_token(&mut self, token: &Arc<RefreshToken>) {
        let record = Record::RefreshToken(Arc::clone(token));
        let mut ids = Vec::new();
        keys::identity(&record, |key| ids.extend(self.index.get(key)));
        for id in ids {
            let is_it = self.entries.get(&id).is_some_and(|entry| match &entry.record {
                Record::RefreshToken(old) => {
                    entry::replaces(&record, &entry.record) && old.secret == token.secret
                }
                _ => false,
            });
            if is_it {
                self.remove(id);
            }
        }
    }

    fn remove_account(&mut self, home_account_id: &str, environment: &str, client_id: &str) {
        let group = environment_group(environment);
        let family = self.family_of(client_id, environment);
        let ids: Vec<EntryId> = self.index.get(keys::owner(home_account_id)).collect();
        for id in ids {
            let goes = self.entries.get(&id).is_some_and(|entry| {
                let is_the_accounts = entry::home_account_id(&entry.record)
                    .eq_ignore_ascii_case(home_account_id)
                    && environment_group(entry::environment(&entry.record)).eq_ignore_ascii_case(group);
                is_the_accounts
                    && match &entry.record {
                        // What another application got for itself stays, unless they share a family.
                        Record::RefreshToken(token) => match (&token.family_id, &family) {
                            (Some(of), Some(family)) => of == family,
                            (Some(_), None) => false,
                            (None, _) => token.client_id.eq_ignore_ascii_case(client_id),
                        },
                        Record::AccessToken(token) => {
                            family.is_some() || token.client_id.eq_ignore_ascii_case(client_id)
                        }
                        Record::IdToken(token) => {
                            family.is_some() || token.client_id.eq_ignore_ascii_case(client_id)
                        }
                        Record::Account(_) => true,
                        Record::AppMetadata(_) => false,
                    }
            });
            if goes {
                self.remove(id);
            }
        }
    }

    fn remove_session(&mut self, client_id: &str, session_key: &str) {
        let ids: Vec<EntryId> = self.index.get(keys::session(client_id, session_key)).collect();
        for id in ids {
            let goes = self.entries.get(&id).is_some_and(|entry| {
                entry::assertion_hash(&entry.record) == Some(session_key)
                    && entry::client_id(&entry.record).eq_ignore_ascii_case(client_id)
            });
            if goes {
                self.remove(id);
            }
        }
    }

    /// The family that an application is known to be in.
    fn family_of(&self, client_id: &str, environment: &str) -> Option<Text> {
        self.app_metadata(client_id, environment_group(environment))?.family_id.clone()
    }

    fn insert(&mut self, mut entry: Entry) {
        let id = self.next;
        if let Some(end) = entry::end(&entry.record) {
            self.ends.insert((end, id));
        }
        self.uses.insert(&mut entry, id);
        self.add(entry);
    }

    /// Puts the next entry where it is found.
    fn add(&mut self, entry: Entry) {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        keys::each(&entry.record, |key| self.index.insert(key, id));
        self.bytes = self.bytes.saturating_add(entry.bytes);
        self.entries.insert(id, entry);
    }

    fn remove(&mut self, id: EntryId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        keys::each(&entry.record, |key| self.index.remove(key, id));
        if let Some(end) = entry::end(&entry.record) {
            self.ends.remove(&(end, id));
        }
        self.uses.remove(&entry);
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        Some(entry)
    }
}

/// Shows how many entries there are of each section.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts = BTreeMap::<_, usize>::new();
        for record in self.records() {
            let count = counts.entry(schema::section(record)).or_default();
            *count = count.saturating_add(1);
        }
        f.write_str("TokenCache ")?;
        counts.fmt(f)
    }
}
