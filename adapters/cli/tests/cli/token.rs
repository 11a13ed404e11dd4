//! `entrada token` against an emulator of this process: what is printed where, and every exit code.

use entrada_emulator::{Config, Emulator, Fault, FaultKind, world};
use serde_json::{Value, json};

use crate::command::{Ran, assert_no_secret, file, run, run_with};

pub(crate) fn emulator() -> Emulator {
    Emulator::start(Config::default()).unwrap()
}

/// Asks for a token with the right password unless `more` says otherwise.
fn token(authority: &str, user: &str, more: &[&str]) -> Ran {
    token_with(authority, user, more, world::PASSWORD.as_bytes())
}

fn token_with(authority: &str, user: &str, more: &[&str], input: &[u8]) -> Ran {
    let mut args = vec!["token", "--authority", authority, "--scope", world::SCOPE, "--username", user];
    if !more.contains(&"--flow") {
        args.extend(["--flow", "username-password"]);
    }
    if !more.contains(&"--client-id") {
        args.extend(["--client-id", world::CLIENT_ID]);
    }
    if authority.starts_with("http:") {
        args.push("--allow-http-loopback");
    }
    args.extend(more);
    let ran = run_with(&args, input);
    assert_no_secret(&ran.err);
    ran
}

fn is_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && text.matches('.').count() == 2 && !text.contains(char::is_whitespace)
}

#[test]
fn the_token_alone_is_one_line_and_progress_goes_to_standard_error() {
    let emulator = emulator();
    for backend in ["blocking", "tokio"] {
        for user in [world::MANAGED_USER, world::FEDERATED_USER, world::SAML2_USER, world::LEGACY_USER] {
            let ran = token(&emulator.authority(), user, &["--output", "token", "--backend", backend]);
            assert_eq!(ran.code, 0, "{user}: {}", ran.err);
            assert!(is_jwt(ran.out.strip_suffix('\n').unwrap()), "{}", ran.out);
            assert!(
                ran.err.contains("1. GET http://127.0.0.1:") && ran.err.contains("200 OK"),
                "{}",
                ran.err
            );
        }
    }
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn quiet_says_nothing_but_the_result() {
    let ran = token(&emulator().authority(), world::MANAGED_USER, &["--output", "token", "-q"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn the_text_for_people_names_account_scopes_expiry_and_token() {
    let ran = token(&emulator().authority(), world::MANAGED_USER, &["--quiet"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for told in [
        "account:        ann@contoso.onmicrosoft.com (Ann Contoso)",
        "scopes: ",
        "expires: ",
        "access token:   eyJ",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
}

#[test]
fn json_is_one_object_of_the_members_of_a_result() {
    for option in [&["--json"][..], &["--output", "json"]] {
        let ran = token(&emulator().authority(), world::MANAGED_USER, option);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(ran.out.lines().count(), 1);
        let result: Value = serde_json::from_str(&ran.out).unwrap();
        let names: Vec<_> = result.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "access_token",
                "account",
                "correlation_id",
                "expires_on",
                "id_token_claims",
                "scopes",
                "token_source",
                "token_type"
            ]
        );
        assert_eq!(result["account"]["username"], world::MANAGED_USER);
        assert!(is_jwt(result["access_token"].as_str().unwrap()));
    }
}

#[test]
fn https_is_trusted_through_the_certificate_given() {
    let emulator = Emulator::start(Config { tls: true, ..Config::default() }).unwrap();
    let pem = file("token-ca.pem", emulator.ca_certificate_pem().unwrap());
    let pem = pem.to_str().unwrap();
    for backend in ["blocking", "tokio"] {
        let backend = ["--backend", backend];
        let trusted = [&backend[..], &["--ca-certificate", pem]].concat();
        let ran = token(&emulator.authority(), world::FEDERATED_USER, &trusted);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let ran = token(&emulator.authority(), world::FEDERATED_USER, &backend);
        assert_eq!(ran.code, 5, "{}", ran.err);
        assert!(ran.err.contains("error: tls_failed: "), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

#[test]
fn the_password_is_taken_to_the_character_but_for_the_line_break_at_its_end() {
    let emulator = emulator();
    let authority = emulator.authority();
    for (end, code) in [("\n", 0), ("\r\n", 0), (" \n", 3), ("\n\n", 2), ("\nmore", 2)] {
        let input = format!("{}{end}", world::PASSWORD);
        let ran = token_with(&authority, world::MANAGED_USER, &["--password-stdin", "-q"], input.as_bytes());
        assert_eq!(ran.code, code, "{end:?}: {}", ran.err);
    }
    assert_eq!(token_with(&authority, world::MANAGED_USER, &[], b"\xff").code, 2);
    assert_eq!(token_with(&authority, world::MANAGED_USER, &[], b"").code, 3, "an empty one is no password");
    assert_eq!(emulator.wrong_passwords(world::MANAGED_USER), 1, "each was sent once or not at all");
}

#[test]
fn wrong_usage_is_exit_code_2_and_sends_nothing() {
    let emulator = emulator();
    let authority = emulator.authority();
    let common = emulator.authority_of("common");
    let user = world::FEDERATED_USER;
    for (ran, told) in [
        (run(&["token"]), "--client-id"),
        (
            run(&[
                "token",
                "--client-id",
                "x",
                "--authority",
                &authority,
                "--scope",
                "s",
                "--flow",
                "username-password",
            ]),
            "--username",
        ),
        (token(&authority, user, &["--flow", "magic"]), "magic"),
        (token(&authority, user, &["--password", "x"]), "--password"),
        (token(&authority, user, &["--json", "--output", "token"]), "--output"),
        (token(&authority, user, &["--flow", "iwa", "--password-stdin"]), "--password-stdin"),
        (token(&authority, user, &["--ca-certificate", "/nowhere/ca.pem"]), "/nowhere/ca.pem"),
        (token(&authority, user, &["--federation-metadata", "/nowhere/mex.xml"]), "/nowhere/mex.xml"),
        (token(&authority, user, &["--scope", "a b"]), "error: invalid_argument: "),
        (token(&authority, user, &["--claims", "[]"]), "error: invalid_argument: "),
        (token(&common, user, &[]), "error: invalid_request: "),
        (token("contoso.com", user, &[]), "error: invalid_authority: "),
        (token("http://192.0.2.1/contoso.com", user, &[]), "error: invalid_authority: "),
        (token(&authority, " ", &["--flow", "iwa"]), "error: unknown_user: "),
    ] {
        assert_eq!(ran.code, 2, "{told}: {}", ran.err);
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
    assert!(emulator.requests().is_empty());
}

#[test]
fn what_cannot_travel_to_the_federation_server_is_wrong_usage() {
    let ran = token_with(&emulator().authority(), world::FEDERATED_USER, &[], b"a\x01b");
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("error: invalid_argument: "), "{}", ran.err);
}

#[test]
fn a_password_that_windows_powershell_pipes_is_the_right_one() {
    let input = format!("\u{feff}{}\r\n", world::PASSWORD);
    let ran = token_with(&emulator().authority(), world::MANAGED_USER, &["-q"], input.as_bytes());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn http_needs_its_option() {
    let authority = emulator().authority();
    let args = ["token", "--client-id", "x", "--authority", &authority, "--scope", "s", "--username", "a@b"];
    let ran = run(&args);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("invalid_authority"), "{}", ran.err);
}

#[test]
fn a_user_who_must_act_is_exit_code_3() {
    let emulator = emulator();
    let authority = emulator.authority();
    for (user, more, told) in [
        (world::MFA_USER, &[][..], "AADSTS50076"),
        (world::MFA_ENROLMENT_USER, &[], "AADSTS50079"),
        (world::FEDERATED_MFA_USER, &[], "AADSTS50076"),
        (world::MANAGED_USER, &["--client-id", world::UNCONSENTED_CLIENT_ID], "AADSTS65001"),
        (world::MANAGED_USER, &["--flow", "iwa"], "integrated_windows_auth_not_supported_managed_user"),
        ("joe@nowhere.example", &[], "unknown_user_type"),
    ] {
        let ran = token(&authority, user, more);
        assert_eq!(ran.code, 3, "{user}: {}", ran.err);
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
        assert!(ran.err.contains("\nremedy: ") && ran.err.contains("\ncorrelation id: "), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

#[test]
fn the_remedy_of_a_missing_consent_holds_the_page_where_it_is_given() {
    let ran =
        token(&emulator().authority(), world::MANAGED_USER, &["--client-id", world::UNCONSENTED_CLIENT_ID]);
    let remedy = ran.err.lines().find(|line| line.starts_with("remedy: ")).unwrap();
    assert!(remedy.contains("/oauth2/v2.0/authorize?client_id="), "{remedy}");
}

#[test]
fn a_wrong_password_is_the_users_to_mend_whoever_checks_it() {
    let emulator = emulator();
    let authority = emulator.authority();
    for (user, told) in
        [(world::FEDERATED_USER, "federated_service_returned_error"), (world::MANAGED_USER, "invalid_grant")]
    {
        let ran = token_with(&authority, user, &[], b"wrong");
        assert_eq!(ran.code, 3, "{told}: {}", ran.err);
        assert!(ran.err.contains(told), "{}", ran.err);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn integrated_sign_in_without_a_ticket_is_the_users_to_mend() {
    let emulator = emulator();
    let ran = token(&emulator.authority(), world::FEDERATED_USER, &["--flow", "iwa"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    // Without Kerberos on the machine it is the library that is missing.
    assert!(ran.err.contains("integrated_windows_authentication_failed"), "{}", ran.err);
    assert!(ran.err.contains("(kerberos_"), "{}", ran.err);
}

#[test]
#[cfg(target_os = "linux")]
fn integrated_sign_in_takes_the_name_that_the_machine_knows() {
    let emulator = emulator();
    let authority = emulator.authority();
    let args = [
        "token",
        "--flow",
        "iwa",
        "--client-id",
        world::CLIENT_ID,
        "--authority",
        &authority,
        "--scope",
        world::SCOPE,
        "--allow-http-loopback",
        "--json",
    ];
    let ran = crate::command::run_in(&[("USERPRINCIPALNAME", world::MANAGED_USER)], &args, b"");
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("the user is ") && ran.err.contains("USERPRINCIPALNAME"), "{}", ran.err);
    assert!(ran.err.contains("integrated_windows_auth_not_supported_managed_user"), "{}", ran.err);

    let ran = run(&args);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    // Without Kerberos on the machine nobody could be asked.
    let code = told["error"]["code"].as_str().unwrap();
    assert!(["unknown_user", "kerberos_library_missing"].contains(&code), "{}", ran.out);
    assert!(ran.err.contains(&format!("error: {code}: ")) && ran.err.contains("\nremedy: "), "{}", ran.err);
    assert_eq!(emulator.requests().len(), 1, "the realm of the first");
}

#[test]
fn at_an_ad_fs_the_ticket_alone_says_who_it_is() {
    let emulator = emulator();
    let authority = format!("{}/adfs", emulator.base_url());
    let ran = token(&authority, world::FEDERATED_USER, &["--flow", "iwa"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("--username goes not with"), "{}", ran.err);
    assert!(emulator.requests().is_empty());
}

#[test]
fn a_refusal_is_exit_code_4() {
    let emulator = emulator();
    let authority = emulator.authority();
    let ran = token(&authority, world::MANAGED_USER, &["--client-id", world::CONFIDENTIAL_CLIENT_ID]);
    let told = "AADSTS7000218";
    assert_eq!(ran.code, 4, "{told}: {}", ran.err);
    assert!(ran.err.contains(told) && ran.err.contains("\nremedy: "), "{told}: {}", ran.err);
    assert_eq!(ran.out, "");
    emulator.set_faults(vec![Fault { path: "token".to_owned(), times: None, kind: FaultKind::Html }]);
    assert_eq!(token(&authority, world::MANAGED_USER, &[]).code, 4);
}

#[test]
fn no_answer_is_exit_code_5() {
    let emulator = emulator();
    let authority = emulator.authority();
    emulator.set_faults(vec![Fault { path: "token".to_owned(), times: None, kind: FaultKind::Cut }]);
    for backend in ["blocking", "tokio"] {
        let ran = token(&authority, world::MANAGED_USER, &["--backend", backend]);
        assert_eq!(ran.code, 5, "{}", ran.err);
    }
    drop(emulator);
    for backend in ["blocking", "tokio"] {
        let ran = token(&authority, world::MANAGED_USER, &["--backend", backend]);
        assert_eq!(ran.code, 5, "{}", ran.err);
        assert!(ran.err.contains("error: connection_failed: "), "{}", ran.err);
    }
}

#[test]
fn a_failure_in_json_is_an_object_on_standard_output_and_a_text_on_standard_error() {
    let ran =
        token(&emulator().authority(), world::MFA_USER, &["--json", "-q", "--correlation-id", "my-own-id"]);
    assert_eq!(ran.code, 3);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told.as_object().unwrap().len(), 1);
    let error = &told["error"];
    assert_eq!((&error["error_codes"], &error["correlation_id"]), (&json!([50076]), &json!("my-own-id")));
    assert!(ran.err.starts_with("error: "), "{}", ran.err);
    assert!(ran.err.contains("\ncorrelation id: my-own-id\n"), "{}", ran.err);
}

#[test]
fn a_metadata_document_from_a_file_skips_the_fetch() {
    let emulator = emulator();
    let authority = emulator.authority();
    token(&authority, world::FEDERATED_USER, &[]);
    let fetched =
        |emulator: &Emulator| emulator.requests().iter().filter(|seen| seen.path.contains("/mex")).count();
    assert_eq!(fetched(&emulator), 1);
    let bad = file("no-metadata.xml", "<html/>");
    let ran = token(&authority, world::FEDERATED_USER, &["--federation-metadata", bad.to_str().unwrap()]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert_eq!(fetched(&emulator), 1);
}
