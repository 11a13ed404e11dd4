//! The authority, before its first use: a host that nobody has heard of must be confirmed.
//!
//! Hosts of the cloud table and of this machine need no request. Any other is asked about once, at the public cloud.
//! What cannot be confirmed is not used, as the user's credential would follow.

use crate::context::Context;
use crate::error::{Error, Misuse, Service};
use crate::http::Outcome;
use crate::protocol::discovery;
use crate::retry;
use crate::step::{Expect, Step};
use crate::time::Timestamp;

/// Confirms the authority and goes on with `then`, at once where there is nothing to ask.
pub(crate) fn resolve<T: 'static>(
    cx: Context,
    now: Timestamp,
    then: impl Expect<Result<(), Error>, T> + 'static,
) -> Result<Step<T>, Error> {
    let authority = &cx.app().authority;
    if authority.is_known() || !authority.options().instance_discovery {
        return Box::new(then).on(Ok(()), now);
    }
    match discovery::request(&cx) {
        Some(request) => Ok(retry::send(request, ExpectInstance { cx, then })),
        None => {
            let authority = authority.to_string();
            let reason = "its host cannot be asked about";
            Box::new(then).on(Err(cx.fail(Misuse::Authority { authority, reason })), now)
        }
    }
}

#[derive(Debug)]
struct ExpectInstance<N> {
    cx: Context,
    then: N,
}

impl<T, N: Expect<Result<(), Error>, T>> Expect<Outcome, T> for ExpectInstance<N> {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, then } = *self;
        let verdict = match outcome {
            Ok(response) => discovery::response(&response, now).map_err(|fault| cx.fail(fault)),
            Err(error) => Err(cx.unreachable(Service::InstanceDiscovery, error)),
        };
        Box::new(then).on(verdict, now)
    }
}
