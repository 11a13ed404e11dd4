//! Device authorization: where a code to type comes from (RFC 8628, sections 3.1 and 3.2).

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use url::{Url, form_urlencoded};

use crate::authority::is_permitted;
use crate::context::Context;
use crate::error::{Fault, Service, Violation};
use crate::http::{Request, Response};
use crate::protocol::lenient::{seconds, text};
use crate::protocol::token;
use crate::secret::Secret;
use crate::time::Timestamp;

pub(crate) fn request(cx: &Context, mut endpoint: Url) -> Request {
    if !cx.options().extra_query_parameters.is_empty() {
        endpoint.query_pairs_mut().extend_pairs(&cx.options().extra_query_parameters);
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("client_id", cx.app().client_id()).append_pair("scope", &cx.user_scopes());
    if let Some(claims) = cx.claims() {
        form.append_pair("claims", claims);
    }
    cx.post(endpoint, form.finish(), None)
}

/// A code, where to type it, and how to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceAuthorization {
    /// What to poll with.
    pub device_code: Secret,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: Url,
    /// The same with the code in it.
    pub verification_uri_complete: Option<Url>,
    /// A sentence for the person; made here where the service gives none.
    pub message: String,
    /// How long the codes are good for: 15 minutes where the service does not say, at most a day.
    pub expires_in: Duration,
    /// How long to wait between two polls: 5 seconds where the service says nothing that makes sense.
    pub interval: Duration,
}

/// Reads the answer. An `error` is a refusal under whatever status.
///
/// # Errors
/// A refusal, a status that says no, or an answer without a code or a place to type it.
pub fn response(
    response: &Response,
    allow_http_loopback: bool,
    now: Timestamp,
) -> Result<DeviceAuthorization, Fault> {
    let violated = |rule| Fault::breach(rule, response);
    if let Some(refusal) = token::refusal(response, now) {
        return Err(Fault::Refused(Box::new(refusal)));
    }
    if response.status != StatusCode::OK {
        return Err(Fault::of_status(Service::DeviceAuthorization, response, now));
    }
    let answer: Answer = crate::protocol::json_object(response.body.expose())
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| violated(Violation::DeviceNotJson))?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let without = |name| violated(Violation::DeviceWithout(name));
    let address = |text: &str| Url::parse(text).ok().filter(|url| is_permitted(url, allow_http_loopback));
    let device_code = filled(answer.device_code).map(Secret::new).ok_or_else(|| without("device_code"))?;
    let user_code = filled(answer.user_code).ok_or_else(|| without("user_code"))?;
    let uri = filled(answer.verification_uri).or(filled(answer.verification_url));
    let uri = uri.ok_or_else(|| without("verification_uri"))?;
    let verification_uri = address(&uri).ok_or_else(|| violated(Violation::DeviceAddress))?;
    let expires_in = answer.expires_in.filter(|lifetime| !lifetime.is_zero()).unwrap_or(DEFAULT_LIFETIME);
    let expires_in = expires_in.min(LONGEST_LIFETIME);
    Ok(DeviceAuthorization {
        message: filled(answer.message).unwrap_or_else(|| {
            format!("To sign in, open {verification_uri} in a browser and enter the code {user_code}.")
        }),
        device_code,
        user_code,
        verification_uri_complete: filled(answer.verification_uri_complete).and_then(|uri| address(&uri)),
        verification_uri,
        interval: answer
            .interval
            .filter(|interval| !interval.is_zero() && *interval < expires_in)
            .unwrap_or(DEFAULT_INTERVAL),
        expires_in,
    })
}

const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const DEFAULT_LIFETIME: Duration = Duration::from_secs(900);
const LONGEST_LIFETIME: Duration = Duration::from_secs(86400);

#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "text")]
    device_code: Option<String>,
    #[serde(default, deserialize_with = "text")]
    user_code: Option<String>,
    #[serde(default, deserialize_with = "text")]
    verification_uri: Option<String>,
    /// The name of a draft, which some servers still use.
    #[serde(default, deserialize_with = "text")]
    verification_url: Option<String>,
    #[serde(default, deserialize_with = "text")]
    verification_uri_complete: Option<String>,
    #[serde(default, deserialize_with = "text")]
    message: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "seconds")]
    interval: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn answer(status: u16, body: &str) -> Result<DeviceAuthorization, Fault> {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Response::new(status, HeaderMap::new(), body.as_bytes().to_vec());
        response(&answer, false, Timestamp::default())
    }

    fn with(members: &str) -> Result<DeviceAuthorization, Fault> {
        answer(
            200,
            &format!(
                r#"{{"device_code":"d","user_code":"AB12","verification_uri":"https://microsoft.com/devicelogin"{members}}}"#
            ),
        )
    }

    #[test]
    fn what_the_service_leaves_out_is_filled_in() {
        let answer = with("").unwrap();
        assert_eq!(answer.interval, Duration::from_secs(5));
        assert_eq!(answer.expires_in, Duration::from_secs(900));
        assert!(
            answer.message.contains("AB12") && answer.message.contains("https://microsoft.com/devicelogin")
        );
    }

    #[test]
    fn an_interval_that_makes_no_sense_is_five_seconds() {
        for (interval, seconds) in [
            ("7", 7),
            ("\"7\"", 7),
            ("0", 5),
            ("-1", 5),
            ("1e300", 5),
            ("900", 5),
            ("899", 899),
            ("null", 5),
            ("{}", 5),
        ] {
            let answer = with(&format!(r#","expires_in":900,"interval":{interval}"#)).unwrap();
            assert_eq!(answer.interval.as_secs(), seconds, "{interval}");
        }
    }

    #[test]
    fn an_error_is_a_refusal_even_under_status_200() {
        assert!(matches!(answer(200, r#"{"error":"invalid_client"}"#), Err(Fault::Refused(_))));
        assert!(matches!(answer(503, ""), Err(Fault::Status { .. })));
    }

    #[test]
    fn a_page_that_no_browser_should_open_is_refused() {
        for address in [
            "http://microsoft.com/devicelogin",
            "javascript:alert(1)",
            "microsoft.com/devicelogin",
            "file:///x",
        ] {
            let body = format!(r#"{{"device_code":"d","user_code":"u","verification_uri":"{address}"}}"#);
            assert!(matches!(
                answer(200, &body),
                Err(Fault::Violation { rule: Violation::DeviceAddress, .. })
            ));
        }
        for body in [
            "",
            "[]",
            "{}",
            r#"{"device_code":"d","user_code":"u"}"#,
            r#"{"device_code":"","user_code":"u"}"#,
        ] {
            assert!(matches!(answer(200, body), Err(Fault::Violation { .. })), "{body}");
        }
    }
}
