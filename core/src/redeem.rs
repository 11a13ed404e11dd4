//! A grant for tokens: prove who asks, post, read, and remember what was learned, good or bad.
//!
//! ```text
//! (proof) ──▶ token ─┬─ tokens ───────────────────────▶ redeemed
//!                    └─ refused ──▶ (remembered) ─────▶ refused
//! ```

use crate::cache::{CacheUpdate, ClockSkew, StoreError, StoredAssertion, Throttle};
use crate::context::Resolved;
use crate::error::{Error, Fault, Service, Violation};
use crate::http::{Outcome, Request, Response};
use crate::protocol::token::{self, Grant};
use crate::prove::{Proof, Proven, prove};
use crate::redeemed::{Redeemed, redeemed};
use crate::result::AuthenticationResult;
use crate::retry;
use crate::step::{Expect, Step};
use crate::time::Timestamp;

/// Redeems `grant` and hands the verdict to `then`.
///
/// It is sent once, unless it is the application's own: then once more after a second if the server failed or was too
/// slow.
pub(crate) fn redeem<T: 'static>(
    at: Resolved,
    grant: Grant,
    now: Timestamp,
    then: impl Expect<Result<Redeemed, Error>, T> + 'static,
) -> Result<Step<T>, Error> {
    prove(at, grant.is_the_applications(), now, ExpectProof { grant, then })
}

#[derive(Debug)]
struct ExpectProof<N> {
    grant: Grant,
    then: N,
}

impl<T: 'static, N: Expect<Result<Redeemed, Error>, T> + 'static> Expect<Result<Proven, Error>, T>
    for ExpectProof<N>
{
    fn on(self: Box<Self>, proven: Result<Proven, Error>, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { grant, then } = *self;
        let Proven { at, proof, signed } = match proven {
            Ok(proven) => proven,
            Err(error) => return Box::new(then).on(Err(error), now),
        };
        // Who takes an assertion once would refuse the second request for its `jti`, whatever became of the first.
        let is_once =
            matches!(proof, Proof::Assertion(_)) && !at.cx.authority().kind().takes_assertions_again();
        let again = grant.is_the_applications() && !is_once;
        let next = ExpectToken { at, grant, proof, signed, then };
        Ok(if again { retry::send(next, ExpectToken::request) } else { Step::send(next.request(), next) })
    }
}

#[derive(Debug)]
struct ExpectToken<N> {
    at: Resolved,
    grant: Grant,
    proof: Proof,
    signed: Option<StoredAssertion>,
    then: N,
}

impl<N> ExpectToken<N> {
    fn request(&self) -> Request {
        token::request(&self.at, &self.grant, &self.proof)
    }
}

impl<T: 'static, N: Expect<Result<Redeemed, Error>, T> + 'static> Expect<Outcome, T> for ExpectToken<N> {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { at, grant, signed, then, .. } = *self;
        let then = Box::new(then);
        let mut learned = CacheUpdate { assertions: signed.into_iter().collect(), ..CacheUpdate::default() };
        let verdict = match outcome {
            Err(error) => Err(Fault::Transport { service: Service::Token, error }),
            Ok(response) => {
                learned.clocks.extend(skew(&at, &response, now));
                token::response(&response, at.cx.authority().kind(), now)
                    .map_err(|fault| with_pause(fault, &response, now))
            }
        };
        match verdict {
            Ok(response) => then.on(Ok(redeemed(&at, response, &grant, learned, now)), now),
            Err(fault) => {
                learned.throttles.extend(throttle(&at, &grant, &fault, now));
                if let Fault::Refused(refusal) = &fault
                    && refusal.error == "invalid_client"
                {
                    // What was refused is not sent again: one that is new is not kept, an earlier one ends now.
                    let is_new = !learned.assertions.is_empty();
                    let used = at.assertion.iter().filter(|_| !is_new);
                    let ended = used.map(|used| StoredAssertion { reusable_until: now, ..used.clone() });
                    learned.assertions = ended.collect();
                }
                let error = at.cx.fail(fault);
                if learned == CacheUpdate::default() {
                    return then.on(Err(error), now);
                }
                Ok(Step::save(learned, ExpectLearned { error, then }))
            }
        }
    }
}

/// What a refusal taught is kept before the flow goes on with it.
#[derive(Debug)]
struct ExpectLearned<N> {
    error: Error,
    then: Box<N>,
}

impl<T, N: Expect<Result<Redeemed, Error>, T>> Expect<Result<(), StoreError>, T> for ExpectLearned<N> {
    // Whether it was kept makes no difference to this flow.
    fn on(self: Box<Self>, _kept: Result<(), StoreError>, now: Timestamp) -> Result<Step<T>, Error> {
        self.then.on(Err(self.error), now)
    }
}

/// A page in place of a refusal may still say how long to stay away: then it is told as the status that it came with.
fn with_pause(fault: Fault, response: &Response, now: Timestamp) -> Fault {
    match fault {
        Fault::Violation { rule: Violation::RefusalNotJson, status, content_type } => {
            match retry::retry_after(response, now) {
                None => Fault::Violation { rule: Violation::RefusalNotJson, status, content_type },
                retry_after => Fault::Status { service: Service::Token, status, content_type, retry_after },
            }
        }
        fault => fault,
    }
}

/// When the same request may be sent again, if the service wants to be left alone. A device's polling has a pace of its
/// own.
fn throttle(at: &Resolved, grant: &Grant, fault: &Fault, now: Timestamp) -> Option<Throttle> {
    let key = at.throttle.clone().filter(|_| !matches!(grant, Grant::DeviceCode { .. }))?;
    let (status, asked) = match fault {
        Fault::Refused(refusal) => (refusal.status, refusal.retry_after),
        Fault::Status { status, retry_after, .. } => (*status, *retry_after),
        Fault::Violation { status, .. } => (*status, None),
        _ => return None,
    };
    let failed = status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS;
    // Where the service names no time, MSAL leaves it alone for a minute on behalf of a person, and does not for a service.
    let assumed = (failed && at.cx.app().credential().is_none()).then_some(retry::ASSUMED_PAUSE);
    let pause = asked.or(assumed)?;
    Some(Throttle { key, since: now, until: now.after(pause), status, refusal: None })
}

/// How far the server's clock is off, if that matters: client assertions begin and end by it.
fn skew(at: &Resolved, response: &Response, now: Timestamp) -> Option<ClockSkew> {
    at.cx.app().credential()?;
    let host = at.cx.authority().host()?.to_owned();
    let text = response.headers.get(http::header::DATE)?.to_str().ok()?;
    let theirs = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let theirs = i64::try_from(theirs.as_millis()).ok()?;
    let ahead_ms = theirs.checked_sub(i64::try_from(now.as_millis()).ok()?)?;
    // A date counts whole seconds, and the answer took its time.
    let known = at.clock.as_ref().map_or(0, |clock| clock.ahead_ms);
    (ahead_ms.abs_diff(known) > NEGLIGIBLE_MS).then_some(ClockSkew { host, ahead_ms })
}

const NEGLIGIBLE_MS: u64 = 5_000;

/// The last state of a flow: keeps what was got, or ends with the failure.
#[derive(Debug)]
pub(crate) struct ExpectRedeemed;

impl Expect<Result<Redeemed, Error>, AuthenticationResult> for ExpectRedeemed {
    fn on(
        self: Box<Self>,
        verdict: Result<Redeemed, Error>,
        _now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Redeemed { result, update } = verdict?;
        Ok(Step::save(update, ExpectKept { result }))
    }
}

#[derive(Debug)]
struct ExpectKept {
    result: AuthenticationResult,
}

impl Expect<Result<(), StoreError>, AuthenticationResult> for ExpectKept {
    fn on(
        mut self: Box<Self>,
        kept: Result<(), StoreError>,
        _now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        // A token that could not be kept is still a token.
        self.result.not_kept = kept.err();
        Ok(Step::Done(self.result))
    }
}
