//! The application proves who it is: nothing, a secret, or an assertion (RFC 7523) that is at hand, signed or asked for.

use crate::application::{ClientCertificate, ClientCredential};
use crate::cache::{AssertionKey, StoredAssertion};
use crate::context::{Context, Resolved};
use crate::error::{Error, Fault};
use crate::protocol::client_assertion::{self, Unsigned};
use crate::secret::Secret;
use crate::signer::{
    AssertionRequest, Signature, SignerError, SignerErrorKind, SigningAlgorithm, SigningInput,
};
use crate::step::{Expect, Step};
use crate::time::Timestamp;

/// What goes out with a token request to say who the application is.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// A public client has none.
    None,
    Secret(Secret),
    Assertion(Secret),
}

/// A proof, and what is to be remembered of it. What it was asked of comes back with it.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) at: Resolved,
    pub(crate) proof: Proof,
    pub(crate) signed: Option<StoredAssertion>,
}

impl Proven {
    fn new(at: Resolved, proof: Proof) -> Self {
        Self { at, proof, signed: None }
    }
}

/// Proves who the application is to the token endpoint, for its own grant or for a user's, and hands that to `then`.
pub(crate) fn prove<T: 'static>(
    at: Resolved,
    is_the_applications: bool,
    now: Timestamp,
    then: impl Expect<Result<Proven, Error>, T> + 'static,
) -> Result<Step<T>, Error> {
    let then = Box::new(then);
    let audience = |at: &Resolved| String::from(at.cx.token_endpoint(&at.endpoints, is_the_applications));
    let proof = match at.cx.app().credential() {
        None => Proof::None,
        Some(ClientCredential::Secret(secret)) => Proof::Secret(secret.clone()),
        Some(ClientCredential::Assertion(assertion)) => Proof::Assertion(assertion.clone()),
        Some(ClientCredential::AskForAssertion) => {
            let request = AssertionRequest {
                client_id: at.cx.app().client_id().to_owned(),
                audience: audience(&at),
                tenant: at.cx.authority().tenant().map(ToString::to_string),
                claims: at.cx.claims().map(str::to_owned),
            };
            return Ok(Step::assert(request, ExpectClientAssertion { at, then }));
        }
        Some(ClientCredential::Certificate(certificate)) => {
            if let Some(stored) = &at.assertion
                && stored.valid_from <= now
                && now < stored.reusable_until
            {
                let proof = Proof::Assertion(stored.assertion.clone());
                return then.on(Ok(Proven::new(at, proof)), now);
            }
            let algorithm = if at.cx.authority().kind().takes_ps256() {
                SigningAlgorithm::Ps256
            } else {
                SigningAlgorithm::Rs256
            };
            let (certificate, audience) = (certificate.clone(), audience(&at));
            return Ok(sign(at, certificate, audience, algorithm, now, then));
        }
    };
    then.on(Ok(Proven::new(at, proof)), now)
}

/// Which assertions can stand for those that this call signs, if it signs any.
pub(crate) fn assertion_key(cx: &Context, audience: &str) -> Option<AssertionKey> {
    let Some(ClientCredential::Certificate(certificate)) = cx.app().credential() else { return None };
    let thumbprint = client_assertion::thumbprint(&certificate.certificate);
    let x5c = if certificate.send_x5c { "x5c" } else { "" };
    Some(AssertionKey::new([cx.app().client_id(), audience, &thumbprint, x5c]))
}

fn sign<T: 'static>(
    at: Resolved,
    certificate: ClientCertificate,
    audience: String,
    algorithm: SigningAlgorithm,
    now: Timestamp,
    then: Box<impl Expect<Result<Proven, Error>, T> + 'static>,
) -> Step<T> {
    let unsigned = Unsigned::new(&at, &certificate, &audience, algorithm, now);
    let input = SigningInput::new(algorithm, unsigned.input.as_bytes(), &certificate.key);
    Step::sign(input, ExpectSignature { at, certificate, audience, algorithm, unsigned, then })
}

#[derive(Debug)]
struct ExpectSignature<N> {
    at: Resolved,
    certificate: ClientCertificate,
    audience: String,
    algorithm: SigningAlgorithm,
    unsigned: Unsigned,
    then: Box<N>,
}

impl<T: 'static, N: Expect<Result<Proven, Error>, T> + 'static> Expect<Result<Signature, SignerError>, T>
    for ExpectSignature<N>
{
    fn on(self: Box<Self>, reply: Result<Signature, SignerError>, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { at, certificate, audience, algorithm, unsigned, then } = *self;
        match (reply, algorithm) {
            (Ok(signature), _) => {
                let assertion = unsigned.with(&signature);
                let signed = at
                    .cx
                    .authority()
                    .kind()
                    .takes_assertions_again()
                    .then(|| assertion_key(&at.cx, &audience))
                    .flatten()
                    .map(|key| StoredAssertion {
                        key,
                        assertion: assertion.clone(),
                        valid_from: now,
                        reusable_until: unsigned.reusable_until,
                    });
                then.on(Ok(Proven { at, proof: Proof::Assertion(assertion), signed }), now)
            }
            (Err(error), SigningAlgorithm::Ps256) if error.kind == SignerErrorKind::Unsupported => {
                Ok(sign(at, certificate, audience, SigningAlgorithm::Rs256, now, then))
            }
            (Err(error), _) => then.on(Err(at.cx.fail(Fault::Signer(error))), now),
        }
    }
}

#[derive(Debug)]
struct ExpectClientAssertion<N> {
    at: Resolved,
    then: Box<N>,
}

impl<T, N: Expect<Result<Proven, Error>, T>> Expect<Result<Secret, SignerError>, T>
    for ExpectClientAssertion<N>
{
    fn on(self: Box<Self>, reply: Result<Secret, SignerError>, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { at, then } = *self;
        let verdict = match reply {
            Ok(assertion) if assertion.expose().trim().is_empty() => {
                let error = SignerError::new(SignerErrorKind::Other, "the assertion is empty");
                Err(at.cx.fail(Fault::Signer(error)))
            }
            Ok(assertion) => Ok(Proven::new(at, Proof::Assertion(assertion))),
            Err(error) => Err(at.cx.fail(Fault::Signer(error))),
        };
        then.on(verdict, now)
    }
}
