//! The refresh tokens, one after the other.

use std::sync::Arc;
use std::time::Duration;

use crate::authority::AuthorityKind;
use crate::cache::{
    AppMetadata, CacheUpdate, Considered, ConsideredKind, Reason, Record, RefreshToken, StoreError, Throttle,
    TokenChange,
};
use crate::context::{Context, Resolved};
use crate::error::{Error, ErrorKind, Fault, NoToken, Refusal};
use crate::protocol::token::Grant;
use crate::recall::Miss;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::redeemed::Redeemed;
use crate::result::AuthenticationResult;
use crate::step::{Expect, Step};
use crate::text::Text;
use crate::time::Timestamp;

/// Waits for the authority, to ask it with the first refresh token.
#[derive(Debug)]
pub(super) struct ExpectAuthority {
    cx: Context,
    home: String,
    miss: Miss,
}

impl ExpectAuthority {
    pub(super) const fn new(cx: Context, home: String, miss: Miss) -> Self {
        Self { cx, home, miss }
    }
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { cx, home, mut miss } = *self;
        let mut at = match resolved {
            Ok(at) => at,
            Err(error) => {
                return match miss.fall_back(&cx, &error) {
                    Some(result) => Ok(Step::Done(result)),
                    None => Err(error.with_trace(miss.trace)),
                };
            }
        };
        at.not_read = at.not_read.or_else(|| miss.not_read.take());
        // The next to be tried is the last of the list.
        let mut left = std::mem::take(&mut miss.view.refresh_tokens);
        left.reverse();
        next(Attempt { at, home, miss, left }, None, now)
    }
}

/// What the attempts go by.
#[derive(Debug)]
struct Attempt {
    at: Resolved,
    home: String,
    miss: Miss,
    left: Vec<Arc<RefreshToken>>,
}

/// Tries the next refresh token; with none left, the last refusal stands.
fn next(
    mut attempt: Attempt,
    last: Option<Error>,
    now: Timestamp,
) -> Result<Step<AuthenticationResult>, Error> {
    match attempt.left.pop() {
        Some(token) => {
            let grant = Grant::RefreshToken { refresh_token: token.secret.clone() };
            redeem(attempt.at.clone(), grant, now, ExpectRefreshed { attempt, token })
        }
        None => {
            let error = last.unwrap_or_else(|| attempt.at.cx.fail(Fault::NoToken(NoToken::NoTokens)));
            Err(error.with_trace(attempt.miss.trace))
        }
    }
}

#[derive(Debug)]
struct ExpectRefreshed {
    attempt: Attempt,
    token: Arc<RefreshToken>,
}

impl Expect<Result<Redeemed, Error>, AuthenticationResult> for ExpectRefreshed {
    fn on(
        self: Box<Self>,
        verdict: Result<Redeemed, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { mut attempt, token } = *self;
        let error = match verdict {
            Ok(redeemed) => return keep(attempt, redeemed, now),
            Err(error) => error,
        };
        if let Some(result) = attempt.miss.fall_back(&attempt.at.cx, &error) {
            return Ok(Step::Done(result));
        }
        attempt.miss.trace.push(considered(&token, &error));
        let Fault::Refused(refusal) = error.fault() else {
            return Err(error.with_trace(attempt.miss.trace));
        };
        let refusal = refusal.clone();
        let is_no_member = token.family_id.is_some() && is(refusal.suberror.as_deref(), "client_mismatch");
        let change = if is_no_member {
            Some(TokenChange::Put(Record::from(AppMetadata {
                client_id: attempt.at.cx.app().shared_client_id(),
                environment: attempt.at.cx.authority().shared_environment(),
                family_id: None,
            })))
        } else if is_dead(&refusal, attempt.at.cx.authority().kind()) {
            Some(TokenChange::RemoveRefreshToken(token))
        } else {
            None
        };
        if let Some(change) = change {
            let update = CacheUpdate { at: now, tokens: vec![change], ..CacheUpdate::default() };
            return Ok(Step::save(update, ExpectForgotten { attempt, error }));
        }
        // The user must act; until then the same question has the same answer.
        let is_the_users = matches!(error.kind(), ErrorKind::UiRequired | ErrorKind::ClaimsChallenge);
        let is_public = attempt.at.cx.app().credential().is_none();
        let error = error.with_trace(attempt.miss.trace);
        match attempt.at.throttle.take().filter(|_| is_the_users && is_public) {
            Some(key) => {
                let throttle = Throttle {
                    key,
                    since: now,
                    until: now.after(UI_REQUIRED),
                    status: refusal.status,
                    refusal: Some(refusal),
                };
                let update = CacheUpdate { throttles: vec![throttle], ..CacheUpdate::default() };
                Ok(Step::save(update, ExpectRemembered { error }))
            }
            None => Err(error),
        }
    }
}

/// How long the answer that the user must act is taken for the next one, as MSAL.NET does.
const UI_REQUIRED: Duration = Duration::from_secs(120);

/// Keeps the new tokens, if they are of the account that was asked for.
fn keep(
    attempt: Attempt,
    mut redeemed: Redeemed,
    now: Timestamp,
) -> Result<Step<AuthenticationResult>, Error> {
    let Attempt { at, home, miss, .. } = attempt;
    let account = redeemed.result.account.as_ref();
    if account.is_some_and(|account| !account.home_account_id.as_str().eq_ignore_ascii_case(&home)) {
        return Err(at.cx.fail(Fault::NoToken(NoToken::OtherUser)).with_trace(miss.trace));
    }
    redeemed.result.trace = miss.trace;
    redeemed.update.only_if_account = Some(home);
    Box::new(ExpectRedeemed).on(Ok(redeemed), now)
}

#[derive(Debug)]
struct ExpectForgotten {
    attempt: Attempt,
    error: Error,
}

impl Expect<Result<(), StoreError>, AuthenticationResult> for ExpectForgotten {
    // What could not be forgotten is tried again another time.
    fn on(
        self: Box<Self>,
        _kept: Result<(), StoreError>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        next(self.attempt, Some(self.error), now)
    }
}

#[derive(Debug)]
struct ExpectRemembered {
    error: Error,
}

impl Expect<Result<(), StoreError>, AuthenticationResult> for ExpectRemembered {
    fn on(
        self: Box<Self>,
        _kept: Result<(), StoreError>,
        _now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        Err(self.error)
    }
}

fn considered(token: &RefreshToken, error: &Error) -> Considered {
    let kind = match token.family_id {
        Some(_) => ConsideredKind::FamilyRefreshToken,
        None => ConsideredKind::RefreshToken,
    };
    let refused = matches!(error.fault(), Fault::Refused(_)) && !error.fault().is_passing();
    Considered {
        kind,
        client_id: token.client_id.clone(),
        realm: Text::default(),
        target: Text::default(),
        expires_on: None,
        reason: if refused { Reason::Refused } else { Reason::ServiceFailed },
    }
}

fn is(text: Option<&str>, name: &str) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case(name))
}

/// Whether a refusal says that the refresh token will never be good again.
///
/// Entra says `invalid_grant` for much that is not so, and tells by the suberror and the number; for others
/// `invalid_grant` says it all (RFC 6749, section 5.2). In doubt a refresh token is kept.
#[must_use]
pub fn is_dead(refusal: &Refusal, kind: &AuthorityKind) -> bool {
    if !refusal.error.eq_ignore_ascii_case("invalid_grant") {
        return false;
    }
    if !kind.is_microsoft_cloud() {
        return true;
    }
    is(refusal.suberror.as_deref(), "bad_token")
        || is(refusal.suberror.as_deref(), "token_expired")
        || refusal.error_codes.iter().any(|code| DEAD.contains(code))
}

/// Revoked, expired, expired for lack of use, of a session that was ended, of a single-page application past its day.
const DEAD: [u32; 6] = [50173, 70008, 70043, 700_081, 700_082, 700_084];
