//! The head of a request, and whether it can be the redirect.

use url::Url;

use super::page::{Refusal, Refused};
use super::{BODY_LIMIT, ListenerSettings};
use crate::protocol::redirect::ResponseMode;
use crate::secret::Secret;

/// More are taken for an attack; browsers send some 20.
const MOST_HEADERS: usize = 100;

/// What a request that may be the redirect brings.
pub(super) enum Target {
    /// The address that was redirected to, whole.
    Address(Secret),
    /// A form, which follows in as many bytes.
    Form { length: usize },
}

/// Reads a head; `None` if it is not complete. With it comes how many bytes it takes.
pub(super) fn read(bytes: &[u8], settings: &ListenerSettings) -> Result<Option<(usize, Target)>, Refused> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(length)) => match judge(&request, settings) {
            Ok(target) => Ok(Some((length, target))),
            Err(why) => Err(Refused { why, to_head: request.method == Some("HEAD") }),
        },
        Err(httparse::Error::TooManyHeaders) => Err(Refusal::HeadTooLarge.into()),
        Err(_) => Err(Refusal::Malformed.into()),
    }
}

fn judge(request: &httparse::Request<'_, '_>, settings: &ListenerSettings) -> Result<Target, Refusal> {
    // The host comes first: a name that was bound to this machine's address (DNS rebinding) is told nothing, not even
    // which path there is.
    let host = one(request, "Host")?.ok_or(Refusal::Malformed)?;
    if !is_this_machine(host) {
        return Err(Refusal::OtherHost);
    }
    let target = request.path.filter(|target| target.starts_with('/')).ok_or(Refusal::Malformed)?;
    if target.split(['?', '#']).next() != Some(&settings.path) {
        return Err(Refusal::OtherPath);
    }
    let method = match settings.mode {
        ResponseMode::FormPost => "POST",
        ResponseMode::Query | ResponseMode::Fragment => "GET",
    };
    if request.method != Some(method) {
        return Err(Refusal::OtherMethod { allowed: method });
    }
    if is_prefetch(request) {
        return Err(Refusal::Prefetch);
    }
    match settings.mode {
        ResponseMode::FormPost => Ok(Target::Form { length: form_length(request)? }),
        ResponseMode::Query | ResponseMode::Fragment => {
            Ok(Target::Address(Secret::new(format!("http://{host}{target}"))))
        }
    }
}

/// The length of the body, if it is a form.
fn form_length(request: &httparse::Request<'_, '_>) -> Result<usize, Refusal> {
    let length = one(request, "Content-Length")?;
    if values(request, "Transfer-Encoding").next().is_some() {
        // Two lengths are how requests are smuggled (RFC 9112, section 6.3).
        return Err(if length.is_some() { Refusal::Malformed } else { Refusal::LengthRequired });
    }
    let length = length.ok_or(Refusal::LengthRequired)?;
    if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Malformed);
    }
    let content_type = one(request, "Content-Type")?.unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::OtherType);
    }
    // More digits than a number holds are too many bytes too.
    length.parse().ok().filter(|length| *length <= BODY_LIMIT).ok_or(Refusal::BodyTooLarge)
}

/// Whether a browser only looks ahead: its user has not come here, and may never do.
fn is_prefetch(request: &httparse::Request<'_, '_>) -> bool {
    ["Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"].into_iter().flat_map(|name| values(request, name)).any(
        |value| {
            let value = String::from_utf8_lossy(value).to_ascii_lowercase();
            ["prefetch", "prerender", "preview"].into_iter().any(|purpose| value.contains(purpose))
        },
    )
}

/// Whether a Host header names this machine: `localhost` or a loopback address, with or without a port.
fn is_this_machine(host: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'[' | b']' | b'-');
    host.bytes().all(is_plain)
        && Url::parse(&format!("http://{host}/")).is_ok_and(|url| crate::authority::is_loopback(&url))
}

/// The value of a header that may occur once.
fn one<'a>(request: &'a httparse::Request<'_, '_>, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    let mut values = values(request, name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            std::str::from_utf8(value).map(|text| Some(text.trim())).map_err(|_| Refusal::Malformed)
        }
        (Some(_), Some(_)) => Err(Refusal::Malformed),
    }
}

fn values<'a>(request: &'a httparse::Request<'_, '_>, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    request
        .headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}
