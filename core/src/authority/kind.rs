//! The kinds of authority: how each is told from the others, and what its address is made of.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Misuse};
use crate::text::Text;

/// The kinds of authority.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorityKind {
    /// A Microsoft Entra ID tenant, or one of the names that stand for many.
    Entra(Tenant),
    /// AD FS, without Entra.
    AdFs,
    /// Azure AD B2C.
    B2c {
        /// The tenant.
        tenant: Tenant,
        /// The user flow or custom policy, such as `B2C_1_signin`.
        policy: String,
        /// Whether the path begins with `tfp`.
        tfp: bool,
    },
    /// Microsoft Entra External ID (CIAM).
    ExternalId(Tenant),
    /// dSTS.
    Dsts(Tenant),
    /// Any OpenID provider.
    Oidc,
}

impl AuthorityKind {
    /// The name in JSON and on a command line.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Entra(_) => "entra",
            Self::AdFs => "adfs",
            Self::B2c { .. } => "b2c",
            Self::ExternalId(_) => "ciam",
            Self::Dsts(_) => "dsts",
            Self::Oidc => "oidc",
        }
    }

    /// Tells the kind from host and path, and gives the canonical path. What is wrong is said without the address.
    pub(super) fn of(host: &str, path: &str) -> Result<(Self, String), &'static str> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let (first, second, third) = (segments.next(), segments.next(), segments.next());
        let is = |segment: Option<&str>, name: &str| segment.is_some_and(|s| s.eq_ignore_ascii_case(name));
        let kind = if let Some(name) = host.strip_suffix(".ciamlogin.com") {
            let tenant =
                first.map_or_else(|| Tenant::Id(format!("{name}.onmicrosoft.com").into()), Tenant::new);
            Self::ExternalId(tenant)
        } else if is(first, "adfs") {
            Self::AdFs
        } else if is(first, "dstsv2") {
            Self::Dsts(Tenant::new(second.ok_or("it names no tenant")?))
        } else if is(first, "tfp") {
            let (tenant, policy) = second.zip(third).ok_or("it names no tenant and policy")?;
            Self::B2c { tenant: Tenant::new(tenant), policy: policy.to_owned(), tfp: true }
        } else if is_b2c(host) || second.is_some_and(is_policy) {
            let (tenant, policy) = first.zip(second).ok_or("it names no tenant and policy")?;
            Self::B2c { tenant: Tenant::new(tenant), policy: policy.to_owned(), tfp: false }
        } else {
            Self::Entra(Tenant::new(first.ok_or("it names no tenant")?))
        };
        let path = kind.path(first.unwrap_or_default());
        Ok((kind, path))
    }

    /// The canonical path; `as_written` is the first segment, whose spelling of a tenant is kept.
    fn path(&self, as_written: &str) -> String {
        match self {
            Self::Entra(_) => format!("/{as_written}/"),
            Self::AdFs => "/adfs/".to_owned(),
            Self::B2c { tenant, policy, tfp: true } => format!("/tfp/{tenant}/{policy}/"),
            Self::B2c { tenant, policy, tfp: false } => format!("/{tenant}/{policy}/"),
            Self::ExternalId(tenant) => format!("/{tenant}/"),
            Self::Dsts(tenant) => format!("/dstsv2/{tenant}/"),
            Self::Oidc => "/".to_owned(),
        }
    }

    pub(super) fn with_tenant(&self, text: &str) -> Result<(Self, String), Error> {
        let refuse = |reason| Err(Misuse::Argument { name: "tenant", reason }.into());
        if text.is_empty()
            || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
            || matches!(text, "." | "..")
        {
            return refuse("it is neither a GUID nor a domain name");
        }
        let tenant = Tenant::new(text);
        let kind = match self {
            Self::Entra(_) => Self::Entra(tenant),
            Self::ExternalId(_) => Self::ExternalId(tenant),
            Self::Dsts(_) => Self::Dsts(tenant),
            Self::AdFs | Self::B2c { .. } | Self::Oidc => {
                return refuse("this kind of authority has no tenant to choose");
            }
        };
        let path = kind.path(text);
        Ok((kind, path))
    }

    pub(super) const fn tenant(&self) -> Option<&Tenant> {
        match self {
            Self::Entra(tenant)
            | Self::B2c { tenant, .. }
            | Self::ExternalId(tenant)
            | Self::Dsts(tenant) => Some(tenant),
            Self::AdFs | Self::Oidc => None,
        }
    }

    /// Whether it speaks as Microsoft's cloud does: `client_info`, its headers and its routing hints.
    pub(crate) const fn is_microsoft_cloud(&self) -> bool {
        matches!(self, Self::Entra(_) | Self::B2c { .. } | Self::ExternalId(_) | Self::Dsts(_))
    }

    /// Whether it routes requests by the user (`X-AnchorMailbox`).
    pub(crate) const fn routes_by_user(&self) -> bool {
        matches!(self, Self::Entra(_) | Self::ExternalId(_))
    }

    /// Whether it takes client assertions signed with PS256, with the SHA-256 thumbprint of the certificate.
    pub(crate) const fn takes_ps256(&self) -> bool {
        matches!(self, Self::Entra(_) | Self::B2c { .. } | Self::ExternalId(_))
    }

    /// Whether the same client assertion may be sent more than once. Others may refuse a `jti` that they have seen
    /// (RFC 7523, section 3).
    pub(crate) const fn takes_assertions_again(&self) -> bool {
        matches!(self, Self::Entra(_) | Self::B2c { .. } | Self::ExternalId(_))
    }
}

/// Whether a host is one of B2C's own: `{tenant}.b2clogin.com`, and its like in the national clouds.
fn is_b2c(host: &str) -> bool {
    ["com", "cn", "us", "de"]
        .iter()
        .any(|end| host.strip_suffix(end).is_some_and(|start| start.ends_with(".b2clogin.")))
}

/// Whether a path segment is the name of a B2C policy.
fn is_policy(segment: &str) -> bool {
    segment.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("b2c_"))
}

/// Which directory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tenant {
    /// Work, school and personal accounts.
    Common,
    /// Work and school accounts of any tenant.
    Organizations,
    /// Personal accounts, by name or by the GUID of their tenant.
    Consumers,
    /// One tenant, by GUID or by domain name.
    Id(Text),
}

/// The tenant of personal Microsoft accounts.
pub(super) const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

impl Tenant {
    fn new(segment: &str) -> Self {
        match segment.to_ascii_lowercase().as_str() {
            "common" => Self::Common,
            "organizations" => Self::Organizations,
            "consumers" | PERSONAL_TENANT => Self::Consumers,
            _ => Self::Id(segment.into()),
        }
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Common => "common",
            Self::Organizations => "organizations",
            Self::Consumers => "consumers",
            Self::Id(id) => id,
        })
    }
}

/// A region of Azure, such as `westeurope`, whose token hosts serve client credentials nearer by.
///
/// As it becomes part of a host name, it is one DNS label: a letter, then letters, digits and hyphens, at most 63 in
/// all, no hyphen at the end. Upper case is lowered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim().to_ascii_lowercase();
        let is_label = name.len() <= 63
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.ends_with('-')
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if is_label {
            Ok(Self(name))
        } else {
            Err(Misuse::Argument { name: "region", reason: "it is not the name of one" }.into())
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
