//! Replies, from the right ones to anything at all.

use entrada_core::http::TransportErrorKind;
use entrada_core::signer::SignerErrorKind;
use entrada_tests::catalogue::{Case, OIDC};
use entrada_tests::documents::{self, ASSERTION};
use entrada_tests::walk::Reply;
use entrada_tests::way::way;
use proptest::prelude::*;

/// Any reply: documents of ours, whole or broken, under any status, or none at all.
pub(crate) fn reply() -> impl Strategy<Value = Reply> {
    let told = |error| Just(documents::told(error));
    let document = prop_oneof![
        Just(documents::federated_realm()),
        Just(documents::MANAGED_REALM.to_owned()),
        Just(documents::KNOWN_INSTANCE.to_owned()),
        Just(documents::provider(OIDC, "")),
        Just(documents::provider(OIDC, r#","token_endpoint_auth_methods_supported":["client_secret_post"]"#)),
        Just(documents::metadata(&documents::ports())),
        Just(documents::issued(ASSERTION)),
        Just(documents::fault("FailedAuthentication", "No.")),
        Just(documents::device(r#","expires_in":60,"interval":7"#)),
        told("authorization_pending"),
        told("slow_down"),
        told("expired_token"),
        told("invalid_client"),
        told("temporarily_unavailable"),
        Just(documents::tokens()),
        Just(documents::refusal("invalid_grant", 50126, "")),
        Just(documents::refusal("invalid_grant", 65001, r#","suberror":"consent_required""#)),
        Just(String::new()),
        Just("<html>".to_owned()),
    ];
    let broken =
        (document.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
            let mut bytes = text.into_bytes();
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        });
    let body = prop_oneof![
        8 => document.prop_map(String::into_bytes),
        2 => broken,
        1 => prop::collection::vec(any::<u8>(), 0..64),
    ];
    let status = prop_oneof![
        8 => Just(200_u16), 2 => Just(302), 2 => Just(400), 1 => Just(401), 1 => Just(429), 1 => Just(503), 1 => 100_u16..600
    ];
    let outcome = prop_oneof![
        9 => (status, body).prop_map(Ok),
        1 => prop::sample::select(TransportErrorKind::ALL.to_vec()).prop_map(Err),
    ];
    let location = prop_oneof![
        4 => Just(None),
        2 => Just(Some("/adfs/oauth2/authorize/wia")),
        2 => Just(Some("http://localhost/?code=x&state={state}")),
        1 => prop::sample::select(vec![
            "http://localhost/?error=access_denied&state={state}",
            "http://localhost/?code=x&state=another",
            "https://login.fabrikam.com/adfs/oauth2/authorize/wia",
            "http://sts.contoso.com/adfs/oauth2/authorize/wia",
            "https://",
        ]).prop_map(Some),
    ];
    let cookie = prop_oneof![3 => Just(None), 1 => Just(Some("MSISAuth=x; Secure")), 1 => Just(Some("a"))];
    let elapsed = prop_oneof![8 => 0_u64..3000, 1 => any::<u64>()];
    let retry_after =
        prop_oneof![6 => Just(None), 1 => Just(Some("3")), 1 => Just(Some("18446744073709551615"))];
    let date = prop_oneof![
        4 => Just(None),
        1 => Just(Some("Tue, 14 Nov 2023 23:13:20 GMT")),
        1 => Just(Some("Fri, 31 Dec 9999 23:59:59 GMT")),
    ];
    let signer = prop_oneof![
        4 => Just(None),
        1 => prop::sample::select(vec![SignerErrorKind::Unsupported, SignerErrorKind::Denied]).prop_map(Some),
    ];
    let host = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.8), signer);
    (outcome, (location, cookie), retry_after, date, elapsed, host).prop_map(
        |(outcome, (location, cookie), retry_after, date, elapsed, (on_time, kept, read, signer))| Reply {
            outcome,
            location,
            cookie,
            retry_after,
            date,
            elapsed,
            on_time,
            kept,
            read,
            signer,
        },
    )
}

/// A change to a way: where, and whether it takes the place of what stands there.
pub(crate) type Change = (prop::sample::Index, bool, Reply);

/// Some changes: none leads to the end, many lead anywhere.
pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = || (any::<prop::sample::Index>(), any::<bool>(), reply());
    prop_oneof![4 => prop::collection::vec(change(), 0..4), 1 => prop::collection::vec(change(), 4..16)]
}

/// A way with its changes, and an end that no wait outlasts.
pub(crate) fn changed(case: Case, federated: bool, changes: &[Change]) -> Vec<Reply> {
    let mut replies = way(case, federated);
    for (at, replaces, change) in changes {
        let at = at.index(replies.len());
        if *replaces {
            replies[at] = change.clone();
        } else {
            replies.insert(at, change.clone());
        }
    }
    replies.push(Reply { outcome: Ok((404, Vec::new())), elapsed: 10_000, ..Reply::right("") });
    replies
}
