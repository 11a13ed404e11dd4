//! What must hold of every flow, whatever the world answers.

mod filled;
mod graph;
mod replies;

use std::cell::RefCell;

use entrada_core::application::RequestOptions;
use entrada_core::cache::Memory;
use entrada_core::http::HttpAuth;
use entrada_tests::catalogue::{Case, FlowCase};
use entrada_tests::planted::{carries, secrets};
use entrada_tests::walk::{Player, Reply, Trace};
use entrada_tests::world::START;
use proptest::prelude::*;

use crate::replies::{changed, changes};

/// Every request of the longest way twice with a wait between; early answers to waits come on top. A device is polled
/// as long as its code is good.
const BOUND: usize = 6_000;

fn case() -> impl Strategy<Value = Case> {
    prop::sample::select(Case::that_start().collect::<Vec<_>>())
}

fn that_reads_tokens() -> impl Strategy<Value = Case> {
    prop::sample::select(Case::that_start().filter(|case| case.flow.reads_tokens()).collect::<Vec<_>>())
}

/// One flow after another, which remember what the one before learned.
fn walked(case: Case, rounds: &[Vec<Reply>]) -> Vec<Trace> {
    walked_with(case, case.memory(), rounds)
}

fn walked_with(case: Case, mut memory: Memory, rounds: &[Vec<Reply>]) -> Vec<Trace> {
    let mut now = START;
    let start = |(round, replies): (usize, &Vec<Reply>)| {
        let seed = u8::try_from(round).expect("there are few rounds");
        let started = case.start(now, seed, &RequestOptions::default()).expect("it starts");
        let trace = started.walk(now, replies, &mut memory, BOUND);
        now = trace.now;
        trace
    };
    rounds.iter().enumerate().map(start).collect()
}

fn shows_no_secret(shown: &str, secrets: &[String]) -> Result<(), TestCaseError> {
    for secret in secrets {
        prop_assert!(
            memchr::memmem::find(shown.as_bytes(), secret.as_bytes()).is_none(),
            "{secret} is shown in {shown}"
        );
    }
    Ok(())
}

/// What must hold of each flow on its own.
fn holds(case: Case, traces: Vec<Trace>) -> Result<(), TestCaseError> {
    let secrets = secrets();
    for trace in traces {
        prop_assert!(trace.ended.is_some(), "{case:?} goes on after {} steps", trace.steps);
        for shown in &trace.shown {
            shows_no_secret(shown, &secrets)?;
        }
        for request in &trace.requests {
            prop_assert_eq!(request.url.scheme(), "https");
            prop_assert!(request.method == "POST" || request.body.is_empty(), "a GET with a body");
            prop_assert!(!secrets.iter().any(|secret| request.url.as_str().contains(secret)));
        }
        for request in &trace.requests {
            // The federation server of every document and address, and nobody else, is offered a ticket.
            let is_offered = matches!(request.auth, HttpAuth::Negotiate(_));
            prop_assert!(!is_offered || request.url.host_str() == Some("sts.contoso.com"));
            prop_assert!(is_offered || !request.headers.contains_key("cookie"));
        }
        if let Some(credential) = case.flow.credential() {
            let sent = trace.requests.iter().filter(|request| carries(request, credential)).count();
            prop_assert!(sent <= 1, "{credential} was sent twice");
        }
        if case.flow == FlowCase::Integrated {
            let sent = trace.requests.iter().filter(|r| r.url.path().contains("windowstransport")).count();
            prop_assert!(sent <= 1, "the user was authenticated {sent} times");
        }
        prop_assert!(case.flow.polls() || trace.requests.len() <= 8, "{} requests", trace.requests.len());
        // PS256, then RS256 at the most, for each refresh token that is tried.
        let proofs = if case.flow.is_of_the_cache() { 3 } else { 1 };
        prop_assert!(trace.signed.len() <= 2 * proofs && trace.asserted.len() <= proofs);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_flow_ends_shows_no_secret_and_sends_a_users_credential_once(
        case in case(), federated: bool, rounds in prop::collection::vec(changes(), 1..4)
    ) {
        let rounds: Vec<_> = rounds.iter().map(|changes| changed(case, federated, changes)).collect();
        holds(case, walked(case, &rounds))?;
    }

    #[test]
    fn the_same_holds_whatever_the_cache_has(
        case in that_reads_tokens(), federated: bool, records in filled::records(), rounds in prop::collection::vec(changes(), 1..4)
    ) {
        let rounds: Vec<_> = rounds.iter().map(|changes| changed(case, federated, changes)).collect();
        holds(case, walked_with(case, filled::memory(case, &records), &rounds))?;
    }

    #[test]
    fn the_same_seed_and_replies_give_the_same_bytes(
        case in case(), federated: bool, rounds in prop::collection::vec(changes(), 1..3)
    ) {
        let rounds: Vec<_> = rounds.iter().map(|changes| changed(case, federated, changes)).collect();
        prop_assert_eq!(walked(case, &rounds), walked(case, &rounds));
    }

    #[test]
    fn the_driver_asks_for_the_same_and_its_events_show_no_secret(
        case in case(), federated: bool, changes in changes()
    ) {
        let replies = changed(case, federated, &changes);
        let [trace] = walked(case, std::slice::from_ref(&replies)).try_into().expect("there is one round");
        let mut memory = case.memory();
        let mut player = Player::new(START, &replies, &mut memory, BOUND);
        let events = RefCell::new(Vec::new());
        let started = case.start(START, 0, &RequestOptions::default()).expect("it starts");
        let ended = started.run(&mut player, |event| {
            let mut events = events.borrow_mut();
            // A device is polled often, and always tells the same.
            if events.len() < 100 {
                events.push(format!("{event:?}"));
            }
        });
        prop_assert_eq!(&player.requests, &trace.requests);
        let told = ended.map_err(|error| error.code().to_owned());
        prop_assert_eq!(Some(told), trace.ended);
        let secrets = secrets();
        for event in events.borrow().iter() {
            shows_no_secret(event, &secrets)?;
        }
    }
}

#[test]
fn every_flow_can_succeed_with_every_application_and_authority_that_it_takes() {
    let mut cases = 0;
    for case in Case::that_start() {
        for federated in [true, false] {
            let ended = walked(case, &[changed(case, federated, &[])]).remove(0).ended;
            assert_eq!(ended, Some(Ok(())), "{case:?}");
            cases += 1;
        }
    }
    assert!(cases > 100, "only {cases}");
}

#[test]
fn the_search_for_secrets_finds_them_in_what_is_sent() {
    // What goes out is where they are meant to be: none of the encodings looked for is one that nobody uses.
    let mut sent = String::new();
    for case in Case::that_start() {
        for federated in [true, false] {
            for trace in walked(case, &[changed(case, federated, &[])]) {
                for request in &trace.requests {
                    sent += &String::from_utf8_lossy(request.body.expose());
                    for name in ["authorization", "cookie"] {
                        let value = request.headers.get(name).and_then(|value| value.to_str().ok());
                        sent += value.unwrap_or_default();
                    }
                }
            }
        }
    }
    use entrada_tests::planted;
    let escaped = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for secret in [
        planted::PASSWORD,
        planted::CLIENT_SECRET,
        planted::CLIENT_ASSERTION,
        planted::USER_ASSERTION,
        planted::REFRESH_TOKEN,
        planted::KEPT_SESSION,
        planted::FEDERATED,
        planted::DEVICE_CODE,
        planted::CODE,
        planted::VERIFIER,
    ] {
        assert!(sent.contains(&escaped(secret)), "{secret} is not sent");
    }
    assert!(sent.contains(planted::COOKIE), "a cookie goes as it came");
    let found = secrets().iter().filter(|secret| sent.contains(secret.as_str())).count();
    // In forms, in an envelope, in base64 as an assertion, as a signature and in a header.
    assert!(found >= 11, "only {found} are found");
}
