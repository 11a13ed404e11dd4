//! What the service, or a federation server, said no with.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::ErrorKind;

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
    /// A refusal that says nothing but its code.
    ///
    /// ```
    /// use entrada_core::error::{Error, ErrorKind, Fault, Refusal};
    ///
    /// let refusal = Refusal::new(http::StatusCode::BAD_REQUEST, "invalid_grant");
    /// let error = Error::from(Fault::Refused(Box::new(refusal)));
    /// assert_eq!(error.kind(), ErrorKind::UiRequired);
    /// ```
    #[must_use]
    pub fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            description: None,
            error_codes: Vec::new(),
            suberror: None,
            claims: None,
            trace_id: None,
            timestamp: None,
            retry_after: None,
        }
    }

    pub(super) fn kind(&self) -> ErrorKind {
        // The service sees the same request in a loop (AADSTS50196), and says so with `invalid_grant`.
        if self.status == StatusCode::TOO_MANY_REQUESTS || self.error_codes.contains(&50196) {
            return ErrorKind::Throttled;
        }
        let is = |name: &&str| self.error.eq_ignore_ascii_case(name);
        // The last two are OpenID Connect's (Core, section 3.1.2.6).
        let interactive = ["interaction_required", "login_required", "consent_required"].iter().any(is)
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
    /// The local name of the innermost subcode, such as `FailedAuthentication`.
    pub subcode: Option<String>,
    /// The local names of all subcodes, from the outermost to the innermost. Most servers give one.
    pub subcodes: Vec<String>,
    /// The reason, in the server's words.
    pub reason: Option<String>,
    /// The text that Entra's own federation server puts into the detail.
    pub detail: Option<String>,
}

impl FederationFault {
    /// A fault that says nothing but its status, of a user without integrated authentication.
    #[must_use]
    pub const fn new(status: StatusCode) -> Self {
        Self {
            status,
            integrated: false,
            error_codes: Vec::new(),
            subcode: None,
            subcodes: Vec::new(),
            reason: None,
            detail: None,
        }
    }

    /// The subcodes, the most particular first.
    pub(super) fn innermost_first(&self) -> impl Iterator<Item = &str> {
        let outer = self.subcodes.iter().rev().map(String::as_str);
        self.subcode.as_deref().into_iter().chain(outer)
    }

    /// Whether the user, and nobody else, can do something about it.
    pub(super) fn is_the_users(&self) -> bool {
        self.innermost_first().any(|subcode| subcode == "FailedAuthentication")
    }
}

impl fmt::Display for FederationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status;
        write!(f, "the federation server answered with a fault (status {status})")?;
        let subcodes = if self.subcodes.is_empty() { self.subcode.as_slice() } else { &self.subcodes };
        for part in subcodes.iter().chain(&self.reason).chain(&self.detail) {
            write!(f, ": {part}")?;
        }
        Ok(())
    }
}
