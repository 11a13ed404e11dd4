//! What goes through a browser: begun by one start, taken up by another, perhaps in another session.

mod world;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use world::{
    ACCESS_TOKEN, NOW, Talk, answer, answer_start, form, implicit_start, names, sign_in_start, token, with,
    without,
};

/// A parameter of an address, as it is encoded.
fn parameter<'a>(url: &'a Value, name: &str) -> Option<&'a str> {
    let (_, query) = url.as_str().unwrap().split_once('?').unwrap();
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Begins a sign-in, and gives what is kept and the answer that fits.
fn begun(talk: &mut Talk) -> (Value, String) {
    let ask = talk.say(&sign_in_start());
    let state = parameter(&ask["result"]["url"], "state").unwrap();
    let redirect = format!("http://localhost:8400/?code=planted.code&state={state}");
    (ask["result"]["sign_in"].clone(), redirect)
}

/// A token answer whose ID token has the nonce of the sign-in.
fn token_for(nonce: &str) -> Value {
    let claims =
        json!({ "oid": "oid-1", "tid": "tid-1", "preferred_username": "ann@contoso.com", "nonce": nonce });
    let id_token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut body: Value = serde_json::from_str(token()["body"].as_str().unwrap()).unwrap();
    body["id_token"] = json!(id_token);
    answer(200, "application/json", &body.to_string())
}

#[test]
fn a_sign_in_is_an_address_to_open_and_an_object_to_keep() {
    let mut talk = Talk::new();
    let mut start = sign_in_start();
    for (name, value) in [
        ("prompt", json!("select_account")),
        ("domain_hint", json!("contoso.com")),
        ("response_mode", json!("form_post")),
        ("login_hint", json!("ann@contoso.com")),
        ("extra_scopes_to_consent", json!(["api://x/y"])),
        ("extra_query_parameters", json!({ "slice": "testslice" })),
    ] {
        start[name] = value;
    }
    let ask = talk.say(&start);
    assert_eq!(names(&ask), ["result", "step"]);
    assert_eq!(names(&ask["result"]), ["sign_in", "url"]);
    let url = &ask["result"]["url"];
    assert!(
        url.as_str()
            .unwrap()
            .starts_with("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize?"),
        "{url}"
    );
    for (name, value) in [
        ("response_type", "code"),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
        ("domain_hint", "contoso.com"),
        ("response_mode", "form_post"),
        ("slice", "testslice"),
    ] {
        assert_eq!(parameter(url, name), Some(value), "{url}");
    }
    assert!(parameter(url, "scope").unwrap().contains("api%3A%2F%2Fx%2Fy"), "{url}");
    assert_eq!(talk.say(&start)["result"], ask["result"], "the same seed gives the same sign-in");
}

#[test]
fn another_session_redeems_the_code_that_the_browser_brought() {
    let (sign_in, redirect) = begun(&mut Talk::new());
    let mut talk = Talk::new();
    let start = with(with(answer_start("authorization_code"), "sign_in", sign_in), "redirect", redirect);
    let ask = talk.say(&start);
    let request = &ask["request"];
    assert_eq!(form(request, "grant_type").as_deref(), Some("authorization_code"));
    assert_eq!(form(request, "code").as_deref(), Some("planted.code"));
    assert_eq!(form(request, "redirect_uri").as_deref(), Some("http%3A%2F%2Flocalhost%3A8400"));
    assert!(form(request, "code_verifier").unwrap().len() >= 43);

    let nonce = parameter(&Talk::new().say(&sign_in_start())["result"]["url"], "nonce").unwrap().to_owned();
    let ask = talk.say(&token_for(&nonce));
    assert_eq!((&ask["step"], &ask["result"]["access_token"]), (&json!("done"), &json!(ACCESS_TOKEN)));
    assert_eq!(ask["result"]["account"]["username"], "ann@contoso.com");
}

#[test]
fn an_id_token_of_another_sign_in_is_a_failure() {
    let mut talk = Talk::new();
    let (sign_in, redirect) = begun(&mut talk);
    talk.say(&with(with(answer_start("authorization_code"), "sign_in", sign_in), "redirect", redirect));
    let ask = talk.say(&token_for("another"));
    assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("nonce_mismatch")));
    assert_eq!(talk.say(&json!({ "answer": "cache" }))["cache"], json!({}));
}

#[test]
fn a_redirect_that_is_no_answer_to_the_sign_in_is_a_failure_without_a_request() {
    let mut talk = Talk::new();
    let (sign_in, redirect) = begun(&mut talk);
    let state = redirect.split_once("state=").unwrap().1.to_owned();
    for (redirect, code) in [
        ("http://localhost:8400/?code=planted&state=planted".to_owned(), "state_mismatch"),
        ("planted".to_owned(), "redirect_without_answer"),
        (format!("http://localhost:8400/?error=access_denied&state={state}"), "access_denied"),
        (
            format!("http://localhost:8400/?code=planted&code=planted&state={state}"),
            "duplicate_redirect_parameter",
        ),
    ] {
        let start = with(answer_start("authorization_code"), "sign_in", sign_in.clone());
        let ask = talk.say(&with(start, "redirect", redirect));
        assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!(code)), "{ask}");
        assert!(!ask.to_string().contains("planted"), "{ask}");
    }
    let another = with(answer_start("authorization_code"), "client_id", "another");
    let ask = talk.say(&with(with(another, "sign_in", sign_in), "redirect", redirect));
    assert_eq!(ask["error"]["code"], "invalid_argument");
}

#[test]
fn tokens_may_come_through_the_browser() {
    let mut talk = Talk::new();
    let ask = talk.say(&implicit_start());
    let (url, sign_in) = (&ask["result"]["url"], ask["result"]["sign_in"].clone());
    assert_eq!(parameter(url, "response_type"), Some("token"));
    let state = parameter(url, "state").unwrap();
    let redirect = format!(
        "http://localhost:8400/#access_token={ACCESS_TOKEN}&token_type=Bearer&expires_in=3599&state={state}"
    );
    let start = with(with(answer_start("implicit_answer"), "sign_in", sign_in), "redirect", redirect);
    let ask = talk.say(&start);
    assert_eq!(
        ask["result"],
        json!({
            "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_on": NOW + 3_599_000,
            "scopes": ["user.read"], "id_token": null, "id_token_claims": null,
            "correlation_id": ask["result"]["correlation_id"]
        })
    );
    let ask = talk.say(&with(start, "redirect", "http://localhost:8400/#access_token=planted&state=planted"));
    assert_eq!(ask["error"]["code"], "state_mismatch");
}

#[test]
fn a_confidential_application_proves_itself_when_it_redeems() {
    let mut talk = Talk::new();
    let confidential = |start: Value| with(start, "client_secret", "planted-own");
    let ask = talk.say(&confidential(sign_in_start()));
    let state = parameter(&ask["result"]["url"], "state").unwrap();
    assert!(!ask["result"].to_string().contains("planted-own"), "{ask}");
    let start = with(answer_start("authorization_code"), "sign_in", ask["result"]["sign_in"].clone());
    let redirect = format!("http://localhost:8400/?code=c&state={state}");
    let ask = talk.say(&confidential(with(start, "redirect", redirect)));
    assert_eq!(form(&ask["request"], "client_secret").as_deref(), Some("planted-own"));
}

#[test]
fn a_line_about_a_browser_that_cannot_be_taken_is_refused_without_its_value() {
    let mut talk = Talk::new();
    for (name, values) in [
        ("redirect_uri", json!([1, ["planted"]])),
        ("prompt", json!(["planted", 1, "Login"])),
        ("response_mode", json!(["planted", true])),
        ("spa", json!(["planted", 1])),
        ("extra_scopes_to_consent", json!(["planted", [1]])),
    ] {
        for value in values.as_array().unwrap() {
            let reason = talk.refusal(&with(sign_in_start(), name, value.clone()).to_string());
            assert!(reason.contains(&format!("the member {name:?} must be")), "{name} = {value}: {reason}");
        }
    }
    let reason = talk.refusal(&with(implicit_start(), "response_type", "planted").to_string());
    assert_eq!(reason, "the member \"response_type\" must be one of id_token, token, id_token token");
    let (sign_in, redirect) = begun(&mut talk);
    let start = with(answer_start("authorization_code"), "sign_in", sign_in.clone());
    let start = with(start, "redirect", redirect);
    for value in [json!("planted"), json!({ "planted": 1 }), with(sign_in, "planted", 1)] {
        let reason = talk.refusal(&with(start.clone(), "sign_in", value).to_string());
        assert_eq!(reason, "the member \"sign_in\" must be what a sign-in held as \"sign_in\"");
    }
    for name in ["tenant", "prompt", "redirect_uri", "username"] {
        let reason = talk.refusal(&with(start.clone(), name, "planted").to_string());
        assert_eq!(reason, format!("the start \"authorization_code\" cannot use the member {name:?}"));
    }
    for (start, name) in [
        (sign_in_start(), "redirect_uri"),
        (sign_in_start(), "scopes"),
        (implicit_start(), "response_type"),
        (start.clone(), "redirect"),
        (start, "sign_in"),
    ] {
        let missing = format!("the member {name:?} is missing");
        assert_eq!(talk.refusal(&without(start, name).to_string()), missing);
    }
}
