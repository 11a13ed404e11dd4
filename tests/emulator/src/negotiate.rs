//! A scripted HTTP Negotiate: the choreography of Kerberos and NTLM without their cryptography.
//!
//! The client's token of round *n* is the text `entrada-emulator-token-n:upn`, in base64. Every round but the last is
//! answered by 401 with a challenge, the last by the resource and a final token. As in real life the rounds belong to one
//! TCP connection; a round that comes on another one is refused and recorded.

use std::sync::Mutex;

use data_encoding::BASE64;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use serde::Deserialize;

use crate::reply::{self, Reply};
use crate::state::{State, lock};

/// What the client's tokens begin with.
pub const TOKEN_PREFIX: &str = "entrada-emulator-token-";
/// The server's last token, which a client that asks for mutual authentication checks.
pub const MUTUAL: &[u8] = b"mutual";

/// The bytes of the client's token of a round, the first round being 1.
pub fn client_token(round: u32, upn: &str) -> Vec<u8> {
    format!("{TOKEN_PREFIX}{round}:{upn}").into_bytes()
}

/// The bytes of the server's challenge that follows a round.
pub fn challenge(round: u32) -> Vec<u8> {
    format!("challenge-{round}").into_bytes()
}

/// How the exchange runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Negotiate {
    /// How many tokens the client has to send; Kerberos takes 1, NTLM 2.
    pub rounds: u32,
    /// How it ends.
    pub mode: NegotiateMode,
}

/// How a Negotiate exchange ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NegotiateMode {
    /// In acceptance, after the rounds.
    #[default]
    Accept,
    /// In a final 401, whatever the token.
    Refuse,
    /// Never: each token is answered by another challenge.
    Loop,
    /// By the server's hanging up at the first token.
    Drop,
}

impl Default for Negotiate {
    fn default() -> Self {
        Negotiate { rounds: 1, mode: NegotiateMode::Accept }
    }
}

/// One TCP connection and how far the exchange has come on it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: u64,
    progress: Mutex<Option<(u32, String)>>,
}

/// What became of one request to a resource that demands Negotiate.
pub(crate) enum Verdict {
    Accepted { upn: String },
    Answer(Reply),
    HangUp,
}

impl Connection {
    pub(crate) fn new(id: u64) -> Self {
        Connection { id, progress: Mutex::new(None) }
    }
}

/// The value of `WWW-Authenticate` that goes with the accepted answer.
pub(crate) fn mutual_header() -> String {
    format!("Negotiate {}", BASE64.encode(MUTUAL))
}

/// Judges one request.
pub(crate) fn judge(state: &State, connection: &Connection, headers: &HeaderMap) -> Verdict {
    let script = lock(&state.negotiate).clone();
    let mut progress = lock(&connection.progress);
    let Some(value) = headers.get(AUTHORIZATION) else {
        *progress = None;
        return Verdict::Answer(unauthorized("Negotiate"));
    };
    let token = value.to_str().ok().and_then(parse);
    let Some((round, upn)) = token else {
        *progress = None;
        state.violate("Negotiate: the Authorization header holds no token of the emulator's scheme");
        return Verdict::Answer(unauthorized("Negotiate"));
    };
    match script.mode {
        NegotiateMode::Drop => return Verdict::HangUp,
        NegotiateMode::Refuse => return Verdict::Answer(unauthorized("Negotiate")),
        NegotiateMode::Accept | NegotiateMode::Loop => {}
    }
    let (expected, other_user) = match progress.as_ref() {
        Some((done, who)) if round != 1 => (done.saturating_add(1), *who != upn),
        _ => (1, false),
    };
    if round != expected || other_user {
        let heard = if progress.is_none() { "which has not seen the round before" } else { "out of turn" };
        state.violate(format!("Negotiate: round {round} came on connection {}, {heard}", connection.id));
        *progress = None;
        return Verdict::Answer(unauthorized("Negotiate"));
    }
    if script.mode == NegotiateMode::Loop || round < script.rounds {
        *progress = Some((round, upn));
        return Verdict::Answer(unauthorized(&format!("Negotiate {}", BASE64.encode(&challenge(round)))));
    }
    *progress = None;
    if state.config.user(&upn).is_none() {
        return Verdict::Answer(unauthorized("Negotiate"));
    }
    Verdict::Accepted { upn }
}

fn parse(value: &str) -> Option<(u32, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Negotiate") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    let (round, upn) = text.strip_prefix(TOKEN_PREFIX)?.split_once(':')?;
    let round: u32 = round.parse().ok()?;
    (round > 0 && !upn.is_empty()).then(|| (round, upn.to_owned()))
}

fn unauthorized(challenge: &str) -> Reply {
    // Long enough that a client which does not drain it cannot use the connection again.
    let filler = "The credentials that were supplied do not give access to this page. ".repeat(20);
    let body =
        format!("<!DOCTYPE html><html><head><title>401</title></head><body><p>{filler}</p></body></html>");
    let reply = reply::html(StatusCode::UNAUTHORIZED, body);
    reply::with_header(reply, WWW_AUTHENTICATE, challenge)
}
