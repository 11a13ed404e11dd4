//! What one flow remembers for the next.

mod document;
mod record;
pub mod schema;

pub use self::document::CacheDocument;
pub use self::record::{
    AccessToken, AccountRecord, AccountSource, AppMetadata, AuthorityType, IdToken, Record, RefreshToken,
};

/// A change to what is remembered: records to add. A record replaces the one of the same identity.
///
/// Flows make these; so can whoever moves tokens from elsewhere:
///
/// ```
/// use entrada_core::cache::{CacheDocument, CacheUpdate, Record, RefreshToken};
/// use entrada_core::secret::Secret;
///
/// let mut token = RefreshToken::default();
/// token.environment = "login.windows.net".to_owned();
/// token.client_id = "app".to_owned();
/// token.secret = Secret::new("from elsewhere");
/// let mut update = CacheUpdate::default();
/// update.tokens.push(Record::RefreshToken(token));
///
/// let mut cache = CacheDocument::default();
/// cache.apply(&update);
/// assert_eq!(format!("{cache:?}"), r#"CacheDocument {"RefreshToken": 1}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheUpdate {
    /// Tokens, and the accounts and applications that they belong to.
    pub tokens: Vec<Record>,
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
