//! The step: what a flow needs next, and the drivers that carry it out.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use http::{Method, StatusCode};
use url::Url;

use crate::cache::{CacheQuery, CacheUpdate, CacheView, StoreError};
use crate::error::Error;
use crate::flow::device_code::Prompt;
use crate::http::{HttpAuth, Outcome, Request, TransportError};
use crate::secret::Secret;
use crate::seed::Seed;
use crate::signer::{
    AssertionRequest, Signature, SignerError, SignerErrorKind, SigningAlgorithm, SigningInput,
};
use crate::time::Timestamp;

/// What a flow needs next, or its result.
///
/// Every variant but [`Step::Done`] carries a [`Resume`] that takes exactly the reply that the flow waits for
/// and yields the next step. Dropping a step abandons the flow: that is cancellation.
///
/// A driver is a match with one arm a need:
///
/// ```
/// # use entrada_core::step::Step;
/// fn need<T>(step: &Step<T>) -> &'static str {
///     match step {
///         Step::Send { .. } => "an HTTP client",
///         Step::Wait { .. } => "a timer",
///         Step::Show { .. } => "a screen",
///         Step::Sign { .. } | Step::Assert { .. } => "a signer",
///         Step::Load { .. } | Step::Save { .. } => "a memory",
///         Step::Done(_) => "nothing",
///     }
/// }
/// ```
///
/// One that forgets a need does not compile:
///
/// ```compile_fail,E0004
/// # use entrada_core::step::Step;
/// fn need<T>(step: &Step<T>) -> &'static str {
///     match step {
///         Step::Send { .. } => "an HTTP client",
///         Step::Wait { .. } => "a timer",
///         Step::Show { .. } => "a screen",
///         Step::Sign { .. } | Step::Assert { .. } => "a signer",
///         Step::Load { .. } => "half of a memory",
///         Step::Done(_) => "nothing",
///     }
/// }
/// ```
///
/// Nor does, with warnings denied, one that drops a step unseen:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// # use entrada_core::step::Step;
/// fn start() -> Step<()> {
///     Step::Done(())
/// }
/// start();
/// ```
#[derive(Debug)]
#[must_use = "a flow makes no progress until its step is carried out"]
#[allow(
    clippy::large_enum_variant,
    reason = "a step lives for one round trip; a box would cost more than the move"
)]
// Exhaustive on purpose: a driver that does not know a need cannot meet it, and should not compile.
pub enum Step<T> {
    /// Send a request and say what came of it.
    Send {
        /// The request.
        request: Request,
        /// Takes the response, or why there is none.
        resume: Resume<Outcome, T>,
    },
    /// Let time pass.
    Wait {
        /// Until when. Answered early, the same wait comes again.
        until: Timestamp,
        /// Takes nothing but the time.
        resume: Resume<(), T>,
    },
    /// Show a person where to go and what to type.
    Show {
        /// What to show.
        prompt: Prompt,
        /// Takes nothing but the time.
        resume: Resume<(), T>,
    },
    /// Sign with a key that the application named.
    Sign {
        /// What to sign, and how.
        input: SigningInput,
        /// Takes the signature, or why there is none.
        resume: Resume<Result<Signature, SignerError>, T>,
    },
    /// Make an assertion that says who the application is.
    Assert {
        /// What it must say.
        request: AssertionRequest,
        /// Takes the assertion, or why there is none.
        resume: Resume<Result<Secret, SignerError>, T>,
    },
    /// Look up what earlier flows learned.
    Load {
        /// What the flow wants to know.
        query: CacheQuery,
        /// Takes what is remembered; a failure counts as nothing, and the result tells of it.
        resume: Resume<Result<CacheView, StoreError>, T>,
    },
    /// Remember what the flow learned.
    Save {
        /// What to add, as a change and not as a whole cache.
        update: CacheUpdate,
        /// Takes whether it was kept.
        resume: Resume<Result<(), StoreError>, T>,
    },
    /// The flow is over.
    Done(T),
}

impl<T> Step<T> {
    pub(crate) fn send(request: Request, then: impl Expect<Outcome, T> + 'static) -> Self {
        Self::Send { request, resume: Resume(Box::new(then)) }
    }

    pub(crate) fn wait(until: Timestamp, then: impl Expect<(), T> + 'static) -> Self
    where
        T: 'static,
    {
        Self::Wait { until, resume: Resume(Box::new(ExpectTime { until, then: Box::new(then) })) }
    }

    pub(crate) fn show(prompt: Prompt, then: impl Expect<(), T> + 'static) -> Self {
        Self::Show { prompt, resume: Resume(Box::new(then)) }
    }

    pub(crate) fn sign(
        input: SigningInput,
        then: impl Expect<Result<Signature, SignerError>, T> + 'static,
    ) -> Self {
        Self::Sign { input, resume: Resume(Box::new(then)) }
    }

    pub(crate) fn assert(
        request: AssertionRequest,
        then: impl Expect<Result<Secret, SignerError>, T> + 'static,
    ) -> Self {
        Self::Assert { request, resume: Resume(Box::new(then)) }
    }

    pub(crate) fn load(
        query: CacheQuery,
        then: impl Expect<Result<CacheView, StoreError>, T> + 'static,
    ) -> Self {
        Self::Load { query, resume: Resume(Box::new(then)) }
    }

    pub(crate) fn save(update: CacheUpdate, then: impl Expect<Result<(), StoreError>, T> + 'static) -> Self {
        Self::Save { update, resume: Resume(Box::new(then)) }
    }
}

/// The rest of a flow, waiting for an `R`. Usable once.
///
/// ```
/// # use entrada_core::{http::{Outcome, TransportErrorKind}, step::Resume, time::Timestamp};
/// fn answer<T>(resume: Resume<Outcome, T>, now: Timestamp) {
///     let _step = resume.with(Err(TransportErrorKind::Timeout.into()), now);
/// }
/// ```
///
/// A reply of another type does not compile:
///
/// ```compile_fail,E0308
/// # use entrada_core::{http::{Outcome, TransportErrorKind}, step::Resume, time::Timestamp};
/// fn answer<T>(resume: Resume<Outcome, T>, now: Timestamp) {
///     let _step = resume.with((), now);
/// }
/// ```
///
/// Nor does a second reply:
///
/// ```compile_fail,E0382
/// # use entrada_core::{http::{Outcome, TransportErrorKind}, step::Resume, time::Timestamp};
/// fn answer<T>(resume: Resume<Outcome, T>, now: Timestamp) {
///     let _step = resume.with(Err(TransportErrorKind::Timeout.into()), now);
///     let _step = resume.with(Err(TransportErrorKind::Timeout.into()), now);
/// }
/// ```
pub struct Resume<R, T>(Box<dyn Expect<R, T>>);

impl<R, T> Resume<R, T> {
    /// Continues the flow with `reply`, which arrived at `now`.
    ///
    /// # Errors
    /// The flow's own end in failure. Nothing can follow it.
    pub fn with(self, reply: R, now: Timestamp) -> Result<Step<T>, Error> {
        self.0.on(reply, now)
    }
}

/// Shows the state that waits, which holds no secret that could be printed.
impl<R, T> fmt::Debug for Resume<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A state: what it knows, the one reply that it expects, and what it does with it.
pub(crate) trait Expect<R, T>: fmt::Debug + Send {
    /// Takes the reply.
    fn on(self: Box<Self>, reply: R, now: Timestamp) -> Result<Step<T>, Error>;
}

/// A wait that was answered early waits again, so that no state has to repeat the guard.
struct ExpectTime<T> {
    until: Timestamp,
    then: Box<dyn Expect<(), T>>,
}

/// Shows the state that it wraps.
impl<T> fmt::Debug for ExpectTime<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.then.fmt(f)
    }
}

impl<T: 'static> Expect<(), T> for ExpectTime<T> {
    fn on(self: Box<Self>, (): (), now: Timestamp) -> Result<Step<T>, Error> {
        if now < self.until {
            return Ok(Step::Wait { until: self.until, resume: Resume(self) });
        }
        self.then.on((), now)
    }
}

/// What a user starts: everything that is known beforehand, and nothing running yet.
pub trait Flow {
    /// What the flow yields.
    type Output;

    /// Starts the flow at `now`, with randomness that no other flow has used.
    ///
    /// # Errors
    /// A combination that cannot work, refused before any request.
    fn start(self, now: Timestamp, seed: Seed) -> Result<Step<Self::Output>, Error>;
}

/// What answers the steps of a flow, blocking: one method a need.
pub trait Host {
    /// The time.
    fn now(&mut self) -> Timestamp;
    /// Sends a request and reads the response whole.
    fn send(&mut self, request: Request) -> Outcome;
    /// Returns when `until` is reached.
    fn wait(&mut self, until: Timestamp);
    /// Shows a person where to go and what to type, and returns at once.
    fn show(&mut self, prompt: Prompt);
    /// Signs.
    ///
    /// # Errors
    /// Why there is no signature. A host without keys need not provide this.
    fn sign(&mut self, input: SigningInput) -> Result<Signature, SignerError> {
        let _ = input;
        Err(NO_SIGNER.into())
    }
    /// Makes an assertion that says who the application is.
    ///
    /// # Errors
    /// Why there is none. A host without assertions need not provide this.
    fn assert(&mut self, request: AssertionRequest) -> Result<Secret, SignerError> {
        let _ = request;
        Err(NO_SIGNER.into())
    }
    /// Looks up what earlier flows learned.
    ///
    /// # Errors
    /// Why it could not be looked up. The flow goes on without, and the result says so.
    fn load(&mut self, query: CacheQuery) -> Result<CacheView, StoreError>;
    /// Keeps what the flow learned.
    ///
    /// # Errors
    /// Why it was not kept. The token is not lost: the result says so.
    fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError>;
}

const NO_SIGNER: SignerErrorKind = SignerErrorKind::Unavailable;

/// What answers the steps of a flow, async: one method a need.
pub trait AsyncHost {
    /// The time.
    fn now(&mut self) -> Timestamp;
    /// Sends a request and reads the response whole.
    fn send(&mut self, request: Request) -> impl Future<Output = Outcome> + Send;
    /// Returns when `until` is reached.
    fn wait(&mut self, until: Timestamp) -> impl Future<Output = ()> + Send;
    /// Shows a person where to go and what to type, and does not wait for the person.
    fn show(&mut self, prompt: Prompt) -> impl Future<Output = ()> + Send;
    /// Signs. A host without keys need not provide this.
    fn sign(&mut self, input: SigningInput) -> impl Future<Output = Result<Signature, SignerError>> + Send {
        let _ = input;
        async { Err(NO_SIGNER.into()) }
    }
    /// Makes an assertion that says who the application is. A host without assertions need not provide this.
    fn assert(
        &mut self,
        request: AssertionRequest,
    ) -> impl Future<Output = Result<Secret, SignerError>> + Send {
        let _ = request;
        async { Err(NO_SIGNER.into()) }
    }
    /// Looks up what earlier flows learned.
    fn load(&mut self, query: CacheQuery) -> impl Future<Output = Result<CacheView, StoreError>> + Send;
    /// Keeps what the flow learned.
    fn save(&mut self, update: CacheUpdate) -> impl Future<Output = Result<(), StoreError>> + Send;
}

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
