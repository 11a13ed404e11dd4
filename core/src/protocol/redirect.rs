//! What comes back to a redirect URI: an authorization code, tokens or an error.
//!
//! The answer may come from anywhere: a listener on this machine, a web server, a custom scheme, a line that the user
//! pastes. Reading it is all that happens here; whether it belongs to the sign-in that was begun shows the state,
//! which [`Secret`] compares in constant time.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The longest text that is read: 64 KiB, as codes of some 2 KiB are the longest that are known.
pub const LONGEST_REDIRECT: usize = 64 * 1024;

const TEN_YEARS: Duration = Duration::from_secs(3650 * 86_400);

/// How the service sends its answer (OAuth 2.0 Multiple Response Type Encoding Practices, OAuth 2.0 Form Post).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// Behind the question mark of the redirect URI.
    Query,
    /// Behind its number sign, which no server gets to see.
    Fragment,
    /// As the body of a POST, so that no code stands in an address, a history or a log.
    FormPost,
}

impl ResponseMode {
    /// The value of `response_mode` in an authorization request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }
}

impl fmt::Display for ResponseMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The answer of an authorization endpoint (RFC 6749, section 4.1.2): each part as it came, absent if it is empty.
///
/// It has a code or a token, or else an error, never both. Its `Debug` shows no code, token or state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Redirect {
    /// The authorization code.
    pub code: Option<Secret>,
    /// What the authorization request sent along, to be compared before anything else here is believed.
    pub state: Option<Secret>,
    /// The ID token, in hybrid flows.
    pub id_token: Option<Secret>,
    /// The access token, in the implicit flow.
    pub access_token: Option<Secret>,
    /// The kind of the access token.
    pub token_type: Option<String>,
    /// How long the access token lasts, at most ten years; absent if it is no number of seconds.
    pub expires_in: Option<Duration>,
    /// The scopes that were granted, with blanks between.
    pub scope: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same for people.
    pub error_description: Option<String>,
    /// Where people can read more.
    pub error_uri: Option<String>,
    /// More exactly why; `cancel` if the user gave up.
    pub error_subcode: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// The account's home, in base64url; [`ClientInfo`](crate::protocol::id_token::ClientInfo) reads it.
    pub client_info: Option<String>,
    /// The host of the cloud that redeems the code, where the request was sent with `instance_aware`.
    pub cloud_instance_host_name: Option<String>,
    /// The Microsoft Graph host of that cloud.
    pub cloud_graph_host_name: Option<String>,
    /// The session at the service, for single sign-out.
    pub session_state: Option<String>,
}

/// Why a text is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// It is longer than [`LONGEST_REDIRECT`].
    #[error("the redirect is longer than {LONGEST_REDIRECT} bytes")]
    TooLong,
    /// A parameter that is known occurs twice, so that two readers could see two answers.
    #[error("the redirect has the parameter {name} twice")]
    DuplicateParameter {
        /// Its name.
        name: &'static str,
    },
    /// It has a code or a token, and an error too.
    #[error("the redirect has both {answer} and error")]
    Contradictory {
        /// The parameter that is no error.
        answer: &'static str,
    },
    /// The answer is where another response mode puts it.
    #[error("the redirect answers as {found}, but {expected} was asked for")]
    OtherMode {
        /// The mode in which it is read.
        expected: ResponseMode,
        /// The mode in which it was sent.
        found: ResponseMode,
    },
    /// Nothing in it answers: the user may have pasted another address, or the request was not for this redirect URI.
    #[error("the redirect has no code, id_token, access_token or error as {expected}")]
    WithoutAnswer {
        /// The mode in which it is read.
        expected: ResponseMode,
    },
}

impl RedirectError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "redirect_too_long",
            Self::DuplicateParameter { .. } => "duplicate_redirect_parameter",
            Self::Contradictory { .. } => "contradictory_redirect",
            Self::OtherMode { .. } => "redirect_in_other_mode",
            Self::WithoutAnswer { .. } => "redirect_without_answer",
        }
    }
}

/// What makes an answer, the error last; the others only belong to one.
const ANSWERS: [&str; 4] = ["code", "id_token", "access_token", "error"];

const PARAMETERS: [&str; 16] = [
    "code",
    "state",
    "id_token",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "error",
    "error_description",
    "error_uri",
    "error_subcode",
    "iss",
    "client_info",
    "cloud_instance_host_name",
    "cloud_graph_host_name",
    "session_state",
];

/// Reads an answer: the whole address that was redirected to or, for [`ResponseMode::FormPost`], the body.
///
/// An address may be absolute or begin with its path; a text without question mark and number sign is taken for the
/// parameters alone. A fragment may begin with `/` or `/?`, as single-page applications have it. Parameters are
/// decoded as a form's are: `+` is a blank, and what is not UTF-8 becomes U+FFFD. Unknown ones are skipped. Neither
/// the address nor the state is compared with anything.
///
/// # Errors
/// If the text is too long, has no answer, has one in the place of another mode, has a known parameter twice or has
/// an error beside a code or a token.
pub fn parse(text: &str, mode: ResponseMode) -> Result<Redirect, RedirectError> {
    if text.len() > LONGEST_REDIRECT {
        return Err(RedirectError::TooLong);
    }
    let text = text.trim();
    let (address, fragment) = split(text, '#');
    let (_, query) = split(address, '?');
    let fragment = fragment.map(|text| text.strip_prefix('/').unwrap_or(text));
    let fragment = fragment.map(|text| text.strip_prefix('?').unwrap_or(text));
    let places = [(ResponseMode::Query, query), (ResponseMode::Fragment, fragment)];

    let parameters = match mode {
        ResponseMode::FormPost => Some(text),
        _ if query.is_none() && fragment.is_none() => Some(text),
        ResponseMode::Query => query,
        ResponseMode::Fragment => fragment,
    };
    let parameters = parameters.unwrap_or_default();
    // A body may have any sign in it, and is no address if it answers as a body.
    if mode != ResponseMode::FormPost || !answers(parameters) {
        for (found, place) in places {
            if found != mode && place.is_some_and(answers) {
                return Err(RedirectError::OtherMode { expected: mode, found });
            }
        }
    }
    read(parameters, mode)
}

fn read(parameters: &str, expected: ResponseMode) -> Result<Redirect, RedirectError> {
    let mut values = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(parameters.as_bytes()) {
        let Some(name) = PARAMETERS.into_iter().find(|known| *known == name) else { continue };
        if values.insert(name, Zeroizing::new(value.into_owned())).is_some() {
            return Err(RedirectError::DuplicateParameter { name });
        }
    }
    // RFC 6749, section 3.1: without a value it counts as left out.
    values.retain(|_, value| !value.is_empty());
    let mut given = ANSWERS.into_iter().filter(|name| values.contains_key(name));
    let Some(answer) = given.next() else { return Err(RedirectError::WithoutAnswer { expected }) };
    if given.next_back() == Some("error") {
        return Err(RedirectError::Contradictory { answer });
    }

    let mut text = |name| values.remove(name).map(|mut value| std::mem::take(&mut *value));
    Ok(Redirect {
        code: text("code").map(Secret::new),
        state: text("state").map(Secret::new),
        id_token: text("id_token").map(Secret::new),
        access_token: text("access_token").map(Secret::new),
        token_type: text("token_type"),
        expires_in: text("expires_in").and_then(|text| lifetime(&text)),
        scope: text("scope"),
        error: text("error"),
        error_description: text("error_description"),
        error_uri: text("error_uri"),
        error_subcode: text("error_subcode"),
        iss: text("iss"),
        client_info: text("client_info"),
        cloud_instance_host_name: text("cloud_instance_host_name"),
        cloud_graph_host_name: text("cloud_graph_host_name"),
        session_state: text("session_state"),
    })
}

/// What stands before the first sign, and what behind it.
fn split(text: &str, sign: char) -> (&str, Option<&str>) {
    text.split_once(sign).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

fn answers(parameters: &str) -> bool {
    form_urlencoded::parse(parameters.as_bytes()).any(|(name, _)| ANSWERS.contains(&&*name))
}

fn lifetime(text: &str) -> Option<Duration> {
    let seconds = text.trim();
    let number = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than a number holds are a long time too.
    number.then(|| Duration::from_secs(seconds.parse().unwrap_or(u64::MAX)).min(TEN_YEARS))
}
