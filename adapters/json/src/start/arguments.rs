//! What each start takes beside the common members, and the flow that it becomes.

use entrada_core::application::{
    Application, ConfidentialClientApplication, PublicClientApplication, RequestOptions,
};
use entrada_core::error::{Error, Misuse};
use entrada_core::flow::accounts::Accounts;
use entrada_core::flow::adfs_integrated_auth::AdfsIntegratedAuth;
use entrada_core::flow::agent_user::AgentUser;
use entrada_core::flow::authorization_code::SignIn;
use entrada_core::flow::client_credentials::ClientCredentials;
use entrada_core::flow::device_code::{DeviceCode, PendingDeviceCode};
use entrada_core::flow::implicit::{ImplicitResponse, ImplicitSignIn};
use entrada_core::flow::integrated_windows_auth::IntegratedWindowsAuth;
use entrada_core::flow::refresh_token::RefreshToken;
use entrada_core::flow::sign_out::SignOut;
use entrada_core::flow::silent::{AccountId, Silent};
use entrada_core::flow::user_fic::{FederatedUser, UserFederatedIdentityCredential};
use entrada_core::flow::username_password::UsernamePassword;
use entrada_core::preflight::FlowKind;
use entrada_core::secret::Secret;
use entrada_core::time::Timestamp;

use super::account::{self, Call};
use super::browser::{self, Answer, Code, Page};
use crate::conversation::AnyFlow;
use crate::members::{Members, Refused};

/// What one start says of its own.
pub(super) enum Arguments {
    IntegratedWindowsAuth { username: String },
    AdfsIntegratedAuth { redirect_uri: String, user_agent: Option<String> },
    UsernamePassword { username: String, password: Secret },
    DeviceCode,
    PendingDeviceCode(PendingDeviceCode),
    ClientCredentials { region: Option<String>, force_refresh: bool },
    OnBehalfOf { call: Call, force_refresh: bool },
    UserFederatedIdentityCredential { credential: Secret, user: FederatedUser },
    AgentUser { agent_id: String, user: FederatedUser },
    RefreshToken { refresh_token: Secret },
    SignIn { page: Page, code: Code },
    AuthorizationCode(Answer<SignIn>),
    Implicit { page: Page, response: ImplicitResponse },
    ImplicitAnswer(Answer<ImplicitSignIn>),
    Silent { account: AccountId, force_refresh: bool },
    Accounts { every_cloud: bool },
    SignOut { home_account_id: String, revoke: bool },
}

impl Arguments {
    /// Takes the members that are the start's own.
    pub(super) fn read(name: &str, members: &mut Members<'_>) -> Result<Self, Refused> {
        Ok(match name {
            "integrated_windows_auth" => {
                // Without a name the flow fails in the core, with a remedy.
                let username = members.text("username")?.unwrap_or_default();
                hint_is_the_user(members, &username)?;
                Self::IntegratedWindowsAuth { username }
            }
            "adfs_integrated_auth" => Self::AdfsIntegratedAuth {
                redirect_uri: members.required("redirect_uri", "a text")?,
                user_agent: members.text("user_agent")?,
            },
            "username_password" => {
                let password = members.required_secret("password")?;
                let username: String = members.required("username", "a text")?;
                hint_is_the_user(members, &username)?;
                Self::UsernamePassword { username, password }
            }
            "device_code" => match members.optional("pending", "what a prompt held as \"pending\"")? {
                None => Self::DeviceCode,
                Some(pending) => Self::PendingDeviceCode(pending),
            },
            "client_credentials" => Self::ClientCredentials {
                region: members.text("region")?,
                force_refresh: force_refresh(members)?,
            },
            "on_behalf_of" => {
                Self::OnBehalfOf { call: Call::read(members)?, force_refresh: force_refresh(members)? }
            }
            "user_fic" => Self::UserFederatedIdentityCredential {
                credential: members.required_secret("credential")?,
                user: federated_user(members)?,
            },
            "agent_user" => Self::AgentUser {
                agent_id: members.required("agent_id", "a text")?,
                user: federated_user(members)?,
            },
            "sign_in" => Self::SignIn { page: Page::read(members)?, code: Code::read(members)? },
            "authorization_code" => Self::AuthorizationCode(Answer::read(members)?),
            "implicit" => {
                Self::Implicit { page: Page::read(members)?, response: browser::response_type(members)? }
            }
            "implicit_answer" => Self::ImplicitAnswer(Answer::read(members)?),
            "refresh_token" => {
                Self::RefreshToken { refresh_token: members.required_secret("refresh_token")? }
            }
            "silent" => {
                Self::Silent { account: account::either(members)?, force_refresh: force_refresh(members)? }
            }
            "accounts" => Self::Accounts { every_cloud: members.switch("every_cloud")?.unwrap_or_default() },
            "sign_out" => Self::SignOut {
                home_account_id: account::by_home(members)?,
                revoke: members.switch("revoke")?.unwrap_or_default(),
            },
            _ => return Err("there is no start of this name".into()),
        })
    }

    /// The members that may stand in some starts only, and do in this one.
    pub(super) fn takes(&self, member: &str) -> bool {
        use Arguments as A;
        match member {
            "scopes" | "claims" | "correlation_id" | "extra_query_parameters" | "tenant" => {
                // What was put down holds them; for the last two nothing is asked for.
                !matches!(
                    self,
                    A::PendingDeviceCode(_)
                        | A::AuthorizationCode(_)
                        | A::ImplicitAnswer(_)
                        | A::Accounts { .. }
                        | A::SignOut { .. }
                )
            }
            "login_hint" => matches!(
                self,
                A::AdfsIntegratedAuth { .. }
                    | A::DeviceCode
                    | A::OnBehalfOf { .. }
                    | A::UserFederatedIdentityCredential { .. }
                    | A::AgentUser { .. }
                    | A::RefreshToken { .. }
                    | A::SignIn { .. }
                    | A::Implicit { .. }
            ),
            "federation_metadata" => {
                matches!(self, A::IntegratedWindowsAuth { .. } | A::UsernamePassword { .. })
            }
            "fmi_path" => {
                matches!(self, A::ClientCredentials { .. } | A::UserFederatedIdentityCredential { .. })
            }
            _ => false,
        }
    }

    /// The flow, for an application of the sort that it is for.
    pub(super) fn flow(
        self,
        app: Application,
        scopes: Vec<String>,
        options: RequestOptions,
        now: Timestamp,
    ) -> Result<AnyFlow, Error> {
        Ok(match self {
            Self::IntegratedWindowsAuth { username } => {
                let app = public(FlowKind::IntegratedWindowsAuth, app)?;
                let mut flow = IntegratedWindowsAuth::new(app, scopes, username);
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::AdfsIntegratedAuth { redirect_uri, user_agent } => {
                let app = public(FlowKind::AdfsIntegratedAuth, app)?;
                let mut flow = AdfsIntegratedAuth::new(app, scopes, redirect_uri);
                flow.user_agent = user_agent.unwrap_or(flow.user_agent);
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::UsernamePassword { username, password } => {
                let mut flow = UsernamePassword::new(app, scopes, username, password);
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::DeviceCode => {
                let mut flow = DeviceCode::new(public(FlowKind::DeviceCode, app)?, scopes);
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::PendingDeviceCode(pending) => {
                AnyFlow::new(pending.resume(public(FlowKind::DeviceCode, app)?))
            }
            Self::ClientCredentials { region, force_refresh } => {
                let mut app = confidential(FlowKind::ClientCredentials, app)?;
                app.region = region.map(|region| region.parse()).transpose()?;
                let mut flow = ClientCredentials::new(app, scopes);
                flow.force_refresh = force_refresh;
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::OnBehalfOf { call, force_refresh } => {
                let mut flow = call.flow(confidential(FlowKind::OnBehalfOf, app)?, scopes);
                flow.force_refresh = force_refresh;
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::UserFederatedIdentityCredential { credential, user } => {
                let app = confidential(FlowKind::UserFederatedIdentityCredential, app)?;
                let mut flow = UserFederatedIdentityCredential::new(app, scopes, credential, user);
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::AgentUser { agent_id, user } => {
                let app = confidential(FlowKind::UserFederatedIdentityCredential, app)?;
                let mut flow = AgentUser::new(app, scopes, agent_id, user);
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::SignIn { page, code } => page.for_code(app, scopes, options, code),
            Self::AuthorizationCode(answer) => answer.flow(app)?,
            Self::Implicit { page, response } => page.for_tokens(app, scopes, options, response),
            Self::ImplicitAnswer(answer) => answer.flow(now)?,
            Self::RefreshToken { refresh_token } => {
                let mut flow = RefreshToken::new(app, scopes, refresh_token);
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::Silent { account, force_refresh } => {
                let mut flow = Silent::new(app, scopes, account);
                flow.force_refresh = force_refresh;
                flow.options = options;
                AnyFlow::new(flow)
            }
            Self::Accounts { every_cloud } => {
                let mut flow = Accounts::new(app);
                flow.every_cloud = every_cloud;
                AnyFlow::new(flow)
            }
            Self::SignOut { home_account_id, revoke } => {
                let mut flow = SignOut::new(app, home_account_id);
                flow.revoke = revoke;
                AnyFlow::new(flow)
            }
        })
    }
}

/// Whether a new token is got though there is a good one.
fn force_refresh(members: &mut Members<'_>) -> Result<bool, Refused> {
    Ok(members.switch("force_refresh")?.unwrap_or_default())
}

/// In these flows the hint decides nothing; one that names somebody else would be ignored in silence.
fn hint_is_the_user(members: &mut Members<'_>, username: &str) -> Result<(), Refused> {
    // Names of users have no case.
    let folded = |name: &str| name.trim().to_lowercase();
    match members.text("login_hint")? {
        Some(hint) if folded(&hint) != folded(username) => {
            Err("the member \"login_hint\" names another user than \"username\"".into())
        }
        _ => Ok(()),
    }
}

fn federated_user(members: &mut Members<'_>) -> Result<FederatedUser, Refused> {
    match (members.text("user_id")?, members.text("username")?) {
        (Some(id), None) => Ok(FederatedUser::ObjectId(id)),
        (None, Some(name)) => Ok(FederatedUser::Username(name)),
        (Some(_), Some(_)) => Err("the members \"user_id\" and \"username\" exclude each other".into()),
        (None, None) => Err("the member \"user_id\" or \"username\" is missing".into()),
    }
}

fn public(flow: FlowKind, app: Application) -> Result<PublicClientApplication, Error> {
    match app {
        Application::Public(app) => Ok(app),
        Application::Confidential(_) => Err(Misuse::Audience { flow, needed: "public" }.into()),
    }
}

fn confidential(flow: FlowKind, app: Application) -> Result<ConfidentialClientApplication, Error> {
    match app {
        Application::Confidential(app) => Ok(app),
        Application::Public(_) => Err(Misuse::Audience { flow, needed: "confidential" }.into()),
    }
}
