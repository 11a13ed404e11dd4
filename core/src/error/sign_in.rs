//! What can go wrong between a browser and the application.

use std::fmt;

use super::ErrorKind;
use crate::protocol::redirect::RedirectError;

/// The authorization endpoint's own words, as a redirect brought them (RFC 6749, section 4.1.2.1).
///
/// They are told only once the state has shown that they answer this sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denial {
    /// The code, such as `access_denied`.
    pub error: String,
    /// The text for people, which begins with an AADSTS number where Entra wrote it.
    pub description: Option<String>,
    /// The AADSTS numbers.
    pub error_codes: Vec<u32>,
    /// More exactly why; `cancel` if the user gave up.
    pub subcode: Option<String>,
    /// Where people can read more.
    pub uri: Option<String>,
}

impl Denial {
    /// A denial that says nothing but its code.
    #[must_use]
    pub fn new(error: impl Into<String>) -> Self {
        Self { error: error.into(), description: None, error_codes: Vec::new(), subcode: None, uri: None }
    }

    /// Whether the user gave up.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.subcode.as_deref().is_some_and(|subcode| subcode.eq_ignore_ascii_case("cancel"))
    }

    pub(super) fn code(&self) -> &str {
        if self.is_cancelled() { "authentication_canceled" } else { &self.error }
    }

    pub(super) fn kind(&self) -> ErrorKind {
        // What only an attempt without a prompt meets (OpenID Connect Core, section 3.1.2.6).
        const INTERACTIVE: [&str; 4] =
            ["interaction_required", "login_required", "consent_required", "account_selection_required"];
        if self.is_cancelled() {
            ErrorKind::Client
        } else if INTERACTIVE.iter().any(|error| self.error.eq_ignore_ascii_case(error)) {
            ErrorKind::UiRequired
        } else {
            ErrorKind::Service
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what =
            if self.is_cancelled() { "the user cancelled the sign-in" } else { "the sign-in was refused" };
        write!(f, "{what}: {}", self.error)?;
        if let Some(description) = &self.description {
            write!(f, ": {description}")?;
        }
        Ok(())
    }
}

/// Why a sign-in in a browser came to nothing, though the service did not refuse it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignInFault {
    /// What came back cannot be read as an answer.
    #[error("{0}")]
    Unreadable(RedirectError),
    /// What came back belongs to no sign-in, or to another one.
    #[error("the redirect does not have the state of this sign-in")]
    StateMismatch,
    /// Another issuer answered, or one that is to give its name did not (RFC 9207).
    #[error("the redirect {}", if *.missing { "does not say who issued it" } else { "is another issuer's" })]
    IssuerMismatch {
        /// Whether there was no name at all.
        missing: bool,
    },
    /// The account lives in another national cloud than the authority.
    #[error("the account belongs to another cloud, {host:?}")]
    OtherCloud {
        /// The host that the service names.
        host: String,
    },
    /// The answer lacks what was asked for.
    #[error("the redirect has no {0}")]
    Without(
        /// What.
        &'static str,
    ),
    /// The ID token was issued for another sign-in.
    #[error("the id token does not have the nonce of this sign-in")]
    NonceMismatch,
    /// The ID token of a redirect cannot be accepted.
    #[error("the id token of the redirect {0}")]
    IdToken(
        /// Why.
        IdTokenFault,
    ),
    /// No answer came before the host's deadline.
    #[error("the sign-in was not completed in the browser within {seconds} seconds")]
    TimedOut {
        /// How long the host waited.
        seconds: u64,
    },
    /// Another program listens where the redirect is to arrive.
    #[error("port {port} of this machine, which the redirect URI names, is in use")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The host cannot listen for the redirect.
    #[error("this machine cannot listen for the redirect: {detail}")]
    NoListener {
        /// The host's own words.
        detail: String,
    },
}

/// Why an ID token that a browser brought is not accepted (OpenID Connect Core, section 3.2.2.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenFault {
    /// It is no JWT whose claims can be read.
    #[error("cannot be read")]
    Unreadable,
    /// It is meant for another application.
    #[error("is for another application")]
    Audience,
    /// Another issuer, or another tenant, issued it.
    #[error("is another issuer's")]
    Issuer,
    /// It has expired, or does not say when it does.
    #[error("has expired")]
    Expired,
    /// It does not belong to the access token beside it.
    #[error("does not belong to the access token beside it")]
    AccessTokenHash,
}

impl SignInFault {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::StateMismatch => "state_mismatch",
            Self::IssuerMismatch { .. } => "issuer_mismatch",
            Self::OtherCloud { .. } => "cloud_mismatch",
            Self::Without(_) => "redirect_without_answer",
            Self::NonceMismatch => "nonce_mismatch",
            Self::IdToken(_) => "invalid_id_token",
            Self::TimedOut { .. } => "sign_in_timed_out",
            Self::PortInUse { .. } => "redirect_port_in_use",
            Self::NoListener { .. } => "redirect_listener_failed",
        }
    }

    pub(super) const fn remedy(&self) -> &'static str {
        match self {
            Self::Unreadable(RedirectError::OtherMode { .. }) => {
                "The developer: read the answer in the response mode that was asked for; a provider that ignores the mode \
                 takes query."
            }
            Self::Unreadable(_) | Self::Without(_) => {
                "The user: give the whole address that the browser was sent to, as it is, or begin the sign-in again."
            }
            Self::StateMismatch => {
                "The user: begin the sign-in again, and finish it in the window that it opens. The developer: keep each \
                 sign-in until its own answer comes; an answer without its state may be an attack."
            }
            Self::IssuerMismatch { .. } => {
                "The developer: check the authority; another provider than the one that was asked has answered, which may be an \
                 attack (mix-up)."
            }
            Self::OtherCloud { .. } => {
                "The developer: use the authority of the account's own cloud, on the host that is named."
            }
            Self::NonceMismatch => {
                "The user: begin the sign-in again; the code may have been injected from another sign-in, so no token of it was \
                 kept."
            }
            Self::IdToken(IdTokenFault::Expired) => {
                "The operator: set this machine's clock. Else, the user: begin the sign-in again."
            }
            Self::IdToken(_) => {
                "The developer: use the authorization code flow; what a browser brings in its address can be forged."
            }
            Self::TimedOut { .. } => {
                "The user: begin the sign-in again, and finish it in the browser in time; closing the window cannot be seen from \
                 here."
            }
            Self::PortInUse { .. } => {
                "The developer: name no port in the redirect URI; Entra accepts every port for http://localhost. Else, the \
                 operator: stop the program that listens there."
            }
            Self::NoListener { .. } => {
                "The operator: let this process listen on 127.0.0.1; else paste the address that the browser was sent to, or use a \
                 device code."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Fault};

    #[test]
    fn a_denial_is_of_the_kind_that_its_code_says() {
        for (error, subcode, code, kind) in [
            ("access_denied", None, "access_denied", ErrorKind::Service),
            ("access_denied", Some("cancel"), "authentication_canceled", ErrorKind::Client),
            ("server_error", Some("Cancel"), "authentication_canceled", ErrorKind::Client),
            ("login_required", None, "login_required", ErrorKind::UiRequired),
            ("interaction_required", None, "interaction_required", ErrorKind::UiRequired),
            ("consent_required", Some("x"), "consent_required", ErrorKind::UiRequired),
            ("temporarily_unavailable", None, "temporarily_unavailable", ErrorKind::Service),
        ] {
            let denial = Denial { subcode: subcode.map(str::to_owned), ..Denial::new(error) };
            let error = Error::from(Fault::Denied(Box::new(denial)));
            assert_eq!((error.code(), error.kind()), (code, kind));
            assert!(error.remedy().starts_with("The "), "{}", error.remedy());
        }
    }
}
