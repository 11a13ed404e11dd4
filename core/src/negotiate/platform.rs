//! What the platform is asked for.

use std::fmt;

use crate::http::{ServiceName, TransportError, TransportErrorKind};

/// What makes Negotiate tokens: Kerberos, SSPI, or a script in tests.
pub trait Negotiator: Send + Sync {
    /// Begins an exchange with one service, as the signed-in user.
    ///
    /// It is called when the server has asked for a token, and once.
    ///
    /// # Errors
    /// If there is no ticket or no credential to begin with.
    fn begin(
        &self,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError>;
}

/// One exchange of tokens.
pub trait Negotiation: Send {
    /// Makes the next token out of the server's challenge, which is absent in the first round.
    ///
    /// It is also called with the token of the final answer, by which the server proves itself.
    ///
    /// # Errors
    /// If the challenge cannot be answered, or the server did not prove itself.
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError>;
}

/// What a round yields.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// The token to send, if any.
    pub token: Option<Vec<u8>>,
    /// Whether this side needs nothing more of the server.
    pub complete: bool,
}

/// Shows the token's length alone.
impl fmt::Debug for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(Vec::len);
        f.debug_struct("Round").field("token_bytes", &token).field("complete", &self.complete).finish()
    }
}

/// What ties the exchange to the TLS connection (RFC 5929): `tls-server-end-point:` and the certificate's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBindings(
    /// The application data of the bindings.
    pub Vec<u8>,
);

/// Why no token could be made. The words are the platform's, free of secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NegotiateError(
    /// The platform's own words.
    pub String,
);

impl From<NegotiateError> for TransportError {
    fn from(error: NegotiateError) -> Self {
        Self::new(TransportErrorKind::Negotiate, error.0)
    }
}
