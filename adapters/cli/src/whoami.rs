//! `entrada whoami`: who is signed in to this machine, and whether integrated sign-in can work.

mod preview;
mod tell;

use std::io::{self, Write};

use entrada_core::authority::AuthorityOptions;
use entrada_core::error::Error;
use entrada_identity::{CurrentUser, IdentityError, PlatformNegotiator, current_user};
use entrada_tokio::Settings;

use self::preview::Preview;
use crate::args::WhoamiArgs;
use crate::client;
use crate::report::{Failure, USER_MUST_ACT};
use crate::runner;

/// Says what is known and what is missing.
pub(crate) fn run(args: &WhoamiArgs) -> Result<(), Failure> {
    let settings = runner::settings(&args.trust)?;
    let found = find(args, settings)?;
    let mut out = io::stdout().lock();
    match args.json {
        true => writeln!(out, "{}", tell::json(&found))?,
        false => tell::text(&mut out, &found)?,
    }
    out.flush()?;
    match found.missing.is_empty() {
        true => Ok(()),
        false => Err(Failure::Told(USER_MUST_ACT)),
    }
}

/// What is known.
#[derive(Default)]
struct Findings {
    /// The name that would be asked for.
    username: Option<String>,
    /// Who is signed in, whatever was said on the command line.
    user: Option<CurrentUser>,
    ticket: Option<Ticket>,
    authority: String,
    preview: Option<Preview>,
    /// Whether a ticket for the server could be had.
    served: bool,
    missing: Vec<Missing>,
}

/// The user's ticket, where the platform tells of it.
struct Ticket {
    principal: String,
    /// In seconds; `None` if it never expires.
    good_for: Option<u64>,
}

/// What is missing, and who can mend it.
struct Missing {
    code: String,
    message: String,
    remedy: String,
}

impl From<&IdentityError> for Missing {
    fn from(error: &IdentityError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), remedy: error.remedy() }
    }
}

impl From<&Error> for Missing {
    fn from(error: &Error) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), remedy: error.remedy().to_owned() }
    }
}

fn find(args: &WhoamiArgs, settings: Settings) -> Result<Findings, Failure> {
    let options = AuthorityOptions::default().allow_http_loopback(args.allow_http_loopback);
    let authority = client::authority(&args.authority, None, options)?;
    let mut found = Findings { authority: authority.to_string(), ..Findings::default() };
    match current_user() {
        Ok(user) => found.user = Some(user),
        Err(error) if args.username.is_none() => found.missing.push(Missing::from(&error)),
        Err(_) => {}
    }
    found.username = args.username.clone().or_else(|| found.user.as_ref().map(|user| user.upn.clone()));
    let negotiator = match PlatformNegotiator::new() {
        Ok(negotiator) => Some(negotiator),
        Err(error) => {
            found.miss(&error);
            None
        }
    };
    match ticket() {
        Ok(ticket) => found.ticket = ticket,
        Err(error) => found.miss(&error),
    }
    let Some(username) = found.username.as_ref().filter(|_| !args.offline) else { return Ok(found) };
    match preview::of(authority, username, settings) {
        Ok(preview) => {
            // What is wrong with the user's ticket is told already, and no service's can be had without it.
            if let (Some(negotiator), true) = (negotiator, found.missing.is_empty()) {
                match negotiator.check(&preview.service) {
                    Ok(()) => found.served = true,
                    Err(error) => found.miss(&error),
                }
            }
            found.preview = Some(preview);
        }
        Err(Failure::Flow(error)) => found.missing.push(Missing::from(&error)),
        Err(failure) => return Err(failure),
    }
    Ok(found)
}

impl Findings {
    /// Notes what is missing, once.
    fn miss(&mut self, error: &IdentityError) {
        if !self.missing.iter().any(|missing| missing.code == error.code()) {
            self.missing.push(Missing::from(error));
        }
    }
}

#[cfg(unix)]
fn ticket() -> Result<Option<Ticket>, IdentityError> {
    let ticket = entrada_identity::current_ticket()?;
    let good_for = ticket.good_for.map(|time| time.as_secs());
    Ok(Some(Ticket { principal: ticket.principal, good_for }))
}

/// Windows does not tell.
#[cfg(not(unix))]
fn ticket() -> Result<Option<Ticket>, IdentityError> {
    Ok(None)
}
