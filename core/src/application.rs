//! Applications, as they are registered with an authority.

mod credential;
mod options;

pub use self::credential::{ClientCertificate, ClientCredential};
pub use self::options::RequestOptions;
pub(crate) use self::options::flight_key;
use crate::authority::{Authority, Region};
use crate::flow::accounts::Accounts;
use crate::flow::adfs_integrated_auth::AdfsIntegratedAuth;
use crate::flow::agent_user::{AgentUser, FederatedUser};
use crate::flow::authorization_code::{AuthorizationCode, RedeemAuthorizationCode, StartSignIn};
use crate::flow::client_credentials::ClientCredentials;
use crate::flow::device_code::DeviceCode;
use crate::flow::integrated_windows_auth::IntegratedWindowsAuth;
use crate::flow::on_behalf_of::OnBehalfOf;
use crate::flow::refresh_token::RefreshToken;
use crate::flow::sign_out::SignOut;
use crate::flow::silent::{AccountId, Silent};
use crate::flow::username_password::UsernamePassword;
use crate::secret::Secret;
use crate::text::Text;

/// An application that cannot keep a secret: on a desktop, a command line, a phone.
///
/// Plain data; its methods fill in a flow, which does nothing until it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicClientApplication {
    /// The identifier of the registration, usually a GUID.
    pub client_id: Text,
    /// Who issues the tokens.
    pub authority: Authority,
    /// What the application can handle, such as `cp1` for claims challenges. None by default.
    pub client_capabilities: Vec<String>,
    /// Whether requests say which library sends them (`x-client-SKU`, `x-client-Ver`). On by default.
    ///
    /// This is no mere telemetry. For a domain with seamless single sign-on the user realm answers `Federated` if
    /// the headers are there and `Managed` if not: without them such users have no integrated sign-in.
    pub client_info_headers: bool,
    /// Whether token requests say which flow sends them (`x-client-current-telemetry`). Off by default.
    pub server_telemetry: bool,
}

impl PublicClientApplication {
    /// An application with the default settings.
    #[must_use]
    pub fn new(client_id: impl Into<Text>, authority: Authority) -> Self {
        Self {
            client_id: client_id.into(),
            authority,
            client_capabilities: Vec::new(),
            client_info_headers: true,
            server_telemetry: false,
        }
    }

    /// Begins a sign-in in a browser: the flow's result is the address to open, and what the answer is judged by.
    ///
    /// `redirect_uri` is where the answer arrives, as it is registered. See [`StartSignIn`] for what else can be set.
    #[must_use]
    pub fn sign_in<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        redirect_uri: impl Into<String>,
    ) -> StartSignIn {
        StartSignIn::new(self.clone(), scopes, redirect_uri)
    }

    /// Gets a token with the code that a sign-in in a browser came to, which can be redeemed once.
    #[must_use]
    pub fn acquire_token_by_authorization_code(&self, code: AuthorizationCode) -> RedeemAuthorizationCode {
        code.redeem(self.clone())
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

    /// Gets a token from AD FS, without Entra ID, for the user who is signed in to this machine, with no prompt.
    ///
    /// `redirect_uri` is the application's, as it is registered at AD FS; nothing listens there. See
    /// [`adfs_integrated_auth`](crate::flow::adfs_integrated_auth) for what this flow needs and never does.
    #[must_use]
    pub fn acquire_token_by_adfs_integrated_auth<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        redirect_uri: impl Into<String>,
    ) -> AdfsIntegratedAuth {
        AdfsIntegratedAuth::new(self.clone(), scopes, redirect_uri)
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

    /// Gets a token for a user who signs in on another device, with a code to type there.
    #[must_use]
    pub fn acquire_token_by_device_code<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
    ) -> DeviceCode {
        DeviceCode::new(self.clone(), scopes)
    }

    /// Lists the accounts that have signed in.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.clone())
    }

    /// Forgets an account, by its home account id, and the application's tokens for it.
    #[must_use]
    pub fn sign_out(&self, home_account_id: impl Into<String>) -> SignOut {
        SignOut::new(self.clone(), home_account_id)
    }

    /// Gets a token for an account that signed in before, from the cache or with its refresh token, without asking
    /// anybody. The first call to try.
    #[must_use]
    pub fn acquire_token_silent<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        account: AccountId,
    ) -> Silent {
        Silent::new(self.clone(), scopes, account)
    }

    /// Gets a token with a refresh token from elsewhere, such as another library.
    #[must_use]
    pub fn acquire_token_by_refresh_token<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        refresh_token: Secret,
    ) -> RefreshToken {
        RefreshToken::new(self.clone(), scopes, refresh_token)
    }
}

/// An application that proves who it is: a service, a web application, a daemon.
///
/// Plain data; its methods fill in a flow, which does nothing until it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfidentialClientApplication {
    /// The identifier of the registration, usually a GUID.
    pub client_id: Text,
    /// Who issues the tokens.
    pub authority: Authority,
    /// How it proves who it is.
    pub credential: ClientCredential,
    /// What the application can handle, such as `cp1` for claims challenges. None by default.
    pub client_capabilities: Vec<String>,
    /// Whether requests say which library sends them. On by default.
    pub client_info_headers: bool,
    /// Whether token requests say which flow sends them (`x-client-current-telemetry`). Off by default.
    pub server_telemetry: bool,
    /// The region whose token hosts serve client credentials, for an Entra authority of a known cloud. None by default.
    pub region: Option<Region>,
}

impl ConfidentialClientApplication {
    /// An application with the default settings.
    #[must_use]
    pub fn new(client_id: impl Into<Text>, authority: Authority, credential: ClientCredential) -> Self {
        Self {
            client_id: client_id.into(),
            authority,
            credential,
            client_capabilities: Vec::new(),
            client_info_headers: true,
            server_telemetry: false,
            region: None,
        }
    }

    /// Begins a sign-in in a browser: the flow's result is the address to open, and what the answer is judged by.
    ///
    /// `redirect_uri` is where the answer arrives, as it is registered. See [`StartSignIn`] for what else can be set.
    #[must_use]
    pub fn sign_in<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        redirect_uri: impl Into<String>,
    ) -> StartSignIn {
        StartSignIn::new(self.clone(), scopes, redirect_uri)
    }

    /// Gets a token with the code that a sign-in in a browser came to, which can be redeemed once.
    #[must_use]
    pub fn acquire_token_by_authorization_code(&self, code: AuthorizationCode) -> RedeemAuthorizationCode {
        code.redeem(self.clone())
    }

    /// Gets a token for the application itself.
    #[must_use]
    pub fn acquire_token_for_client<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
    ) -> ClientCredentials {
        ClientCredentials::new(self.clone(), scopes)
    }

    /// Gets a token for another API, on behalf of the user who called with `user_assertion`: the access token of the
    /// call.
    #[must_use]
    pub fn acquire_token_on_behalf_of<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        user_assertion: Secret,
    ) -> OnBehalfOf {
        OnBehalfOf::new(self.clone(), scopes, user_assertion)
    }

    /// Gets a token for a user whom an agent acts for; this application is the agent's blueprint.
    #[must_use]
    pub fn acquire_token_for_agent_user<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        agent_id: impl Into<String>,
        user: FederatedUser,
    ) -> AgentUser {
        AgentUser::new(self.clone(), scopes, agent_id, user)
    }

    /// Gets a token with the user's password, which is sent once.
    #[must_use]
    pub fn acquire_token_by_username_password<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        username: impl Into<String>,
        password: Secret,
    ) -> UsernamePassword {
        UsernamePassword::new(self.clone(), scopes, username, password)
    }

    /// Lists the accounts that have signed in.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.clone())
    }

    /// Forgets an account, by its home account id, and the application's tokens for it.
    #[must_use]
    pub fn sign_out(&self, home_account_id: impl Into<String>) -> SignOut {
        SignOut::new(self.clone(), home_account_id)
    }

    /// Gets a token for an account that signed in before, from the cache or with its refresh token, without asking
    /// anybody. The first call to try.
    #[must_use]
    pub fn acquire_token_silent<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        account: AccountId,
    ) -> Silent {
        Silent::new(self.clone(), scopes, account)
    }

    /// Gets a token with a refresh token from elsewhere, such as another library.
    #[must_use]
    pub fn acquire_token_by_refresh_token<S: Into<String>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        refresh_token: Secret,
    ) -> RefreshToken {
        RefreshToken::new(self.clone(), scopes, refresh_token)
    }
}

/// An application of either kind, for the flows that serve both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Application {
    /// One that cannot keep a secret.
    Public(PublicClientApplication),
    /// One that proves who it is.
    Confidential(ConfidentialClientApplication),
}

impl Application {
    /// The identifier of the registration.
    #[must_use]
    pub fn client_id(&self) -> &str {
        match self {
            Self::Public(app) => &app.client_id,
            Self::Confidential(app) => &app.client_id,
        }
    }

    pub(crate) fn shared_client_id(&self) -> Text {
        match self {
            Self::Public(app) => app.client_id.clone(),
            Self::Confidential(app) => app.client_id.clone(),
        }
    }

    /// Who issues the tokens.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        match self {
            Self::Public(app) => &app.authority,
            Self::Confidential(app) => &app.authority,
        }
    }

    /// How it proves who it is, if it can.
    #[must_use]
    pub const fn credential(&self) -> Option<&ClientCredential> {
        match self {
            Self::Public(_) => None,
            Self::Confidential(app) => Some(&app.credential),
        }
    }

    pub(crate) fn client_capabilities(&self) -> &[String] {
        match self {
            Self::Public(app) => &app.client_capabilities,
            Self::Confidential(app) => &app.client_capabilities,
        }
    }

    pub(crate) const fn client_info_headers(&self) -> bool {
        match self {
            Self::Public(app) => app.client_info_headers,
            Self::Confidential(app) => app.client_info_headers,
        }
    }

    pub(crate) const fn server_telemetry(&self) -> bool {
        match self {
            Self::Public(app) => app.server_telemetry,
            Self::Confidential(app) => app.server_telemetry,
        }
    }

    pub(crate) const fn region(&self) -> Option<&Region> {
        match self {
            Self::Public(_) => None,
            Self::Confidential(app) => app.region.as_ref(),
        }
    }
}

impl From<PublicClientApplication> for Application {
    fn from(app: PublicClientApplication) -> Self {
        Self::Public(app)
    }
}

impl From<ConfidentialClientApplication> for Application {
    fn from(app: ConfidentialClientApplication) -> Self {
        Self::Confidential(app)
    }
}
