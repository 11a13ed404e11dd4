//! Every start beside the two that have a federation server, from its line to its token.

mod world;

use serde_json::{Value, json};

use world::{
    ACCESS_TOKEN, NOW, Talk, agent_start, answer, application_start, application_token, certificate,
    device_authorization, device_start, form, names, on_behalf_of_start, password_start, pending,
    refresh_start, refusal, token, with, without,
};

fn at(line: Value, now: u64) -> Value {
    with(line, "now", now)
}

fn time(name: &str, now: u64) -> Value {
    json!({ "answer": name, "now": now })
}

const TOKEN: &str = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token";

#[test]
fn a_device_code_is_shown_waited_for_and_redeemed() {
    let mut talk = Talk::new();
    let ask = talk.say(&device_start());
    let request = &ask["request"];
    assert_eq!(request["url"], "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/devicecode");

    let ask = talk.say(&device_authorization());
    assert_eq!(names(&ask), ["prompt", "step"]);
    let prompt = &ask["prompt"];
    let expires_at = NOW + 100 + 900_000;
    assert_eq!(
        *prompt,
        json!({
            "user_code": "ABCD1234", "verification_uri": "https://microsoft.com/devicelogin",
            "verification_uri_complete": null, "message": "go there", "expires_at": expires_at,
            "pending": {
                "authority": "https://login.microsoftonline.com/contoso.com/", "client_id": "app",
                "scopes": ["user.read"], "correlation_id": prompt["pending"]["correlation_id"],
                "device_code": "planted.device.code", "interval_ms": 5000, "expires_at": expires_at
            }
        })
    );

    let ask = talk.say(&time("show", NOW + 200));
    assert_eq!(ask, json!({ "step": "wait", "until": NOW + 5200 }));
    let ask = talk.say(&time("wait", NOW + 5200));
    assert_eq!(ask["request"]["url"], TOKEN);
    assert_eq!(form(&ask["request"], "device_code").as_deref(), Some("planted.device.code"));

    let ask = talk.say(&at(refusal("authorization_pending"), NOW + 5300));
    assert_eq!(ask, json!({ "step": "wait", "until": NOW + 10_300 }));
    talk.say(&time("wait", NOW + 10_300));
    let ask = talk.say(&at(token(), NOW + 10_400));
    assert_eq!((&ask["step"], &ask["result"]["access_token"]), (&json!("done"), &json!(ACCESS_TOKEN)));
    assert_eq!(ask["result"]["account"]["username"], "ann@contoso.com");
}

#[test]
fn another_session_takes_up_a_device_code_that_was_put_down() {
    let mut first = Talk::new();
    first.say(&device_start());
    let shown = first.say(&device_authorization())["prompt"]["pending"].clone();
    drop(first);

    let mut talk = Talk::new();
    let start = with(without(device_start(), "scopes"), "pending", shown.clone());
    let ask = talk.say(&at(start.clone(), NOW + 60_000));
    assert_eq!(ask, json!({ "step": "wait", "until": NOW + 65_000 }), "the interval goes along");
    talk.say(&time("wait", NOW + 65_000));
    let ask = talk.say(&at(token(), NOW + 65_100));
    assert_eq!(ask["step"], "done");
    assert_eq!(ask["result"]["correlation_id"], shown["correlation_id"]);

    let ask = talk.say(&with(start.clone(), "client_id", "another"));
    assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("invalid_argument")));
    let ask = talk.say(&at(start, NOW + 900_000));
    assert_eq!(ask["error"]["code"], "code_expired");
}

#[test]
fn a_declined_code_is_a_failure_and_the_session_goes_on() {
    let mut talk = Talk::new();
    talk.say(&with(without(device_start(), "scopes"), "pending", pending()));
    talk.say(&time("wait", NOW + 5000));
    let ask = talk.say(&refusal("authorization_declined"));
    assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("authorization_declined")));
    assert_eq!(talk.say(&password_start())["step"], "send");
}

#[test]
fn an_application_gets_a_token_for_itself_with_a_secret() {
    let mut talk = Talk::new();
    let ask = talk.say(&application_start());
    let request = &ask["request"];
    assert_eq!(request["url"], TOKEN);
    assert_eq!(form(request, "grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(form(request, "client_secret").as_deref(), Some("planted%7Esecret%2Bof%2Fapp"));
    let ask = talk.say(&application_token());
    let result = &ask["result"];
    assert_eq!((&ask["step"], &result["access_token"]), (&json!("done"), &json!(ACCESS_TOKEN)));
    assert_eq!((&result["account"], &result["id_token_claims"]), (&Value::Null, &Value::Null));
    assert_eq!(result["scopes"], json!(["https://graph.microsoft.com/.default"]));
}

#[test]
fn an_application_acts_for_the_user_who_called_it() {
    let mut talk = Talk::new();
    let ask = talk.say(&on_behalf_of_start());
    let request = &ask["request"];
    assert_eq!(form(request, "assertion").as_deref(), Some("planted.caller.token"));
    assert_eq!(form(request, "requested_token_use").as_deref(), Some("on_behalf_of"));
    assert_eq!(talk.say(&token())["result"]["account"]["username"], "ann@contoso.com");
}

#[test]
fn a_refresh_token_from_elsewhere_serves_both_sorts_of_application() {
    for (start, secret) in [
        (refresh_start(), None),
        (with(refresh_start(), "client_secret", "planted-own"), Some("planted-own")),
    ] {
        let mut talk = Talk::new();
        let ask = talk.say(&start);
        assert_eq!(form(&ask["request"], "refresh_token").as_deref(), Some("planted.old.refresh"));
        assert_eq!(form(&ask["request"], "client_secret").as_deref(), secret);
        assert_eq!(talk.say(&token())["step"], "done");
        let told = talk.say(&json!({ "answer": "cache" }));
        assert!(told["cache"]["RefreshToken"].to_string().contains("planted.refresh.token"));
    }
}

#[test]
fn a_credential_vouches_for_a_user_by_identifier_or_by_name() {
    for (name, value) in [("user_id", "oid-1"), ("username", "ann@contoso.com")] {
        let mut talk = Talk::new();
        let ask = talk.say(&with(without(agent_start(), "user_id"), name, value));
        let request = &ask["request"];
        assert_eq!(form(request, "grant_type").as_deref(), Some("user_fic"));
        let given = form(request, "user_federated_identity_credential");
        assert_eq!(given.as_deref(), Some("planted.user.credential"));
        assert_eq!(form(request, name).unwrap().replace("%40", "@"), value);
        assert_eq!(form(request, "client_assertion").as_deref(), Some("planted.agent.assertion"));
        assert_eq!(talk.say(&token())["step"], "done");
    }
}

#[test]
fn an_agent_gets_its_users_token_in_three_legs() {
    let mut talk = Talk::new();
    let start = without(with(agent_start(), "start", "agent_user"), "credential");
    let start = without(with(start, "agent_id", "the-agent"), "client_assertion");
    let ask = talk.say(&with(start, "client_secret", "planted-own"));
    let request = &ask["request"];
    assert_eq!(form(request, "fmi_path").as_deref(), Some("the-agent"));
    assert_eq!(form(request, "client_secret").as_deref(), Some("planted-own"));
    let ask = talk.say(&application_token());
    assert_eq!(form(&ask["request"], "client_id").as_deref(), Some("the-agent"));
    let ask = talk.say(&application_token());
    assert_eq!(form(&ask["request"], "grant_type").as_deref(), Some("user_fic"));
    assert_eq!(form(&ask["request"], "user_id").as_deref(), Some("oid-1"));
    assert_eq!(talk.say(&token())["step"], "done");
}

#[test]
fn a_confidential_application_may_sign_a_user_in_with_a_password() {
    let mut talk = Talk::new();
    talk.say(&with(password_start(), "client_secret", "planted-own"));
    let ask = talk.say(&world::managed());
    assert_eq!(form(&ask["request"], "client_secret").as_deref(), Some("planted-own"));
}

#[test]
fn an_application_of_the_wrong_sort_is_a_failure_before_any_request() {
    let mut talk = Talk::new();
    for start in [
        with(world::integrated_start(), "client_secret", "planted"),
        with(device_start(), "client_certificate", certificate()),
        with(without(device_start(), "scopes"), "pending", pending())
            .as_object()
            .map(|start| with(Value::Object(start.clone()), "client_assertion", true))
            .unwrap(),
        without(application_start(), "client_secret"),
        without(on_behalf_of_start(), "client_secret"),
        without(agent_start(), "client_assertion"),
    ] {
        let ask = talk.say(&start);
        let error = (&ask["step"], &ask["error"]["code"]);
        assert_eq!(error, (&json!("failed"), &json!("client_type_not_supported")), "{start}");
        assert!(!ask.to_string().contains("planted"), "{ask}");
    }
}

#[test]
fn the_options_of_a_call_reach_the_wire() {
    let mut talk = Talk::new();
    let mut start = application_start();
    for (name, value) in [
        ("authority", json!("https://login.microsoftonline.com/common")),
        ("tenant", json!("fabrikam.com")),
        ("region", json!("westeurope")),
        ("fmi_path", json!("agent/one")),
        ("client_capabilities", json!(["cp1"])),
    ] {
        start[name] = value;
    }
    let ask = talk.say(&start);
    let request = &ask["request"];
    assert_eq!(request["url"], "https://westeurope.login.microsoft.com/fabrikam.com/oauth2/v2.0/token");
    assert_eq!(form(request, "fmi_path").as_deref(), Some("agent%2Fone"));
    assert!(form(request, "claims").unwrap().contains("cp1"));
    talk.say(&application_token());

    let ask = talk.say(&with(refresh_start(), "login_hint", "ann@contoso.com"));
    assert_eq!(world::header(&ask["request"], "x-anchormailbox"), Some("UPN:ann@contoso.com"));
    talk.say(&token());

    for (name, value) in [("region", "a b"), ("tenant", "a/b")] {
        let ask = talk.say(&with(application_start(), name, value));
        assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("invalid_argument")));
    }
}

#[test]
fn any_openid_provider_is_an_authority_if_it_is_said_so() {
    let mut talk = Talk::new();
    let start = with(application_start(), "authority", "https://id.example/realms/one");
    let ask = talk.say(&with(start, "authority_kind", "oidc"));
    assert_eq!(ask["request"]["url"], "https://id.example/realms/one/.well-known/openid-configuration");
    let metadata = json!({
        "issuer": "https://id.example/realms/one", "token_endpoint": "https://id.example/token",
        "authorization_endpoint": "https://id.example/authorize"
    });
    let ask = talk.say(&answer(200, "application/json", &metadata.to_string()));
    assert_eq!(ask["request"]["url"], "https://id.example/token");
    assert_eq!(talk.say(&application_token())["step"], "done");
}

#[test]
fn what_one_flow_learns_of_a_provider_serves_the_next() {
    let mut talk = Talk::new();
    let start = with(application_start(), "authority", "https://id.example");
    let start = with(start, "authority_kind", "oidc");
    talk.say(&start);
    let metadata = json!({
        "issuer": "https://id.example", "token_endpoint": "https://id.example/token",
        "authorization_endpoint": "https://id.example/authorize"
    });
    talk.say(&answer(200, "application/json", &metadata.to_string()));
    talk.say(&application_token());
    let start = with(at(start, NOW + 1000), "force_refresh", true);
    assert_eq!(talk.say(&start)["request"]["url"], "https://id.example/token", "no document is fetched");
    talk.say(&application_token());
    // A cache that is brought replaces the tokens alone.
    let ask = talk.say(&with(start, "cache", json!({})));
    assert_eq!(ask["request"]["url"], "https://id.example/token");
}

#[test]
fn a_service_that_asked_to_be_left_alone_is_not_asked_again() {
    let mut talk = Talk::new();
    talk.say(&refresh_start());
    let busy = with(refusal("temporarily_unavailable"), "status", 429);
    let busy = with(busy, "headers", json!([["retry-after", "60"]]));
    assert_eq!(talk.say(&busy)["step"], "failed");
    let ask = talk.say(&at(refresh_start(), NOW + 1000));
    assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("request_throttled")));
    assert_eq!(talk.say(&at(refresh_start(), NOW + 61_000))["step"], "send");
}
