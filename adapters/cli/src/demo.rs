//! `entrada demo`: a flow against the emulator, each step shown.

use std::io::{self, Write};
use std::sync::Arc;

use entrada_core::application::PublicClientApplication;
use entrada_core::secret::Secret;
use entrada_emulator::negotiator::ScriptedNegotiator;
use entrada_emulator::{Config, Emulator, world};
use entrada_tokio::{Proxy, Settings};

use crate::args::{Backend, DemoArgs, FlowKind};
use crate::backend;
use crate::report::{self, Failure, Progress};

/// Runs the flow over https against an emulator of its own, and shows what came of it.
pub(crate) fn run(args: &DemoArgs) -> Result<(), Failure> {
    let emulator = Emulator::start(Config { tls: true, ..Config::default() })
        .map_err(|error| Failure::Other(format!("the emulator cannot be started: {error}")))?;
    let user = world::FEDERATED_USER;
    let mut out = io::stdout();
    let how = match args.flow {
        FlowKind::Iwa => "by integrated Windows authentication, with no prompt",
        FlowKind::UsernamePassword => "by user name and password",
    };
    let backend = match args.backend {
        Backend::Blocking => "blocking (ureq)",
        Backend::Tokio => "tokio (reqwest)",
    };
    writeln!(out, "{user} signs in {how}.")?;
    writeln!(out, "emulator: {}", emulator.authority())?;
    writeln!(out, "backend:  {backend}\n")?;

    let authority = emulator.authority().parse().map_err(Failure::Flow)?;
    let app = PublicClientApplication::new(world::CLIENT_ID, authority);
    let mut settings = Settings::new();
    settings.extra_root_certificates =
        emulator.ca_certificate_pem().map(String::into_bytes).into_iter().collect();
    settings.integrated = Some(Arc::new(ScriptedNegotiator { upn: user.to_owned() }));
    settings.proxy = Proxy::None;
    let mut progress = Progress::new(Some(io::stdout()));
    let scopes = [world::SCOPE];
    let result = match args.flow {
        FlowKind::Iwa => {
            let flow = app.acquire_token_by_integrated_windows_auth(scopes, user);
            backend::acquire(args.backend, settings, flow, |event| progress.on(&event))
        }
        FlowKind::UsernamePassword => {
            let password = Secret::new(world::PASSWORD);
            let flow = app.acquire_token_by_username_password(scopes, user, password);
            backend::acquire(args.backend, settings, flow, |event| progress.on(&event))
        }
    }?;
    progress.end()?;

    writeln!(out)?;
    report::describe(&mut out, &result)?;
    writeln!(out, "access token:   {} characters, not shown", result.access_token.expose().len())?;
    if let Some(claims) = &result.id_token_claims {
        writeln!(out, "id token claims:")?;
        for (name, value) in claims.as_map() {
            writeln!(out, "  {}: {}", report::plain(name), report::plain(&value.to_string()))?;
        }
    }
    out.flush()?;
    match emulator.violations().as_slice() {
        [] => Ok(()),
        violations => Err(Failure::Other(format!("the emulator objects: {}", violations.join("; ")))),
    }
}
