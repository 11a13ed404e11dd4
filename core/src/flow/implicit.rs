//! Implicit: the authorization endpoint itself gives tokens to the browser (RFC 6749, section 4.2). Legacy.
//!
//! ```text
//! start    memory ──▶ (authority) ──▶ ImplicitSignIn: its address goes to the browser, the rest is kept
//! accept   redirect ──▶ readable? ──▶ state? ──▶ issuer? ──▶ refused? ──▶ id token? ──▶ ImplicitTokens
//! ```
//!
//! # Use the authorization code flow instead
//!
//! **The signature of the ID token is not checked here.** In the other flows the token comes from the token endpoint over
//! TLS, which stands in for the signature (OpenID Connect Core, section 3.1.3.7). Here it comes through the browser, so
//! that *whoever can make the user's browser, or your page, deliver a redirect can write the token*: every claim of it,
//! the user's name included. The state and the nonce hold off those who do not know this sign-in, and nobody else.
//! What follows:
//!
//! - Do not sign a person in to anything by these claims unless you check the signature with the provider's keys, from the
//!   `jwks_uri` of its metadata, in a library made for it. Showing a name is fine; granting access is not.
//! - The access token is for its API, which checks it. Nothing says that it was issued to this application.
//! - Tokens in a fragment stand in histories and in whatever scripts run in the page. They come without a refresh token.
//!
//! The way out is [`authorization_code`](crate::flow::authorization_code): it works wherever this one does, single-page
//! applications included, and takes a change of the redirect URI's platform in the registration, no more. This flow is for
//! what has to be kept alive until then: old applications, proxies, tests.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::application::{Application, RequestOptions};
use crate::asked::{Asked, Question};
use crate::context::{Context, Resolved};
use crate::error::{Error, Misuse, SignInFault};
use crate::preflight::FlowKind;
pub use crate::protocol::authorization::SignInPrompt;
use crate::protocol::authorization::{check_extra, redirect_uri};
use crate::protocol::redirect::ResponseMode;
use crate::resolve::{Subject, resolve};
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

mod tokens;

pub use self::tokens::ImplicitTokens;

/// Which tokens the authorization endpoint is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ImplicitResponse {
    /// An ID token alone.
    #[serde(rename = "id_token")]
    IdToken,
    /// An access token alone, of which nothing here can tell whether it was meant for this sign-in.
    #[serde(rename = "token")]
    Token,
    /// Both, the ID token holding a hash of the access token.
    #[serde(rename = "id_token token")]
    IdTokenAndToken,
}

impl ImplicitResponse {
    /// The value of `response_type` in an authorization request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdToken => "id_token",
            Self::Token => "token",
            Self::IdTokenAndToken => "id_token token",
        }
    }

    const fn has_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::IdTokenAndToken)
    }

    const fn has_token(self) -> bool {
        matches!(self, Self::Token | Self::IdTokenAndToken)
    }
}

/// Begins a sign-in whose tokens come through the browser. Legacy: see the [module](self) for what that means.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StartImplicit {
    /// The application.
    pub app: Application,
    /// What the access token is for.
    pub scopes: Vec<String>,
    /// Where the service sends the browser with the answer, as it is registered; the rules are those of
    /// [`StartSignIn`](crate::flow::authorization_code::StartSignIn).
    pub redirect_uri: String,
    /// Which tokens are wanted.
    pub response: ImplicitResponse,
    /// How the answer comes: in the fragment by default, or as a form that is posted. A query is refused, as servers write
    /// it down.
    pub response_mode: Option<ResponseMode>,
    /// What the service shows a person who may be signed in already.
    pub prompt: Option<SignInPrompt>,
    /// The domain of the user's account.
    pub domain_hint: Option<String>,
    /// What else to ask for.
    pub options: RequestOptions,
}

impl StartImplicit {
    /// A sign-in without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: impl Into<Application>,
        scopes: impl IntoIterator<Item = S>,
        redirect_uri: impl Into<String>,
        response: ImplicitResponse,
    ) -> Self {
        Self {
            app: app.into(),
            scopes: scopes.into_iter().map(Into::into).collect(),
            redirect_uri: redirect_uri.into(),
            response,
            response_mode: None,
            prompt: None,
            domain_hint: None,
            options: RequestOptions::default(),
        }
    }
}

impl Flow for StartImplicit {
    type Output = ImplicitSignIn;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<ImplicitSignIn>, Error> {
        let is_public = matches!(self.app, Application::Public(_));
        let answered_in = self.response_mode.unwrap_or(ResponseMode::Fragment);
        if answered_in == ResponseMode::Query {
            let reason = "tokens do not travel in a query, which servers write down";
            return Err(Misuse::Argument { name: "response mode", reason }.into());
        }
        redirect_uri(&self.redirect_uri, is_public, answered_in)?;
        check_extra(&self.options.extra_query_parameters)?;
        if self.response.has_token() && self.scopes.is_empty() {
            return Err(Misuse::Argument { name: "scopes", reason: "there are none for the token" }.into());
        }
        let cx = Context::new(FlowKind::Implicit, self.app, self.scopes, self.options, seed)?;
        let question = Question {
            response_type: self.response.as_str(),
            redirect_uri: self.redirect_uri,
            // Not left out, as some providers have another default.
            response_mode: Some(answered_in),
            answered_in,
            scope: scope(&cx, self.response),
            prompt: self.prompt,
            domain_hint: self.domain_hint,
        };
        Ok(resolve(cx, Subject::Once, ExpectAuthority { question, response: self.response }))
    }
}

/// The scopes: with an ID token those of OpenID Connect too, but none for offline access, which this flow cannot give.
fn scope(cx: &Context, response: ImplicitResponse) -> String {
    let mut scopes: Vec<&str> = cx.scopes().iter().map(String::as_str).collect();
    let missing = |scope: &&str| !cx.scopes().iter().any(|asked| asked.eq_ignore_ascii_case(scope));
    if response.has_id_token() {
        scopes.extend(["openid", "profile"].into_iter().filter(missing));
    }
    scopes.join(" ")
}

#[derive(Debug)]
struct ExpectAuthority {
    question: Question,
    response: ImplicitResponse,
}

impl Expect<Result<Resolved, Error>, ImplicitSignIn> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        _now: Timestamp,
    ) -> Result<Step<ImplicitSignIn>, Error> {
        let Self { question, response } = *self;
        let asked = question.ask(&resolved?, None)?;
        Ok(Step::Done(ImplicitSignIn { asked, response }))
    }
}

/// A sign-in that was begun, as data: whichever process of the application gets the answer can take it up.
///
/// It serialises with the state and the nonce in it. Keep it as a
/// [`SignIn`](crate::flow::authorization_code::SignIn).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImplicitSignIn {
    asked: Asked,
    response: ImplicitResponse,
}

impl ImplicitSignIn {
    /// The address to open in the browser. It holds the state and the nonce.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.asked.url
    }

    /// What the answer must bring back.
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

    /// Takes the answer at `now`: the whole address that the browser was sent to or, for
    /// [`FormPost`](ResponseMode::FormPost), the body that it posted.
    ///
    /// Of the ID token, the nonce must be that of this sign-in, the audience this application, the issuer the one that was
    /// asked and, where the authority is one tenant by its GUID, the tenant that one; it must not have expired, give or
    /// take five minutes; and beside an access token it must hold that token's hash (`at_hash`). **Its signature is not
    /// checked**: see the [module](self).
    ///
    /// # Errors
    /// As [`SignIn::accept`](crate::flow::authorization_code::SignIn::accept); and
    /// [`SignInFault::NonceMismatch`] (`nonce_mismatch`), [`SignInFault::IdToken`] (`invalid_id_token`) or
    /// [`SignInFault::Without`] (`redirect_without_answer`) for the tokens.
    pub fn accept(self, redirect: &str, now: Timestamp) -> Result<ImplicitTokens, Error> {
        let Self { asked, response } = self;
        let answer = asked.answer(redirect)?;
        let wanted = |is_wanted: bool, token: Option<Secret>, name| match (is_wanted, token) {
            (true, None) => Err(asked.fail(SignInFault::Without(name))),
            (true, token) => Ok(token),
            // What nobody asked for is nobody's.
            (false, _) => Ok(None),
        };
        let id_token = wanted(response.has_id_token(), answer.id_token, "id_token")?;
        let access_token = wanted(response.has_token(), answer.access_token, "access_token")?;
        let claims = match &id_token {
            None => None,
            Some(id_token) => {
                let judged = tokens::judge(&asked, &asked.authority()?, id_token, access_token.as_ref(), now);
                Some(judged.map_err(|fault| asked.fail(fault))?)
            }
        };
        if access_token.is_some()
            && !answer.token_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("Bearer"))
        {
            return Err(asked.fail(SignInFault::Without("token of the type Bearer")));
        }
        let granted = answer.scope.map(|scope| scope.split_ascii_whitespace().map(str::to_owned).collect());
        Ok(ImplicitTokens {
            expires_on: access_token.as_ref().and(answer.expires_in).map(|lifetime| now.after(lifetime)),
            access_token,
            id_token,
            id_token_claims: claims,
            scopes: granted.unwrap_or(asked.scopes),
            correlation_id: asked.correlation_id,
        })
    }
}

/// Shows no address, which holds the state and the nonce.
impl fmt::Debug for ImplicitSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImplicitSignIn")
            .field("asked", &self.asked)
            .field("response", &self.response)
            .finish()
    }
}

#[cfg(test)]
mod tests;
