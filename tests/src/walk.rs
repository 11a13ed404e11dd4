//! A walk that answers any step of any flow with any reply, and writes down what it saw.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use entrada_core::cache::{CacheQuery, CacheUpdate, CacheView, Memory, StoreError};
use entrada_core::error::Error;
use entrada_core::flow::device_code::Prompt;
use entrada_core::http::{Outcome, Request, Response, TransportErrorKind};
use entrada_core::secret::Secret;
use entrada_core::signer::{AssertionRequest, Signature, SignerError, SignerErrorKind, SigningInput};
use entrada_core::step::{Host, Step};
use entrada_core::time::Timestamp;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::planted::{CLIENT_ASSERTION, SIGNATURE};
use crate::world::with_state;

/// What the world does next, whatever is asked of it.
#[derive(Clone)]
pub struct Reply {
    /// What a request finds.
    pub outcome: Result<(u16, Vec<u8>), TransportErrorKind>,
    /// Where the answer redirects to; `{state}` stands for the state of the last authorization request.
    pub location: Option<&'static str>,
    /// The cookie that it sets.
    pub cookie: Option<&'static str>,
    /// Whether the answer names a time to stay away.
    pub retry_after: Option<&'static str>,
    /// The server's time, if it tells it.
    pub date: Option<&'static str>,
    /// How much time passes, in milliseconds; a wait may so be answered early.
    pub elapsed: u64,
    /// Whether a wait is answered when it is over, at the earliest.
    pub on_time: bool,
    /// Whether a change is kept.
    pub kept: bool,
    /// Whether what is remembered can be read.
    pub read: bool,
    /// Why there is no signature and no assertion, if so.
    pub signer: Option<SignerErrorKind>,
}

impl Reply {
    /// The world at its best: an answer of 200, everything in time, kept and signed.
    #[must_use]
    pub fn right(body: impl Into<Vec<u8>>) -> Self {
        Self {
            outcome: Ok((200, body.into())),
            location: None,
            cookie: None,
            retry_after: None,
            date: None,
            elapsed: 100,
            on_time: true,
            kept: true,
            read: true,
            signer: None,
        }
    }

    /// A redirect.
    #[must_use]
    pub fn redirect(location: &'static str, cookie: Option<&'static str>) -> Self {
        Self { outcome: Ok((302, Vec::new())), location: Some(location), cookie, ..Self::right("") }
    }

    fn outcome(&self, sent: &[Request]) -> Outcome {
        let (status, body) = self.outcome.as_ref().map_err(|kind| *kind)?;
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("location", self.location),
            ("set-cookie", self.cookie),
            ("retry-after", self.retry_after),
            ("date", self.date),
        ] {
            if let Some(value) = value {
                headers.insert(name, with_state(&HeaderValue::from_static(value), sent));
            }
        }
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::OK);
        Ok(Response::new(status, headers, body.clone()))
    }

    fn signature(&self) -> Result<Signature, SignerError> {
        self.signer.map_or_else(|| Ok(Signature::new(SIGNATURE)), |kind| Err(kind.into()))
    }

    fn assertion(&self) -> Result<Secret, SignerError> {
        self.signer.map_or_else(|| Ok(Secret::new(CLIENT_ASSERTION)), |kind| Err(kind.into()))
    }

    fn view(&self, memory: &mut Memory, query: &CacheQuery) -> Result<CacheView, StoreError> {
        if self.read { Ok(memory.load(query)) } else { Err(StoreError::new("it cannot be read")) }
    }

    fn keep(&self, memory: &mut Memory, update: &CacheUpdate) -> Result<(), StoreError> {
        if !self.kept {
            return Err(StoreError::new("full"));
        }
        memory.save(update);
        Ok(())
    }

    fn after(&self, now: Timestamp) -> Timestamp {
        now.after(Duration::from_millis(self.elapsed))
    }

    fn after_wait(&self, now: Timestamp, until: Timestamp) -> Timestamp {
        let now = self.after(now);
        if self.on_time { now.max(until) } else { now }
    }
}

/// Shows the body as text: a failure is to be read.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Ok((status, body)) => write!(f, "{status} {:?}", String::from_utf8_lossy(body))?,
            Err(kind) => write!(f, "{kind:?}")?,
        }
        let Self { location, retry_after, date, elapsed, on_time, kept, read, signer, .. } = self;
        write!(
            f,
            " after {elapsed} ms (location {location:?}, retry-after {retry_after:?}, date {date:?}, on time {on_time}, kept {kept}, read {read}, \
             signer {signer:?})"
        )
    }
}

/// Everything that a walk saw.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The requests.
    pub requests: Vec<Request>,
    /// What was to be signed.
    pub signed: Vec<SigningInput>,
    /// Which assertions were asked for.
    pub asserted: Vec<AssertionRequest>,
    /// How many steps there were.
    pub steps: usize,
    /// `state -- reply --> state`
    pub edges: BTreeSet<String>,
    /// The last of them.
    pub edge: String,
    /// What the last step needs, as adapters name it; nothing at the end.
    pub need: &'static str,
    /// Steps, errors and results as their `Debug` and `Display` show them; of each state the first few.
    pub shown: Vec<String>,
    /// How it ended.
    pub ended: Option<Result<(), String>>,
    /// When.
    pub now: Timestamp,
}

/// How many steps of each state are written down.
const SHOWN: usize = 6;

/// Answers the steps of a flow with `replies`, over and over, until it ends or `bound` steps were taken.
///
/// # Panics
/// If a wait is shorter than the service asked for, or does not come again when it was answered early.
pub fn walk<T: fmt::Debug>(
    start: Result<Step<T>, Error>,
    now: Timestamp,
    replies: &[Reply],
    memory: &mut Memory,
    bound: usize,
) -> Trace {
    let mut trace = Trace { now, ..Trace::default() };
    let (mut step, mut state, mut reply) = (start, "start".to_owned(), "now");
    let mut seen = BTreeMap::<String, usize>::new();
    let mut pace = Pace::default();
    for (taken, next) in replies.iter().cycle().enumerate() {
        let name = match &step {
            Ok(step) => state_of(step),
            Err(_) => "failed".to_owned(),
        };
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        if *times <= SHOWN {
            trace.shown.push(match &step {
                Ok(step) => format!("{step:?}"),
                Err(error) => format!("{error:?} {error} {}", error.remedy()),
            });
        }
        trace.edge = format!("{state} -- {reply} --> {name}");
        trace.edges.insert(trace.edge.clone());
        trace.need = step.as_ref().map_or("", need);
        state = name;
        if taken > bound {
            return trace;
        }
        trace.steps = taken;
        let before = trace.now;
        trace.now = next.after(before);
        step = match step {
            Err(error) => {
                trace.ended = Some(Err(error.code().to_owned()));
                return trace;
            }
            Ok(Step::Done(_)) => {
                trace.ended = Some(Ok(()));
                return trace;
            }
            Ok(Step::Send { request, resume }) => {
                trace.requests.push(request);
                let outcome = next.outcome(&trace.requests);
                pace.answered(&outcome, trace.now);
                reply = if outcome.is_ok() { "answer" } else { "no answer" };
                resume.with(outcome, trace.now)
            }
            Ok(Step::Wait { until, resume }) => {
                pace.check(&state, before, until, reply == "too early");
                trace.now = next.after_wait(before, until);
                let early = trace.now < until;
                reply = if early { "too early" } else { "time" };
                let step = resume.with((), trace.now);
                if early {
                    let again = matches!(&step, Ok(Step::Wait { until: again, .. }) if *again == until);
                    assert!(again, "a wait that was answered early must come again unchanged, not {step:?}");
                }
                step
            }
            Ok(Step::Show { prompt, resume }) => {
                pace.shown(&prompt);
                reply = "shown";
                resume.with((), trace.now)
            }
            Ok(Step::Sign { input, resume }) => {
                trace.signed.push(input);
                reply = if next.signer.is_none() { "signature" } else { "no signature" };
                resume.with(next.signature(), trace.now)
            }
            Ok(Step::Assert { request, resume }) => {
                trace.asserted.push(request);
                reply = if next.signer.is_none() { "assertion" } else { "no assertion" };
                resume.with(next.assertion(), trace.now)
            }
            Ok(Step::Load { query, resume }) => {
                reply = if next.read { "read" } else { "not read" };
                resume.with(next.view(memory, &query), trace.now)
            }
            Ok(Step::Save { update, resume }) => {
                trace.shown.push(format!("{update:?}"));
                reply = if next.kept { "kept" } else { "not kept" };
                resume.with(next.keep(memory, &update), trace.now)
            }
        };
    }
    trace
}

/// What the service asked for: how long to stay away, and how long to wait between two polls.
#[derive(Debug, Default)]
struct Pace {
    asked: Option<Timestamp>,
    interval: Option<Duration>,
}

impl Pace {
    fn shown(&mut self, prompt: &Prompt) {
        let pending = serde_json::to_value(&prompt.pending).expect("it is data");
        self.interval = pending["interval_ms"].as_u64().map(Duration::from_millis);
        self.asked = None;
    }

    fn answered(&mut self, outcome: &Outcome, now: Timestamp) {
        let Ok(response) = outcome else {
            self.asked = None;
            return;
        };
        let header = response.headers.get("retry-after").and_then(|value| value.to_str().ok());
        // An hour at most, as flows have it.
        let seconds = header.and_then(|text| text.parse::<u64>().ok()).map(|seconds| seconds.min(3600));
        self.asked = seconds.map(|seconds| now.after(Duration::from_secs(seconds)));
        let body: Option<serde_json::Value> = serde_json::from_slice(response.body.expose()).ok();
        if body.is_some_and(|body| body["error"] == "slow_down") {
            self.interval = self.interval.map(|interval| interval + Duration::from_secs(5));
        }
    }

    fn check(&self, state: &str, now: Timestamp, until: Timestamp, again: bool) {
        if let Some(asked) = self.asked {
            assert!(until >= asked, "{state} waits until {until:?}, where {asked:?} was asked for");
        }
        // A wait that comes again was checked the first time; what is left of it is shorter.
        if let (Some(interval), "ExpectTurn", false) = (self.interval, state, again) {
            assert!(until.since(now) >= interval, "{state} polls again after {:?}", until.since(now));
        }
    }
}

fn need<T>(step: &Step<T>) -> &'static str {
    match step {
        Step::Send { .. } => "send",
        Step::Wait { .. } => "wait",
        Step::Show { .. } => "show",
        Step::Sign { .. } => "sign",
        Step::Assert { .. } => "assert",
        Step::Load { .. } => "load",
        Step::Save { .. } => "save",
        Step::Done(_) => "",
    }
}

/// The name of the state that a step waits in.
fn state_of<T: fmt::Debug>(step: &Step<T>) -> String {
    name(&match step {
        Step::Done(_) => return "done".to_owned(),
        Step::Send { resume, .. } => format!("{resume:?}"),
        Step::Wait { resume, .. } | Step::Show { resume, .. } => format!("{resume:?}"),
        Step::Sign { resume, .. } => format!("{resume:?}"),
        Step::Assert { resume, .. } => format!("{resume:?}"),
        Step::Load { resume, .. } => format!("{resume:?}"),
        Step::Save { resume, .. } => format!("{resume:?}"),
    })
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

/// A host that gives the replies of a walk, for the driver.
#[derive(Debug)]
pub struct Player<'a> {
    replies: std::iter::Cycle<std::slice::Iter<'a, Reply>>,
    left: usize,
    now: Timestamp,
    memory: &'a mut Memory,
    /// What was sent.
    pub requests: Vec<Request>,
}

impl<'a> Player<'a> {
    /// Gives these replies, over and over.
    ///
    /// # Panics
    /// Later, when more than `bound` of them were given.
    #[must_use]
    pub fn new(now: Timestamp, replies: &'a [Reply], memory: &'a mut Memory, bound: usize) -> Self {
        Self { replies: replies.iter().cycle(), left: bound, now, memory, requests: Vec::new() }
    }

    fn next(&mut self) -> &'a Reply {
        self.left = self.left.checked_sub(1).expect("the flow goes on and on");
        let next = self.replies.next().expect("there are replies");
        self.now = next.after(self.now);
        next
    }
}

impl Host for Player<'_> {
    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn send(&mut self, request: Request) -> Outcome {
        self.requests.push(request);
        self.next().outcome(&self.requests)
    }

    fn wait(&mut self, until: Timestamp) {
        let before = self.now;
        self.now = self.next().after_wait(before, until);
    }

    fn show(&mut self, _prompt: Prompt) {
        self.next();
    }

    fn sign(&mut self, _input: SigningInput) -> Result<Signature, SignerError> {
        self.next().signature()
    }

    fn assert(&mut self, _request: AssertionRequest) -> Result<Secret, SignerError> {
        self.next().assertion()
    }

    fn load(&mut self, query: CacheQuery) -> Result<CacheView, StoreError> {
        self.next().view(self.memory, &query)
    }

    fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        let next = self.next();
        next.keep(self.memory, &update)
    }
}
