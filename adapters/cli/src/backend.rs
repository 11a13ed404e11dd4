//! The same flow over either backend.

use entrada_core::flow::authorization_code::StartSignIn;
use entrada_core::result::AuthenticationResult;
use entrada_core::step::{Flow, StepEvent};
use entrada_host::Interactive;
use entrada_tokio::Settings;
use tokio::runtime::Runtime;

use crate::args::Backend;
use crate::report::Failure;

/// What runs flows, one after the other: they share connections, and what they learn.
pub(crate) enum Client {
    /// Over ureq.
    Blocking(entrada_blocking::HttpHost),
    /// Over reqwest.
    Tokio(Box<Async>),
}

/// A host and what drives it.
pub(crate) struct Async {
    runtime: Runtime,
    host: entrada_tokio::HttpHost,
}

impl Client {
    /// Makes one; it opens no connection yet.
    pub(crate) fn new(backend: Backend, settings: Settings) -> Result<Self, Failure> {
        Ok(match backend {
            Backend::Blocking => Self::Blocking(entrada_blocking::HttpHost::new(settings)?),
            Backend::Tokio => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|error| Failure::Other(error.to_string()))?;
                Self::Tokio(Box::new(Async { runtime, host: entrada_tokio::HttpHost::new(settings)? }))
            }
        })
    }

    /// Runs `flow`, and tells `observer` what happens.
    pub(crate) fn acquire<F>(
        &self,
        flow: F,
        observer: impl FnMut(StepEvent<'_>) + Send,
    ) -> Result<F::Output, Failure>
    where
        F: Flow + Send,
        F::Output: Send,
    {
        let result = match self {
            Self::Blocking(host) => host.acquire_observed(flow, observer),
            Self::Tokio(tokio) => tokio.runtime.block_on(tokio.host.acquire_observed(flow, observer)),
        };
        result.map_err(Failure::Flow)
    }

    /// As [`acquire`](Self::acquire), with the browser of this machine.
    pub(crate) fn acquire_interactive(
        &self,
        flow: StartSignIn,
        interactive: &Interactive,
        observer: impl FnMut(StepEvent<'_>) + Send,
    ) -> Result<AuthenticationResult, Failure> {
        let result = match self {
            Self::Blocking(host) => host.acquire_interactive_observed(flow, interactive, observer),
            Self::Tokio(tokio) => {
                let Async { runtime, host } = &**tokio;
                runtime.block_on(host.acquire_interactive_observed(flow, interactive, observer))
            }
        };
        result.map_err(Failure::Flow)
    }
}
