//! The host: it answers a flow's steps over HTTP.

use std::fmt;
use std::sync::Arc;

use entrada_core::cache::{CacheQuery, CacheUpdate, CacheView, StoreError, TokenCache};
use entrada_core::error::{Error, Fault, SignInFault};
use entrada_core::flow::authorization_code::StartSignIn;
use entrada_core::flow::device_code::Prompt;
use entrada_core::http::{HttpAuth, Outcome, Request, TransportError, TransportErrorKind};
use entrada_core::negotiate::{NO_NEGOTIATOR, Negotiator};
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_core::signer::{AssertionRequest, Signature, Signer, SignerError, SignerErrorKind, SigningInput};
use entrada_core::step::{self, Flow, Host, Step, StepEvent};
use entrada_core::time::Timestamp;
use entrada_host::{Interactive, Reception, Settings, SetupError, SharedMemory, now, seed, tls_config};
use rustls::ClientConfig;
use ureq::Agent;

use crate::flights::SharedFlights;
use crate::{connect, negotiate, reception, send, settings};

/// Answers flows over HTTP, blocking the calling thread.
///
/// Clones are cheap and share connections and token cache, so that threads can each have one.
#[derive(Clone)]
pub struct HttpHost {
    agent: Agent,
    tls: Arc<ClientConfig>,
    integrated: Option<Arc<dyn Negotiator>>,
    signer: Option<Arc<dyn Signer>>,
    show: Arc<dyn Fn(&Prompt) + Send + Sync>,
    memory: SharedMemory,
    flights: SharedFlights,
}

impl HttpHost {
    /// Makes a host; it opens no connection yet.
    ///
    /// # Errors
    /// If a certificate or the proxy's address cannot be used, or nothing is trusted.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let tls = Arc::new(tls_config(&settings)?);
        let agent = connect::agent(settings::config(&settings)?, Arc::clone(&tls));
        let Settings { integrated, signer, show, store, .. } = settings;
        Ok(Self {
            agent,
            tls,
            integrated,
            signer,
            show,
            memory: SharedMemory::new(store),
            flights: SharedFlights::default(),
        })
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
        let Some(flight) = flow.flight() else {
            return self.run_observed(flow.start(now(), seed()?)?, observer);
        };
        match self.flights.join(&flight.key) {
            Ok(leader) => {
                let output = self.run_observed(flow.start(now(), seed()?)?, observer);
                leader.land(&output.as_ref().map(flight.share).map_err(Clone::clone));
                output
            }
            Err(answer) => (*answer).map(flight.shared),
        }
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

    /// Signs a user in with the browser of this machine: listens at the redirect URI, opens the browser, waits for the
    /// answer and redeems its code.
    ///
    /// The redirect URI must be of http on this machine, such as `http://localhost`, without a port where the provider
    /// takes any, as Entra does. Whatever else knocks at it is answered and forgotten.
    ///
    /// The wait cannot be broken off before [`Interactive::timeout`]. Where the browser is on another machine, run the
    /// parts: [`acquire`](Self::acquire) the sign-in, let the user paste the address that the browser was sent to, and give
    /// it to [`SignIn::accept`](entrada_core::flow::authorization_code::SignIn::accept).
    ///
    /// # Errors
    /// `sign_in_timed_out` if no answer comes in time, `redirect_port_in_use` if another program listens at the redirect
    /// URI, `redirect_listener_failed` if this one cannot; else those of accepting and redeeming the answer.
    pub fn acquire_interactive(
        &self,
        flow: StartSignIn,
        interactive: &Interactive,
    ) -> Result<AuthenticationResult, Error> {
        self.acquire_interactive_observed(flow, interactive, |_event| {})
    }

    /// As [`acquire_interactive`](Self::acquire_interactive), and tells `observer` what happens.
    ///
    /// # Errors
    /// As there.
    pub fn acquire_interactive_observed(
        &self,
        flow: StartSignIn,
        interactive: &Interactive,
        mut observer: impl FnMut(StepEvent<'_>),
    ) -> Result<AuthenticationResult, Error> {
        let Reception { flow, listeners } = Reception::open(flow)?;
        let app = flow.app.clone();
        let sign_in = self.acquire_observed(flow, &mut observer)?;
        let listener = interactive.listener(&sign_in)?;
        interactive.open_or_show(sign_in.url());
        let redirect = reception::wait(&listeners, &listener, interactive.timeout)
            .map_err(|error| Fault::SignIn(SignInFault::NoListener { detail: error.to_string() }))?
            .ok_or_else(|| interactive.timed_out())?;
        drop(listeners);
        let code = sign_in.accept(redirect.expose())?;
        self.acquire_observed(code.redeem(app), observer)
    }

    /// The token cache as it is now. It holds the tokens in clear text.
    #[must_use]
    pub fn cache(&self) -> TokenCache {
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
                negotiate::send(self.agent.config(), &self.tls, Arc::clone(negotiator), service, &request)
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
        self.memory.load(&query)
    }

    fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        self.memory.save(&update)
    }
}
