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
//!
//! # Starts
//!
//! | start | of its own | applications |
//! |---|---|---|
//! | `integrated_windows_auth` | `username` | public |
//! | `adfs_integrated_auth` | `redirect_uri`; `user_agent`?; the authority is an AD FS | public |
//! | `username_password` | `username`, `password` | both |
//! | `device_code` | none; or `pending`, from a prompt, instead of `scopes` and options | public |
//! | `silent` | `account`: `{"home_account_id":"…"}` or `{"username":"…"}`; `force_refresh`? | both |
//! | `client_credentials` | `region`?, `force_refresh`? | confidential |
//! | `on_behalf_of` | `assertion`, the token that the caller came with, or `session_key`, or both; `force_refresh`? | confidential |
//! | `user_fic` | `credential`, which vouches for the user named by `user_id` or `username` | confidential |
//! | `agent_user` | `agent_id`, the client id of the agent, and `user_id` or `username`; the application is its blueprint | confidential |
//! | `refresh_token` | `refresh_token`, from elsewhere | both |
//! | `sign_in` | `redirect_uri`; `prompt`?, `domain_hint`?, `response_mode`?, `spa`?, `extra_scopes_to_consent`? | both |
//! | `authorization_code` | `sign_in`, and as `redirect` what the browser brought, instead of `scopes` and options | both |
//! | `implicit` | as `sign_in`, but `response_type` (`id_token`, `token` or `id_token token`) for the last two | both |
//! | `implicit_answer` | `sign_in` and `redirect`, as `authorization_code` | both |
//! | `accounts` | `every_cloud`?, where the authority's cloud is not all; neither `scopes` nor options | both |
//! | `sign_out` | `account`: `{"home_account_id":"…"}`; `revoke`?, to revoke the refresh tokens where the provider can; neither `scopes` nor options | both |
//!
//! `sign_in` and `implicit` end with `{"url":"…","sign_in":{…}}`: send the browser to the one, keep the other until it
//! comes back, as a password is kept. `redirect` is the whole address to which it comes back or, with the `response_mode`
//! `form_post`, the body that it posts. What `implicit_answer` ends with has `access_token`, `expires_on`, `id_token` and
//! `id_token_claims` that may be null, and neither `account` nor `token_source`: it is kept in no cache.
//!
//! `adfs_integrated_auth` asks for pages with `"auth":"negotiate"`, and sends cookies that stand for the user. Answer with the
//! redirect itself, its `location` and each `set-cookie` in a pair of its own: follow nothing, keep nothing. The redirect URI is
//! never asked for. It is proven against the emulator alone, never against a real AD FS.
//!
//! All take `client_id`, `authority`, `scopes` (an array), `now`, and if need be `seed`, `cache`, `authority_kind`,
//! `tenant` (the one to ask instead of the authority's), `claims` (a JSON object as text, as errors give it),
//! `client_capabilities`, `client_info_headers`, `correlation_id`, `extra_query_parameters` (an object of texts, sent in
//! the order of the line), `login_hint` (which must agree with `username`), `federation_metadata`, `instance_discovery`,
//! `allow_http_loopback`; where they decide nothing, they change nothing. `authority_kind` is `"oidc"` for an OpenID
//! provider by its issuer; absent, the kind is told by the address. `fmi_path` is for the applications' own starts. What
//! else a start cannot use is refused.
//!
//! An application is confidential if the line says how it proves who it is, in one of three ways:
//!
//! ```text
//! "client_secret":"…"
//! "client_certificate":{"certificate":"<base64 DER>","key":"<a name>","send_x5c":false,"chain":["<base64 DER>",…]}
//! "client_assertion":"…"                                              or true, to be asked through `assert`
//! ```
//!
//! `chain` holds the certificates of the issuers, the nearest first; they go out with `send_x5c`. `key` is whatever the
//! other side calls the key: it signs, and no key ever comes here.
//!
//! # What is kept
//!
//! Each start goes on with what the session has: its tokens, and what it learned of authorities, throttling and client
//! assertions. A `cache`, a document of the unified schema that any MSAL writes, takes the place of the tokens; the answer
//! `cache` prints one.
//!
//! `silent`, `client_credentials` and `on_behalf_of` take a token that is still good from there: `token_source` is then
//! `cache`, and nothing is asked. With `"force_refresh":true` they get a new one. `on_behalf_of` keeps a token for the one
//! `assertion`, or under a `session_key`: given along with an assertion it starts a long-running call, and by itself it goes
//! on with that when the assertion has expired.
//!
//! ```text
//! ← {"start":"silent","client_id":"…","authority":"…","scopes":["…"],"account":{"home_account_id":"…"},"now":…}
//! ← {"start":"accounts","client_id":"…","authority":"…","now":…}
//! → {"step":"done","result":{"accounts":[{"home_account_id":"…","environment":"…","tenant_id":"…","local_account_id":"…",
//!      "username":"…","name":"…","tenant_profiles":[{…}]}]}}
//! ← {"start":"sign_out","client_id":"…","authority":"…","account":{"home_account_id":"…"},"now":…}
//! → {"step":"done","result":{"end_session_url":"…","revoked":0,"not_revoked":0}}
//! ```
//!
//! `silent` fails with an error of the kind `ui_required` or `claims_challenge` if the user must act: then start another
//! flow. An account is listed as its home tenant knows it, with each tenant's view of it in `tenant_profiles`. A sign-out
//! forgets the account and the application's tokens for it; `end_session_url`, which may be null, is where a browser ends
//! its own session.
//!
//! # Further asks
//!
//! ```text
//! → {"step":"show","prompt":{"user_code":"…","verification_uri":"…","verification_uri_complete":null,"message":"…",
//!      "expires_at":…,"pending":{…}}}                                  ← {"answer":"show","now":…}
//! → {"step":"sign","alg":"PS256","input":"<base64url>","key":"…"}      ← {"answer":"sign","now":…,"signature":"<base64url>"}
//! → {"step":"assert","client_id":"…","audience":"…","tenant":"…","claims":null}
//!                                                                      ← {"answer":"assert","now":…,"assertion":"…"}
//! ```
//!
//! A prompt is answered as soon as it is shown: the flow waits for the person by itself. Its `pending` holds the device
//! code and is to be kept as a password is. `sign` and `assert` may be answered by `"failed":"unsupported"`,
//! `unavailable`, `denied` or `other`.
//!
//! # In Rust
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
mod conversation;
mod members;
mod result;
mod start;

use std::fmt;
use std::io;
use std::mem;

use entrada_core::cache::Memory;
use entrada_core::error::Error;
use entrada_core::flow::accounts::SignedInAccount;
use entrada_core::result::AuthenticationResult;
use entrada_core::seed::Seed;

use crate::conversation::{Conversation, Turn};
use crate::members::{Members, Refused};
use crate::result::{Failure, SignedIn, Success};
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

/// The `result` of the start `accounts`, for programs that print it by itself. It holds no secret.
#[must_use]
pub fn accounts_json(accounts: &[SignedInAccount]) -> String {
    ask::json(&SignedIn::from(accounts), 1024)
}

/// A conversation: one flow after another over one token cache.
///
/// Its `Debug` shows what is awaited, and no secret.
pub struct Session {
    draw: Box<dyn FnMut() -> io::Result<Seed> + Send>,
    memory: Memory,
    /// The flow that is under way and waits for an answer.
    running: Option<Box<dyn Conversation>>,
    /// Whether a line was read.
    begun: bool,
}

impl Session {
    /// A session with an empty cache, which calls `draw` for each flow that is started without a seed of its own.
    #[must_use]
    pub fn new(draw: impl FnMut() -> io::Result<Seed> + Send + 'static) -> Self {
        Self { draw: Box::new(draw), memory: Memory::default(), running: None, begun: false }
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
                Ok(ask::cache(self.memory.tokens()))
            }
            (None, Some(name)) => self.answer(&name, members),
            (Some(_), Some(_)) => Err("the line is both a start and an answer".into()),
            (None, None) => Err("the line has neither a member \"start\" nor \"answer\"".into()),
        }
    }

    fn start(&mut self, name: &str, members: Members<'_>) -> Result<String, Refused> {
        if let Some(running) = &self.running {
            return Err(Refused(format!("a flow is running: the answer {:?} is awaited", running.awaits())));
        }
        let Start { flow, now, seed, cache } = start::read(name, members)?;
        let seed = match seed {
            Some(seed) => seed,
            None => (self.draw)().map_err(|_| Refused::from("no randomness could be drawn: give a seed"))?,
        };
        if let Some(cache) = cache {
            self.memory.replace_tokens(cache);
        }
        match flow {
            Ok(flow) => {
                let turn = flow.start(now, seed, &mut self.memory);
                self.after(turn)
            }
            Err(error) => Ok(ask::failed(&error)),
        }
    }

    fn answer(&mut self, name: &str, members: Members<'_>) -> Result<String, Refused> {
        match self.running.take() {
            None => Err("no answer is awaited: a start is".into()),
            Some(running) if running.awaits() != name => {
                let refused = Refused(format!("the answer {:?} is awaited", running.awaits()));
                self.running = Some(running);
                Err(refused)
            }
            Some(running) => {
                let turn = running.answer(members, &mut self.memory);
                self.after(turn)
            }
        }
    }

    fn after(&mut self, turn: Turn) -> Result<String, Refused> {
        match turn {
            Turn::Asked(line, running) => {
                self.running = Some(running);
                Ok(line)
            }
            Turn::Ended(line) => Ok(line),
            // What is awaited goes back to its place.
            Turn::Refused(refused, running) => {
                self.running = Some(running);
                Err(refused)
            }
        }
    }
}

const TOO_LONG: &str = "the line is longer than 8 MiB";

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("awaited", &self.running.as_ref().map_or("start", |running| running.awaits()))
            .field("cache", self.memory.tokens())
            .finish_non_exhaustive()
    }
}
