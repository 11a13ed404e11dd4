//! A host whose every answer is written down beforehand, with virtual time.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::time::Duration;

use entrada_core::cache::{CacheQuery, CacheUpdate, CacheView, Memory, StoreError};
use entrada_core::error::Error;
use entrada_core::flow::device_code::Prompt;
use entrada_core::http::{Outcome, Request, Response, TransportErrorKind};
use entrada_core::secret::Secret;
use entrada_core::seed::Seed;
use entrada_core::signer::{AssertionRequest, Signature, SignerError, SigningInput};
use entrada_core::step::{Flow, Host, run};
use entrada_core::time::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// When the first scripted flow of a world starts.
pub const START: Timestamp = Timestamp::from_secs(1_700_000_000);
/// How long every answer takes.
pub const ANSWER: Duration = Duration::from_millis(10);
/// What a signer signs with where the script says nothing else.
pub const SIGNATURE: &[u8] = b"signature";

/// A world in which each request finds the answer that the script has next.
///
/// It remembers what flows learn, so one can be run after another.
#[derive(Debug)]
pub struct World {
    answers: VecDeque<(String, Outcome)>,
    signatures: VecDeque<Result<Signature, SignerError>>,
    assertions: VecDeque<Result<Secret, SignerError>>,
    runs: u8,
    /// The time.
    pub now: Timestamp,
    /// What was sent, in order.
    pub sent: Vec<Request>,
    /// When each request was sent.
    pub sent_at: Vec<Timestamp>,
    /// What a person was shown.
    pub shown: Vec<Prompt>,
    /// What was to be signed.
    pub signed: Vec<SigningInput>,
    /// Which assertions were asked for.
    pub asserted: Vec<AssertionRequest>,
    /// What was looked up.
    pub loaded: Vec<CacheQuery>,
    /// What flows learned.
    pub memory: Memory,
    /// How many changes were kept.
    pub saves: usize,
    /// Why nothing can be kept, if so.
    pub broken_store: Option<StoreError>,
    /// Why nothing can be looked up, if so.
    pub unreadable_store: Option<StoreError>,
    /// What another process does while the next request is on its way.
    pub meanwhile: Option<fn(&mut Memory)>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            answers: VecDeque::new(),
            signatures: VecDeque::new(),
            assertions: VecDeque::new(),
            runs: 0,
            now: START,
            sent: Vec::new(),
            sent_at: Vec::new(),
            shown: Vec::new(),
            signed: Vec::new(),
            asserted: Vec::new(),
            loaded: Vec::new(),
            memory: Memory::default(),
            saves: 0,
            broken_store: None,
            unreadable_store: None,
            meanwhile: None,
        }
    }
}

impl World {
    /// A world in which this is remembered.
    #[must_use]
    pub fn remembering(memory: Memory) -> Self {
        Self { memory, ..Self::default() }
    }

    /// The next request must have `fragment` in its URL, and finds this answer.
    #[must_use]
    pub fn answer(self, fragment: &str, status: u16, body: impl Into<Vec<u8>>) -> Self {
        self.answer_with(fragment, status, &[], body)
    }

    /// As [`answer`](Self::answer), with headers; in them `{state}` stands for the state of the last authorization request.
    #[must_use]
    pub fn answer_with(
        mut self,
        fragment: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Self {
        let status = StatusCode::from_u16(status).expect("the script names a status");
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::try_from(*name).expect("the script names a header");
                (name, HeaderValue::from_str(value).expect("the script gives a header's value"))
            })
            .collect();
        self.answers.push_back((fragment.to_owned(), Ok(Response::new(status, headers, body.into()))));
        self
    }

    /// The next request must have `fragment` in its URL, and finds no answer.
    #[must_use]
    pub fn fail(mut self, fragment: &str, kind: TransportErrorKind) -> Self {
        self.answers.push_back((fragment.to_owned(), Err(kind.into())));
        self
    }

    /// What the signer next replies; [`SIGNATURE`] where nothing is said.
    #[must_use]
    pub fn signs(mut self, reply: Result<Signature, SignerError>) -> Self {
        self.signatures.push_back(reply);
        self
    }

    /// What the application next replies to a demand for an assertion.
    #[must_use]
    pub fn asserts(mut self, reply: Result<Secret, SignerError>) -> Self {
        self.assertions.push_back(reply);
        self
    }

    /// The same world, some time later.
    #[must_use]
    pub fn later(mut self, pause: Duration) -> Self {
        self.now = self.now.after(pause);
        self
    }

    /// Runs a flow to its end. Every answer of the script must have been used.
    ///
    /// # Errors
    /// The flow's own.
    pub fn run<F: Flow>(&mut self, flow: F) -> Result<F::Output, Error>
    where
        F::Output: Debug,
    {
        // No two flows have the same randomness.
        let seed = Seed::new([7 + self.runs; 32]);
        self.runs += 1;
        let result = flow.start(self.now, seed).and_then(|step| run(step, self, |_| {}));
        assert!(self.answers.is_empty(), "not asked for: {:?}; the end was {result:?}", self.answers);
        assert!(self.signatures.is_empty() && self.assertions.is_empty(), "a signer was not asked");
        result
    }

    /// How long it took from the request before to the one at this place.
    #[must_use]
    pub fn pause_before(&self, at: usize) -> Duration {
        self.sent_at[at].since(self.sent_at[at - 1].after(ANSWER))
    }

    /// The body of the request at this place, as text.
    #[must_use]
    pub fn body(&self, at: usize) -> &str {
        std::str::from_utf8(self.sent[at].body.expose()).expect("bodies are text")
    }

    /// The form fields of the request at this place.
    #[must_use]
    pub fn form(&self, at: usize) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.sent[at].body.expose()).into_owned().collect()
    }

    /// One form field of the request at this place.
    #[must_use]
    pub fn field(&self, at: usize, name: &str) -> Option<String> {
        let mut values = self.form(at).into_iter().filter(|(field, _)| field == name).map(|(_, value)| value);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }
}

/// A header's value in which `{state}` stands for the state of the last authorization request.
#[must_use]
pub fn with_state(value: &HeaderValue, sent: &[Request]) -> HeaderValue {
    let of = |request: &Request| {
        request.url.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned())
    };
    let filled = value
        .to_str()
        .ok()
        .filter(|text| text.contains("{state}"))
        .map(|text| text.replace("{state}", &sent.iter().rev().find_map(of).unwrap_or_default()));
    filled.and_then(|text| HeaderValue::try_from(text).ok()).unwrap_or_else(|| value.clone())
}

impl Host for World {
    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn send(&mut self, request: Request) -> Outcome {
        let (fragment, outcome) =
            self.answers.pop_front().unwrap_or_else(|| panic!("the script has no answer to {request:?}"));
        assert!(request.url.as_str().contains(&fragment), "asked {} instead of {fragment}", request.url);
        if let Some(act) = self.meanwhile.take() {
            act(&mut self.memory);
        }
        self.sent.push(request);
        let outcome = outcome.map(|mut response| {
            for value in response.headers.values_mut() {
                *value = with_state(value, &self.sent);
            }
            response
        });
        self.sent_at.push(self.now);
        self.now = self.now.after(ANSWER);
        outcome
    }

    fn wait(&mut self, until: Timestamp) {
        self.now = self.now.max(until);
    }

    fn show(&mut self, prompt: Prompt) {
        self.shown.push(prompt);
    }

    fn sign(&mut self, input: SigningInput) -> Result<Signature, SignerError> {
        self.signed.push(input);
        self.signatures.pop_front().unwrap_or_else(|| Ok(Signature::new(SIGNATURE)))
    }

    fn assert(&mut self, request: AssertionRequest) -> Result<Secret, SignerError> {
        self.asserted.push(request);
        self.assertions.pop_front().expect("the script has an assertion")
    }

    fn load(&mut self, query: CacheQuery) -> Result<CacheView, StoreError> {
        let view = self.memory.load(&query);
        self.loaded.push(query);
        self.unreadable_store.clone().map_or(Ok(view), Err)
    }

    fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        if let Some(error) = &self.broken_store {
            return Err(error.clone());
        }
        self.memory.save(&update);
        self.saves += 1;
        Ok(())
    }
}
