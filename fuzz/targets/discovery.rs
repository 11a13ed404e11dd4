//! What is found out about an authority: nothing is believed of a provider that calls itself something else or leads over
//! http, and no host's tokens are filed under what is no name.
#![no_main]

use std::collections::BTreeMap;

use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::error::Fault;
use entrada_core::http::Response;
use entrada_core::protocol::{discovery, provider};
use entrada_core::time::Timestamp;
use entrada_fuzz::{documents, seeds};
use http::{HeaderMap, StatusCode};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const STATUSES: [StatusCode; 4] =
    [StatusCode::OK, StatusCode::FOUND, StatusCode::BAD_REQUEST, StatusCode::SERVICE_UNAVAILABLE];
const ISSUER: &str = "https://idp.example/realms/a";
// The host that is asked about.

fuzz_target!(
    init: {
        seeds::plant("discovery", &[
            documents::provider(ISSUER, r#","end_session_endpoint":"https://idp.example/out","token_endpoint_auth_methods_supported":["client_secret_basic"],"authorization_response_iss_parameter_supported":true"#),
            documents::provider("https://sts.windows.net/7a433bfc-2514-4697-b467-e0933190487f/", ""),
            documents::provider("http://127.0.0.1:8080", ""),
            documents::KNOWN_INSTANCE.to_owned(),
            documents::told("invalid_instance"),
        ]);
    },
    |body: &[u8]| {
        for status in STATUSES {
            let answer = Response::new(status, HeaderMap::new(), body.to_vec());
            instance(&answer);
            for (authority, options) in [
                (ISSUER, AuthorityOptions::default()),
                ("https://login.microsoftonline.com/common/v2.0", AuthorityOptions::default()),
                ("http://127.0.0.1:8080", AuthorityOptions::default().allow_http_loopback(true)),
            ] {
                metadata(&answer, &Authority::oidc(authority, options).expect("it is an address"));
            }
        }
    }
);

fn instance(answer: &Response) {
    let found = discovery::response(answer, NOW);
    assert_eq!(discovery::response(answer, NOW), found, "the same bytes read twice");
    match found {
        Ok(()) => {
            assert_eq!(answer.status, StatusCode::OK);
            is_object(answer);
        }
        Err(fault) => told(&fault),
    }
}

fn metadata(answer: &Response, authority: &Authority) {
    let found = provider::response(answer, authority, NOW);
    assert_eq!(provider::response(answer, authority, NOW), found, "the same bytes read twice");
    let metadata = match found {
        Ok(metadata) => metadata,
        Err(fault) => return told(&fault),
    };
    assert_eq!(answer.status, StatusCode::OK);
    is_object(answer);
    let own = metadata.issuer.trim_end_matches('/') == authority.as_str().trim_end_matches('/');
    let microsofts = authority.as_str().starts_with("https://login.microsoftonline.com/")
        && url::Url::parse(&metadata.issuer).is_ok_and(|issuer| {
            let hosts =
                ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"];
            issuer.scheme() == "https" && issuer.host_str().is_some_and(|host| hosts.contains(&host))
        });
    assert!(own || microsofts, "{} for {authority}", metadata.issuer);
    let loopback = authority.options().allow_http_loopback;
    let optional = [
        &metadata.device_authorization_endpoint,
        &metadata.end_session_endpoint,
        &metadata.revocation_endpoint,
    ];
    for url in
        optional.into_iter().flatten().chain([&metadata.authorization_endpoint, &metadata.token_endpoint])
    {
        let here = url
            .host_str()
            .is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."));
        assert!(url.scheme() == "https" || loopback && url.scheme() == "http" && here, "{url}");
    }
}

fn is_object(answer: &Response) {
    let body = answer.body.expose();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let object = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(body);
    assert!(object.is_ok(), "only an object is accepted: {object:?}");
}

/// What becomes of a refusal in a log.
fn told(fault: &Fault) {
    assert!(!fault.to_string().is_empty() && !format!("{fault:?}").is_empty());
}
