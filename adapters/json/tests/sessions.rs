//! Whole conversations, line by line.

mod world;

use serde_json::{Value, json};

use world::{
    ACCESS_TOKEN, NOW, Talk, answer, assertion, federated, form, header, integrated_start, managed, metadata,
    names, password_start, token, with, without,
};

#[test]
fn a_managed_user_gets_a_token_with_a_password() {
    let mut talk = Talk::new();
    let ask = talk.say(&password_start());
    assert_eq!(names(&ask), ["request", "step"]);
    let request = &ask["request"];
    assert_eq!(
        names(request),
        ["auth", "body", "headers", "method", "response_limit", "timeout_ms", "url"],
        "no service where none is named"
    );
    assert_eq!(request["method"], "GET");
    assert_eq!(
        request["url"],
        "https://login.microsoftonline.com/common/userrealm/ann@contoso.com?api-version=1.0"
    );
    assert_eq!((&request["body"], &request["auth"]), (&json!(""), &json!("none")));
    assert_eq!((&request["response_limit"], &request["timeout_ms"]), (&json!(1_048_576), &json!(30_000)));

    let ask = talk.say(&managed());
    let request = &ask["request"];
    assert_eq!(request["method"], "POST");
    assert_eq!(request["url"], "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token");
    assert_eq!(header(request, "content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(form(request, "password").as_deref(), Some("p%3C%26%3Ew0rd+planted"));

    let ask = talk.say(&token());
    assert_eq!(ask["step"], "done");
    assert_eq!(
        ask["result"],
        json!({
            "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_on": NOW + 100 + 3_599_000,
            "scopes": ["user.read", "openid"],
            "account": {
                "home_account_id": "uid-1.utid-1", "environment": "login.windows.net", "tenant_id": "tid-1",
                "local_account_id": "oid-1", "username": "ann@contoso.com", "name": "Ann"
            },
            "id_token_claims": {
                "oid": "oid-1", "tid": "tid-1", "preferred_username": "ann@contoso.com", "name": "Ann"
            },
            "token_source": "identity_provider",
            "correlation_id": ask["result"]["correlation_id"]
        })
    );
    assert_eq!(header(request, "client-request-id"), ask["result"]["correlation_id"].as_str());
}

#[test]
fn a_federated_user_gets_a_token_with_no_password() {
    let mut talk = Talk::new();
    talk.say(&integrated_start());
    let ask = talk.say(&federated());
    assert_eq!(ask["request"]["url"], "https://sts.contoso.com/adfs/services/trust/mex");
    let ask = talk.say(&metadata());
    let request = &ask["request"];
    assert_eq!(request["url"], "https://sts.contoso.com/adfs/services/trust/13/windowstransport");
    assert_eq!(
        (&request["auth"], &request["service"]),
        (&json!("negotiate"), &json!("HTTP/sts.contoso.com"))
    );
    assert!(request["body"].as_str().unwrap().contains("Envelope"));
    let ask = talk.say(&assertion());
    let request = &ask["request"];
    assert_eq!(
        form(request, "grant_type").as_deref(),
        Some("urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Asaml1_1-bearer")
    );
    assert_eq!((&request["auth"], request.get("service")), (&json!("none"), None));
    let ask = talk.say(&token());
    assert_eq!(ask["result"]["access_token"], ACCESS_TOKEN);
}

#[test]
fn headers_are_sorted_and_in_lower_case() {
    let ask = Talk::new().say(&password_start());
    let pairs = ask["request"]["headers"].as_array().unwrap();
    let headers: Vec<_> = pairs.iter().map(|pair| pair[0].as_str().unwrap().to_owned()).collect();
    let mut sorted: Vec<_> = headers.iter().map(|name| name.to_lowercase()).collect();
    sorted.sort();
    assert_eq!(headers, sorted);
    assert!(sorted.contains(&"x-client-sku".to_owned()));
}

#[test]
fn the_same_seed_gives_the_same_asks() {
    let conversation = |seed: &str| -> Vec<Value> {
        let mut talk = Talk::new();
        let start = with(integrated_start(), "seed", seed);
        [start, federated(), metadata(), assertion(), token()].iter().map(|line| talk.say(line)).collect()
    };
    assert_eq!(conversation(&"ab".repeat(32)), conversation(&"AB".repeat(32)));
    assert_ne!(conversation(&"ab".repeat(32)), conversation(&"ac".repeat(32)));
}

#[test]
fn a_seed_is_drawn_only_for_a_flow_that_starts_without_one() {
    let mut talk = Talk::new();
    let drawn = std::sync::Arc::clone(&talk.drawn);
    let drawn = || drawn.load(std::sync::atomic::Ordering::Relaxed);
    talk.refusal(&with(without(password_start(), "seed"), "unknown", 1).to_string());
    talk.say(&password_start());
    talk.say(&answer(404, "text/plain", ""));
    assert_eq!(drawn(), 0);
    let first = talk.say(&without(password_start(), "seed"));
    assert_eq!(drawn(), 1);
    talk.say(&answer(404, "text/plain", ""));
    let second = talk.say(&without(password_start(), "seed"));
    assert_ne!(first, second);
}

#[test]
fn a_session_without_randomness_takes_a_seed() {
    let mut session = entrada_json::Session::new(|| Err(std::io::Error::other("none today")));
    let ask = session.line(&without(password_start(), "seed").to_string());
    assert_eq!(ask, r#"{"step":"refused","reason":"no randomness could be drawn: give a seed"}"#);
    assert!(session.line(&password_start().to_string()).starts_with(r#"{"step":"send""#));
}

#[test]
fn the_cache_is_told_at_any_time_and_what_was_asked_stands() {
    let mut talk = Talk::new();
    let cache = json!({ "answer": "cache" });
    let empty = json!({ "step": "cache", "cache": {} });
    assert_eq!(talk.say(&cache), empty);
    talk.say(&password_start());
    assert_eq!(talk.say(&cache), empty);
    let ask = talk.say(&managed());
    assert_eq!(ask["request"]["method"], "POST");
    assert_eq!(talk.say(&cache), empty);
    assert_eq!(talk.say(&token())["step"], "done");
    let told = talk.say(&cache);
    let secrets: Vec<_> = ["AccessToken", "RefreshToken", "IdToken"]
        .into_iter()
        .flat_map(|section| told["cache"][section].as_object().unwrap().values())
        .map(|item| item["secret"].as_str().unwrap())
        .collect();
    assert_eq!(secrets, [ACCESS_TOKEN, "planted.refresh.token", world::ID_TOKEN]);
    let account = told["cache"]["Account"].as_object().unwrap().values().next().unwrap();
    assert_eq!((&account["username"], &account["realm"]), (&json!("ann@contoso.com"), &json!("tid-1")));
}

#[test]
fn the_cache_outlives_a_flow_and_a_start_may_bring_one() {
    let mut talk = Talk::new();
    for line in [password_start(), managed(), token(), password_start()] {
        talk.say(&line);
    }
    let cache = json!({ "answer": "cache" });
    let kept = talk.say(&cache);
    assert!(kept["cache"]["AccessToken"].is_object());
    talk.say(&answer(400, "text/plain", ""));
    assert_eq!(talk.say(&cache), kept, "a failed flow leaves it as it was");
    let brought = json!({ "Unknown": { "x": 1 }, "AccessToken": {} });
    talk.say(&with(password_start(), "cache", brought.clone()));
    assert_eq!(talk.say(&cache)["cache"], brought);
    talk.say(&managed());
    talk.say(&token());
    let told = talk.say(&cache);
    assert_eq!(told["cache"]["Unknown"], json!({ "x": 1 }));
    assert_eq!(told["cache"]["AccessToken"].as_object().unwrap().len(), 1);
}

#[test]
fn a_wait_that_is_answered_early_is_asked_for_again() {
    let mut talk = Talk::new();
    talk.say(&password_start());
    let ask = talk.say(&json!({ "answer": "send", "now": NOW + 100, "failed": "timeout" }));
    assert_eq!(ask, json!({ "step": "wait", "until": NOW + 1100 }));
    assert_eq!(talk.say(&json!({ "answer": "wait", "now": NOW + 1099 })), ask);
    let ask = talk.say(&json!({ "answer": "wait", "now": NOW + 1100 }));
    assert_eq!(ask["request"]["method"], "GET");
}

#[test]
fn a_failure_names_code_kind_remedy_and_no_more() {
    let mut talk = Talk::new();
    talk.say(&password_start());
    talk.say(&managed());
    let body = json!({
        "error": "invalid_grant", "error_description": "AADSTS50076: second factor", "error_codes": [50076],
        "suberror": "basic_action", "claims": "{\"access_token\":{}}"
    });
    let ask = talk.say(&answer(400, "application/json", &body.to_string()));
    let error = &ask["error"];
    assert_eq!(names(&ask), ["error", "step"]);
    assert_eq!(
        names(error),
        [
            "claims",
            "code",
            "correlation_id",
            "error_codes",
            "kind",
            "message",
            "remedy",
            "status",
            "suberror"
        ]
    );
    assert_eq!((&error["code"], &error["kind"]), (&json!("invalid_grant"), &json!("claims_challenge")));
    assert_eq!((&error["status"], &error["error_codes"]), (&json!(400), &json!([50076])));
    assert_eq!(
        (&error["suberror"], &error["claims"]),
        (&json!("basic_action"), &json!("{\"access_token\":{}}"))
    );
    assert!(!error["remedy"].as_str().unwrap().is_empty());
    assert!(!error["message"].as_str().unwrap().is_empty());
}

#[test]
fn what_the_core_objects_to_is_a_failure_and_no_refusal() {
    let mut talk = Talk::new();
    for (start, code) in [
        (
            with(integrated_start(), "authority", "https://login.microsoftonline.com/common"),
            "invalid_request",
        ),
        (with(integrated_start(), "authority", "http://127.0.0.1/contoso.com"), "invalid_authority"),
        (without(integrated_start(), "username"), "unknown_user"),
        (with(integrated_start(), "scopes", json!(["a b"])), "invalid_argument"),
        (with(password_start(), "claims", "[]"), "invalid_argument"),
        (with(password_start(), "correlation_id", "a\nb"), "invalid_argument"),
    ] {
        let ask = talk.say(&start);
        assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!(code)), "{start}");
        assert_eq!(ask["error"]["status"], Value::Null);
        assert_eq!(ask["error"]["error_codes"], json!([]));
    }
}

#[test]
fn every_kind_of_transport_failure_has_its_code() {
    for (kind, code) in [
        ("connect", "connection_failed"),
        ("tls", "tls_failed"),
        ("too_large", "response_too_large"),
        ("negotiate", "integrated_windows_authentication_failed"),
        ("other", "network_error"),
    ] {
        let mut talk = Talk::new();
        talk.say(&password_start());
        let ask = talk.say(&json!({ "answer": "send", "now": NOW, "failed": kind }));
        assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!(code)));
        // Without a ticket the user can sign in another way.
        assert_eq!(ask["error"]["kind"], if kind == "negotiate" { "ui_required" } else { "transport" });
    }
}

#[test]
fn a_body_above_the_limit_counts_as_too_large() {
    let mut talk = Talk::new();
    talk.say(&password_start());
    let ask = talk.say(&answer(200, "application/json", &" ".repeat(1_048_577)));
    assert_eq!(ask["error"]["code"], "response_too_large");
}

#[test]
fn a_body_in_base64_is_read_as_its_bytes() {
    let mut talk = Talk::new();
    talk.say(&password_start());
    // {"account_type":"Managed"}, then bytes that are not UTF-8
    let ask = talk.say(&json!({ "answer": "send", "now": NOW, "status": 200, "headers": [],
                                "body_base64": "eyJhY2NvdW50X3R5cGUiOiJNYW5hZ2VkIn0=" }));
    assert_eq!(ask["step"], "send");
    let ask = talk.say(&json!({ "answer": "send", "now": NOW, "status": 200, "body_base64": "//79" }));
    assert_eq!(ask["error"]["code"], "json_parse_failed");
}

#[test]
fn every_common_option_reaches_the_wire() {
    let mut talk = Talk::new();
    let mut start = password_start();
    for (name, value) in [
        ("authority", json!("http://127.0.0.1:8080/contoso.com")),
        ("allow_http_loopback", json!(true)),
        ("instance_discovery", json!(false)),
        ("claims", json!(r#"{"id_token":{"x":null}}"#)),
        ("client_capabilities", json!(["cp1"])),
        ("extra_query_parameters", json!({ "slice": "testslice" })),
        ("correlation_id", json!("my-own-id")),
        ("login_hint", json!("Ann@Contoso.com")),
        ("client_info_headers", json!(false)),
        ("federation_metadata", Value::Null),
    ] {
        start[name] = value;
    }
    let ask = talk.say(&start);
    assert_eq!(
        ask["request"]["url"],
        "http://127.0.0.1:8080/common/userrealm/ann@contoso.com?api-version=1.0"
    );
    assert_eq!(header(&ask["request"], "x-client-sku"), None);
    assert_eq!(header(&ask["request"], "client-request-id"), Some("my-own-id"));
    let ask = talk.say(&managed());
    assert!(ask["request"]["url"].as_str().unwrap().ends_with("/token?slice=testslice"));
    let claims = form(&ask["request"], "claims").unwrap();
    assert!(claims.contains("id_token") && claims.contains("cp1"), "{claims}");
}

#[test]
fn extra_query_parameters_keep_the_order_of_the_line() {
    let mut talk = Talk::new();
    let start = password_start().to_string();
    let start = start.replacen('{', r#"{"extra_query_parameters":{"z":"1","a":"2 3","m":"&"},"#, 1);
    talk.raw(&start);
    let ask = talk.say(&managed());
    assert!(ask["request"]["url"].as_str().unwrap().ends_with("/token?z=1&a=2+3&m=%26"), "{ask}");
}

#[test]
fn a_supplied_metadata_document_skips_the_fetch() {
    let mut talk = Talk::new();
    let document = metadata()["body"].clone();
    talk.say(&with(integrated_start(), "federation_metadata", document));
    let ask = talk.say(&federated());
    assert_eq!(ask["request"]["url"], "https://sts.contoso.com/adfs/services/trust/13/windowstransport");
}

#[test]
fn an_unknown_host_is_confirmed_first_unless_that_is_switched_off() {
    let start = with(password_start(), "authority", "https://login.example/contoso.com");
    let ask = Talk::new().say(&start);
    assert!(ask["request"]["url"].as_str().unwrap().contains("/common/discovery/instance?"));
    let ask = Talk::new().say(&with(start, "instance_discovery", false));
    assert!(ask["request"]["url"].as_str().unwrap().starts_with("https://login.example/common/userrealm/"));
}

#[test]
fn a_session_can_move_to_another_thread() {
    let mut talk = Talk::new();
    let ask = talk.say(&password_start());
    let mut talk = std::thread::spawn(move || {
        assert_eq!(talk.say(&managed())["step"], "send");
        talk
    })
    .join()
    .unwrap();
    assert_eq!((ask["step"].as_str(), talk.say(&token())["step"].as_str()), (Some("send"), Some("done")));
}
