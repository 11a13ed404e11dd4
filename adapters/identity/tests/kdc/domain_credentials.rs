//! Tokens with a name and a password, from a machine that belongs to no domain.
//!
//! Beside what the other tests need: `python3-gssapi gss-ntlmssp` of Debian.

mod child;

use data_encoding::HEXLOWER;

use crate::apache::Farm;
use crate::asked::AUTHORITY_FILE;
use crate::certificate::AUTHORITY;
use crate::child::assert_says;
use crate::process::{free_port, run};
use crate::realm::Realm;

/// What the child is asked; an environment variable.
const QUESTION: &str = "ENTRADA_DOMAIN_QUESTION";
/// The password of `joe`.
const PASSWORD: &str = "horse battery";
/// What ties an exchange to a connection.
const BINDINGS: &[u8] = b"tls-server-end-point:0123456789abcdef0123456789abcdef";

/// A realm whose KDC wants to see the password first, as domains do.
fn domain() -> Realm {
    let realm = Realm::start();
    realm.change("modprinc +requires_preauth joe");
    realm
}

/// Asks this program once more, with the realm's configuration of Kerberos and no tickets.
///
/// A question is a word, its object, the user, the password, and perhaps options.
fn ask(realm: &Realm, question: &[&str]) -> String {
    let own = std::env::current_exe().expect("a program");
    let mut command = realm.client(own.to_str().expect("text"));
    command.args(["domain_credentials::child::is_asked", "--exact", "--ignored", "--nocapture"]);
    command.env(QUESTION, question.join("\n")).env(AUTHORITY_FILE, realm.path(AUTHORITY));
    // For what accepts tokens.
    command.env("KRB5_KTNAME", realm.path("http.keytab")).env("KRB5RCACHENAME", "none:");
    command.env("NTLM_USER_FILE", realm.path("passwords")).env("NETBIOS_DOMAIN_NAME", "CONTOSO");
    let output = run(&mut command, "");
    let answer = output.lines().find_map(|line| line.split_once("answer: "));
    let answer = answer.unwrap_or_else(|| panic!("no answer: {output}")).1.to_owned();
    assert!(!answer.contains(question[3]), "the password is in: {answer}");
    answer
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn the_right_password_gives_a_token() {
    let realm = domain();
    let farm = Farm::start(&realm);
    let authority = farm.emulator.authority();
    for host in ["blocking", "tokio"] {
        let answer = ask(&realm, &[host, &authority, "CONTOSO.COM\\joe", PASSWORD]);
        assert_eq!(answer, "token of joe@contoso.com", "over {host}");
    }
    let answer = ask(&realm, &["blocking", &authority, "joe", PASSWORD, "realm=CONTOSO.COM"]);
    assert_eq!(answer, "token of joe@contoso.com");
    assert_eq!(farm.admitted(), 3);
    assert_eq!(farm.emulator.violations(), [""; 0]);
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn the_kdc_may_be_named_where_nothing_else_names_it() {
    let realm = domain();
    let farm = Farm::start(&realm);
    let configuration = std::fs::read_to_string(realm.path("krb5.conf")).expect("a file");
    let (_, after) = configuration.split_once("\n  kdc = ").expect("a KDC");
    let kdc = format!("kdc={}", after.lines().next().expect("a line"));
    realm.write("krb5.conf", "[libdefaults]\n");
    let authority = farm.emulator.authority();
    let question = ["blocking", &authority, "CONTOSO.COM\\joe", PASSWORD];
    assert_says(&ask(&realm, &question), &["kerberos_realm_unknown"]);
    assert_eq!(ask(&realm, &[&question[..], &[&kdc]].concat()), "token of joe@contoso.com");
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn a_wrong_password_is_called_so() {
    let realm = domain();
    let farm = Farm::start(&realm);
    let authority = farm.emulator.authority();
    for host in ["blocking", "tokio"] {
        let answer = ask(&realm, &[host, &authority, "CONTOSO.COM\\joe", "hunter2"]);
        assert_says(
            &answer,
            &["integrated_windows_authentication_failed", "domain_password_refused", "locks the account"],
        );
    }
    let asked = std::fs::read_to_string(realm.path("kdc.log")).expect("a log");
    assert_eq!(asked.matches("PREAUTH_FAILED").count(), 2, "each exchange sends it once: {asked}");
    assert_eq!(farm.admitted(), 0);
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn what_the_kdc_does_not_know_is_named() {
    let realm = domain();
    let answer = ask(&realm, &["round", "HTTP/nowhere.contoso.com", "CONTOSO.COM\\joe", PASSWORD]);
    assert_says(&answer, &["kerberos_service_unknown", "HTTP/nowhere.contoso.com", "setspn -S"]);
    for user in ["CONTOSO.COM\\jane", "joe@contoso.com"] {
        let answer = ask(&realm, &["round", "HTTP/localhost", user, PASSWORD]);
        assert_says(&answer, &["domain_user_unknown", "CONTOSO.COM\\user"]);
    }
    for service in ["HTTP", "HTTP/", "HTTP/a@B"] {
        let answer = ask(&realm, &["round", service, "CONTOSO.COM\\joe", PASSWORD]);
        assert_says(&answer, &["negotiate_service_name_malformed"]);
    }
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn an_account_that_may_not_sign_in_is_not_a_wrong_password() {
    let realm = domain();
    for (command, code) in [
        ("modprinc -expire yesterday joe", "domain_account_unusable"),
        ("modprinc -expire never -pwexpire yesterday joe", "domain_password_expired"),
        ("modprinc -pwexpire never -allow_tix joe", "domain_account_unusable"),
    ] {
        realm.change(command);
        let answer = ask(&realm, &["round", "HTTP/localhost", "CONTOSO.COM\\joe", PASSWORD]);
        assert_says(&answer, &[code]);
    }
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn ntlm_is_neither_offered_nor_tried_unless_it_is_allowed() {
    let mut realm = domain();
    let question = ["round", "HTTP/localhost", "CONTOSO.COM\\joe", PASSWORD];
    let with_ntlm = [&question[..], &["ntlm"]].concat();
    assert_says(&ask(&realm, &question), &["Kerberos alone (unproved)", "negotiate_challenge_refused"]);
    assert_says(&ask(&realm, &with_ntlm), &["Kerberos, and an offer of NTLM (unproved)"]);
    realm.stop();
    let down = ask(&realm, &question);
    assert_says(&down, &["kerberos_kdc_unreachable", "tcp://127.0.0.1:"]);
    assert_says(&ask(&realm, &with_ntlm), &["NTLM (unproved)"]);
    let elsewhere = format!("kdc=127.0.0.1:{}", free_port());
    let answer = ask(&realm, &[&question[..], &[&elsewhere]].concat());
    assert_says(&answer, &["kerberos_kdc_unreachable", &elsewhere.replace("kdc=", "")]);
}

#[test]
#[ignore = "needs MIT Kerberos and python3-gssapi"]
fn kerberos_leaves_channel_bindings_out() {
    let realm = domain();
    for bindings in [BINDINGS, b"tls-server-end-point:of another server"] {
        let question = ["accepted", &HEXLOWER.encode(bindings), "CONTOSO.COM\\joe", PASSWORD];
        assert_eq!(ask(&realm, &question), "joe@CONTOSO.COM (complete: true)");
    }
}

#[test]
#[ignore = "needs MIT Kerberos, python3-gssapi and gss-ntlmssp"]
fn ntlm_gets_in_where_it_is_allowed_bound_to_its_connection() {
    let mut realm = domain();
    realm.stop();
    realm.write("passwords", &format!("CONTOSO:joe:{PASSWORD}\n"));
    let answer = |bindings: &[u8], password| {
        let bindings = HEXLOWER.encode(bindings);
        ask(&realm, &["accepted", &bindings, "joe", password, "realm=CONTOSO", "ntlm"])
    };
    assert_eq!(answer(BINDINGS, PASSWORD), "CONTOSO\\joe (complete: true)");
    assert_says(&answer(BINDINGS, "hunter2"), &["refused"]);
    assert_says(&answer(b"tls-server-end-point:of another server", PASSWORD), &["refused"]);
}
