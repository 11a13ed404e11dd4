//! The settings, as ureq wants them.

use std::sync::Arc;

use entrada_host::{Proxy, Settings, SetupError, proxy_address};
use ureq::config::{AutoHeaderValue, Config};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The settings of a client that does what a request says and nothing else.
pub(crate) fn config(settings: &Settings) -> Result<Config, SetupError> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots(settings)?)))
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
            proxy_address(text)?;
            ureq::Proxy::new(text).map(Some).map_err(|_| SetupError::Proxy)
        }
        _ => Err(SetupError::Proxy),
    }
}

/// The platform's certificate authorities and the extra ones.
fn roots(settings: &Settings) -> Result<Vec<Certificate<'static>>, SetupError> {
    let mut roots = settings.extra_roots()?;
    let platform = rustls_native_certs::load_native_certs();
    roots.extend(platform.certs);
    if roots.is_empty() {
        let reasons: Vec<_> = platform.errors.iter().map(ToString::to_string).collect();
        return Err(SetupError::NoRoots(reasons.join("; ")));
    }
    Ok(roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect())
}
