//! The host as blocking code sees it, so that the tests of the blocking adapter serve this one too.

use std::sync::LazyLock;

use entrada_core::cache::{CacheDocument, CacheUpdate, StoreError};
use entrada_core::error::Error;
use entrada_core::http::{Outcome, Request};
use entrada_core::step::{AsyncHost, Flow, Host, StepEvent};
use entrada_core::time::Timestamp;
use entrada_tokio::{Settings, SetupError};
use tokio::runtime::{Builder, Handle};

/// A runtime that turns on a thread of its own, so that connections live on between two calls.
static RUNTIME: LazyLock<Handle> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    handle
});

#[derive(Debug, Clone)]
pub(crate) struct HttpHost(entrada_tokio::HttpHost);

impl HttpHost {
    pub(crate) fn new(settings: Settings) -> Result<Self, SetupError> {
        entrada_tokio::HttpHost::new(settings).map(Self)
    }

    pub(crate) fn acquire_observed<F>(
        &self,
        flow: F,
        observer: impl FnMut(StepEvent<'_>) + Send,
    ) -> Result<F::Output, Error>
    where
        F: Flow,
        F::Output: Send,
    {
        RUNTIME.block_on(self.0.acquire_observed(flow, observer))
    }

    pub(crate) fn cache(&self) -> CacheDocument {
        self.0.cache()
    }
}

impl Host for HttpHost {
    fn now(&mut self) -> Timestamp {
        self.0.now()
    }

    fn send(&mut self, request: Request) -> Outcome {
        RUNTIME.block_on(self.0.send(request))
    }

    fn wait(&mut self, until: Timestamp) {
        RUNTIME.block_on(self.0.wait(until));
    }

    fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        RUNTIME.block_on(self.0.save(update))
    }
}
