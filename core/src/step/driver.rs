//! The drivers, and what they tell of a flow as they carry it out.

use std::time::Duration;

use http::{Method, StatusCode};
use url::Url;

use super::{AsyncHost, Host, Step};
use crate::cache::StoreError;
use crate::error::Error;
use crate::http::{HttpAuth, Outcome, Request, TransportError};
use crate::signer::SigningAlgorithm;
use crate::time::Timestamp;

/// Something that happened in a flow, free of secrets: what logs, traces and progress are made of.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepEvent<'a> {
    /// A request is about to be sent.
    Sending {
        /// The method.
        method: &'a Method,
        /// The address. The user's name may stand in it.
        url: &'a Url,
        /// How the user is authenticated to the server.
        auth: &'a HttpAuth,
    },
    /// What came of it.
    Received {
        /// The status, or the failure of the transport.
        outcome: Result<StatusCode, &'a TransportError>,
        /// How long it took, by the host's clock.
        elapsed: Duration,
    },
    /// The flow lets time pass.
    Waiting {
        /// Until when.
        until: Timestamp,
    },
    /// A person is shown a code. The code is of use only to whoever signs in with it.
    Showing {
        /// What to type.
        user_code: &'a str,
        /// Where.
        at: &'a Url,
    },
    /// A signature is asked for.
    Signing {
        /// How to sign.
        algorithm: SigningAlgorithm,
        /// The name of the key.
        key: &'a str,
    },
    /// An assertion is asked for.
    Asserting {
        /// Whom it is for.
        audience: &'a str,
    },
    /// What earlier flows learned was looked up.
    Loaded {
        /// Why it could not be, if so.
        failure: Option<&'a StoreError>,
    },
    /// What the flow learned was kept, or could not be.
    Saved {
        /// Whether the change was kept.
        kept: &'a Result<(), StoreError>,
    },
}

impl<'a> StepEvent<'a> {
    fn sending(request: &'a Request) -> Self {
        Self::Sending { method: &request.method, url: &request.url, auth: &request.auth }
    }

    fn received(outcome: &'a Outcome, elapsed: Duration) -> Self {
        Self::Received { outcome: outcome.as_ref().map(|response| response.status), elapsed }
    }
}

/// Runs a flow to its end, and tells `observer` what happens.
///
/// # Errors
/// The flow's own.
pub fn run<T>(
    mut step: Step<T>,
    host: &mut impl Host,
    mut observer: impl FnMut(StepEvent<'_>),
) -> Result<T, Error> {
    loop {
        step = match step {
            Step::Send { request, resume } => {
                observer(StepEvent::sending(&request));
                let start = host.now();
                let outcome = host.send(request);
                let now = host.now();
                observer(StepEvent::received(&outcome, now.since(start)));
                resume.with(outcome, now)?
            }
            Step::Wait { until, resume } => {
                observer(StepEvent::Waiting { until });
                host.wait(until);
                resume.with((), host.now())?
            }
            Step::Show { prompt, resume } => {
                observer(StepEvent::Showing { user_code: &prompt.user_code, at: &prompt.verification_uri });
                host.show(prompt);
                resume.with((), host.now())?
            }
            Step::Sign { input, resume } => {
                observer(StepEvent::Signing { algorithm: input.algorithm, key: &input.key });
                let reply = host.sign(input);
                resume.with(reply, host.now())?
            }
            Step::Assert { request, resume } => {
                observer(StepEvent::Asserting { audience: &request.audience });
                let reply = host.assert(request);
                resume.with(reply, host.now())?
            }
            Step::Load { query, resume } => {
                let reply = host.load(query);
                observer(StepEvent::Loaded { failure: reply.as_ref().err() });
                resume.with(reply, host.now())?
            }
            Step::Save { update, resume } => {
                let kept = host.save(update);
                observer(StepEvent::Saved { kept: &kept });
                resume.with(kept, host.now())?
            }
            Step::Done(value) => return Ok(value),
        };
    }
}

/// Runs a flow to its end without blocking, and tells `observer` what happens.
///
/// Dropping the future abandons the flow.
///
/// # Errors
/// The flow's own.
pub async fn run_async<T: Send>(
    mut step: Step<T>,
    host: &mut (impl AsyncHost + Send),
    mut observer: impl FnMut(StepEvent<'_>) + Send,
) -> Result<T, Error> {
    loop {
        step = match step {
            Step::Send { request, resume } => {
                observer(StepEvent::sending(&request));
                let start = host.now();
                let outcome = host.send(request).await;
                let now = host.now();
                observer(StepEvent::received(&outcome, now.since(start)));
                resume.with(outcome, now)?
            }
            Step::Wait { until, resume } => {
                observer(StepEvent::Waiting { until });
                host.wait(until).await;
                resume.with((), host.now())?
            }
            Step::Show { prompt, resume } => {
                observer(StepEvent::Showing { user_code: &prompt.user_code, at: &prompt.verification_uri });
                host.show(prompt).await;
                resume.with((), host.now())?
            }
            Step::Sign { input, resume } => {
                observer(StepEvent::Signing { algorithm: input.algorithm, key: &input.key });
                let reply = host.sign(input).await;
                resume.with(reply, host.now())?
            }
            Step::Assert { request, resume } => {
                observer(StepEvent::Asserting { audience: &request.audience });
                let reply = host.assert(request).await;
                resume.with(reply, host.now())?
            }
            Step::Load { query, resume } => {
                let reply = host.load(query).await;
                observer(StepEvent::Loaded { failure: reply.as_ref().err() });
                resume.with(reply, host.now())?
            }
            Step::Save { update, resume } => {
                let kept = host.save(update).await;
                observer(StepEvent::Saved { kept: &kept });
                resume.with(kept, host.now())?
            }
            Step::Done(value) => return Ok(value),
        };
    }
}
