//! A walk that answers any step of any flow with any reply, and writes down what it saw.

use std::collections::BTreeSet;
use std::time::Duration;

use entrada_core::cache::StoreError;
use entrada_core::error::Error;
use entrada_core::http::{Request, Response, TransportErrorKind};
use entrada_core::step::Step;
use entrada_core::time::Timestamp;
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;

use crate::documents;

/// What the world does next, whatever is asked of it.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What a request finds.
    pub outcome: Result<(u16, Vec<u8>), TransportErrorKind>,
    /// Whether the answer names a time to stay away.
    pub retry_after: Option<&'static str>,
    /// How much time passes, in milliseconds; a wait may so be answered early.
    pub elapsed: u64,
    /// Whether a change is kept.
    pub kept: bool,
}

/// Everything that a walk saw.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The requests.
    pub requests: Vec<Request>,
    /// How many steps there were.
    pub steps: usize,
    /// `state -- reply --> state`
    pub edges: BTreeSet<String>,
    /// Every step, error and result as its `Debug` and `Display` show it.
    pub shown: Vec<String>,
    /// How it ended.
    pub ended: Option<Result<(), String>>,
}

/// Answers the steps of a flow with `replies`, over and over, until it ends or `bound` steps were taken.
pub fn walk<T: std::fmt::Debug>(
    start: Result<Step<T>, Error>,
    mut now: Timestamp,
    replies: &[Reply],
    bound: usize,
) -> Trace {
    let mut trace = Trace::default();
    let mut step = start;
    let mut state = "start".to_owned();
    let mut reply = "now".to_owned();
    for (taken, next) in replies.iter().cycle().enumerate() {
        let shown = match &step {
            Ok(step) => format!("{step:?}"),
            Err(error) => format!("{error:?} {error} {}", error.remedy()),
        };
        let name = match &step {
            Ok(Step::Done(_)) => "done".to_owned(),
            Ok(Step::Send { resume, .. }) => name(&format!("{resume:?}")),
            Ok(Step::Wait { resume, .. }) => name(&format!("{resume:?}")),
            Ok(Step::Save { resume, .. }) => name(&format!("{resume:?}")),
            Err(_) => "failed".to_owned(),
        };
        trace.shown.push(shown);
        trace.edges.insert(format!("{state} -- {reply} --> {name}"));
        state = name;
        if taken > bound {
            return trace;
        }
        trace.steps = taken;
        now = now.after(Duration::from_millis(next.elapsed));
        step = match step {
            Err(error) => {
                trace.ended = Some(Err(error.code().to_owned()));
                return trace;
            }
            Ok(Step::Done(value)) => {
                trace.shown.push(format!("{value:?}"));
                trace.ended = Some(Ok(()));
                return trace;
            }
            Ok(Step::Send { request, resume }) => {
                trace.requests.push(request);
                let outcome = match &next.outcome {
                    Ok((status, body)) => {
                        let mut headers = HeaderMap::new();
                        if let Some(value) = next.retry_after {
                            headers.insert("retry-after", HeaderValue::from_static(value));
                        }
                        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::OK);
                        Ok(Response::new(status, headers, body.clone()))
                    }
                    Err(kind) => Err((*kind).into()),
                };
                reply = outcome.as_ref().map_or_else(|_| "no answer", |_| "answer").to_owned();
                resume.with(outcome, now)
            }
            Ok(Step::Wait { until, resume }) => {
                let early = now < until;
                reply = if early { "too early" } else { "time" }.to_owned();
                let step = resume.with((), now);
                if early {
                    let again = matches!(&step, Ok(Step::Wait { until: again, .. }) if *again == until);
                    assert!(again, "a wait that was answered early must come again unchanged, not {step:?}");
                }
                step
            }
            Ok(Step::Save { resume, .. }) => {
                reply = if next.kept { "kept" } else { "not kept" }.to_owned();
                resume.with(if next.kept { Ok(()) } else { Err(StoreError::new("full")) }, now)
            }
        };
    }
    trace
}

/// The name of a state; of one that wraps another, both.
fn name(debug: &str) -> String {
    let outer = debug.split([' ', '{', '(']).next().unwrap_or_default();
    match debug.rsplit_once(" then: ") {
        Some((_, inner)) => {
            format!("{outer}/{}", inner.split([' ', '{', '(', '}']).next().unwrap_or_default())
        }
        None => outer.to_owned(),
    }
}

/// Any reply: documents of ours, whole or broken, under any status, or none at all.
pub fn reply() -> impl Strategy<Value = Reply> {
    let document = prop_oneof![
        Just(documents::federated_realm()),
        Just(documents::MANAGED_REALM.to_owned()),
        Just(documents::KNOWN_INSTANCE.to_owned()),
        Just(documents::metadata(&documents::ports())),
        Just(documents::issued(documents::ASSERTION)),
        Just(documents::fault("FailedAuthentication", "No.")),
        Just(documents::tokens()),
        Just(documents::refusal("invalid_grant", 50126, "")),
        Just(documents::refusal("invalid_grant", 65001, r#","suberror":"consent_required""#)),
        Just(String::new()),
        Just("<html>".to_owned()),
    ];
    let broken =
        (document.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
            let mut bytes = text.into_bytes();
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        });
    let body = prop_oneof![
        8 => document.prop_map(String::into_bytes),
        2 => broken,
        1 => prop::collection::vec(any::<u8>(), 0..64),
    ];
    let status =
        prop_oneof![8 => Just(200_u16), 1 => Just(400), 1 => Just(401), 1 => Just(500), 1 => 100_u16..600];
    let outcome = prop_oneof![
        9 => (status, body).prop_map(Ok),
        1 => prop::sample::select(TransportErrorKind::ALL.to_vec()).prop_map(Err),
    ];
    let elapsed = prop_oneof![8 => 0_u64..3000, 1 => any::<u64>()];
    let retry_after =
        prop_oneof![6 => Just(None), 1 => Just(Some("3")), 1 => Just(Some("18446744073709551615"))];
    (outcome, retry_after, elapsed, any::<bool>()).prop_map(|(outcome, retry_after, elapsed, kept)| Reply {
        outcome,
        retry_after,
        elapsed,
        kept,
    })
}
