//! What must hold of every flow, whatever the world answers.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use entrada_core::application::PublicClientApplication;
use entrada_core::error::Error;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_core::seed::Seed;
use entrada_core::step::{Flow, Step};
use entrada_tests::documents::{self, ASSERTION, TOKENS};
use entrada_tests::walk::{Reply, Trace, reply, walk};
use entrada_tests::world::START;
use proptest::prelude::*;

const PASSWORD: &str = "pl&nted-<passw\"ord>'+%ü";
/// The longest flow asks for an instance, a realm and metadata twice each with a wait between, for an assertion and
/// for a token, and saves; early answers to waits come on top.
const BOUND: usize = 200;

#[derive(Debug, Clone, Copy)]
enum Which {
    Integrated,
    Password,
}

fn start(which: Which, authority: &str) -> Result<Step<AuthenticationResult>, Error> {
    let app = PublicClientApplication::new("app", authority.parse()?);
    let (seed, scopes, user) = (Seed::new([9; 32]), ["user.read"], "joe@contoso.com");
    match which {
        Which::Integrated => app.acquire_token_by_integrated_windows_auth(scopes, user).start(START, seed),
        Which::Password => {
            app.acquire_token_by_username_password(scopes, user, Secret::new(PASSWORD)).start(START, seed)
        }
    }
}

fn flow() -> impl Strategy<Value = (Which, &'static str)> {
    (
        prop_oneof![Just(Which::Integrated), Just(Which::Password)],
        prop_oneof![
            3 => Just("https://login.microsoftonline.com/contoso.com"),
            1 => Just("https://login.unheard-of.example/contoso.com"),
        ],
    )
}

/// Each secret as it is, and as XML, a form and base64 would write it.
fn secrets() -> Vec<String> {
    let mut all: Vec<String> = TOKENS.iter().map(|&token| token.to_owned()).collect();
    all.push("joe&#64;contoso.com</saml:Attribute>".to_owned());
    all.push(PASSWORD.to_owned());
    all.push("pl&amp;nted-".to_owned());
    all.push(url::form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect());
    for text in [PASSWORD, ASSERTION] {
        // Neither of the last letters, which depend on what follows.
        let shorten = |encoded: String| encoded[..encoded.len() - 4].to_owned();
        all.push(shorten(STANDARD.encode(text)));
        all.push(shorten(URL_SAFE_NO_PAD.encode(text)));
    }
    all
}

/// Replies that lead far into a flow: the right document at the right place, mostly.
fn path() -> impl Strategy<Value = Vec<Reply>> {
    let right = |body: String| Reply {
        outcome: Ok((200, body.into_bytes())),
        retry_after: None,
        elapsed: 1500,
        kept: true,
    };
    let way = vec![
        right(documents::federated_realm()),
        right(documents::metadata(&documents::ports())),
        right(documents::issued(ASSERTION)),
        right(documents::tokens()),
        right(String::new()),
    ];
    (prop::collection::vec((any::<prop::sample::Index>(), reply()), 0..4), any::<bool>()).prop_map(
        move |(changes, managed)| {
            let mut replies = way.clone();
            if managed {
                replies = vec![
                    right(documents::MANAGED_REALM.to_owned()),
                    right(documents::tokens()),
                    right(String::new()),
                ];
            }
            for (at, change) in changes {
                replies.insert(at.index(replies.len()), change);
            }
            replies
        },
    )
}

fn replies() -> impl Strategy<Value = Vec<Reply>> {
    prop_oneof![prop::collection::vec(reply(), 1..12), path()]
}

fn walked(which: Which, authority: &str, replies: &[Reply]) -> Trace {
    walk(start(which, authority), START, replies, BOUND)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_flow_ends_shows_no_secret_and_sends_a_credential_once((which, authority) in flow(), replies in replies()) {
        // A wait that is never answered in time goes on as long as it likes.
        let mut replies = replies;
        replies.push(Reply { outcome: Ok((404, Vec::new())), retry_after: None, elapsed: 10_000, kept: true });
        let trace = walked(which, authority, &replies);
        prop_assert!(trace.ended.is_some(), "it goes on after {} steps", trace.steps);
        let secrets = secrets();
        for shown in &trace.shown {
            for secret in &secrets {
                prop_assert!(!shown.contains(secret.as_str()), "{secret} is shown in {shown}");
            }
        }
        let posts = |part: &str| trace.requests.iter().filter(|r| r.method == "POST" && r.url.path().contains(part)).count();
        prop_assert!(posts("/adfs/services/trust/") <= 1);
        prop_assert!(posts("/oauth2/v2.0/token") <= 1);
        prop_assert!(trace.requests.len() <= 8);
    }

    #[test]
    fn the_same_seed_and_replies_give_the_same_bytes((which, authority) in flow(), replies in replies()) {
        prop_assert_eq!(walked(which, authority, &replies), walked(which, authority, &replies));
    }
}

#[test]
fn the_search_for_secrets_finds_them() {
    let body = start(Which::Password, "https://login.microsoftonline.com/contoso.com");
    assert!(body.is_ok());
    for encoded in [
        format!("<Password>{}</Password>", PASSWORD.replace('&', "&amp;").replace('<', "&lt;")),
        format!("password={}", url::form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect::<String>()),
        format!("assertion={}", STANDARD.encode(ASSERTION)),
    ] {
        assert!(secrets().iter().any(|secret| encoded.contains(secret.as_str())), "{encoded}");
    }
}

#[test]
fn the_state_graph_is_the_one_on_file() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut edges = BTreeSet::new();
    let mut runner = TestRunner::deterministic();
    let replies = replies();
    for _ in 0..6_000 {
        let replies = replies.new_tree(&mut runner).expect("replies can be made").current();
        for which in [Which::Integrated, Which::Password] {
            for authority in
                ["https://login.microsoftonline.com/contoso.com", "https://login.unheard-of.example/t"]
            {
                edges.extend(
                    walked(which, authority, &replies)
                        .edges
                        .into_iter()
                        .map(|edge| format!("{which:?}: {edge}")),
                );
            }
        }
    }
    let drawn = edges.into_iter().map(|edge| edge + "\n").collect::<String>();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/properties/graph.txt");
    if std::env::var_os("ENTRADA_DRAW").is_some() {
        std::fs::write(file, &drawn).expect("the graph can be written");
    }
    let on_file = std::fs::read_to_string(file).unwrap_or_default();
    assert!(drawn == on_file, "run with ENTRADA_DRAW=1 to draw it anew, and read the difference:\n{drawn}");
}
