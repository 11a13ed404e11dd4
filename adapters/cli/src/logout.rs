//! `entrada logout`: accounts, and the application's tokens for them, are forgotten.

use std::io::{self, Write};

use entrada_core::application::PublicClientApplication;
use entrada_core::flow::accounts::SignedInAccount;

use crate::args::LogoutArgs;
use crate::cache::Cache;
use crate::report::{Failure, plain};
use crate::runner::{self, Runner};

/// Signs out whom the options name.
pub(crate) fn run(args: &LogoutArgs) -> Result<(), Failure> {
    let authority = runner::authority(&args.app)?;
    let settings = runner::settings(&args.network.trust)?;
    let cache = Cache::open(&args.cache)?;
    if let (Some(reason), None) = (cache.names_needed(), &args.account) {
        return Err(Failure::Usage(reason.to_owned()));
    }
    let mut runner = Runner::new(args.network.backend, settings, cache, args.network.quiet)?;
    // A revocation needs no credential here: the token itself is one.
    let app = PublicClientApplication::new(&args.app.client_id, authority);
    let ended = sign_out(args, &app, &mut runner);
    runner.warn(&ended);
    ended
}

/// An account by its identifier, and by the name to tell it by.
struct Leaving {
    home_account_id: String,
    name: String,
}

fn sign_out(args: &LogoutArgs, app: &PublicClientApplication, runner: &mut Runner) -> Result<(), Failure> {
    let leaving = match &args.account {
        // It may well be in a store that lists nobody.
        Some(id) => vec![Leaving { home_account_id: id.clone(), name: id.clone() }],
        None => named(args, &runner.run(app.accounts())?)?,
    };
    let mut out = io::stdout().lock();
    let (mut not_revoked, mut page) = (0, None);
    for Leaving { home_account_id, name } in &leaving {
        let mut flow = app.sign_out(home_account_id);
        flow.revoke = args.revoke;
        let done = runner.run(flow)?;
        writeln!(out, "signed out: {}", plain(name))?;
        if args.revoke {
            writeln!(out, "refresh tokens revoked: {}", done.revoked)?;
        }
        not_revoked += done.not_revoked;
        page = done.end_session_url.or(page);
    }
    if let Some(url) = page {
        writeln!(out, "to end the browser's session as well, open: {url}")?;
    }
    out.flush()?;
    if leaving.is_empty() {
        eprintln!("nobody has signed in to this application here");
    }
    if not_revoked > 0 {
        return Err(Failure::Other(format!(
            "refresh tokens that are forgotten here, but not revoked: {not_revoked}; the authority could not do it, or has no \
             endpoint for it"
        )));
    }
    Ok(())
}

/// Whom the options mean.
fn named(args: &LogoutArgs, accounts: &[SignedInAccount]) -> Result<Vec<Leaving>, Failure> {
    let is_meant = |account: &&SignedInAccount| match &args.username {
        // Names of users have no case.
        Some(name) => account.account.username.to_lowercase() == name.to_lowercase(),
        None => true,
    };
    let meant: Vec<_> = accounts
        .iter()
        .filter(is_meant)
        .map(|one| Leaving {
            home_account_id: one.account.home_account_id.as_str().to_owned(),
            name: one.account.username.to_string(),
        })
        .collect();
    match (&args.username, meant.len()) {
        (Some(_), 0) => Err(Failure::Usage("nobody of this name has signed in".to_owned())),
        (_, 2..) if !args.all => {
            let all: Vec<_> =
                meant.iter().map(|one| format!("{} ({})", one.name, one.home_account_id)).collect();
            Err(Failure::Usage(format!("say who with --account, or --all: {}", all.join(", "))))
        }
        _ => Ok(meant),
    }
}
