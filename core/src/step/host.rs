//! What answers the steps of a flow.

use std::future::Future;

use crate::cache::{CacheQuery, CacheUpdate, CacheView, StoreError};
use crate::flow::device_code::Prompt;
use crate::http::{Outcome, Request};
use crate::secret::Secret;
use crate::signer::{AssertionRequest, Signature, SignerError, SignerErrorKind, SigningInput};
use crate::time::Timestamp;

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
