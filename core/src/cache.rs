//! What one flow remembers for the next.
//!
//! There are four parts. *Tokens* may be kept by a store. *Authorities*, *throttles* and *assertions* (with the clocks that
//! they go by) are volatile. A [`Memory`] holds all four; a host asks it for a [`CacheView`] and gives it each
//! [`CacheUpdate`].

mod judge;
mod memory;
mod query;
mod record;
pub mod schema;
mod tokens;
mod volatile;

pub use self::judge::{Judged, judge};
pub use self::memory::Memory;
pub use self::query::{
    Considered, ConsideredKind, Reason, TokenChange, TokenQuery, TokenStore, TokenSubject, TokenView,
};
pub(crate) use self::record::bearer;
pub use self::record::{
    AccessToken, AccountRecord, AccountSource, AppMetadata, AuthorityType, IdToken, Record, RefreshToken,
};
pub use self::schema::ext_cache_key;
pub use self::tokens::{CacheLimits, CacheStats, DocumentReader, TokenCache};
pub use self::volatile::{
    AssertionKey, AuthorityKnowledge, AuthorityRecord, ClockSkew, StoredAssertion, Throttle, ThrottleKey,
};

use crate::time::Timestamp;

/// What a flow wants to know of what earlier ones learned. What is `None` is not asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheQuery {
    /// Tokens that could be used.
    pub tokens: Option<TokenQuery>,
    /// The authority with this address.
    pub authority: Option<String>,
    /// Whether these requests are to wait.
    pub throttle: Option<ThrottleKey>,
    /// A client assertion that can be sent again.
    pub assertion: Option<AssertionKey>,
    /// The clock of this server.
    pub clock: Option<String>,
}

/// The answer: what is remembered, whether or not it is still good. Flows judge that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheView {
    /// The tokens.
    pub tokens: Option<TokenView>,
    /// What is known of the authority.
    pub authority: Option<AuthorityRecord>,
    /// What the service asked for.
    pub throttle: Option<Throttle>,
    /// The assertion.
    pub assertion: Option<StoredAssertion>,
    /// How far the server's clock is off.
    pub clock: Option<ClockSkew>,
}

/// A change to what is remembered. It is a change and not a whole: a store makes it to what it has by then.
///
/// Flows make these; so can whoever moves tokens from elsewhere:
///
/// ```
/// use entrada_core::cache::{CacheUpdate, Record, RefreshToken, TokenCache};
/// use entrada_core::secret::Secret;
///
/// let mut token = RefreshToken::default();
/// token.environment = "login.windows.net".into();
/// token.client_id = "app".into();
/// token.secret = Secret::new("from elsewhere");
/// let mut update = CacheUpdate::default();
/// update.tokens.push(Record::from(token).into());
///
/// let mut cache = TokenCache::default();
/// cache.apply(&update);
/// assert_eq!(format!("{cache:?}"), r#"TokenCache {"RefreshToken": 1}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheUpdate {
    /// When it was learned: what has expired by then can go.
    pub at: Timestamp,
    /// The account that must still be there for the tokens to be changed, by its home account id: who has signed out
    /// while a refresh was on its way does not come back with it.
    pub only_if_account: Option<String>,
    /// Tokens, and the accounts and applications that they belong to.
    pub tokens: Vec<TokenChange>,
    /// Authorities that were asked about.
    pub authorities: Vec<AuthorityRecord>,
    /// Requests that are to wait.
    pub throttles: Vec<Throttle>,
    /// Client assertions that can be sent again.
    pub assertions: Vec<StoredAssertion>,
    /// Clocks that are off.
    pub clocks: Vec<ClockSkew>,
}

/// Why a change could not be kept, or a query not be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the token store failed: {detail}")]
#[non_exhaustive]
pub struct StoreError {
    /// The store's own words, free of secrets: the host answers for that.
    pub detail: String,
}

impl StoreError {
    /// A failure in the store's own words.
    #[must_use]
    pub fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into() }
    }
}
