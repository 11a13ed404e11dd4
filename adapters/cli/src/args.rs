//! What can be said on the command line.

mod application;
mod cache;
#[cfg(feature = "emulator")]
mod emulator;
mod token;
mod whoami;

use clap::{Args, Parser, Subcommand, ValueEnum};
use entrada_core::preflight;

pub(crate) use self::application::{AppArgs, NetworkArgs, TrustArgs};
pub(crate) use self::cache::{AccountsArgs, CacheArgs, LogoutArgs};
#[cfg(feature = "emulator")]
pub(crate) use self::emulator::{DemoArgs, EmulatorArgs};
pub(crate) use self::token::{BrowserArgs, ClientArgs, TokenArgs, UserArgs};
pub(crate) use self::whoami::WhoamiArgs;

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
    /// Get a token, from the cache if it has one.
    #[command(after_help = format!("{EXIT_CODES}\n\n{}\n\n{SECRETS}", self::cache::PLACES))]
    Token(Box<TokenArgs>),
    /// Say who is signed in to this machine, and whether integrated sign-in can work.
    #[command(long_about = WHOAMI)]
    Whoami(WhoamiArgs),
    /// List the accounts that have signed in to an application.
    #[command(after_help = self::cache::PLACES)]
    Accounts(AccountsArgs),
    /// Forget an account, and an application's tokens for it.
    #[command(after_help = self::cache::PLACES, long_about = LOGOUT)]
    Logout(LogoutArgs),
    /// Say what an error means, whose turn it is and what to do.
    #[command(long_about = EXPLAIN)]
    Explain(ExplainArgs),
    /// Say which flows can work with an application and an authority, without asking anybody.
    Preflight(PreflightArgs),
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

A flow for a user begins with the cache: with the account that --account, --username or --login-hint names, or the only one
that has signed in. If that does not do and the user must act, the flow goes on; --flow silent ends there, with exit code 3.
A token that is ageing is printed at once, and a new one got before the command ends. --why says what was looked at.";

const SECRETS: &str = "\
A secret is never an argument. The password of --flow username-password, the access token of --flow on-behalf-of and the
refresh token of --flow refresh-token are read from a prompt, or from standard input if that is no terminal.

--flow iwa signs in whoever is signed in to this machine: with Kerberos on Linux and macOS, through SSPI on Windows. Without
--username the name is the one that `entrada whoami` shows. With the authority of an AD FS, that alone is asked, and
--redirect-uri is the application's, at which nothing listens.";

const WHOAMI: &str = "\
Say who is signed in to this machine, and whether integrated sign-in can work.

It asks what --flow iwa asks: the authority about the user's domain, the federation server about its endpoints, and Kerberos
for a ticket to that server. No token is got, and no server is told who the user is but the authority, by name. Exit code 0
if nothing is missing, 3 if something is, be it that nobody answers; what, stands in the output, with what to do.";

const LOGOUT: &str = "\
Forget an account, and an application's tokens for it.

Prints where a browser ends its own session, which goes on otherwise. Access tokens that were given away are good until they
end. Exit code 1 if --revoke was said and a refresh token could not be revoked.";

const EXPLAIN: &str = "\
Say what an error means, whose turn it is and what to do.

The code is a number of the service (AADSTS50079), or the code of an error of Entrada or MSAL. Without one, an error is
read from standard input: what `entrada token --json` or `entrada session` printed, or the service's own answer. Exit code
2 if nothing is known of it.";

const SESSION: &str = "\
Speak the JSON steps over standard input and output, one object a line.

The session prints what the flow needs next, and reads what came of it; see the documentation of entrada-json. Only
these lines go to standard output. Most of them may hold a secret. The end of the input ends the session.";

#[cfg(feature = "emulator")]
const EMULATOR: &str = "\
Serve a small Entra ID and AD FS on this machine, for tests. It is no security boundary.

It serves until its standard input ends or it is interrupted. In the background, give it an input that stays open.";

/// How a token is got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlowKind {
    /// Integrated Windows authentication: as the user who is signed in to this machine
    Iwa,
    /// User name and password
    UsernamePassword,
    /// The user signs in on another device, with a code to type there
    DeviceCode,
    /// The user signs in with the browser of this machine
    Interactive,
    /// The application as itself
    ClientCredentials,
    /// For the user who called with an access token
    OnBehalfOf,
    /// With a refresh token from elsewhere
    RefreshToken,
    /// From the cache, asking nobody
    Silent,
}

impl FlowKind {
    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// A flow of the core's table, by its name there or here.
fn flow_name(text: &str) -> Result<preflight::FlowKind, String> {
    let name = match text {
        "iwa" => "integrated-windows-auth",
        "interactive" => "authorization-code",
        name => name,
    };
    let name = name.replace('-', "_");
    preflight::FlowKind::ALL.into_iter().find(|flow| flow.as_str() == name).ok_or_else(|| {
        let names: Vec<_> =
            preflight::FlowKind::ALL.iter().map(|flow| flow.as_str().replace('_', "-")).collect();
        format!("the flows are {}", names.join(", "))
    })
}

/// The kinds of authority that an address does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuthorityKind {
    /// Any OpenID provider, by its issuer
    Oidc,
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

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// An error's code or number, such as AADSTS50079, 50079 or unknown_user_type; absent, an error in JSON is read from
    /// standard input
    pub(crate) code: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The arguments of `preflight`.
#[derive(Debug, Args)]
pub(crate) struct PreflightArgs {
    /// The flow to ask about
    #[arg(long, value_parser = flow_name, required_unless_present = "all", value_name = "FLOW")]
    pub(crate) flow: Option<preflight::FlowKind>,
    /// Show every flow with either sort of application
    #[arg(long, conflicts_with_all = ["flow", "confidential"])]
    pub(crate) all: bool,
    /// Who would issue the token
    #[arg(long, value_name = "URL")]
    pub(crate) authority: String,
    /// What kind of authority it is, where its address does not tell
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) authority_kind: Option<AuthorityKind>,
    /// The tenant to ask instead of the authority's
    #[arg(long, value_name = "NAME|GUID")]
    pub(crate) tenant: Option<String>,
    /// The application proves who it is
    #[arg(long)]
    pub(crate) confidential: bool,
    /// Accept http for addresses of this machine
    #[arg(long)]
    pub(crate) allow_http_loopback: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
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
