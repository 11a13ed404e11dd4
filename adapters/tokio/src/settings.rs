//! What an application may set, and what it is made into.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use entrada_core::negotiate::Negotiator;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Client;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use url::Url;

/// How a host reaches the services. The default suits most.
///
/// ```
/// use entrada_tokio::{Proxy, Settings};
///
/// let mut settings = Settings::new();
/// settings.proxy = Proxy::Url("http://proxy.contoso.com:8080".to_owned());
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Certificate authorities to trust beside the platform's: each a DER certificate, or PEM text with one or more.
    pub extra_root_certificates: Vec<Vec<u8>>,
    /// The most time for making a connection, TLS included; 10 seconds by default. The request's own limit also holds.
    pub connect_timeout: Duration,
    /// The proxy; the system's by default.
    pub proxy: Proxy,
    /// What authenticates the signed-in user to a federation server; nothing by default.
    pub integrated: Option<Arc<dyn Negotiator>>,
}

impl Settings {
    /// The default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            extra_root_certificates: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            proxy: Proxy::System,
            integrated: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("extra_root_certificates", &self.extra_root_certificates.len())
            .field("connect_timeout", &self.connect_timeout)
            .field("proxy", &self.proxy)
            .field("integrated", &self.integrated.is_some())
            .finish()
    }
}

/// Which proxy requests go through.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// The system's: `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, and the settings of Windows and macOS.
    #[default]
    System,
    /// None, whatever the system says.
    None,
    /// This one for every request: `http://[user:password@]host:port`, or `https://`.
    Url(String),
}

/// Shows no address, as it may hold a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::None => "None",
            Self::Url(_) => "Url(…)",
        })
    }
}

/// Why a host could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// An extra root certificate cannot be used.
    #[error("extra root certificate {index} cannot be used: {reason}")]
    Certificate {
        /// Its place in [`Settings::extra_root_certificates`], from 0.
        index: usize,
        /// Why.
        reason: String,
    },
    /// There is no certificate authority to trust.
    #[error("the platform has no root certificates that can be read: {0}")]
    NoRoots(
        /// What was found instead.
        String,
    ),
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Client(
        /// The client's own words.
        String,
    ),
    /// The proxy cannot be used.
    #[error("the proxy cannot be used: its address must be http:// or https://, with a host")]
    Proxy,
}

/// The TLS of both clients: the platform judges certificates, and the extra roots count beside its own.
pub(crate) fn tls(settings: &Settings) -> Result<ClientConfig, SetupError> {
    let mut extra = Vec::new();
    for (index, bytes) in settings.extra_root_certificates.iter().enumerate() {
        extra.extend(roots(bytes).map_err(|reason| SetupError::Certificate { index, reason })?);
    }
    // Given, not taken from the process: another part of the application may have its own default.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
        .map_err(|error| SetupError::NoRoots(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Client(error.to_string()))?;
    Ok(config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// A client that does what a request says and nothing else.
pub(crate) fn client(settings: &Settings, mut tls: ClientConfig) -> Result<Client, SetupError> {
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(settings.connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false);
    let builder = match &settings.proxy {
        Proxy::System => builder,
        Proxy::None => builder.no_proxy(),
        Proxy::Url(text) => {
            let proxy = reqwest::Proxy::all(checked(text)?).map_err(|_| SetupError::Proxy)?;
            builder.no_proxy().proxy(proxy)
        }
    };
    builder.build().map_err(|error| SetupError::Client(error.without_url().to_string()))
}

/// The same choice of proxies, for connections that are made without reqwest.
pub(crate) fn proxies(proxy: &Proxy) -> Result<Matcher, SetupError> {
    match proxy {
        Proxy::System => Ok(Matcher::from_system()),
        Proxy::None => Ok(Matcher::builder().build()),
        Proxy::Url(text) => Ok(Matcher::builder().all(checked(text)?.to_string()).build()),
    }
}

fn checked(proxy: &str) -> Result<Url, SetupError> {
    let url = Url::parse(proxy).map_err(|_| SetupError::Proxy)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(SetupError::Proxy);
    }
    Ok(url)
}

/// The extra roots of one entry, each of which can be used.
fn roots(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = certificates(bytes)?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|error| error.to_string())?;
    }
    Ok(certificates)
}

/// The certificates of PEM text, or the one that DER is.
fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    if !bytes.windows(PEM_START.len()).any(|window| window == PEM_START) {
        return Ok(vec![CertificateDer::from(bytes.to_vec())]);
    }
    let certificates = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err("the PEM text holds no certificate".to_owned()),
        Ok(certificates) => Ok(certificates),
        Err(_) => Err("the PEM text cannot be read".to_owned()),
    }
}

const PEM_START: &[u8] = b"-----BEGIN ";
