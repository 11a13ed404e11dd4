//! The arguments of `whoami`.

use clap::Args;

use super::TrustArgs;

/// The arguments of `whoami`.
#[derive(Debug, Args)]
pub(crate) struct WhoamiArgs {
    /// The user's name in the cloud, if it is another than this machine says
    #[arg(long, value_name = "UPN")]
    pub(crate) username: Option<String>,
    /// Whom integrated sign-in would ask
    #[arg(long, value_name = "URL", default_value = "https://login.microsoftonline.com/organizations")]
    pub(crate) authority: String,
    /// Accept http for addresses of this machine
    #[arg(long)]
    pub(crate) allow_http_loopback: bool,
    /// Ask neither the authority nor a federation server, and Kerberos for no service's ticket
    #[arg(long)]
    pub(crate) offline: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}
