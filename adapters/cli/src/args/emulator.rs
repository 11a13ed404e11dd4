//! The arguments of the commands that come with the emulator.

use std::path::PathBuf;

use clap::Args;

use super::{Backend, FlowKind};

/// The arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Which flow is shown
    #[arg(long, value_enum, default_value_t = FlowKind::Iwa)]
    pub(crate) flow: FlowKind,
    /// What carries the requests
    #[arg(long, value_enum, default_value_t = Backend::Tokio)]
    pub(crate) backend: Backend,
}

/// The arguments of `emulator`.
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
