//! The command on a machine whose user has a Kerberos ticket: the KDC, Apache and the emulator behind it are those of
//! `entrada-identity`'s tests, and need the same of Debian's packages.
#![cfg(target_os = "linux")]

#[path = "../../../identity/tests/kdc/apache.rs"]
#[allow(dead_code)]
mod apache;
#[path = "../../../identity/tests/kdc/certificate.rs"]
#[allow(dead_code)]
mod certificate;
#[path = "../../../identity/tests/kdc/folder.rs"]
mod folder;
#[path = "../../../identity/tests/kdc/process.rs"]
mod process;
#[path = "../../../identity/tests/kdc/realm.rs"]
#[allow(dead_code)]
mod realm;

use std::process::Stdio;

use entrada_emulator::world::{API_SCOPE, CLIENT_ID, SCOPE};
use serde_json::Value;

use crate::apache::Farm;
use crate::certificate::AUTHORITY;
use crate::realm::Realm;

/// What the command did: its exit code, and what it printed.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the command where Kerberos knows the realm, and the CA of its servers is trusted.
fn entrada(realm: &Realm, farm: &Farm, args: &[&str]) -> Ran {
    let mut command = realm.client(env!("CARGO_BIN_EXE_entrada"));
    command.args(args);
    if !args.contains(&"--authority") {
        command.arg("--authority").arg(farm.emulator.authority());
    }
    command.arg("--ca-certificate").arg(realm.path(AUTHORITY)).env("ENTRADA_CACHE", "memory");
    let output = command.stdin(Stdio::null()).output().expect("the command runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

const TOKEN: [&str; 6] = ["token", "--flow", "iwa", "--client-id", CLIENT_ID, "--scope"];

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn a_ticket_is_all_that_a_token_takes() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    realm.kinit(600);
    for backend in ["tokio", "blocking"] {
        let more = [SCOPE, "--output", "token", "--backend", backend];
        let ran = entrada(&realm, &farm, &[&TOKEN[..], &more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(ran.out.lines().count(), 1);
        assert!(
            ran.err.contains("the user is joe@contoso.com, by the principal joe@CONTOSO.COM"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("as the signed-in user, towards HTTP/localhost"), "{}", ran.err);
    }
    assert_eq!(farm.admitted(), 2);
    assert_eq!(farm.emulator.violations(), [""; 0]);
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn a_ticket_is_all_that_ad_fs_takes_without_entra_id() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    realm.kinit(600);
    let authority = format!("{}/adfs", farm.emulator.base_url());
    for backend in ["tokio", "blocking"] {
        let more = [API_SCOPE, "--output", "token", "--backend", backend, "--authority", &authority];
        let ran = entrada(&realm, &farm, &[&TOKEN[..], &more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(ran.out.lines().count(), 1);
    }
    let paths: Vec<_> = farm.emulator.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths.len(), 2 * 4, "page, ticket, page, token: {paths:?}");
    assert_eq!(farm.emulator.violations(), [""; 0]);

    let ran = entrada(&realm, &farm, &["whoami", "--authority", &authority]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains("/adfs/oauth2/authorize\nservice:   HTTP/localhost; a ticket"), "{}", ran.out);
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn whoami_says_that_nothing_is_missing_and_authenticates_nobody() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    realm.kinit(600);
    let ran = entrada(&realm, &farm, &["whoami"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    let lines: Vec<_> = ran.out.lines().map(|line| line.split_once(' ').expect("two columns").0).collect();
    let expected =
        ["user:", "known", "ticket:", "authority:", "asked:", "asked:", "endpoint:", "service:", "missing:"];
    assert_eq!(lines, expected, "{}", ran.out);
    for part in [
        "user:      joe@contoso.com\n",
        "ticket:    of joe@CONTOSO.COM, good until 20",
        "/adfs/services/trust/13/windowstransport\n",
        "service:   HTTP/localhost; a ticket for it can be had\n",
        "missing:   nothing\n",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert_eq!((farm.admitted(), farm.rounds().len()), (0, 0));
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn whoami_says_what_is_missing() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    let told = || {
        let ran = entrada(&realm, &farm, &["whoami", "--json", "--username", "joe@contoso.com"]);
        assert_eq!(ran.code, Some(3), "{}", ran.err);
        let told: Value = serde_json::from_str(&ran.out).expect("JSON");
        assert!(told["integrated"]["endpoint"].as_str().is_some(), "{told}");
        assert_eq!(told["integrated"]["ticket_can_be_had"], false);
        let codes = told["missing"].as_array().expect("a list").iter();
        codes.map(|one| one["code"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(), ["kerberos_ticket_missing"]);
    realm.kinit(1);
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(told(), ["kerberos_ticket_expired"]);
    realm.kinit(600);
    realm.configure_without_kdc("krb5.conf");
    assert_eq!(told(), ["kerberos_realm_unknown"]);
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn without_a_ticket_the_command_says_kinit() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    let ran = entrada(&realm, &farm, &[&TOKEN[..], &[SCOPE]].concat());
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("error: unknown_user: ") && ran.err.contains("kinit"), "{}", ran.err);
    assert_eq!(farm.emulator.requests().len(), 0);
}
