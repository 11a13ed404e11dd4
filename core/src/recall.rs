//! What an earlier flow got, if it is still good: the first question of the flows that read the cache.
//!
//! ```text
//! tokens ─┬─ good, or ageing ──▶ hit
//!         └─ none, or none good ──▶ miss, with what can be done about it
//! ```

mod decide;

use std::sync::Arc;

pub(crate) use self::decide::{Decision, Need, decide};
use crate::cache::{
    AccessToken, CacheQuery, CacheView, Considered, Reason, StoreError, TokenQuery, TokenSubject, TokenView,
};
use crate::context::Context;
use crate::error::{Error, Fault};
use crate::redeem::ExpectRedeemed;
use crate::redeemed::{Redeemed, cached};
use crate::result::{AuthenticationResult, Refresh};
use crate::step::{Expect, Step};
use crate::time::Timestamp;

/// What the cache had.
#[derive(Debug)]
pub(crate) enum Recalled {
    /// A token that can be used.
    Hit(Box<AuthenticationResult>),
    /// None.
    Miss(Box<Miss>),
}

/// What there is instead of a token.
#[derive(Debug)]
pub(crate) struct Miss {
    pub(crate) view: TokenView,
    /// Every token that was looked at, and why it was not used.
    pub(crate) trace: Vec<Considered>,
    /// A token that can be used while the service is down.
    fallback: Option<Arc<AccessToken>>,
    pub(crate) not_read: Option<StoreError>,
}

impl Miss {
    /// The old token, if there is one and the service failed: a refusal is final.
    pub(crate) fn fall_back(&self, cx: &Context, error: &Error) -> Option<AuthenticationResult> {
        let failed = matches!(error.fault(), Fault::Transport { .. }) || error.fault().is_passing();
        let token = self.fallback.as_ref().filter(|_| failed)?;
        let mut result = cached(cx, token, &self.view);
        result.not_read.clone_from(&self.not_read);
        result.trace.clone_from(&self.trace);
        Some(result)
    }
}

/// Asks the cache for the tokens of `subject`. `again` is the call that gets a new one though there is a good one.
pub(crate) fn recall<T: 'static>(
    cx: Context,
    subject: TokenSubject,
    force: bool,
    again: Refresh,
    then: impl Expect<Recalled, T> + 'static,
) -> Step<T> {
    let environment = cx.authority().shared_environment();
    let mut query = TokenQuery::new(cx.app().shared_client_id(), environment, subject, cx.scopes().to_vec());
    query.realm = cx.realm();
    query.ext_cache_key = cx.ext_cache_key().map(Into::into);
    let load = CacheQuery { tokens: Some(query), ..CacheQuery::default() };
    Step::load(load, ExpectTokens { cx, force, again, then })
}

#[derive(Debug)]
struct ExpectTokens<N> {
    cx: Context,
    force: bool,
    again: Refresh,
    then: N,
}

impl<T, N: Expect<Recalled, T>> Expect<Result<CacheView, StoreError>, T> for ExpectTokens<N> {
    fn on(self: Box<Self>, reply: Result<CacheView, StoreError>, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, force, again, then } = *self;
        let (view, not_read) = match reply {
            Ok(view) => (view.tokens.unwrap_or_default(), None),
            Err(error) => (TokenView::default(), Some(error)),
        };
        let need = match (force, cx.options().claims.is_some()) {
            (true, _) => Need::New(Reason::Forced),
            // The application's capabilities alone ask for nothing new.
            (false, true) => Need::New(Reason::Claims),
            (false, false) => Need::Any,
        };
        let (decision, mut trace) = decide(&view, need, now, cx.seed().jitter());
        trace.extend(view.considered.iter().cloned());
        let recalled = match decision {
            Decision::Use { token, ageing } => {
                let mut result = cached(&cx, &token, &view);
                result.refresh = ageing.then_some(again);
                result.trace = trace;
                result.not_read = not_read;
                Recalled::Hit(Box::new(result))
            }
            Decision::Get { fallback } => Recalled::Miss(Box::new(Miss { view, trace, fallback, not_read })),
        };
        Box::new(then).on(recalled, now)
    }
}

/// Waits for the new token, to keep it; the old one serves while the service is down.
#[derive(Debug)]
pub(crate) struct ExpectNew {
    pub(crate) cx: Context,
    pub(crate) miss: Box<Miss>,
}

impl ExpectNew {
    /// There will be none.
    pub(crate) fn fail(self, error: Error) -> Result<Step<AuthenticationResult>, Error> {
        match self.miss.fall_back(&self.cx, &error) {
            Some(result) => Ok(Step::Done(result)),
            None => Err(error.with_trace(self.miss.trace)),
        }
    }
}

impl Expect<Result<Redeemed, Error>, AuthenticationResult> for ExpectNew {
    fn on(
        self: Box<Self>,
        verdict: Result<Redeemed, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        match verdict {
            Ok(mut redeemed) => {
                redeemed.result.trace = self.miss.trace;
                redeemed.result.not_read = redeemed.result.not_read.or(self.miss.not_read);
                Box::new(ExpectRedeemed).on(Ok(redeemed), now)
            }
            Err(error) => self.fail(error),
        }
    }
}
