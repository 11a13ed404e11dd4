//! Entrada as JSON lines: the session asks, another program answers, one object a line.
//!
//! It is the same flow as in Rust, for any language that reads and writes JSON: the core says what it needs, an
//! *ask*; the other program does it and writes an *answer*. All times are milliseconds since the Unix epoch.
//!
//! ```text
//! ← {"start":"username_password","client_id":"…","authority":"…","scopes":["…"],"username":"…","password":"…","now":…}
//! → {"step":"send","request":{"method":"GET","url":"https://…","headers":[["accept","…"]],"body":"","auth":"none",…}}
//! ← {"answer":"send","now":…,"status":200,"headers":[["content-type","…"]],"body":"{…}"}      or "failed":"timeout"
//! → {"step":"wait","until":…}                                                               ← {"answer":"wait","now":…}
//! → {"step":"done","result":{…}}                                                            or {"step":"failed","error":{…}}
//! ```
//!
//! - `{"answer":"cache"}` prints the token cache at any time; what was asked last is still awaited.
//! - A line that cannot be taken prints `{"step":"refused","reason":"…"}` and changes nothing. Reasons name members,
//!   never their values, so they can be logged. Every other line may hold a secret.
//! - A member that may be absent may be `null`. In the answer to a `send`, `headers` and `body` may be absent.
//! - `login_hint` must name the user that `username` names; `claims` is a JSON object as text, as errors give it;
//!   `extra_query_parameters` is an object of texts, sent in the order of the line.
//!
//! ```
//! use entrada_core::seed::Seed;
//! use entrada_json::Session;
//!
//! let mut session = Session::new(|| Ok(Seed::new([7; 32]))); // in earnest: 32 bytes of the system's randomness
//! let ask = session.line(
//!     r#"{"start":"integrated_windows_auth","client_id":"app","authority":"https://login.microsoftonline.com/contoso.com",
//!         "scopes":["user.read"],"username":"joe@contoso.com","now":1700000000000}"#,
//! );
//! assert!(ask.starts_with(r#"{"step":"send","request":{"method":"GET","url":"https://login.microsoftonline.com/"#));
//! ```

mod answer;
mod ask;
mod members;
mod result;
mod start;

use std::fmt;
use std::io;
use std::mem;

use entrada_core::cache::CacheDocument;
use entrada_core::error::Error;
use entrada_core::http::Outcome;
use entrada_core::result::AuthenticationResult;
use entrada_core::seed::Seed;
use entrada_core::step::{Resume, Step};
use entrada_core::time::Timestamp;

use crate::members::{Members, Refused};
use crate::result::{Failure, Success};
use crate::start::Start;

/// The longest line that a session reads, in bytes: 8 MiB, more than the longest answer takes in base64.
pub const LONGEST_LINE: usize = 8 * 1024 * 1024;

/// The `result` of the step `done`, for programs that print it by itself. It holds the access token in clear text.
#[must_use]
pub fn result_json(result: &AuthenticationResult) -> String {
    ask::json(&Success::from(result), ask::room(result))
}

/// The `error` of the step `failed`, for programs that print it by itself. It holds no secret.
#[must_use]
pub fn error_json(error: &Error) -> String {
    ask::json(&Failure::from(error), 1024)
}

/// A conversation: one flow after another over one token cache.
///
/// Its `Debug` shows what is awaited, and no secret.
pub struct Session {
    draw: Box<dyn FnMut() -> io::Result<Seed> + Send>,
    cache: CacheDocument,
    awaited: Awaited,
    /// Whether a line was read.
    begun: bool,
}

/// What the next line should be.
#[derive(Debug, Default)]
enum Awaited {
    #[default]
    Start,
    Send {
        response_limit: usize,
        resume: Resume<Outcome, AuthenticationResult>,
    },
    Wait {
        resume: Resume<(), AuthenticationResult>,
    },
}

impl Awaited {
    const fn name(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Send { .. } => "send",
            Self::Wait { .. } => "wait",
        }
    }
}

impl Session {
    /// A session with an empty cache, which calls `draw` for each flow that is started without a seed of its own.
    #[must_use]
    pub fn new(draw: impl FnMut() -> io::Result<Seed> + Send + 'static) -> Self {
        Self { draw: Box::new(draw), cache: CacheDocument::default(), awaited: Awaited::Start, begun: false }
    }

    /// Takes one line and gives one, without a line break at its end.
    ///
    /// The first line may begin with a byte order mark, as Windows PowerShell writes one into a pipe.
    ///
    /// The line given may hold tokens or a password: wipe it when it is sent.
    #[must_use]
    pub fn line(&mut self, text: &str) -> String {
        let first = !mem::replace(&mut self.begun, true);
        let text = text.strip_prefix('\u{feff}').filter(|_| first).unwrap_or(text);
        self.take(text).unwrap_or_else(|Refused(reason)| ask::refused(&reason))
    }

    /// As [`line`](Self::line), for a line as it was read: one that is not UTF-8 is refused.
    #[must_use]
    pub fn line_bytes(&mut self, line: &[u8]) -> String {
        match std::str::from_utf8(line) {
            Ok(text) => self.line(text),
            Err(_) => {
                self.begun = true;
                // What is too long may well have been cut in the middle of a character.
                ask::refused(if line.len() > LONGEST_LINE { TOO_LONG } else { "the line is not UTF-8" })
            }
        }
    }

    fn take(&mut self, text: &str) -> Result<String, Refused> {
        if text.len() > LONGEST_LINE {
            return Err(TOO_LONG.into());
        }
        let mut members = Members::read(text)?;
        let start: Option<String> = members.optional("start", "a text")?;
        let answer: Option<String> = members.optional("answer", "a text")?;
        match (start, answer) {
            (Some(name), None) => self.start(&name, members),
            (None, Some(name)) if name == "cache" => {
                members.end("the answer \"cache\"")?;
                Ok(ask::cache(&self.cache))
            }
            (None, Some(name)) => self.answer(&name, members),
            (Some(_), Some(_)) => Err("the line is both a start and an answer".into()),
            (None, None) => Err("the line has neither a member \"start\" nor \"answer\"".into()),
        }
    }

    fn start(&mut self, name: &str, members: Members<'_>) -> Result<String, Refused> {
        if !matches!(self.awaited, Awaited::Start) {
            let awaited = self.awaited.name();
            return Err(Refused(format!("a flow is running: the answer {awaited:?} is awaited")));
        }
        let Start { flow, now, seed, cache } = start::read(name, members)?;
        let seed = match seed {
            Some(seed) => seed,
            None => (self.draw)().map_err(|_| Refused::from("no randomness could be drawn: give a seed"))?,
        };
        if let Some(cache) = cache {
            self.cache = cache;
        }
        let step = flow.and_then(|flow| flow.start(now, seed));
        Ok(self.advance(step, now))
    }

    fn answer(&mut self, name: &str, members: Members<'_>) -> Result<String, Refused> {
        let awaited = self.awaited.name();
        if name != awaited {
            return Err(match self.awaited {
                Awaited::Start => "no answer is awaited: a start is".into(),
                _ => Refused(format!("the answer {awaited:?} is awaited")),
            });
        }
        // What is awaited goes back to its place if the answer turns out to be unfit.
        match mem::take(&mut self.awaited) {
            Awaited::Send { response_limit, resume } => match answer::send(members, response_limit) {
                Ok((outcome, now)) => Ok(self.advance(resume.with(outcome, now), now)),
                Err(refused) => {
                    self.awaited = Awaited::Send { response_limit, resume };
                    Err(refused)
                }
            },
            Awaited::Wait { resume } => match answer::wait(members) {
                Ok(now) => Ok(self.advance(resume.with((), now), now)),
                Err(refused) => {
                    self.awaited = Awaited::Wait { resume };
                    Err(refused)
                }
            },
            Awaited::Start => Err("no answer is awaited: a start is".into()),
        }
    }

    /// Goes on to the next ask; what concerns the cache is answered here.
    fn advance(&mut self, mut step: Result<Step<AuthenticationResult>, Error>, now: Timestamp) -> String {
        loop {
            match step {
                Ok(Step::Send { request, resume }) => {
                    self.awaited = Awaited::Send { response_limit: request.response_limit, resume };
                    return ask::send(&request);
                }
                Ok(Step::Wait { until, resume }) => {
                    self.awaited = Awaited::Wait { resume };
                    return ask::wait(until);
                }
                Ok(Step::Save { update, resume }) => {
                    self.cache.apply(&update);
                    step = resume.with(Ok(()), now);
                }
                Ok(Step::Done(result)) => return ask::done(&result),
                Err(error) => return ask::failed(&error),
            }
        }
    }
}

const TOO_LONG: &str = "the line is longer than 8 MiB";

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("awaited", &self.awaited.name())
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
