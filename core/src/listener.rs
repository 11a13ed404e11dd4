//! The redirect URI on this machine as a pure reader: which of the requests that reach it is the answer to a sign-in?
//!
//! ```text
//! browser ──▶ the adapter's socket ──▶ Connection::receive ──▶ More: read on
//!                                                          └─▶ Answer: write the response, close; with a redirect
//!                                                              the wait is over, without one it goes on
//! ```
//!
//! While a user signs in (RFC 8252, section 7.3), an adapter listens on a loopback address and gives what arrives on
//! each connection to a [`Connection`] of its own. Everything can knock there: the browser for its icon, a prefetch,
//! a port scan, another tab with an old answer, a web page that guesses the port. Each of these is answered and
//! forgotten; only a request to the right path, by the right method, with the right state ends the wait, be it a
//! success or the service's refusal.
//!
//! ```
//! use entrada_core::listener::{Listener, ListenerSettings, Progress};
//! use entrada_core::protocol::redirect::ResponseMode;
//! use entrada_core::secret::Secret;
//!
//! # fn main() -> Result<(), entrada_core::listener::ListenerError> {
//! let settings = ListenerSettings::new("/", ResponseMode::FormPost, Secret::new("the state of the sign-in"));
//! let listener = Listener::new(settings)?;
//! let mut connection = listener.connection(); // one for each connection that is accepted
//! match connection.receive(b"GET /favicon.ico HTTP/1.1\r\nHost: localhost:8400\r\n\r\n") {
//!     Progress::More => unreachable!("the request is complete"),
//!     Progress::Answer { response, redirect } => {
//!         assert!(response.starts_with(b"HTTP/1.1 404 ")); // to be written before closing
//!         assert_eq!(redirect, None); // so the wait goes on
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What the adapter owes:
//! - It binds a loopback address alone, 127.0.0.1 or `[::1]`, and serves connections side by side: browsers open some
//!   in advance and send nothing on them.
//! - It gives up on a connection after [`CONNECTION_TIMEOUT`], and on the whole wait at a deadline of its own, as
//!   nobody can see that the user closed the browser.
//! - It writes the response whole, closes its side and then reads what is still coming for a moment, as a connection
//!   that is closed over unread bytes takes the response with it.

mod page;
mod request;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use self::page::{Refusal, Refused};
use self::request::Target;
use crate::protocol::redirect::{self, ResponseMode};
use crate::secret::Secret;

/// The longest request line and headers together: 16 KiB.
pub const HEAD_LIMIT: usize = 16 * 1024;
/// The longest body: 64 KiB.
pub const BODY_LIMIT: usize = redirect::LONGEST_REDIRECT;
/// The most time that one connection should get, from its first to its last byte. The adapter keeps to it, as no
/// clock is read here.
pub const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// What a listener waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerSettings {
    /// The path of the redirect URI as [`Url::path`](url::Url::path) gives it; it is compared byte for byte.
    pub path: String,
    /// How the answer comes: [`ResponseMode::Query`] or [`ResponseMode::FormPost`].
    pub mode: ResponseMode,
    /// The state that the authorization request sent along.
    pub state: Secret,
    /// A page of HTML in UTF-8 to show after a sign-in instead of the one that is built in.
    ///
    /// It may have styles inside and images as `data:`; scripts, forms and everything from elsewhere are blocked.
    pub success_page: Option<String>,
    /// The same after the service's refusal. The page that is built in tells the reason; this one cannot.
    pub failure_page: Option<String>,
}

impl ListenerSettings {
    /// Settings with the pages that are built in.
    #[must_use]
    pub fn new(path: impl Into<String>, mode: ResponseMode, state: Secret) -> Self {
        Self { path: path.into(), mode, state, success_page: None, failure_page: None }
    }
}

/// Why there can be no such listener.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenerError {
    /// A fragment stays in the browser, so that no listener gets to see it.
    #[error("a listener cannot read answers in the response mode {0}; use form_post or query")]
    Mode(
        /// The mode.
        ResponseMode,
    ),
    /// The path does not begin with `/`, or has something in it that no path has.
    #[error("the listener's path is not the path of a URL")]
    Path,
    /// Without a state any request would do.
    #[error("the listener needs a state")]
    State,
}

impl ListenerError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Mode(_) => "listener_mode_not_supported",
            Self::Path => "invalid_listener_path",
            Self::State => "listener_without_state",
        }
    }
}

/// One wait for the answer to one sign-in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Listener(Arc<ListenerSettings>);

impl Listener {
    /// A listener for one sign-in.
    ///
    /// # Errors
    /// If the answer would come in a fragment, the path is none or the state is empty.
    pub fn new(settings: ListenerSettings) -> Result<Self, ListenerError> {
        match settings.mode {
            ResponseMode::Query | ResponseMode::FormPost => {}
            ResponseMode::Fragment => return Err(ListenerError::Mode(settings.mode)),
        }
        let is_in_path = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#');
        if !settings.path.starts_with('/') || !settings.path.bytes().all(is_in_path) {
            return Err(ListenerError::Path);
        }
        if settings.state.expose().is_empty() {
            return Err(ListenerError::State);
        }
        Ok(Self(Arc::new(settings)))
    }

    /// The reader of a connection that was just accepted.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection { settings: Arc::clone(&self.0), reading: Reading::Head(Zeroizing::default()) }
    }
}

/// The reader of one connection, which serves one request (RFC 9112).
///
/// HTTP/1.0 and 1.1 are read; the target must be a path, which is what browsers send to a server. Its `Debug` shows
/// nothing of what arrived, and what it held is wiped.
pub struct Connection {
    settings: Arc<ListenerSettings>,
    reading: Reading,
}

enum Reading {
    Head(Zeroizing<Vec<u8>>),
    Body { body: Zeroizing<Vec<u8>>, wanted: usize },
    Answered,
}

/// What to do after some bytes of a connection.
// Exhaustive on purpose: an adapter that does not know one of them cannot go on.
#[must_use = "a browser waits for its response"]
#[derive(Clone, PartialEq, Eq)]
pub enum Progress {
    /// Read more; the request is not complete. At the end of the stream, close without a word.
    More,
    /// Write the response and close the connection.
    Answer {
        /// A complete HTTP/1.1 response. It holds no code and no state.
        response: Vec<u8>,
        /// The answer to the sign-in, by which the wait ends: an address or a form, as
        /// [`redirect::parse`] reads it in the listener's mode. Without one the wait goes on.
        redirect: Option<Secret>,
    },
}

/// Shows the length of the response alone.
impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::More => f.write_str("More"),
            Self::Answer { response, redirect } => f
                .debug_struct("Answer")
                .field("response_bytes", &response.len())
                .field("redirect", redirect)
                .finish(),
        }
    }
}

impl Connection {
    /// Takes what was read from the connection, in whatever pieces, and says what follows.
    ///
    /// Bytes behind the request are not looked at. After the answer there is nothing more to say: every further call
    /// gives an empty response.
    pub fn receive(&mut self, bytes: &[u8]) -> Progress {
        let answer = match std::mem::replace(&mut self.reading, Reading::Answered) {
            Reading::Head(head) => self.on_head(head, bytes),
            Reading::Body { body, wanted } => self.on_body(body, wanted, bytes.iter()),
            Reading::Answered => return Progress::Answer { response: Vec::new(), redirect: None },
        };
        match answer {
            Ok(progress) => progress,
            Err(refused) => Progress::Answer { response: page::refused(&refused), redirect: None },
        }
    }

    fn on_head(&mut self, mut head: Zeroizing<Vec<u8>>, bytes: &[u8]) -> Result<Progress, Refused> {
        let room = HEAD_LIMIT.saturating_sub(head.len());
        let (fitting, behind) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        // All at once: what a growing buffer leaves behind is not wiped.
        head.reserve_exact(room);
        head.extend_from_slice(fitting);
        let Some((length, target)) = request::read(&head, &self.settings)? else {
            if head.len() >= HEAD_LIMIT {
                return Err(Refusal::HeadTooLarge.into());
            }
            self.reading = Reading::Head(head);
            return Ok(Progress::More);
        };
        match target {
            Target::Address(address) => self.judge(address),
            Target::Form { length: wanted } => {
                let begun = head.get(length..).unwrap_or_default();
                let body = Zeroizing::new(Vec::with_capacity(wanted));
                self.on_body(body, wanted, begun.iter().chain(behind))
            }
        }
    }

    fn on_body<'a>(
        &mut self,
        mut body: Zeroizing<Vec<u8>>,
        wanted: usize,
        bytes: impl Iterator<Item = &'a u8>,
    ) -> Result<Progress, Refused> {
        let missing = wanted.saturating_sub(body.len());
        body.extend(bytes.take(missing));
        if body.len() < wanted {
            self.reading = Reading::Body { body, wanted };
            return Ok(Progress::More);
        }
        let text = std::str::from_utf8(&body).map_err(|_| Refusal::Malformed)?;
        self.judge(Secret::new(text))
    }

    /// Whether this is what is waited for. A text that cannot be read is not believed to be of this sign-in.
    fn judge(&self, text: Secret) -> Result<Progress, Refused> {
        let redirect =
            redirect::parse(text.expose(), self.settings.mode).map_err(|_| Refusal::NotTheAnswer)?;
        if redirect.state.as_ref() != Some(&self.settings.state) {
            return Err(Refusal::NotTheAnswer.into());
        }
        Ok(Progress::Answer { response: page::ended(&self.settings, &redirect), redirect: Some(text) })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reading, bytes) = match &self.reading {
            Reading::Head(head) => ("head", head.len()),
            Reading::Body { body, .. } => ("body", body.len()),
            Reading::Answered => ("answered", 0),
        };
        f.debug_struct("Connection").field("reading", &reading).field("bytes", &bytes).finish_non_exhaustive()
    }
}
