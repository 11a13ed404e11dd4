//! The host: it answers a flow's steps over HTTP.

use std::fmt;
use std::sync::Arc;

use entrada_core::cache::{CacheDocument, CacheQuery, CacheUpdate, CacheView, StoreError};
use entrada_core::error::Error;
use entrada_core::flow::device_code::Prompt;
use entrada_core::http::{HttpAuth, Outcome, Request, TransportError, TransportErrorKind};
use entrada_core::negotiate::{NO_NEGOTIATOR, Negotiator};
use entrada_core::secret::Secret;
use entrada_core::signer::{AssertionRequest, Signature, Signer, SignerError, SignerErrorKind, SigningInput};
use entrada_core::step::{self, Flow, Host, Step, StepEvent};
use entrada_core::time::Timestamp;
use entrada_host::{Settings, SetupError, SharedMemory, now, seed};
use ureq::Agent;

use crate::{connect, negotiate, send, settings};

/// Answers flows over HTTP, blocking the calling thread.
///
/// Clones are cheap and share connections and token cache, so that threads can each have one.
#[derive(Clone)]
pub struct HttpHost {
    agent: Agent,
    integrated: Option<Arc<dyn Negotiator>>,
    signer: Option<Arc<dyn Signer>>,
    show: Arc<dyn Fn(&Prompt) + Send + Sync>,
    memory: SharedMemory,
}

impl HttpHost {
    /// Makes a host; it opens no connection yet.
    ///
    /// # Errors
    /// If a certificate or the proxy's address cannot be used, or nothing is trusted.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let agent = connect::agent(settings::config(&settings)?);
        let Settings { integrated, signer, show, .. } = settings;
        Ok(Self { agent, integrated, signer, show, memory: SharedMemory::default() })
    }

    /// Runs a flow to its end.
    ///
    /// # Errors
    /// The flow's own; and `no_randomness` if the operating system gives none.
    pub fn acquire<F: Flow>(&self, flow: F) -> Result<F::Output, Error> {
        self.acquire_observed(flow, |_event| {})
    }

    /// Runs a flow to its end, and tells `observer` what happens: what logs and traces are made of.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    pub fn acquire_observed<F: Flow>(
        &self,
        flow: F,
        observer: impl FnMut(StepEvent<'_>),
    ) -> Result<F::Output, Error> {
        self.run_observed(flow.start(now(), seed()?)?, observer)
    }

    /// Runs a flow that was started elsewhere, from this step to its end.
    ///
    /// # Errors
    /// The flow's own.
    pub fn run<T>(&self, step: Step<T>) -> Result<T, Error> {
        self.run_observed(step, |_event| {})
    }

    /// Runs a flow that was started elsewhere, and tells `observer` what happens.
    ///
    /// # Errors
    /// The flow's own.
    pub fn run_observed<T>(&self, step: Step<T>, observer: impl FnMut(StepEvent<'_>)) -> Result<T, Error> {
        step::run(step, &mut self.clone(), observer)
    }

    /// The token cache as it is now. It holds the tokens in clear text.
    #[must_use]
    pub fn cache(&self) -> CacheDocument {
        self.memory.tokens()
    }
}

impl fmt::Debug for HttpHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpHost").field("integrated", &self.integrated.is_some()).finish_non_exhaustive()
    }
}

impl Host for HttpHost {
    fn now(&mut self) -> Timestamp {
        now()
    }

    fn send(&mut self, request: Request) -> Outcome {
        match (&request.auth, &self.integrated) {
            (HttpAuth::Negotiate(service), Some(negotiator)) => {
                let service = service.clone();
                negotiate::send(self.agent.config(), Arc::clone(negotiator), service, &request)
            }
            (HttpAuth::Negotiate(_), None) => {
                Err(TransportError::new(TransportErrorKind::Negotiate, NO_NEGOTIATOR))
            }
            _ => {
                let timeout = request.timeout;
                send::send(&self.agent, request, timeout)
            }
        }
    }

    fn wait(&mut self, until: Timestamp) {
        std::thread::sleep(until.since(now()));
    }

    fn show(&mut self, prompt: Prompt) {
        (self.show)(&prompt);
    }

    fn sign(&mut self, input: SigningInput) -> Result<Signature, SignerError> {
        self.signer.as_ref().ok_or(SignerErrorKind::Unavailable)?.sign(&input)
    }

    fn assert(&mut self, request: AssertionRequest) -> Result<Secret, SignerError> {
        self.signer.as_ref().ok_or(SignerErrorKind::Unavailable)?.assert(&request)
    }

    fn load(&mut self, query: CacheQuery) -> Result<CacheView, StoreError> {
        Ok(self.memory.load(&query))
    }

    fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        self.memory.save(&update);
        Ok(())
    }
}
