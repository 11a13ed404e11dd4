//! Which token is used, if any: one total function over what the cache has.

use std::sync::Arc;
use std::time::Duration;

use crate::cache::{AccessToken, Considered, Judged, Reason, TokenView, judge};
use crate::time::Timestamp;

/// Whether a token of the cache will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// It will.
    Any,
    /// It will not, for this reason.
    New(Reason),
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Use this token; if it is ageing, get another one when it suits.
    Use { token: Arc<AccessToken>, ageing: bool },
    /// Get a new one. Should the service be down, this one can still be used.
    Get { fallback: Option<Arc<AccessToken>> },
}

/// Decides, and tells of every token why it was not used, or not alone.
///
/// | access token | need | decision |
/// |---|---|---|
/// | good | any | used |
/// | ageing | any | used, and refreshed when it suits |
/// | good or ageing | new | a new one; the caller asked for it, so the old one is no answer |
/// | expired, extended | any | a new one; the old one while the service is down |
/// | expired, absurd, from the future | any | a new one |
/// | none | any or new | a new one |
pub(crate) fn decide(
    view: &TokenView,
    need: Need,
    now: Timestamp,
    jitter: Duration,
) -> (Decision, Vec<Considered>) {
    let mut trace = Vec::new();
    let mut fallback = None;
    for token in &view.access_tokens {
        let reason = match (judge(token, now, jitter), need) {
            (Judged::Good, Need::Any) => {
                return (Decision::Use { token: Arc::clone(token), ageing: false }, trace);
            }
            (Judged::Ageing, Need::Any) => {
                trace.push(Considered::access_token(token, Reason::Ageing));
                return (Decision::Use { token: Arc::clone(token), ageing: true }, trace);
            }
            (Judged::Good | Judged::Ageing, Need::New(reason)) => reason,
            (Judged::Extended(reason), Need::Any) => {
                fallback.get_or_insert_with(|| Arc::clone(token));
                reason
            }
            (Judged::Extended(reason) | Judged::Bad(reason), _) => reason,
        };
        trace.push(Considered::access_token(token, reason));
    }
    (Decision::Get { fallback }, trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn token(expires_on: u64, extended: Option<u64>, refresh_on: Option<u64>) -> Arc<AccessToken> {
        Arc::new(AccessToken {
            cached_at: Timestamp::from_secs(NOW - 100),
            expires_on: Timestamp::from_secs(expires_on),
            extended_expires_on: extended.map(Timestamp::from_secs),
            refresh_on: refresh_on.map(Timestamp::from_secs),
            ..AccessToken::default()
        })
    }

    #[test]
    fn every_row_of_the_table_is_decided_as_it_says() {
        let good = || token(NOW + 3600, None, None);
        let ageing = || token(NOW + 3600, None, Some(NOW - 1));
        let extended = || token(NOW - 1, Some(NOW + 3600), None);
        let expired = || token(NOW - 1, None, None);
        let forced = Need::New(Reason::Forced);
        let claims = Need::New(Reason::Claims);
        let used = |token, ageing| Decision::Use { token, ageing };
        let get = |fallback| Decision::Get { fallback };
        for (row, (tokens, need, decision, reasons)) in [
            (vec![good()], Need::Any, used(good(), false), vec![]),
            (vec![ageing()], Need::Any, used(ageing(), true), vec![Reason::Ageing]),
            (vec![good()], forced, get(None), vec![Reason::Forced]),
            (vec![ageing()], claims, get(None), vec![Reason::Claims]),
            (vec![extended()], Need::Any, get(Some(extended())), vec![Reason::Expired]),
            (vec![extended()], forced, get(None), vec![Reason::Expired]),
            (vec![expired()], Need::Any, get(None), vec![Reason::Expired]),
            (vec![], Need::Any, get(None), vec![]),
            (vec![], claims, get(None), vec![]),
            (vec![expired(), good()], Need::Any, used(good(), false), vec![Reason::Expired]),
            (vec![extended(), good()], Need::Any, used(good(), false), vec![Reason::Expired]),
        ]
        .into_iter()
        .enumerate()
        {
            let view = TokenView { access_tokens: tokens, ..TokenView::default() };
            let (decided, trace) = decide(&view, need, Timestamp::from_secs(NOW), Duration::ZERO);
            assert_eq!(decided, decision, "row {row}");
            assert_eq!(trace.iter().map(|one| one.reason).collect::<Vec<_>>(), reasons, "row {row}");
        }
    }
}
