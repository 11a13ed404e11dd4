//! On behalf of: a token for another API, for the user who called this one.
//!
//! ```text
//! memory ──▶ (authority) ──▶ (signature) ──▶ token ──▶ kept
//! ```
//!
//! The caller's access token is the assertion (the grant `jwt-bearer` of RFC 7523, with `requested_token_use`). If the
//! other API demands more of the user, the error is of the kind
//! [`ClaimsChallenge`](crate::error::ErrorKind::ClaimsChallenge), and [`Error::challenge`] is what to hand back to the
//! caller.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::application::{ConfidentialClientApplication, RequestOptions};
use crate::context::{Context, Resolved};
use crate::error::{Error, Misuse};
use crate::preflight::FlowKind;
use crate::protocol::token::Grant;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Acts for the user who called.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OnBehalfOf {
    /// The application that was called.
    pub app: ConfidentialClientApplication,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// The access token that the caller came with. Its audience must be this application.
    pub user_assertion: Secret,
    /// What else to ask for.
    pub options: RequestOptions,
}

impl OnBehalfOf {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: ConfidentialClientApplication,
        scopes: impl IntoIterator<Item = S>,
        user_assertion: Secret,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self { app, scopes, user_assertion, options: RequestOptions::default() }
    }
}

impl Flow for OnBehalfOf {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        if self.user_assertion.expose().trim().is_empty() {
            return Err(Misuse::Argument { name: "user assertion", reason: "it is empty" }.into());
        }
        let cx = Context::new(FlowKind::OnBehalfOf, self.app, self.scopes, self.options, seed)?;
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(self.user_assertion.expose()));
        Ok(resolve(cx, Subject::User(&hash), ExpectAuthority { assertion: self.user_assertion }))
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    assertion: Secret,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        redeem(resolved?, Grant::OnBehalfOf { assertion: self.assertion }, now, ExpectRedeemed)
    }
}
