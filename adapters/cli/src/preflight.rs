//! `entrada preflight`: which flows can work, without asking anybody.

use std::io::{self, Write};

use entrada_core::application::{Application, ClientCredential};
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::error::Error;
use entrada_core::preflight::{FlowKind, preflight};
use serde_json::{Value, json};

use crate::args::PreflightArgs;
use crate::client;
use crate::report::{Failure, plain};

/// Says it of one flow, or of them all.
pub(crate) fn run(args: &PreflightArgs) -> Result<(), Failure> {
    let options = AuthorityOptions::default().allow_http_loopback(args.allow_http_loopback);
    let mut authority = client::authority(&args.authority, args.authority_kind, options)?;
    if let Some(tenant) = &args.tenant {
        authority = authority.with_tenant(tenant).map_err(Failure::Flow)?;
    }
    match args.flow {
        Some(flow) => one(args, flow, &authority),
        None => all(args, &authority),
    }
}

fn application(authority: &Authority, confidential: bool) -> Application {
    // How it would prove itself makes no difference here.
    let credential = confidential.then_some(ClientCredential::AskForAssertion);
    client::application("preflight", authority.clone(), credential)
}

/// Whether it can work, else why not.
fn verdict(flow: FlowKind, app: &Application) -> Result<(), Error> {
    preflight(flow, app).map_err(Error::from)
}

fn one(args: &PreflightArgs, flow: FlowKind, authority: &Authority) -> Result<(), Failure> {
    let verdict = verdict(flow, &application(authority, args.confidential));
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", row(flow, args.confidential, authority, &verdict))?;
    } else if verdict.is_ok() {
        let client = if args.confidential { "a confidential" } else { "a public" };
        writeln!(
            out,
            "{flow} can work for {client} client with {authority} ({}); the service has the last word",
            authority.kind().as_str()
        )?;
    }
    out.flush()?;
    verdict.map_err(Failure::Flow)
}

fn all(args: &PreflightArgs, authority: &Authority) -> Result<(), Failure> {
    let apps = [application(authority, false), application(authority, true)];
    let mut out = io::stdout().lock();
    if args.json {
        let rows: Vec<Value> = FlowKind::ALL
            .into_iter()
            .flat_map(|flow| {
                [false, true]
                    .into_iter()
                    .zip(&apps)
                    .map(move |(confidential, app)| row(flow, confidential, authority, &verdict(flow, app)))
            })
            .collect();
        writeln!(out, "{}", Value::Array(rows))?;
        return Ok(out.flush()?);
    }
    writeln!(out, "authority: {} ({})\n", authority, authority.kind().as_str())?;
    writeln!(out, "{:<26}{:<30}confidential client", "flow", "public client")?;
    for flow in FlowKind::ALL {
        let [public, confidential] = apps.each_ref().map(|app| match verdict(flow, app) {
            Ok(()) => "yes".to_owned(),
            Err(error) => plain(error.code()),
        });
        writeln!(out, "{:<26}{public:<30}{confidential}", flow.as_str().replace('_', "-"))?;
    }
    Ok(out.flush()?)
}

fn row(flow: FlowKind, confidential: bool, authority: &Authority, verdict: &Result<(), Error>) -> Value {
    let error = verdict.as_ref().err();
    json!({
        "flow": flow.as_str(), "confidential": confidential, "authority": authority.as_str(),
        "authority_kind": authority.kind().as_str(), "works": verdict.is_ok(),
        "code": error.map(Error::code), "message": error.map(Error::to_string), "remedy": error.map(Error::remedy)
    })
}
