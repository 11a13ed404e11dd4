//! The step: what a flow needs next, and the drivers that carry it out.

mod driver;
mod host;

use std::fmt;

pub use self::driver::{StepEvent, run, run_async};
pub use self::host::{AsyncHost, Host};
use crate::cache::{CacheQuery, CacheUpdate, CacheView, StoreError};
use crate::error::Error;
use crate::flights::Flight;
use crate::flow::device_code::Prompt;
use crate::http::{Outcome, Request};
use crate::secret::Secret;
use crate::seed::Seed;
use crate::signer::{AssertionRequest, Signature, SignerError, SigningInput};
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

    /// Which calls this one is identical to, so that one can answer for all at the same time. `None` for a flow that
    /// only ever answers for itself.
    fn flight(&self) -> Option<Flight<Self::Output>> {
        None
    }
}
