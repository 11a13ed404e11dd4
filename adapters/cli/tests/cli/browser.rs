//! `entrada token --flow interactive`, with a person at a browser.

use entrada_emulator::{Config, Emulator, world};

use crate::command::{Ran, assert_no_secret, run, run_and};

fn emulator() -> Emulator {
    Emulator::start(Config::default()).unwrap()
}

fn interactive(emulator: &Emulator, more: &[&str], act: impl FnOnce(&str)) -> Ran {
    let authority = emulator.authority();
    let args = [
        &["token", "--flow", "interactive", "--client-id", world::CLIENT_ID, "--authority", &authority][..],
        &["--scope", world::SCOPE, "--allow-http-loopback", "--no-browser"],
        more,
    ]
    .concat();
    // The address stands on a line of its own.
    let start = format!("{}/", emulator.base_url());
    let ran = run_and(&args, &start, |rest| act(&format!("{start}{rest}")));
    assert_no_secret(&ran.err);
    ran
}

#[test]
fn the_user_signs_in_at_the_address_that_is_shown() {
    let emulator = emulator();
    for backend in ["tokio", "blocking"] {
        let more = ["--output", "token", "--prompt", "login", "--backend", backend];
        let ran = interactive(&emulator, &more, |url| {
            assert!(url.contains("prompt=login"), "{url}");
            let redirect = emulator.sign_in(url, world::MFA_USER).unwrap();
            assert_eq!(redirect.deliver().unwrap(), 200);
        });
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.starts_with("eyJ"), "{}", ran.out);
    }
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn a_user_who_cancels_has_to_act() {
    let emulator = emulator();
    let ran = interactive(&emulator, &["-q"], |url| {
        emulator.cancel_sign_in(url).unwrap().deliver().unwrap();
    });
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("\nremedy: "), "{}", ran.err);
}

#[test]
fn a_sign_in_that_takes_too_long_is_given_up() {
    let ran = interactive(&emulator(), &["-q", "--sign-in-timeout", "1"], |_url| {});
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("error: sign_in_timed_out: "), "{}", ran.err);
}

#[test]
fn what_a_browser_cannot_do_is_wrong_usage() {
    let emulator = emulator();
    let ran = interactive(&emulator, &["--redirect-uri", "https://app.contoso.com/"], |_url| {});
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("redirect URI"), "{}", ran.err);
    let ran = interactive(&emulator, &["--prompt", "magic"], |_url| {});
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("login, consent, select_account, none, create"), "{}", ran.err);
    let authority = emulator.authority();
    let ran = run(&[
        "token",
        "--flow",
        "device-code",
        "--client-id",
        "x",
        "--authority",
        &authority,
        "--scope",
        "s",
        "--no-browser",
    ]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--no-browser goes with --flow interactive"), "{}", ran.err);
}
