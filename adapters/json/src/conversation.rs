//! A flow under way, whatever it yields: it asks, and takes the one answer that it waits for.

use entrada_core::cache::Memory;
use entrada_core::error::Error;
use entrada_core::http::Outcome as HttpOutcome;
use entrada_core::secret::Secret;
use entrada_core::seed::Seed;
use entrada_core::signer::{Signature, SignerError};
use entrada_core::step::{Flow, Resume, Step};
use entrada_core::time::Timestamp;

use crate::members::{Members, Refused};
use crate::{answer, ask};

/// What a flow may yield.
pub(crate) trait Outcome: 'static {
    /// The line that says so.
    fn done(&self) -> String;
}

/// A flow that waits for an answer.
pub(crate) trait Conversation: Send {
    /// The name of the answer.
    fn awaits(&self) -> &'static str;

    /// Takes the members of that answer.
    fn answer(self: Box<Self>, members: Members<'_>, memory: &mut Memory) -> Turn;
}

/// What came of a line.
pub(crate) enum Turn {
    /// The flow asks, and waits for the answer.
    Asked(String, Box<dyn Conversation>),
    /// The flow is over.
    Ended(String),
    /// The answer was unfit, and another is still awaited.
    Refused(Refused, Box<dyn Conversation>),
}

/// A flow of any kind that is ready to start.
pub(crate) struct AnyFlow(Box<Starter>);

type Starter = dyn FnOnce(Timestamp, Seed, &mut Memory) -> Turn;

impl AnyFlow {
    pub(crate) fn new<F>(flow: F) -> Self
    where
        F: Flow + 'static,
        F::Output: Outcome,
    {
        Self(Box::new(move |now, seed, memory| advance(flow.start(now, seed), now, memory)))
    }

    /// One that has its result already.
    pub(crate) fn ended(outcome: impl Outcome) -> Self {
        Self(Box::new(move |_, _, _| Turn::Ended(outcome.done())))
    }

    pub(crate) fn start(self, now: Timestamp, seed: Seed, memory: &mut Memory) -> Turn {
        (self.0)(now, seed, memory)
    }
}

/// What the next answer is to be.
enum Awaited<T> {
    Send { response_limit: usize, resume: Resume<HttpOutcome, T> },
    Wait { resume: Resume<(), T> },
    Show { resume: Resume<(), T> },
    Sign { resume: Resume<Result<Signature, SignerError>, T> },
    Assert { resume: Resume<Result<Secret, SignerError>, T> },
}

impl<T: Outcome> Conversation for Awaited<T> {
    fn awaits(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::Wait { .. } => "wait",
            Self::Show { .. } => "show",
            Self::Sign { .. } => "sign",
            Self::Assert { .. } => "assert",
        }
    }

    fn answer(self: Box<Self>, members: Members<'_>, memory: &mut Memory) -> Turn {
        match *self {
            Self::Send { response_limit, resume } => {
                let again = |resume| Self::Send { response_limit, resume };
                take(answer::send(members, response_limit), resume, again, memory)
            }
            Self::Wait { resume } => {
                take(answer::time("wait", members), resume, |resume| Self::Wait { resume }, memory)
            }
            Self::Show { resume } => {
                take(answer::time("show", members), resume, |resume| Self::Show { resume }, memory)
            }
            Self::Sign { resume } => {
                take(answer::sign(members), resume, |resume| Self::Sign { resume }, memory)
            }
            Self::Assert { resume } => {
                take(answer::assert(members), resume, |resume| Self::Assert { resume }, memory)
            }
        }
    }
}

/// Goes on with a fit reply; after an unfit one the flow waits as before.
fn take<R, T: Outcome>(
    reply: Result<(R, Timestamp), Refused>,
    resume: Resume<R, T>,
    again: impl FnOnce(Resume<R, T>) -> Awaited<T>,
    memory: &mut Memory,
) -> Turn {
    match reply {
        Ok((reply, now)) => advance(resume.with(reply, now), now, memory),
        Err(refused) => Turn::Refused(refused, Box::new(again(resume))),
    }
}

/// Goes on to the next ask; what concerns the memory is answered here.
fn advance<T: Outcome>(mut step: Result<Step<T>, Error>, now: Timestamp, memory: &mut Memory) -> Turn {
    let (line, awaited) = loop {
        match step {
            Ok(Step::Send { request, resume }) => {
                let response_limit = request.response_limit;
                break (ask::send(&request), Awaited::Send { response_limit, resume });
            }
            Ok(Step::Wait { until, resume }) => break (ask::wait(until), Awaited::Wait { resume }),
            Ok(Step::Show { prompt, resume }) => break (ask::show(&prompt), Awaited::Show { resume }),
            Ok(Step::Sign { input, resume }) => break (ask::sign(&input), Awaited::Sign { resume }),
            Ok(Step::Assert { request, resume }) => {
                break (ask::assert(&request), Awaited::Assert { resume });
            }
            Ok(Step::Load { query, resume }) => step = resume.with(Ok(memory.load(&query)), now),
            Ok(Step::Save { update, resume }) => {
                memory.save(&update);
                step = resume.with(Ok(()), now);
            }
            Ok(Step::Done(outcome)) => return Turn::Ended(outcome.done()),
            Err(error) => return Turn::Ended(ask::failed(&error)),
        }
    };
    Turn::Asked(line, Box::new(awaited))
}
