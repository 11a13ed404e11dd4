//! User name and password (the resource owner password grant).
//!
//! ```text
//! (instance) ──▶ realm ─┬─ managed ──▶ token ──▶ kept
//!                       └─ federated ──▶ metadata ──▶ assertion ──▶ token ──▶ kept
//! ```
//!
//! The password is sent once: to the token endpoint for a managed account, to the federation server for a
//! federated one, never to both. The flow cannot do a second factor or ask for consent, and it does not work for
//! personal accounts, nor with the tenants `common` and `consumers`.

use crate::application::{Application, RequestOptions};
use crate::authority::AuthorityKind;
use crate::context::{Context, Resolved};
use crate::error::{Error, Service, Unsupported};
use crate::federate::{Credential, ExpectGrant, federate, username};
use crate::http::Outcome;
use crate::preflight::FlowKind;
use crate::protocol::realm::{self, Realm};
use crate::protocol::token::Grant;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::retry;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Signs in with a password that the application was given.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UsernamePassword {
    /// The application.
    pub app: Application,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// The user's name in the cloud.
    pub username: String,
    /// The password, to the character.
    pub password: Secret,
    /// What else to ask for.
    pub options: RequestOptions,
}

impl UsernamePassword {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: impl Into<Application>,
        scopes: impl IntoIterator<Item = S>,
        username: impl Into<String>,
        password: Secret,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self {
            app: app.into(),
            scopes,
            username: username.into(),
            password,
            options: RequestOptions::default(),
        }
    }
}

impl Flow for UsernamePassword {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let cx = Context::new(FlowKind::UsernamePassword, self.app, self.scopes, self.options, seed)?;
        let username = username(self.username)?;
        let subject = username.clone();
        Ok(resolve(cx, Subject::User(&subject), ExpectAuthority { username, password: self.password }))
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    username: String,
    password: Secret,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { username, password } = *self;
        let at = resolved?;
        if let AuthorityKind::Entra(_) = at.cx.authority().kind() {
            let next = ExpectRealm { at, username, password };
            return Ok(retry::send(next, |state| realm::request(&state.at.cx, &state.username)));
        }
        // Nobody else has a realm: the account is the authority's own.
        if password.expose().is_empty() {
            return Err(at.cx.fail(Unsupported::PasswordRequired));
        }
        redeem(at, Grant::Password { username, password }, now, ExpectRedeemed)
    }
}

#[derive(Debug)]
struct ExpectRealm {
    at: Resolved,
    username: String,
    password: Secret,
}

impl Expect<Outcome, AuthenticationResult> for ExpectRealm {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<AuthenticationResult>, Error> {
        let Self { at, username, password } = *self;
        let cx = at.cx.clone();
        let response = outcome.map_err(|error| cx.unreachable(Service::UserRealm, error))?;
        let realm = realm::response(&response, now).map_err(|fault| cx.fail(fault))?;
        match realm {
            _ if password.expose().is_empty() => Err(cx.fail(Unsupported::PasswordRequired)),
            Realm::Managed => redeem(at, Grant::Password { username, password }, now, ExpectRedeemed),
            Realm::Federated(federation) => {
                federate(cx, federation, Credential::Password(password), username, now, ExpectGrant { at })
            }
        }
    }
}
