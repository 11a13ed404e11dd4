//! Sending again: once, after a second, and only what is harmless to repeat.
//!
//! A request that carries a user's credential is never sent twice: each attempt with a wrong password counts
//! against the lock-out limit of the domain.

use std::time::{Duration, UNIX_EPOCH};

use http::header::RETRY_AFTER;

use crate::error::Error;
use crate::http::{Outcome, Request, Response, TransportErrorKind};
use crate::step::{Expect, Step};
use crate::time::Timestamp;

/// Sends what `request` makes of the state `then`, and once more after a second if the server failed (5xx without
/// `Retry-After`) or was too slow. The last outcome goes to `then`.
///
/// The request is made anew for the second time, as there seldom is one.
pub(crate) fn send<T: 'static, N: Expect<Outcome, T> + 'static>(
    then: N,
    request: fn(&N) -> Request,
) -> Step<T> {
    Step::send(request(&then), ExpectFirst { request, then })
}

const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct ExpectFirst<N> {
    request: fn(&N) -> Request,
    then: N,
}

impl<T: 'static, N: Expect<Outcome, T> + 'static> Expect<Outcome, T> for ExpectFirst<N> {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<T>, Error> {
        if is_worth_a_second_try(&outcome) {
            let Self { request, then } = *self;
            return Ok(Step::wait(now.after(PAUSE), ExpectPause { request, then }));
        }
        Box::new(self.then).on(outcome, now)
    }
}

#[derive(Debug)]
struct ExpectPause<N> {
    request: fn(&N) -> Request,
    then: N,
}

impl<T: 'static, N: Expect<Outcome, T> + 'static> Expect<(), T> for ExpectPause<N> {
    fn on(self: Box<Self>, (): (), _now: Timestamp) -> Result<Step<T>, Error> {
        Ok(Step::send((self.request)(&self.then), self.then))
    }
}

fn is_worth_a_second_try(outcome: &Outcome) -> bool {
    match outcome {
        Ok(response) => response.status.is_server_error() && !response.headers.contains_key(RETRY_AFTER),
        Err(error) => error.kind == TransportErrorKind::Timeout,
    }
}

/// How long the service wants to be left alone (RFC 9110, section 10.2.3): seconds, or a date that counts from
/// `now`. At most an hour, as MSAL has it.
pub(crate) fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let text = response.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
            Timestamp::default().after(date).since(now)
        }
    };
    Some(pause.min(LONGEST_PAUSE))
}

/// How long the service is left alone if it failed and did not say for how long.
pub(crate) const ASSUMED_PAUSE: Duration = Duration::from_secs(60);

const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, StatusCode};

    #[test]
    fn seconds_and_dates_are_read_and_capped() {
        let pause = |text: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            let response = Response::new(StatusCode::SERVICE_UNAVAILABLE, headers, Vec::new());
            retry_after(&response, Timestamp::from_secs(784_111_770)).map(|pause| pause.as_secs())
        };
        assert_eq!(pause("7"), Some(7));
        assert_eq!(pause("99999999999"), Some(3600));
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:37 GMT"), Some(7));
        assert_eq!(pause("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(pause("soon"), None);
        assert_eq!(pause("-1"), None);
    }
}
