//! The settings, as ureq wants them.

use entrada_host::{Proxy, Settings, SetupError, proxy_address};
use ureq::config::{AutoHeaderValue, Config};

/// The settings of a client that does what a request says and nothing else.
pub(crate) fn config(settings: &Settings) -> Result<Config, SetupError> {
    Ok(Config::builder()
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
