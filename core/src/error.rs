//! What can go wrong, whose turn it is then, and what to do.

mod remedy;

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::http::{TransportError, TransportErrorKind};
use crate::protocol::mex::MexError;
use crate::protocol::wstrust::{EnvelopeError, RstrError};

pub(crate) use remedy::RemedyContext;
pub use remedy::explain;

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
}

impl Error {
    pub(crate) fn new(fault: Fault, correlation_id: Option<String>, remedies: &RemedyContext<'_>) -> Self {
        let remedy = remedy::remedy(&fault, remedies);
        Self(Box::new(Inner { fault, correlation_id, remedy }))
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
        match &self.0.fault {
            Fault::Refused(refusal) => Some(refusal.status),
            Fault::Federation(fault) => Some(fault.status),
            Fault::Status { status, .. } | Fault::Violation { status, .. } => Some(*status),
            Fault::IntegratedRefused { .. } => Some(StatusCode::UNAUTHORIZED),
            Fault::Unsupported(_) | Fault::Transport { .. } | Fault::Envelope(_) | Fault::Misuse(_) => None,
        }
    }

    /// The AADSTS numbers, from the token endpoint or from Entra's own federation server.
    #[must_use]
    pub fn error_codes(&self) -> &[u32] {
        match &self.0.fault {
            Fault::Refused(refusal) => &refusal.error_codes,
            Fault::Federation(fault) => &fault.error_codes,
            _ => &[],
        }
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

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The fault itself is what `Display` shows.
        std::error::Error::source(&self.0.fault)
    }
}

/// Refused before anything was sent.
impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Self {
        Self::new(Fault::Misuse(misuse), None, &RemedyContext::default())
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

/// Whose fault it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The token endpoint refused.
    #[error("{0}")]
    Refused(Box<Refusal>),
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
    #[error("{service} answered with status {status}")]
    Status {
        /// Who answered.
        service: Service,
        /// How.
        status: StatusCode,
        /// What its content type was.
        content_type: Option<String>,
        /// How long to stay away, if the service said so.
        retry_after: Option<Duration>,
    },
    /// An answer that breaks the protocol.
    #[error("{rule}")]
    Violation {
        /// The rule that it breaks.
        rule: Violation,
        /// The status that it came with.
        status: StatusCode,
        /// What its content type was.
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
}

fn offered(schemes: &[String]) -> String {
    if schemes.is_empty() { "no scheme".to_owned() } else { schemes.join(", ") }
}

impl Fault {
    fn code(&self) -> &str {
        match self {
            Self::Refused(refusal) => &refusal.error,
            Self::Federation(_) => "federated_service_returned_error",
            Self::IntegratedRefused { .. } => "integrated_authentication_refused",
            Self::Status { service, status, .. } => match service {
                Service::InstanceDiscovery => "instance_discovery_failed",
                Service::UserRealm => "user_realm_discovery_failed",
                Service::FederationMetadata => "accessing_ws_metadata_exchange_failed",
                Service::Federation => "federated_service_returned_error",
                Service::Token => match *status {
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
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Status { status: StatusCode::TOO_MANY_REQUESTS, .. } => ErrorKind::Throttled,
            // The same mistake of the user is of the same kind, whoever checks the password.
            Self::Federation(fault) if fault.is_the_users() => ErrorKind::UiRequired,
            Self::Federation(_) | Self::Status { .. } | Self::IntegratedRefused { .. } => ErrorKind::Service,
            Self::Violation { .. } | Self::Unsupported(_) | Self::Envelope(_) | Self::Misuse(_) => {
                ErrorKind::Client
            }
            // No ticket: the user gets one, or signs in another way.
            Self::Transport { error, .. } if error.kind == TransportErrorKind::Negotiate => {
                ErrorKind::UiRequired
            }
            Self::Transport { .. } => ErrorKind::Transport,
        }
    }
}

/// The codes that are Entrada's own, where MSAL has none, with what each means.
pub const OWN_CODES: [(&str, &str); 13] = [
    ("access_token_missing", "the token endpoint answered without an access token"),
    ("authority_kind_not_supported", "this kind of authority is not supported yet"),
    ("connection_failed", "no connection could be made"),
    ("federation_protocol_not_supported", "the domain is federated, but not with WS-Trust"),
    ("insecure_endpoint", "an address that a credential would go to is not https"),
    ("instance_discovery_failed", "it could not be confirmed that the authority's host is the service's"),
    ("integrated_authentication_refused", "the federation server did not accept the signed-in user"),
    ("invalid_argument", "an argument cannot be used"),
    ("invalid_authority", "the authority cannot be used"),
    ("missing_federation_metadata_url", "the domain is federated, but nothing says where its server is"),
    ("network_error", "the exchange failed"),
    ("tls_failed", "the TLS connection failed, or the server's certificate is not trusted"),
    ("response_too_large", "an answer was larger than allowed"),
];

/// Who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Service {
    /// The instance discovery endpoint.
    #[error("the instance discovery endpoint")]
    InstanceDiscovery,
    /// The user realm endpoint.
    #[error("the user realm endpoint")]
    UserRealm,
    /// The metadata address of the federation server.
    #[error("the federation metadata address")]
    FederationMetadata,
    /// The WS-Trust endpoint of the federation server.
    #[error("the federation server")]
    Federation,
    /// The token endpoint.
    #[error("the token endpoint")]
    Token,
}

/// The token endpoint's own words: an OAuth error (RFC 6749, section 5.2) with what Entra adds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The code, such as `invalid_grant`.
    pub error: String,
    /// The text for people, which begins with an AADSTS number where Entra wrote it.
    pub description: Option<String>,
    /// The AADSTS numbers.
    pub error_codes: Vec<u32>,
    /// The kind of `invalid_grant`.
    pub suberror: Option<String>,
    /// The claims to send along with the next request, as JSON.
    pub claims: Option<String>,
    /// The service's identifier of this answer.
    pub trace_id: Option<String>,
    /// When the service said it.
    pub timestamp: Option<String>,
    /// How long to stay away, if the service said so.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal of which nothing but its code can be read.
    pub(crate) const fn bare(status: StatusCode, error: String, retry_after: Option<Duration>) -> Self {
        Self {
            status,
            error,
            description: None,
            error_codes: Vec::new(),
            suberror: None,
            claims: None,
            trace_id: None,
            timestamp: None,
            retry_after,
        }
    }

    fn kind(&self) -> ErrorKind {
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            return ErrorKind::Throttled;
        }
        let interactive = self.error.eq_ignore_ascii_case("interaction_required")
            || self.error.eq_ignore_ascii_case("invalid_grant")
                && !self.suberror.as_deref().is_some_and(|suberror| {
                    ["client_mismatch", "protection_policy_required"]
                        .iter()
                        .any(|excluded| suberror.eq_ignore_ascii_case(excluded))
                });
        match (interactive, &self.claims) {
            (false, _) => ErrorKind::Service,
            (true, None) => ErrorKind::UiRequired,
            (true, Some(_)) => ErrorKind::ClaimsChallenge,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token endpoint refused: {}", self.error)?;
        if let Some(description) = &self.description {
            write!(f, ": {description}")?;
        }
        Ok(())
    }
}

/// A SOAP fault of the federation server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FederationFault {
    /// The status; 500 for a wrong password at AD FS.
    pub status: StatusCode,
    /// Whether the user was authenticated by HTTP Negotiate, not by a password.
    pub integrated: bool,
    /// The AADSTS numbers of the detail.
    pub error_codes: Vec<u32>,
    /// The local name of the subcode, such as `FailedAuthentication`.
    pub subcode: Option<String>,
    /// The reason, in the server's words.
    pub reason: Option<String>,
    /// The text that Entra's own federation server puts into the detail.
    pub detail: Option<String>,
}

impl FederationFault {
    /// Whether the user, and nobody else, can do something about it.
    fn is_the_users(&self) -> bool {
        self.subcode.as_deref() == Some("FailedAuthentication")
    }
}

impl fmt::Display for FederationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status;
        write!(f, "the federation server answered with a fault (status {status})")?;
        for part in [&self.subcode, &self.reason, &self.detail].into_iter().flatten() {
            write!(f, ": {part}")?;
        }
        Ok(())
    }
}

/// A rule of the protocol that an answer breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The answer of instance discovery must be a JSON object that names an endpoint.
    #[error("the answer of instance discovery cannot be read")]
    DiscoveryNotJson,
    /// The user realm must be a JSON object.
    #[error("the user realm is not a JSON object")]
    RealmNotJson,
    /// The user realm must say what kind of account it is.
    #[error("the user realm does not say what kind of account it is")]
    RealmWithoutAccountType,
    /// The federation metadata must be a WSDL document.
    #[error("the federation metadata cannot be read: {0}")]
    Metadata(MexError),
    /// The answer of the federation server must be a SOAP envelope with an assertion or a fault.
    #[error("the federation server's answer cannot be used: {0}")]
    Assertion(RstrError),
    /// The token endpoint must answer with a JSON object.
    #[error("the token endpoint's answer is not a JSON object")]
    TokenNotJson,
    /// A refusal must be a JSON object with an `error`.
    #[error("the token endpoint's refusal cannot be read")]
    RefusalNotJson,
    /// There must be an access token.
    #[error("the token endpoint's answer holds no access token")]
    AccessTokenMissing,
    /// There must be a token type (RFC 6749, section 5.1).
    #[error("the token endpoint's answer holds no token type")]
    TokenTypeMissing,
    /// The token type must be the one asked for.
    #[error("the token endpoint's answer holds a token of a type that was not asked for")]
    TokenTypeMismatch,
}

impl Violation {
    const fn code(&self) -> &'static str {
        match self {
            Self::DiscoveryNotJson => "instance_discovery_failed",
            Self::RealmNotJson | Self::RealmWithoutAccountType => "user_realm_discovery_failed",
            Self::Metadata(_) => "parsing_ws_metadata_exchange_failed",
            Self::Assertion(_) => "parsing_wstrust_response_failed",
            Self::TokenNotJson => "json_parse_failed",
            Self::RefusalNotJson => "non_parsable_oauth_error",
            Self::AccessTokenMissing => "access_token_missing",
            Self::TokenTypeMissing => "token_type_missing",
            Self::TokenTypeMismatch => "token_type_mismatch",
        }
    }
}

/// Why this flow cannot serve this account. Nothing that the user does in the flow changes that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// Integrated Windows authentication needs a federated domain.
    #[error("integrated Windows authentication is not supported for managed users")]
    ManagedUser,
    /// The password is empty.
    #[error("a password is required")]
    PasswordRequired,
    /// Personal accounts sign in interactively.
    #[error("personal Microsoft accounts cannot sign in this way")]
    PersonalAccount,
    /// The service knows no such kind of account: usually a domain that is not a tenant's.
    #[error("the account is neither managed nor federated")]
    UnknownUserType,
    /// The domain is federated with something else than WS-Trust.
    #[error("the domain is federated with {0}, which has no endpoint for this flow")]
    FederationProtocol(
        /// The protocol, as the realm names it.
        String,
    ),
    /// The realm does not say where the federation server is.
    #[error("the domain is federated, but nothing says where its federation server is")]
    NoFederationMetadata,
    /// The federation server offers no endpoint for this flow.
    #[error("the federation metadata names no https endpoint for {0}")]
    NoEndpoint(
        /// What was looked for.
        &'static str,
    ),
    /// A credential would go over plain http.
    #[error("the {0} is not an https address")]
    InsecureEndpoint(
        /// Which address.
        &'static str,
    ),
}

impl Unsupported {
    const fn code(&self) -> &'static str {
        match self {
            Self::ManagedUser => "integrated_windows_auth_not_supported_managed_user",
            Self::PasswordRequired => "password_required_for_managed_user",
            Self::PersonalAccount => "ropc_not_supported_for_msa",
            Self::UnknownUserType => "unknown_user_type",
            Self::FederationProtocol(_) => "federation_protocol_not_supported",
            Self::NoFederationMetadata => "missing_federation_metadata_url",
            Self::NoEndpoint(_) => "wstrust_endpoint_not_found",
            Self::InsecureEndpoint(_) => "insecure_endpoint",
        }
    }
}

/// What the caller did wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The authority cannot be used.
    #[error("the authority {authority:?} cannot be used: {reason}")]
    Authority {
        /// Its scheme and host, as far as they could be read.
        authority: String,
        /// Why.
        reason: &'static str,
    },
    /// The authority is of a kind that this version does not support.
    #[error("authorities of the kind {0} are not supported yet")]
    AuthorityKind(
        /// The kind.
        &'static str,
    ),
    /// The flow needs one tenant, or `organizations`.
    #[error("this flow does not work with the tenant {0:?}")]
    Tenant(
        /// The tenant.
        String,
    ),
    /// There is no user name.
    #[error("no user name was given")]
    NoUsername,
    /// An argument cannot be used.
    #[error("the {name} cannot be used: {reason}")]
    Argument {
        /// Which.
        name: &'static str,
        /// Why, without its value.
        reason: &'static str,
    },
    /// The metadata document that the application supplied cannot be read.
    #[error("the supplied federation metadata cannot be read: {0}")]
    FederationMetadata(MexError),
}

impl Misuse {
    const fn code(&self) -> &'static str {
        match self {
            Self::Authority { .. } => "invalid_authority",
            Self::AuthorityKind(_) => "authority_kind_not_supported",
            Self::Tenant(_) => "invalid_request",
            Self::NoUsername => "unknown_user",
            Self::FederationMetadata(_) => "parsing_ws_metadata_exchange_failed",
            Self::Argument { .. } => "invalid_argument",
        }
    }
}
