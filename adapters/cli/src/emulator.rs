//! `entrada emulator`: the emulator, served for other programs.

use std::io::{self, Write};

use entrada_emulator::{Config, Emulator};

use crate::args::EmulatorArgs;
use crate::report::Failure;

/// Serves until standard input ends.
pub(crate) fn run(args: &EmulatorArgs) -> Result<(), Failure> {
    let emulator = Emulator::start(config(args)?)
        .map_err(|error| Failure::Other(format!("the emulator cannot be started: {error}")))?;
    let mut out = io::stdout();
    let (config, authority) = (emulator.config(), emulator.authority());
    writeln!(out, "authority: {authority}")?;
    match (emulator.ca_certificate_pem(), &args.write_ca_certificate) {
        (None, _) => {}
        (Some(pem), None) => writeln!(out, "certificate authority:\n{}", pem.trim_end())?,
        (Some(pem), Some(path)) => {
            let unwritable = |error| Failure::Usage(format!("{}: {error}", path.display()));
            std::fs::write(path, pem).map_err(unwritable)?;
            writeln!(out, "certificate authority: {}", path.display())?;
        }
    }
    for app in config.apps.iter().filter(|app| app.public) {
        let consented = if app.consented { "" } else { " (nobody has consented)" };
        writeln!(out, "client id: {}{consented}", app.client_id)?;
    }
    for app in config.apps.iter().filter(|app| !app.public) {
        for secret in &app.secrets {
            writeln!(out, "confidential client id: {} (secret: {secret})", app.client_id)?;
        }
    }
    for user in &config.users {
        writeln!(out, "user: {} (password: {})", user.upn, user.password)?;
    }
    writeln!(out, "serving until the input ends; this is no security boundary")?;
    out.flush()?;
    io::copy(&mut io::stdin().lock(), &mut io::sink())
        .map_err(|error| Failure::Other(format!("the input cannot be read: {error}")))?;
    Ok(())
}

fn config(args: &EmulatorArgs) -> Result<Config, Failure> {
    let mut config = match &args.config {
        None => Config::default(),
        Some(path) => {
            let unusable =
                |reason: &dyn std::fmt::Display| Failure::Usage(format!("{}: {reason}", path.display()));
            let text = std::fs::read(path).map_err(|error| unusable(&error))?;
            serde_json::from_slice(&text).map_err(|error| unusable(&error))?
        }
    };
    config.port = args.port.unwrap_or(config.port);
    config.tls |= args.https;
    Ok(config)
}
