//! `WWW-Authenticate`: fields of any bytes are read without a panic, within the bounds, and what was read can be
//! written by the grammar and read again.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use entrada_core::protocol::challenge::{
    Challenge, ClaimsChallenge, LONGEST_FIELDS, MOST_CHALLENGES, MOST_PARAMETERS, parse, parse_fields,
};
use entrada_fuzz::seeds;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(
    init: {
        seeds::plant("challenge", &[
            r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#.to_owned(),
            "Negotiate YII==, NTLM\nBearer error=insufficient_claims,claims=\"e30\"\nPoP nonce=\"x\"".to_owned(),
            r#"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="eyJhIjoiYiJ9""#.to_owned(),
        ]);
    },
    |bytes: &[u8]| {
        let fields: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        let read = parse_fields(&fields);
        let values: Result<Vec<_>, _> = fields.iter().map(|field| HeaderValue::from_bytes(field)).collect();
        if let Ok(values) = values {
            let headers: HeaderMap = values.into_iter().map(|value| (WWW_AUTHENTICATE, value)).collect();
            assert_eq!(parse(&headers), read, "as headers");
            if let Ok(Some(challenge)) = ClaimsChallenge::from_headers(&headers) {
                assert_eq!(challenge.error.as_deref(), Some("insufficient_claims"));
            }
        }
        match read {
            Ok(challenges) => check(&challenges),
            Err(error) => assert!(error.to_string().len() < 1000, "{error}"),
        }
    }
);

fn check(challenges: &[Challenge]) {
    assert!(challenges.len() <= MOST_CHALLENGES);
    let mut written = Vec::new();
    for challenge in challenges {
        assert!(challenge.parameters.len() <= MOST_PARAMETERS);
        assert!(challenge.token68.is_none() || challenge.parameters.is_empty());
        let names: BTreeSet<_> =
            challenge.parameters.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        assert_eq!(names.len(), challenge.parameters.len(), "a name twice");
        if let Ok(ClaimsChallenge { claims: Some(claims), .. }) = ClaimsChallenge::from_challenge(challenge) {
            let object = serde_json::from_str::<BTreeMap<String, IgnoredAny>>(&claims);
            assert!(object.is_ok(), "{claims}");
        }
        let parameters = challenge
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")));
        let rest = challenge.token68.as_ref().map(|token| token.expose().to_owned());
        let rest = rest.unwrap_or_else(|| parameters.collect::<Vec<_>>().join(", "));
        written.push(format!("{} {rest}", challenge.scheme));
    }
    let field = written.join(", ");
    if field.len() <= LONGEST_FIELDS {
        assert_eq!(parse_fields([field.as_bytes()]).as_deref(), Ok(challenges), "{field}");
    }
}
