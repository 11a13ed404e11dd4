//! What an application may set, and what it is made into.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use entrada_core::negotiate::Negotiator;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use ureq::config::{AutoHeaderValue, Config};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use url::Url;

/// How a host reaches the services. The default suits most.
///
/// ```
/// use entrada_blocking::{Proxy, Settings};
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
    /// The system's: `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, and the settings of Windows.
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
    /// The proxy cannot be used.
    #[error("the proxy cannot be used: its address must be http:// or https://, with a host")]
    Proxy,
}

/// The settings of a client that does what a request says and nothing else.
pub(crate) fn config(settings: &Settings) -> Result<Config, SetupError> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots(&settings.extra_root_certificates)?)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    Ok(Config::builder()
        .tls_config(tls)
        .proxy(proxy(&settings.proxy)?)
        .timeout_connect(Some(settings.connect_timeout))
        .timeout_global(Some(entrada_core::http::TIMEOUT))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(AutoHeaderValue::None)
        .accept(AutoHeaderValue::None)
        .accept_encoding(AutoHeaderValue::None)
        .max_response_header_size(HEADER_LIMIT)
        .build())
}

/// Room for the longest challenge of a Negotiate server and the headers around it.
const HEADER_LIMIT: usize = entrada_core::negotiate::LONGEST_CHALLENGE + 32 * 1024;

fn proxy(proxy: &Proxy) -> Result<Option<ureq::Proxy>, SetupError> {
    match proxy {
        Proxy::System => Ok(ureq::Proxy::try_from_env()),
        Proxy::None => Ok(None),
        Proxy::Url(text) => {
            let url = Url::parse(text).map_err(|_| SetupError::Proxy)?;
            if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
                return Err(SetupError::Proxy);
            }
            ureq::Proxy::new(text).map(Some).map_err(|_| SetupError::Proxy)
        }
    }
}

/// The platform's certificate authorities and the extra ones.
fn roots(extra: &[Vec<u8>]) -> Result<Vec<Certificate<'static>>, SetupError> {
    let mut roots = Vec::new();
    for (index, bytes) in extra.iter().enumerate() {
        let certificates = certificates(bytes);
        let usable = certificates.and_then(|certificates| {
            // ureq passes over what it cannot use; the application should hear of it.
            let mut store = RootCertStore::empty();
            for certificate in &certificates {
                store.add(certificate.clone()).map_err(|error| error.to_string())?;
            }
            Ok(certificates)
        });
        roots.extend(usable.map_err(|reason| SetupError::Certificate { index, reason })?);
    }
    let platform = rustls_native_certs::load_native_certs();
    roots.extend(platform.certs);
    if roots.is_empty() {
        let reasons: Vec<_> = platform.errors.iter().map(ToString::to_string).collect();
        return Err(SetupError::NoRoots(reasons.join("; ")));
    }
    Ok(roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect())
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
