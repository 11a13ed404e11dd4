//! Where an entry is found: by a fingerprint of what is asked for.
//!
//! A fingerprint narrows down, and never decides: whoever looks up compares the fields themselves. So two things that
//! happen to share one cost a comparison and nothing else.

use std::collections::{BTreeSet, btree_set, hash_map};
use std::hash::{BuildHasher, Hasher};
use std::iter::Rev;

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
    /// Of a sort of key, which is told apart from the others.
    pub(super) fn of(sort: &str) -> Self {
        Self(0).and(sort)
    }

    /// Of this and one more part, which has no case. The order tells what each part is.
    pub(super) fn and(self, part: &str) -> Self {
        let bytes = part.as_bytes();
        let (pieces, rest) = bytes.as_chunks::<16>();
        // The length tells where the part ends.
        let mut hasher = FixedState::with_seed(self.0.wrapping_add(bytes.len() as u64)).build_hasher();
        for piece in pieces {
            hasher.write_u128(u128::from_le_bytes(*piece) | WITHOUT_CASE);
        }
        hasher.write_u128(less_than_16(rest) | WITHOUT_CASE);
        Self(hasher.finish())
    }
}

/// The bit by which the two cases of a letter differ, in each byte. Other characters lose it as well: two that then look
/// alike share a fingerprint.
const WITHOUT_CASE: u128 = u128::from_le_bytes([0x20; 16]);

/// Bytes as a number. Where they are fewer than a word has, two words that overlap stand for them: a word is read at once.
fn less_than_16(bytes: &[u8]) -> u128 {
    let (first, last) = if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
    } else {
        (bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)), 0)
    };
    u128::from(first) << 64 | u128::from(last)
}

/// The entries of each fingerprint.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Of those that have one, as nearly all do.
    one: Table<Fingerprint, EntryId>,
    /// Of those that have more.
    many: Table<Fingerprint, BTreeSet<EntryId>>,
}

impl Index {
    /// Makes room for keys that are about to come.
    pub(super) fn reserve(&mut self, keys: usize) {
        self.one.reserve(keys);
    }

    pub(super) fn insert(&mut self, key: Fingerprint, id: EntryId) {
        if let Some(ids) = self.many.get_mut(&key) {
            ids.insert(id);
            return;
        }
        match self.one.entry(key) {
            hash_map::Entry::Vacant(place) => drop(place.insert(id)),
            hash_map::Entry::Occupied(place) if *place.get() == id => {}
            hash_map::Entry::Occupied(place) => {
                self.many.insert(key, BTreeSet::from([place.remove(), id]));
            }
        }
    }

    pub(super) fn remove(&mut self, key: Fingerprint, id: EntryId) {
        if self.one.get(&key) == Some(&id) {
            self.one.remove(&key);
        } else if let Some(ids) = self.many.get_mut(&key) {
            ids.remove(&id);
            if ids.is_empty() {
                self.many.remove(&key);
            }
        }
    }

    /// The entries with this fingerprint, the latest first.
    pub(super) fn get(&self, key: Fingerprint) -> Entries<'_> {
        match self.one.get(&key) {
            Some(id) => Entries::One(Some(*id)),
            None => self.many.get(&key).map_or(Entries::One(None), |ids| Entries::Many(ids.iter().rev())),
        }
    }
}

/// The entries of a fingerprint.
pub(super) enum Entries<'a> {
    One(Option<EntryId>),
    Many(Rev<btree_set::Iter<'a, EntryId>>),
}

impl Iterator for Entries<'_> {
    type Item = EntryId;

    fn next(&mut self) -> Option<EntryId> {
        match self {
            Self::One(id) => id.take(),
            Self::Many(ids) => ids.next().copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_the_borders_of_parts_do() {
        let key = |parts: &[&str]| parts.iter().fold(Fingerprint::of("sort"), |key, part| key.and(part));
        assert_eq!(key(&["User.Read", "APP"]), key(&["user.read", "app"]));
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_ne!(key(&["a", ""]), key(&["a"]));
        assert_ne!(Fingerprint::of("other").and("a"), key(&["a"]));
    }

    #[test]
    fn every_byte_of_a_part_counts_however_long_it_is() {
        for length in 0..50 {
            let text = "x".repeat(length);
            let key = Fingerprint::of(&text);
            assert_ne!(key, Fingerprint::of(&format!("{text}x")), "{length}");
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "y");
                assert_ne!(key, Fingerprint::of(&other), "{at} of {length}");
                other.replace_range(at..=at, "X");
                assert_eq!(key, Fingerprint::of(&other), "{at} of {length}");
            }
        }
    }

    #[test]
    fn entries_come_and_go() {
        let mut index = Index::default();
        let key = Fingerprint::of("a");
        for id in [1, 1] {
            index.insert(key, id);
            assert!(index.many.is_empty());
        }
        for id in [2, 3] {
            index.insert(key, id);
        }
        assert_eq!(index.get(key).collect::<Vec<_>>(), [3, 2, 1]);
        index.remove(key, 2);
        index.remove(key, 7);
        assert_eq!(index.get(key).collect::<Vec<_>>(), [3, 1]);
        index.remove(key, 1);
        index.remove(key, 3);
        assert!(index.one.is_empty() && index.many.is_empty());
    }
}
