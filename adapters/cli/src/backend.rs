//! The same flow over either backend.

use entrada_core::flow::authorization_code::StartSignIn;
use entrada_core::result::AuthenticationResult;
use entrada_core::step::{Flow, StepEvent};
use entrada_host::Interactive;
use entrada_tokio::Settings;
use tokio::runtime::Runtime;

use crate::args::Backend;
use crate::report::Failure;

/// Runs `flow` over `backend`, and tells `observer` what happens.
pub(crate) fn acquire<F>(
    backend: Backend,
    settings: Settings,
    flow: F,
    observer: impl FnMut(StepEvent<'_>) + Send,
) -> Result<F::Output, Failure>
where
    F: Flow + Send,
    F::Output: Send,
{
    let result = match backend {
        Backend::Blocking => entrada_blocking::HttpHost::new(settings)?.acquire_observed(flow, observer),
        Backend::Tokio => {
            let runtime = runtime()?;
            let host = entrada_tokio::HttpHost::new(settings)?;
            runtime.block_on(host.acquire_observed(flow, observer))
        }
    };
    result.map_err(Failure::Flow)
}

/// As [`acquire`], with the browser of this machine.
pub(crate) fn acquire_interactive(
    backend: Backend,
    settings: Settings,
    flow: StartSignIn,
    interactive: &Interactive,
    observer: impl FnMut(StepEvent<'_>) + Send,
) -> Result<AuthenticationResult, Failure> {
    let result = match backend {
        Backend::Blocking => {
            let host = entrada_blocking::HttpHost::new(settings)?;
            host.acquire_interactive_observed(flow, interactive, observer)
        }
        Backend::Tokio => {
            let runtime = runtime()?;
            let host = entrada_tokio::HttpHost::new(settings)?;
            runtime.block_on(host.acquire_interactive_observed(flow, interactive, observer))
        }
    };
    result.map_err(Failure::Flow)
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Other(error.to_string()))
}
