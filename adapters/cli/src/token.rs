//! `entrada token`: the real thing.

mod silent;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use entrada_core::application::{Application, RequestOptions};
use entrada_core::authority::{Authority, AuthorityKind};
use entrada_core::flow::adfs_integrated_auth::AdfsIntegratedAuth;
use entrada_core::flow::authorization_code::StartSignIn;
use entrada_core::flow::client_credentials::ClientCredentials;
use entrada_core::flow::device_code::DeviceCode;
use entrada_core::flow::integrated_windows_auth::IntegratedWindowsAuth;
use entrada_core::flow::on_behalf_of::OnBehalfOf;
use entrada_core::flow::refresh_token::RefreshToken;
use entrada_core::flow::username_password::UsernamePassword;
use entrada_core::preflight;
use entrada_core::result::AuthenticationResult;
use entrada_host::Interactive;
use entrada_identity::IdentityError;
use zeroize::Zeroizing;

use crate::args::{BrowserArgs, ClientArgs, FlowKind, NetworkArgs, Output, TokenArgs, UserArgs};
use crate::cache::Cache;
use crate::client::{self, confidential, public};
use crate::identity;
use crate::report::{self, Failure};
use crate::runner::{self, Runner, read};
use crate::secrets::{self, Source};
use crate::why::Why;

/// Gets a token and prints it.
pub(crate) fn run(args: &mut TokenArgs) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let ended = acquire(args, &mut out);
    let told = match &ended {
        Err(Failure::Flow(error)) => Some(entrada_json::error_json(error)),
        Err(Failure::Identity(error)) => Some(identity::error_json(error)),
        _ => None,
    };
    if let (Output::Json, Some(error)) = (args.output(), told) {
        // Told on standard error as well, with the exit code; that goes before a pipe that is closed.
        let _ = writeln!(out, "{{\"error\":{error}}}");
    }
    ended
}

/// As [`run`], but for failures. A token that is ageing is replaced after it was printed.
fn acquire(args: &mut TokenArgs, out: &mut impl Write) -> Result<(), Failure> {
    let why = Why::new(args.why);
    let (mut runner, app, options) = prepare(args)?;
    // If nobody knows who the user is, the cache may.
    let unknown = match args.flow {
        FlowKind::Iwa if args.user.username.is_none() => {
            let found = identity::username(args.network.quiet);
            found.map(|name| args.user.username = Some(name)).err()
        }
        _ => None,
    };
    let ended = start(args, app, options, unknown, &mut runner, why);
    runner.warn(&ended);
    if let Err(Failure::Flow(error)) = &ended {
        why.failed(error);
    }
    let result = ended?;
    why.got(&result);
    print(out, args.output(), &result)?;
    out.flush()?;
    if let Some(refresh) = result.refresh {
        // If it fails, there is the old one for a while, and another time.
        let ended = runner.run(refresh);
        runner.warn(&ended);
        match ended {
            Ok(_) => why.say("a new one was due, and is kept for the next time"),
            Err(_) => why.say("a new one was due, and could not be got"),
        }
    }
    Ok(())
}

/// Whatever can be wrong before anything is sent.
fn prepare(args: &TokenArgs) -> Result<(Runner, Application, RequestOptions), Failure> {
    check(args)?;
    let options = options(args)?;
    let authority = runner::authority(&args.app)?;
    if args.flow == FlowKind::Iwa && is_adfs(&authority) && args.user.username.is_some() {
        let reason = "--username goes not with --flow iwa at an AD FS, which sees by the ticket who it is";
        return Err(Failure::Usage(reason.to_owned()));
    }
    let mut settings = runner::settings(&args.network.trust)?;
    let NetworkArgs { backend, quiet, .. } = args.network;
    let cache = Cache::open_if_possible(&args.cache, quiet)?;
    Why::new(args.why).say(&format!("the cache: {}", cache.name()));
    let mut proof = client::proof(&args.client)?;
    if proof.is_none() && matches!(args.flow, FlowKind::ClientCredentials | FlowKind::OnBehalfOf) {
        proof = Some(client::proof_by_prompt(&args.client)?);
    }
    let (credential, signer) = proof.map_or((None, None), |proof| (Some(proof.credential), proof.signer));
    settings.signer = signer;
    settings.integrated = matches!(args.flow, FlowKind::Iwa).then(identity::negotiator);
    let app = client::application(&args.app.client_id, authority, credential);
    Ok((Runner::new(backend, settings, cache, quiet)?, app, options))
}

/// Asks the cache; then fills in the flow and runs it.
fn start(
    args: &TokenArgs,
    app: Application,
    mut options: RequestOptions,
    unknown: Option<IdentityError>,
    runner: &mut Runner,
    why: Why,
) -> Result<AuthenticationResult, Failure> {
    if let Some(result) = silent::first(args, &app, &mut options, runner, why)? {
        return Ok(result);
    }
    // AD FS itself sees who it is.
    if let Some(error) = unknown.filter(|_| !is_adfs(app.authority())) {
        return Err(Failure::Identity(error));
    }
    let TokenArgs { user, browser, client, .. } = args;
    let scopes = args.scopes.clone();
    // The flow says what is wrong with a name that is missing.
    let username = user.username.clone().unwrap_or_default();
    match args.flow {
        FlowKind::Silent => silent::only(args, &app, &options, runner),
        FlowKind::Iwa if is_adfs(app.authority()) => {
            let app = public(preflight::FlowKind::AdfsIntegratedAuth, app)?;
            let mut flow = AdfsIntegratedAuth::new(app, scopes, redirect_uri(browser));
            flow.options = options;
            runner.run(flow)
        }
        FlowKind::Iwa => {
            let app = public(preflight::FlowKind::IntegratedWindowsAuth, app)?;
            let mut flow = IntegratedWindowsAuth::new(app, scopes, username);
            flow.options = options;
            runner.run(flow)
        }
        FlowKind::UsernamePassword => {
            let prompt = format!("Password for {}", report::plain(&username));
            let password = password(user).read(&prompt)?;
            let mut flow = UsernamePassword::new(app, scopes, username, password);
            flow.options = options;
            runner.run(flow)
        }
        FlowKind::DeviceCode => {
            let mut flow = DeviceCode::new(public(preflight::FlowKind::DeviceCode, app)?, scopes);
            flow.options = options;
            runner.run(flow)
        }
        FlowKind::Interactive => {
            let mut flow = StartSignIn::new(app, scopes, redirect_uri(browser));
            flow.prompt = browser.prompt;
            flow.domain_hint.clone_from(&browser.domain_hint);
            flow.options = options;
            runner.run_interactive(flow, &interactive(browser))
        }
        FlowKind::ClientCredentials => {
            let mut app = confidential(preflight::FlowKind::ClientCredentials, app)?;
            app.region =
                client.region.as_deref().map(|name| name.parse()).transpose().map_err(Failure::Flow)?;
            let mut flow = ClientCredentials::new(app, scopes);
            flow.force_refresh = args.force_refresh;
            flow.options = options;
            runner.run(flow)
        }
        FlowKind::OnBehalfOf => {
            let app = confidential(preflight::FlowKind::OnBehalfOf, app)?;
            let assertion = assertion(user).read("The caller's access token")?;
            let mut flow = OnBehalfOf::new(app, scopes, assertion);
            flow.force_refresh = args.force_refresh;
            flow.options = options;
            runner.run(flow)
        }
        FlowKind::RefreshToken => {
            let token = refresh_token(user).read("Refresh token")?;
            let mut flow = RefreshToken::new(app, scopes, token);
            flow.options = options;
            runner.run(flow)
        }
    }
}

fn is_adfs(authority: &Authority) -> bool {
    matches!(authority.kind(), AuthorityKind::AdFs)
}

fn redirect_uri(args: &BrowserArgs) -> &str {
    args.redirect_uri.as_deref().unwrap_or("http://localhost")
}

/// The browser as the options want it.
fn interactive(args: &BrowserArgs) -> Interactive {
    let mut interactive = Interactive::new();
    if let Some(seconds) = args.sign_in_timeout {
        interactive.timeout = Duration::from_secs(seconds);
    }
    if args.no_browser {
        interactive.open = Arc::new(|_| Err(io::ErrorKind::Unsupported.into()));
    } else {
        // Of a browser that was started nobody learns whether it shows anything: the address is always said.
        let open = Arc::clone(&interactive.open);
        interactive.open = Arc::new(move |url| {
            eprintln!(
                "To sign in, use the browser that opens, or open this address in one of this machine:\n{url}"
            );
            open(url)
        });
    }
    interactive
}

/// Finds what cannot go together before anything is asked or read.
fn check(args: &TokenArgs) -> Result<(), Failure> {
    if let Some((option, flows)) = args.misplaced() {
        let flows: Vec<_> = flows.iter().map(|flow| flow.name()).collect();
        return Err(Failure::Usage(format!("{option} goes with --flow {}", flows.join(" or "))));
    }
    // What clap calls `requires` holds no longer where another credential is given.
    let ClientArgs { certificate, send_x5c, pfx_password_env, .. } = &args.client;
    if certificate.is_none() && (*send_x5c || pfx_password_env.is_some()) {
        return Err(Failure::Usage("--send-x5c and --pfx-password-env go with --certificate".to_owned()));
    }
    let UserArgs { password_stdin, assertion_stdin, refresh_token_stdin, .. } = &args.user;
    // Where nothing is said, these flows read standard input.
    let by_default = match args.flow {
        FlowKind::UsernamePassword => args.user.password_env.is_none(),
        FlowKind::OnBehalfOf => args.user.assertion_env.is_none(),
        FlowKind::RefreshToken => args.user.refresh_token_env.is_none(),
        FlowKind::Iwa
        | FlowKind::DeviceCode
        | FlowKind::Interactive
        | FlowKind::ClientCredentials
        | FlowKind::Silent => false,
    };
    let users = *password_stdin || *assertion_stdin || *refresh_token_stdin || by_default;
    if users && args.client.client_secret_stdin {
        return Err(Failure::Usage(
            "standard input holds one secret: name an environment variable for the other".to_owned(),
        ));
    }
    Ok(())
}

fn options(args: &TokenArgs) -> Result<RequestOptions, Failure> {
    let mut options = RequestOptions::default();
    options.claims = args.claims.as_deref().map(text_or_file).transpose()?;
    options.correlation_id = args.correlation_id.clone();
    options.tenant = args.tenant.clone();
    options.login_hint = args.user.login_hint.clone();
    options.fmi_path = args.client.fmi_path.clone();
    options.federation_metadata = args.user.federation_metadata.as_deref().map(read_text).transpose()?;
    Ok(options)
}

fn password(args: &UserArgs) -> Source<'_> {
    let env = args.password_env.as_deref();
    Source { what: "password", limit: secrets::PASSWORD, env, stdin: args.password_stdin }
}

fn assertion(args: &UserArgs) -> Source<'_> {
    let env = args.assertion_env.as_deref();
    Source { what: "caller's access token", limit: secrets::TOKEN, env, stdin: args.assertion_stdin }
}

fn refresh_token(args: &UserArgs) -> Source<'_> {
    let env = args.refresh_token_env.as_deref();
    Source { what: "refresh token", limit: secrets::TOKEN, env, stdin: args.refresh_token_stdin }
}

fn print(out: &mut impl Write, output: Output, result: &AuthenticationResult) -> io::Result<()> {
    match output {
        Output::Token => writeln!(out, "{}", result.access_token.expose()),
        Output::Json => {
            let json = Zeroizing::new(entrada_json::result_json(result));
            writeln!(out, "{}", *json)
        }
        Output::Text => {
            report::describe(out, result)?;
            writeln!(out, "access token:   {}", result.access_token.expose())
        }
    }
}

fn text_or_file(text: &str) -> Result<String, Failure> {
    text.strip_prefix('@').map_or_else(|| Ok(text.to_owned()), |path| read_text(Path::new(path)))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_| Failure::Usage(format!("{}: not UTF-8", path.display())))
}
