//! AD FS's authorization endpoint without a browser: a page is asked for, and what comes is a way on, the answer or a page.

use http::header::{ACCEPT, COOKIE, LOCATION, USER_AGENT as USER_AGENT_HEADER};
use http::{HeaderValue, StatusCode};
use memchr::memmem;
use url::Url;

use crate::context::Context;
use crate::error::{AdfsFault, Fault, Service};
use crate::http::{HttpAuth, Request, Response, ServiceName};
use crate::negotiate;
use crate::protocol::cookies::Cookies;
use crate::protocol::redirect::LONGEST_REDIRECT;
use crate::secret::Secret;
use crate::time::Timestamp;

/// The user agent by which AD FS knows who can authenticate with a ticket: that of Windows' own web authentication broker.
///
/// AD FS looks whether one of its `WIASupportedUserAgents` is contained in the request's user agent, and shows a form if
/// none is. This one is in the list from Windows Server 2012 R2 on, as an installation makes it.
pub const USER_AGENT: &str = "MSAuthHost/1.0/In-Domain";

/// What the names of the cookies begin with that AD FS sets once it knows the user.
const SIGNED_IN: &str = "MSISAuth";

/// Asks for a page as the signed-in user. `url` is of the authority's own origin.
pub(crate) fn request(cx: &Context, url: Url, cookies: &Cookies, user_agent: &HeaderValue) -> Request {
    let service = ServiceName::of(&url);
    let cookie = cookies.header(&url);
    let mut request = cx
        .get(url)
        .header(ACCEPT, HeaderValue::from_static("text/html, */*"))
        .header(USER_AGENT_HEADER, user_agent.clone());
    if let Some(cookie) = cookie {
        request = request.header(COOKIE, cookie);
    }
    request.auth = HttpAuth::Negotiate(service);
    request
}

/// Where a redirect leads.
#[derive(Debug)]
pub(crate) enum Way {
    /// Another page of the same origin.
    On(Url),
    /// To the redirect URI: the whole address, with the code or an error in it.
    Answer(Secret),
}

/// Reads what came from `from`: a redirect to the same origin or to the redirect URI, and nothing else leads on.
pub(crate) fn response(
    response: &Response,
    from: &Url,
    redirect_uri: &str,
    cookies: &Cookies,
    now: Timestamp,
) -> Result<Way, Fault> {
    let status = response.status;
    match status {
        StatusCode::UNAUTHORIZED => {
            Err(Fault::IntegratedRefused { schemes: negotiate::schemes(&response.headers) })
        }
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => way(response, from, redirect_uri).map_err(Fault::Adfs),
        _ => Err(match number(response.body.expose()) {
            Some(number) => Fault::Adfs(AdfsFault::ErrorPage { status, number }),
            None if !status.is_success() => Fault::of_status(Service::Authorization, response, now),
            None if cookies.has(SIGNED_IN) => Fault::Adfs(AdfsFault::MoreWanted { status }),
            None => Fault::Adfs(AdfsFault::SignInPage { status }),
        }),
    }
}

fn way(response: &Response, from: &Url, redirect_uri: &str) -> Result<Way, AdfsFault> {
    let nowhere = AdfsFault::Nowhere { status: response.status };
    let Some(location) = response.headers.get(LOCATION).and_then(|value| value.to_str().ok()) else {
        return Err(nowhere);
    };
    if location.len() > LONGEST_REDIRECT {
        return Err(nowhere);
    }
    // An address may be relative (RFC 9110, section 10.2.2).
    let Ok(mut url) = from.join(location.trim()) else { return Err(nowhere) };
    if Url::parse(redirect_uri).is_ok_and(|own| is_answer(&url, &own)) {
        return Ok(Way::Answer(Secret::new(location)));
    }
    let is_plain = url.username().is_empty() && url.password().is_none();
    if url.origin() != from.origin() || !is_plain {
        return Err(AdfsFault::Elsewhere { host: url.host_str().unwrap_or_default().to_owned() });
    }
    url.set_fragment(None);
    Ok(Way::On(url))
}

/// Whether an address is the redirect URI, whatever was added to its query.
fn is_answer(url: &Url, redirect_uri: &Url) -> bool {
    let parts = |url: &Url| {
        let user = (url.username().to_owned(), url.password().map(str::to_owned));
        // Some write `app://auth/` for `app://auth`.
        let path = if url.path() == "/" { "" } else { url.path() };
        (url.scheme().to_owned(), user, url.host_str().map(str::to_owned), url.port(), path.to_owned())
    };
    let added = |own: &str| url.query().is_some_and(|query| query.starts_with(own));
    parts(url) == parts(redirect_uri) && redirect_uri.query().is_none_or(added)
}

/// The number of AD FS's own errors that a page shows: four or five digits behind `MSIS`, the first there is.
fn number(page: &[u8]) -> Option<u32> {
    memmem::find_iter(page, b"MSIS").take(MOST_PLACES).find_map(|at| {
        let rest = page.get(at.saturating_add(4)..)?;
        let digits: String = rest
            .iter()
            .take(6)
            .map_while(|&byte| byte.is_ascii_digit().then_some(char::from(byte)))
            .collect();
        (4..=5).contains(&digits.len()).then(|| digits.parse().ok())?
    })
}

/// How many places of a page are looked at; the names of cookies and scripts are in others.
const MOST_PLACES: usize = 100;

#[cfg(test)]
mod tests;
