//! What an application gets.

use crate::account::Account;
use crate::cache::{Considered, StoreError};
use crate::error::Error;
use crate::flights::Flight;
use crate::flow::client_credentials::ClientCredentials;
use crate::flow::on_behalf_of::OnBehalfOf;
use crate::flow::silent::Silent;
use crate::protocol::id_token::IdTokenClaims;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Flow, Step};
use crate::text::Text;
use crate::time::Timestamp;

/// A token and all that came with it. Cheap to clone; its `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticationResult {
    /// The access token: opaque to the application, meant for the API alone.
    pub access_token: Secret,
    /// How to present it: `Bearer`.
    pub token_type: Text,
    /// When it ends, by the clock that the host told. A lifetime that the service did not say, or not legibly,
    /// counts as 600 seconds; one of over ten years as ten years.
    pub expires_on: Timestamp,
    /// Until when it may be used while the service is down, where the service grants that.
    pub extended_expires_on: Option<Timestamp>,
    /// When the service suggests to get a new one.
    pub refresh_on: Option<Timestamp>,
    /// The scopes granted, as the service spells them; those asked for where it does not say.
    pub scopes: Vec<String>,
    /// The scopes asked for and not granted.
    pub declined_scopes: Vec<String>,
    /// Whose token it is; absent where the service tells nothing of the user.
    pub account: Option<Account>,
    /// The ID token, as it came.
    pub id_token: Option<Secret>,
    /// Its claims. They are not checked against a signature: they came from the token endpoint over TLS.
    pub id_token_claims: Option<IdTokenClaims>,
    /// Where the access token came from.
    pub token_source: TokenSource,
    /// The identifier that the service's own logs have of this call.
    pub correlation_id: String,
    /// Why what earlier calls learned could not be read, if it could not.
    pub not_read: Option<StoreError>,
    /// For a token that is ageing: the call that gets the next one, to be run whenever it suits.
    pub refresh: Option<Refresh>,
    /// Every token of the cache that was looked at and not used, and why. It holds no secret.
    pub trace: Vec<Considered>,
    /// A code for the application's page in the browser to redeem, if it was asked for (hybrid single-page application).
    pub spa_code: Option<Secret>,
    /// Why the tokens could not be kept; absent when they were.
    pub not_kept: Option<StoreError>,
    pub(crate) refresh_token: Option<Secret>,
}

impl AuthenticationResult {
    /// A bearer token and when it ends, with nothing known of it besides: for tests of what takes a result.
    #[must_use]
    pub fn new(access_token: Secret, expires_on: Timestamp) -> Self {
        Self {
            access_token,
            token_type: "Bearer".into(),
            expires_on,
            extended_expires_on: None,
            refresh_on: None,
            scopes: Vec::new(),
            declined_scopes: Vec::new(),
            account: None,
            id_token: None,
            id_token_claims: None,
            token_source: TokenSource::IdentityProvider,
            correlation_id: String::new(),
            not_read: None,
            not_kept: None,
            spa_code: None,
            refresh: None,
            trace: Vec::new(),
            refresh_token: None,
        }
    }

    /// The refresh token, for moving to another library. Applications do not need it: the cache keeps it.
    #[must_use]
    pub const fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }
}

/// Where an access token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenSource {
    /// The cache.
    Cache,
    /// The service issued it just now.
    IdentityProvider,
}

impl TokenSource {
    /// The name in JSON: `identity_provider`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::IdentityProvider => "identity_provider",
        }
    }
}

/// The call that gets a new token in place of one that is ageing. Plain data: a host runs it whenever it suits, or never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh(Box<Again>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Again {
    Silent(Silent),
    ClientCredentials(ClientCredentials),
    OnBehalfOf(OnBehalfOf),
}

impl Flow for Refresh {
    type Output = AuthenticationResult;

    fn start(self, now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        match *self.0 {
            Again::Silent(flow) => flow.start(now, seed),
            Again::ClientCredentials(flow) => flow.start(now, seed),
            Again::OnBehalfOf(flow) => flow.start(now, seed),
        }
    }

    fn flight(&self) -> Option<Flight<AuthenticationResult>> {
        match &*self.0 {
            Again::Silent(flow) => flow.flight(),
            Again::ClientCredentials(flow) => flow.flight(),
            Again::OnBehalfOf(flow) => flow.flight(),
        }
    }
}

impl From<Silent> for Refresh {
    fn from(flow: Silent) -> Self {
        Self(Box::new(Again::Silent(flow)))
    }
}

impl From<ClientCredentials> for Refresh {
    fn from(flow: ClientCredentials) -> Self {
        Self(Box::new(Again::ClientCredentials(flow)))
    }
}

impl From<OnBehalfOf> for Refresh {
    fn from(flow: OnBehalfOf) -> Self {
        Self(Box::new(Again::OnBehalfOf(flow)))
    }
}
