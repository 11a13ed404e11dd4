//! Whose fault it was, with its code and its class.

use std::time::Duration;

use http::StatusCode;

use super::{
    AdfsFault, Denial, ErrorKind, FederationFault, Misuse, NoToken, Refusal, SignInFault, Unsupported,
    Violation,
};
use crate::cache::StoreError;
use crate::http::{Response, TransportError, TransportErrorKind};
use crate::protocol::wstrust::EnvelopeError;
use crate::retry;
use crate::signer::SignerError;
use crate::time::Timestamp;

/// Whose fault it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The token endpoint refused.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The authorization endpoint sent the browser back without what was asked for.
    #[error("{0}")]
    Denied(Box<Denial>),
    /// A sign-in in a browser came to nothing, though the service did not refuse it.
    #[error("{0}")]
    SignIn(SignInFault),
    /// AD FS did not let the signed-in user through to an answer.
    #[error("{0}")]
    Adfs(AdfsFault),
    /// The federation server answered with a SOAP fault.
    #[error("{0}")]
    Federation(Box<FederationFault>),
    /// The federation server did not accept the signed-in user: a final 401.
    #[error("the federation server refused integrated authentication (401); it offers {}", offered(schemes))]
    IntegratedRefused {
        /// The schemes of its `WWW-Authenticate`, without their parameters.
        schemes: Vec<String>,
    },
    /// An answer with a status that says all there is to know.
    #[error("{service} answered with status {status}{}", named(content_type.as_deref()))]
    Status {
        /// Who answered.
        service: Service,
        /// How.
        status: StatusCode,
        /// What its content type was: at most 100 characters, none of control.
        content_type: Option<String>,
        /// How long to stay away, if the service said so.
        retry_after: Option<Duration>,
    },
    /// An answer that breaks the protocol.
    #[error("{rule}{}", received(rule, content_type.as_deref()))]
    Violation {
        /// The rule that it breaks.
        rule: Violation,
        /// The status that it came with.
        status: StatusCode,
        /// What its content type was: at most 100 characters, none of control.
        content_type: Option<String>,
    },
    /// The account cannot be used with this flow.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// No answer came.
    #[error("{service}: {error}")]
    Transport {
        /// Who was asked.
        service: Service,
        /// What happened.
        error: TransportError,
    },
    /// Something that XML cannot carry to the federation server.
    #[error(transparent)]
    Envelope(EnvelopeError),
    /// The caller asked for what cannot be.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// The service asked an earlier call to wait, and it is too early still. Nothing was sent.
    #[error("the service asked to wait (status {status}); {} seconds are left", retry_after.as_secs().max(1))]
    Throttled {
        /// The status of the answer that asked.
        status: StatusCode,
        /// How long is left.
        retry_after: Duration,
    },
    /// There is no token without the user.
    #[error(transparent)]
    NoToken(NoToken),
    /// The store could not be read or changed, and that was all there was to do.
    #[error("{0}")]
    Store(StoreError),
    /// Nobody approved the device code in time.
    #[error("the device code expired before it was approved")]
    CodeExpired,
    /// There is no signature, or no assertion, to say who the application is.
    #[error("the application could not prove who it is: {0}")]
    Signer(SignerError),
    /// The host has no randomness to start a flow with.
    #[error("there is no randomness: {detail}")]
    NoRandomness {
        /// The generator's own words.
        detail: String,
    },
}

fn offered(schemes: &[String]) -> String {
    if schemes.is_empty() { "no scheme".to_owned() } else { schemes.join(", ") }
}

/// The content type of an answer that is not of the form that it should be: it tells where to look.
fn received(rule: &Violation, content_type: Option<&str>) -> String {
    match content_type {
        _ if !rule.is_of_another_form() => String::new(),
        None => " (no content type)".to_owned(),
        Some(_) => named(content_type),
    }
}

fn named(content_type: Option<&str>) -> String {
    content_type.map(|content_type| format!(" (content type {content_type})")).unwrap_or_default()
}

impl From<SignInFault> for Fault {
    fn from(fault: SignInFault) -> Self {
        Self::SignIn(fault)
    }
}

impl Fault {
    /// An answer with a status that says no, and nothing more that could be read.
    pub(crate) fn of_status(service: Service, response: &Response, now: Timestamp) -> Self {
        let retry_after = retry::retry_after(response, now);
        Self::Status { service, status: response.status, content_type: response.content_type(), retry_after }
    }

    /// An answer that breaks a rule.
    pub(crate) fn breach(rule: Violation, response: &Response) -> Self {
        Self::Violation { rule, status: response.status, content_type: response.content_type() }
    }

    pub(super) fn code(&self) -> &str {
        match self {
            Self::Refused(refusal) => &refusal.error,
            Self::Denied(denial) => denial.code(),
            Self::SignIn(fault) => fault.code(),
            Self::Adfs(fault) => fault.code(),
            Self::Federation(_) => "federated_service_returned_error",
            Self::IntegratedRefused { .. } => "integrated_authentication_refused",
            Self::Status { service, status, .. } => match service {
                Service::InstanceDiscovery => "instance_discovery_failed",
                Service::ProviderMetadata => "tenant_discovery_failed",
                Service::UserRealm => "user_realm_discovery_failed",
                Service::FederationMetadata => "accessing_ws_metadata_exchange_failed",
                Service::Federation => "federated_service_returned_error",
                Service::Authorization | Service::DeviceAuthorization | Service::Token => match *status {
                    StatusCode::NOT_FOUND => "not_found",
                    StatusCode::TOO_MANY_REQUESTS => "request_throttled",
                    _ => "http_status_not_200",
                },
            },
            Self::Violation { rule, .. } => rule.code(),
            Self::Unsupported(reason) => reason.code(),
            Self::Transport { error, .. } => match error.kind {
                TransportErrorKind::Connect => "connection_failed",
                TransportErrorKind::Timeout => "request_timeout",
                TransportErrorKind::Tls => "tls_failed",
                TransportErrorKind::TooLarge => "response_too_large",
                TransportErrorKind::Negotiate => "integrated_windows_authentication_failed",
                TransportErrorKind::Other => "network_error",
            },
            Self::Envelope(_) => "invalid_argument",
            Self::Misuse(misuse) => misuse.code(),
            Self::Throttled { .. } => "request_throttled",
            Self::NoToken(reason) => reason.code(),
            Self::Store(_) => "token_store_failed",
            Self::CodeExpired => "code_expired",
            Self::Signer(_) => "signing_failed",
            Self::NoRandomness { .. } => "no_randomness",
        }
    }

    /// The status of the answer that it was.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Adfs(fault) => fault.status(),
            Self::Federation(fault) => Some(fault.status),
            Self::Status { status, .. } | Self::Violation { status, .. } | Self::Throttled { status, .. } => {
                Some(*status)
            }
            Self::IntegratedRefused { .. } => Some(StatusCode::UNAUTHORIZED),
            Self::Unsupported(_)
            | Self::Transport { .. }
            | Self::Envelope(_)
            | Self::Misuse(_)
            | Self::NoToken(_)
            | Self::Store(_)
            | Self::CodeExpired
            | Self::Denied(_)
            | Self::SignIn(_)
            | Self::Signer(_)
            | Self::NoRandomness { .. } => None,
        }
    }

    /// How long to stay away, if the service said so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Status { retry_after, .. } => *retry_after,
            Self::Throttled { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// Whether the same request may succeed later, as the service has trouble of its own.
    pub(crate) fn is_passing(&self) -> bool {
        let named = matches!(self, Self::Refused(refusal) if refusal.error == "temporarily_unavailable");
        named
            || self.status().is_some_and(|status| {
                status.is_server_error()
                    || status == StatusCode::TOO_MANY_REQUESTS
                    || status == StatusCode::REQUEST_TIMEOUT
            })
    }

    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Denied(denial) => denial.kind(),
            Self::Adfs(fault) => fault.kind(),
            Self::Status { status: StatusCode::TOO_MANY_REQUESTS, .. } => ErrorKind::Throttled,
            // The same mistake of the user is of the same kind, whoever checks the password.
            Self::Federation(fault) if fault.is_the_users() => ErrorKind::UiRequired,
            Self::Federation(_) | Self::Status { .. } | Self::IntegratedRefused { .. } => ErrorKind::Service,
            Self::Violation { .. }
            | Self::Unsupported(_)
            | Self::Envelope(_)
            | Self::Misuse(_)
            | Self::CodeExpired
            | Self::Store(_)
            | Self::SignIn(_)
            | Self::Signer(_)
            | Self::NoRandomness { .. } => ErrorKind::Client,
            Self::NoToken(NoToken::NoSession | NoToken::OtherUser) => ErrorKind::Client,
            Self::NoToken(_) => ErrorKind::UiRequired,
            Self::Throttled { .. } => ErrorKind::Throttled,
            // No ticket: the user gets one, or signs in another way.
            Self::Transport { error, .. } if error.kind == TransportErrorKind::Negotiate => {
                ErrorKind::UiRequired
            }
            Self::Transport { .. } => ErrorKind::Transport,
        }
    }
}

/// Who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Service {
    /// The instance discovery endpoint.
    #[error("the instance discovery endpoint")]
    InstanceDiscovery,
    /// The metadata document of an OpenID provider.
    #[error("the provider's metadata address")]
    ProviderMetadata,
    /// The user realm endpoint.
    #[error("the user realm endpoint")]
    UserRealm,
    /// The metadata address of the federation server.
    #[error("the federation metadata address")]
    FederationMetadata,
    /// The WS-Trust endpoint of the federation server.
    #[error("the federation server")]
    Federation,
    /// The authorization endpoint.
    #[error("the authorization endpoint")]
    Authorization,
    /// The device authorization endpoint.
    #[error("the device authorization endpoint")]
    DeviceAuthorization,
    /// The token endpoint.
    #[error("the token endpoint")]
    Token,
}
