//! Faults befall the paths that they are asked for, as often as they are asked for.

mod support;

use std::time::{Duration, Instant};

use entrada_emulator::{Config, Fault, FaultKind, world};
use support::*;

const REALM: &str = "/common/userrealm/joe@contoso.com?api-version=1.0";

fn fault(path: &str, times: Option<u32>, kind: FaultKind) -> Vec<Fault> {
    vec![Fault { path: path.into(), times, kind }]
}

#[test]
fn a_fault_befalls_its_path_and_ends_after_its_times() {
    let emulator = emulator();
    let kind = FaultKind::Status { status: 503, retry_after: Some("7".into()), body: None };
    emulator.set_faults(fault("/UserRealm/", Some(2), kind));
    assert_eq!(get(&emulator, "/adfs/services/trust/mex").status, 200);
    for _ in 0..2 {
        let answer = get(&emulator, REALM);
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("7")));
    }
    assert_eq!(get(&emulator, REALM).status, 200);
}

#[test]
fn connections_are_cut_before_and_within_an_answer() {
    let emulator = emulator();
    emulator.set_faults(fault("", Some(1), FaultKind::Cut));
    assert!(connect(&emulator).send("GET", REALM, &[], b"").is_err());
    emulator.set_faults(fault("", Some(1), FaultKind::CutMidBody));
    assert!(connect(&emulator).send("GET", REALM, &[], b"").is_err());
    let statuses: Vec<_> = emulator.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [None, Some(200)]);
}

#[test]
fn a_body_can_be_very_long_or_nonsense_or_a_page_or_nothing() {
    let emulator = emulator();
    let answer = |kind| {
        emulator.set_faults(fault("", None, kind));
        get(&emulator, REALM)
    };
    assert_eq!(answer(FaultKind::Oversized { bytes: 3_000_000 }).body.len(), 3_000_000);
    assert!(String::from_utf8(answer(FaultKind::Garbage).body).is_err());
    assert!(answer(FaultKind::Html).text().contains("<html>"));
    assert!(answer(FaultKind::EmptyOk).body.is_empty());
    let moved = answer(FaultKind::Redirect { to: "http://elsewhere.example/".into() });
    assert_eq!((moved.status, moved.header("location")), (302, Some("http://elsewhere.example/")));
    emulator.set_faults(Vec::new());
    assert_eq!(get(&emulator, REALM).status, 200);
}

#[test]
fn an_answer_can_be_late_or_slow_and_still_be_right() {
    let emulator = emulator();
    let right = get(&emulator, REALM).json();
    for kind in [FaultKind::Delay { ms: 120 }, FaultKind::Drip { bytes_per_tick: 50, ms: 20 }] {
        emulator.set_faults(fault("", None, kind));
        let start = Instant::now();
        assert_eq!(get(&emulator, REALM).json(), right);
        assert!(start.elapsed() >= Duration::from_millis(100));
    }
}

#[test]
fn a_credential_counts_as_sent_even_if_the_service_fails() {
    let emulator = emulator();
    emulator.set_faults(fault(
        "usernamemixed",
        Some(1),
        FaultKind::Status { status: 500, retry_after: None, body: None },
    ));
    let rst = Rst::new(&emulator, "13", Some(world::FEDERATED_USER));
    assert!(rst.post(&emulator).text().contains("<h1>500"));
    assert_eq!(rst.post(&emulator).status, 500);
    assert!(emulator.violations()[0].contains("sent before"));
}

#[test]
fn a_message_that_a_fault_swallowed_may_not_come_again_at_windowstransport() {
    let emulator = emulator();
    emulator.set_faults(fault("windowstransport", Some(1), FaultKind::Cut));
    let rst = Rst::new(&emulator, "13", None);
    let token = entrada_emulator::client_token(1, world::FEDERATED_USER);
    let value = format!("Negotiate {}", data_encoding::BASE64.encode(&token));
    assert!(rst.send(&mut connect(&emulator), &[("Authorization", &value)]).is_err());
    let again = rst.send(&mut connect(&emulator), &[("Authorization", &value)]).expect("an answer");
    assert_eq!(again.status, 500);
    assert!(emulator.violations()[0].contains("sent before"));
}

#[test]
fn the_configuration_of_the_readme_can_be_read() {
    let readme = include_str!("../README.md");
    let text = readme.split("```json").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let config: Config = serde_json::from_str(text).expect("a configuration");
    assert!(config.tls);
    assert_eq!((config.faults.len(), config.challenges.len(), config.apps.len()), (3, 1, 2));
    assert!(serde_json::from_str::<Config>(r#"{"tsl": true}"#).is_err());
}
