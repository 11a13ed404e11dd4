//! Tokens by integrated authentication, and each way to fail.

use std::thread;
use std::time::Duration;

use entrada_emulator::world::TENANT;
use entrada_emulator::{Config, Domain, Federation, Realm as Federated, TrustVersion};

use crate::apache::{Farm, Setup};
use crate::certificate::AUTHORITY;
use crate::child::{Child, WHY, assert_says};
use crate::process::{free_port, run};
use crate::realm::Realm;

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn a_ticket_gives_a_token() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    realm.kinit(600);
    let (child, authority) = (Child::of(&realm), farm.emulator.authority());
    assert_eq!(child.token(&authority), "token of joe@contoso.com");
    assert_eq!(child.token_over_tokio(&authority), "token of joe@contoso.com");
    assert_eq!(farm.admitted(), 2);
    assert_eq!(farm.emulator.violations(), [""; 0]);
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn each_version_of_ws_trust_gives_a_token() {
    let realm = Realm::start();
    realm.kinit(600);
    for (version, segment) in [(TrustVersion::V1_3, "13"), (TrustVersion::V2005, "2005")] {
        let federation = Federation { trust_versions: vec![version], ..Federation::default() };
        let domain = Domain { name: TENANT.to_owned(), realm: Federated::Federated(federation) };
        let world = Config { domains: vec![domain], ..Config::default() };
        let farm = Farm::of(&realm, &Setup { world, ..Setup::default() });
        let (child, authority) = (Child::of(&realm), farm.emulator.authority());
        assert_eq!(child.token(&authority), "token of joe@contoso.com");
        assert_eq!(child.token_over_tokio(&authority), "token of joe@contoso.com");
        let path = format!("/adfs/services/trust/{segment}/windowstransport");
        let requests = farm.emulator.requests();
        assert_eq!(requests.iter().filter(|request| request.path == path).count(), 2);
        assert_eq!(farm.emulator.violations(), [""; 0]);
    }
}

#[test]
#[ignore = "needs MIT Kerberos, Apache and curl"]
fn credentials_are_not_delegated() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    realm.kinit(600);
    let delegated = || std::fs::read_dir(realm.path("delegated")).expect("a folder").count();
    assert_eq!(Child::of(&realm).token(&farm.emulator.authority()), "token of joe@contoso.com");
    assert_eq!(delegated(), 0);
    // The ticket may be forwarded and the server would take it: a client that delegates shows it.
    let address = format!("{}/adfs/services/trust/13/windowstransport", farm.emulator.base_url());
    let mut curl = realm.client("curl");
    curl.arg("--cacert").arg(realm.path(AUTHORITY));
    run(curl.args(["-sS", "--negotiate", "-u", ":", "--delegation", "always", "-d", "", &address]), "");
    assert_eq!(delegated(), 1);
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn a_client_keytab_alone_gives_a_token() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    let child = Child::of(&realm).with_keytab("joe.keytab");
    assert_eq!(child.token(&farm.emulator.authority()), "token of joe@contoso.com");
    assert_eq!(farm.emulator.violations(), [""; 0]);
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn without_a_ticket_the_error_says_kinit() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    let answer = Child::of(&realm).token(&farm.emulator.authority());
    assert_says(&answer, &[WHY, "kerberos_ticket_missing", "kinit", "HTTP/localhost"]);
    assert_eq!(farm.admitted(), 0);
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn an_expired_ticket_is_called_so() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    realm.kinit(1);
    thread::sleep(Duration::from_secs(3));
    let answer = Child::of(&realm).token(&farm.emulator.authority());
    assert_says(&answer, &[WHY, "kerberos_ticket_expired", "kinit"]);
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_service_that_the_kdc_does_not_know_is_named() {
    let realm = Realm::start();
    realm.kinit(600);
    for service in ["HTTP/nowhere.contoso.com", "HTTP/sts.elsewhere.example", "HTTP/unmapped"] {
        let answer = Child::of(&realm).round(service);
        assert_says(&answer, &["kerberos_service_unknown", service, "setspn -S", "KRB5_CONFIG"]);
    }
    assert_says(&Child::of(&realm).round("HTTP"), &["negotiate_service_name_malformed"]);
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn a_service_name_on_another_account_is_told_by_the_server() {
    let realm = Realm::start();
    let farm = Farm::start(&realm);
    realm.rekey_service();
    realm.kinit(600);
    let answer = Child::of(&realm).token(&farm.emulator.authority());
    assert_says(
        &answer,
        &[WHY, "negotiate_challenge_refused", "HTTP/localhost is registered on the account"],
    );
    assert_eq!(farm.admitted(), 0);
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_kdc_that_does_not_answer_is_told_from_one_that_is_not_known() {
    let mut realm = Realm::start();
    realm.kinit(600);
    realm.configure("closed.conf", free_port());
    realm.configure_without_kdc("nowhere.conf");
    realm.write("damaged.conf", "[libdefaults\n = {\n");
    for (configuration, code) in [
        ("closed.conf", "kerberos_kdc_unreachable"),
        ("nowhere.conf", "kerberos_realm_unknown"),
        ("damaged.conf", "kerberos_configuration_unusable"),
    ] {
        let answer = Child::of(&realm).with_configuration(configuration).round("HTTP/localhost");
        assert_says(&answer, &[code, "KRB5_CONFIG"]);
    }
    realm.stop();
    let answer = Child::of(&realm).round("HTTP/localhost");
    assert_says(&answer, &["kerberos_kdc_unreachable"]);
    let answer = Child::of(&realm)
        .with("KRB5CCNAME", format!("FILE:{}", realm.path("none").display()))
        .with_keytab("joe.keytab")
        .round("HTTP/localhost");
    assert_says(&answer, &["kerberos_kdc_unreachable"]);
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_keytab_with_old_keys_is_refused() {
    let realm = Realm::start();
    realm.change_password();
    let answer = Child::of(&realm).with_keytab("joe.keytab").round("HTTP/localhost");
    assert_says(&answer, &["kerberos_keytab_refused", "KRB5_CLIENT_KTNAME"]);
}
