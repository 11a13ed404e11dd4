//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Tokens from Microsoft Entra ID and AD FS.
#[derive(Debug, Parser)]
#[command(name = "entrada", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a flow against the emulator and show each step.
    #[cfg(feature = "emulator")]
    Demo(DemoArgs),
    /// Get a token.
    #[command(after_help = EXIT_CODES)]
    Token(Box<TokenArgs>),
    /// Speak the JSON steps over standard input and output, one object a line.
    #[command(long_about = SESSION)]
    Session,
    /// Serve a small Entra ID and AD FS on this machine, for tests.
    #[cfg(feature = "emulator")]
    #[command(long_about = EMULATOR)]
    Emulator(EmulatorArgs),
}

const EXIT_CODES: &str = "\
Exit codes: 0 a token, 2 wrong usage, 3 the user must act or the account cannot use this flow,
            4 the service or the federation server refused, 5 no answer came, 1 anything else.

The password is read from a prompt, or from standard input if that is no terminal; it is never an argument.

This version has no Kerberos of its own yet: with --flow iwa it ends at the federation server, with exit code 3.";

const SESSION: &str = "\
Speak the JSON steps over standard input and output, one object a line.

The session prints what the flow needs next, and reads what came of it; see the documentation of entrada-json. Only
these lines go to standard output. Most of them may hold a secret. The end of the input ends the session.";

#[cfg(feature = "emulator")]
const EMULATOR: &str = "\
Serve a small Entra ID and AD FS on this machine, for tests. It is no security boundary.

It serves until its standard input ends or it is interrupted. In the background, give it an input that stays open.";

/// How the user signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlowKind {
    /// Integrated Windows authentication: as the user who is signed in to this machine
    Iwa,
    /// User name and password
    UsernamePassword,
}

/// What carries the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// Ureq, which blocks
    Blocking,
    /// Reqwest on tokio
    Tokio,
}

/// What a result is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Lines for people
    Text,
    /// One JSON object
    Json,
    /// The access token alone
    Token,
}

/// The arguments of `demo`.
#[cfg(feature = "emulator")]
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How the user signs in
    #[arg(long, value_enum, default_value_t = FlowKind::Iwa)]
    pub(crate) flow: FlowKind,
    /// What carries the requests
    #[arg(long, value_enum, default_value_t = Backend::Tokio)]
    pub(crate) backend: Backend,
}

/// The arguments of `token`.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// The application's identifier
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: String,
    /// Who issues the token
    #[arg(
        long,
        value_name = "URL",
        help = "Who issues the token, such as https://login.microsoftonline.com/contoso.com"
    )]
    pub(crate) authority: String,
    /// What the token is for; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    pub(crate) scopes: Vec<String>,
    /// How the user signs in
    #[arg(long, value_enum, default_value_t = FlowKind::Iwa)]
    pub(crate) flow: FlowKind,
    /// The user's name in the cloud, such as joe@contoso.com
    #[arg(long, value_name = "UPN", required_if_eq("flow", "username-password"))]
    pub(crate) username: Option<String>,
    /// Read the password from standard input even if that is a terminal
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// What is printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// The same as --output json
    #[arg(long, conflicts_with = "output")]
    pub(crate) json: bool,
    /// Say nothing of the progress on standard error
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// What carries the requests
    #[arg(long, value_enum, default_value_t = Backend::Tokio)]
    pub(crate) backend: Backend,
    /// A certificate authority to trust beside the platform's, PEM or DER; may be repeated
    #[arg(long = "ca-certificate", value_name = "FILE")]
    pub(crate) ca_certificates: Vec<PathBuf>,
    /// Accept http for addresses of this machine
    #[arg(long)]
    pub(crate) allow_http_loopback: bool,
    /// Do not ask whether an unknown authority is one
    #[arg(long)]
    pub(crate) no_instance_discovery: bool,
    /// The claims of a challenge, a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) claims: Option<String>,
    /// The federation server's metadata document, where the server publishes none
    #[arg(long, value_name = "FILE")]
    pub(crate) federation_metadata: Option<PathBuf>,
    /// The identifier under which the service logs the call
    #[arg(long, value_name = "ID")]
    pub(crate) correlation_id: Option<String>,
}

impl TokenArgs {
    /// What is printed, by whichever option it was said.
    pub(crate) fn output(&self) -> Output {
        if self.json { Output::Json } else { self.output }
    }
}

/// The arguments of `emulator`.
#[cfg(feature = "emulator")]
#[derive(Debug, Args)]
pub(crate) struct EmulatorArgs {
    /// The port to listen on; any free one if 0 or absent
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Speak https, with a certificate of an authority made at the start
    #[arg(long)]
    pub(crate) https: bool,
    /// Its world (users, domains, faults, …) as JSON; a small one is built in
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to write the certificate to trust, in PEM; to standard output if absent
    #[arg(long, value_name = "FILE", requires = "https")]
    pub(crate) write_ca_certificate: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
