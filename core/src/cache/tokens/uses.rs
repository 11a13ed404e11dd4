//! When entries were last of use.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::index::EntryId;
use crate::cache::Record;

/// The entries that may go to make room, by when they were last of use: as a count of uses, of which each has its own.
#[derive(Clone, Default)]
pub(super) struct Uses {
    count: u64,
    pub(super) access_tokens: BTreeMap<u64, EntryId>,
    pub(super) id_tokens: BTreeMap<u64, EntryId>,
    pub(super) refresh_tokens: BTreeMap<u64, EntryId>,
}

impl Uses {
    /// The entry is the latest of use.
    pub(super) fn insert(&mut self, entry: &mut Entry, id: EntryId) {
        self.count = self.count.saturating_add(1);
        entry.used = self.count;
        if let Some(queue) = self.queue(&entry.record) {
            queue.insert(entry.used, id);
        }
    }

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

    /// Where an entry waits. Accounts and applications never go.
    const fn queue(&mut self, record: &Record) -> Option<&mut BTreeMap<u64, EntryId>> {
        match record {
            Record::AccessToken(_) => Some(&mut self.access_tokens),
            Record::IdToken(_) => Some(&mut self.id_tokens),
            Record::RefreshToken(_) => Some(&mut self.refresh_tokens),
            Record::Account(_) | Record::AppMetadata(_) => None,
        }
    }
}
