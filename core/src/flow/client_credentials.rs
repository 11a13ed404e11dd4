//! Client credentials: a token for the application itself (RFC 6749, section 4.4).
//!
//! ```text
//! memory ──▶ (authority) ──▶ (signature) ──▶ token ──▶ kept
//! ```
//!
//! The scope is the resource's `/.default`, by itself: what the application may do there was granted beforehand. The
//! tenant must be a single one. This is the one flow that is sent again after a failure of the server, as no user's
//! credential goes with it.

use crate::application::{ConfidentialClientApplication, RequestOptions};
use crate::context::{Context, Resolved};
use crate::error::{Error, Misuse};
use crate::preflight::FlowKind;
use crate::protocol::token::Grant;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Signs the application in as itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientCredentials {
    /// The application.
    pub app: ConfidentialClientApplication,
    /// What the token is for, usually one `/.default`.
    pub scopes: Vec<String>,
    /// What else to ask for.
    pub options: RequestOptions,
}

impl ClientCredentials {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: ConfidentialClientApplication,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self { app, scopes, options: RequestOptions::default() }
    }
}

impl Flow for ClientCredentials {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let cx = Context::new(FlowKind::ClientCredentials, self.app, self.scopes, self.options, seed)?;
        if cx.scopes().is_empty() {
            return Err(Misuse::Argument { name: "scopes", reason: "there are none" }.into());
        }
        Ok(resolve(cx, Subject::Application, ExpectAuthority))
    }
}

#[derive(Debug)]
struct ExpectAuthority;

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        redeem(resolved?, Grant::ClientCredentials, now, ExpectRedeemed)
    }
}
