//! How a confidential client proves who it is.

use std::fmt;

use crate::secret::Secret;

/// How a confidential client proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCredential {
    /// A secret, which goes out as it is.
    Secret(Secret),
    /// A certificate, whose key signs an assertion: [`Step::Sign`](crate::step::Step::Sign).
    Certificate(ClientCertificate),
    /// An assertion that somebody else signed (RFC 7523), such as a federated identity's token.
    Assertion(Secret),
    /// An assertion that the host is asked for when one is needed: [`Step::Assert`](crate::step::Step::Assert).
    AskForAssertion,
}

impl ClientCredential {
    /// What sort of credential it is.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Secret(_) => "secret",
            Self::Certificate(_) => "certificate",
            Self::Assertion(_) => "assertion",
            Self::AskForAssertion => "asked",
        }
    }
}

/// A certificate that is registered with the application; its key stays with the signer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// Those that issued it, in DER, the nearest first. Sent along with it if [`send_x5c`](Self::send_x5c) is set.
    pub chain: Vec<Vec<u8>>,
    /// Whether the certificate goes out with each assertion (`x5c`), for registrations by subject name and issuer, which
    /// let it be renewed without a new registration. Off by default.
    pub send_x5c: bool,
    /// The name of its key, which the signer knows.
    pub key: String,
}

impl ClientCertificate {
    /// A certificate in DER and the name of its key.
    #[must_use]
    pub fn new(certificate: impl Into<Vec<u8>>, key: impl Into<String>) -> Self {
        Self { certificate: certificate.into(), chain: Vec::new(), send_x5c: false, key: key.into() }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("certificate", &format_args!("{} bytes", self.certificate.len()))
            .field("chain", &self.chain.len())
            .field("send_x5c", &self.send_x5c)
            .field("key", &self.key)
            .finish()
    }
}
