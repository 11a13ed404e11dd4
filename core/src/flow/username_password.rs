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

use crate::application::{PublicClientApplication, RequestOptions};
use crate::context::Context;
use crate::error::{Error, Service, Unsupported};
use crate::federate::{Credential, ExpectGrant, federate, username};
use crate::http::Outcome;
use crate::protocol::realm::{self, Realm};
use crate::protocol::token::Grant;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::resolve::resolve;
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
    pub app: PublicClientApplication,
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
        app: PublicClientApplication,
        scopes: impl IntoIterator<Item = S>,
        username: impl Into<String>,
        password: Secret,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self { app, scopes, username: username.into(), password, options: RequestOptions::default() }
    }
}

impl Flow for UsernamePassword {
    type Output = AuthenticationResult;

    fn start(self, now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let cx = Context::new(self.app, self.scopes, self.options, seed)?;
        cx.require_tenant()?;
        let username = username(&self.username)?;
        resolve(cx.clone(), now, ExpectAuthority { cx, username, password: self.password })
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    cx: Context,
    username: String,
    password: Secret,
}

impl Expect<Result<(), Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        confirmed: Result<(), Error>,
        _now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { cx, username, password } = *self;
        confirmed?;
        Ok(retry::send(realm::request(&cx, &username), ExpectRealm { cx, username, password }))
    }
}

#[derive(Debug)]
struct ExpectRealm {
    cx: Context,
    username: String,
    password: Secret,
}

impl Expect<Outcome, AuthenticationResult> for ExpectRealm {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<AuthenticationResult>, Error> {
        let Self { cx, username, password } = *self;
        let response = outcome.map_err(|error| cx.unreachable(Service::UserRealm, error))?;
        let realm = realm::response(&response, now).map_err(|fault| cx.fail(fault))?;
        match realm {
            _ if password.expose().is_empty() => Err(cx.fail(Unsupported::PasswordRequired)),
            Realm::Managed => Ok(redeem(cx, &Grant::Password { username, password }, ExpectRedeemed)),
            Realm::Federated(federation) => federate(
                cx.clone(),
                federation,
                Credential::Password(password),
                username,
                now,
                ExpectGrant { cx },
            ),
        }
    }
}
