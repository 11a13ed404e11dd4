//! Proving who the application is: what is asked for, and every answer to it.

mod world;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use world::{NOW, Talk, application_start, application_token, certificate, form, names, with, without};

fn certificate_start() -> Value {
    with(without(application_start(), "client_secret"), "client_certificate", certificate())
}

fn assertion_start() -> Value {
    with(without(application_start(), "client_secret"), "client_assertion", true)
}

fn signature(text: &str) -> Value {
    json!({ "answer": "sign", "now": NOW + 10, "signature": text })
}

fn assertion(text: &str) -> Value {
    json!({ "answer": "assert", "now": NOW + 10, "assertion": text })
}

fn failed(answer: &str, kind: &str) -> Value {
    json!({ "answer": answer, "now": NOW + 10, "failed": kind })
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The header and the claims of what is to be signed.
fn input(ask: &Value) -> (Value, Value) {
    let text = URL_SAFE_NO_PAD.decode(ask["input"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (header, claims) = text.split_once('.').unwrap();
    (decoded(header), decoded(claims))
}

#[test]
fn a_certificate_asks_for_a_signature_and_sends_it() {
    let mut talk = Talk::new();
    let ask = talk.say(&certificate_start());
    assert_eq!(names(&ask), ["alg", "input", "key", "step"]);
    assert_eq!(
        (&ask["step"], &ask["alg"], &ask["key"]),
        (&json!("sign"), &json!("PS256"), &json!("the app's key"))
    );
    let (header, claims) = input(&ask);
    assert_eq!((&header["alg"], header.get("x5c")), (&json!("PS256"), None));
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("app"), &json!("app")));

    let signed = URL_SAFE_NO_PAD.decode(ask["input"].as_str().unwrap()).unwrap();
    let ask = talk.say(&signature("-_8"));
    let sent = form(&ask["request"], "client_assertion").unwrap();
    assert_eq!(sent, format!("{}.-_8", String::from_utf8(signed).unwrap()));
    assert_eq!(talk.say(&application_token())["step"], "done");

    let again = with(with(certificate_start(), "now", NOW + 1000), "force_refresh", true);
    let ask = talk.say(&again);
    assert_eq!(form(&ask["request"], "client_assertion"), Some(sent), "it can be sent again");
}

#[test]
fn a_signature_may_be_padded() {
    let mut talk = Talk::new();
    talk.say(&certificate_start());
    let ask = talk.say(&signature("-_8="));
    assert!(form(&ask["request"], "client_assertion").unwrap().ends_with(".-_8"));
}

#[test]
fn a_certificate_goes_out_with_those_of_its_issuers_if_that_is_said() {
    let mut start = certificate_start();
    start["client_certificate"]["send_x5c"] = json!(true);
    start["client_certificate"]["chain"] = json!(["AAAA", "BBBB"]);
    let (header, _) = input(&Talk::new().say(&start));
    assert_eq!(header["x5c"], json!(["cGxhbnRlZCBubyBzZWNyZXQ=", "AAAA", "BBBB"]));
}

#[test]
fn a_signer_that_cannot_do_one_algorithm_is_asked_for_the_other() {
    let mut talk = Talk::new();
    talk.say(&certificate_start());
    let ask = talk.say(&failed("sign", "unsupported"));
    assert_eq!((&ask["step"], &ask["alg"]), (&json!("sign"), &json!("RS256")));
    let ask = talk.say(&failed("sign", "unsupported"));
    assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("signing_failed")));
}

#[test]
fn a_signer_that_fails_ends_the_flow() {
    for kind in ["unavailable", "denied", "other"] {
        let mut talk = Talk::new();
        talk.say(&certificate_start());
        let ask = talk.say(&failed("sign", kind));
        assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("signing_failed")));
        talk.say(&assertion_start());
        let ask = talk.say(&failed("assert", kind));
        assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("signing_failed")));
    }
}

#[test]
fn an_assertion_is_asked_for_and_sent() {
    let mut talk = Talk::new();
    let start = with(assertion_start(), "claims", "{\"access_token\":{\"nbf\":null}}");
    assert_eq!(
        talk.say(&start),
        json!({
            "step": "assert", "client_id": "app", "tenant": "contoso.com",
            "audience": "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
            "claims": "{\"access_token\":{\"nbf\":null}}"
        })
    );
    let ask = talk.say(&assertion("planted.own.assertion"));
    assert_eq!(form(&ask["request"], "client_assertion").as_deref(), Some("planted.own.assertion"));
    talk.say(&application_token());
    assert_eq!(talk.say(&assertion_start())["claims"], Value::Null, "it is asked for anew");
}

#[test]
fn an_assertion_that_is_at_hand_is_sent() {
    let ask = Talk::new().say(&with(assertion_start(), "client_assertion", "planted.at.hand"));
    assert_eq!(form(&ask["request"], "client_assertion").as_deref(), Some("planted.at.hand"));
}

#[test]
fn an_unfit_signature_is_refused_and_a_fit_one_still_awaited() {
    let mut talk = Talk::new();
    talk.say(&certificate_start());
    let good = signature("AAAA");
    for unfit in [
        without(good.clone(), "now"),
        without(good.clone(), "signature"),
        with(good.clone(), "signature", ""),
        with(good.clone(), "signature", "planted!"),
        with(good.clone(), "signature", "++//"),
        with(good.clone(), "signature", json!([112, 108])),
        with(good.clone(), "failed", "denied"),
        with(good.clone(), "assertion", "planted"),
        failed("sign", "timeout"),
        failed("sign", ""),
        with(failed("sign", "denied"), "detail", "planted"),
        assertion("planted"),
        json!({ "answer": "send", "now": NOW, "failed": "timeout" }),
        json!({ "answer": "show", "now": NOW }),
    ] {
        talk.refusal(&unfit.to_string());
    }
    assert_eq!(talk.refusal(&assertion("planted").to_string()), "the answer \"sign\" is awaited");
    assert_eq!(talk.say(&json!({ "answer": "cache" }))["cache"], json!({}));
    assert_eq!(talk.say(&with(good, "failed", Value::Null))["step"], "send");
}

#[test]
fn an_unfit_assertion_is_refused_and_a_fit_one_still_awaited() {
    let mut talk = Talk::new();
    talk.say(&assertion_start());
    let good = assertion("planted.assertion");
    for unfit in [
        without(good.clone(), "now"),
        without(good.clone(), "assertion"),
        with(good.clone(), "assertion", json!({ "planted": 1 })),
        with(good.clone(), "failed", "other"),
        with(good.clone(), "signature", "AAAA"),
        failed("assert", "planted"),
        signature("AAAA"),
    ] {
        talk.refusal(&unfit.to_string());
    }
    assert_eq!(talk.say(&good)["step"], "send");
}

#[test]
fn an_unfit_answer_to_a_prompt_is_refused_and_a_fit_one_still_awaited() {
    let mut talk = Talk::new();
    talk.say(&world::device_start());
    assert_eq!(talk.say(&world::device_authorization())["step"], "show");
    let good = json!({ "answer": "show", "now": NOW + 200 });
    for unfit in [
        without(good.clone(), "now"),
        with(good.clone(), "shown", "planted"),
        with(good.clone(), "now", "soon"),
        json!({ "answer": "wait", "now": NOW + 200 }),
        world::device_start(),
    ] {
        talk.refusal(&unfit.to_string());
    }
    assert_eq!(talk.say(&good)["step"], "wait");
}
