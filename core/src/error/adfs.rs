//! What can go wrong at AD FS's authorization endpoint where no browser is.

use http::StatusCode;

use super::ErrorKind;
use crate::protocol::cookies::CookieError;

/// Why AD FS did not come to an answer, as far as what it sent instead tells. Nothing of a page is quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdfsFault {
    /// A page came before AD FS had asked for integrated authentication: it means to ask a person.
    #[error("AD FS showed a page (status {status}) in place of asking for integrated authentication")]
    SignInPage {
        /// The status of the page.
        status: StatusCode,
    },
    /// A page came after AD FS had taken the signed-in user: it wants something else as well.
    #[error("AD FS accepted the signed-in user and then showed a page (status {status}): it wants more")]
    MoreWanted {
        /// The status of the page.
        status: StatusCode,
    },
    /// A page came with a number of AD FS's own errors in it.
    #[error("AD FS showed an error page (status {status}) with the number MSIS{number}")]
    ErrorPage {
        /// The status of the page.
        status: StatusCode,
        /// The number behind `MSIS`.
        number: u32,
    },
    /// It sent the browser elsewhere, neither to itself nor to the redirect URI.
    #[error("AD FS redirected to another address than its own, at {host:?}")]
    Elsewhere {
        /// The host of that address; empty where it has none.
        host: String,
    },
    /// It redirected, and did not say where to in a way that can be read.
    #[error("AD FS redirected (status {status}) without an address that can be read")]
    Nowhere {
        /// The status of the redirect.
        status: StatusCode,
    },
    /// It redirected to itself again and again.
    #[error("AD FS redirected to itself more than {most} times")]
    InCircles {
        /// How many redirects are followed.
        most: u8,
    },
    /// Its cookies are too many or too long to be carried along.
    #[error("{0}")]
    Cookies(
        /// Which of them.
        CookieError,
    ),
}

impl AdfsFault {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::SignInPage { .. } => "adfs_sign_in_page",
            Self::MoreWanted { .. } => "adfs_interaction_required",
            Self::ErrorPage { .. } => "adfs_error_page",
            Self::Elsewhere { .. } => "adfs_redirected_elsewhere",
            Self::Nowhere { .. } | Self::InCircles { .. } => "adfs_redirects_unusable",
            Self::Cookies(_) => "adfs_cookies_unusable",
        }
    }

    pub(super) const fn kind(&self) -> ErrorKind {
        match self {
            Self::SignInPage { .. } | Self::MoreWanted { .. } | Self::Elsewhere { .. } => {
                ErrorKind::UiRequired
            }
            Self::ErrorPage { .. } => ErrorKind::Service,
            Self::Nowhere { .. } | Self::InCircles { .. } | Self::Cookies(_) => ErrorKind::Client,
        }
    }

    pub(super) const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::SignInPage { status }
            | Self::MoreWanted { status }
            | Self::ErrorPage { status, .. }
            | Self::Nowhere { status } => Some(*status),
            Self::Elsewhere { .. } | Self::InCircles { .. } | Self::Cookies(_) => None,
        }
    }

    pub(super) const fn remedy(&self) -> &'static str {
        match self {
            Self::SignInPage { .. } => {
                "The administrator of AD FS: let it ask this user agent for integrated authentication (add it with \
                 Set-AdfsProperties -WIASupportedUserAgents), and see that Windows authentication is on for the intranet \
                 (Get-AdfsGlobalAuthenticationPolicy) and no choice of organizations comes before it (Set-AdfsProperties \
                 -IntranetUseLocalClaimsProvider). From outside the network AD FS always asks a person: there the user signs \
                 in interactively."
            }
            Self::MoreWanted { .. } => {
                "The user: sign in interactively; AD FS wants a second factor, a registered device or a consent, which only \
                 its pages can ask for. Else, the administrator of AD FS: look at the application's access control policy."
            }
            Self::ErrorPage { .. } => {
                "The administrator of AD FS: look for this number and the correlation id in the event log (AD FS/Admin); \
                 often the client id, the redirect URI or the resource is not registered."
            }
            Self::Elsewhere { .. } => {
                "The user: sign in interactively; AD FS sends this user to another claims provider, and no ticket is offered \
                 there. Else, the administrator of AD FS: make Active Directory the claims provider for the intranet \
                 (Set-AdfsProperties -IntranetUseLocalClaimsProvider)."
            }
            Self::Nowhere { .. } | Self::InCircles { .. } | Self::Cookies(_) => {
                "The administrator of AD FS: look for the correlation id in the event log (AD FS/Admin), and at any proxy \
                 between; its answers cannot be followed."
            }
        }
    }
}
