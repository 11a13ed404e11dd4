//! The `entrada` command as a shell or a script meets it.

mod applications;
mod browser;
mod command;
mod demo;
mod device;
mod emulator;
mod explain;
mod help;
mod preflight;
mod session;
mod token;
