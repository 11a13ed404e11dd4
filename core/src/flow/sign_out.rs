//! Sign-out: an account, and the application's tokens for it, are forgotten.
//!
//! ```text
//! tokens ──▶ (authority) ──▶ (revocation)* ──▶ forgotten ──▶ done
//! ```
//!
//! The refresh tokens are revoked where the provider has an endpoint for it (RFC 7009) and the call asks for that; what
//! cannot be revoked is forgotten all the same, and the result says so. The browser's own session is ended by whoever
//! opens [`SignedOut::end_session_url`].

use std::sync::Arc;

use url::{Url, form_urlencoded};

use crate::application::{Application, RequestOptions};
use crate::cache::{
    CacheQuery, CacheUpdate, CacheView, RefreshToken, StoreError, TokenChange, TokenQuery, TokenSubject,
};
use crate::context::{Context, Resolved};
use crate::error::{Error, Fault};
use crate::http::Outcome;
use crate::preflight::FlowKind;
use crate::resolve::{Subject, resolve};
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Forgets an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignOut {
    /// The application.
    pub app: Application,
    /// The account, by its home account id.
    pub home_account_id: String,
    /// Whether its refresh tokens are revoked, where the provider has an endpoint for that. Off by default.
    pub revoke: bool,
}

impl SignOut {
    /// Forgets an account and asks nobody.
    #[must_use]
    pub fn new(app: impl Into<Application>, home_account_id: impl Into<String>) -> Self {
        Self { app: app.into(), home_account_id: home_account_id.into(), revoke: false }
    }
}

/// What came of a sign-out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedOut {
    /// Where a browser ends its own session, if the authority is known to have such a page.
    pub end_session_url: Option<Url>,
    /// How many refresh tokens were revoked.
    pub revoked: usize,
    /// How many should have been, and were not.
    pub not_revoked: usize,
}

impl Flow for SignOut {
    type Output = SignedOut;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<SignedOut>, Error> {
        let Self { app, home_account_id, revoke } = self;
        let cx = Context::new(FlowKind::Silent, app, Vec::new(), RequestOptions::default(), seed)?;
        let subject = TokenSubject::Account(home_account_id.as_str().into());
        let query = TokenQuery::new(cx.app().client_id(), cx.authority().environment(), subject, Vec::new());
        let load = CacheQuery { tokens: Some(query), ..CacheQuery::default() };
        Ok(Step::load(load, ExpectTokens { cx, home_account_id, revoke }))
    }
}

#[derive(Debug)]
struct ExpectTokens {
    cx: Context,
    home_account_id: String,
    revoke: bool,
}

impl Expect<Result<CacheView, StoreError>, SignedOut> for ExpectTokens {
    fn on(
        self: Box<Self>,
        reply: Result<CacheView, StoreError>,
        _now: Timestamp,
    ) -> Result<Step<SignedOut>, Error> {
        let Self { cx, home_account_id, revoke } = *self;
        let view = reply.map_err(|error| cx.fail(Fault::Store(error)))?.tokens.unwrap_or_default();
        let client_id = cx.app().client_id();
        // Those of a family serve other applications, too.
        let mut tokens = view.refresh_tokens;
        tokens.retain(|token| revoke && token.client_id.eq_ignore_ascii_case(client_id));
        Ok(resolve(cx.clone(), Subject::Once, ExpectAuthority { cx, home_account_id, tokens }))
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    cx: Context,
    home_account_id: String,
    tokens: Vec<Arc<RefreshToken>>,
}

impl Expect<Result<Resolved, Error>, SignedOut> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<SignedOut>, Error> {
        let Self { cx, home_account_id, tokens } = *self;
        let mut done = SignedOut { end_session_url: None, revoked: 0, not_revoked: 0 };
        let mut endpoint = None;
        // An authority that cannot be asked keeps nobody signed in here.
        if let Ok(at) = resolved {
            done.end_session_url = at.endpoints.end_session();
            endpoint = at.endpoints.revocation();
        }
        next(Leaving { cx, home_account_id, tokens, endpoint, done }, now)
    }
}

/// What is left to do.
#[derive(Debug)]
struct Leaving {
    cx: Context,
    home_account_id: String,
    tokens: Vec<Arc<RefreshToken>>,
    endpoint: Option<Url>,
    done: SignedOut,
}

/// Revokes the next refresh token; with none left, forgets the account.
fn next(mut leaving: Leaving, now: Timestamp) -> Result<Step<SignedOut>, Error> {
    match (leaving.tokens.pop(), leaving.endpoint.clone()) {
        (Some(token), Some(endpoint)) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("client_id", leaving.cx.app().client_id())
                .append_pair("token", token.secret.expose())
                .append_pair("token_type_hint", "refresh_token");
            let request = leaving.cx.post(endpoint, form.finish(), None);
            Ok(Step::send(request, ExpectRevoked { leaving }))
        }
        (Some(_), None) => {
            leaving.done.not_revoked = leaving.done.not_revoked.saturating_add(1);
            next(leaving, now)
        }
        (None, _) => {
            let change = TokenChange::RemoveAccount {
                home_account_id: leaving.home_account_id,
                environment: leaving.cx.authority().environment().to_owned(),
                client_id: leaving.cx.app().client_id().to_owned(),
            };
            let update = CacheUpdate { at: now, tokens: vec![change], ..CacheUpdate::default() };
            Ok(Step::save(update, ExpectForgotten { cx: leaving.cx, done: leaving.done }))
        }
    }
}

#[derive(Debug)]
struct ExpectRevoked {
    leaving: Leaving,
}

impl Expect<Outcome, SignedOut> for ExpectRevoked {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<SignedOut>, Error> {
        let Self { mut leaving } = *self;
        let done = outcome.is_ok_and(|response| response.status.is_success());
        let count = if done { &mut leaving.done.revoked } else { &mut leaving.done.not_revoked };
        *count = count.saturating_add(1);
        next(leaving, now)
    }
}

#[derive(Debug)]
struct ExpectForgotten {
    cx: Context,
    done: SignedOut,
}

impl Expect<Result<(), StoreError>, SignedOut> for ExpectForgotten {
    fn on(self: Box<Self>, kept: Result<(), StoreError>, _now: Timestamp) -> Result<Step<SignedOut>, Error> {
        // Who wants to be forgotten must know if that failed.
        kept.map_err(|error| self.cx.fail(Fault::Store(error)))?;
        Ok(Step::Done(self.done))
    }
}
