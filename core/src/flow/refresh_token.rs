//! A refresh token from elsewhere: another library, or another process (RFC 6749, section 6).
//!
//! ```text
//! memory ──▶ (authority) ──▶ (signature) ──▶ token ──▶ kept
//! ```
//!
//! This is for moving in. What Entrada itself has got, it keeps and uses silently.

use crate::application::{Application, RequestOptions};
use crate::context::{Context, Resolved};
use crate::error::{Error, Misuse};
use crate::fingerprint;
use crate::preflight::FlowKind;
use crate::protocol::token::Grant;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Redeems a refresh token that the application brings.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RefreshToken {
    /// The application that the refresh token was issued to.
    pub app: Application,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// The refresh token.
    pub refresh_token: Secret,
    /// What else to ask for.
    pub options: RequestOptions,
}

impl RefreshToken {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: impl Into<Application>,
        scopes: impl IntoIterator<Item = S>,
        refresh_token: Secret,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self { app: app.into(), scopes, refresh_token, options: RequestOptions::default() }
    }
}

impl Flow for RefreshToken {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        if self.refresh_token.expose().trim().is_empty() {
            return Err(Misuse::Argument { name: "refresh token", reason: "it is empty" }.into());
        }
        let cx = Context::new(FlowKind::RefreshToken, self.app, self.scopes, self.options, seed)?;
        let hash = fingerprint::of(self.refresh_token.expose());
        Ok(resolve(cx, Subject::User(&hash), ExpectAuthority { refresh_token: self.refresh_token }))
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    refresh_token: Secret,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        redeem(resolved?, Grant::RefreshToken { refresh_token: self.refresh_token }, now, ExpectRedeemed)
    }
}
