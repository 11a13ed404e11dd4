//! `entrada token`: the real thing.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use entrada_core::application::{Application, RequestOptions};
use entrada_core::authority::AuthorityOptions;
use entrada_core::flow::authorization_code::StartSignIn;
use entrada_core::flow::client_credentials::ClientCredentials;
use entrada_core::flow::device_code::DeviceCode;
use entrada_core::flow::integrated_windows_auth::IntegratedWindowsAuth;
use entrada_core::flow::on_behalf_of::OnBehalfOf;
use entrada_core::flow::refresh_token::RefreshToken;
use entrada_core::flow::username_password::UsernamePassword;
use entrada_core::preflight;
use entrada_core::result::AuthenticationResult;
use entrada_core::step::{Flow, StepEvent};
use entrada_host::Interactive;
use entrada_tokio::Settings;
use zeroize::Zeroizing;

use crate::args::{Backend, BrowserArgs, ClientArgs, FlowKind, Output, TokenArgs, UserArgs};
use crate::backend;
use crate::client::{self, confidential, public};
use crate::report::{self, Failure, Progress};
use crate::screen::Screen;
use crate::secrets::{self, Source};

/// Gets a token and prints it.
pub(crate) fn run(args: TokenArgs) -> Result<(), Failure> {
    let output = args.output();
    let mut out = io::stdout().lock();
    match acquire(args) {
        Ok(result) => print(&mut out, output, &result)?,
        Err(failure) => {
            if let (Output::Json, Failure::Flow(error)) = (output, &failure) {
                // Told on standard error as well, with the exit code; that goes before a pipe that is closed.
                let _ = writeln!(out, "{{\"error\":{}}}", entrada_json::error_json(error));
            }
            return Err(failure);
        }
    }
    Ok(out.flush()?)
}

fn acquire(args: TokenArgs) -> Result<AuthenticationResult, Failure> {
    check(&args)?;
    let options = options(&args)?;
    let authority_options = AuthorityOptions::default()
        .allow_http_loopback(args.allow_http_loopback)
        .instance_discovery(!args.no_instance_discovery);
    let authority = client::authority(&args.authority, args.authority_kind, authority_options)?;
    let mut settings = Settings::new();
    settings.extra_root_certificates =
        args.ca_certificates.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let mut proof = client::proof(&args.client)?;
    if proof.is_none() && matches!(args.flow, FlowKind::ClientCredentials | FlowKind::OnBehalfOf) {
        proof = Some(client::proof_by_prompt(&args.client)?);
    }
    let (credential, signer) = proof.map_or((None, None), |proof| (Some(proof.credential), proof.signer));
    settings.signer = signer;
    let app = client::application(&args.client_id, authority, credential);
    start(args, app, options, Runner::new(settings))
}

/// Fills in the flow and runs it.
fn start(
    args: TokenArgs,
    app: Application,
    options: RequestOptions,
    runner: Runner,
) -> Result<AuthenticationResult, Failure> {
    let TokenArgs { flow, scopes, user, browser, client, backend, quiet, .. } = args;
    // The flow says what is wrong with a name that is missing.
    let username = user.username.clone().unwrap_or_default();
    let runner = Runner { backend, quiet, ..runner };
    match flow {
        FlowKind::Iwa => {
            let app = public(preflight::FlowKind::IntegratedWindowsAuth, app)?;
            let mut flow = IntegratedWindowsAuth::new(app, scopes, username);
            flow.options = options;
            runner.run(flow)
        }
        FlowKind::UsernamePassword => {
            let prompt = format!("Password for {}", report::plain(&username));
            let password = password(&user).read(&prompt)?;
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
            let redirect_uri = browser.redirect_uri.as_deref().unwrap_or("http://localhost");
            let mut flow = StartSignIn::new(app, scopes, redirect_uri);
            flow.prompt = browser.prompt;
            flow.domain_hint.clone_from(&browser.domain_hint);
            flow.options = options;
            runner.run_interactive(flow, &interactive(&browser))
        }
        FlowKind::ClientCredentials => {
            let mut app = confidential(preflight::FlowKind::ClientCredentials, app)?;
            app.region = client.region.map(|name| name.parse()).transpose().map_err(Failure::Flow)?;
            let mut flow = ClientCredentials::new(app, scopes);
            flow.options = options;
            runner.run(flow)
        }
        FlowKind::OnBehalfOf => {
            let app = confidential(preflight::FlowKind::OnBehalfOf, app)?;
            let assertion = assertion(&user).read("The caller's access token")?;
            let mut flow = OnBehalfOf::new(app, scopes, assertion);
            flow.options = options;
            runner.run(flow)
        }
        FlowKind::RefreshToken => {
            let token = refresh_token(&user).read("Refresh token")?;
            let mut flow = RefreshToken::new(app, scopes, token);
            flow.options = options;
            runner.run(flow)
        }
    }
}

/// What runs a flow and shows what happens.
struct Runner {
    backend: Backend,
    quiet: bool,
    settings: Settings,
}

impl Runner {
    const fn new(settings: Settings) -> Self {
        Self { backend: Backend::Tokio, quiet: false, settings }
    }

    fn run<F>(self, flow: F) -> Result<F::Output, Failure>
    where
        F: Flow + Send,
        F::Output: Send,
    {
        let Self { backend, quiet, mut settings } = self;
        let screen = Screen::new();
        let shown = screen.clone();
        settings.show = Arc::new(move |prompt| shown.show(prompt));
        let mut progress = Progress::new((!quiet).then(io::stderr));
        let ended = backend::acquire(backend, settings, flow, |event| {
            progress.on(&event);
            if screen.is_live() && matches!(event, StepEvent::Showing { .. }) {
                // The countdown has the last line to itself.
                progress.mute();
            }
        });
        screen.close();
        ended
    }

    fn run_interactive(
        self,
        flow: StartSignIn,
        interactive: &Interactive,
    ) -> Result<AuthenticationResult, Failure> {
        let mut progress = Progress::new((!self.quiet).then(io::stderr));
        backend::acquire_interactive(self.backend, self.settings, flow, interactive, |event| {
            progress.on(&event);
        })
    }
}

/// The browser as the options want it.
fn interactive(args: &BrowserArgs) -> Interactive {
    let mut interactive = Interactive::new();
    if let Some(seconds) = args.sign_in_timeout {
        interactive.timeout = Duration::from_secs(seconds);
    }
    if args.no_browser {
        interactive.open = Arc::new(|_| Err(io::ErrorKind::Unsupported.into()));
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
        FlowKind::Iwa | FlowKind::DeviceCode | FlowKind::Interactive | FlowKind::ClientCredentials => false,
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

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_| Failure::Usage(format!("{}: not UTF-8", path.display())))
}
