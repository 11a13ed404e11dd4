//! The same flow over either backend.

use entrada_core::step::{Flow, StepEvent};
use entrada_tokio::Settings;

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
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Failure::Other(error.to_string()))?;
            let host = entrada_tokio::HttpHost::new(settings)?;
            runtime.block_on(host.acquire_observed(flow, observer))
        }
    };
    result.map_err(Failure::Flow)
}
