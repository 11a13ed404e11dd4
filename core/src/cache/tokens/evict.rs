//! What goes: expired access tokens, and what there is no room for.

use super::TokenCache;
use super::entry;
use super::index::EntryId;
use super::keys;
use super::uses::Uses;
use crate::cache::Record;
use crate::time::Timestamp;

/// The most expired tokens that one change lets go of, so that no single one pays for all.
const MOST_AT_ONCE: usize = 64;

impl TokenCache {
    /// Lets go of what has expired by `now`, and then of what was not of use for longest while there is too much.
    ///
    /// Access tokens go first, then ID tokens, then refresh tokens of accounts that have another. The last refresh token
    /// of an account is never let go of, nor are accounts and applications.
    pub(super) fn make_room(&mut self, now: Timestamp) {
        for _ in 0..MOST_AT_ONCE {
            match self.ends.first() {
                Some(&(end, id)) if end <= now => {
                    self.remove(id);
                    self.stats.expired = self.stats.expired.saturating_add(1);
                }
                _ => break,
            }
        }
        while self.entries.len() > self.limits.entries || self.bytes > self.limits.bytes {
            let Some(id) = self.least_of_use() else { break };
            self.remove(id);
            self.stats.evicted = self.stats.evicted.saturating_add(1);
        }
    }

    fn least_of_use(&self) -> Option<EntryId> {
        let Uses { access_tokens, id_tokens, refresh_tokens, .. } = &self.uses;
        let at_once = access_tokens.first_key_value().or_else(|| id_tokens.first_key_value());
        at_once
            .map(|(_, id)| *id)
            .or_else(|| refresh_tokens.values().copied().find(|id| self.has_another(*id)))
    }

    /// Whether it is a refresh token of an account that has another one.
    fn has_another(&self, id: EntryId) -> bool {
        let Some(entry) = self.entries.get(&id) else { return false };
        let home = entry::home_account_id(&entry.record);
        let mine = self.index.get(keys::owner(home)).filter(|id| {
            self.entries.get(id).is_some_and(|entry| {
                matches!(entry.record, Record::RefreshToken(_))
                    && entry::home_account_id(&entry.record).eq_ignore_ascii_case(home)
            })
        });
        mine.take(2).count() > 1
    }
}
