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
use entrada_core::step::{self, AsyncHost, Flow, Step, StepEvent};
use entrada_core::time::Timestamp;
use entrada_host::{Interactive, Reception, Settings, SetupError, SharedMemory, now, seed, tls_config};
use reqwest::Client;

use crate::flights::SharedFlights;
use crate::negotiate::{self, Connector};
use crate::{reception, send, settings};

/// Answers flows over HTTP, without blocking.
///
/// Clones are cheap and share connections and token cache, so that tasks can each have one.
#[derive(Clone)]
pub struct HttpHost {
    client: Client,
    connector: Connector,
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
        let tls = tls_config(&settings)?;
        let proxies = settings::proxies(&settings.proxy)?;
        let client = settings::client(&settings, tls.clone())?;
        let connector = Connector::new(tls, proxies, settings.connect_timeout);
        let Settings { integrated, signer, show, store, .. } = settings;
        Ok(Self {
            client,
            connector,
            integrated,
            signer,
            show,
            memory: SharedMemory::new(store),
            flights: SharedFlights::default(),
        })
    }

    /// Runs a flow to its end. Dropping the future abandons it.
    ///
    /// # Errors
    /// The flow's own; and `no_randomness` if the operating system gives none.
    pub async fn acquire<F>(&self, flow: F) -> Result<F::Output, Error>
    where
        F: Flow,
        F::Output: Send,
    {
        self.acquire_observed(flow, |_event| {}).await
    }

    /// Runs a flow to its end, and tells `observer` what happens: what logs and traces are made of.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_observed<F>(
        &self,
        flow: F,
        observer: impl FnMut(StepEvent<'_>) + Send,
    ) -> Result<F::Output, Error>
    where
        F: Flow,
        F::Output: Send,
    {
        let Some(flight) = flow.flight() else {
            return self.run_observed(flow.start(now(), seed()?)?, observer).await;
        };
        match self.flights.join(&flight.key).await {
            Ok(leader) => {
                let output = self.run_observed(flow.start(now(), seed()?)?, observer).await;
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
    pub async fn run<T: Send>(&self, step: Step<T>) -> Result<T, Error> {
        self.run_observed(step, |_event| {}).await
    }

    /// Runs a flow that was started elsewhere, and tells `observer` what happens.
    ///
    /// # Errors
    /// The flow's own.
    pub async fn run_observed<T: Send>(
        &self,
        step: Step<T>,
        observer: impl FnMut(StepEvent<'_>) + Send,
    ) -> Result<T, Error> {
        step::run_async(step, &mut self.clone(), observer).await
    }

    /// Signs a user in with the browser of this machine: listens at the redirect URI, opens the browser, waits for the
    /// answer and redeems its code. Dropping the future gives up and closes every socket.
    ///
    /// The redirect URI must be of http on this machine, such as `http://localhost`, without a port where the provider
    /// takes any, as Entra does. Whatever else knocks at it is answered and forgotten.
    ///
    /// Where the browser is on another machine, run the parts: [`acquire`](Self::acquire) the sign-in, let the user paste
    /// the address that the browser was sent to, and give it to
    /// [`SignIn::accept`](entrada_core::flow::authorization_code::SignIn::accept).
    ///
    /// # Errors
    /// `sign_in_timed_out` if no answer comes in time, `redirect_port_in_use` if another program listens at the redirect
    /// URI, `redirect_listener_failed` if this one cannot; else those of accepting and redeeming the answer.
    pub async fn acquire_interactive(
        &self,
        flow: StartSignIn,
        interactive: &Interactive,
    ) -> Result<AuthenticationResult, Error> {
        self.acquire_interactive_observed(flow, interactive, |_event| {}).await
    }

    /// As [`acquire_interactive`](Self::acquire_interactive), and tells `observer` what happens.
    ///
    /// # Errors
    /// As there.
    pub async fn acquire_interactive_observed(
        &self,
        flow: StartSignIn,
        interactive: &Interactive,
        mut observer: impl FnMut(StepEvent<'_>) + Send,
    ) -> Result<AuthenticationResult, Error> {
        let Reception { flow, listeners } = Reception::open(flow)?;
        let app = flow.app.clone();
        let sign_in = self.acquire_observed(flow, &mut observer).await?;
        let listener = interactive.listener(&sign_in)?;
        interactive.open_or_show(sign_in.url());
        let answer = reception::wait(listeners, listener, interactive.timeout)
            .await
            .map_err(|error| Fault::SignIn(SignInFault::NoListener { detail: error.to_string() }))?
            .ok_or_else(|| interactive.timed_out())?;
        let code = sign_in.accept(answer.redirect.expose())?;
        self.acquire_observed(code.redeem(app), observer).await
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

impl AsyncHost for HttpHost {
    fn now(&mut self) -> Timestamp {
        now()
    }

    async fn send(&mut self, request: Request) -> Outcome {
        let timeout = request.timeout;
        if timeout.is_zero() {
            // The timer is looked at after the request, which may be answered by then.
            return Err(TransportErrorKind::Timeout.into());
        }
        let outcome = async {
            match (&request.auth, &self.integrated) {
                (HttpAuth::Negotiate(service), Some(negotiator)) => {
                    let service = service.clone();
                    negotiate::send(&self.connector, Arc::clone(negotiator), service, &request).await
                }
                (HttpAuth::Negotiate(_), None) => {
                    Err(TransportError::new(TransportErrorKind::Negotiate, NO_NEGOTIATOR))
                }
                _ => send::send(&self.client, request).await,
            }
        };
        match tokio::time::timeout(timeout, outcome).await {
            Ok(outcome) => outcome,
            Err(_) => Err(TransportErrorKind::Timeout.into()),
        }
    }

    async fn wait(&mut self, until: Timestamp) {
        tokio::time::sleep(until.since(now())).await;
    }

    async fn show(&mut self, prompt: Prompt) {
        (self.show)(&prompt);
    }

    async fn sign(&mut self, input: SigningInput) -> Result<Signature, SignerError> {
        let signer = self.signer.clone().ok_or(SignerErrorKind::Unavailable)?;
        off_thread(move || signer.sign(&input)).await
    }

    async fn assert(&mut self, request: AssertionRequest) -> Result<Secret, SignerError> {
        let signer = self.signer.clone().ok_or(SignerErrorKind::Unavailable)?;
        off_thread(move || signer.assert(&request)).await
    }

    async fn load(&mut self, query: CacheQuery) -> Result<CacheView, StoreError> {
        let memory = self.memory.clone();
        if !memory.blocks() {
            return memory.load(&query);
        }
        let loaded = tokio::task::spawn_blocking(move || memory.load(&query)).await;
        loaded.unwrap_or_else(|_| Err(StoreError::new("the store panicked")))
    }

    async fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        let memory = self.memory.clone();
        if !memory.blocks() {
            return memory.save(&update);
        }
        let saved = tokio::task::spawn_blocking(move || memory.save(&update)).await;
        saved.unwrap_or_else(|_| Err(StoreError::new("the store panicked")))
    }
}

/// A signature takes a millisecond of the processor, or a vault's answer: neither is for a thread of the runtime.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SignerError> + Send + 'static,
) -> Result<T, SignerError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(SignerError::new(SignerErrorKind::Other, "the signer panicked")))
}
