//! A memory for flows: what a host keeps of their updates and asks for the next one.

use std::collections::BTreeMap;

use super::{
    AssertionKey, AuthorityRecord, CacheQuery, CacheUpdate, CacheView, ClockSkew, StoredAssertion, Throttle,
    ThrottleKey, TokenCache,
};
use crate::time::Timestamp;

/// Everything that flows remember for one another, in memory.
///
/// The tokens are a [`TokenCache`], which a store may keep; the rest is volatile and bounded: of each kind at most
/// [`Memory::LIMIT`] entries, of which the one that ends first makes room.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    tokens: TokenCache,
    authorities: BTreeMap<String, AuthorityRecord>,
    throttles: BTreeMap<ThrottleKey, Throttle>,
    assertions: BTreeMap<AssertionKey, StoredAssertion>,
    clocks: BTreeMap<String, ClockSkew>,
}

impl Memory {
    /// The most entries of each kind that is volatile.
    pub const LIMIT: usize = 1000;

    /// A memory that begins with these tokens.
    #[must_use]
    pub fn new(tokens: TokenCache) -> Self {
        Self { tokens, ..Self::default() }
    }

    /// The tokens.
    #[must_use]
    pub const fn tokens(&self) -> &TokenCache {
        &self.tokens
    }

    /// Puts these in the place of the tokens. What is volatile stays.
    pub fn replace_tokens(&mut self, tokens: TokenCache) {
        self.tokens = tokens;
    }

    /// Answers a flow's question.
    #[must_use]
    pub fn load(&mut self, query: &CacheQuery) -> CacheView {
        CacheView {
            tokens: query.tokens.as_ref().map(|query| self.tokens.find(query)),
            authority: query.authority.as_ref().and_then(|key| self.authorities.get(key)).cloned(),
            throttle: query.throttle.as_ref().and_then(|key| self.throttles.get(key)).cloned(),
            assertion: query.assertion.as_ref().and_then(|key| self.assertions.get(key)).cloned(),
            clock: query.clock.as_ref().and_then(|host| self.clocks.get(host)).cloned(),
        }
    }

    /// Keeps what a flow learned. Tells whether the tokens changed.
    pub fn save(&mut self, update: &CacheUpdate) -> bool {
        for record in &update.authorities {
            keep(&mut self.authorities, record.authority.clone(), record.clone(), |record| record.expires_on);
        }
        for throttle in &update.throttles {
            keep(&mut self.throttles, throttle.key.clone(), throttle.clone(), |throttle| throttle.until);
        }
        for assertion in &update.assertions {
            keep(&mut self.assertions, assertion.key.clone(), assertion.clone(), |one| one.reusable_until);
        }
        for clock in &update.clocks {
            keep(&mut self.clocks, clock.host.clone(), clock.clone(), |_| Timestamp::default());
        }
        if !update.tokens.is_empty() {
            self.tokens.apply(update);
        }
        !update.tokens.is_empty()
    }
}

fn keep<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, key: K, value: V, ends: impl Fn(&V) -> Timestamp) {
    if map.len() >= Memory::LIMIT && !map.contains_key(&key) {
        let first = map.iter().min_by_key(|(_, value)| ends(value)).map(|(key, _)| key.clone());
        if let Some(first) = first {
            map.remove(&first);
        }
    }
    map.insert(key, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn throttle(name: &str, until: u64) -> Throttle {
        Throttle {
            key: ThrottleKey::new([name]),
            since: Timestamp::default(),
            until: Timestamp::from_secs(until),
            status: StatusCode::TOO_MANY_REQUESTS,
            refusal: None,
        }
    }

    #[test]
    fn other_tokens_leave_what_is_volatile_as_it_is() {
        let mut memory = Memory::default();
        let throttles = vec![throttle("a", 1000)];
        memory.save(&CacheUpdate { throttles, ..CacheUpdate::default() });
        let tokens = TokenCache::from_json(serde_json::json!({ "theirs": 1 })).unwrap();
        memory.replace_tokens(tokens);
        assert_eq!(memory.tokens().to_json()["theirs"], 1);
        let query = CacheQuery { throttle: Some(ThrottleKey::new(["a"])), ..CacheQuery::default() };
        assert!(memory.load(&query).throttle.is_some());
    }

    #[test]
    fn what_ends_first_makes_room() {
        let mut memory = Memory::default();
        for at in 0..=Memory::LIMIT {
            let until = if at == 7 { 1 } else { 1000 };
            let throttles = vec![throttle(&at.to_string(), until)];
            memory.save(&CacheUpdate { throttles, ..CacheUpdate::default() });
        }
        let mut load = |name: &str| {
            let query = CacheQuery { throttle: Some(ThrottleKey::new([name])), ..CacheQuery::default() };
            memory.load(&query).throttle
        };
        assert_eq!(load("7"), None);
        assert!(load("8").is_some() && load(&Memory::LIMIT.to_string()).is_some());
    }
}
