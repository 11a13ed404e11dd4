//! Client credentials: a token for the application itself (RFC 6749, section 4.4).
//!
//! ```text
//! tokens ─┬─ good, or ageing ──▶ done
//!         └─ none good ──▶ memory ──▶ (authority) ──▶ (signature) ──▶ token ──▶ kept
//! ```
//!
//! The scope is the resource's `/.default`, by itself: what the application may do there was granted beforehand. The
//! tenant must be a single one. This is the one flow that is sent again after a failure of the server, as no user's
//! credential goes with it.

use crate::application::{Application, ConfidentialClientApplication, RequestOptions, flight_key};
use crate::cache::TokenSubject;
use crate::context::{Context, Resolved};
use crate::error::{Error, Misuse};
use crate::flights::Flight;
use crate::preflight::FlowKind;
use crate::protocol::token::Grant;
use crate::recall::{ExpectNew, Miss, Recalled, recall};
use crate::redeem::redeem;
use crate::resolve::{Subject, resolve};
use crate::result::{AuthenticationResult, Refresh};
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Signs the application in as itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCredentials {
    /// The application.
    pub app: ConfidentialClientApplication,
    /// What the token is for, usually one `/.default`.
    pub scopes: Vec<String>,
    /// Whether a new token is got though there is a good one.
    pub force_refresh: bool,
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
        Self { app, scopes, force_refresh: false, options: RequestOptions::default() }
    }
}

impl Flow for ClientCredentials {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let again = Refresh::from(Self { force_refresh: true, ..self.clone() });
        let cx = Context::new(FlowKind::ClientCredentials, self.app, self.scopes, self.options, seed)?;
        if cx.scopes().is_empty() {
            return Err(Misuse::Argument { name: "scopes", reason: "there are none" }.into());
        }
        let then = ExpectRecalled { cx: cx.clone() };
        Ok(recall(cx, TokenSubject::Application, self.force_refresh, again, then))
    }

    fn flight(&self) -> Option<Flight<AuthenticationResult>> {
        let app = Application::from(self.app.clone());
        Some(flight_key(&app, &self.scopes, "application", self.force_refresh, &self.options).into())
    }
}

#[derive(Debug)]
struct ExpectRecalled {
    cx: Context,
}

impl Expect<Recalled, AuthenticationResult> for ExpectRecalled {
    fn on(self: Box<Self>, recalled: Recalled, _now: Timestamp) -> Result<Step<AuthenticationResult>, Error> {
        match recalled {
            Recalled::Hit(result) => Ok(Step::Done(*result)),
            Recalled::Miss(miss) => {
                let Self { cx } = *self;
                Ok(resolve(cx.clone(), Subject::Application, ExpectAuthority { cx, miss }))
            }
        }
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    cx: Context,
    miss: Box<Miss>,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { cx, miss } = *self;
        let then = ExpectNew { cx, miss };
        match resolved {
            Ok(at) => redeem(at, Grant::ClientCredentials, now, then),
            Err(error) => then.fail(error),
        }
    }
}
