//! What can go wrong, whose turn it is then, and what to do.

mod aadsts;
mod adfs;
mod codes;
mod fault;
mod refusal;
mod remedy;
mod rules;
mod sign_in;

use std::fmt;
use std::time::Duration;

use http::StatusCode;

pub use self::aadsts::explain;
pub use self::adfs::AdfsFault;
pub use self::codes::OWN_CODES;
pub use self::fault::{Fault, Service};
pub use self::refusal::{FederationFault, Refusal};
pub use self::rules::{Misuse, NoToken, Unsupported, Violation};
pub use self::sign_in::{Denial, IdTokenFault, SignInFault};
use crate::cache::Considered;
use crate::context::Context;
use crate::protocol::challenge::ClaimsChallenge;

/// The end of a flow in failure. Cheap to clone; it holds no secret.
///
/// [`code`](Self::code) is MSAL's string, so that what the web says of it applies; [`remedy`](Self::remedy)
/// says whose turn it is; [`fault`](Self::fault) has the details.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    fault: Fault,
    correlation_id: Option<String>,
    remedy: String,
    trace: Vec<Considered>,
}

impl Error {
    /// The end of a call, or one before any: a call tells what the remedy is about.
    pub(crate) fn new(fault: Fault, call: Option<&Context>) -> Self {
        let remedy = remedy::remedy(&fault, call);
        let correlation_id = call.map(|call| call.correlation_id().to_owned());
        Self(Box::new(Inner { fault, correlation_id, remedy, trace: Vec::new() }))
    }

    /// The same error, with what was looked at in the cache.
    pub(crate) fn with_trace(mut self, trace: Vec<Considered>) -> Self {
        self.0.trace = trace;
        self
    }

    /// Every token of the cache that was looked at and not used, and why. It holds no secret.
    #[must_use]
    pub fn trace(&self) -> &[Considered] {
        &self.0.trace
    }

    /// The end of what is done with a sign-in after its call: reading its redirect.
    pub(crate) fn in_sign_in(fault: Fault, correlation_id: &str) -> Self {
        let mut error = Self::new(fault, None);
        error.0.correlation_id = Some(correlation_id.to_owned());
        error
    }

    /// Whose fault it was, with all that is known.
    #[must_use]
    pub const fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// The stable code: MSAL's, or the `error` of the service, or one of [`OWN_CODES`].
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.fault.code()
    }

    /// Which of MSAL's classes of exception it would be.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.fault.kind()
    }

    /// Whose turn it is and what to do.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.0.remedy
    }

    /// The identifier to give to the service's support; absent where nothing was sent.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.correlation_id.as_deref()
    }

    /// The status of the answer that ended the flow.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.fault.status()
    }

    /// How long to stay away, if the service said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.fault.retry_after()
    }

    /// The AADSTS numbers, from the token endpoint, a redirect or Entra's own federation server.
    #[must_use]
    pub fn error_codes(&self) -> &[u32] {
        match &self.0.fault {
            Fault::Refused(refusal) => &refusal.error_codes,
            Fault::Federation(fault) => &fault.error_codes,
            Fault::Denied(denial) => &denial.error_codes,
            _ => &[],
        }
    }

    /// The challenge to hand back to the caller of an API whose call on behalf of a user was refused: the user must
    /// meet the claims, and the caller come again with a new token.
    ///
    /// [`ClaimsChallenge::to_header`] makes the `WWW-Authenticate` of the API's own 401 of it.
    #[must_use]
    pub fn challenge(&self) -> Option<ClaimsChallenge> {
        Some(ClaimsChallenge {
            claims: Some(self.refusal()?.claims.clone()?),
            error: Some("insufficient_claims".to_owned()),
            ..ClaimsChallenge::default()
        })
    }

    /// What the service said, if it refused.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match &self.0.fault {
            Fault::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fault.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.code())
            .field("fault", &self.0.fault)
            .field("correlation_id", &self.0.correlation_id)
            .field("remedy", &self.0.remedy)
            .finish()
    }
}

/// The message tells the whole story, so there is no source: reports that print both would tell it twice.
impl std::error::Error for Error {}

/// An error outside of any call: before anything was sent, or in the tests of what acts on errors.
impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::new(fault, None)
    }
}

/// Refused before anything was sent.
impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Self {
        Fault::Misuse(misuse).into()
    }
}

/// Which of MSAL's classes of exception an error would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something on this side: the caller, the account, or an answer that cannot be used.
    Client,
    /// The service, or a federation server, said no.
    Service,
    /// The user must act: sign in interactively, consent, do a second factor.
    UiRequired,
    /// As `UiRequired`, and the claims of the challenge must go along.
    ClaimsChallenge,
    /// Too many requests; come back later.
    Throttled,
    /// No answer came.
    Transport,
}

impl ErrorKind {
    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Service => "service",
            Self::UiRequired => "ui_required",
            Self::ClaimsChallenge => "claims_challenge",
            Self::Throttled => "throttled",
            Self::Transport => "transport",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::http::{TransportError, TransportErrorKind};
    use crate::protocol::mex::MexError;
    use crate::protocol::wstrust::{EnvelopeError, RstrError};
    use crate::protocol::xml::XmlError;

    fn violated(rule: Violation, content_type: Option<&str>) -> Error {
        let content_type = content_type.map(str::to_owned);
        Fault::Violation { rule, status: StatusCode::OK, content_type }.into()
    }

    #[test]
    fn a_message_tells_the_whole_story_once_and_has_no_source() {
        let xml = XmlError::Doctype(7);
        let transport = TransportError::new(TransportErrorKind::Tls, "unknown issuer");
        for (error, message) in [
            (
                violated(Violation::Metadata(MexError::Xml(xml)), Some("text/html")),
                "the federation metadata is not a well-formed document: document type declaration at byte 7 \
                 (content type text/html)",
            ),
            (
                violated(Violation::Assertion(RstrError::Xml(xml)), None),
                "the federation server's answer is not a well-formed document: document type declaration at byte 7 \
                 (no content type)",
            ),
            (
                violated(Violation::Assertion(RstrError::NoToken), Some("text/xml")),
                "the federation server's answer has neither a saml assertion nor a fault",
            ),
            (
                Misuse::FederationMetadata(MexError::Xml(xml)).into(),
                "the supplied document cannot be used: the federation metadata is not a well-formed document: \
                 document type declaration at byte 7",
            ),
            (
                Fault::Transport { service: Service::Token, error: transport }.into(),
                "the token endpoint: the TLS connection failed: unknown issuer",
            ),
            (
                Fault::Envelope(EnvelopeError::Password).into(),
                "the password has a character that xml does not allow",
            ),
        ] {
            assert_eq!(error.to_string(), message);
            assert!(error.source().is_none() && error.fault().source().is_none(), "{message}");
        }
        for source in [MexError::Xml(xml).source(), RstrError::Xml(xml).source()] {
            assert!(source.is_none());
        }
    }

    #[test]
    fn an_outer_subcode_counts_where_the_innermost_says_nothing() {
        let fault = |subcodes: &[&str]| {
            let mut fault = FederationFault::new(StatusCode::INTERNAL_SERVER_ERROR);
            fault.subcodes = subcodes.iter().map(|&code| code.to_owned()).collect();
            fault.subcode = fault.subcodes.last().cloned();
            Error::from(Fault::Federation(Box::new(fault)))
        };
        let error = fault(&["FailedAuthentication", "0x80048823"]);
        assert_eq!(error.kind(), ErrorKind::UiRequired);
        assert!(error.remedy().contains("password is wrong"), "{}", error.remedy());
        assert!(error.to_string().ends_with(": FailedAuthentication: 0x80048823"), "{error}");
        let error = fault(&["RequestFailed", "MessageExpired"]);
        assert!(error.remedy().contains("clock"), "{}", error.remedy());
    }
}
