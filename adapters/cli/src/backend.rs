//! The same flow over either backend.

use std::io;
use std::sync::Arc;

use entrada_core::error::Error;
use entrada_core::negotiate::Negotiator;
use entrada_core::step::{Flow, StepEvent};

use crate::args::Backend;
use crate::report::Failure;

/// How the services are reached.
#[derive(Default)]
pub(crate) struct Reach {
    /// Certificate authorities to trust beside the platform's.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// What makes Negotiate tokens.
    pub(crate) integrated: Option<Arc<dyn Negotiator>>,
    /// Whether the system's proxy is passed by.
    pub(crate) direct: bool,
}

/// Runs `flow` over `backend`, and tells `observer` what happens.
pub(crate) fn acquire<F>(
    backend: Backend,
    reach: Reach,
    flow: F,
    observer: impl FnMut(StepEvent<'_>) + Send,
) -> Result<F::Output, Failure>
where
    F: Flow + Send,
    F::Output: Send,
{
    match backend {
        Backend::Blocking => blocking(reach, flow, observer),
        Backend::Tokio => tokio(reach, flow, observer),
    }
}

fn blocking<F: Flow>(
    reach: Reach,
    flow: F,
    observer: impl FnMut(StepEvent<'_>),
) -> Result<F::Output, Failure> {
    let mut settings = entrada_blocking::Settings::default();
    settings.extra_root_certificates = reach.certificates;
    settings.integrated = reach.integrated;
    if reach.direct {
        settings.proxy = entrada_blocking::Proxy::None;
    }
    let host = entrada_blocking::HttpHost::new(settings).map_err(Failure::setup)?;
    host.acquire_observed(flow, observer).map_err(failed)
}

fn tokio<F>(reach: Reach, flow: F, observer: impl FnMut(StepEvent<'_>) + Send) -> Result<F::Output, Failure>
where
    F: Flow + Send,
    F::Output: Send,
{
    let mut settings = entrada_tokio::Settings::default();
    settings.extra_root_certificates = reach.certificates;
    settings.integrated = reach.integrated;
    if reach.direct {
        settings.proxy = entrada_tokio::Proxy::None;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error: io::Error| Failure::Other(error.to_string()))?;
    let host = entrada_tokio::HttpHost::new(settings).map_err(Failure::setup)?;
    runtime.block_on(host.acquire_observed(flow, observer)).map_err(failed)
}

fn failed(error: Error) -> Failure {
    Failure::Flow(error)
}
