//! Who issues the tokens: authorities, tenants, clouds and their endpoints.

mod cloud;
mod endpoints;
mod issuer;
mod kind;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use url::{Host, Url};

use self::cloud::{Cloud, PUBLIC_AUDIENCE};
pub(crate) use self::endpoints::Endpoints;
pub(crate) use self::issuer::{Issuer, same_service};
pub use self::kind::{AuthorityKind, Region, Tenant};
use crate::error::{Error, Misuse};
use crate::text::Text;

/// Where tokens come from, such as `https://login.microsoftonline.com/contoso.com`.
///
/// | kind | canonical form | recognised by |
/// |---|---|---|
/// | Microsoft Entra ID | `https://{host}/{tenant}/` | everything that is none of the others |
/// | AD FS | `https://{host}/adfs/` | the first segment `adfs` |
/// | Azure AD B2C | `https://{host}/tfp/{tenant}/{policy}/` or `https://{host}/{tenant}/{policy}/` | the first segment `tfp`, the host label `b2clogin`, or a second segment that begins with `b2c_` |
/// | External ID | `https://{host}/{tenant}/` | the host suffix `ciamlogin.com` |
/// | dSTS | `https://{host}/dstsv2/{tenant}/` | the first segment `dstsv2` |
/// | any OpenID provider | as given | nothing; say so with [`Authority::oidc`] |
///
/// What follows the canonical form is dropped, the host is lower-cased, a port is kept, and a host of the built-in cloud
/// table is replaced by the one that its cloud prefers for the network. Endpoints are made by template, with no request;
/// those of an OpenID provider are discovered (External ID with a custom domain is best named that way, too).
///
/// Shared, so that clones are cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: AuthorityKind,
    /// Canonical, ending in a slash.
    base: Url,
    cloud: Option<&'static Cloud>,
    options: AuthorityOptions,
    /// The name under which tokens are cached.
    environment: Text,
    /// Put together once, as every flow asks there.
    token_endpoint: OnceLock<Url>,
}

/// By what was given: the rest follows from it.
impl PartialEq for Inner {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.base == other.base && self.options == other.options
    }
}

impl Eq for Inner {}

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

impl Authority {
    /// Reads an authority of any kind but an OpenID provider.
    ///
    /// # Errors
    /// [`Misuse::Authority`] if it is not an absolute https address with what its kind needs in its path, or holds a
    /// user name, a query or a fragment.
    pub fn parse(text: &str, options: AuthorityOptions) -> Result<Self, Error> {
        let (mut url, refuse) = address(text, options)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let cloud = Cloud::of(&host);
        let (kind, path) = AuthorityKind::of(&host, url.path()).map_err(&refuse)?;
        if let (Some(cloud), AuthorityKind::Entra(_)) = (cloud, &kind)
            // A host of the table is a plain name on the default port, unless the caller said otherwise.
            && url.port().is_none()
        {
            url.set_host(Some(cloud.preferred_network)).map_err(|_| refuse("its host is not one"))?;
        }
        url.set_path(&path);
        Ok(Self::new(kind, url, cloud, options))
    }

    /// Reads the address of an OpenID provider: its issuer, whose document at `/.well-known/openid-configuration` names
    /// the endpoints.
    ///
    /// # Errors
    /// [`Misuse::Authority`] as [`parse`](Self::parse).
    pub fn oidc(text: &str, options: AuthorityOptions) -> Result<Self, Error> {
        let (mut url, _) = address(text, options)?;
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let cloud = Cloud::of(url.host_str().unwrap_or_default());
        Ok(Self::new(AuthorityKind::Oidc, url, cloud, options))
    }

    fn new(kind: AuthorityKind, base: Url, cloud: Option<&'static Cloud>, options: AuthorityOptions) -> Self {
        let environment = match (cloud, &kind) {
            (Some(cloud), AuthorityKind::Entra(_)) => cloud.preferred_cache,
            _ => base.host_str().unwrap_or_default(),
        };
        let environment = environment.into();
        Self(Arc::new(Inner { kind, base, cloud, options, environment, token_endpoint: OnceLock::new() }))
    }

    /// The same authority for another tenant.
    ///
    /// # Errors
    /// [`Misuse::Argument`] if the tenant is none, or the kind of authority has no tenant to choose.
    pub fn with_tenant(&self, tenant: &str) -> Result<Self, Error> {
        let (kind, path) = self.0.kind.with_tenant(tenant)?;
        let mut base = self.0.base.clone();
        base.set_path(&path);
        Ok(Self::new(kind, base, self.0.cloud, self.0.options))
    }

    /// What kind of authority it is.
    #[must_use]
    pub fn kind(&self) -> &AuthorityKind {
        &self.0.kind
    }

    /// The tenant, where the kind of authority has one.
    #[must_use]
    pub fn tenant(&self) -> Option<&Tenant> {
        self.0.kind.tenant()
    }

    /// The canonical address, which ends in a slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.base.as_str()
    }

    /// What the application permits.
    #[must_use]
    pub fn options(&self) -> AuthorityOptions {
        self.0.options
    }

    /// The name under which tokens are cached: the one that the cloud prefers, else the host itself.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.0.environment
    }

    pub(crate) fn shared_environment(&self) -> Text {
        self.0.environment.clone()
    }

    /// The audience that federation servers issue assertions for, where the realm names none.
    pub(crate) fn default_audience(&self) -> &'static str {
        self.0.cloud.map_or(PUBLIC_AUDIENCE, |cloud| cloud.audience)
    }

    /// Whether the host must be asked about before it is used: one of Entra that is neither in the cloud table nor on
    /// this machine.
    pub(crate) fn needs_instance_discovery(&self) -> bool {
        matches!(self.0.kind, AuthorityKind::Entra(_))
            && self.0.options.instance_discovery
            && self.0.cloud.is_none()
            && !is_loopback(&self.0.base)
    }

    /// The host's name.
    pub(crate) fn host(&self) -> Option<&str> {
        self.0.base.host_str()
    }

    pub(crate) fn path(&self) -> &str {
        self.0.base.path()
    }

    /// Whether the host is one of Microsoft's, by name.
    pub(crate) fn is_microsoft(&self) -> bool {
        self.0.cloud.is_some() || self.host().is_some_and(|host| host.ends_with(".ciamlogin.com"))
    }

    /// An address on the same host that belongs to no tenant.
    pub(crate) fn at_root(&self, path: &str) -> Url {
        let mut url = self.0.base.clone();
        url.set_path(path);
        url
    }

    fn endpoint(&self, path: &str) -> Url {
        let mut url = self.0.base.clone();
        url.set_path(&format!("{}{path}", self.0.base.path()));
        url
    }
}

/// Reads what every kind demands of its address, and makes the refusal of what is wrong with the rest.
fn address(
    text: &str,
    options: AuthorityOptions,
) -> Result<(Url, impl Fn(&'static str) -> Error + Clone), Error> {
    let parsed = Url::parse(text.trim());
    // Of what was given, the scheme and the host are shown: the rest may hold a password or a secret.
    let shown = match &parsed {
        Ok(url) => format!("{}://{}/…", url.scheme(), url.host_str().unwrap_or_default()),
        Err(_) => "(not shown)".to_owned(),
    };
    let refuse = move |reason| Error::from(Misuse::Authority { authority: shown.clone(), reason });
    let url = parsed.map_err(|_| refuse("it is not an absolute address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("it holds a user name or a password"));
    }
    if !is_permitted(&url, options.allow_http_loopback) {
        return Err(refuse("its scheme is not https"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it holds a query or a fragment"));
    }
    Ok((url, refuse))
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

/// The one name that stands for a host and its other names: the one that its cloud prefers in caches, else its own.
pub(crate) fn environment_group(host: &str) -> &str {
    Cloud::of_any_case(host).map_or(host, |cloud| cloud.preferred_cache)
}
