//! The `entrada` command as a shell or a script meets it.

mod accounts;
mod applications;
mod browser;
mod cache;
mod command;
mod demo;
mod device;
mod emulator;
mod explain;
mod help;
mod places;
mod preflight;
mod session;
mod token;
#[cfg(target_os = "linux")]
mod whoami;
