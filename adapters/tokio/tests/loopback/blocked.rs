//! The host as blocking code sees it, so that the tests of the blocking adapter serve this one too.

use std::sync::LazyLock;

use entrada_core::cache::{CacheQuery, CacheUpdate, CacheView, StoreError, TokenCache};
use entrada_core::error::Error;
use entrada_core::flow::authorization_code::StartSignIn;
use entrada_core::flow::device_code::Prompt;
use entrada_core::http::{Outcome, Request};
use entrada_core::result::AuthenticationResult;
use entrada_core::step::{AsyncHost, Flow, Host, StepEvent};
use entrada_core::time::Timestamp;
use entrada_tokio::{Interactive, Settings, SetupError};
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

    pub(crate) fn acquire_interactive(
        &self,
        flow: StartSignIn,
        interactive: &Interactive,
    ) -> Result<AuthenticationResult, Error> {
        RUNTIME.block_on(self.0.acquire_interactive(flow, interactive))
    }

    pub(crate) fn acquire_interactive_observed(
        &self,
        flow: StartSignIn,
        interactive: &Interactive,
        observer: impl FnMut(StepEvent<'_>) + Send,
    ) -> Result<AuthenticationResult, Error> {
        RUNTIME.block_on(self.0.acquire_interactive_observed(flow, interactive, observer))
    }

    pub(crate) fn cache(&self) -> TokenCache {
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

    fn show(&mut self, prompt: Prompt) {
        RUNTIME.block_on(self.0.show(prompt));
    }

    fn load(&mut self, query: CacheQuery) -> Result<CacheView, StoreError> {
        RUNTIME.block_on(self.0.load(query))
    }

    fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        RUNTIME.block_on(self.0.save(update))
    }
}
