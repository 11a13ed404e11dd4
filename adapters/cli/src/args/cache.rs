//! Where tokens are kept, and the arguments of the commands that look there.

use clap::Args;

use super::{AppArgs, NetworkArgs};

/// What `--cache` takes, for the help of the commands that have it.
pub(super) const PLACES: &str = "\
Where tokens are kept: --cache, else the environment variable ENTRADA_CACHE, else `file`.
  file, file:PATH    Encrypted. The key is in the keyring of this system, or in the variable that --cache-key-env names.
                     A PATH with a slash in it can stand alone. Without one: ~/.local/share/entrada/tokens on Linux,
                     ~/Library/Application Support/entrada/tokens on macOS, %LOCALAPPDATA%\\entrada\\tokens on Windows.
  plain, plain:PATH  Not encrypted; the file can be read by this user alone. Other libraries of the MSAL family can share
                     it. Without a PATH: tokens.json, beside the file above.
  redis://HOST/      In Redis; rediss:// over TLS. It finds accounts by --account alone. An address that holds a password
                     belongs in ENTRADA_CACHE.
  memory             Nowhere, as with --no-cache.
Where there is no keyring, as on a Linux without a desktop, nothing is kept unless you choose: --cache-key-env with a key of
your own (openssl rand -base64 32 draws one), or --cache plain. Tokens are never written unencrypted unless you say plain.";

/// Where tokens are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "The cache")]
pub(crate) struct CacheArgs {
    /// Where tokens are kept; see below
    #[arg(long, value_name = "file|file:PATH|plain|plain:PATH|redis://HOST/|memory")]
    pub(crate) cache: Option<String>,
    /// Use no token that was kept, and keep none
    #[arg(long, conflicts_with_all = ["cache", "cache_key_env"])]
    pub(crate) no_cache: bool,
    /// Encrypt with the key in this environment variable, 32 random bytes in base64, and not with one in the keyring
    #[arg(long, value_name = "NAME")]
    pub(crate) cache_key_env: Option<String>,
}

/// The arguments of `accounts`.
#[derive(Debug, Args)]
pub(crate) struct AccountsArgs {
    #[command(flatten)]
    pub(crate) app: AppArgs,
    /// List the accounts of other clouds, too
    #[arg(long)]
    pub(crate) every_cloud: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// The arguments of `logout`.
#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    #[command(flatten)]
    pub(crate) app: AppArgs,
    /// The account, by its home account id as `entrada accounts` lists it; the only one if none is named
    #[arg(long, value_name = "HOME_ID", group = "whom")]
    pub(crate) account: Option<String>,
    /// The account, by the user's name
    #[arg(long, value_name = "UPN", group = "whom")]
    pub(crate) username: Option<String>,
    /// Every account of the authority's cloud
    #[arg(long, group = "whom")]
    pub(crate) all: bool,
    /// Revoke the refresh tokens, too, where the provider can do that; Entra ID cannot
    #[arg(long)]
    pub(crate) revoke: bool,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}
