//! Where an authority is asked: by template, or as its provider's metadata says.

use std::sync::Arc;

use url::Url;

use super::{Authority, AuthorityKind, Issuer, Region};
use crate::protocol::provider::ProviderMetadata;

/// The endpoints of an authority. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints(Source);

#[derive(Debug, Clone)]
enum Source {
    Template(Authority),
    Provider(Arc<ProviderMetadata>),
}

impl Endpoints {
    /// Those that need no asking: every kind of authority has them but an OpenID provider.
    pub(crate) fn template(authority: Authority) -> Option<Self> {
        (authority.0.kind != AuthorityKind::Oidc).then_some(Self(Source::Template(authority)))
    }

    pub(crate) fn provider(metadata: Arc<ProviderMetadata>) -> Self {
        Self(Source::Provider(metadata))
    }

    pub(crate) fn token(&self) -> Url {
        match &self.0 {
            Source::Template(authority) => authority.token_endpoint().clone(),
            Source::Provider(metadata) => metadata.token_endpoint.clone(),
        }
    }

    /// The token endpoint of a region, for a host of the cloud table.
    pub(crate) fn regional_token(&self, region: &Region) -> Option<Url> {
        let Source::Template(authority) = &self.0 else { return None };
        let cloud = authority.0.cloud?;
        let host = if cloud.is_public() { "login.microsoft.com" } else { cloud.preferred_network };
        let mut url = self.token();
        url.set_host(Some(&format!("{region}.{host}"))).ok()?;
        Some(url)
    }

    pub(crate) fn authorization(&self) -> Url {
        match &self.0 {
            Source::Template(authority) => authority.endpoint(authority.paths().authorization),
            Source::Provider(metadata) => metadata.authorization_endpoint.clone(),
        }
    }

    pub(crate) fn device_authorization(&self) -> Option<Url> {
        match &self.0 {
            Source::Template(authority) => Some(authority.endpoint(authority.paths().device_authorization)),
            Source::Provider(metadata) => metadata.device_authorization_endpoint.clone(),
        }
    }

    /// Where a browser ends its session, if there is such a page.
    pub(crate) fn end_session(&self) -> Option<Url> {
        match &self.0 {
            Source::Template(authority) => authority.paths().end_session.map(|path| authority.endpoint(path)),
            Source::Provider(metadata) => metadata.end_session_endpoint.clone(),
        }
    }

    /// Where refresh tokens are revoked (RFC 7009); Microsoft's services have no such endpoint.
    pub(crate) fn revocation(&self) -> Option<Url> {
        match &self.0 {
            Source::Template(_) => None,
            Source::Provider(metadata) => metadata.revocation_endpoint.clone(),
        }
    }

    /// Whether a secret goes into the `Authorization` header: only where the provider takes it in no other way.
    pub(crate) fn wants_basic(&self) -> bool {
        match &self.0 {
            Source::Template(_) => false,
            Source::Provider(metadata) => metadata.wants_basic,
        }
    }

    /// Who may say that an authorization response is its own.
    pub(crate) fn issuer(&self) -> Issuer {
        match &self.0 {
            Source::Template(_) => Issuer::Service,
            Source::Provider(metadata) => {
                Issuer::Named { name: metadata.issuer.clone(), promised: metadata.names_issuer_in_response }
            }
        }
    }
}

/// What follows the authority's address.
struct Paths {
    token: &'static str,
    authorization: &'static str,
    device_authorization: &'static str,
    end_session: Option<&'static str>,
}

const V2: Paths = Paths {
    token: "oauth2/v2.0/token",
    authorization: "oauth2/v2.0/authorize",
    device_authorization: "oauth2/v2.0/devicecode",
    end_session: Some("oauth2/v2.0/logout"),
};
const AD_FS: Paths = Paths {
    token: "oauth2/token",
    authorization: "oauth2/authorize",
    device_authorization: "oauth2/devicecode",
    end_session: Some("oauth2/logout"),
};

impl Authority {
    fn token_endpoint(&self) -> &Url {
        self.0.token_endpoint.get_or_init(|| self.endpoint(self.paths().token))
    }

    fn paths(&self) -> &'static Paths {
        match self.0.kind {
            AuthorityKind::AdFs => &AD_FS,
            _ => &V2,
        }
    }
}
