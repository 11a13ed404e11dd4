//! The `entrada` command: tokens from a shell, errors explained, a demonstration, and the JSON steps over standard input
//! and output.

mod accounts;
mod args;
mod backend;
mod cache;
mod client;
#[cfg(feature = "emulator")]
mod demo;
#[cfg(feature = "emulator")]
mod emulator;
mod explain;
mod identity;
mod logout;
mod preflight;
mod report;
mod runner;
mod screen;
mod secrets;
mod session;
mod token;
mod whoami;
mod why;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => {
            // A help text that nobody reads any more is no failure.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(report::USAGE));
        }
    };
    let ended = match command {
        #[cfg(feature = "emulator")]
        Command::Demo(args) => demo::run(&args),
        Command::Token(mut args) => token::run(&mut args),
        Command::Whoami(args) => whoami::run(&args),
        Command::Accounts(args) => accounts::run(&args),
        Command::Logout(args) => logout::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Preflight(args) => preflight::run(&args),
        Command::Session => session::run(),
        #[cfg(feature = "emulator")]
        Command::Emulator(args) => emulator::run(&args),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.tell()),
    }
}
