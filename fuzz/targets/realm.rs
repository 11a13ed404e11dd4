//! User realm discovery: any bytes are read without a panic and always the same; what is kept is trimmed and bounded.
#![no_main]

use std::collections::BTreeMap;

use entrada_core::error::Unsupported;
use entrada_core::protocol::realm::{Realm, RealmError, parse};
use entrada_fuzz::{documents, seeds};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fuzz_target!(
    init: {
        seeds::plant("realm", &[documents::federated_realm(), documents::MANAGED_REALM.to_owned()]);
    },
    |body: &[u8]| {
        let realm = parse(body);
        assert_eq!(parse(body), realm, "the same bytes read twice");
        if !body.starts_with(BYTE_ORDER_MARK) {
            assert_eq!(parse(&[b" \n", body, b"\r\n\t"].concat()), realm, "blanks around the object");
            assert_eq!(parse(&[BYTE_ORDER_MARK, body].concat()), realm, "a byte order mark before it");
        }
        match &realm {
            Ok(Realm::Federated(federation)) => {
                let texts = [&federation.metadata_url, &federation.active_auth_url, &federation.audience];
                for text in texts.into_iter().flatten() {
                    assert!(!text.is_empty() && text.trim() == text, "{text:?}");
                }
            }
            Err(RealmError::Unsupported(Unsupported::FederationProtocol(shown))) => {
                assert!(shown.chars().count() <= 64 && !shown.contains(char::is_control), "{shown:?}");
            }
            _ => {}
        }
        if realm.is_ok() {
            let text = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
            // What is in a member that nobody reads is not looked at, not even for being UTF-8.
            let object = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(text);
            assert!(object.is_ok(), "only an object is accepted: {object:?}");
        }
    }
);
