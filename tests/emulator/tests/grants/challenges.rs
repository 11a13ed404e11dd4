//! Claims challenges and throttling: what a client has to bring, and when it has to wait.

use entrada_emulator::{Challenge, Config, Emulator, Fault, FaultKind, Satisfaction, world};

use crate::browser::*;
use crate::support::*;

fn challenged(satisfied_by: Satisfaction) -> Emulator {
    let challenge =
        Challenge { user: Some(world::MANAGED_USER.into()), satisfied_by, ..Challenge::default() };
    Emulator::start(Config { challenges: vec![challenge], ..Config::default() }).expect("an emulator")
}

fn right() -> Pairs<'static> {
    password(world::MANAGED_USER, world::PASSWORD)
}

#[test]
fn a_challenge_is_met_by_its_own_claims() {
    let emulator = challenged(Satisfaction::Claims);
    let answer = refused(&emulator, &right(), 50076, "").json();
    assert_eq!(
        (&answer["error"], &answer["suberror"]),
        (&"interaction_required".into(), &"basic_action".into())
    );
    let claims = member(&answer, "claims");
    granted(&emulator, &with(right(), "claims", &claims));
    let more = claims.replacen('{', r#"{"id_token":{"acr":null},"#, 1);
    granted(&emulator, &with(right(), "claims", &more));
    let other = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    refused(&emulator, &with(right(), "claims", other), 50076, "");
    granted(&emulator, &with(right(), "username", world::GUEST_USER));
}

#[test]
fn a_challenge_can_want_a_sign_in_with_the_claims() {
    let emulator = challenged(Satisfaction::SignIn);
    let claims = member(&refused(&emulator, &right(), 50076, "").json(), "claims");
    refused(&emulator, &with(right(), "claims", &claims), 50076, "");
    let pairs = with(native(), "claims", &claims);
    let body = granted(&emulator, &redemption(&code(&emulator, &pairs)));
    // What was proved at the sign-in holds for every refresh token that goes back to it.
    granted(&emulator, &refresh(&member(&body, "refresh_token"), world::CLIENT_ID));
}

#[test]
fn a_challenge_can_want_a_capability() {
    let emulator = challenged(Satisfaction::Capability);
    refused(&emulator, &right(), 50076, "");
    let claims = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
    let body = granted(&emulator, &with(right(), "claims", claims));
    assert_eq!(read(&member(&body, "access_token"))["xms_cc"], serde_json::json!(["cp1"]));
}

#[test]
fn a_challenge_can_be_a_resources() {
    let challenge =
        Challenge { resource: Some("https://api.example".into()), suberror: None, ..Challenge::default() };
    let emulator =
        Emulator::start(Config { challenges: vec![challenge], ..Config::default() }).expect("an emulator");
    granted(&emulator, &right());
    let answer = refused(&emulator, &with(right(), "scope", "https://api.example/Read"), 50076, "");
    assert_eq!(answer.json()["suberror"], serde_json::Value::Null);
    let daemon = [
        ("grant_type", "client_credentials"),
        ("client_id", world::DAEMON_CLIENT_ID),
        ("client_secret", world::CLIENT_SECRET),
        ("scope", "https://api.example/.default"),
    ];
    refused(&emulator, &daemon, 50076, "");
}

#[test]
fn claims_are_json() {
    let emulator = emulator();
    for wrong in ["cp1", "[]", "{"] {
        refused(&emulator, &with(right(), "claims", wrong), 9002313, "no JSON object");
    }
}

#[test]
fn a_client_is_throttled_for_seconds_or_until_a_date() {
    let emulator = emulator();
    let throttle = |date| Fault {
        path: "/token".into(),
        times: Some(1),
        kind: FaultKind::Throttle { seconds: 17, date },
    };
    emulator.set_faults(vec![throttle(false)]);
    let answer = token(&emulator, &right());
    assert_eq!((answer.status, answer.header("retry-after"), answer.code()), (429, Some("17"), 90055));
    emulator.set_faults(vec![throttle(true)]);
    let answer = token(&emulator, &right());
    let until = answer.header("retry-after").expect("a date");
    let until = jiff::fmt::rfc2822::parse(until).expect("a date").timestamp().as_second();
    let now = jiff::Timestamp::now().as_second();
    assert!((until - now - 17).abs() <= 2, "{until}");
    granted(&emulator, &right());
}

#[test]
fn a_fault_befalls_the_request_that_it_is_meant_for() {
    let emulator = emulator();
    let status = || Box::new(FaultKind::Status { status: 503, retry_after: None, body: None });
    emulator.set_faults(vec![Fault {
        path: "/token".into(),
        times: None,
        kind: FaultKind::Grant {
            grant_type: "password".into(),
            kind: Box::new(FaultKind::Nth { nth: 2, kind: status() }),
        },
    }]);
    let statuses: Vec<u16> = (0..3).map(|_| token(&emulator, &right()).status).collect();
    assert_eq!(statuses, [200, 503, 200]);
    assert_eq!(token(&emulator, &refresh("made up", world::CLIENT_ID)).status, 400);
}
