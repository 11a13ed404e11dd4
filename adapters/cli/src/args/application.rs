//! What several commands say of the application and of the way to the service.

use std::path::PathBuf;

use clap::Args;

use super::{AuthorityKind, Backend};

/// The application and who issues its tokens.
#[derive(Debug, Args)]
pub(crate) struct AppArgs {
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
    /// What kind of authority it is, where its address does not tell
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) authority_kind: Option<AuthorityKind>,
    /// Accept http for addresses of this machine
    #[arg(long)]
    pub(crate) allow_http_loopback: bool,
    /// Do not ask whether an unknown authority is one
    #[arg(long)]
    pub(crate) no_instance_discovery: bool,
}

/// How the service is reached.
#[derive(Debug, Args)]
pub(crate) struct NetworkArgs {
    /// Say nothing of the progress on standard error
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// What carries the requests
    #[arg(long, value_enum, default_value_t = Backend::Tokio)]
    pub(crate) backend: Backend,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Whose certificates are believed.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// A certificate authority to trust beside the platform's, PEM or DER; may be repeated
    #[arg(long = "ca-certificate", value_name = "FILE")]
    pub(crate) ca_certificates: Vec<PathBuf>,
}
