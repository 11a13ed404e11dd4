//! Where an entry is found: by a fingerprint of what is asked for.
//!
//! A fingerprint narrows down, and never decides: whoever looks up compares the fields themselves. So two things that
//! happen to share one cost a comparison and nothing else.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// The number of an entry; a later one is higher.
pub(super) type EntryId = u64;

/// What is only ever asked for one key, so that its order tells nothing.
///
/// It hashes without a secret, so whoever chooses what is kept can make it slow, though not wrong: those are the issuers of the
/// tokens, and whoever writes the document that the cache is read from.
#[allow(clippy::disallowed_types)]
pub(super) type Table<K, V> = std::collections::HashMap<K, V, FixedState>;

/// What a lookup asks for, folded into one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    /// Of parts that have no case, in an order that tells what each is; `kind` tells the sorts of keys apart.
    pub(super) fn new(kind: u8, parts: &[&str]) -> Self {
        let mut hasher = FixedState::default().build_hasher();
        hasher.write_u8(kind);
        for part in parts {
            let mut chunks = part.as_bytes().chunks_exact(8);
            for chunk in &mut chunks {
                hasher.write_u64(u64::from_le_bytes(chunk.try_into().unwrap_or_default()) | WITHOUT_CASE);
            }
            // Not by way of an array of bytes: reading it whole would wait until all of them are written.
            let rest = chunks.remainder().iter().fold(0, |rest, &byte| rest << 8 | u64::from(byte));
            hasher.write_u64(rest | WITHOUT_CASE);
            hasher.write_u64(part.len() as u64);
        }
        Self(hasher.finish())
    }
}

/// The bit by which the two cases of a letter differ, in each of eight bytes. Other characters lose it as well: two that
/// then look alike share a fingerprint.
const WITHOUT_CASE: u64 = 0x2020_2020_2020_2020;

/// The entries of each fingerprint.
#[derive(Debug, Clone, Default)]
pub(super) struct Index(Table<Fingerprint, Entries>);

/// Nearly always one.
#[derive(Debug, Clone)]
enum Entries {
    One(EntryId),
    Many(BTreeSet<EntryId>),
}

impl Index {
    pub(super) fn insert(&mut self, key: Fingerprint, id: EntryId) {
        match self.0.get_mut(&key) {
            None => {
                self.0.insert(key, Entries::One(id));
            }
            Some(Entries::Many(ids)) => {
                ids.insert(id);
            }
            Some(entries) => {
                if let Entries::One(old) = *entries {
                    *entries = Entries::Many(BTreeSet::from([old, id]));
                }
            }
        }
    }

    pub(super) fn remove(&mut self, key: Fingerprint, id: EntryId) {
        let is_empty = match self.0.get_mut(&key) {
            Some(Entries::One(old)) => *old == id,
            Some(Entries::Many(ids)) => {
                ids.remove(&id);
                ids.is_empty()
            }
            None => false,
        };
        if is_empty {
            self.0.remove(&key);
        }
    }

    /// The entries with this fingerprint, the latest first.
    pub(super) fn get(&self, key: Fingerprint) -> impl Iterator<Item = EntryId> + '_ {
        let (one, many) = match self.0.get(&key) {
            None => (None, None),
            Some(Entries::One(id)) => (Some(*id), None),
            Some(Entries::Many(ids)) => (None, Some(ids)),
        };
        one.into_iter().chain(many.into_iter().flat_map(|ids| ids.iter().rev().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_the_borders_of_parts_do() {
        let key = |parts: &[&str]| Fingerprint::new(1, parts);
        assert_eq!(key(&["User.Read", "APP"]), key(&["user.read", "app"]));
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_ne!(key(&["a", ""]), key(&["a"]));
        assert_ne!(Fingerprint::new(2, &["a"]), key(&["a"]));
        let long = "x".repeat(200);
        assert_ne!(key(&[&long]), key(&[&"x".repeat(199)]));
    }

    #[test]
    fn entries_come_and_go() {
        let mut index = Index::default();
        let key = Fingerprint::new(1, &["a"]);
        for id in [1, 2, 3] {
            index.insert(key, id);
        }
        assert_eq!(index.get(key).collect::<Vec<_>>(), [3, 2, 1]);
        index.remove(key, 2);
        index.remove(key, 7);
        assert_eq!(index.get(key).collect::<Vec<_>>(), [3, 1]);
        index.remove(key, 1);
        index.remove(key, 3);
        assert!(index.0.is_empty());
    }
}
