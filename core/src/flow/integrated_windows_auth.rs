//! Integrated Windows authentication: a token for the user who is signed in to the machine, with no prompt.
//!
//! ```text
//! (instance) ──▶ realm ──▶ metadata ──▶ assertion ──▶ token ──▶ kept
//! ```
//!
//! It works for accounts of a federated domain (AD FS or another WS-Trust server), and for accounts of a managed
//! domain with seamless single sign-on. It cannot do a second factor or ask for consent, and it does not work for
//! personal accounts, nor with the tenants `common` and `consumers`.

use crate::application::{PublicClientApplication, RequestOptions};
use crate::context::{Context, Resolved};
use crate::error::{Error, Service, Unsupported};
use crate::federate::{Credential, ExpectGrant, federate, username};
use crate::http::Outcome;
use crate::preflight::FlowKind;
use crate::protocol::realm::{self, Realm};
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::retry;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Signs in as the user whom the machine already knows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IntegratedWindowsAuth {
    /// The application.
    pub app: PublicClientApplication,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// The user's name in the cloud.
    pub username: String,
    /// What else to ask for.
    pub options: RequestOptions,
}

impl IntegratedWindowsAuth {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: PublicClientApplication,
        scopes: impl IntoIterator<Item = S>,
        username: impl Into<String>,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self { app, scopes, username: username.into(), options: RequestOptions::default() }
    }
}

impl Flow for IntegratedWindowsAuth {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let cx = Context::new(FlowKind::IntegratedWindowsAuth, self.app, self.scopes, self.options, seed)?;
        let username = username(self.username)?;
        Ok(resolve(cx, Subject::User(&username.clone()), ExpectAuthority { username }))
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    username: String,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        _now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { username } = *self;
        let at = resolved?;
        let next = ExpectRealm { at, username };
        Ok(retry::send(next, |state| realm::request(&state.at.cx, &state.username)))
    }
}

#[derive(Debug)]
struct ExpectRealm {
    at: Resolved,
    username: String,
}

impl Expect<Outcome, AuthenticationResult> for ExpectRealm {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<AuthenticationResult>, Error> {
        let Self { at, username } = *self;
        let cx = at.cx.clone();
        let response = outcome.map_err(|error| cx.unreachable(Service::UserRealm, error))?;
        match realm::response(&response, now).map_err(|fault| cx.fail(fault))? {
            Realm::Managed => Err(cx.fail(Unsupported::ManagedUser)),
            Realm::Federated(federation) => {
                federate(cx, federation, Credential::Integrated, username, now, ExpectGrant { at })
            }
        }
    }
}
