//! What flows remember for one another beside tokens. It is lost with the process, and never reaches a disk.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::error::{Fault, Refusal};
use crate::fingerprint;
use crate::protocol::provider::ProviderMetadata;
use crate::secret::Secret;
use crate::time::Timestamp;

/// What is known of an authority that had to be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorityRecord {
    /// Its canonical address.
    pub authority: String,
    /// When it was learned.
    pub learned_at: Timestamp,
    /// Until when it is believed: 24 hours for what was found, a minute for a failure.
    pub expires_on: Timestamp,
    /// What was learned.
    pub knowledge: AuthorityKnowledge,
}

/// What instance discovery or a provider's metadata said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorityKnowledge {
    /// The host is the service's.
    Instance,
    /// The endpoints of an OpenID provider.
    Provider(Arc<ProviderMetadata>),
    /// It could not be used.
    Failed(Box<Fault>),
}

/// Which requests a throttle is for: a hash of the client, the authority, the scopes and the user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThrottleKey(String);

impl ThrottleKey {
    /// Of the parts, in an order that the caller keeps.
    #[must_use]
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(fingerprint::of_parts(parts))
    }
}

/// The service asked to be left alone: until then the same request is not sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Throttle {
    /// Which requests.
    pub key: ThrottleKey,
    /// When it said so. Of no effect if it lies ahead, as the clock was set back then.
    pub since: Timestamp,
    /// Until when: as `Retry-After` says, else a minute; at most an hour.
    pub until: Timestamp,
    /// The status of its answer.
    pub status: StatusCode,
    /// Its answer, where that is the answer to the same request until then: the user must act first.
    pub refusal: Option<Box<Refusal>>,
}

impl Throttle {
    /// How long it still holds.
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Option<Duration> {
        (self.since <= now && now < self.until).then(|| self.until.since(now))
    }
}

/// Which assertions can stand for one another: a hash of the client, the audience, the certificate and how it is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssertionKey(String);

impl AssertionKey {
    /// Of the parts, in an order that the caller keeps.
    #[must_use]
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(fingerprint::of_parts(parts))
    }
}

/// A signed client assertion that can be sent again, as a signature costs a millisecond or a call to a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredAssertion {
    /// What it is for.
    pub key: AssertionKey,
    /// The assertion.
    pub assertion: Secret,
    /// From when it may be sent.
    pub valid_from: Timestamp,
    /// Until when it may be sent: somewhat before it expires.
    pub reusable_until: Timestamp,
}

/// How far a server's clock is from this one's, as its `Date` says. Used for client assertions alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockSkew {
    /// The server.
    pub host: String,
    /// By how many milliseconds it is ahead; negative if it is behind.
    pub ahead_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_run_together_differently_are_different() {
        assert_ne!(ThrottleKey::new(["ab", "c"]), ThrottleKey::new(["a", "bc"]));
        assert_ne!(ThrottleKey::new(["a", ""]), ThrottleKey::new(["a"]));
        assert_eq!(ThrottleKey::new(["a", "b"]), ThrottleKey::new(["a", "b"]));
    }

    #[test]
    fn a_throttle_from_the_future_does_not_count() {
        let throttle = Throttle {
            key: ThrottleKey::new(["x"]),
            since: Timestamp::from_secs(100),
            until: Timestamp::from_secs(160),
            status: StatusCode::TOO_MANY_REQUESTS,
            refusal: None,
        };
        assert_eq!(throttle.remaining(Timestamp::from_secs(99)), None);
        assert_eq!(throttle.remaining(Timestamp::from_secs(100)), Some(Duration::from_secs(60)));
        assert_eq!(throttle.remaining(Timestamp::from_secs(160)), None);
    }
}
