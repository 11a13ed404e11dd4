//! When entries were last of use.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::index::EntryId;
use crate::cache::Record;

/// The entries that may go to make room, by when they were last of use: as a count of uses, of which each has its own.
#[derive(Clone, Default)]
pub(super) struct Uses<Queue = BTreeMap<u64, EntryId>> {
    count: u64,
    pub(super) access_tokens: Queue,
    pub(super) id_tokens: Queue,
    pub(super) refresh_tokens: Queue,
}

/// The same while a document is read and nothing goes: put in order once all of it is there, which takes half as long.
pub(super) type FirstUses = Uses<Vec<(u64, EntryId)>>;

impl<Queue: Extend<(u64, EntryId)>> Uses<Queue> {
    /// The entry is the latest of use.
    pub(super) fn insert(&mut self, entry: &mut Entry, id: EntryId) {
        self.count = self.count.saturating_add(1);
        entry.used = self.count;
        if let Some(queue) = self.queue(&entry.record) {
            queue.extend([(entry.used, id)]);
        }
    }
}

impl<Queue> Uses<Queue> {
    /// Where an entry waits. Accounts and applications never go.
    const fn queue(&mut self, record: &Record) -> Option<&mut Queue> {
        match record {
            Record::AccessToken(_) => Some(&mut self.access_tokens),
            Record::IdToken(_) => Some(&mut self.id_tokens),
            Record::RefreshToken(_) => Some(&mut self.refresh_tokens),
            Record::Account(_) | Record::AppMetadata(_) => None,
        }
    }
}

impl From<FirstUses> for Uses {
    fn from(first: FirstUses) -> Self {
        Self {
            count: first.count,
            access_tokens: first.access_tokens.into_iter().collect(),
            id_tokens: first.id_tokens.into_iter().collect(),
            refresh_tokens: first.refresh_tokens.into_iter().collect(),
        }
    }
}

impl Uses {
    pub(super) fn remove(&mut self, entry: &Entry) {
        if let Some(queue) = self.queue(&entry.record) {
            queue.remove(&entry.used);
        }
    }

    /// An access token was of use. If that is only a little while after the last time, it stays where it is: no order is
    /// kept among the latest quarter of the access tokens, which are the first to go.
    pub(super) fn touch(&mut self, entry: &mut Entry, id: EntryId) {
        let lately = (self.access_tokens.len() / 4) as u64;
        if entry.used.saturating_add(lately) < self.count {
            self.renew(entry, id);
        }
    }

    /// The entry is the latest of use again.
    pub(super) fn renew(&mut self, entry: &mut Entry, id: EntryId) {
        self.remove(entry);
        self.insert(entry, id);
    }
}
