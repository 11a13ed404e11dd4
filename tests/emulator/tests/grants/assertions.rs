//! Client assertions: signed by a registered certificate, for this endpoint, now, and once where that is the rule.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use entrada_emulator::{Config, Emulator, TestCredential, world};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::browser::*;
use crate::support::*;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion, right until a test changes it.
#[derive(Clone)]
pub(crate) struct Assertion {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) key: &'static TestCredential,
}

impl Assertion {
    pub(crate) fn new(emulator: &Emulator, client_id: &str) -> Assertion {
        let key = Emulator::daemon_credential();
        let now = jiff::Timestamp::now().as_second();
        Assertion {
            header: json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": sha256(&key.certificate_der) }),
            claims: json!({
                "iss": client_id, "sub": client_id,
                "aud": format!("{}/oauth2/v2.0/token", emulator.authority()),
                "jti": Uuid::new_v4().to_string(), "nbf": now, "exp": now + 600,
            }),
            key,
        }
    }

    pub(crate) fn signed(&self) -> String {
        let input =
            format!("{}.{}", base64_url(&self.header.to_string()), base64_url(&self.claims.to_string()));
        let pair = KeyPair::from_pkcs8(&self.key.key_der).expect("a key");
        let mut signature = vec![0; pair.public_modulus_len()];
        let padding = if self.header["alg"] == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
        pair.sign(padding, &SystemRandom::new(), input.as_bytes(), &mut signature).expect("a signature");
        format!("{input}.{}", BASE64URL_NOPAD.encode(&signature))
    }
}

fn sha256(der: &[u8]) -> String {
    BASE64URL_NOPAD.encode(digest(&SHA256, der).as_ref())
}

fn ask<'a>(client_id: &'a str, assertion: &'a str) -> Pairs<'a> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
        ("scope", world::GRAPH_DEFAULT_SCOPE),
    ]
}

/// The changed assertion is refused with this code, and the one violation says this.
#[track_caller]
fn spoilt(change: impl Fn(&mut Assertion), code: u64, rule: &str) {
    let emulator = emulator();
    let mut assertion = Assertion::new(&emulator, world::DAEMON_CLIENT_ID);
    change(&mut assertion);
    let answer = refused(&emulator, &ask(world::DAEMON_CLIENT_ID, &assertion.signed()), code, rule);
    assert_eq!((answer.status, &answer.json()["error"]), (401, &"invalid_client".into()));
}

#[test]
fn a_certificate_is_as_good_as_a_secret_in_either_padding() {
    let emulator = emulator();
    let assertion = Assertion::new(&emulator, world::DAEMON_CLIENT_ID);
    granted(&emulator, &ask(world::DAEMON_CLIENT_ID, &assertion.signed()));
    let mut old = Assertion::new(&emulator, world::DAEMON_CLIENT_ID);
    let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &old.key.certificate_der);
    old.header = json!({ "alg": "RS256", "typ": "JWT", "x5t": BASE64URL_NOPAD.encode(thumbprint.as_ref()) });
    granted(&emulator, &ask(world::DAEMON_CLIENT_ID, &old.signed()));
    // The tenant has an identifier beside its name.
    let mut other = Assertion::new(&emulator, world::DAEMON_CLIENT_ID);
    other.claims["aud"] = format!("{}/oauth2/v2.0/token", emulator.authority_of(world::TENANT_ID)).into();
    granted(&emulator, &ask(world::DAEMON_CLIENT_ID, &other.signed()));
    violated(&emulator, "");
}

#[test]
fn times_may_be_written_as_texts() {
    let emulator = emulator();
    let mut assertion = Assertion::new(&emulator, world::DAEMON_CLIENT_ID);
    for name in ["nbf", "exp"] {
        assertion.claims[name] = assertion.claims[name].to_string().into();
    }
    granted(&emulator, &ask(world::DAEMON_CLIENT_ID, &assertion.signed()));
}

#[test]
fn an_assertion_has_its_type_beside_it() {
    let emulator = emulator();
    let assertion = Assertion::new(&emulator, world::DAEMON_CLIENT_ID).signed();
    let form = ask(world::DAEMON_CLIENT_ID, &assertion);
    refused(&emulator, &without(form.clone(), "client_assertion_type"), 90023, "client_assertion_type");
    refused(&emulator, &with(form, "client_assertion_type", "jwt"), 90023, "client_assertion_type");
}

#[test]
fn an_assertion_is_a_token_of_three_parts() {
    let emulator = emulator();
    let right = Assertion::new(&emulator, world::DAEMON_CLIENT_ID).signed();
    for (wrong, rule) in [
        ("x".to_owned(), "three parts"),
        (right.replacen('.', ".=", 1), "base64url"),
        (format!("{right}="), "base64url"),
    ] {
        refused(&emulator, &ask(world::DAEMON_CLIENT_ID, &wrong), 50027, rule);
    }
}

#[test]
fn an_algorithm_is_one_of_two() {
    for alg in ["none", "HS256", "ES256", "RS512"] {
        spoilt(|assertion| assertion.header["alg"] = alg.into(), 50027, "neither PS256 nor RS256");
    }
    spoilt(|assertion| assertion.header["typ"] = "at+jwt".into(), 50027, "typ");
}

#[test]
fn a_signature_is_of_the_registered_key() {
    spoilt(|assertion| assertion.key = Emulator::rotated_credential(), 700027, "signature is wrong");
    let emulator = emulator();
    let right = Assertion::new(&emulator, world::DAEMON_CLIENT_ID).signed();
    let other = Assertion::new(&emulator, world::DAEMON_CLIENT_ID).signed();
    let (input, _) = right.rsplit_once('.').expect("a signature");
    let (_, signature) = other.rsplit_once('.').expect("a signature");
    let swapped = format!("{input}.{signature}");
    refused(&emulator, &ask(world::DAEMON_CLIENT_ID, &swapped), 700027, "signature is wrong");
}

#[test]
fn a_certificate_is_named_and_registered() {
    spoilt(
        |assertion| {
            assertion.key = Emulator::rotated_credential();
            assertion.header["x5t#S256"] = sha256(&assertion.key.certificate_der).into();
        },
        700027,
        "no registered certificate",
    );
    spoilt(|assertion| assertion.header = json!({ "alg": "PS256" }), 700027, "missing");
}

#[test]
fn an_issuer_and_a_subject_are_the_client() {
    for name in ["iss", "sub"] {
        spoilt(|assertion| assertion.claims[name] = world::CLIENT_ID.into(), 700021, "not the client_id");
        spoilt(|assertion| assertion.claims[name] = Value::Null, 700021, "not the client_id");
    }
}

#[test]
fn an_audience_is_the_token_endpoint() {
    for wrong in ["https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token", "", "/token"] {
        spoilt(|assertion| assertion.claims["aud"] = wrong.into(), 700023, "aud");
    }
    spoilt(
        |assertion| {
            let aud = assertion.claims["aud"].as_str().expect("an audience").to_owned();
            assertion.claims["aud"] = aud.trim_end_matches("/oauth2/v2.0/token").into();
        },
        700023,
        "aud",
    );
}

#[test]
fn an_assertion_is_good_now_and_for_ten_minutes() {
    let now = jiff::Timestamp::now().as_second();
    spoilt(|assertion| assertion.claims["exp"] = (now - 400).into(), 700024, "expired");
    spoilt(|assertion| assertion.claims["nbf"] = (now + 400).into(), 700024, "not come");
    spoilt(|assertion| assertion.claims["exp"] = (now + 3600).into(), 700024, "ten minutes");
    spoilt(|assertion| assertion.claims["exp"] = Value::Null, 700024, "exp");
    spoilt(|assertion| assertion.claims["nbf"] = Value::Null, 700024, "1970");
}

#[test]
fn an_assertion_has_an_identifier() {
    spoilt(|assertion| assertion.claims["jti"] = Value::Null, 50027, "jti");
    spoilt(|assertion| assertion.claims["jti"] = "".into(), 50027, "jti");
}

#[test]
fn an_assertion_is_good_again_unless_the_service_says_otherwise() {
    for (once, code) in [(false, None), (true, Some(700027))] {
        let config = Config { one_time_assertions: once, ..Config::default() };
        let emulator = Emulator::start(config).expect("an emulator");
        let assertion = Assertion::new(&emulator, world::DAEMON_CLIENT_ID).signed();
        granted(&emulator, &ask(world::DAEMON_CLIENT_ID, &assertion));
        match code {
            None => drop(granted(&emulator, &ask(world::DAEMON_CLIENT_ID, &assertion))),
            Some(code) => {
                drop(refused(&emulator, &ask(world::DAEMON_CLIENT_ID, &assertion), code, "sent before"));
            }
        }
    }
}

/// An assertion that brings its certificate along.
fn with_chain(emulator: &Emulator, key: &'static TestCredential) -> Assertion {
    let mut assertion = Assertion::new(emulator, world::SUBJECT_NAME_CLIENT_ID);
    assertion.key = key;
    assertion.header["x5t#S256"] = sha256(&key.certificate_der).into();
    assertion.header["x5c"] = json!([BASE64.encode(&key.certificate_der), BASE64.encode(&key.issuer_der)]);
    assertion
}

#[test]
fn a_certificate_is_trusted_by_its_subject_name_and_issuer() {
    let emulator = emulator();
    for key in [Emulator::daemon_credential(), Emulator::rotated_credential()] {
        let mut assertion = with_chain(&emulator, key);
        granted(&emulator, &ask(world::SUBJECT_NAME_CLIENT_ID, &assertion.signed()));
        // MSAL.NET sends the leaf alone, as a text.
        assertion.header["x5c"] = BASE64.encode(&key.certificate_der).into();
        granted(&emulator, &ask(world::SUBJECT_NAME_CLIENT_ID, &assertion.signed()));
    }
    violated(&emulator, "");
}

#[test]
fn a_certificate_of_another_issuer_or_thumbprint_is_not_trusted() {
    let emulator = emulator();
    let stranger = with_chain(&emulator, Emulator::stranger_credential());
    refused(&emulator, &ask(world::SUBJECT_NAME_CLIENT_ID, &stranger.signed()), 700030, "issuer");
    let mut two = with_chain(&emulator, Emulator::daemon_credential());
    two.header["x5t#S256"] = sha256(&Emulator::rotated_credential().certificate_der).into();
    refused(&emulator, &ask(world::SUBJECT_NAME_CLIENT_ID, &two.signed()), 700030, "two certificates");
    let mut issuer = with_chain(&emulator, Emulator::daemon_credential());
    issuer.header["x5c"] = json!([BASE64.encode(&issuer.key.issuer_der)]);
    refused(&emulator, &ask(world::SUBJECT_NAME_CLIENT_ID, &issuer.signed()), 700030, "subject name");
}

#[test]
fn a_certificate_that_is_trusted_by_name_has_to_come_along() {
    let emulator = emulator();
    let mut assertion = with_chain(&emulator, Emulator::rotated_credential());
    assertion.header.as_object_mut().expect("an object").remove("x5c");
    refused(&emulator, &ask(world::SUBJECT_NAME_CLIENT_ID, &assertion.signed()), 700027, "x5c is missing");
    assertion.header["x5c"] = json!([base64(Emulator::daemon_certificate_pem())]);
    refused(&emulator, &ask(world::SUBJECT_NAME_CLIENT_ID, &assertion.signed()), 700030, "no certificate");
}

#[test]
fn a_token_of_another_client_is_an_assertion_where_that_is_configured() {
    let emulator = emulator();
    let exchange = |scope| {
        let form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", world::DAEMON_CLIENT_ID),
            ("client_secret", world::CLIENT_SECRET),
            ("scope", scope),
        ];
        member(&granted(&emulator, &form), "access_token")
    };
    let right = exchange("api://AzureADTokenExchange/.default");
    granted(&emulator, &ask(world::FEDERATED_CLIENT_ID, &right));
    refused(&emulator, &ask(world::FEDERATED_CLIENT_ID, &exchange(world::GRAPH_DEFAULT_SCOPE)), 700212, "");
    refused(&emulator, &ask(world::DAEMON_CLIENT_ID, &right), 70025, "");
    emulator.advance_clock(4000);
    refused(&emulator, &ask(world::FEDERATED_CLIENT_ID, &right), 700024, "");
}

#[test]
fn ad_fs_knows_the_older_padding_alone() {
    let emulator = emulator();
    let mut assertion = Assertion::new(&emulator, world::DAEMON_CLIENT_ID);
    assertion.claims["aud"] = format!("{}/adfs/oauth2/token", emulator.base_url()).into();
    let send = |assertion: &Assertion| {
        let form = with(ask(world::DAEMON_CLIENT_ID, "x"), "scope", "https://api.example/.default");
        let signed = assertion.signed();
        post(&emulator, "/adfs/oauth2/token", &[], &with(form, "client_assertion", &signed)).status
    };
    assert_eq!(send(&assertion), 401);
    assertion.header["alg"] = "RS256".into();
    assert_eq!(send(&assertion), 200);
}
