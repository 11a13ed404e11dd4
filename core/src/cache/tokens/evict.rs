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
/// The most refresh tokens that one change looks at to let go of one, as a cache may be full of those that have to stay.
const MOST_TRIED: usize = 16;

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

    fn least_of_use(&mut self) -> Option<EntryId> {
        let Uses { access_tokens, id_tokens, .. } = &self.uses;
        if let Some((_, id)) = access_tokens.first_key_value().or_else(|| id_tokens.first_key_value()) {
            return Some(*id);
        }
        for _ in 0..MOST_TRIED {
            let (_, &id) = self.uses.refresh_tokens.first_key_value()?;
            if self.has_another(id) {
                return Some(id);
            }
            // Others have their turn before it comes to this one again.
            self.uses.renew(self.entries.get_mut(&id)?, id);
        }
        None
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
