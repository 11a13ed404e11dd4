//! What a browser is shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use sha2::{Digest, Sha256};

use super::ListenerSettings;
use crate::protocol::redirect::Redirect;

/// Why a request does not end the wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Malformed,
    NotTheAnswer,
    OtherPath,
    OtherMethod { allowed: &'static str },
    LengthRequired,
    BodyTooLarge,
    OtherType,
    OtherHost,
    HeadTooLarge,
    Prefetch,
}

/// A refusal, and whether it answers HEAD, where no body may follow.
pub(super) struct Refused {
    pub(super) why: Refusal,
    pub(super) to_head: bool,
}

impl From<Refusal> for Refused {
    fn from(why: Refusal) -> Self {
        Self { why, to_head: false }
    }
}

impl Refusal {
    const fn status(self) -> StatusCode {
        match self {
            Self::Malformed | Self::NotTheAnswer => StatusCode::BAD_REQUEST,
            Self::OtherPath => StatusCode::NOT_FOUND,
            Self::OtherMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::LengthRequired => StatusCode::LENGTH_REQUIRED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::OtherType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::OtherHost => StatusCode::MISDIRECTED_REQUEST,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Prefetch => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read.",
            Self::NotTheAnswer => {
                "This is not the answer that the application waits for; go back to the application to sign in."
            }
            Self::OtherPath => "There is nothing at this address.",
            Self::OtherMethod { .. } => "This address takes requests of another method.",
            Self::LengthRequired => "The request must say how long its body is.",
            Self::BodyTooLarge => "The body of the request is too large.",
            Self::OtherType => "The body of the request must be a form.",
            Self::OtherHost => "This address is reached by the name of this machine alone.",
            Self::HeadTooLarge => "The head of the request is too large.",
            Self::Prefetch => "This page is not fetched in advance.",
        }
    }
}

/// The response to a request that does not end the wait.
pub(super) fn refused(refused: &Refused) -> Vec<u8> {
    let Refused { why, to_head } = *refused;
    let allowed = match why {
        Refusal::OtherMethod { allowed } => Some(allowed),
        _ => None,
    };
    let status = why.status();
    let html = page(status.canonical_reason().unwrap_or_default(), why.sentence());
    response(status, allowed, &own_policy(), (!to_head).then_some(&*html))
}

/// The response to the answer that was waited for.
pub(super) fn ended(settings: &ListenerSettings, redirect: &Redirect) -> Vec<u8> {
    let supplied = match redirect.error {
        None => &settings.success_page,
        Some(_) => &settings.failure_page,
    };
    if let Some(html) = supplied {
        return response(StatusCode::OK, None, SUPPLIED_POLICY, Some(html));
    }
    let html = match &redirect.error {
        None => page("You are signed in", "You can close this tab and go back to the application."),
        Some(error) => {
            let description = redirect.error_description.as_deref().unwrap_or("it gives no reason");
            page(
                "Sign-in did not complete",
                &format!("The service refused it with {}: {}", shown(error), shown(description)),
            )
        }
    };
    response(StatusCode::OK, None, &own_policy(), Some(&html))
}

const STYLE: &str = ":root{color-scheme:light dark}\
body{margin:0;font:1.125rem/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff}\
main{max-width:36rem;margin:20vh auto 0;padding:0 1.5rem}\
h1{font-size:1.75rem;line-height:1.25}\
p{overflow-wrap:anywhere}\
@media (prefers-color-scheme:dark){body{color:#f2f2f2;background:#1b1b1b}}";

const EVERY_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What a page of the application's own may do.
const SUPPLIED_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                               style-src 'unsafe-inline'; img-src data:";

/// What the pages that are built in may do: have this style.
fn own_policy() -> String {
    format!("{EVERY_POLICY}; style-src 'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE)))
}

/// A page of one sentence, both of whose texts are HTML already.
fn page(title: &str, sentence: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n<p>{sentence}</p>\n</main>\n</body>\n</html>\n"
    )
}

/// A text of the service as HTML, as much of it as anybody reads.
fn shown(text: &str) -> String {
    let mut html = String::new();
    for c in text.trim().chars().take(1000) {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if c.is_control() => html.push(' '),
            c => html.push(c),
        }
    }
    html
}

/// A response of HTML, or without a body; there is no `Date`, as no clock is read.
fn response(status: StatusCode, allowed: Option<&str>, policy: &str, html: Option<&str>) -> Vec<u8> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut text = format!(
        "HTTP/1.1 {} {reason}\r\nConnection: close\r\nCache-Control: no-store\r\n\
         Content-Security-Policy: {policy}\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n",
        status.as_str()
    );
    if let Some(method) = allowed {
        text.push_str(&format!("Allow: {method}\r\n"));
    }
    if let Some(html) = html {
        let length = html.len();
        text.push_str(&format!("Content-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(html.unwrap_or_default());
    text.into_bytes()
}
