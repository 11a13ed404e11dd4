//! The token endpoint: no success without a token, no lifetime that is not believable, whatever the answer.
#![no_main]

use std::collections::BTreeMap;
use std::time::Duration;

use entrada_core::authority::{AuthorityKind, Tenant};
use entrada_core::error::Fault;
use entrada_core::http::Response;
use entrada_core::protocol::token::response;
use entrada_core::time::Timestamp;
use entrada_fuzz::{documents, seeds};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::IgnoredAny;

const TEN_YEARS: Duration = Duration::from_secs(3650 * 86_400);
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

/// One of each sort that is told apart. They are not taken from the input, so that a seed is a plain document.
const STATUSES: [StatusCode; 6] = [
    StatusCode::OK,
    StatusCode::NO_CONTENT,
    StatusCode::FOUND,
    StatusCode::BAD_REQUEST,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];

fuzz_target!(
    init: {
        seeds::plant("token", &[
            documents::tokens(),
            documents::refusal("invalid_grant", 65001, r#","suberror":"consent_required","claims":"{}""#),
            documents::refusal("temporarily_unavailable", 0, ""),
            "Sun, 06 Nov 1994 08:49:37 GMT".to_owned(),
        ]);
    },
    |body: &[u8]| {
        let mut headers = HeaderMap::new();
        // The same bytes as the headers that are read: an answer is all from one hand.
        if let Ok(value) = HeaderValue::from_bytes(body) {
            headers.insert(RETRY_AFTER, value.clone());
            headers.insert(CONTENT_TYPE, value);
        }
        for status in STATUSES {
            for kind in [AuthorityKind::Entra(Tenant::Organizations), AuthorityKind::Oidc] {
                check(&Response::new(status, headers.clone(), body.to_vec()), &kind);
            }
        }
    }
);

fn check(answer: &Response, kind: &AuthorityKind) {
    match response(answer, kind, NOW) {
        Ok(tokens) => {
            assert_eq!(answer.status, StatusCode::OK, "a success under a status that says no");
            assert!(!tokens.access_token.expose().is_empty());
            assert!(tokens.token_type.eq_ignore_ascii_case("Bearer"));
            let optional = [tokens.ext_expires_in, tokens.refresh_in];
            for lifetime in optional.into_iter().flatten().chain([tokens.expires_in]) {
                assert!(lifetime <= TEN_YEARS, "{lifetime:?}");
            }
            for secret in tokens.refresh_token.iter().chain(&tokens.id_token).chain(&tokens.spa_code) {
                assert!(!secret.expose().is_empty());
            }
            assert!(tokens.scopes.as_ref().is_none_or(|scopes| !scopes.is_empty()));

            let body = answer.body.expose();
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
            // What is in a member that nobody reads is not looked at, not even for being UTF-8.
            let object = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(body);
            assert!(object.is_ok(), "only an object is accepted: {object:?}");
            let told: Told = serde_json::from_slice(body).expect("what was read can be read");
            assert_eq!(told.access_token.as_deref(), Some(tokens.access_token.expose()));
            assert!(told.error.as_str().is_none_or(str::is_empty), "a refusal is no success");
        }
        Err(fault) => {
            // What becomes of it in a log.
            let shown = format!("{fault:?}");
            assert!(!shown.is_empty());
            if let Fault::Refused(refusal) = fault {
                assert!(!refusal.error.is_empty());
                assert!(refusal.error_codes.len() <= 16, "{} codes", refusal.error_codes.len());
                let pause = refusal.retry_after;
                assert!(pause.is_none_or(|pause| pause <= Duration::from_secs(3600)), "{pause:?}");
            }
        }
    }
}

/// The members that decide, whatever stands in the others.
#[derive(Deserialize)]
struct Told {
    access_token: Option<String>,
    #[serde(default)]
    error: serde_json::Value,
}
