//! What an application may set.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use entrada_core::cache::TokenStore;
use entrada_core::flow::device_code::Prompt;
use entrada_core::negotiate::Negotiator;
use entrada_core::signer::Signer;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use url::Url;

/// How a host reaches the services. The default suits most.
///
/// ```
/// use entrada_host::{Proxy, Settings};
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
    /// Where tokens are kept; in memory by default, as long as the host and its clones live.
    pub store: Option<Arc<dyn TokenStore>>,
    /// What signs, or makes assertions, for a confidential client; nothing by default.
    pub signer: Option<Arc<dyn Signer>>,
    /// What shows a person where to go and what to type; by default the prompt's message goes to standard error.
    pub show: Arc<dyn Fn(&Prompt) + Send + Sync>,
}

impl Settings {
    /// The default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The extra certificate authorities, each of which can be used.
    ///
    /// # Errors
    /// [`SetupError::Certificate`] for the first that is none.
    pub fn extra_roots(&self) -> Result<Vec<CertificateDer<'static>>, SetupError> {
        let mut all = Vec::new();
        for (index, bytes) in self.extra_root_certificates.iter().enumerate() {
            all.extend(roots(bytes).map_err(|reason| SetupError::Certificate { index, reason })?);
        }
        Ok(all)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            extra_root_certificates: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            proxy: Proxy::System,
            integrated: None,
            store: None,
            signer: None,
            show: Arc::new(|prompt| eprintln!("{}", prompt.message)),
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
            .field("store", &self.store.is_some())
            .field("signer", &self.signer.is_some())
            .finish_non_exhaustive()
    }
}

/// Which proxy requests go through.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// The system's: `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, and the settings of Windows; those of
    /// macOS with `entrada-tokio` alone.
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

/// Reads the address of a proxy.
///
/// # Errors
/// [`SetupError::Proxy`] if it is not `http://` or `https://`, with a host.
pub fn proxy_address(text: &str) -> Result<Url, SetupError> {
    let url = Url::parse(text).map_err(|_| SetupError::Proxy)?;
    // An address of these two schemes always has a host.
    if !matches!(url.scheme(), "http" | "https") {
        return Err(SetupError::Proxy);
    }
    Ok(url)
}

/// The roots of one entry. TLS libraries pass over what they cannot use; the application should hear of it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    fn authority() -> (Vec<u8>, String) {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        (certificate.der().to_vec(), certificate.pem())
    }

    fn extra(roots: Vec<Vec<u8>>) -> Result<Vec<CertificateDer<'static>>, SetupError> {
        Settings { extra_root_certificates: roots, ..Settings::new() }.extra_roots()
    }

    #[test]
    fn a_root_may_be_der_or_pem_with_one_or_more() {
        let ((one, one_pem), (two, two_pem)) = (authority(), authority());
        let roots = extra(vec![one.clone(), format!("a note\n{two_pem}\n{one_pem}").into_bytes()]).unwrap();
        let roots: Vec<&[u8]> = roots.iter().map(AsRef::as_ref).collect();
        assert_eq!(roots, [&one[..], &two, &one]);
    }

    #[test]
    fn a_root_that_cannot_be_used_is_named_by_its_place() {
        let (der, pem) = authority();
        let empty = b"-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n".to_vec();
        let cut = pem.as_bytes()[..100].to_vec();
        let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
        for bad in [b"junk".to_vec(), der[..100].to_vec(), empty, cut, junk] {
            let error = extra(vec![der.clone(), bad]).unwrap_err();
            assert!(matches!(error, SetupError::Certificate { index: 1, .. }), "{error}");
        }
    }

    #[test]
    fn a_proxy_is_an_address_of_http_with_a_host() {
        assert_eq!(proxy_address("http://joe:p@proxy:8080").unwrap().host_str(), Some("proxy"));
        assert!(proxy_address("https://proxy").is_ok());
        for bad in ["", "proxy", "proxy:8080", "socks5://proxy:1080", "ftp://proxy", "http://"] {
            assert_eq!(proxy_address(bad), Err(SetupError::Proxy), "{bad}");
        }
    }

    #[test]
    fn settings_show_no_password() {
        let settings =
            Settings { proxy: Proxy::Url("http://joe:hunter2@proxy".to_owned()), ..Settings::new() };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
