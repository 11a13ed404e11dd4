//! What the platform's libraries are given and what they give, watched by valgrind: each of the calls, in success and in
//! failure.

use crate::apache::Farm;
use crate::child::{Child, assert_says};
use crate::realm::Realm;

/// Asks one child that is watched, and checks a part of each answer.
#[track_caller]
fn assert_answers(child: Child<'_>, expected: &[(&str, &str)]) {
    let questions: Vec<&str> = expected.iter().map(|(question, _)| *question).collect();
    for (answer, (_, part)) in child.watched().ask_all(&questions).iter().zip(expected) {
        assert_says(answer, &[part]);
    }
}

#[test]
#[ignore = "needs MIT Kerberos, Apache and valgrind"]
fn an_exchange_to_its_end_loses_no_memory() {
    let realm = Realm::start();
    realm.kinit(600);
    let farm = Farm::start(&realm);
    let bindings = b"tls-server-end-point:0123456789abcdef0123456789abcdef";
    let token = Child::of(&realm).watched().token_bound(&farm.emulator.authority(), Some(bindings));
    assert_eq!(token, "token of joe@contoso.com");
}

#[test]
#[ignore = "needs MIT Kerberos and valgrind"]
fn an_exchange_that_breaks_off_loses_no_memory() {
    let realm = Realm::start();
    realm.kinit(600);
    let long = realm.write("challenge", &"\u{60}".repeat(64 * 1024));
    assert_answers(
        Child::of(&realm),
        &[
            ("round HTTP/localhost", "token_bytes: Some("),
            ("round HTTP/localhost@CONTOSO.COM", "token_bytes: Some("),
            ("round HTTP/nowhere.contoso.com", "kerberos_service_unknown"),
            ("round HTTP", "negotiate_service_name_malformed"),
            ("answer HTTP/localhost /dev/null", "negotiate_challenge_refused"),
            (&format!("answer HTTP/localhost {}", long.display()), "negotiate_challenge_refused"),
            ("user", "of the credential cache"),
            ("ticket", "joe@CONTOSO.COM for Some("),
        ],
    );
}

#[test]
#[ignore = "needs MIT Kerberos and valgrind"]
fn a_look_for_someone_who_is_not_there_loses_no_memory() {
    let realm = Realm::start();
    realm.write("damaged.conf", "[libdefaults\n = {\n");
    let missing = "kerberos_ticket_missing";
    let nobody = [("user", "unknown_user"), ("round HTTP/localhost", missing), ("ticket", missing)];
    assert_answers(Child::of(&realm), &nobody);
    assert_answers(Child::of(&realm).with_keytab("joe.keytab"), &[("user", "of the client keytab")]);
    let unusable = "kerberos_configuration_unusable";
    let damaged = Child::of(&realm).with_configuration("damaged.conf");
    assert_answers(damaged, &[("user", unusable), ("round HTTP/localhost", unusable)]);
}
