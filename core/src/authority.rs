//! Who issues the tokens: authorities, tenants, clouds and their endpoints.

mod cloud;

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use self::cloud::{Cloud, PUBLIC_AUDIENCE};
use crate::error::{Error, Misuse};

/// Where tokens come from, such as `https://login.microsoftonline.com/contoso.com`.
///
/// Its canonical form is `https://{host}[:port]/{tenant}/`: what follows the tenant is dropped, the host is
/// lower-cased, and a host of the built-in cloud table is replaced by the one that its cloud prefers for the
/// network. Endpoints are made from it by template, with no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    kind: AuthorityKind,
    /// Canonical, ending in a slash.
    base: Url,
    cloud: Option<&'static Cloud>,
    options: AuthorityOptions,
}

/// The kinds of authority.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorityKind {
    /// A Microsoft Entra ID tenant, or one of the names that stand for many.
    Entra(Tenant),
}

/// What an application permits for its authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorityOptions {
    /// Whether http is accepted for `127.0.0.0/8`, `::1` and `localhost`, for the authority and for the
    /// addresses that it leads to. Off by default; for tests.
    pub allow_http_loopback: bool,
    /// Whether a host that the cloud table does not know must be confirmed before it is used. On by default.
    pub instance_discovery: bool,
}

impl Default for AuthorityOptions {
    fn default() -> Self {
        Self { allow_http_loopback: false, instance_discovery: true }
    }
}

impl AuthorityOptions {
    /// Permits http to this machine's own addresses.
    #[must_use]
    pub const fn allow_http_loopback(mut self, allow: bool) -> Self {
        self.allow_http_loopback = allow;
        self
    }

    /// Sets whether an unknown host must be confirmed.
    #[must_use]
    pub const fn instance_discovery(mut self, discover: bool) -> Self {
        self.instance_discovery = discover;
        self
    }
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
    Id(String),
}

impl Tenant {
    fn new(segment: &str) -> Self {
        match segment.to_ascii_lowercase().as_str() {
            "common" => Self::Common,
            "organizations" => Self::Organizations,
            "consumers" | PERSONAL_TENANT => Self::Consumers,
            _ => Self::Id(segment.to_owned()),
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

impl Authority {
    /// Reads an authority.
    ///
    /// # Errors
    /// [`Misuse::Authority`] if it is not an absolute https address with a tenant in its path, holds a user
    /// name, a query or a fragment, or is of a kind that is not supported.
    pub fn parse(text: &str, options: AuthorityOptions) -> Result<Self, Error> {
        let parsed = Url::parse(text.trim());
        // Of what was given, the scheme and the host are shown: the rest may hold a password or a secret.
        let shown = match &parsed {
            Ok(url) => format!("{}://{}/…", url.scheme(), url.host_str().unwrap_or_default()),
            Err(_) => "(not shown)".to_owned(),
        };
        let refuse = |reason| Error::from(Misuse::Authority { authority: shown.clone(), reason });
        let mut url = parsed.map_err(|_| refuse("it is not an absolute address"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it holds a user name or a password"));
        }
        if !is_permitted(&url, options.allow_http_loopback) {
            return Err(refuse("its scheme is not https"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it holds a query or a fragment"));
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let segment = url.path().split('/').find(|segment| !segment.is_empty()).map(str::to_owned);
        if let Some(kind) = other_kind(&host, segment.as_deref()) {
            return Err(Misuse::AuthorityKind(kind).into());
        }
        let segment = segment.ok_or_else(|| refuse("it names no tenant"))?;
        let cloud = Cloud::of(&host);
        if let Some(cloud) = cloud {
            // A host of the table is a plain name on the default port, unless the caller said otherwise.
            if url.port().is_none() {
                url.set_host(Some(cloud.preferred_network)).map_err(|_| refuse("its host is not one"))?;
            }
        }
        let tenant = Tenant::new(&segment);
        url.set_path(&format!("/{segment}/"));
        Ok(Self { kind: AuthorityKind::Entra(tenant), base: url, cloud, options })
    }

    /// What kind of authority it is.
    #[must_use]
    pub const fn kind(&self) -> &AuthorityKind {
        &self.kind
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        let AuthorityKind::Entra(tenant) = &self.kind;
        tenant
    }

    /// The canonical address, which ends in a slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.base.as_str()
    }

    /// What the application permits.
    #[must_use]
    pub const fn options(&self) -> AuthorityOptions {
        self.options
    }

    /// The name under which tokens are cached: the one that the cloud prefers, else the host itself.
    #[must_use]
    pub fn environment(&self) -> &str {
        self.cloud.map_or_else(|| self.base.host_str().unwrap_or_default(), |cloud| cloud.preferred_cache)
    }

    /// The audience that federation servers issue assertions for, where the realm names none.
    pub(crate) fn default_audience(&self) -> &'static str {
        self.cloud.map_or(PUBLIC_AUDIENCE, |cloud| cloud.audience)
    }

    /// Whether the host needs no confirmation: it is in the cloud table, or on this machine.
    pub(crate) fn is_known(&self) -> bool {
        self.cloud.is_some() || is_loopback(&self.base)
    }

    /// The token endpoint.
    pub(crate) fn token_endpoint(&self) -> Url {
        self.endpoint("oauth2/v2.0/token")
    }

    /// The authorization endpoint.
    pub(crate) fn authorization_endpoint(&self) -> Url {
        self.endpoint("oauth2/v2.0/authorize")
    }

    /// An address on the same host that belongs to no tenant.
    pub(crate) fn at_root(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    fn endpoint(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url
    }
}

/// With the default options.
impl FromStr for Authority {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text, AuthorityOptions::default())
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a request may go there: https, or http to this machine where that is allowed.
pub(crate) fn is_permitted(url: &Url, allow_http_loopback: bool) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => allow_http_loopback && is_loopback(url),
        _ => false,
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The kinds that are recognised so that they are not taken for Entra tenants.
fn other_kind(host: &str, segment: Option<&str>) -> Option<&'static str> {
    if host.ends_with(".ciamlogin.com") {
        return Some("External ID");
    }
    if host.split('.').any(|label| label == "b2clogin") {
        return Some("Azure AD B2C");
    }
    match segment?.to_ascii_lowercase().as_str() {
        "adfs" => Some("AD FS"),
        "tfp" => Some("Azure AD B2C"),
        "dstsv2" => Some("dSTS"),
        _ => None,
    }
}

/// The tenant of personal Microsoft accounts.
const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Authority, Error> {
        text.parse()
    }

    #[test]
    fn the_canonical_form_keeps_host_port_and_tenant() {
        for (text, canonical) in [
            (
                "https://login.microsoftonline.com/contoso.com",
                "https://login.microsoftonline.com/contoso.com/",
            ),
            (
                " https://LOGIN.Windows.NET/Contoso.com/v2.0/ ",
                "https://login.microsoftonline.com/Contoso.com/",
            ),
            (
                "https://login.chinacloudapi.cn/organizations",
                "https://login.partner.microsoftonline.cn/organizations/",
            ),
            ("https://sts.example:8443/t", "https://sts.example:8443/t/"),
        ] {
            assert_eq!(parse(text).unwrap().as_str(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_authority_is_refused() {
        for text in [
            "",
            "contoso.com",
            "http://login.microsoftonline.com/contoso.com",
            "http://127.0.0.1/contoso.com",
            "https://login.microsoftonline.com/",
            "https://login.microsoftonline.com",
            "https://joe:hunter2@login.microsoftonline.com/contoso.com",
            "https://joe:hunter2@login.microsoftonline.com:99999/contoso.com",
            "joe:hunter2@login.microsoftonline.com/contoso.com",
            "https://login.microsoftonline.com/contoso.com?client_secret=hunter2",
            "https://login.microsoftonline.com/contoso.com?x=y",
            "https://login.microsoftonline.com/contoso.com#x",
            "ftp://login.microsoftonline.com/contoso.com",
            "https://sts.contoso.com/adfs",
            "https://contoso.b2clogin.com/contoso/B2C_1_x",
            "https://login.microsoftonline.com/tfp/contoso/B2C_1_x",
            "https://contoso.ciamlogin.com/",
        ] {
            let error = parse(text).expect_err(text);
            assert!(!format!("{error} {error:?}").contains("hunter2"));
            assert!(!error.remedy().is_empty());
        }
    }

    #[test]
    fn http_is_for_this_machine_and_only_when_allowed() {
        let options = AuthorityOptions::default().allow_http_loopback(true);
        for text in
            ["http://127.0.0.1:8080/t", "http://127.9.9.9/t", "http://localhost/t", "http://[::1]:1/t"]
        {
            assert!(Authority::parse(text, options).unwrap().is_known(), "{text}");
        }
        for text in ["http://10.0.0.1/t", "http://localhost.evil.example/t", "http://127.0.0.1.nip.io/t"] {
            assert!(Authority::parse(text, options).is_err(), "{text}");
        }
    }

    #[test]
    fn tenants_are_told_apart() {
        for (segment, tenant) in [
            ("Common", Tenant::Common),
            ("organizations", Tenant::Organizations),
            ("consumers", Tenant::Consumers),
            (PERSONAL_TENANT, Tenant::Consumers),
            ("contoso.com", Tenant::Id("contoso.com".to_owned())),
        ] {
            let authority = parse(&format!("https://login.microsoftonline.com/{segment}")).unwrap();
            assert_eq!(*authority.tenant(), tenant);
        }
    }

    #[test]
    fn endpoints_are_templates() {
        let authority = parse("https://login.microsoftonline.us/contoso.com").unwrap();
        assert_eq!(
            authority.token_endpoint().as_str(),
            "https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token"
        );
        assert_eq!(authority.environment(), "login.microsoftonline.us");
        assert_eq!(parse("https://login.microsoft.com/t").unwrap().environment(), "login.windows.net");
    }
}
