//! Instance discovery: is a host that the cloud table does not know one of the service's?
//!
//! `GET https://login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint={…}`

use http::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::context::Context;
use crate::error::{Fault, Service, Violation};
use crate::http::{Request, Response};
use crate::protocol::token;
use crate::time::Timestamp;

/// Where it is asked: at the public cloud, as it knows all the others. `None` cannot happen: the address is a constant.
pub(crate) fn address(authorization_endpoint: &Url) -> Option<Url> {
    let mut url = Url::parse("https://login.microsoftonline.com/common/discovery/instance").ok()?;
    url.query_pairs_mut()
        .append_pair("api-version", "1.1")
        .append_pair("authorization_endpoint", authorization_endpoint.as_str());
    Some(url)
}

pub(crate) fn request(cx: &Context, address: Url) -> Request {
    cx.get(address)
}

/// Reads the answer: a host that the service knows has a `tenant_discovery_endpoint`. The other names of the host that it
/// tells are not used: a later process would not know them, and so not find the tokens again.
///
/// # Errors
/// The service's refusal, usually `invalid_instance`, or an answer that breaks the protocol.
pub fn response(response: &Response, now: Timestamp) -> Result<(), Fault> {
    if let Some(refusal) = token::refusal(response, now) {
        return Err(Fault::Refused(Box::new(refusal)));
    }
    if response.status != StatusCode::OK {
        return Err(Fault::of_status(Service::InstanceDiscovery, response, now));
    }
    let answer = crate::protocol::json_object(response.body.expose());
    match answer.and_then(|text| serde_json::from_str(text).ok()) {
        Some(Answer { tenant_discovery_endpoint }) if !tenant_discovery_endpoint.is_empty() => Ok(()),
        _ => Err(Fault::breach(Violation::DiscoveryNotJson, response)),
    }
}

#[derive(Deserialize)]
struct Answer {
    tenant_discovery_endpoint: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn answer(status: u16, body: &str) -> Result<(), Fault> {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Response::new(status, HeaderMap::new(), body.as_bytes().to_vec());
        response(&answer, Timestamp::default())
    }

    #[test]
    fn a_known_host_has_an_endpoint_and_an_unknown_one_is_refused() {
        assert_eq!(answer(200, r#"{"tenant_discovery_endpoint":"https://x/","metadata":[]}"#), Ok(()));
        assert!(matches!(answer(400, r#"{"error":"invalid_instance"}"#), Err(Fault::Refused(_))));
        assert!(matches!(answer(503, ""), Err(Fault::Status { .. })));
        for body in ["", "{}", r#"["https://x/"]"#, "<html>", r#"{"tenant_discovery_endpoint":""}"#] {
            assert!(matches!(answer(200, body), Err(Fault::Violation { .. })), "{body}");
        }
    }
}
