//! The records of the token cache.
//!
//! Each has a `Default`, all empty: whoever builds one begins there and sets the fields that are known. Texts are shared, as
//! most of them are the same in very many records.

use std::sync::{Arc, LazyLock};

use crate::account::Account;
use crate::secret::Secret;
use crate::text::Text;
use crate::time::Timestamp;

/// One entry of the token cache, in the terms of MSAL's unified schema. Shared, so that clones are cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// An access token.
    AccessToken(Arc<AccessToken>),
    /// A refresh token.
    RefreshToken(Arc<RefreshToken>),
    /// An ID token.
    IdToken(Arc<IdToken>),
    /// An account.
    Account(Arc<AccountRecord>),
    /// What is known of an application.
    AppMetadata(Arc<AppMetadata>),
}

impl From<AccessToken> for Record {
    fn from(token: AccessToken) -> Self {
        Self::AccessToken(Arc::new(token))
    }
}

impl From<RefreshToken> for Record {
    fn from(token: RefreshToken) -> Self {
        Self::RefreshToken(Arc::new(token))
    }
}

impl From<IdToken> for Record {
    fn from(token: IdToken) -> Self {
        Self::IdToken(Arc::new(token))
    }
}

impl From<AccountRecord> for Record {
    fn from(account: AccountRecord) -> Self {
        Self::Account(Arc::new(account))
    }
}

impl From<AppMetadata> for Record {
    fn from(metadata: AppMetadata) -> Self {
        Self::AppMetadata(Arc::new(metadata))
    }
}

/// An access token, of a user or of an application.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AccessToken {
    /// Whose it is.
    pub home_account_id: Option<Text>,
    /// The host name that stands for the cloud.
    pub environment: Text,
    /// The application.
    pub client_id: Text,
    /// The tenant.
    pub realm: Text,
    /// The scopes granted, with spaces between them, in an order that means nothing; the other libraries
    /// sort them, and make the names of their entries from it. [`Self::scopes`] takes it apart.
    pub target: Text,
    /// The token.
    pub secret: Secret,
    /// How to present it.
    pub token_type: Text,
    /// When it was got.
    pub cached_at: Timestamp,
    /// When it ends.
    pub expires_on: Timestamp,
    /// Until when it may be used while the service is down.
    pub extended_expires_on: Option<Timestamp>,
    /// When to get a new one.
    pub refresh_on: Option<Timestamp>,
    /// The key that it is bound to.
    pub key_id: Option<Text>,
    /// What it was got on behalf of: the hash of a user's assertion, or the key of a long-running session.
    pub user_assertion_hash: Option<Text>,
    /// What else it depends on, as [`ext_cache_key`](super::ext_cache_key) makes it.
    pub ext_cache_key: Option<Text>,
}

/// The type of nearly every access token.
pub(crate) fn bearer() -> Text {
    static BEARER: LazyLock<Text> = LazyLock::new(|| "Bearer".into());
    BEARER.clone()
}

impl AccessToken {
    /// The scopes granted, one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.target.split_ascii_whitespace()
    }
}

/// A refresh token, of one application or of a family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RefreshToken {
    /// Whose it is.
    pub home_account_id: Option<Text>,
    /// The host name that stands for the cloud.
    pub environment: Text,
    /// The application that got it.
    pub client_id: Text,
    /// The family of applications that may use it.
    pub family_id: Option<Text>,
    /// The token.
    pub secret: Secret,
    /// When it was got: of two, the newer one counts.
    pub last_modification_time: Timestamp,
    /// What it was got on behalf of: the key of a long-running session.
    pub user_assertion_hash: Option<Text>,
}

/// An ID token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct IdToken {
    /// Whose it is.
    pub home_account_id: Option<Text>,
    /// The host name that stands for the cloud.
    pub environment: Text,
    /// The application.
    pub client_id: Text,
    /// The tenant.
    pub realm: Text,
    /// The token, a JWT.
    pub secret: Secret,
}

/// An account, as the cache keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AccountRecord {
    /// The account.
    pub account: Account,
    /// What kind of authority knows it.
    pub authority_type: AuthorityType,
    /// The claims `given_name` and `family_name`.
    pub given_name: Option<Text>,
    /// See `given_name`.
    pub family_name: Option<Text>,
    /// What the service said of the client, as it came: base64url of `{"uid":…,"utid":…}`.
    pub client_info: Option<Text>,
    /// The grant that brought it, where that was written down.
    pub account_source: Option<AccountSource>,
}

/// Whether an application belongs to a family that shares refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AppMetadata {
    /// The application.
    pub client_id: Text,
    /// The host name that stands for the cloud.
    pub environment: Text,
    /// The family; absent for an application that is known to be in none.
    pub family_id: Option<Text>,
}

/// What kind of authority an account comes from, in the schema's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuthorityType {
    /// Microsoft Entra ID: `MSSTS`.
    #[default]
    MsSts,
    /// AD FS: `ADFS`.
    AdFs,
    /// Another, as some library wrote it.
    Other(
        /// Its word.
        String,
    ),
}

impl AuthorityType {
    /// The word in the schema.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::MsSts => "MSSTS",
            Self::AdFs => "ADFS",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for AuthorityType {
    fn from(word: &str) -> Self {
        match word {
            "MSSTS" => Self::MsSts,
            "ADFS" => Self::AdFs,
            _ => Self::Other(word.to_owned()),
        }
    }
}

/// The grant that brought an account, by the name of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountSource {
    /// The user's password: `password`.
    Password,
    /// A federation server's assertion of SAML 1.1.
    Saml11,
    /// A federation server's assertion of SAML 2.0.
    Saml20,
    /// Another, as some library wrote it.
    Other(
        /// Its name.
        String,
    ),
}

const SAML_11: &str = "urn:ietf:params:oauth:grant-type:saml1_1-bearer";
const SAML_20: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

impl AccountSource {
    /// The grant type.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Password => "password",
            Self::Saml11 => SAML_11,
            Self::Saml20 => SAML_20,
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for AccountSource {
    fn from(name: &str) -> Self {
        match name {
            "password" => Self::Password,
            SAML_11 => Self::Saml11,
            SAML_20 => Self::Saml20,
            _ => Self::Other(name.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_schema_survives_whether_it_is_known_or_not() {
        for word in ["MSSTS", "ADFS", "Generic", ""] {
            assert_eq!(AuthorityType::from(word).as_str(), word);
        }
        for name in ["password", SAML_11, SAML_20, "broker", ""] {
            assert_eq!(AccountSource::from(name).as_str(), name);
        }
        assert_eq!(AuthorityType::from("ADFS"), AuthorityType::AdFs);
        assert_eq!(AccountSource::from(SAML_20), AccountSource::Saml20);
    }
}
