//! Applications, as they are registered with an authority.

use std::fmt;

use crate::authority::Authority;
use crate::flow::integrated_windows_auth::IntegratedWindowsAuth;
use crate::flow::username_password::UsernamePassword;
use crate::secret::Secret;

/// An application that cannot keep a secret: on a desktop, a command line, a phone.
///
/// Plain data; its methods fill in a flow, which does nothing until it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicClientApplication {
    /// The identifier of the registration, usually a GUID.
    pub client_id: String,
    /// Who issues the tokens.
    pub authority: Authority,
    /// What the application can handle, such as `cp1` for claims challenges. None by default.
    pub client_capabilities: Vec<String>,
    /// Whether requests say which library sends them (`x-client-SKU`, `x-client-Ver`). On by default.
    ///
    /// This is no mere telemetry. For a domain with seamless single sign-on the user realm answers `Federated` if
    /// the headers are there and `Managed` if not: without them such users have no integrated sign-in.
    pub client_info_headers: bool,
}

impl PublicClientApplication {
    /// An application with the default settings.
    #[must_use]
    pub fn new(client_id: impl Into<String>, authority: Authority) -> Self {
        Self {
            client_id: client_id.into(),
            authority,
            client_capabilities: Vec::new(),
            client_info_headers: true,
        }
    }

    /// Gets a token for the user who is signed in to this machine, with no prompt.
    ///
    /// `username` is the user's name in the cloud, such as `joe@contoso.com`. See
    /// [`IntegratedWindowsAuth`] for what this flow needs and cannot do.
    #[must_use]
    pub fn acquire_token_by_integrated_windows_auth<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        username: impl Into<String>,
    ) -> IntegratedWindowsAuth {
        IntegratedWindowsAuth::new(self.clone(), scopes, username)
    }

    /// Gets a token with the user's password, which is sent once.
    ///
    /// See [`UsernamePassword`] for what this flow needs and cannot do.
    #[must_use]
    pub fn acquire_token_by_username_password<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        username: impl Into<String>,
        password: Secret,
    ) -> UsernamePassword {
        UsernamePassword::new(self.clone(), scopes, username, password)
    }
}

/// What one call may ask for beyond its scopes.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RequestOptions {
    /// The claims of a challenge, or other demands on the token: JSON (OpenID Connect Core, section 5.5).
    pub claims: Option<String>,
    /// Added to the query of the token endpoint, in this order.
    pub extra_query_parameters: Vec<(String, String)>,
    /// The identifier under which the service logs the call. Drawn from the seed if absent.
    pub correlation_id: Option<String>,
    /// The federation server's metadata document, where the server publishes none; skips the fetch.
    pub federation_metadata: Option<String>,
}

/// Shows of the metadata document its length alone: it fills pages.
impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claims, extra_query_parameters, correlation_id, federation_metadata } = self;
        f.debug_struct("RequestOptions")
            .field("claims", claims)
            .field("extra_query_parameters", extra_query_parameters)
            .field("correlation_id", correlation_id)
            .field("federation_metadata_bytes", &federation_metadata.as_ref().map(String::len))
            .finish()
    }
}
