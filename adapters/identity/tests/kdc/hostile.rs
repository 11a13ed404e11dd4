//! What a server or its metadata can give to the platform's library.

use crate::apache::Farm;
use crate::child::{Child, assert_says};
use crate::realm::Realm;

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_challenge_that_is_not_the_services_is_refused() {
    let realm = Realm::start();
    realm.kinit(600);
    let child = Child::of(&realm);
    assert_says(&child.round("HTTP/localhost"), &["token_bytes: Some(", "complete: false"]);
    // The third is an answer of SPNEGO whose token of 64 KiB is nothing that Kerberos knows, the fourth breaks off.
    let long = [
        b"\xa1\x83\x01\x00\x0a\x30\x83\x01\x00\x05\xa2\x83\x01\x00\x00\x04\x82\xff\xfc".to_vec(),
        vec![0x60; 0xfffc],
    ]
    .concat();
    for challenge in
        [b"garbage".as_slice(), b"", b"\x60\x03\x06\x01\x2a", &long, &long[..4096], &[0; 64 * 1024]]
    {
        let answer = child.answer("HTTP/localhost", challenge);
        assert_says(&answer, &["negotiate_challenge_refused", "HTTP/localhost"]);
        assert_says(&answer, &["then the answer of HTTP/localhost was not accepted: the exchange is over"]);
    }
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn a_challenge_after_success_changes_nothing() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    realm.kinit(600);
    let answer = Child::of(&realm).token_pressed(&farm.emulator.authority());
    let nothing = "Ok(Round { token_bytes: None, complete: true })";
    assert_eq!(answer, format!("token of joe@contoso.com after [{nothing}, {nothing}, {nothing}]"));
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_name_reaches_the_library_as_it_is_or_not_at_all() {
    let realm = Realm::start();
    realm.register("HTTP/localhost:8443");
    realm.kinit(600);
    let round = |service: &str| Child::of(&realm).round(service);
    assert_says(&round("HTTP/localhost:8443"), &["token_bytes: Some(", "complete: false"]);
    for service in ["HTTP/localhost:8444", "HTTP/xn--bcher-kva.contoso.com", "HTTP/127.0.0.1", "HTTP/[::1]"] {
        assert_says(&round(service), &["kerberos_service_unknown", &format!("setspn -S {service} account")]);
    }
    // The host of an address is in ASCII by then, and metadata that has it otherwise names no service.
    let says =
        ["negotiate_service_name_malformed", r"HTTP/b\u{fc}cher.contoso.com", "federation server's metadata"];
    assert_says(&round("HTTP/b\u{fc}cher.contoso.com"), &says);
}
