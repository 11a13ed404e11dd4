//! The settings, as reqwest and hyper want them.

use entrada_host::{Proxy, Settings, SetupError, proxy_address};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Client;
use rustls::ClientConfig;

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
            let proxy = reqwest::Proxy::all(proxy_address(text)?).map_err(|_| SetupError::Proxy)?;
            builder.no_proxy().proxy(proxy)
        }
        _ => return Err(SetupError::Proxy),
    };
    builder.build().map_err(|error| SetupError::Client(error.without_url().to_string()))
}

/// The same choice of proxies, for connections that are made without reqwest.
pub(crate) fn proxies(proxy: &Proxy) -> Result<Matcher, SetupError> {
    match proxy {
        Proxy::System => Ok(Matcher::from_system()),
        Proxy::None => Ok(Matcher::builder().build()),
        Proxy::Url(text) => Ok(Matcher::builder().all(proxy_address(text)?.to_string()).build()),
        _ => Err(SetupError::Proxy),
    }
}
