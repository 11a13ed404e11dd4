//! Which flow works with which application and which authority: one table, asked before any request.
//!
//! ```
//! use entrada_core::application::PublicClientApplication;
//! use entrada_core::preflight::{FlowKind, preflight};
//!
//! # fn main() -> Result<(), entrada_core::error::Error> {
//! let app = PublicClientApplication::new("app", "https://login.microsoftonline.com/common".parse()?).into();
//! assert!(preflight(FlowKind::DeviceCode, &app).is_ok());
//! assert!(preflight(FlowKind::IntegratedWindowsAuth, &app).is_err());
//! # Ok(())
//! # }
//! ```

use std::fmt;

use crate::application::Application;
use crate::authority::{Authority, AuthorityKind, Tenant};
use crate::error::Misuse;

/// The flows, as the table and its refusals name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowKind {
    /// Integrated Windows authentication.
    IntegratedWindowsAuth,
    /// Integrated sign-in at AD FS alone.
    AdfsIntegratedAuth,
    /// User name and password.
    UsernamePassword,
    /// Device code.
    DeviceCode,
    /// Authorization code, interactive sign-in included.
    AuthorizationCode,
    /// Implicit, the legacy answers of the authorization endpoint.
    Implicit,
    /// Client credentials: the application as itself.
    ClientCredentials,
    /// On behalf of a user who called with a token.
    OnBehalfOf,
    /// A user, vouched for by a federated identity credential (agent identities).
    UserFederatedIdentityCredential,
    /// A refresh token from elsewhere.
    RefreshToken,
    /// Silent: from the cache, without asking anybody.
    Silent,
}

impl FlowKind {
    /// Every flow.
    pub const ALL: [Self; 11] = [
        Self::IntegratedWindowsAuth,
        Self::AdfsIntegratedAuth,
        Self::UsernamePassword,
        Self::DeviceCode,
        Self::AuthorizationCode,
        Self::Implicit,
        Self::ClientCredentials,
        Self::OnBehalfOf,
        Self::UserFederatedIdentityCredential,
        Self::RefreshToken,
        Self::Silent,
    ];

    /// Whether it proves by a ticket who the user is.
    pub(crate) const fn is_integrated(self) -> bool {
        matches!(self, Self::IntegratedWindowsAuth | Self::AdfsIntegratedAuth)
    }

    /// The name in JSON and on a command line, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IntegratedWindowsAuth => "integrated_windows_auth",
            Self::AdfsIntegratedAuth => "adfs_integrated_auth",
            Self::UsernamePassword => "username_password",
            Self::DeviceCode => "device_code",
            Self::AuthorizationCode => "authorization_code",
            Self::Implicit => "implicit",
            Self::ClientCredentials => "client_credentials",
            Self::OnBehalfOf => "on_behalf_of",
            Self::UserFederatedIdentityCredential => "user_fic",
            Self::RefreshToken => "refresh_token",
            Self::Silent => "silent",
        }
    }

    /// The number of the flow in server telemetry: Entrada's own, apart from those of the MSALs.
    pub(crate) const fn telemetry_id(self) -> u16 {
        match self {
            Self::AuthorizationCode => 2000,
            Self::RefreshToken => 2001,
            Self::Silent => 2007,
            Self::IntegratedWindowsAuth => 2002,
            Self::UsernamePassword => 2003,
            Self::ClientCredentials => 2004,
            Self::Implicit => 2005,
            Self::OnBehalfOf => 2006,
            Self::DeviceCode => 2008,
            Self::AdfsIntegratedAuth => 2009,
            Self::UserFederatedIdentityCredential => 2019,
        }
    }

    const fn row(self) -> Row {
        use Audience::{Confidential, Either, Public};
        use Tenants::{Any, No, One, Work};
        match self {
            Self::IntegratedWindowsAuth => Row::new(Public, Work, ""),
            Self::AdfsIntegratedAuth => Row::new(Public, No, "adfs"),
            Self::UsernamePassword => Row::new(Either, Work, "adfs b2c ciam dsts oidc"),
            Self::DeviceCode => Row::new(Public, Any, "adfs ciam dsts oidc"),
            Self::AuthorizationCode => Row::new(Either, Any, "adfs b2c ciam dsts oidc"),
            Self::Implicit => Row::new(Either, Any, "adfs b2c ciam oidc"),
            Self::ClientCredentials => Row::new(Confidential, One, "adfs b2c ciam dsts oidc"),
            Self::OnBehalfOf => Row::new(Confidential, Any, "adfs ciam dsts oidc"),
            Self::UserFederatedIdentityCredential => Row::new(Confidential, One, ""),
            Self::RefreshToken | Self::Silent => Row::new(Either, Any, "adfs b2c ciam dsts oidc"),
        }
    }
}

/// The name of the flow in a sentence.
impl fmt::Display for FlowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IntegratedWindowsAuth => "integrated Windows authentication",
            Self::AdfsIntegratedAuth => "the AD FS integrated flow",
            Self::UsernamePassword => "the user name and password flow",
            Self::DeviceCode => "the device code flow",
            Self::AuthorizationCode => "the authorization code flow",
            Self::Implicit => "the implicit flow",
            Self::ClientCredentials => "the client credentials flow",
            Self::OnBehalfOf => "the on-behalf-of flow",
            Self::UserFederatedIdentityCredential => "the federated identity credential flow",
            Self::RefreshToken => "the refresh token flow",
            Self::Silent => "the silent flow",
        })
    }
}

/// One line of the table.
struct Row {
    audience: Audience,
    tenants: Tenants,
    /// The kinds of authority beside Entra.
    others: &'static str,
}

impl Row {
    const fn new(audience: Audience, tenants: Tenants, others: &'static str) -> Self {
        Self { audience, tenants, others }
    }
}

/// Which applications may ask.
enum Audience {
    Public,
    Confidential,
    Either,
}

/// Which tenants of Entra may be asked.
enum Tenants {
    /// Every one.
    Any,
    /// Those that stand for no personal account: neither `common` nor `consumers`.
    Work,
    /// A single one: none of the names that stand for many.
    One,
    /// None: the flow is not for Entra.
    No,
}

impl Tenants {
    const fn take(&self, tenant: &Tenant) -> bool {
        match (self, tenant) {
            (Self::No, _) => false,
            (Self::Any, _) | (_, Tenant::Id(_)) | (Self::Work, Tenant::Organizations) => true,
            (Self::Work, Tenant::Common | Tenant::Consumers) => false,
            (Self::One, Tenant::Common | Tenant::Organizations | Tenant::Consumers) => false,
        }
    }
}

/// Whether `flow` can work with this application and its authority, as far as that is known without asking anybody.
///
/// # Errors
/// [`Misuse::Audience`], [`Misuse::Tenant`] or [`Misuse::AuthorityKind`].
pub fn preflight(flow: FlowKind, app: &Application) -> Result<(), Misuse> {
    check(flow, app, app.authority())
}

/// As [`preflight`], for another authority than the application's.
pub(crate) fn check(flow: FlowKind, app: &Application, authority: &Authority) -> Result<(), Misuse> {
    let row = flow.row();
    match (row.audience, app) {
        (Audience::Public, Application::Confidential(_)) => {
            return Err(Misuse::Audience { flow, needed: "public" });
        }
        (Audience::Confidential, Application::Public(_)) => {
            return Err(Misuse::Audience { flow, needed: "confidential" });
        }
        _ => {}
    }
    let kind = authority.kind();
    match kind {
        AuthorityKind::Entra(_) if matches!(row.tenants, Tenants::No) => {
            Err(Misuse::AuthorityKind { flow, kind: kind.as_str() })
        }
        AuthorityKind::Entra(tenant) if !row.tenants.take(tenant) => {
            Err(Misuse::Tenant { flow, tenant: tenant.to_string() })
        }
        AuthorityKind::Entra(_) => Ok(()),
        _ if row.others.split(' ').any(|other| other == kind.as_str()) => Ok(()),
        _ => Err(Misuse::AuthorityKind { flow, kind: kind.as_str() }),
    }
}
