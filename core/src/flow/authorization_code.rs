//! Authorization code: the user signs in with a browser, and what comes back is redeemed (RFC 6749, section 4.1).
//!
//! ```text
//! start    memory ──▶ (authority) ──▶ SignIn: its address goes to the browser, the rest is kept
//! accept   redirect ──▶ readable? ──▶ state? ──▶ issuer? ──▶ refused? ──▶ cloud? ──▶ AuthorizationCode
//! redeem   memory ──▶ (authority) ──▶ (signature) ──▶ token ──▶ nonce? ──▶ kept
//! ```
//!
//! It works with every kind of authority and account, and the service's own pages do whatever it takes: a second
//! factor, consent, a new password. Between its two flows a person thinks, perhaps for longer than the process lives, so
//! what is waited for is data: a [`SignIn`], which any process of the application can take up.
//!
//! ```
//! use entrada_core::application::PublicClientApplication;
//! use entrada_core::seed::Seed;
//! use entrada_core::step::{Flow, Step};
//! use entrada_core::cache::CacheView;
//! use entrada_core::time::Timestamp;
//!
//! # fn main() -> Result<(), entrada_core::error::Error> {
//! let authority = "https://login.microsoftonline.com/organizations".parse()?;
//! let app = PublicClientApplication::new("00001111-aaaa-2222-bbbb-3333cccc4444", authority);
//! let flow = app.sign_in(["user.read"], "http://localhost:8400");
//! let now = Timestamp::from_secs(1_700_000_000);
//! // A host does this part.
//! let Step::Load { resume, .. } = flow.start(now, Seed::new([7; 32]))? else { panic!() };
//! let Step::Done(sign_in) = resume.with(Ok(CacheView::default()), now)? else { panic!() };
//!
//! println!("open {}", sign_in.url());
//! // From a listener, a web server, or a line that the user pastes:
//! let redirect = format!("http://localhost:8400/?code=the-code&state={}", sign_in.state().expose());
//! let code = sign_in.accept(&redirect)?;
//! let flow = app.acquire_token_by_authorization_code(code); // to be run as every flow
//! # let _ = flow;
//! # Ok(())
//! # }
//! ```
//!
//! # What guards it
//!
//! - *The state*, 32 random bytes, ties the answer to this sign-in. It is compared in constant time and first of all:
//!   of an answer without it, nothing is believed or told.
//! - *PKCE* with `S256` (RFC 7636), always and for confidential clients too: who steals the code cannot redeem it.
//! - *The nonce* ties the ID token to this sign-in: a code that was injected from another one yields an error, and nothing
//!   of it is kept.
//! - *The issuer* (RFC 9207), where the answer gives one, is the one that was asked; one that promises to give its name
//!   must. The code goes to the token endpoint of the same authority and to no other.
//! - *Types*: only [`SignIn::accept`] makes an [`AuthorizationCode`], and redeeming consumes it.

use crate::application::{Application, RequestOptions};
use crate::asked::Question;
use crate::context::{Context, Resolved};
use crate::error::{Error, Misuse};
use crate::preflight::FlowKind;
pub use crate::protocol::authorization::SignInPrompt;
use crate::protocol::authorization::{check_extra, redirect_uri};
use crate::protocol::redirect::ResponseMode;
use crate::resolve::{Subject, resolve};
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

mod redeem;
mod sign_in;
#[cfg(test)]
mod tests;

pub use self::redeem::RedeemAuthorizationCode;
pub(crate) use self::redeem::redeem_code;
pub use self::sign_in::{AuthorizationCode, SignIn};

/// Begins a sign-in in a browser.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StartSignIn {
    /// The application.
    pub app: Application,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// Where the service sends the browser with the answer, as it is registered: https, http to this machine
    /// (`localhost`, `127.0.0.1`, `[::1]`), or a scheme of a public client's own. It has no fragment and is compared byte
    /// for byte; of `http://localhost`, Entra ignores the port.
    pub redirect_uri: String,
    /// What the service shows a person who may be signed in already. It decides itself by default.
    pub prompt: Option<SignInPrompt>,
    /// The domain of the user's account, so that the service need not ask for it.
    pub domain_hint: Option<String>,
    /// How the answer comes: by default in the query of the redirect URI, as every provider does unasked.
    ///
    /// [`FormPost`](ResponseMode::FormPost) keeps the code out of addresses, histories and logs, and is the better
    /// choice for web servers and listeners where the provider knows it, as Entra, B2C and External ID do.
    pub response_mode: Option<ResponseMode>,
    /// Whether the redirect URI is registered for a single-page application: its codes are redeemed across origins, so the
    /// request carries an `Origin`. Off by default.
    pub spa: bool,
    /// Whether a second code is wanted, for the page of a confidential client to redeem in the browser (hybrid):
    /// [`AuthenticationResult::spa_code`](crate::result::AuthenticationResult::spa_code). Off by default.
    pub spa_code: bool,
    /// Scopes of other APIs to consent to on the same page. Tokens for them are got silently later.
    pub extra_scopes_to_consent: Vec<String>,
    /// What else to ask for. An extra query parameter that the request has already is an error.
    pub options: RequestOptions,
}

impl StartSignIn {
    /// A sign-in without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: impl Into<Application>,
        scopes: impl IntoIterator<Item = S>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self {
            app: app.into(),
            scopes: scopes.into_iter().map(Into::into).collect(),
            redirect_uri: redirect_uri.into(),
            prompt: None,
            domain_hint: None,
            response_mode: None,
            spa: false,
            spa_code: false,
            extra_scopes_to_consent: Vec::new(),
            options: RequestOptions::default(),
        }
    }
}

impl Flow for StartSignIn {
    type Output = SignIn;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<SignIn>, Error> {
        let is_public = matches!(self.app, Application::Public(_));
        let answered_in = self.response_mode.unwrap_or(ResponseMode::Query);
        let address = redirect_uri(&self.redirect_uri, is_public, answered_in)?;
        if self.spa && !address.origin().is_tuple() {
            let reason = "a single-page application has an origin, of https or on this machine";
            return Err(Misuse::Argument { name: "redirect URI", reason }.into());
        }
        check_extra(&self.options.extra_query_parameters)?;
        let cx = Context::new(FlowKind::AuthorizationCode, self.app, self.scopes, self.options, seed)?;
        let question = Question {
            response_type: "code",
            redirect_uri: self.redirect_uri,
            response_mode: self.response_mode,
            answered_in,
            scope: consented(&cx, &self.extra_scopes_to_consent)?,
            prompt: self.prompt,
            domain_hint: self.domain_hint,
        };
        let origin = self.spa.then(|| address.origin().ascii_serialization());
        Ok(resolve(cx, Subject::Once, ExpectAuthority { question, origin, spa_code: self.spa_code }))
    }
}

/// The scopes of the page: those of the token, and those of other APIs.
fn consented(cx: &Context, extra: &[String]) -> Result<String, Error> {
    let mut scopes = cx.user_scopes();
    for scope in extra {
        if scope.is_empty() || scope.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let reason = "it is empty or holds white space";
            return Err(Misuse::Argument { name: "extra scope to consent", reason }.into());
        }
        if !scopes.split(' ').any(|asked| asked.eq_ignore_ascii_case(scope)) {
            scopes.push(' ');
            scopes.push_str(scope);
        }
    }
    Ok(scopes)
}

#[derive(Debug)]
struct ExpectAuthority {
    question: Question,
    origin: Option<String>,
    spa_code: bool,
}

impl Expect<Result<Resolved, Error>, SignIn> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        _now: Timestamp,
    ) -> Result<Step<SignIn>, Error> {
        let Self { question, origin, spa_code } = *self;
        Ok(Step::Done(SignIn { origin, spa_code, ..SignIn::begin(&question, &resolved?)? }))
    }
}
