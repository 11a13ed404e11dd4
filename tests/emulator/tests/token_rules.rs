//! The token endpoint refuses what breaks a rule, and whoever may not.

mod support;

use entrada_emulator::{Config, Emulator, Federation, Realm, UserState, world};
use support::*;

/// The form is refused with this code, and the one violation says this; no violation if the rule is empty.
#[track_caller]
fn refused(emulator: &Emulator, pairs: &[(&str, &str)], code: u64, rule: &str) -> Answer {
    emulator.clear_records();
    let answer = token(emulator, pairs);
    assert_eq!(answer.code(), code, "{}", answer.text());
    let violations = emulator.violations();
    match rule {
        "" => assert!(violations.is_empty(), "{violations:?}"),
        rule => assert!(violations.len() == 1 && violations[0].contains(rule), "{violations:?}"),
    }
    answer
}

fn without<'a>(name: &str, pairs: Vec<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    pairs.into_iter().filter(|(known, _)| *known != name).collect()
}

fn with<'a>(name: &'a str, value: &'a str, pairs: Vec<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let mut pairs = without(name, pairs);
    pairs.push((name, value));
    pairs
}

fn right() -> Vec<(&'static str, &'static str)> {
    password(world::MANAGED_USER, world::PASSWORD)
}

fn assertion(emulator: &Emulator) -> String {
    saml1_of(&Rst::new(emulator, "13", Some(world::FEDERATED_USER)).post(emulator).text())
}

#[test]
fn the_content_type_is_the_plain_one() {
    let emulator = emulator();
    for content_type in
        [&format!("{FORM}; charset=utf-8"), "application/json", "Application/X-WWW-Form-Urlencoded"]
    {
        emulator.clear_records();
        let path = "/contoso.com/oauth2/v2.0/token";
        let body = form(&right());
        let headers = [("Content-Type", content_type)];
        let answer = connect(&emulator).send("POST", path, &headers, body.as_bytes()).expect("an answer");
        assert_eq!(answer.code(), 90013);
        assert!(emulator.violations()[0].contains("Content-Type"));
    }
}

#[test]
fn every_parameter_that_is_needed_is_asked_for() {
    let emulator = emulator();
    for name in ["grant_type", "client_id", "scope", "username", "password"] {
        let answer = refused(&emulator, &without(name, right()), 900144, name);
        assert_eq!(answer.json()["error"], "invalid_request");
    }
    let twice = [right(), vec![("scope", "again")]].concat();
    refused(&emulator, &twice, 9000411, "scope occurs twice");
}

#[test]
fn applications_have_to_be_known_public_and_consented_to() {
    let emulator = emulator();
    let answer = refused(&emulator, &with("client_id", "someone", right()), 700016, "");
    assert_eq!(answer.json()["error"], "unauthorized_client");
    let answer = refused(&emulator, &with("client_id", world::CONFIDENTIAL_CLIENT_ID, right()), 7000218, "");
    assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")));
    let answer = refused(&emulator, &with("client_id", world::UNCONSENTED_CLIENT_ID, right()), 65001, "");
    assert_eq!(answer.json()["suberror"], "consent_required");
}

#[test]
fn users_are_refused_for_their_own_reasons() {
    let emulator = emulator();
    for (user, code) in [
        ("nobody@contoso.onmicrosoft.com", 50034),
        (world::LOCKED_USER, 50053),
        (world::EXPIRED_USER, 50055),
        (world::MFA_USER, 50076),
        (world::MFA_ENROLMENT_USER, 50079),
    ] {
        let answer = refused(&emulator, &password(user, world::PASSWORD), code, "");
        assert_eq!(answer.json()["error"], "invalid_grant");
    }
    let answer = token(&emulator, &password(world::MFA_USER, world::PASSWORD));
    let claims: serde_json::Value =
        serde_json::from_str(answer.json()["claims"].as_str().expect("claims")).expect("JSON in a string");
    assert!(claims["access_token"]["capolids"].is_object());
}

#[test]
fn a_wrong_password_is_counted_and_locks_in_the_end() {
    let config = Config { lockout_threshold: Some(2), ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    let wrong = password(world::MANAGED_USER, "Correct horse");
    refused(&emulator, &wrong, 50126, "");
    assert_eq!(emulator.wrong_passwords(world::MANAGED_USER), 1);
    refused(&emulator, &wrong, 50053, "");
    refused(&emulator, &right(), 50053, "");
}

#[test]
fn the_cloud_does_not_take_a_federated_users_password() {
    let emulator = emulator();
    refused(&emulator, &password(world::FEDERATED_USER, world::PASSWORD), 50126, "");
    assert_eq!(emulator.wrong_passwords(world::FEDERATED_USER), 0);
}

#[test]
fn the_cloud_takes_a_federated_users_password_where_the_domain_allows_it() {
    let mut config = Config::default();
    let domain = config.domains.iter_mut().find(|domain| domain.name == world::TENANT).expect("a domain");
    domain.realm = Realm::Federated(Federation { cloud_password: true, ..Federation::default() });
    let emulator = Emulator::start(config).expect("an emulator");
    assert_eq!(token(&emulator, &password(world::FEDERATED_USER, world::PASSWORD)).status, 200);
    refused(&emulator, &password(world::FEDERATED_USER, "wrong"), 50126, "");
    assert_eq!(emulator.wrong_passwords(world::FEDERATED_USER), 1);
}

#[test]
fn a_disabled_user_is_refused() {
    let mut config = Config::default();
    let ann = config.users.iter_mut().find(|user| user.upn == world::MANAGED_USER).expect("a user");
    ann.state = UserState::Disabled;
    let emulator = Emulator::start(config).expect("an emulator");
    refused(&emulator, &right(), 50057, "");
}

#[test]
fn a_secret_does_not_stand_in_the_address() {
    let emulator = emulator();
    for name in ["password", "client_secret", "refresh_token", "code", "assertion"] {
        emulator.clear_records();
        let path = format!("/contoso.com/oauth2/v2.0/token?{name}=x");
        let headers = [("Content-Type", FORM)];
        let body = form(&right());
        let answer = connect(&emulator).send("POST", &path, &headers, body.as_bytes()).expect("an answer");
        assert_eq!(answer.code(), 90013);
        assert!(emulator.violations()[0].contains("in the address"));
    }
}

#[test]
fn passwords_and_assertions_need_a_tenant() {
    let emulator = emulator();
    for (tenant, code) in [("common", 9001023), ("consumers", 9001023), ("elsewhere.example", 90002)] {
        let path = format!("/{tenant}/oauth2/v2.0/token");
        let headers = [("Content-Type", FORM)];
        let answer =
            connect(&emulator).send("POST", &path, &headers, form(&right()).as_bytes()).expect("an answer");
        assert_eq!((answer.code(), answer.json()["error"].as_str()), (code, Some("invalid_request")));
    }
    let path = "/organizations/oauth2/v2.0/token";
    let headers = [("Content-Type", FORM)];
    let answer =
        connect(&emulator).send("POST", path, &headers, form(&right()).as_bytes()).expect("an answer");
    assert_eq!(answer.status, 200);
}

#[test]
fn a_password_that_comes_twice_under_one_correlation_is_refused() {
    let emulator = emulator();
    let id = "5c2a5b0e-60b7-4d63-9f0b-5a3f5b4c1d20";
    let post = || {
        let headers = [("Content-Type", FORM), ("client-request-id", id)];
        let body = form(&right());
        connect(&emulator)
            .send("POST", "/contoso.com/oauth2/v2.0/token", &headers, body.as_bytes())
            .expect("an answer")
    };
    assert_eq!(post().status, 200);
    let again = post();
    assert_eq!(again.status, 400);
    assert_eq!(again.json()["correlation_id"], id);
    assert!(emulator.violations()[0].contains("sent twice"));
}

#[test]
fn an_assertion_that_differs_in_a_byte_is_refused() {
    let emulator = emulator();
    let right = assertion(&emulator);
    for (from, to) in [
        ("\r\n", "\n"),
        ("&#233;", "é"),
        ("MinorVersion='1'", "MinorVersion=\"1\""),
        ("<![CDATA[<b>&]]>", "&lt;b&gt;&amp;"),
        (" >", ">"),
        ("\t", " "),
    ] {
        assert!(right.contains(from), "{from:?} in {right}");
        let wrong = base64(&right.replacen(from, to, 1));
        refused(&emulator, &saml(SAML1_GRANT, &wrong), 50008, "differs from byte");
    }
    let blank = base64(&format!("{right}\n"));
    refused(&emulator, &saml(SAML1_GRANT, &blank), 50008, "differs from byte");
    refused(&emulator, &saml(SAML1_GRANT, &base64("<a/>")), 50008, "never issued");
    refused(&emulator, &saml(SAML1_GRANT, "%%%"), 70000, "not base64");
    assert_eq!(token(&emulator, &saml(SAML1_GRANT, &base64(&right))).status, 200);
}

#[test]
fn an_assertion_has_the_declarations_that_it_uses_and_no_others() {
    let emulator = emulator();
    let right = assertion(&emulator);
    let bare = right.replacen(" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"", "", 1);
    refused(&emulator, &saml(SAML1_GRANT, &base64(&bare)), 50008, "stand alone");
    let more = right.replacen(
        "<saml:Assertion",
        "<saml:Assertion xmlns:a=\"http://www.w3.org/2005/08/addressing\"",
        1,
    );
    refused(&emulator, &saml(SAML1_GRANT, &base64(&more)), 50008, "differs from byte");
}

#[test]
fn an_assertion_comes_with_its_own_grant_and_without_a_password() {
    let emulator = emulator();
    let right = base64(&assertion(&emulator));
    refused(&emulator, &saml(SAML2_GRANT, &right), 7500514, "version");
    refused(&emulator, &with("username", "joe", saml(SAML1_GRANT, &right)), 90013, "accompanies");
    refused(&emulator, &with("password", "x", saml(SAML1_GRANT, &right)), 90013, "accompanies");
    refused(&emulator, &without("assertion", saml(SAML1_GRANT, &right)), 900144, "assertion");
}

#[test]
fn an_assertion_for_somebody_else_is_refused() {
    let emulator = emulator();
    let mut rst = Rst::new(&emulator, "13", Some(world::FEDERATED_USER));
    rst.applies_to = world::OTHER_RELYING_PARTY.into();
    let other = base64(&saml1_of(&rst.post(&emulator).text()));
    refused(&emulator, &saml(SAML1_GRANT, &other), 50008, "another audience");
}

#[test]
fn an_expired_assertion_is_refused_without_blame() {
    let config = Config { assertion_lifetime_seconds: -1, ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    let expired = base64(&assertion(&emulator));
    refused(&emulator, &saml(SAML1_GRANT, &expired), 50008, "");
}

#[test]
fn a_realm_request_without_its_version_is_refused() {
    let emulator = emulator();
    let answer = get(&emulator, "/common/userrealm/joe@contoso.com");
    assert_eq!(answer.code(), 90014);
    assert_eq!(emulator.violations().len(), 1);
}
