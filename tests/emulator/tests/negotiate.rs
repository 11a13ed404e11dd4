//! HTTP Negotiate at windowstransport, round by round.

mod support;

use data_encoding::BASE64;
use entrada_emulator::{Config, Emulator, MUTUAL, Negotiate, NegotiateMode, challenge, client_token, world};
use support::*;

fn scripted(rounds: u32, mode: NegotiateMode) -> Emulator {
    let config = Config { negotiate: Negotiate { rounds, mode }, ..Config::default() };
    Emulator::start(config).expect("an emulator")
}

fn negotiate(token: &[u8]) -> String {
    format!("Negotiate {}", BASE64.encode(token))
}

fn round(number: u32) -> String {
    negotiate(&client_token(number, world::FEDERATED_USER))
}

#[test]
fn all_rounds_on_one_connection_lead_to_an_assertion_and_a_token() {
    let emulator = scripted(3, NegotiateMode::Accept);
    let mut client = connect(&emulator);
    let rst = Rst::new(&emulator, "13", None);
    let answer = rst.send(&mut client, &[]).expect("an answer");
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Negotiate")));
    assert!(answer.body.len() > 1000);
    for number in [1, 2] {
        let answer = rst.send(&mut client, &[("Authorization", &round(number))]).expect("an answer");
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), Some(negotiate(&challenge(number)).as_str()));
    }
    let answer = rst.send(&mut client, &[("Authorization", &round(3))]).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("www-authenticate"), Some(negotiate(MUTUAL).as_str()));
    let assertion = base64(&saml1_of(&answer.text()));
    assert_eq!(token(&emulator, &saml(SAML1_GRANT, &assertion)).status, 200);
    assert_eq!(emulator.violations(), Vec::<String>::new());

    let again = rst.send(&mut client, &[("Authorization", &round(1))]).expect("an answer");
    assert_eq!(again.status, 401, "the exchange begins anew");
}

#[test]
fn a_message_that_was_accepted_before_is_refused() {
    let emulator = scripted(1, NegotiateMode::Accept);
    let rst = Rst::new(&emulator, "2005", None);
    let mut client = connect(&emulator);
    assert_eq!(rst.send(&mut client, &[("Authorization", &round(1))]).expect("an answer").status, 200);
    assert_eq!(rst.send(&mut client, &[("Authorization", &round(1))]).expect("an answer").status, 500);
    assert!(emulator.violations()[0].contains("sent before"));
}

#[test]
fn a_round_on_another_connection_is_refused() {
    let emulator = scripted(2, NegotiateMode::Accept);
    let rst = Rst::new(&emulator, "13", None);
    assert_eq!(
        rst.send(&mut connect(&emulator), &[("Authorization", &round(1))]).expect("an answer").status,
        401
    );
    let answer = rst.send(&mut connect(&emulator), &[("Authorization", &round(2))]).expect("an answer");
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Negotiate")));
    let violations = emulator.violations();
    assert!(
        violations.len() == 1 && violations[0].contains("has not seen the round before"),
        "{violations:?}"
    );
}

#[test]
fn a_round_out_of_turn_or_for_somebody_else_is_refused() {
    for second in [round(3), negotiate(&client_token(2, world::SAML2_USER))] {
        let emulator = scripted(3, NegotiateMode::Accept);
        let rst = Rst::new(&emulator, "13", None);
        let mut client = connect(&emulator);
        rst.send(&mut client, &[("Authorization", &round(1))]).expect("an answer");
        assert_eq!(rst.send(&mut client, &[("Authorization", &second)]).expect("an answer").status, 401);
        assert!(emulator.violations()[0].contains("out of turn"));
    }
}

#[test]
fn a_token_of_another_scheme_is_refused() {
    let emulator = scripted(1, NegotiateMode::Accept);
    let rst = Rst::new(&emulator, "13", None);
    for value in [
        "Basic am9lOnB3",
        "Negotiate",
        "Negotiate !",
        &negotiate(b"something"),
        &negotiate(b"entrada-emulator-token-0:x"),
    ] {
        emulator.clear_records();
        let answer = rst.send(&mut connect(&emulator), &[("Authorization", value)]).expect("an answer");
        assert_eq!(answer.status, 401);
        assert_eq!(emulator.violations().len(), 1, "{value}");
    }
}

#[test]
fn a_user_whom_nobody_knows_is_refused_without_blame() {
    let emulator = scripted(1, NegotiateMode::Accept);
    let value = negotiate(&client_token(1, "who@contoso.com"));
    let answer = Rst::new(&emulator, "13", None).send(&mut connect(&emulator), &[("Authorization", &value)]);
    assert_eq!(answer.expect("an answer").status, 401);
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn a_security_header_has_no_place_where_the_transport_signs_in() {
    let emulator = scripted(1, NegotiateMode::Accept);
    let mut rst = Rst::new(&emulator, "13", None);
    rst.credential = Some((world::FEDERATED_USER.into(), world::PASSWORD.into()));
    let answer = rst.send(&mut connect(&emulator), &[("Authorization", &round(1))]).expect("an answer");
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("a:InvalidSecurity"));
    assert!(emulator.violations()[0].contains("no wsse:Security"));
}

#[test]
fn a_script_can_refuse_loop_for_ever_or_hang_up() {
    let emulator = scripted(1, NegotiateMode::Refuse);
    let rst = Rst::new(&emulator, "13", None);
    let answer = rst.send(&mut connect(&emulator), &[("Authorization", &round(1))]).expect("an answer");
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Negotiate")));

    emulator.set_negotiate(Negotiate { rounds: 1, mode: NegotiateMode::Loop });
    let mut client = connect(&emulator);
    for number in 1..20 {
        let answer = rst.send(&mut client, &[("Authorization", &round(number))]).expect("an answer");
        assert_eq!(answer.header("www-authenticate"), Some(negotiate(&challenge(number)).as_str()));
    }

    emulator.set_negotiate(Negotiate { rounds: 1, mode: NegotiateMode::Drop });
    let mut client = connect(&emulator);
    assert_eq!(rst.send(&mut client, &[]).expect("an answer").status, 401);
    assert!(rst.send(&mut client, &[("Authorization", &round(1))]).is_err());
    assert_eq!(emulator.requests().last().expect("a request").status, None);
}
