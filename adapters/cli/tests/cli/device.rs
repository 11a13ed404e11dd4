//! `entrada token --flow device-code`: what a person is shown, and what comes of it.

use entrada_emulator::{Config, Emulator, world};

use crate::command::{Ran, assert_no_secret, run_and};

fn emulator(lifetime: i64) -> Emulator {
    let config =
        Config { device_interval_seconds: 1, device_lifetime_seconds: lifetime, ..Config::default() };
    Emulator::start(config).unwrap()
}

fn device(emulator: &Emulator, more: &[&str], act: impl FnOnce(&str)) -> Ran {
    let authority = emulator.authority();
    let args = [
        &["token", "--flow", "device-code", "--client-id", world::CLIENT_ID, "--authority", &authority][..],
        &["--scope", world::SCOPE, "--allow-http-loopback"],
        more,
    ]
    .concat();
    let ran = run_and(&args, "  code:    ", act);
    assert_no_secret(&ran.err);
    ran
}

#[test]
fn the_code_is_shown_with_its_address_and_the_approval_brings_the_token() {
    let emulator = emulator(900);
    for (backend, more) in [("tokio", &[][..]), ("blocking", &["-q"])] {
        let args = [&["--output", "token", "--backend", backend][..], more].concat();
        let ran =
            device(&emulator, &args, |code| emulator.approve_device(code, world::MANAGED_USER).unwrap());
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.starts_with("eyJ"), "{}", ran.out);
        let address = format!("\n  address: {}/common/oauth2/deviceauth\n", emulator.base_url());
        assert!(ran.err.contains(&address), "it can be copied, even if asked to be quiet: {}", ran.err);
        assert!(ran.err.contains("\n  expires: ") && ran.err.contains(", in 1"), "{}", ran.err);
        assert!(!ran.err.contains('\u{1b}') && !ran.err.contains('\r'), "plain lines: {:?}", ran.err);
    }
}

#[test]
fn a_code_that_is_declined_is_a_refusal() {
    let emulator = emulator(900);
    let ran = device(&emulator, &["-q"], |code| emulator.decline_device(code).unwrap());
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("error: authorization_declined: "), "{}", ran.err);
}

#[test]
fn a_code_that_nobody_approves_in_time_is_the_users_to_mend() {
    let ran = device(&emulator(2), &["-q"], |_code| {});
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("remedy: The user: start again"), "{}", ran.err);
}

#[test]
fn a_confidential_client_is_wrong_usage() {
    let emulator = emulator(900);
    let secret = crate::command::file("device-secret", "planted");
    let ran = device(&emulator, &["--client-assertion-file", secret.to_str().unwrap()], |_| panic!());
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("error: client_type_not_supported: "), "{}", ran.err);
    assert!(emulator.requests().is_empty());
}
