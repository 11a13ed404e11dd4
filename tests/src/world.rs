//! A host whose every answer is written down beforehand, with virtual time.

use std::collections::VecDeque;
use std::time::Duration;

use entrada_core::cache::{CacheDocument, CacheUpdate, StoreError};
use entrada_core::error::Error;
use entrada_core::http::{Outcome, Request, Response, TransportErrorKind};
use entrada_core::result::AuthenticationResult;
use entrada_core::seed::Seed;
use entrada_core::step::{Flow, Host, run};
use entrada_core::time::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// When every scripted flow starts.
pub const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A world in which each request finds the answer that the script has next.
#[derive(Debug)]
pub struct World {
    answers: VecDeque<(String, Outcome)>,
    now: Timestamp,
    /// What was sent, in order.
    pub sent: Vec<Request>,
    /// When each request was sent.
    pub sent_at: Vec<Timestamp>,
    /// What was kept.
    pub cache: CacheDocument,
    /// How many changes were kept.
    pub saves: usize,
    /// Why nothing can be kept, if so.
    pub broken_store: Option<StoreError>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            answers: VecDeque::new(),
            now: START,
            sent: Vec::new(),
            sent_at: Vec::new(),
            cache: CacheDocument::default(),
            saves: 0,
            broken_store: None,
        }
    }
}

impl World {
    /// The next request must have `fragment` in its URL, and finds this answer.
    #[must_use]
    pub fn answer(self, fragment: &str, status: u16, body: impl Into<Vec<u8>>) -> Self {
        self.answer_with(fragment, status, &[], body)
    }

    /// As [`answer`](Self::answer), with headers.
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

    /// Runs a flow to its end. Every answer of the script must have been used.
    ///
    /// # Errors
    /// The flow's own.
    pub fn run<F: Flow<Output = AuthenticationResult>>(
        &mut self,
        flow: F,
    ) -> Result<AuthenticationResult, Error> {
        let result = flow.start(START, Seed::new([7; 32])).and_then(|step| run(step, self, |_| {}));
        assert!(self.answers.is_empty(), "not asked for: {:?}; the end was {result:?}", self.answers);
        result
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

impl Host for World {
    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn send(&mut self, request: Request) -> Outcome {
        let (fragment, outcome) =
            self.answers.pop_front().unwrap_or_else(|| panic!("the script has no answer to {request:?}"));
        assert!(request.url.as_str().contains(&fragment), "asked {} instead of {fragment}", request.url);
        self.sent.push(request);
        self.sent_at.push(self.now);
        self.now = self.now.after(Duration::from_millis(10));
        outcome
    }

    fn wait(&mut self, until: Timestamp) {
        self.now = self.now.max(until);
    }

    fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        if let Some(error) = &self.broken_store {
            return Err(error.clone());
        }
        self.cache.apply(&update);
        self.saves += 1;
        Ok(())
    }
}
