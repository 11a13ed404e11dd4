//! `entrada token` for applications that prove who they are, and for tokens that come from elsewhere.

use std::path::PathBuf;

use entrada_emulator::{Config, Emulator, world};
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use serde_json::Value;

use crate::command::{Ran, assert_no_secret, file, run_in};

fn emulator() -> Emulator {
    Emulator::start(Config::default()).unwrap()
}

/// What holds the secrets of a call.
const VARIABLES: &[(&str, &str)] = &[("APP_SECRET", world::CLIENT_SECRET), ("WRONG_SECRET", "s3cretless")];

fn token(emulator: &Emulator, flow: &str, client: &str, scope: &str, more: &[&str], input: &[u8]) -> Ran {
    let authority = emulator.authority();
    let args = [
        &["token", "--flow", flow, "--client-id", client, "--authority", &authority, "--scope", scope][..],
        &["--allow-http-loopback"],
        more,
    ]
    .concat();
    let ran = run_in(VARIABLES, &args, input);
    assert_no_secret(&ran.err);
    ran
}

fn daemon(emulator: &Emulator, more: &[&str], input: &[u8]) -> Ran {
    let scope = world::GRAPH_DEFAULT_SCOPE;
    token(emulator, "client-credentials", world::DAEMON_CLIENT_ID, scope, more, input)
}

/// A token of a user, by password.
fn user_token(emulator: &Emulator, scope: &str) -> Value {
    let more = ["--username", world::MANAGED_USER, "--json", "-q"];
    let input = world::PASSWORD.as_bytes();
    let ran = token(emulator, "username-password", world::CLIENT_ID, scope, &more, input);
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_secret_comes_from_the_environment_or_from_standard_input() {
    let emulator = emulator();
    let input = format!("{}\n", world::CLIENT_SECRET);
    for (more, input) in
        [(&["--client-secret-env", "APP_SECRET"][..], ""), (&["--client-secret-stdin"], &input)]
    {
        let ran = daemon(&emulator, &[&["--json"], more].concat(), input.as_bytes());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let result: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(
            (&result["account"], &result["token_source"]),
            (&Value::Null, &"identity_provider".into())
        );
    }
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn a_wrong_secret_is_a_refusal_and_a_missing_one_wrong_usage() {
    let emulator = emulator();
    let ran = daemon(&emulator, &["--client-secret-env", "WRONG_SECRET"], b"");
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("error: invalid_client: "), "{}", ran.err);
    let sent = emulator.requests().len();
    for (more, told) in [
        (&["--client-secret-env", "NO_SUCH_VARIABLE"][..], "NO_SUCH_VARIABLE is not there"),
        (&[], "--client-secret-env, --client-secret-stdin, --certificate or --client-assertion-file"),
        (&["--client-secret-env", "APP_SECRET", "--client-secret-stdin"], "cannot be used with"),
        (&["--certificate", "/nowhere/app.pem"], "/nowhere/app.pem"),
        (&["--client-assertion-file", "/nowhere/token"], "/nowhere/token"),
        (&["--send-x5c", "--client-secret-env", "APP_SECRET"], "--certificate"),
        (&["--client-secret-env", "APP_SECRET", "--assertion-stdin"], "--assertion-stdin goes with"),
        (&["--client-secret-env", "APP_SECRET", "--login-hint", "a@b"], "--login-hint goes with --flow "),
        (&["--client-secret-env", "APP_SECRET", "--region", "no region"], "error: invalid_argument: "),
        (&["--client-secret-env", "APP_SECRET", "--tenant", "common"], "error: invalid_request: "),
        (&["--client-secret-env", "APP_SECRET", "--claims", "@/nowhere/claims"], "/nowhere/claims"),
    ] {
        let ran = daemon(&emulator, more, b"");
        assert_eq!(ran.code, 2, "{told}: {}", ran.err);
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    assert_eq!(emulator.requests().len(), sent, "and nothing was sent");
}

#[test]
fn a_certificate_signs_and_its_chain_goes_along_if_that_is_said() {
    let emulator = emulator();
    let registered = Emulator::daemon_credential();
    let pem = file("daemon.pem", format!("{}{}", registered.key_pem, registered.chain_pem));
    let rotated = Emulator::rotated_credential();
    let chain = file("rotated.pem", format!("{}{}", rotated.key_pem, rotated.chain_pem));
    for backend in ["tokio", "blocking"] {
        let ran = daemon(&emulator, &["--certificate", pem.to_str().unwrap(), "--backend", backend], b"");
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.err.contains("   signing with PS256 and the key "), "{}", ran.err);
        let by_name = |more: &[&str]| {
            let more = [&["--certificate", chain.to_str().unwrap(), "--backend", backend], more].concat();
            let (client, scope) = (world::SUBJECT_NAME_CLIENT_ID, world::GRAPH_DEFAULT_SCOPE);
            token(&emulator, "client-credentials", client, scope, &more, b"")
        };
        let ran = by_name(&["--send-x5c"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(by_name(&[]).code, 4, "nobody knows the certificate otherwise");
    }
}

/// The registered key and certificate in a PFX file.
fn pfx(name: &str, password: &str) -> PathBuf {
    let registered = Emulator::daemon_credential();
    let certificate = Certificate::from_der(&registered.certificate_der).unwrap();
    let key = PrivateKey::from_der(&registered.key_der).unwrap();
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new(vec![7; 20], key, [certificate]);
    store.add_entry("daemon", KeyStoreEntry::PrivateKeyChain(chain));
    let writer = store.writer(password).encryption_iterations(10).mac_iterations(10);
    file(name, writer.write().unwrap())
}

#[test]
fn a_pfx_file_is_opened_with_the_password_of_a_variable() {
    let emulator = emulator();
    let (open, closed) = (pfx("open.pfx", ""), pfx("closed.pfx", world::CLIENT_SECRET));
    let (open, closed) = (open.to_str().unwrap(), closed.to_str().unwrap());
    for (more, code) in [
        (&["--certificate", open][..], 0),
        (&["--certificate", closed, "--pfx-password-env", "APP_SECRET"], 0),
        (&["--certificate", closed, "--pfx-password-env", "WRONG_SECRET"], 2),
        (&["--certificate", closed], 2),
        (&["--pfx-password-env", "APP_SECRET"], 2),
    ] {
        let ran = daemon(&emulator, more, b"");
        assert_eq!(ran.code, code, "{more:?}: {}", ran.err);
    }
}

#[test]
fn a_file_that_holds_no_key_is_told_with_a_remedy() {
    let emulator = emulator();
    let lone = file("lone.pem", &Emulator::daemon_credential().certificate_pem);
    let junk = file("junk.pfx", b"\x30\x82\x01\x00junk");
    for path in [lone, junk] {
        let ran = daemon(&emulator, &["--certificate", path.to_str().unwrap()], b"");
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains(path.to_str().unwrap()) && ran.err.contains("remedy: "), "{}", ran.err);
    }
}

#[test]
fn an_assertion_of_somebody_else_is_read_from_a_file() {
    let emulator = emulator();
    let exchange = format!("{}/.default", world::EXCHANGE_RESOURCE);
    let more = ["--client-secret-env", "APP_SECRET", "--output", "token", "-q"];
    let ran = token(&emulator, "client-credentials", world::DAEMON_CLIENT_ID, &exchange, &more, b"");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let path = file("workload-token", &ran.out);
    let more = ["--client-assertion-file", path.to_str().unwrap()];
    let scope = world::GRAPH_DEFAULT_SCOPE;
    let ran = token(&emulator, "client-credentials", world::FEDERATED_CLIENT_ID, scope, &more, b"");
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn an_api_acts_for_the_user_whose_token_it_reads() {
    let emulator = emulator();
    let caller = user_token(&emulator, world::API_SCOPE);
    let caller = caller["access_token"].as_str().unwrap();
    let more = ["--client-secret-env", "APP_SECRET", "--json"];
    let client = world::CONFIDENTIAL_CLIENT_ID;
    let ran = token(&emulator, "on-behalf-of", client, world::SCOPE, &more, caller.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let result: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(result["account"]["username"], world::MANAGED_USER);

    let ran = token(
        &emulator,
        "on-behalf-of",
        client,
        world::SCOPE,
        &["--client-secret-stdin", "--assertion-stdin"],
        caller.as_bytes(),
    );
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("standard input holds one secret"), "{}", ran.err);
}

#[test]
fn a_refresh_token_moves_in() {
    let emulator = emulator();
    // As another library would have kept it.
    let refresh = crate::session::refresh_token(&emulator);
    for backend in ["tokio", "blocking"] {
        let more = ["--json", "--backend", backend];
        let ran = token(
            &emulator,
            "refresh-token",
            world::CLIENT_ID,
            world::SCOPE,
            &more,
            format!("{refresh}\r\n").as_bytes(),
        );
        assert_eq!(ran.code, 0, "{}", ran.err);
        let result: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(result["account"]["username"], world::MANAGED_USER);
    }
    let ran = token(&emulator, "refresh-token", world::CLIENT_ID, world::SCOPE, &["-q"], b"wrong");
    assert_eq!(ran.code, 3, "{}", ran.err);
}

#[test]
fn claims_are_read_from_a_file_and_the_tenant_can_be_another() {
    let emulator = emulator();
    let claims = file("claims.json", r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#);
    let claims = format!("@{}", claims.to_str().unwrap());
    let authority = emulator.authority_of("organizations");
    let args = [
        "token",
        "--flow",
        "client-credentials",
        "--client-id",
        world::DAEMON_CLIENT_ID,
        "--authority",
        &authority,
        "--tenant",
        world::TENANT_ID,
        "--scope",
        world::GRAPH_DEFAULT_SCOPE,
        "--claims",
        &claims,
        "--client-secret-env",
        "APP_SECRET",
        "--allow-http-loopback",
    ];
    let ran = run_in(VARIABLES, &args, b"");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains(&format!("/{}/oauth2/v2.0/token", world::TENANT_ID)), "{}", ran.err);
}

#[test]
fn an_authority_can_be_said_to_be_an_openid_provider() {
    let emulator = emulator();
    let authority = format!("{}/{}/v2.0", emulator.base_url(), world::TENANT_ID);
    let args = [
        "token",
        "--flow",
        "client-credentials",
        "--client-id",
        world::DAEMON_CLIENT_ID,
        "--authority",
        &authority,
        "--authority-kind",
        "oidc",
        "--scope",
        world::GRAPH_DEFAULT_SCOPE,
        "--client-secret-env",
        "APP_SECRET",
        "--allow-http-loopback",
    ];
    let ran = run_in(VARIABLES, &args, b"");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("1. GET ") && ran.err.contains("/.well-known/openid-configuration"),
        "{}",
        ran.err
    );
}

#[test]
fn a_password_may_come_from_the_environment() {
    let emulator = emulator();
    let authority = emulator.authority();
    let args = [
        "token",
        "--flow",
        "username-password",
        "--client-id",
        world::CLIENT_ID,
        "--authority",
        &authority,
        "--scope",
        world::SCOPE,
        "--username",
        world::MANAGED_USER,
        "--password-env",
        "PASSWORD_OF_ANN",
        "--allow-http-loopback",
        "-q",
    ];
    let ran = run_in(&[("PASSWORD_OF_ANN", world::PASSWORD)], &args, b"not this one");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}
