//! What one flow remembers for the next.

pub mod schema;

use serde_json::Value;

use crate::secret::Secret;
use crate::time::Timestamp;

/// A change to what is remembered: records to add. A record replaces the one of the same identity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheUpdate {
    /// Tokens, and the accounts and applications that they belong to.
    pub tokens: Vec<Record>,
}

/// One entry of the token cache, in the terms of MSAL's unified schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// An access token.
    AccessToken(AccessToken),
    /// A refresh token.
    RefreshToken(RefreshToken),
    /// An ID token.
    IdToken(IdToken),
    /// An account.
    Account(AccountRecord),
    /// What is known of an application.
    AppMetadata(AppMetadata),
}

/// An access token of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessToken {
    /// Whose it is.
    pub home_account_id: Option<String>,
    /// The host name that stands for the cloud.
    pub environment: String,
    /// The application.
    pub client_id: String,
    /// The tenant.
    pub realm: String,
    /// The scopes granted, without an order that means anything.
    pub target: Vec<String>,
    /// The token.
    pub secret: Secret,
    /// How to present it.
    pub token_type: String,
    /// When it was got.
    pub cached_at: Timestamp,
    /// When it ends.
    pub expires_on: Timestamp,
    /// Until when it may be used while the service is down.
    pub extended_expires_on: Option<Timestamp>,
    /// When to get a new one.
    pub refresh_on: Option<Timestamp>,
}

/// A refresh token, of one application or of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshToken {
    /// Whose it is.
    pub home_account_id: Option<String>,
    /// The host name that stands for the cloud.
    pub environment: String,
    /// The application that got it.
    pub client_id: String,
    /// The family of applications that may use it.
    pub family_id: Option<String>,
    /// The token.
    pub secret: Secret,
    /// When it was got: of two, the newer one counts.
    pub last_modification_time: Timestamp,
}

/// An ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdToken {
    /// Whose it is.
    pub home_account_id: Option<String>,
    /// The host name that stands for the cloud.
    pub environment: String,
    /// The application.
    pub client_id: String,
    /// The tenant.
    pub realm: String,
    /// The token, a JWT.
    pub secret: Secret,
}

/// An account, as the cache keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountRecord {
    /// The account.
    pub account: crate::account::Account,
    /// `MSSTS` for Entra.
    pub authority_type: &'static str,
    /// The claims `given_name` and `family_name`.
    pub given_name: Option<String>,
    /// See `given_name`.
    pub family_name: Option<String>,
    /// What the service said of the client, as it came: base64url of `{"uid":…,"utid":…}`.
    pub client_info: Option<String>,
    /// The grant that brought it.
    pub account_source: &'static str,
}

/// Whether an application belongs to a family that shares refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppMetadata {
    /// The application.
    pub client_id: String,
    /// The host name that stands for the cloud.
    pub environment: String,
    /// The family; absent for an application that is known to be in none.
    pub family_id: Option<String>,
}

/// Why a change could not be kept, or a query not be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the token store failed: {0}")]
pub struct StoreError(
    /// The store's own words, free of secrets.
    pub String,
);

/// A token cache as a document of the unified schema, held in memory.
///
/// It keeps every member and section that it does not know. It is plain data: [`apply`](Self::apply) is all
/// that a host needs to answer a `Save`.
#[derive(Clone, Default)]
pub struct CacheDocument {
    sections: serde_json::Map<String, Value>,
}

impl CacheDocument {
    /// Takes a document as any MSAL wrote it.
    ///
    /// # Errors
    /// If it is not a JSON object, or one of the known sections is not an object.
    pub fn from_json(value: Value) -> Result<Self, StoreError> {
        let Value::Object(sections) = value else {
            return Err(StoreError("the document is not a JSON object".to_owned()));
        };
        for name in schema::SECTIONS {
            if sections.get(name).is_some_and(|section| !section.is_object() && !section.is_null()) {
                return Err(StoreError(format!("the section {name} is not an object")));
            }
        }
        Ok(Self { sections })
    }

    /// The document. It holds the tokens in clear text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Value::Object(self.sections.clone())
    }

    /// Makes a change.
    pub fn apply(&mut self, update: &CacheUpdate) {
        for record in &update.tokens {
            let (section, key, item) = schema::write(record);
            let entries =
                self.sections.entry(section).or_insert_with(|| Value::Object(serde_json::Map::new()));
            if !entries.is_object() {
                *entries = Value::Object(serde_json::Map::new());
            }
            if let Some(entries) = entries.as_object_mut() {
                // Keys differ between the libraries, so what is replaced is found by its fields.
                entries.retain(|_, old| !schema::same_identity(section, old, &item));
                entries.insert(key, item);
            }
        }
    }
}

impl std::fmt::Debug for CacheDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheDocument").field("sections", &self.sections.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refresh_token(secret: &str) -> CacheUpdate {
        CacheUpdate {
            tokens: vec![Record::RefreshToken(RefreshToken {
                home_account_id: Some("u.t".to_owned()),
                environment: "login.windows.net".to_owned(),
                client_id: "app".to_owned(),
                family_id: None,
                secret: Secret::new(secret),
                last_modification_time: Timestamp::from_secs(1),
            })],
        }
    }

    #[test]
    fn a_record_replaces_the_same_one_under_a_foreign_key() {
        let mut cache = CacheDocument::from_json(serde_json::json!({
            "RefreshToken": { "a-foreign-key": {
                "home_account_id": "U.T", "environment": "login.windows.net", "client_id": "app",
                "credential_type": "RefreshToken", "secret": "old" } },
            "Unknown": { "x": 1 }
        }))
        .unwrap();
        cache.apply(&refresh_token("new"));
        let json = cache.to_json();
        assert_eq!(json["RefreshToken"].as_object().unwrap().len(), 1);
        assert_eq!(json["RefreshToken"]["u.t-login.windows.net-refreshtoken-app--"]["secret"], "new");
        assert_eq!(json["Unknown"]["x"], 1);
    }

    #[test]
    fn a_record_of_another_application_stays() {
        let mut cache = CacheDocument::from_json(serde_json::json!({
            "RefreshToken": { "k": { "home_account_id": "u.t", "environment": "login.windows.net",
                "client_id": "other", "credential_type": "RefreshToken", "secret": "old" } }
        }))
        .unwrap();
        cache.apply(&refresh_token("new"));
        assert_eq!(cache.to_json()["RefreshToken"].as_object().unwrap().len(), 2);
    }

    #[test]
    fn a_document_that_is_no_cache_is_refused() {
        assert!(CacheDocument::from_json(serde_json::json!([])).is_err());
        assert!(CacheDocument::from_json(serde_json::json!({ "Account": 5 })).is_err());
    }
}
