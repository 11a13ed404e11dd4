//! Lines that are not taken: each is refused with a reason, and nothing changes.

mod world;

use serde_json::{Value, json};

use world::{
    NOW, Talk, accounts_start, agent_start, answer, application_start, certificate, device_start,
    integrated_start, managed, on_behalf_of_start, password_start, pending, refresh_start, sign_out_start,
    silent_start, token, with, without,
};

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
fn an_option_that_the_flow_cannot_use_is_refused_by_name() {
    let mut talk = Talk::new();
    for (start, names) in [
        (
            password_start(),
            &["fmi_path", "region", "refresh_token", "account", "pending", "redirect_uri", "user_id"][..],
        ),
        (integrated_start(), &["password", "fmi_path", "assertion", "force_refresh"]),
        (device_start(), &["username", "fmi_path", "region", "credential"]),
        (application_start(), &["username", "assertion", "redirect"]),
        (on_behalf_of_start(), &["username", "region", "fmi_path", "refresh_token", "sign_in"]),
        (agent_start(), &["region", "assertion", "session_key"]),
        (refresh_start(), &["username", "assertion", "region", "force_refresh"]),
        (silent_start(), &["username", "session_key", "revoke", "every_cloud"]),
        (accounts_start(), &["tenant", "account", "force_refresh"]),
        (sign_out_start(), &["tenant", "every_cloud", "force_refresh"]),
    ] {
        for name in names {
            let reason = talk.refusal(&with(start.clone(), name, "planted").to_string());
            let flow = start["start"].as_str().unwrap();
            assert_eq!(reason, format!("the start {flow:?} cannot use the member {name:?}"));
        }
    }
}

#[test]
fn a_code_that_was_put_down_brings_its_own_options() {
    let mut talk = Talk::new();
    let start = with(without(device_start(), "scopes"), "pending", pending());
    for name in ["tenant", "fmi_path"] {
        let reason = talk.refusal(&with(start.clone(), name, "planted").to_string());
        assert_eq!(reason, format!("the start \"device_code\" cannot use the member {name:?}"));
    }
}

#[test]
fn the_common_options_are_common_to_every_start_and_read_as_strictly() {
    let texts = ["claims", "correlation_id", "login_hint", "federation_metadata"];
    for start in [device_start(), application_start(), accounts_start(), sign_out_start()] {
        for name in texts {
            let mut talk = Talk::new();
            let reason = talk.refusal(&with(start.clone(), name, json!(["planted"])).to_string());
            assert_eq!(reason, format!("the member {name:?} must be a text"));
        }
    }
    let mut start = accounts_start();
    for (name, value) in [
        ("scopes", json!(["user.read"])),
        ("claims", json!("{}")),
        ("login_hint", json!("joe@contoso.com")),
        ("extra_query_parameters", json!({ "dc": "x" })),
        ("federation_metadata", json!("no document")),
    ] {
        start = with(start, name, value);
    }
    assert_eq!(Talk::new().say(&start)["step"], "done");
}

#[test]
fn an_application_has_one_credential() {
    let mut talk = Talk::new();
    let credentials = [
        ("client_secret", json!("planted")),
        ("client_certificate", certificate()),
        ("client_assertion", json!("planted")),
    ];
    for (at, (one, _)) in credentials.iter().enumerate() {
        for (other, _) in &credentials[at + 1..] {
            let mut start = without(application_start(), "client_secret");
            for (name, value) in &credentials {
                if name == one || name == other {
                    start[*name] = value.clone();
                }
            }
            let reason = talk.refusal(&start.to_string());
            assert_eq!(reason, format!("the members {one:?} and {other:?} exclude each other"));
        }
    }
    let agent = with(agent_start(), "username", "ann@contoso.com");
    assert_eq!(
        talk.refusal(&agent.to_string()),
        "the members \"user_id\" and \"username\" exclude each other"
    );
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
    for (start, name) in [
        (device_start(), "scopes"),
        (application_start(), "scopes"),
        (refresh_start(), "refresh_token"),
        (agent_start(), "credential"),
        (silent_start(), "account"),
        (silent_start(), "scopes"),
        (sign_out_start(), "account"),
    ] {
        let missing = format!("the member {name:?} is missing");
        assert_eq!(talk.refusal(&without(start, name).to_string()), missing);
    }
    let reason = talk.refusal(&without(agent_start(), "user_id").to_string());
    assert_eq!(reason, "the member \"user_id\" or \"username\" is missing");
    let reason = talk.refusal(&without(on_behalf_of_start(), "assertion").to_string());
    assert_eq!(reason, "the member \"assertion\" or \"session_key\" is missing");
}

#[test]
fn an_account_is_named_in_one_way() {
    let mut talk = Talk::new();
    let both = json!({ "home_account_id": "planted", "username": "planted" });
    for account in [
        json!("planted"),
        json!(["planted"]),
        json!({}),
        both,
        json!({ "id": "planted" }),
        json!({ "username": 1 }),
    ] {
        let reason = talk.refusal(&with(silent_start(), "account", account.clone()).to_string());
        assert!(reason.ends_with("must be an object with \"home_account_id\" or \"username\""), "{reason}");
        let reason = talk.refusal(&with(sign_out_start(), "account", account).to_string());
        assert!(reason.ends_with("must be an object with \"home_account_id\""), "{reason}");
    }
    let by_name = json!({ "username": "ann@contoso.com" });
    talk.refusal(&with(sign_out_start(), "account", by_name).to_string());
}

#[test]
fn a_credential_of_the_wrong_form_is_refused_without_its_value() {
    let mut talk = Talk::new();
    for (name, values) in [
        ("client_secret", json!([1, true, ["planted"], { "planted": 1 }])),
        ("client_assertion", json!([1, false, ["planted"], { "planted": 1 }])),
        (
            "client_certificate",
            json!([
                "planted",
                true,
                {},
                { "certificate": "AAAA" },
                { "key": "planted" },
                { "certificate": "", "key": "planted" },
                { "certificate": "planted!", "key": "planted" },
                { "certificate": "AAAA", "key": "planted", "send_x5c": "yes" },
                { "certificate": "AAAA", "key": "planted", "chain": "AAAA" },
                { "certificate": "AAAA", "key": "planted", "chain": [""] },
                { "certificate": "AAAA", "key": "planted", "password": "planted" },
            ]),
        ),
    ] {
        for value in values.as_array().unwrap() {
            let start = with(without(application_start(), "client_secret"), name, value.clone());
            let reason = talk.refusal(&start.to_string());
            assert!(reason.contains(&format!("the member {name:?} must be")), "{name} = {value}: {reason}");
        }
    }
    for (name, values) in [
        ("authority_kind", json!(["planted", "entra", "OIDC", 1])),
        ("region", json!([1, ["planted"]])),
        ("tenant", json!([1, ["planted"]])),
        ("fmi_path", json!([1])),
    ] {
        for value in values.as_array().unwrap() {
            let reason = talk.refusal(&with(application_start(), name, value.clone()).to_string());
            assert!(reason.contains(&format!("the member {name:?} must be")), "{name} = {value}: {reason}");
        }
    }
    for value in [json!("planted"), json!({}), json!({ "planted": 1 }), with(pending(), "planted", 1)] {
        let start = with(without(device_start(), "scopes"), "pending", value);
        let reason = talk.refusal(&start.to_string());
        assert_eq!(reason, "the member \"pending\" must be what a prompt held as \"pending\"");
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
