//! Device codes: ask, show, wait, and ask again at the right pace.

use entrada_emulator::{Config, Emulator, world};

use crate::browser::*;
use crate::support::*;

const URN: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn start(emulator: &Emulator) -> serde_json::Value {
    let form = [("client_id", world::CLIENT_ID), ("scope", SCOPES)];
    let answer = post(emulator, "/contoso.com/oauth2/v2.0/devicecode", &[], &form);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn poll(code: &str) -> Pairs<'_> {
    vec![("grant_type", URN), ("client_id", world::CLIENT_ID), ("device_code", code), ("client_info", "1")]
}

#[track_caller]
fn answered(emulator: &Emulator, form: &[(&str, &str)], error: &str, rule: &str) {
    emulator.clear_records();
    let answer = token(emulator, form);
    assert_eq!((answer.status, &answer.json()["error"]), (400, &error.into()), "{}", answer.text());
    violated(emulator, rule);
}

#[test]
fn a_device_waits_until_its_user_has_signed_in() {
    let emulator = emulator();
    let started = start(&emulator);
    assert_eq!((&started["interval"], &started["expires_in"]), (&5.into(), &900.into()));
    let (code, user_code) = (member(&started, "device_code"), member(&started, "user_code"));
    assert!(member(&started, "message").contains(&user_code));
    assert!(member(&started, "verification_uri").ends_with("/common/oauth2/deviceauth"));
    answered(&emulator, &poll(&code), "authorization_pending", "");
    let lower = format!("{}-{}", user_code[..4].to_lowercase(), user_code[4..].to_lowercase());
    emulator.approve_device(&lower, world::MFA_USER).expect("an approval");
    emulator.advance_clock(5);
    let body = granted(&emulator, &poll(&code));
    assert_eq!(read(&member(&body, "id_token"))["preferred_username"], world::MFA_USER);
    assert!(body["refresh_token"].is_string());
    answered(&emulator, &poll(&code), "invalid_grant", "redeemed before");
}

#[test]
fn the_grant_has_a_short_name_too() {
    let emulator = emulator();
    let started = start(&emulator);
    emulator.approve_device(&member(&started, "user_code"), world::MANAGED_USER).expect("an approval");
    let code = member(&started, "device_code");
    granted(&emulator, &with(poll(&code), "grant_type", "device_code"));
}

#[test]
fn a_device_that_asks_too_often_is_told_to_slow_down() {
    let emulator = emulator();
    let code = member(&start(&emulator), "device_code");
    answered(&emulator, &poll(&code), "authorization_pending", "");
    answered(&emulator, &poll(&code), "slow_down", "before the interval");
    // The interval is five seconds longer from now on.
    emulator.advance_clock(6);
    answered(&emulator, &poll(&code), "slow_down", "before the interval");
    emulator.advance_clock(15);
    answered(&emulator, &poll(&code), "authorization_pending", "");
}

#[test]
fn a_user_may_decline() {
    let emulator = emulator();
    let started = start(&emulator);
    emulator.decline_device(&member(&started, "user_code")).expect("an answer");
    answered(&emulator, &poll(&member(&started, "device_code")), "authorization_declined", "");
}

#[test]
fn a_device_code_expires() {
    let emulator = emulator();
    let started = start(&emulator);
    emulator.advance_clock(900);
    answered(&emulator, &poll(&member(&started, "device_code")), "expired_token", "");
    assert!(emulator.approve_device(&member(&started, "user_code"), world::MANAGED_USER).is_err());
}

#[test]
fn a_device_code_is_for_the_client_that_asked_for_it() {
    let emulator = emulator();
    let code = member(&start(&emulator), "device_code");
    answered(
        &emulator,
        &with(poll(&code), "client_id", world::FAMILY_CLIENT_ID),
        "bad_verification_code",
        "this client",
    );
    answered(&emulator, &poll("made up"), "bad_verification_code", "never issued");
    answered(&emulator, &without(poll(&code), "device_code"), "invalid_request", "device_code");
}

#[test]
fn a_device_belongs_to_a_public_client_and_has_a_scope() {
    let emulator = emulator();
    let path = "/contoso.com/oauth2/v2.0/devicecode";
    let form = [("client_id", world::DAEMON_CLIENT_ID), ("scope", SCOPES)];
    assert_eq!(post(&emulator, path, &[], &form).code(), 7000218);
    assert_eq!(post(&emulator, path, &[], &[("client_id", world::CLIENT_ID)]).code(), 900144);
    assert_eq!(post(&emulator, path, &[], &[("scope", SCOPES)]).code(), 900144);
    assert_eq!(post(&emulator, "/nowhere.example/oauth2/v2.0/devicecode", &[], &form).code(), 90002);
}

#[test]
fn a_code_that_nobody_waits_for_is_told_on_the_page() {
    let emulator = emulator();
    let error = emulator.approve_device("WRONGCODE", world::MANAGED_USER).expect_err("an error");
    assert!(error.to_string().contains("didn't work"), "{error}");
}

#[test]
fn the_pace_can_be_configured() {
    let config = Config { device_interval_seconds: 1, device_lifetime_seconds: 60, ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    let started = start(&emulator);
    assert_eq!((&started["interval"], &started["expires_in"]), (&1.into(), &60.into()));
}
