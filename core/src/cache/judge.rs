//! Whether an access token that fits is still good.

use std::time::Duration;

use super::{AccessToken, Reason};
use crate::time::Timestamp;

/// What time has done to an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Judged {
    /// It can be used.
    Good,
    /// It can be used, and a new one is due.
    Ageing,
    /// It cannot, but while the service is down.
    Extended(Reason),
    /// It cannot.
    Bad(Reason),
}

/// A token with less time left is not handed out: it would end on its way.
const LEAST_LEFT: Duration = Duration::from_secs(300);
/// No service means a longer life.
const LONGEST_LIFE: Duration = Duration::from_secs(3650 * 86400);
/// How far the clock may have been set back meanwhile.
const TURNED_BACK: Duration = Duration::from_secs(300);

/// Judges `token` at `now`. It is due for a new one when `refresh_on`, moved by `jitter`, has passed: the applications
/// that share a token should not all ask at once.
#[must_use]
pub fn judge(token: &AccessToken, now: Timestamp, jitter: Duration) -> Judged {
    let reason = if token.cached_at > now.after(TURNED_BACK) {
        Reason::FromTheFuture
    } else if token.expires_on > now.after(LONGEST_LIFE) {
        Reason::AbsurdExpiry
    } else if token.expires_on > now.after(LEAST_LEFT) {
        let is_due = token.refresh_on.is_some_and(|due| due.after(jitter) <= now);
        return if is_due { Judged::Ageing } else { Judged::Good };
    } else {
        Reason::Expired
    };
    match token.extended_expires_on {
        Some(end) if reason == Reason::Expired && end > now.after(LEAST_LEFT) => Judged::Extended(reason),
        _ => Judged::Bad(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86400;

    #[test]
    fn a_token_is_judged_by_its_times_alone() {
        let now = 1_000_000;
        // When it was got, when it ends, when it ends while the service is down, when a new one is due.
        for (cached, ends, extended, refresh, judged) in [
            (now, now + 3600, None, None, Judged::Good),
            (now, now + 301, None, None, Judged::Good),
            (now, now + 300, None, None, Judged::Bad(Reason::Expired)),
            (now - 7200, now - 3600, None, None, Judged::Bad(Reason::Expired)),
            (now - 7200, now - 3600, Some(now + 3600), None, Judged::Extended(Reason::Expired)),
            (now - 7200, now - 3600, Some(now + 300), None, Judged::Bad(Reason::Expired)),
            (now, now + 3600, None, Some(now + 11), Judged::Good),
            (now, now + 3600, None, Some(now + 1), Judged::Good),
            (now, now + 3600, None, Some(now - 10), Judged::Ageing),
            (now, now + 300, None, Some(now - 10), Judged::Bad(Reason::Expired)),
            (now + 300, now + 3600, None, None, Judged::Good),
            (now + 301, now + 3600, Some(now + 7200), None, Judged::Bad(Reason::FromTheFuture)),
            (now, now + 3650 * DAY, None, None, Judged::Good),
            (now, now + 3650 * DAY + 1, None, None, Judged::Bad(Reason::AbsurdExpiry)),
            (0, 0, None, None, Judged::Bad(Reason::Expired)),
        ] {
            let token = AccessToken {
                cached_at: Timestamp::from_secs(cached),
                expires_on: Timestamp::from_secs(ends),
                extended_expires_on: extended.map(Timestamp::from_secs),
                refresh_on: refresh.map(Timestamp::from_secs),
                ..AccessToken::default()
            };
            let at = judge(&token, Timestamp::from_secs(now), Duration::from_secs(10));
            assert_eq!(at, judged, "{cached} {ends} {extended:?} {refresh:?}");
        }
    }
}
