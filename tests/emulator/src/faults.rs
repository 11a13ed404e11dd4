//! Faults: what a service does on a bad day, asked for by path.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{LOCATION, RETRY_AFTER};
use serde::Deserialize;

use crate::form::Form;
use crate::oauth::Refusal;
use crate::reply::{self, Content, Reply};
use crate::server::Call;
use crate::state::{State, http_date};

/// A fault that befalls requests whose path contains a text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The text that the path has to contain, whatever its case; the empty text befalls every request.
    pub path: String,
    /// How many times it befalls; `None` is always.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens.
    pub kind: FaultKind,
}

/// What happens instead of, or to, the right answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Another status comes back.
    Status {
        /// The status code.
        status: u16,
        /// The `Retry-After` header.
        #[serde(default)]
        retry_after: Option<String>,
        /// The body; a short page if absent.
        #[serde(default)]
        body: Option<String>,
    },
    /// The right answer comes late.
    Delay {
        /// By how many milliseconds.
        ms: u64,
    },
    /// The connection closes without an answer.
    Cut,
    /// The connection closes in the middle of the right answer's body.
    CutMidBody,
    /// A body of so many bytes comes, without a Content-Length.
    Oversized {
        /// Its length.
        bytes: u64,
    },
    /// A body comes that is neither JSON, XML nor UTF-8.
    Garbage,
    /// The right answer comes a few bytes at a time.
    Drip {
        /// How many bytes come at a time.
        bytes_per_tick: usize,
        /// How many milliseconds lie between them.
        ms: u64,
    },
    /// A proxy's HTML page comes, with status 200.
    Html,
    /// Status 200 comes, with nothing in it.
    EmptyOk,
    /// A redirection comes.
    Redirect {
        /// The `Location` header.
        to: String,
    },
    /// The tenant has asked too much: 429 in the service's own shape, with `Retry-After`.
    Throttle {
        /// For how many seconds.
        seconds: u64,
        /// Whether `Retry-After` says so as a date.
        #[serde(default)]
        date: bool,
    },
    /// The fault befalls the n-th of the requests that it could befall, and no other.
    Nth {
        /// Which one, from 1.
        nth: u32,
        /// What happens.
        kind: Box<FaultKind>,
    },
    /// The fault befalls token requests of one grant alone.
    Grant {
        /// The `grant_type`.
        grant_type: String,
        /// What happens.
        kind: Box<FaultKind>,
    },
}

/// The faults, each with how many requests it has seen.
pub(crate) fn unseen(faults: Vec<Fault>) -> Vec<(Fault, u32)> {
    faults.into_iter().map(|fault| (fault, 0)).collect()
}

/// Takes the fault that befalls this request now, and counts it.
pub(crate) fn take(faults: &mut [(Fault, u32)], call: &Call) -> Option<FaultKind> {
    let path = call.path.to_lowercase();
    for (fault, seen) in faults {
        if fault.times == Some(0) || !path.contains(&fault.path.to_lowercase()) {
            continue;
        }
        if let Some(kind) = fault.kind.chosen(call, seen) {
            fault.times = fault.times.map(|left| left.saturating_sub(1));
            return Some(kind);
        }
    }
    None
}

impl FaultKind {
    /// What happens to this request, if anything does.
    fn chosen(&self, call: &Call, seen: &mut u32) -> Option<FaultKind> {
        match self {
            FaultKind::Nth { nth, kind } => {
                *seen = seen.saturating_add(1);
                if seen == nth { kind.chosen(call, &mut 0) } else { None }
            }
            FaultKind::Grant { grant_type, kind } => {
                let form = std::str::from_utf8(&call.body).ok().and_then(Form::parse)?;
                if form.value("grant_type") == Some(grant_type) { kind.chosen(call, seen) } else { None }
            }
            kind => Some(kind.clone()),
        }
    }

    /// Whether the service never gets to see the request.
    pub(crate) fn replaces(&self) -> bool {
        !matches!(self, FaultKind::Delay { .. } | FaultKind::CutMidBody | FaultKind::Drip { .. })
    }

    /// The answer in place of the right one, or `None` to hang up.
    pub(crate) fn replacement(&self, state: &State, call: &Call) -> Option<Reply> {
        Some(match self {
            FaultKind::Status { status, retry_after, body } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let reply = match body {
                    None => reply::plain(status),
                    Some(body) if body.trim_start().starts_with('{') => {
                        reply::reply(status, "application/json; charset=utf-8", body.clone())
                    }
                    Some(body) => reply::html(status, body.clone()),
                };
                match retry_after {
                    Some(value) => reply::with_header(reply, RETRY_AFTER, value),
                    None => reply,
                }
            }
            FaultKind::Oversized { bytes } => {
                let mut reply = reply::reply(StatusCode::OK, "application/json; charset=utf-8", "");
                *reply.body_mut() = Content::filler(*bytes);
                reply
            }
            FaultKind::Garbage => {
                let bytes: Vec<u8> = (0..=255).rev().chain(0..=255).collect();
                reply::reply(StatusCode::OK, "application/json; charset=utf-8", bytes)
            }
            FaultKind::Html => reply::html(
                StatusCode::OK,
                "<!DOCTYPE html><html><body><h1>Welcome to the guest network</h1></body></html>".into(),
            ),
            FaultKind::EmptyOk => reply::reply(StatusCode::OK, "application/json; charset=utf-8", ""),
            FaultKind::Redirect { to } => reply::with_header(reply::plain(StatusCode::FOUND), LOCATION, to),
            FaultKind::Throttle { seconds, date } => {
                let seconds = i64::try_from(*seconds).unwrap_or(i64::MAX);
                let value =
                    if *date { http_date(state.now().saturating_add(seconds)) } else { seconds.to_string() };
                let text = "The tenant or the application has exceeded its limit of requests.";
                let mut reply = Refusal::new("temporarily_unavailable", 90055, text)
                    .into_reply(state, call.correlation());
                *reply.status_mut() = StatusCode::TOO_MANY_REQUESTS;
                reply::with_header(reply, RETRY_AFTER, &value)
            }
            _ => return None,
        })
    }

    /// What becomes of the right answer.
    pub(crate) fn befall(&self, reply: Reply) -> Reply {
        match self {
            FaultKind::CutMidBody => reply.map(Content::broken),
            FaultKind::Drip { bytes_per_tick, ms } => {
                reply.map(|content| content.dripping(*bytes_per_tick, Duration::from_millis(*ms)))
            }
            _ => reply,
        }
    }
}
