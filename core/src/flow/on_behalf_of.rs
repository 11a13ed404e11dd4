//! On behalf of: a token for another API, for the user who called this one.
//!
//! ```text
//! tokens ─┬─ good, or ageing ──▶ done
//!         └─ none good ──▶ memory ──▶ (authority) ──▶ (signature) ──▶ token ─┬───────────────────────▶ kept
//!                                                                            └─ (forgotten ──▶ token) ──▶ kept
//! ```
//!
//! Tokens are kept under a hash of the assertion, so that no call ever gets what was got for another. A *long-running*
//! call, which goes on when its assertion has expired, is kept under a key that the application chooses
//! ([`OnBehalfOf::session_key`]): started with an assertion, it goes on with the key alone, by the refresh token that is
//! kept for it and for nothing else. When that one is dead, it is forgotten, and an assertion that came along begins the
//! call anew.
//!
//! The caller's access token is the assertion (the grant `jwt-bearer` of RFC 7523, with `requested_token_use`). If the
//! other API demands more of the user, the error is of the kind
//! [`ClaimsChallenge`](crate::error::ErrorKind::ClaimsChallenge), and [`Error::challenge`] is what to hand back to the
//! caller.

use std::sync::Arc;

use crate::application::{Application, ConfidentialClientApplication, RequestOptions, flight_key};
use crate::cache::{CacheUpdate, RefreshToken, StoreError, TokenChange, TokenSubject};
use crate::context::{Context, Resolved};
use crate::error::{Error, Fault, Misuse, NoToken};
use crate::fingerprint;
use crate::flights::Flight;
use crate::flow::silent::is_dead;
use crate::preflight::FlowKind;
use crate::protocol::token::Grant;
use crate::recall::{ExpectNew, Miss, Recalled, recall};
use crate::redeem::redeem;
use crate::redeemed::Redeemed;
use crate::resolve::{Subject, resolve};
use crate::result::{AuthenticationResult, Refresh};
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Acts for the user who called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnBehalfOf {
    /// The application that was called.
    pub app: ConfidentialClientApplication,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// The access token that the caller came with. Its audience must be this application. `None` to go on with a
    /// long-running call.
    pub user_assertion: Option<Secret>,
    /// The key of a long-running call.
    pub session_key: Option<String>,
    /// Whether a new token is got though there is a good one.
    pub force_refresh: bool,
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
        let user_assertion = Some(user_assertion);
        Self {
            app,
            scopes,
            user_assertion,
            session_key: None,
            force_refresh: false,
            options: RequestOptions::default(),
        }
    }

    /// A long-running call, which goes on under the key that it was started with.
    #[must_use]
    pub fn in_session<S: Into<String>>(
        app: ConfidentialClientApplication,
        scopes: impl IntoIterator<Item = S>,
        session_key: impl Into<String>,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self {
            app,
            scopes,
            user_assertion: None,
            session_key: Some(session_key.into()),
            force_refresh: false,
            options: RequestOptions::default(),
        }
    }

    /// The same call as a long-running one, which can go on under this key when its assertion has expired.
    #[must_use]
    pub fn with_session_key(mut self, session_key: impl Into<String>) -> Self {
        self.session_key = Some(session_key.into());
        self
    }
}

impl Flow for OnBehalfOf {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let refuse = |name, reason| Err(Misuse::Argument { name, reason }.into());
        if self.user_assertion.as_ref().is_some_and(|assertion| assertion.expose().trim().is_empty()) {
            return refuse("user assertion", "it is empty");
        }
        if self.session_key.as_ref().is_some_and(String::is_empty) {
            return refuse("session key", "it is empty");
        }
        let again = Refresh::from(Self { force_refresh: true, ..self.clone() });
        let key = match (self.session_key, &self.user_assertion) {
            (Some(key), _) => CallKey::Session(key),
            (None, Some(assertion)) => CallKey::Assertion(fingerprint::of(assertion.expose())),
            (None, None) => return refuse("user assertion", "there is neither one nor a session key"),
        };
        let cx = Context::new(FlowKind::OnBehalfOf, self.app, self.scopes, self.options, seed)?;
        let subject = TokenSubject::OnBehalfOf(key.as_str().into());
        let then = ExpectRecalled { cx: cx.clone(), key, assertion: self.user_assertion };
        Ok(recall(cx, subject, self.force_refresh, again, then))
    }

    fn flight(&self) -> Option<Flight<AuthenticationResult>> {
        let app = Application::from(self.app.clone());
        let assertion = self
            .user_assertion
            .as_ref()
            .map(|assertion| fingerprint::of(assertion.expose()))
            .unwrap_or_default();
        let subject = format!("call {assertion} {}", self.session_key.as_deref().unwrap_or_default());
        Some(flight_key(&app, &self.scopes, &subject, self.force_refresh, &self.options).into())
    }
}

/// What tokens are kept under.
#[derive(Debug, Clone)]
enum CallKey {
    /// The hash of the assertion.
    Assertion(String),
    /// The key of a long-running call.
    Session(String),
}

impl CallKey {
    fn as_str(&self) -> &str {
        match self {
            Self::Assertion(key) | Self::Session(key) => key,
        }
    }
}

#[derive(Debug)]
struct ExpectRecalled {
    cx: Context,
    key: CallKey,
    assertion: Option<Secret>,
}

impl Expect<Recalled, AuthenticationResult> for ExpectRecalled {
    fn on(self: Box<Self>, recalled: Recalled, _now: Timestamp) -> Result<Step<AuthenticationResult>, Error> {
        let Self { cx, key, assertion } = *self;
        let miss = match recalled {
            Recalled::Hit(result) => return Ok(Step::Done(*result)),
            Recalled::Miss(miss) => miss,
        };
        let session = matches!(key, CallKey::Session(_));
        let refresh_token = miss.view.refresh_tokens.first().filter(|_| session);
        // What was kept for the session comes first: the assertion may have expired long ago.
        let way = match (refresh_token.cloned(), assertion) {
            (Some(token), assertion) => Way::Session { token, assertion },
            (None, Some(assertion)) => Way::Exchange(Grant::OnBehalfOf { assertion, session }),
            (None, None) => return Err(cx.fail(Fault::NoToken(NoToken::NoSession)).with_trace(miss.trace)),
        };
        let user = key.as_str().to_owned();
        Ok(resolve(cx.clone(), Subject::User(&user), ExpectAuthority { cx, key, way, miss }))
    }
}

/// What there is to ask with.
#[derive(Debug)]
enum Way {
    /// The caller's assertion.
    Exchange(Grant),
    /// What was kept for the session, and the assertion that can begin it anew.
    Session { token: Arc<RefreshToken>, assertion: Option<Secret> },
}

#[derive(Debug)]
struct ExpectAuthority {
    cx: Context,
    key: CallKey,
    way: Way,
    miss: Box<Miss>,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { cx, key, way, miss } = *self;
        let then = ExpectNew { cx, miss };
        let at = match resolved {
            Ok(at) => Resolved { call_key: Some(key.as_str().to_owned()), ..at },
            Err(error) => return then.fail(error),
        };
        match way {
            Way::Exchange(grant) => redeem(at, grant, now, then),
            Way::Session { token, assertion } => {
                let grant = Grant::RefreshToken { refresh_token: token.secret.clone() };
                redeem(at.clone(), grant, now, ExpectRefreshed { at, token, assertion, then })
            }
        }
    }
}

/// Waits for what comes of the session's refresh token.
#[derive(Debug)]
struct ExpectRefreshed {
    at: Resolved,
    token: Arc<RefreshToken>,
    assertion: Option<Secret>,
    then: ExpectNew,
}

impl Expect<Result<Redeemed, Error>, AuthenticationResult> for ExpectRefreshed {
    fn on(
        self: Box<Self>,
        verdict: Result<Redeemed, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { at, token, assertion, then } = *self;
        match verdict {
            Err(error) if matches!(error.fault(), Fault::Refused(refusal) if is_dead(refusal, at.cx.authority().kind())) =>
            {
                let tokens = vec![TokenChange::RemoveRefreshToken(token)];
                let update = CacheUpdate { at: now, tokens, ..CacheUpdate::default() };
                Ok(Step::save(update, ExpectForgotten { at, assertion, error, then }))
            }
            verdict => Box::new(then).on(verdict, now),
        }
    }
}

/// Waits until a dead refresh token is forgotten, to begin the session anew if that can be done.
#[derive(Debug)]
struct ExpectForgotten {
    at: Resolved,
    assertion: Option<Secret>,
    error: Error,
    then: ExpectNew,
}

impl Expect<Result<(), StoreError>, AuthenticationResult> for ExpectForgotten {
    // What could not be forgotten is tried again another time.
    fn on(
        self: Box<Self>,
        _kept: Result<(), StoreError>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { at, assertion, error, then } = *self;
        match assertion {
            Some(assertion) => redeem(at, Grant::OnBehalfOf { assertion, session: true }, now, then),
            None => then.fail(error),
        }
    }
}
