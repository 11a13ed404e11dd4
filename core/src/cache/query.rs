//! What a flow asks of the token cache, what it gets, and what it changes.

use std::sync::Arc;

use super::{
    AccessToken, AccountRecord, AppMetadata, CacheUpdate, IdToken, Record, RefreshToken, StoreError, bearer,
};
use crate::text::Text;
use crate::time::Timestamp;

/// Which tokens a flow could use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenQuery {
    /// The application.
    pub client_id: Text,
    /// The host name that stands for the cloud; its other names count as the same.
    pub environment: Text,
    /// The tenant; `None` for any.
    pub realm: Option<Text>,
    /// Whose tokens.
    pub subject: TokenSubject,
    /// The scopes that a token must have, without an order. Those of OpenID Connect are left out of the comparison.
    pub scopes: Vec<String>,
    /// How the token is presented.
    pub token_type: Text,
    /// The key that the token is bound to.
    pub key_id: Option<Text>,
    /// What else the token depends on: a hash of [`ext_cache_key`](super::ext_cache_key).
    pub ext_cache_key: Option<Text>,
}

impl TokenQuery {
    /// Bearer tokens of `subject` that have these scopes.
    #[must_use]
    pub fn new(
        client_id: impl Into<Text>,
        environment: impl Into<Text>,
        subject: TokenSubject,
        scopes: Vec<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            environment: environment.into(),
            realm: None,
            subject,
            scopes,
            token_type: bearer(),
            key_id: None,
            ext_cache_key: None,
        }
    }
}

impl TokenQuery {
    /// The name of the part of a distributed store where the other libraries of the family expect these tokens: the
    /// account's home id, the hash of the assertion or the key of the session, or
    /// `{client}_{tenant}[_{ext_cache_key}]_AppTokenCache`. `None` where that part is not known beforehand.
    #[must_use]
    pub fn suggested_cache_key(&self) -> Option<String> {
        match &self.subject {
            TokenSubject::Account(key) | TokenSubject::OnBehalfOf(key) => Some(key.to_string()),
            TokenSubject::Application => {
                let realm = self.realm.as_deref().unwrap_or_default();
                let ext = self.ext_cache_key.as_deref().map(|ext| format!("_{ext}")).unwrap_or_default();
                Some(format!("{}_{realm}{ext}_AppTokenCache", self.client_id))
            }
            TokenSubject::Username(_) | TokenSubject::Accounts => None,
        }
    }
}

/// Whose tokens a query is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenSubject {
    /// The application's own. They never answer a user's query, nor the reverse.
    Application,
    /// An account's, by its home account id.
    Account(Text),
    /// An account's, by the user's name.
    Username(Text),
    /// Those got on behalf of a user, by the hash of the user's assertion or the key of a session.
    OnBehalfOf(Text),
    /// None: the accounts alone are asked for that the application has a token for; of every cloud if the environment is
    /// empty.
    Accounts,
}

/// What the cache has for a query, whether or not it is still good. Flows judge that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenView {
    /// The accounts that the subject may be, in the order of their identifiers and tenants.
    pub accounts: Vec<Arc<AccountRecord>>,
    /// The access tokens that fit, the one that ends last first.
    pub access_tokens: Vec<Arc<AccessToken>>,
    /// The refresh tokens: the application's own, the newest first; then those of its family.
    pub refresh_tokens: Vec<Arc<RefreshToken>>,
    /// The ID tokens of the account and the application, by tenant.
    pub id_tokens: Vec<Arc<IdToken>>,
    /// What is known of the application, if refresh tokens were looked for.
    pub app_metadata: Option<Arc<AppMetadata>>,
    /// If no access token fits: those of the same subject that were looked at, and why each does not. At most
    /// [`TokenView::MOST_CONSIDERED`].
    pub considered: Vec<Considered>,
}

impl TokenView {
    /// The most entries that are told of.
    pub const MOST_CONSIDERED: usize = 8;
}

/// A token that was looked at and not used. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Considered {
    /// What it was.
    pub kind: ConsideredKind,
    /// The application that got it.
    pub client_id: Text,
    /// Its tenant, if it is of one.
    pub realm: Text,
    /// Its scopes, with spaces between them.
    pub target: Text,
    /// When it ends, if it says so.
    pub expires_on: Option<Timestamp>,
    /// Why it was not used.
    pub reason: Reason,
}

impl Considered {
    /// An access token, and why it was not used.
    pub(crate) fn access_token(token: &AccessToken, reason: Reason) -> Self {
        Self {
            kind: ConsideredKind::AccessToken,
            client_id: token.client_id.clone(),
            realm: token.realm.clone(),
            target: token.target.clone(),
            expires_on: Some(token.expires_on),
            reason,
        }
    }
}

/// What was considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsideredKind {
    /// An access token.
    AccessToken,
    /// A refresh token of the application.
    RefreshToken,
    /// A refresh token of its family.
    FamilyRefreshToken,
}

/// Why a token was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// It is another application's.
    #[error("it is another application's")]
    OtherClient,
    /// It is from another cloud.
    #[error("it is from another cloud")]
    OtherEnvironment,
    /// It is from another tenant.
    #[error("it is from another tenant")]
    OtherRealm,
    /// It lacks a scope that is asked for.
    #[error("it lacks a scope")]
    MissingScope,
    /// It is presented in another way, or bound to another key.
    #[error("it is of another type or bound to another key")]
    OtherType,
    /// It depends on something that is not asked for, or the reverse.
    #[error("it is for another purpose")]
    OtherPurpose,
    /// It has expired, or will within five minutes.
    #[error("it has expired")]
    Expired,
    /// It ends in the far future, which no service means.
    #[error("its end is absurd")]
    AbsurdExpiry,
    /// It was got in the future: the clock was set back.
    #[error("it was got in the future")]
    FromTheFuture,
    /// A new one was asked for.
    #[error("a new one was asked for")]
    Forced,
    /// A challenge asks for claims that it cannot have.
    #[error("claims were asked for")]
    Claims,
    /// It is usable, and a new one is due.
    #[error("a new one is due")]
    Ageing,
    /// The service refused it.
    #[error("the service refused it")]
    Refused,
    /// The service could not be reached, or failed.
    #[error("the service failed")]
    ServiceFailed,
}

/// One change to the token cache.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenChange {
    /// Add this, in place of what has the same identity.
    Put(Record),
    /// Take away this refresh token, unless it was replaced meanwhile.
    RemoveRefreshToken(Arc<RefreshToken>),
    /// Take away an account, with all tokens of this application, and of its family if it is in one.
    RemoveAccount {
        /// Whose.
        home_account_id: String,
        /// Any of the names of its cloud.
        environment: String,
        /// The application that signs out.
        client_id: String,
    },
    /// Take away the tokens that were got under the key of a long-running session.
    RemoveSession {
        /// The application.
        client_id: String,
        /// The key.
        session_key: String,
    },
}

impl From<Record> for TokenChange {
    fn from(record: Record) -> Self {
        Self::Put(record)
    }
}

/// Where tokens are kept: in memory, in a file, in a database. It may block: an async host calls it off its threads.
pub trait TokenStore: Send + Sync {
    /// What it has for a query.
    ///
    /// # Errors
    /// Why that could not be found out. The flow goes on as if there were nothing, and its result says so.
    fn find(&self, query: &TokenQuery) -> Result<TokenView, StoreError>;

    /// Makes the changes to the tokens of `update` to what is kept by then, as one.
    ///
    /// # Errors
    /// Why they could not be made. The token is not lost: the result says so.
    fn apply(&self, update: &CacheUpdate) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_store_have_the_names_that_the_other_libraries_give_them() {
        let key = |subject, ext: Option<&str>| {
            let mut query = TokenQuery::new("my_client_id", "login.windows.net", subject, Vec::new());
            query.realm = Some("utid".into());
            query.ext_cache_key = ext.map(Into::into);
            query.suggested_cache_key()
        };
        for (subject, ext, name) in [
            (TokenSubject::Application, None, Some("my_client_id_utid_AppTokenCache")),
            (
                TokenSubject::Application,
                Some("cojvfy5tzae3njpkvcebguvvx5vvmnj8hphqrbogjoi"),
                Some("my_client_id_utid_cojvfy5tzae3njpkvcebguvvx5vvmnj8hphqrbogjoi_AppTokenCache"),
            ),
            (TokenSubject::Account("uid.utid".into()), None, Some("uid.utid")),
            (TokenSubject::OnBehalfOf("hash".into()), None, Some("hash")),
            (TokenSubject::Username("joe".into()), None, None),
            (TokenSubject::Accounts, None, None),
        ] {
            assert_eq!(key(subject, ext).as_deref(), name);
        }
    }
}
