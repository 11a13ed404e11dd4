//! Integrated sign-in at AD FS alone: a token for the user who is signed in to the machine, with no prompt and no Entra ID.
//!
//! ```text
//! memory ──▶ page ─┬─ redirect to AD FS itself ──▶ page, with its cookies
//!                  ├─ redirect to the redirect URI ──▶ code ──▶ token ──▶ nonce? ──▶ kept
//!                  └─ anything else ──▶ the end: a sign-in page, a final 401, another host
//! ```
//!
//! A browser that knows the user gets an authorization code from AD FS without showing anything: AD FS sends it to
//! `/adfs/oauth2/authorize/wia`, asks there for Negotiate, and sends it back with a cookie. This flow does the same without
//! the browser. It is the authorization code flow, with PKCE, state and nonce, and what guards that guards this; only the
//! code does not pass through a person's hands.
//!
//! **It is proven against the emulator alone, never against a real AD FS**, though with real tickets, which an Apache before the
//! emulator takes. It goes by what Microsoft documents of AD FS 2012 R2 to 2022, and by how programs are known to use that
//! endpoint; no MSAL has this flow to compare it with.
//!
//! # What it needs
//!
//! - AD FS reached from inside the network, with Windows authentication on for the intranet. Its proxy, which stands
//!   outside, always asks a person.
//! - A user agent of its list `WIASupportedUserAgents`. [`USER_AGENT`] is in the list as it is installed; another one is
//!   the [`user_agent`](AdfsIntegratedAuth::user_agent) of the call.
//! - A native application that is registered at AD FS with the redirect URI. Nothing listens there: the answer is taken from
//!   the redirect itself.
//! - For AD FS 2012 R2, `resource` among the extra query parameters. It gives no ID token, so the nonce guards nothing there;
//!   and PKCE guards the code from AD FS 2019 on.
//!
//! `amr_values=wia`, which is sometimes named for this, is not sent: the protocol's document knows another value alone
//! (\[MS-OAPX\], section 2.2.2.10), and AD FS refuses a method that is asked for by name and not enabled, where it else falls
//! back. The extra query parameters can add it.
//!
//! # What it never does
//!
//! - Negotiate is offered to the authority's origin alone. Another host, scheme or port in a redirect ends the flow.
//! - No password is sent, no form is posted, no script is run. A page is the end, and the error says whose turn it is.
//! - The code and the cookies are shown nowhere. The addresses of the pages, which traces show, hold the state and the
//!   nonce: they are of no use to who reads them, as the answer is the reply to the request itself.
//! - No request is repeated. At most [`MOST_REDIRECTS`] redirects are followed, and the cookies are gone with the flow.

use http::HeaderValue;
use url::Url;

use crate::application::{PublicClientApplication, RequestOptions};
use crate::asked::Question;
use crate::context::{Context, Resolved};
use crate::error::{AdfsFault, Error, Fault, Misuse, Service};
use crate::flow::authorization_code::{SignIn, redeem_code};
use crate::http::Outcome;
use crate::preflight::FlowKind;
pub use crate::protocol::adfs::USER_AGENT;
use crate::protocol::adfs::{self, Way};
use crate::protocol::authorization::{check_extra, redirect_uri};
use crate::protocol::cookies::Cookies;
use crate::protocol::redirect::ResponseMode;
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

/// How many redirects to itself AD FS is followed: it takes two.
pub const MOST_REDIRECTS: u8 = 5;

/// Signs in at AD FS as the user whom the machine already knows. See the [module](self) for what it needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AdfsIntegratedAuth {
    /// The application.
    pub app: PublicClientApplication,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// The redirect URI, as it is registered; the rules are those of
    /// [`StartSignIn`](crate::flow::authorization_code::StartSignIn).
    pub redirect_uri: String,
    /// What the requests to the pages call themselves: [`USER_AGENT`], unless this AD FS wants another.
    pub user_agent: String,
    /// What else to ask for. An extra query parameter that the request has already is an error.
    pub options: RequestOptions,
}

impl AdfsIntegratedAuth {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: PublicClientApplication,
        scopes: impl IntoIterator<Item = S>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self {
            app,
            scopes: scopes.into_iter().map(Into::into).collect(),
            redirect_uri: redirect_uri.into(),
            user_agent: USER_AGENT.to_owned(),
            options: RequestOptions::default(),
        }
    }
}

impl Flow for AdfsIntegratedAuth {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        redirect_uri(&self.redirect_uri, true, ResponseMode::Query)?;
        check_extra(&self.options.extra_query_parameters)?;
        let user_agent = HeaderValue::from_str(&self.user_agent).ok();
        let user_agent = user_agent.filter(|value| value.to_str().is_ok_and(|text| !text.trim().is_empty()));
        let reason = "it is empty or cannot be sent as a header";
        let user_agent = user_agent.ok_or(Misuse::Argument { name: "user agent", reason })?;
        let cx = Context::new(FlowKind::AdfsIntegratedAuth, self.app, self.scopes, self.options, seed)?;
        let question = Question {
            response_type: "code",
            redirect_uri: self.redirect_uri,
            response_mode: None,
            answered_in: ResponseMode::Query,
            scope: cx.user_scopes(),
            prompt: None,
            domain_hint: None,
        };
        Ok(resolve(cx, Subject::Once, ExpectAuthority { question, user_agent }))
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    question: Question,
    user_agent: HeaderValue,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        _now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { question, user_agent } = *self;
        let at = resolved?;
        let sign_in = SignIn::begin(&question, &at)?;
        let url = sign_in.url().clone();
        let cookies = Cookies::of(&url);
        Ok(ExpectPage { at, sign_in, user_agent, cookies, url: url.clone(), followed: 0 }.ask(url))
    }
}

/// One page after another, up to the one that is the answer.
#[derive(Debug)]
struct ExpectPage {
    at: Resolved,
    sign_in: SignIn,
    user_agent: HeaderValue,
    cookies: Cookies,
    /// Where this page was asked for.
    url: Url,
    /// How many redirects led to it.
    followed: u8,
}

impl ExpectPage {
    /// Asks once: the request may carry the user's credential.
    fn ask(self, url: Url) -> Step<AuthenticationResult> {
        let request = adfs::request(&self.at.cx, url.clone(), &self.cookies, &self.user_agent);
        Step::send(request, Self { url, ..self })
    }
}

impl Expect<Outcome, AuthenticationResult> for ExpectPage {
    fn on(
        mut self: Box<Self>,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let cx = self.at.cx.clone();
        let response = outcome.map_err(|error| cx.unreachable(Service::Authorization, error))?;
        let taken = self.cookies.take(&self.url, &response.headers, now);
        taken.map_err(|error| cx.fail(Fault::Adfs(AdfsFault::Cookies(error))))?;
        let way = adfs::response(&response, &self.url, self.sign_in.redirect_uri(), &self.cookies, now);
        match way.map_err(|fault| cx.fail(fault))? {
            Way::On(_) if self.followed >= MOST_REDIRECTS => {
                Err(cx.fail(Fault::Adfs(AdfsFault::InCircles { most: MOST_REDIRECTS })))
            }
            Way::On(url) => {
                self.followed = self.followed.saturating_add(1);
                Ok(self.ask(url))
            }
            Way::Answer(address) => {
                let Self { at, sign_in, .. } = *self;
                let code =
                    sign_in.accept(address.expose()).map_err(|error| cx.fail(error.fault().clone()))?;
                let (asked, grant) = code.into_grant();
                redeem_code(at, grant, asked.nonce, now)
            }
        }
    }
}
