//! Lines that are not taken: each is refused with a reason, and nothing changes.

mod world;

use serde_json::{Value, json};

use world::{NOW, Talk, answer, integrated_start, managed, password_start, token, with, without};

/// Every one of `lines` is refused at every point of a flow, and the flow goes on as if it had not been said.
fn are_refused_everywhere(lines: &[String]) {
    let mut talk = Talk::new();
    let mut plain = Talk::new();
    for line in [password_start(), timeout(), wait(), managed(), token(), password_start()] {
        for refused in lines {
            talk.refusal(refused);
        }
        assert_eq!(talk.say(&line), plain.say(&line));
    }
}

fn timeout() -> Value {
    json!({ "answer": "send", "now": NOW + 100, "failed": "timeout" })
}

fn wait() -> Value {
    json!({ "answer": "wait", "now": NOW + 1100 })
}

#[test]
fn what_is_not_a_json_object_is_refused() {
    let lines = [
        "",
        " ",
        "hello",
        "{",
        "[]",
        "null",
        "1",
        "\"start\"",
        "{}",
        "{} {}",
        "{'answer':'cache'}",
        "{\"now\":1}",
        "\u{feff}{\"answer\":\"cache\"}",
    ];
    are_refused_everywhere(&lines.map(str::to_owned));
}

#[test]
fn a_byte_order_mark_may_stand_before_the_first_line_alone() {
    let marked = "\u{feff}{\"answer\":\"cache\"}";
    let mut talk = Talk::new();
    assert_eq!(talk.raw(marked)["step"], "cache");
    talk.refusal(marked);
    // A first line that could not be taken was the first one, too.
    for first in [&b"\xff\xfe"[..], b"", "\u{feff}\u{feff}{\"answer\":\"cache\"}".as_bytes()] {
        let mut talk = Talk::new();
        assert!(talk.session.line_bytes(first).contains("refused"));
        talk.refusal(marked);
    }
}

#[test]
fn what_is_neither_a_start_nor_an_answer_is_refused() {
    are_refused_everywhere(&[
        json!({ "start": "username_password", "answer": "cache" }).to_string(),
        json!({ "start": 5 }).to_string(),
        json!({ "answer": ["cache"] }).to_string(),
        json!({ "answer": "cache", "now": NOW }).to_string(),
        json!({ "answer": "send!" }).to_string(),
        json!({ "answer": "sign", "now": NOW, "signature": "" }).to_string(),
        json!({ "start": "sing_in", "now": NOW }).to_string(),
        r#"{"answer":"cache","answer":"cache"}"#.to_owned(),
    ]);
}

#[test]
fn a_line_of_more_than_8_mib_is_refused() {
    let mut talk = Talk::new();
    let line = format!("{{\"answer\":\"cache\"{}}}", " ".repeat(entrada_json::LONGEST_LINE));
    assert_eq!(talk.refusal(&line), "the line is longer than 8 MiB");
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let mut talk = Talk::new();
    assert_eq!(
        talk.session.line_bytes(b"{\"answer\":\"cache\xff\"}"),
        r#"{"step":"refused","reason":"the line is not UTF-8"}"#
    );
    assert_eq!(talk.session.line_bytes(b"{\"answer\":\"cache\"}\r\n"), r#"{"step":"cache","cache":{}}"#);
}

#[test]
fn a_start_that_is_not_supported_yet_is_refused_by_name() {
    let mut talk = Talk::new();
    for name in [
        "device_code",
        "sign_in",
        "authorization_code",
        "client_credentials",
        "on_behalf_of",
        "silent",
        "refresh_token",
    ] {
        let reason = talk.refusal(&with(password_start(), "start", name).to_string());
        assert_eq!(reason, format!("the start {name:?} is not supported yet"));
    }
}

#[test]
fn an_option_that_the_flow_cannot_use_is_refused_by_name() {
    let mut talk = Talk::new();
    for name in [
        "client_secret",
        "client_certificate",
        "client_assertion",
        "fmi_path",
        "refresh_token",
        "account",
        "pending",
        "redirect_uri",
    ] {
        let reason = talk.refusal(&with(password_start(), name, "planted").to_string());
        assert_eq!(reason, format!("the start \"username_password\" cannot use the member {name:?}"));
    }
    let reason = talk.refusal(&with(integrated_start(), "password", "planted").to_string());
    assert_eq!(reason, "the start \"integrated_windows_auth\" cannot use the member \"password\"");
}

#[test]
fn a_start_with_an_unknown_member_is_refused() {
    let mut talk = Talk::new();
    let reason = talk.refusal(&with(password_start(), "scope", "user.read").to_string());
    assert_eq!(reason, "the start \"username_password\" has no member \"scope\"");
    let reason = talk.refusal(&with(password_start(), &"x".repeat(10_000), 1).to_string());
    assert!(reason.len() < 200);
}

#[test]
fn a_start_that_lacks_a_member_is_refused() {
    let mut talk = Talk::new();
    for name in ["client_id", "authority", "scopes", "username", "password", "now"] {
        let missing = format!("the member {name:?} is missing");
        assert_eq!(talk.refusal(&without(password_start(), name).to_string()), missing);
        assert_eq!(talk.refusal(&with(password_start(), name, Value::Null).to_string()), missing);
    }
}

#[test]
fn a_start_with_a_member_of_the_wrong_type_is_refused_without_its_value() {
    let mut talk = Talk::new();
    for (name, values) in [
        ("client_id", json!([1, ["planted"]])),
        ("authority", json!([true])),
        ("scopes", json!(["planted user.read", [1], {}])),
        ("username", json!([1])),
        ("password", json!([{ "x": "planted" }, ["planted"], 1])),
        ("now", json!(["planted", -1, 1.5, "1700000000000", true, 1e30])),
        ("seed", json!(["", "07", "planted", 7, "zz".repeat(32), "é".repeat(32), "07".repeat(33)])),
        ("claims", json!([{ "planted": 1 }, 1])),
        ("client_capabilities", json!(["planted", [1]])),
        ("extra_query_parameters", json!(["planted", [["a", "planted"]], { "planted": 1 }])),
        ("instance_discovery", json!(["planted", 0])),
        ("allow_http_loopback", json!(["true", 1])),
        ("correlation_id", json!([1])),
        ("login_hint", json!([1, "planted@contoso.com"])),
        ("federation_metadata", json!([{}])),
        ("client_info_headers", json!(["planted"])),
        ("cache", json!(["planted", [], 1, { "Account": "planted" }])),
    ] {
        for value in values.as_array().unwrap() {
            let reason = talk.refusal(&with(password_start(), name, value.clone()).to_string());
            assert!(reason.contains(&format!("the member {name:?}")), "{name} = {value}: {reason}");
        }
    }
    assert_eq!(talk.say(&json!({ "answer": "cache" }))["cache"], json!({}), "nothing was loaded");
    assert_eq!(talk.say(&password_start())["step"], "send", "and no flow was begun");
}

#[test]
fn an_answer_when_nothing_is_awaited_is_refused() {
    let mut talk = Talk::new();
    for line in [managed(), wait(), timeout()] {
        assert_eq!(talk.refusal(&line.to_string()), "no answer is awaited: a start is");
    }
    for line in [password_start(), managed(), token()] {
        talk.say(&line);
    }
    assert_eq!(talk.refusal(&token().to_string()), "no answer is awaited: a start is");
}

#[test]
fn a_start_while_a_flow_runs_is_refused_and_the_cache_stays() {
    let mut talk = Talk::new();
    talk.say(&password_start());
    let start = with(password_start(), "cache", json!({ "Account": { "planted": {} } }));
    assert_eq!(talk.refusal(&start.to_string()), "a flow is running: the answer \"send\" is awaited");
    assert_eq!(talk.say(&json!({ "answer": "cache" }))["cache"], json!({}));
    assert_eq!(talk.say(&managed())["request"]["method"], "POST");
}

#[test]
fn an_answer_of_the_wrong_kind_is_refused_and_the_right_one_still_awaited() {
    let mut talk = Talk::new();
    talk.say(&password_start());
    assert_eq!(talk.refusal(&wait().to_string()), "the answer \"send\" is awaited");
    assert_eq!(talk.say(&timeout())["step"], "wait");
    assert_eq!(talk.refusal(&managed().to_string()), "the answer \"wait\" is awaited");
    for unfit in [with(wait(), "now", "soon"), with(wait(), "status", 200), without(wait(), "now")] {
        talk.refusal(&unfit.to_string());
    }
    assert_eq!(talk.say(&wait())["step"], "send");
}

#[test]
fn an_unfit_answer_to_a_send_is_refused_and_a_fit_one_still_awaited() {
    let mut talk = Talk::new();
    talk.say(&password_start());
    let good = managed();
    let many: Vec<_> = (0..40_000).map(|at| json!([format!("x-{at}"), "b"])).collect();
    for unfit in [
        without(good.clone(), "now"),
        without(good.clone(), "status"),
        with(good.clone(), "now", -1),
        with(good.clone(), "status", "200"),
        with(good.clone(), "status", 99),
        with(good.clone(), "status", 1000),
        with(good.clone(), "status", 70_000),
        with(good.clone(), "body", json!({ "planted": 1 })),
        with(good.clone(), "body_base64", ""),
        with(without(good.clone(), "body"), "body_base64", "planted!"),
        with(without(good.clone(), "body"), "body_base64", "_w=="),
        with(good.clone(), "headers", json!({ "planted": "x" })),
        with(good.clone(), "headers", json!([["planted"]])),
        with(good.clone(), "headers", json!([["a", "planted", "c"]])),
        with(good.clone(), "headers", json!([["a b", "planted"]])),
        with(good.clone(), "headers", json!([["", "planted"]])),
        with(good.clone(), "headers", json!([["a", "planted\r\nb: c"]])),
        with(good.clone(), "headers", json!(many)),
        with(good.clone(), "failed", "timeout"),
        with(timeout(), "failed", "planted"),
        with(timeout(), "failed", 1),
        with(good.clone(), "detail", "planted"),
        answer(0, "a", "b"),
    ] {
        talk.refusal(&unfit.to_string());
    }
    assert_eq!(talk.say(&good)["request"]["method"], "POST");
}
