//! The cache first: a token of an account that signed in before, without asking anybody.

use entrada_core::application::{Application, RequestOptions};
use entrada_core::error::{Error, ErrorKind, Fault, NoToken};
use entrada_core::flow::accounts::{Accounts, SignedInAccount};
use entrada_core::flow::silent::{AccountId, Silent};
use entrada_core::result::AuthenticationResult;

use crate::args::{FlowKind, TokenArgs};
use crate::report::Failure;
use crate::runner::Runner;
use crate::why::Why;

/// Gets a token from the cache or with what is there, or else fails.
pub(super) fn only(
    args: &TokenArgs,
    app: &Application,
    options: &RequestOptions,
    runner: &mut Runner,
) -> Result<AuthenticationResult, Failure> {
    if let (Some(reason), None) = (runner.cache().names_needed(), &args.user.account) {
        return Err(Failure::Usage(reason.to_owned()));
    }
    match whose(args, app, runner)? {
        Whose::One(account) => runner.run(silent(args, app, options, account)),
        Whose::Nobody => Err(Failure::Flow(Fault::NoToken(NoToken::NoAccount).into())),
        Whose::Many(accounts) => Err(Failure::Usage(choose(&accounts))),
    }
}

/// As [`only`], but nothing if the flow that was asked for has to go on; with what the service then demands of it.
pub(super) fn first(
    args: &TokenArgs,
    app: &Application,
    options: &mut RequestOptions,
    runner: &mut Runner,
    why: Why,
) -> Result<Option<AuthenticationResult>, Failure> {
    let is_users = match args.flow {
        FlowKind::Iwa | FlowKind::UsernamePassword | FlowKind::DeviceCode | FlowKind::Interactive => true,
        // The first two look there by themselves.
        FlowKind::ClientCredentials | FlowKind::OnBehalfOf | FlowKind::RefreshToken | FlowKind::Silent => {
            false
        }
    };
    if !is_users || runner.cache().is_nowhere() {
        return Ok(None);
    }
    if args.browser.prompt.is_some() {
        why.say("the cache is not asked: --prompt is for the user");
        return Ok(None);
    }
    if let (Some(reason), None) = (runner.cache().names_needed(), &args.user.account) {
        if !args.network.quiet {
            eprintln!("warning: the cache is not asked: {reason}");
        }
        why.say(reason);
        return Ok(None);
    }
    let account = match whose(args, app, runner) {
        Ok(Whose::One(account)) => account,
        Ok(Whose::Nobody) => {
            why.say("nobody has signed in yet");
            return Ok(None);
        }
        Ok(Whose::Many(accounts)) => {
            why.say(&choose(&accounts));
            return Ok(None);
        }
        // The token can be had all the same; the runner warns.
        Err(Failure::Flow(error)) if matches!(error.fault(), Fault::Store(_)) => {
            why.say("the cache cannot say who has signed in");
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    match runner.run(silent(args, app, options, account)) {
        Ok(result) => Ok(Some(result)),
        Err(Failure::Flow(error)) if is_the_users(&error) => {
            why.failed(&error);
            if options.claims.is_none() {
                options.claims = error.refusal().and_then(|refusal| refusal.claims.clone());
            }
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn is_the_users(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::UiRequired | ErrorKind::ClaimsChallenge)
}

fn silent(args: &TokenArgs, app: &Application, options: &RequestOptions, account: AccountId) -> Silent {
    let mut flow = Silent::new(app.clone(), args.scopes.clone(), account);
    flow.force_refresh = args.force_refresh;
    flow.options = options.clone();
    flow
}

enum Whose {
    Nobody,
    One(AccountId),
    Many(Vec<SignedInAccount>),
}

/// The account that is named, or the only one.
fn whose(args: &TokenArgs, app: &Application, runner: &mut Runner) -> Result<Whose, Failure> {
    let user = &args.user;
    if let Some(id) = &user.account {
        return Ok(Whose::One(AccountId::Home(id.clone())));
    }
    if let Some(name) = user.username.as_ref().or(user.login_hint.as_ref()) {
        return Ok(Whose::One(AccountId::Username(name.clone())));
    }
    let accounts = runner.run(Accounts::new(app.clone()))?;
    Ok(match accounts.as_slice() {
        [] => Whose::Nobody,
        [one] => Whose::One(AccountId::Home(one.account.home_account_id.as_str().to_owned())),
        _ => Whose::Many(accounts),
    })
}

fn choose(accounts: &[SignedInAccount]) -> String {
    let all: Vec<_> = accounts
        .iter()
        .map(|one| format!("{} ({})", one.account.username, one.account.home_account_id))
        .collect();
    format!("more than one account has signed in: say which with --account: {}", all.join(", "))
}
