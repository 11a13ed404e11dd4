//! The demonstration of the cache: a cold call, a hit, a token that is ageing, a sign-out.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use entrada_core::cache::{CacheUpdate, Record, TokenStore};
use entrada_core::flow::silent::AccountId;
use entrada_core::result::AuthenticationResult;
use entrada_core::time::Timestamp;
use entrada_emulator::world;
use entrada_store::MemoryStore;

use super::Stage;
use super::acts::{native, sign_in};
use crate::report::{self, Failure};

/// After how long the emulator wants a token to be replaced: half of its life.
pub(super) const REFRESH_IN_SECONDS: i64 = 1800;

/// How long the demonstration lets pass: later than that by more than any application waits, and before the token's end.
const LATER: Duration = Duration::from_secs(45 * 60);

/// Plays it.
pub(super) fn play(stage: &mut Stage) -> Result<(), Failure> {
    let user = world::MANAGED_USER;
    let store = Arc::new(MemoryStore::default());
    stage.settings.store = Some(Arc::clone(&store) as Arc<dyn TokenStore>);

    stage.announce(&format!("{user} has not signed in yet: a silent call ends without a request."))?;
    miss(stage)?;

    stage.announce(&format!("{user} signs in by user name and password, and the tokens are kept."))?;
    let result = sign_in(stage, world::SCOPE, user)?;
    stage.show(&result)?;
    let home = result.account.map(|account| account.home_account_id.to_string()).unwrap_or_default();

    stage.announce("The same silent call is answered from the cache, without a request.")?;
    hit(stage)?;

    stage.announce("45 minutes pass: the token is good for another 15, and a new one is due.")?;
    stage.emulator.advance_clock(LATER.as_secs().try_into().unwrap_or_default());
    age(&store)?;
    let ageing = hit(stage)?;
    let refresh =
        ageing.refresh.ok_or_else(|| Failure::Other("the token is not said to be ageing".to_owned()))?;

    stage
        .announce("The old token is in use; whenever it suits, the new one is got with the refresh token.")?;
    let result = stage.run(refresh)?;
    show(stage, &result)?;

    stage.announce("From now on the new one is answered from the cache.")?;
    hit(stage)?;

    stage.announce(&format!("{user} signs out, and the tokens are forgotten."))?;
    let done = stage.run(native(stage)?.sign_out(home))?;
    if let Some(url) = done.end_session_url {
        writeln!(stage.out, "to end the browser's session as well, open: {url}")?;
    }

    stage.announce("The silent call ends as it did in the beginning.")?;
    miss(stage)
}

fn silent(stage: &Stage) -> Result<AuthenticationResult, Failure> {
    let account = AccountId::Username(world::MANAGED_USER.to_owned());
    stage.run(native(stage)?.acquire_token_silent([world::SCOPE], account))
}

fn hit(stage: &mut Stage) -> Result<AuthenticationResult, Failure> {
    let before = stage.emulator.requests().len();
    let result = silent(stage)?;
    if stage.emulator.requests().len() != before {
        return Err(Failure::Other("the cache should have had a token".to_owned()));
    }
    show(stage, &result)?;
    Ok(result)
}

/// What differs from one to the other.
fn show(stage: &mut Stage, result: &AuthenticationResult) -> Result<(), Failure> {
    writeln!(stage.out, "token source:   {}", report::source(result))?;
    Ok(writeln!(stage.out, "expires:        {}", report::time(result.expires_on))?)
}

/// A silent call for which the cache has nothing.
fn miss(stage: &mut Stage) -> Result<(), Failure> {
    match silent(stage) {
        Ok(_) => Err(Failure::Other("the cache has a token, and should have none".to_owned())),
        Err(Failure::Flow(error)) => Ok(report::tell_error(&mut stage.out, &error)?),
        Err(failure) => Err(failure),
    }
}

/// Puts the times of the access tokens back, as if it were later.
fn age(store: &MemoryStore) -> Result<(), Failure> {
    let back = |at: Timestamp| {
        let by = u64::try_from(LATER.as_millis()).unwrap_or_default();
        Timestamp::from_millis(at.as_millis().saturating_sub(by))
    };
    let mut update = CacheUpdate::default();
    for record in store.tokens().records() {
        if let Record::AccessToken(token) = record {
            let mut token = (**token).clone();
            token.cached_at = back(token.cached_at);
            token.expires_on = back(token.expires_on);
            token.extended_expires_on = token.extended_expires_on.map(back);
            token.refresh_on = token.refresh_on.map(back);
            update.tokens.push(Record::from(token).into());
        }
    }
    store.apply(&update).map_err(|error| Failure::Other(error.to_string()))
}
