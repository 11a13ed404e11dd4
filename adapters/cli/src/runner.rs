//! What runs flows for a command, and shows what happens.

use std::io::{self, Stderr, Write};
use std::path::Path;
use std::sync::Arc;

use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::cache::StoreError;
use entrada_core::flow::authorization_code::StartSignIn;
use entrada_core::result::AuthenticationResult;
use entrada_core::step::{Flow, StepEvent};
use entrada_host::Interactive;
use entrada_tokio::Settings;

use crate::args::{AppArgs, Backend, TrustArgs};
use crate::backend::Client;
use crate::cache::Cache;
use crate::client;
use crate::report::{Failure, Progress, plain};
use crate::screen::Screen;

/// The authority that the options name.
pub(crate) fn authority(args: &AppArgs) -> Result<Authority, Failure> {
    let options = AuthorityOptions::default()
        .allow_http_loopback(args.allow_http_loopback)
        .instance_discovery(!args.no_instance_discovery);
    client::authority(&args.authority, args.authority_kind, options)
}

/// The way to the service that the options describe.
pub(crate) fn settings(args: &TrustArgs) -> Result<Settings, Failure> {
    let mut settings = Settings::new();
    settings.extra_root_certificates =
        args.ca_certificates.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    Ok(settings)
}

/// A file that an option names.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// Runs flows over one cache, one after the other.
pub(crate) struct Runner {
    client: Client,
    cache: Cache,
    screen: Screen,
    progress: Progress<Stderr>,
    /// What the cache could not do.
    failures: Vec<StoreError>,
}

impl Runner {
    pub(crate) fn new(
        backend: Backend,
        mut settings: Settings,
        cache: Cache,
        quiet: bool,
    ) -> Result<Self, Failure> {
        let screen = Screen::new();
        let shown = screen.clone();
        settings.show = Arc::new(move |prompt| shown.show(prompt));
        settings.store = cache.store();
        let client = Client::new(backend, settings)?;
        let progress = Progress::new((!quiet).then(io::stderr));
        Ok(Self { client, cache, screen, progress, failures: Vec::new() })
    }

    /// Where tokens are kept.
    pub(crate) const fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Runs a flow.
    pub(crate) fn run<F>(&mut self, flow: F) -> Result<F::Output, Failure>
    where
        F: Flow + Send,
        F::Output: Send,
    {
        let Self { client, screen, progress, failures, .. } = self;
        let ended = client.acquire(flow, |event| {
            observe(progress, failures, &event);
            if screen.is_live() && matches!(event, StepEvent::Showing { .. }) {
                // The countdown has the last line to itself.
                progress.mute();
            }
        });
        screen.close();
        ended
    }

    /// Runs a sign-in in the browser of this machine.
    pub(crate) fn run_interactive(
        &mut self,
        flow: StartSignIn,
        interactive: &Interactive,
    ) -> Result<AuthenticationResult, Failure> {
        let Self { client, progress, failures, .. } = self;
        client.acquire_interactive(flow, interactive, |event| observe(progress, failures, &event))
    }

    /// Tells on standard error what is wrong with the cache, unless `ended` is about to be told and says the same.
    pub(crate) fn warn<T>(&mut self, ended: &Result<T, Failure>) {
        let told = match ended {
            Err(Failure::Flow(error)) => error.to_string(),
            _ => String::new(),
        };
        let warnings = self.cache.take_warnings().into_iter().map(|warning| warning.to_string());
        let failures = self.failures.drain(..).map(|failure| failure.to_string());
        for warning in warnings.chain(failures).filter(|warning| *warning != told) {
            // If standard error is gone, nobody is there to be warned.
            let _ = writeln!(io::stderr(), "warning: {}", plain(&warning));
        }
    }
}

fn observe(progress: &mut Progress<Stderr>, failures: &mut Vec<StoreError>, event: &StepEvent<'_>) {
    progress.on(event);
    let failure = match event {
        StepEvent::Loaded { failure: Some(failure) } => failure,
        StepEvent::Saved { kept: Err(failure) } => failure,
        _ => return,
    };
    if !failures.contains(failure) {
        failures.push(failure.clone());
    }
}
