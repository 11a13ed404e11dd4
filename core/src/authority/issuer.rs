//! Who may say that an answer of the authorization endpoint is its own.

use serde::{Deserialize, Serialize};
use url::Url;

use super::cloud::Cloud;
use super::{Authority, AuthorityKind, Tenant};
use crate::protocol::id_token::IdTokenClaims;

/// Who may say that an answer of the authorization endpoint is its own: data that a sign-in keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Issuer {
    /// The authority's own service, under whichever of its names. It promises to give none.
    Service,
    /// The provider that was discovered.
    Named {
        /// What it calls itself.
        name: String,
        /// Whether it promises to give its name in every answer (RFC 9207, section 3).
        promised: bool,
    },
}

impl Issuer {
    /// Whether an answer may name `issuer` (RFC 9207, section 2.4), or none.
    pub(crate) fn accepts(&self, authority: &Authority, issuer: Option<&str>) -> bool {
        match (self, issuer) {
            (Self::Service, None) => true,
            (Self::Named { promised, .. }, None) => !promised,
            (_, Some(issuer)) => self.is(authority, issuer),
        }
    }

    /// Whether an ID token is of this issuer and, where the authority is one tenant by its GUID, of that tenant.
    pub(crate) fn issued(&self, authority: &Authority, claims: &IdTokenClaims) -> bool {
        if !claims.text("iss").is_some_and(|issuer| self.is(authority, issuer)) {
            return false;
        }
        match (authority.kind(), claims.text("tid")) {
            (AuthorityKind::Entra(Tenant::Id(tenant)), tid) if is_guid(tenant) => {
                tid.is_some_and(|tid| tid.eq_ignore_ascii_case(tenant))
            }
            _ => true,
        }
    }

    fn is(&self, authority: &Authority, issuer: &str) -> bool {
        let of_service = || Url::parse(issuer).is_ok_and(|issuer| same_service(authority, &issuer));
        match self {
            Self::Service => of_service(),
            // A document of Entra for many tenants names none of them.
            Self::Named { name, .. } => issuer == name || authority.is_microsoft() && of_service(),
        }
    }
}

/// Whether an issuer is of the authority's own host, or of the same cloud under another name.
pub(crate) fn same_service(authority: &Authority, issuer: &Url) -> bool {
    let base = &authority.0.base;
    let same_host = issuer.scheme() == base.scheme()
        && issuer.host() == base.host()
        && issuer.port_or_known_default() == base.port_or_known_default();
    let same_cloud = issuer.scheme() == "https"
        && issuer.port().is_none()
        && authority.0.cloud.is_some_and(|cloud| issuer.host_str().and_then(Cloud::of) == Some(cloud));
    // External ID names its issuer after the tenant: https://{tenant}.ciamlogin.com/{tenant}/v2.0.
    let same_family = matches!(authority.0.kind, AuthorityKind::ExternalId(_))
        && issuer.scheme() == "https"
        && issuer.host_str().is_some_and(|host| host.ends_with(".ciamlogin.com"));
    same_host || same_cloud || same_family
}

impl Authority {
    /// Whether `host` belongs to another national cloud, as far as the table knows.
    pub(crate) fn is_another_cloud(&self, host: &str) -> bool {
        let host = host.trim().to_ascii_lowercase();
        self.host() != Some(host.as_str()) && Cloud::of(&host) != self.0.cloud
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
