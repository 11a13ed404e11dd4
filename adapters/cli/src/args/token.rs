//! The arguments of `token`.

use std::path::PathBuf;

use clap::Args;
use entrada_core::flow::authorization_code::SignInPrompt;

use super::{AppArgs, CacheArgs, FlowKind, NetworkArgs, Output};

/// The arguments of `token`.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) app: AppArgs,
    /// The tenant to ask instead of the authority's
    #[arg(long, value_name = "NAME|GUID")]
    pub(crate) tenant: Option<String>,
    /// What the token is for; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    pub(crate) scopes: Vec<String>,
    /// How the token is got
    #[arg(long, value_enum, default_value_t = FlowKind::Iwa)]
    pub(crate) flow: FlowKind,
    /// What is printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// The same as --output json
    #[arg(long, conflicts_with = "output")]
    pub(crate) json: bool,
    /// Say on standard error what was looked at in the cache, and why it was not used
    #[arg(long)]
    pub(crate) why: bool,
    /// Get a new token though there is a good one
    #[arg(long)]
    pub(crate) force_refresh: bool,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// The claims of a challenge: a JSON object, or @ and the name of a file that holds it
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) claims: Option<String>,
    /// The identifier under which the service logs the call
    #[arg(long, value_name = "ID")]
    pub(crate) correlation_id: Option<String>,
    #[command(flatten)]
    pub(crate) user: UserArgs,
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// Who signs in, or for whom.
#[derive(Debug, Args)]
#[command(next_help_heading = "The user")]
pub(crate) struct UserArgs {
    /// The user's name in the cloud, such as joe@contoso.com
    #[arg(long, value_name = "UPN", required_if_eq("flow", "username-password"))]
    pub(crate) username: Option<String>,
    /// An account that signed in before, by its home account id as `entrada accounts` lists it
    #[arg(long, value_name = "HOME_ID")]
    pub(crate) account: Option<String>,
    /// The user's name as a hint, where the flow does not say it otherwise
    #[arg(long, value_name = "UPN")]
    pub(crate) login_hint: Option<String>,
    /// Read the password from standard input even if that is a terminal
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Read the password from this environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "password_stdin")]
    pub(crate) password_env: Option<String>,
    /// Read the caller's access token from standard input even if that is a terminal
    #[arg(long)]
    pub(crate) assertion_stdin: bool,
    /// Read the caller's access token from this environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "assertion_stdin")]
    pub(crate) assertion_env: Option<String>,
    /// Read the refresh token from standard input even if that is a terminal
    #[arg(long)]
    pub(crate) refresh_token_stdin: bool,
    /// Read the refresh token from this environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "refresh_token_stdin")]
    pub(crate) refresh_token_env: Option<String>,
    /// The federation server's metadata document, where the server publishes none
    #[arg(long, value_name = "FILE")]
    pub(crate) federation_metadata: Option<PathBuf>,
}

/// How the browser of --flow interactive is used.
#[derive(Debug, Args)]
#[command(next_help_heading = "The browser")]
pub(crate) struct BrowserArgs {
    /// Where the answer arrives, as it is registered: an http address of this machine; http://localhost if absent
    #[arg(long, value_name = "URL")]
    pub(crate) redirect_uri: Option<String>,
    /// What the service shows a person who may be signed in already
    #[arg(long, value_parser = prompt_name, value_name = "login|consent|select_account|none|create")]
    pub(crate) prompt: Option<SignInPrompt>,
    /// The domain of the user's account
    #[arg(long, value_name = "NAME")]
    pub(crate) domain_hint: Option<String>,
    /// The most time that the user gets; 300 if absent
    #[arg(long, value_name = "SECONDS")]
    pub(crate) sign_in_timeout: Option<u64>,
    /// Show the address to open, and open no browser
    #[arg(long)]
    pub(crate) no_browser: bool,
}

fn prompt_name(text: &str) -> Result<SignInPrompt, String> {
    SignInPrompt::ALL
        .into_iter()
        .find(|prompt| prompt.as_str() == text)
        .ok_or_else(|| format!("the prompts are {}", SignInPrompt::ALL.map(SignInPrompt::as_str).join(", ")))
}

/// How the application proves who it is.
#[derive(Debug, Args)]
#[command(next_help_heading = "The application's credential")]
pub(crate) struct ClientArgs {
    /// Read the client secret from this environment variable
    #[arg(long, value_name = "NAME", group = "credential")]
    pub(crate) client_secret_env: Option<String>,
    /// Read the client secret from standard input
    #[arg(long, group = "credential")]
    pub(crate) client_secret_stdin: bool,
    /// The application's certificate and its private key, PEM or PFX
    #[arg(long, value_name = "FILE", group = "credential")]
    pub(crate) certificate: Option<PathBuf>,
    /// A client assertion that somebody else signed, such as a workload's federated token
    #[arg(long, value_name = "FILE", group = "credential")]
    pub(crate) client_assertion_file: Option<PathBuf>,
    /// Read the password of the PFX file from this environment variable
    #[arg(long, value_name = "NAME")]
    pub(crate) pfx_password_env: Option<String>,
    /// Send the certificate along, for registrations by subject name and issuer
    #[arg(long)]
    pub(crate) send_x5c: bool,
    /// The region of Azure whose token hosts are asked, such as westeurope
    #[arg(long, value_name = "NAME")]
    pub(crate) region: Option<String>,
    /// The path of the federated managed identity that the token is for
    #[arg(long, value_name = "PATH")]
    pub(crate) fmi_path: Option<String>,
}

impl TokenArgs {
    /// What is printed, by whichever option it was said.
    pub(crate) fn output(&self) -> Output {
        if self.json { Output::Json } else { self.output }
    }

    /// The options that were given and that this flow cannot use, each with the flows that can.
    pub(crate) fn misplaced(&self) -> Option<(&'static str, &'static [FlowKind])> {
        use FlowKind::{
            ClientCredentials, DeviceCode, Interactive, Iwa, OnBehalfOf, RefreshToken, Silent,
            UsernamePassword,
        };
        let (user, browser, client) = (&self.user, &self.browser, &self.client);
        let table: [(bool, &str, &[FlowKind]); 18] = [
            (user.username.is_some(), "--username", &[Iwa, UsernamePassword, Silent]),
            (user.account.is_some(), "--account", &[Silent, Iwa, UsernamePassword, DeviceCode, Interactive]),
            (user.login_hint.is_some(), "--login-hint", &[DeviceCode, Interactive, OnBehalfOf, RefreshToken]),
            (user.password_stdin, "--password-stdin", &[UsernamePassword]),
            (user.password_env.is_some(), "--password-env", &[UsernamePassword]),
            (user.assertion_stdin, "--assertion-stdin", &[OnBehalfOf]),
            (user.assertion_env.is_some(), "--assertion-env", &[OnBehalfOf]),
            (user.refresh_token_stdin, "--refresh-token-stdin", &[RefreshToken]),
            (user.refresh_token_env.is_some(), "--refresh-token-env", &[RefreshToken]),
            (user.federation_metadata.is_some(), "--federation-metadata", &[Iwa, UsernamePassword]),
            (browser.redirect_uri.is_some(), "--redirect-uri", &[Interactive, Iwa]),
            (browser.prompt.is_some(), "--prompt", &[Interactive]),
            (browser.domain_hint.is_some(), "--domain-hint", &[Interactive]),
            (browser.sign_in_timeout.is_some(), "--sign-in-timeout", &[Interactive]),
            (browser.no_browser, "--no-browser", &[Interactive]),
            (
                self.force_refresh,
                "--force-refresh",
                &[Silent, Iwa, UsernamePassword, DeviceCode, Interactive, ClientCredentials, OnBehalfOf],
            ),
            (client.region.is_some(), "--region", &[ClientCredentials]),
            (client.fmi_path.is_some(), "--fmi-path", &[ClientCredentials]),
        ];
        let misplaced = table.into_iter().find(|(given, _, flows)| *given && !flows.contains(&self.flow));
        misplaced.map(|(_, option, flows)| (option, flows))
    }
}
