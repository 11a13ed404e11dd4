//! The `entrada` command as a shell or a script meets it.

mod command;
mod demo;
mod emulator;
mod help;
mod session;
mod token;
