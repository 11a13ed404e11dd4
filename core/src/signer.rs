//! Proving who the application is: what a signer is asked for, and what it may answer.
//!
//! The core holds no private key. A flow that needs a signature says so with
//! [`Step::Sign`](crate::step::Step::Sign), and one that needs an assertion from elsewhere with
//! [`Step::Assert`](crate::step::Step::Assert); the key may be in a file, a vault or a token.

use std::fmt;

use crate::secret::Secret;

/// Makes signatures and assertions for a host. It may block: an async host calls it off its threads.
pub trait Signer: Send + Sync {
    /// Signs.
    ///
    /// # Errors
    /// Why there is no signature. One that only makes assertions need not provide this.
    fn sign(&self, input: &SigningInput) -> Result<Signature, SignerError> {
        let _ = input;
        Err(SignerErrorKind::Unavailable.into())
    }

    /// Makes an assertion that says who the application is.
    ///
    /// # Errors
    /// Why there is none. One that only signs need not provide this.
    fn assert(&self, request: &AssertionRequest) -> Result<Secret, SignerError> {
        let _ = request;
        Err(SignerErrorKind::Unavailable.into())
    }
}

/// What is to be signed, with which key and how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningInput {
    /// How to sign.
    pub algorithm: SigningAlgorithm,
    /// The bytes to sign, not hashed: the signing input of a JWS (RFC 7515, section 5.1), in ASCII.
    pub input: Vec<u8>,
    /// The key, by the name that the application gave it.
    pub key: String,
}

impl SigningInput {
    /// Puts a question to a signer together.
    #[must_use]
    pub fn new(algorithm: SigningAlgorithm, input: impl Into<Vec<u8>>, key: impl Into<String>) -> Self {
        Self { algorithm, input: input.into(), key: key.into() }
    }
}

/// How to sign (RFC 7518, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PSS with SHA-256, a salt of 32 bytes and MGF1 with SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl SigningAlgorithm {
    /// The name in a JWS header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A signature, as the algorithm makes it: for RSA as long as the key's modulus.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

/// Shows the length alone: with what was signed, a signature is a credential.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

impl Signature {
    /// Takes the bytes of a signature.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What an assertion from the application must say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssertionRequest {
    /// The application: its issuer and subject.
    pub client_id: String,
    /// The token endpoint that it is for.
    pub audience: String,
    /// The tenant that the token is asked from, where the authority has one.
    pub tenant: Option<String>,
    /// The claims that the token request will carry, as JSON.
    pub claims: Option<String>,
}

impl AssertionRequest {
    /// Asks for an assertion without a tenant and without claims.
    #[must_use]
    pub fn new(client_id: impl Into<String>, audience: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), audience: audience.into(), tenant: None, claims: None }
    }
}

/// No signature, or no assertion, came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}", detail.as_deref().map(|d| format!(": {d}")).unwrap_or_default())]
#[non_exhaustive]
pub struct SignerError {
    /// What kind of failure it was; flows act on this alone.
    pub kind: SignerErrorKind,
    /// The signer's own words, for people. Free of secrets: the host answers for that.
    pub detail: Option<String>,
}

impl SignerError {
    /// A failure with the signer's own words.
    #[must_use]
    pub fn new(kind: SignerErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: Some(detail.into()) }
    }
}

impl From<SignerErrorKind> for SignerError {
    fn from(kind: SignerErrorKind) -> Self {
        Self { kind, detail: None }
    }
}

/// The kinds of a signer's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SignerErrorKind {
    /// The signer cannot do this algorithm. It alone leads from PS256 to RS256.
    #[error("the signer does not support the algorithm")]
    Unsupported,
    /// There is no signer, no such key, or it cannot be reached.
    #[error("the signer is not available")]
    Unavailable,
    /// The signer refused.
    #[error("the signer refused")]
    Denied,
    /// Anything else.
    #[error("the signer failed")]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_shows_its_length_alone() {
        assert_eq!(format!("{:?}", Signature::new(*b"hunter2")), "Signature(7 bytes)");
    }
}
