//! `entrada demo`: a flow against the emulator, each step shown.

mod acts;
mod silent;

use std::io::{self, Stdout, Write};
use std::sync::Arc;

use entrada_core::flow::authorization_code::StartSignIn;
use entrada_core::result::AuthenticationResult;
use entrada_core::step::Flow;
use entrada_emulator::negotiator::ScriptedNegotiator;
use entrada_emulator::{Config, Emulator, world};
use entrada_host::Interactive;
use entrada_tokio::{Proxy, Settings};

use crate::args::{Backend, DemoArgs, FlowKind};
use crate::backend::Client;
use crate::report::{self, Failure, Progress};

/// Runs the flow over https against an emulator of its own, and shows what came of it.
pub(crate) fn run(args: &DemoArgs) -> Result<(), Failure> {
    // A device is asked about every second, as nobody has to type.
    let config = Config {
        tls: true,
        device_interval_seconds: 1,
        refresh_in_seconds: (args.flow == FlowKind::Silent).then_some(silent::REFRESH_IN_SECONDS),
        ..Config::default()
    };
    let emulator = Emulator::start(config)
        .map_err(|error| Failure::Other(format!("the emulator cannot be started: {error}")))?;
    let mut stage = Stage::new(Arc::new(emulator), args.backend);
    writeln!(stage.out, "emulator: {}", stage.emulator.authority())?;
    let backend = match args.backend {
        Backend::Blocking => "blocking (ureq)",
        Backend::Tokio => "tokio (reqwest)",
    };
    writeln!(stage.out, "backend:  {backend}")?;
    acts::play(&mut stage, args.flow)?;
    stage.out.flush()?;
    match stage.emulator.violations().as_slice() {
        [] => Ok(()),
        violations => Err(Failure::Other(format!("the emulator objects: {}", violations.join("; ")))),
    }
}

/// Where the flows are run.
struct Stage {
    emulator: Arc<Emulator>,
    backend: Backend,
    settings: Settings,
    out: Stdout,
}

impl Stage {
    fn new(emulator: Arc<Emulator>, backend: Backend) -> Self {
        let mut settings = Settings::new();
        settings.extra_root_certificates =
            emulator.ca_certificate_pem().map(String::into_bytes).into_iter().collect();
        settings.integrated = Some(Arc::new(ScriptedNegotiator { upn: world::FEDERATED_USER.to_owned() }));
        settings.proxy = Proxy::None;
        Self { emulator, backend, settings, out: io::stdout() }
    }

    /// Says what comes next.
    fn announce(&mut self, text: &str) -> Result<(), Failure> {
        Ok(writeln!(self.out, "\n{text}\n")?)
    }

    /// Runs one flow and shows its steps.
    fn run<F>(&self, flow: F) -> Result<F::Output, Failure>
    where
        F: Flow + Send,
        F::Output: Send,
    {
        let mut progress = Progress::new(Some(io::stdout()));
        let output =
            Client::new(self.backend, self.settings.clone())?.acquire(flow, |event| progress.on(&event))?;
        progress.end()?;
        Ok(output)
    }

    /// Runs a sign-in in a browser and shows its steps.
    fn run_interactive(
        &self,
        flow: StartSignIn,
        browser: &Interactive,
    ) -> Result<AuthenticationResult, Failure> {
        let mut progress = Progress::new(Some(io::stdout()));
        let client = Client::new(self.backend, self.settings.clone())?;
        let result = client.acquire_interactive(flow, browser, |event| progress.on(&event))?;
        progress.end()?;
        Ok(result)
    }

    /// Shows a result, but no token.
    fn show(&mut self, result: &AuthenticationResult) -> Result<(), Failure> {
        let out = &mut self.out;
        writeln!(out)?;
        report::describe(out, result)?;
        writeln!(out, "access token:   {} characters, not shown", result.access_token.expose().len())?;
        if let Some(claims) = &result.id_token_claims {
            writeln!(out, "id token claims:")?;
            for (name, value) in claims.as_map() {
                writeln!(out, "  {}: {}", report::plain(name), report::plain(&value.to_string()))?;
            }
        }
        Ok(())
    }
}
