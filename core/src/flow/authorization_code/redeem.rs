//! The second flow: a code becomes tokens.

use super::{AuthorizationCode, SignIn};
use crate::application::Application;
use crate::asked::Asked;
use crate::context::{Context, Resolved};
use crate::error::{Error, SignInFault};
use crate::preflight::FlowKind;
use crate::protocol::token::Grant;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::redeemed::Redeemed;
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Redeems an authorization code. It is sent once: were it seen twice, the service would revoke what it gave.
#[derive(Debug)]
#[non_exhaustive]
pub struct RedeemAuthorizationCode {
    /// The application: the one that began the sign-in.
    pub app: Application,
    /// The code.
    pub code: AuthorizationCode,
}

impl Flow for RedeemAuthorizationCode {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let (asked, grant) = self.code.into_grant();
        asked.check(&self.app, "authorization code")?;
        let options = asked.options();
        let cx = Context::new(FlowKind::AuthorizationCode, self.app, asked.scopes, options, seed)?;
        Ok(resolve(cx, Subject::Once, ExpectAuthority { grant, nonce: asked.nonce }))
    }
}

impl AuthorizationCode {
    /// What was asked, and what redeems the answer.
    pub(crate) fn into_grant(self) -> (Asked, Grant) {
        let Self { sign_in: SignIn { asked, verifier, origin, spa_code }, code } = self;
        let redirect_uri = asked.redirect_uri.clone();
        (asked, Grant::AuthorizationCode { code, redirect_uri, verifier, origin, spa_code })
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    grant: Grant,
    nonce: Secret,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { grant, nonce } = *self;
        redeem_code(resolved?, grant, nonce, now)
    }
}

/// Redeems a code and ends the flow: with tokens of the sign-in that has this nonce, or with none.
pub(crate) fn redeem_code(
    at: Resolved,
    grant: Grant,
    nonce: Secret,
    now: Timestamp,
) -> Result<Step<AuthenticationResult>, Error> {
    let cx = at.cx.clone();
    redeem(at, grant, now, ExpectTokens { cx, nonce })
}

#[derive(Debug)]
struct ExpectTokens {
    cx: Context,
    nonce: Secret,
}

impl Expect<Result<Redeemed, Error>, AuthenticationResult> for ExpectTokens {
    fn on(
        self: Box<Self>,
        verdict: Result<Redeemed, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let redeemed = verdict?;
        let result = &redeemed.result;
        let claims = result.id_token_claims.as_ref();
        let nonce = claims.and_then(|claims| claims.text("nonce")).map(Secret::new).unwrap_or_default();
        // A server without OpenID Connect gives no ID token; then PKCE alone ties the code to this sign-in.
        if result.id_token.is_some() && nonce != self.nonce {
            return Err(self.cx.fail(SignInFault::NonceMismatch));
        }
        Box::new(ExpectRedeemed).on(Ok(redeemed), now)
    }
}
