//! Every flow with every sort of application, for what must hold of them all.

use entrada_core::application::{
    Application, ClientCertificate, ClientCredential, ConfidentialClientApplication, PublicClientApplication,
    RequestOptions,
};
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::cache::Memory;
use entrada_core::error::Error;
use entrada_core::flow::accounts::{Accounts, SignedInAccount};
use entrada_core::flow::adfs_integrated_auth::AdfsIntegratedAuth;
use entrada_core::flow::agent_user::AgentUser;
use entrada_core::flow::authorization_code::{SignIn, StartSignIn};
use entrada_core::flow::client_credentials::ClientCredentials;
use entrada_core::flow::device_code::{DeviceCode, PendingDeviceCode};
use entrada_core::flow::implicit::{ImplicitResponse, ImplicitSignIn, StartImplicit};
use entrada_core::flow::integrated_windows_auth::IntegratedWindowsAuth;
use entrada_core::flow::on_behalf_of::OnBehalfOf;
use entrada_core::flow::refresh_token::RefreshToken;
use entrada_core::flow::sign_out::{SignOut, SignedOut};
use entrada_core::flow::silent::{AccountId, Silent};
use entrada_core::flow::user_fic::{FederatedUser, UserFederatedIdentityCredential};
use entrada_core::flow::username_password::UsernamePassword;
use entrada_core::preflight::FlowKind;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_core::seed::Seed;
use entrada_core::step::{Flow, Step, StepEvent, run};
use entrada_core::time::Timestamp;

use crate::kept::JOE;
use crate::left::code;
use crate::planted::{
    CLIENT_ASSERTION, CLIENT_SECRET, CODE, DEVICE_CODE, FEDERATED, PASSWORD, REFRESH_TOKEN, USER_ASSERTION,
};
use crate::walk::{Player, Reply, Trace, walk};

/// A flow and the sort of application that starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// Which flow.
    pub flow: FlowCase,
    /// Who starts it.
    pub client: Client,
    /// Where the authority is in [`AUTHORITIES`].
    pub authority: usize,
}

/// The flows that are run; one of them in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlowCase {
    /// Integrated Windows authentication.
    Integrated,
    /// Integrated sign-in at AD FS alone.
    Adfs,
    /// User name and password.
    Password,
    /// Device code.
    Device,
    /// A device code that was put down.
    Resumed,
    /// Client credentials.
    Client,
    /// On behalf of.
    OnBehalf,
    /// A refresh token from elsewhere.
    Refresh,
    /// A federated identity credential for a user.
    UserFic,
    /// An agent that acts for a user, in three legs.
    Agent,
    /// The beginning of a sign-in in a browser.
    SignIn,
    /// The authorization code that it comes to.
    Code,
    /// The beginning of one that brings tokens.
    Implicit,
    /// From what earlier flows got.
    Silent,
    /// A long-running call on behalf of a user.
    Session,
    /// Who has signed in.
    Accounts,
    /// An account is forgotten.
    SignOut,
}

impl FlowCase {
    /// Every one.
    pub const ALL: [Self; 17] = [
        Self::Integrated,
        Self::Adfs,
        Self::Password,
        Self::Device,
        Self::Resumed,
        Self::Client,
        Self::OnBehalf,
        Self::Refresh,
        Self::UserFic,
        Self::Agent,
        Self::SignIn,
        Self::Code,
        Self::Implicit,
        Self::Silent,
        Self::Session,
        Self::Accounts,
        Self::SignOut,
    ];

    /// The flow in the table of what goes with what.
    #[must_use]
    pub const fn kind(self) -> FlowKind {
        match self {
            Self::Integrated => FlowKind::IntegratedWindowsAuth,
            Self::Adfs => FlowKind::AdfsIntegratedAuth,
            Self::Password => FlowKind::UsernamePassword,
            Self::Device | Self::Resumed => FlowKind::DeviceCode,
            Self::Client => FlowKind::ClientCredentials,
            Self::OnBehalf | Self::Session => FlowKind::OnBehalfOf,
            Self::Refresh => FlowKind::RefreshToken,
            Self::UserFic | Self::Agent => FlowKind::UserFederatedIdentityCredential,
            Self::SignIn | Self::Code => FlowKind::AuthorizationCode,
            Self::Implicit => FlowKind::Implicit,
            Self::Silent | Self::Accounts | Self::SignOut => FlowKind::Silent,
        }
    }

    /// What the user brings, which must not be sent twice.
    #[must_use]
    pub const fn credential(self) -> Option<&'static str> {
        match self {
            Self::Password => Some(PASSWORD),
            Self::OnBehalf | Self::Session => Some(USER_ASSERTION),
            Self::Refresh | Self::Silent | Self::SignOut => Some(REFRESH_TOKEN),
            Self::UserFic => Some(FEDERATED),
            Self::Code | Self::Adfs => Some(CODE),
            Self::Integrated
            | Self::Device
            | Self::Resumed
            | Self::Client
            | Self::Agent
            | Self::SignIn
            | Self::Implicit
            | Self::Accounts => None,
        }
    }

    /// Whether it goes by what earlier flows left.
    #[must_use]
    pub const fn is_of_the_cache(self) -> bool {
        matches!(self, Self::Silent | Self::Session | Self::Accounts | Self::SignOut)
    }

    /// Whether its first question is what the cache has.
    #[must_use]
    pub const fn reads_tokens(self) -> bool {
        self.is_of_the_cache() || matches!(self, Self::Client | Self::OnBehalf)
    }

    /// Whether it polls: then it waits and asks again as long as the code is good.
    #[must_use]
    pub const fn polls(self) -> bool {
        matches!(self, Self::Device | Self::Resumed)
    }
}

/// The applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// One that cannot keep a secret.
    Public,
    /// One with a secret.
    Secret,
    /// One with a certificate.
    Certificate,
    /// One with an assertion that somebody else signed.
    Assertion,
    /// One whose host is asked for an assertion.
    Asked,
}

impl Client {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Public, Self::Secret, Self::Certificate, Self::Assertion, Self::Asked];

    /// Such an application of an authority.
    #[must_use]
    pub fn app(self, authority: Authority) -> Application {
        let credential = match self {
            Self::Public => return PublicClientApplication::new("app", authority).into(),
            Self::Secret => ClientCredential::Secret(Secret::new(CLIENT_SECRET)),
            Self::Certificate => {
                ClientCredential::Certificate(ClientCertificate::new(*b"certificate", "key"))
            }
            Self::Assertion => ClientCredential::Assertion(Secret::new(CLIENT_ASSERTION)),
            Self::Asked => ClientCredential::AskForAssertion,
        };
        ConfidentialClientApplication::new("app", authority, credential).into()
    }
}

/// One authority of each kind, and one that has to be asked about.
pub const AUTHORITIES: [&str; 7] = [
    "https://login.microsoftonline.com/contoso.com",
    "https://login.unheard-of.example/contoso.com",
    "https://sts.contoso.com/adfs",
    "https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_signin",
    "https://contoso.ciamlogin.com/contoso.onmicrosoft.com",
    "https://contoso.dsts.example/dstsv2/contoso.com",
    OIDC,
];

/// The authority that is an OpenID provider.
pub const OIDC: &str = "https://idp.example";

impl Case {
    /// Every flow with every application and authority, whether or not they go together.
    pub fn all() -> impl Iterator<Item = Self> {
        FlowCase::ALL.into_iter().flat_map(|flow| {
            Client::ALL.into_iter().flat_map(move |client| {
                (0..AUTHORITIES.len()).map(move |authority| Self { flow, client, authority })
            })
        })
    }

    /// Those that go together.
    pub fn that_start() -> impl Iterator<Item = Self> {
        Self::all().filter(|case| case.start(Timestamp::default(), 0, &RequestOptions::default()).is_ok())
    }

    /// The application.
    ///
    /// # Errors
    /// If the authority is none.
    pub fn app(self) -> Result<Application, Error> {
        let text = AUTHORITIES[self.authority];
        let options = AuthorityOptions::default();
        let authority =
            if text == OIDC { Authority::oidc(text, options) } else { Authority::parse(text, options) };
        Ok(self.client.app(authority?))
    }

    /// Starts the flow.
    ///
    /// # Errors
    /// If flow, application and authority do not go together.
    pub fn start(self, now: Timestamp, seed: u8, options: &RequestOptions) -> Result<Started, Error> {
        let (seed, scopes, user) = (Seed::new([seed; 32]), [SCOPE], "joe@contoso.com");
        let (app, options) = (self.app()?, options.clone());
        let refused = || entrada_core::preflight::preflight(self.flow.kind(), &app).err();
        match (self.flow, app.clone()) {
            (FlowCase::Password, app) => {
                let mut flow = UsernamePassword::new(app, scopes, user, Secret::new(PASSWORD));
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::Refresh, app) => {
                let mut flow = RefreshToken::new(app, scopes, Secret::new(REFRESH_TOKEN));
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::Integrated, Application::Public(app)) => {
                let mut flow = IntegratedWindowsAuth::new(app, scopes, user);
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::Adfs, Application::Public(app)) => {
                let mut flow = AdfsIntegratedAuth::new(app, scopes, REDIRECT_URI);
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::Device, Application::Public(app)) => {
                let mut flow = DeviceCode::new(app, scopes);
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::Resumed, Application::Public(app)) => pending(&app, now).start(app, now, seed),
            (FlowCase::Client, Application::Confidential(app)) => {
                let mut flow = ClientCredentials::new(app, scopes);
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::OnBehalf, Application::Confidential(app)) => {
                let mut flow = OnBehalfOf::new(app, scopes, Secret::new(USER_ASSERTION));
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::UserFic, Application::Confidential(app)) => {
                let user = FederatedUser::Username(user.to_owned());
                let mut flow =
                    UserFederatedIdentityCredential::new(app, scopes, Secret::new(FEDERATED), user);
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::Agent, Application::Confidential(app)) => {
                let user = FederatedUser::Username(user.to_owned());
                let mut flow = AgentUser::new(app, scopes, "agent", user);
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::Silent, app) => {
                let mut flow = Silent::new(app, scopes, AccountId::Home(JOE.to_owned()));
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::Session, Application::Confidential(app)) => {
                let flow = OnBehalfOf::new(app, scopes, Secret::new(USER_ASSERTION));
                let mut flow = flow.with_session_key(SESSION);
                flow.options = options;
                flow.start(now, seed)
            }
            (FlowCase::Accounts, app) => return Accounts::new(app).start(now, seed).map(Started::Accounts),
            (FlowCase::SignOut, app) => {
                let mut flow = SignOut::new(app, JOE);
                flow.revoke = true;
                return flow.start(now, seed).map(Started::SignedOut);
            }
            (FlowCase::Code, app) => code(&app).redeem(app).start(now, seed),
            (FlowCase::SignIn, app) => {
                let mut flow = StartSignIn::new(app, scopes, REDIRECT_URI);
                flow.options = options;
                return flow.start(now, seed).map(Started::SignIn);
            }
            (FlowCase::Implicit, app) => {
                let mut flow = StartImplicit::new(app, scopes, REDIRECT_URI, ImplicitResponse::IdToken);
                flow.options = options;
                return flow.start(now, seed).map(Started::Implicit);
            }
            _ => Err(refused().expect("the table refuses what no type takes").into()),
        }
        .map(Started::Tokens)
    }
}

/// A flow that was started, whatever it comes to.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "as the step itself, it lives for one round trip")]
pub enum Started {
    /// A token.
    Tokens(Step<AuthenticationResult>),
    /// A sign-in.
    SignIn(Step<SignIn>),
    /// One that brings tokens.
    Implicit(Step<ImplicitSignIn>),
    /// A list of accounts.
    Accounts(Step<Vec<SignedInAccount>>),
    /// A sign-out.
    SignedOut(Step<SignedOut>),
}

impl Started {
    /// [Walks](walk) to the end.
    pub fn walk(self, now: Timestamp, replies: &[Reply], memory: &mut Memory, bound: usize) -> Trace {
        match self {
            Self::Tokens(step) => walk(Ok(step), now, replies, memory, bound),
            Self::SignIn(step) => walk(Ok(step), now, replies, memory, bound),
            Self::Implicit(step) => walk(Ok(step), now, replies, memory, bound),
            Self::Accounts(step) => walk(Ok(step), now, replies, memory, bound),
            Self::SignedOut(step) => walk(Ok(step), now, replies, memory, bound),
        }
    }

    /// [Runs](run) to the end.
    ///
    /// # Errors
    /// The flow's own.
    pub fn run(self, player: &mut Player<'_>, observer: impl FnMut(StepEvent<'_>)) -> Result<(), Error> {
        match self {
            Self::Tokens(step) => run(step, player, observer).map(drop),
            Self::SignIn(step) => run(step, player, observer).map(drop),
            Self::Implicit(step) => run(step, player, observer).map(drop),
            Self::Accounts(step) => run(step, player, observer).map(drop),
            Self::SignedOut(step) => run(step, player, observer).map(drop),
        }
    }
}

/// What every flow asks for.
pub const SCOPE: &str = "https://api.example/.default";
/// The key of the long-running call.
pub const SESSION: &str = "job";
pub(crate) const REDIRECT_URI: &str = "http://localhost/";

/// A device code as another process put it down.
///
/// # Panics
/// If what is put down is of another form by now.
#[must_use]
pub fn pending(app: &PublicClientApplication, now: Timestamp) -> PendingDeviceCode {
    let json = serde_json::json!({
        "authority": app.authority.as_str(), "client_id": app.client_id.as_str(), "scopes": ["user.read"],
        "correlation_id": "id", "device_code": DEVICE_CODE, "interval_ms": 7000,
        "expires_at": now.as_millis().saturating_add(900_000)
    });
    serde_json::from_value(json).expect("a device code that was put down")
}
