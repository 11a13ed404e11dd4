//! The host: it answers a flow's steps over HTTP.

use std::fmt;
use std::sync::Arc;

use entrada_core::cache::{CacheDocument, CacheUpdate, StoreError};
use entrada_core::error::Error;
use entrada_core::http::{HttpAuth, Outcome, Request, TransportError, TransportErrorKind};
use entrada_core::negotiate::{NO_NEGOTIATOR, Negotiator};
use entrada_core::step::{self, AsyncHost, Flow, Step, StepEvent};
use entrada_core::time::Timestamp;
use entrada_host::{Settings, SetupError, SharedCache, now, seed};
use reqwest::Client;

use crate::negotiate::{self, Connector};
use crate::{send, settings};

/// Answers flows over HTTP, without blocking.
///
/// Clones are cheap and share connections and token cache, so that tasks can each have one.
#[derive(Clone)]
pub struct HttpHost {
    client: Client,
    connector: Connector,
    integrated: Option<Arc<dyn Negotiator>>,
    cache: SharedCache,
}

impl HttpHost {
    /// Makes a host; it opens no connection yet.
    ///
    /// # Errors
    /// If a certificate or the proxy's address cannot be used, or nothing is trusted.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let tls = settings::tls(&settings)?;
        let proxies = settings::proxies(&settings.proxy)?;
        let client = settings::client(&settings, tls.clone())?;
        let connector = Connector::new(tls, proxies, settings.connect_timeout);
        Ok(Self { client, connector, integrated: settings.integrated, cache: SharedCache::default() })
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
        self.run_observed(flow.start(now(), seed()?)?, observer).await
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

    /// The token cache as it is now. It holds the tokens in clear text.
    #[must_use]
    pub fn cache(&self) -> CacheDocument {
        self.cache.document()
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

    async fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        self.cache.apply(&update);
        Ok(())
    }
}
