//! A map that forgets its oldest entries, so that a process which runs for weeks does not grow.

use std::collections::{HashMap, VecDeque};

/// How many entries a ledger keeps.
pub(crate) const LIMIT: usize = 20_000;

/// What was issued or seen, by its name; at most [`LIMIT`] of it, the newest.
#[derive(Debug)]
pub(crate) struct Ledger<V> {
    entries: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Default for Ledger<V> {
    fn default() -> Self {
        Ledger { entries: HashMap::new(), order: VecDeque::new() }
    }
}

impl<V> Ledger<V> {
    /// Enters it, and tells whether the name is new; the oldest entry gives way if there is no room.
    pub(crate) fn insert(&mut self, name: String, value: V) -> bool {
        if let Some(known) = self.entries.get_mut(&name) {
            *known = value;
            return false;
        }
        self.order.push_back(name.clone());
        self.entries.insert(name, value);
        while self.order.len() > LIMIT {
            if let Some(oldest) = self.order.pop_front() {
                self.entries.remove(&oldest);
            }
        }
        true
    }

    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.entries.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.entries.get_mut(name)
    }

    /// The values, the newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &V> {
        self.order.iter().rev().filter_map(|name| self.entries.get(name))
    }

    /// Names and values, the newest first.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &V)> {
        self.order.iter().rev().filter_map(|name| Some((name.as_str(), self.entries.get(name)?)))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_give_way() {
        let mut ledger = Ledger::default();
        for number in 0..LIMIT + 10 {
            assert!(ledger.insert(number.to_string(), number));
        }
        assert_eq!(ledger.get("9"), None);
        assert_eq!(ledger.get("10"), Some(&10));
        assert_eq!(ledger.newest().count(), LIMIT);
        assert_eq!(ledger.newest().next(), Some(&(LIMIT + 9)));
    }

    #[test]
    fn a_name_that_is_known_is_not_new() {
        let mut ledger = Ledger::default();
        assert!(ledger.insert("one".into(), 1));
        assert!(!ledger.insert("one".into(), 2));
        assert_eq!(ledger.get("one"), Some(&2));
    }
}
