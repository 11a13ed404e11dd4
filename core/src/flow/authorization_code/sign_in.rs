//! A sign-in that a person has not finished yet, and the code that it comes to.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::RedeemAuthorizationCode;
use crate::application::Application;
use crate::asked::{Asked, Question};
use crate::context::Resolved;
use crate::error::{Error, SignInFault};
use crate::protocol::authorization::random;
use crate::protocol::redirect::ResponseMode;
use crate::secret::Secret;

/// A sign-in that was begun, as data: whichever process of the application gets the answer can take it up.
///
/// It serialises with the verifier and the state in it. Keep it where its user alone can make the application take it
/// up, such as in the server's session or an encrypted cookie: who can put another one in its place can sign a person
/// in to an account that is not theirs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub(crate) asked: Asked,
    #[serde(with = "crate::secret::exposed")]
    pub(crate) verifier: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<String>,
    #[serde(default)]
    pub(crate) spa_code: bool,
}

impl SignIn {
    /// Puts the question, to be answered with a code that whoever has the verifier can redeem.
    pub(crate) fn begin(question: &Question, at: &Resolved) -> Result<Self, Error> {
        let verifier = random(at.cx.seed(), "pkce");
        let asked = question.ask(at, Some(&verifier))?;
        Ok(Self { asked, verifier, origin: None, spa_code: false })
    }

    /// The address to open in the browser. It holds the state and the nonce, but neither the verifier nor a credential.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.asked.url
    }

    /// What the answer must bring back; for a [`Listener`](crate::listener::Listener) or a web server to find the
    /// sign-in by.
    #[must_use]
    pub const fn state(&self) -> &Secret {
        &self.asked.state
    }

    /// Where the answer arrives, as it was given.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.asked.redirect_uri
    }

    /// How the answer comes, and so what [`accept`](Self::accept) reads.
    #[must_use]
    pub const fn response_mode(&self) -> ResponseMode {
        self.asked.response_mode
    }

    /// The identifier that the service's own logs have of this sign-in.
    #[must_use]
    pub fn correlation_id(&self) -> &str {
        &self.asked.correlation_id
    }

    /// Takes the answer: the whole address that the browser was sent to or, for
    /// [`FormPost`](ResponseMode::FormPost), the body that it posted.
    ///
    /// It may come from anywhere, a line that the user pastes included: the state shows whether it is the answer to
    /// this sign-in.
    ///
    /// # Errors
    /// - [`SignInFault::Unreadable`] if it is no answer: too long, with a parameter twice, with both a code and an error,
    ///   or in the place of another response mode (`redirect_too_long`, `duplicate_redirect_parameter`,
    ///   `contradictory_redirect`, `redirect_in_other_mode`, `redirect_without_answer`).
    /// - [`SignInFault::StateMismatch`] (`state_mismatch`) if the state is missing or another, whatever else it says.
    /// - [`SignInFault::IssuerMismatch`] (`issuer_mismatch`) if another issuer answers, or the right one breaks its
    ///   promise to say so (RFC 9207).
    /// - [`Fault::Denied`](crate::error::Fault::Denied) with the service's own code and text; `authentication_canceled`
    ///   if the user gave up.
    /// - [`SignInFault::OtherCloud`] (`cloud_mismatch`) if the account belongs to another national cloud.
    /// - [`SignInFault::Without`] (`redirect_without_answer`) if there are tokens and no code.
    pub fn accept(self, redirect: &str) -> Result<AuthorizationCode, Error> {
        let answer = self.asked.answer(redirect)?;
        let code = answer.code.ok_or_else(|| self.asked.fail(SignInFault::Without("code")))?;
        Ok(AuthorizationCode { sign_in: self, code })
    }
}

/// Shows no address, which holds the state and the nonce.
impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("asked", &self.asked)
            .field("origin", &self.origin)
            .field("spa_code", &self.spa_code)
            .finish_non_exhaustive()
    }
}

/// A code that answers a sign-in, with all that is needed to redeem it.
///
/// It can be redeemed once, so it cannot be cloned; only [`SignIn::accept`] makes one.
pub struct AuthorizationCode {
    pub(super) sign_in: SignIn,
    pub(super) code: Secret,
}

impl AuthorizationCode {
    /// The flow that redeems it, for the application that began the sign-in.
    #[must_use]
    pub fn redeem(self, app: impl Into<Application>) -> RedeemAuthorizationCode {
        RedeemAuthorizationCode { app: app.into(), code: self }
    }
}

/// Shows the sign-in, and neither code nor verifier.
impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationCode").field("sign_in", &self.sign_in).finish_non_exhaustive()
    }
}
