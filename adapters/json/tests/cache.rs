//! What one flow keeps for the next: silent calls, long-running calls, accounts, sign-out.

mod world;

use serde_json::{Value, json};

use world::{
    ACCESS_TOKEN, HOME, NOW, Talk, accounts_start, answer, application_start, application_token, form,
    managed, names, on_behalf_of_start, password_start, refusal, sign_out_start, silent_start, token, with,
    without,
};

/// A session in which Ann has signed in.
fn signed_in() -> Talk {
    let mut talk = Talk::new();
    for line in [password_start(), managed(), token()] {
        talk.say(&line);
    }
    talk
}

fn cache(talk: &mut Talk) -> Value {
    talk.say(&json!({ "answer": "cache" }))["cache"].clone()
}

fn at(line: Value, now: u64) -> Value {
    with(line, "now", now)
}

const HOUR: u64 = 3_600_000;

#[test]
fn a_silent_call_is_answered_from_the_cache_at_once() {
    let mut talk = signed_in();
    for account in [json!({ "home_account_id": HOME }), json!({ "username": "ANN@contoso.com" })] {
        let ask = talk.say(&with(silent_start(), "account", account));
        let result = &ask["result"];
        assert_eq!((&ask["step"], &result["access_token"]), (&json!("done"), &json!(ACCESS_TOKEN)));
        assert_eq!(result["token_source"], "cache");
        assert_eq!(result["account"]["username"], "ann@contoso.com");
        assert_eq!(result["id_token_claims"]["oid"], "oid-1");
    }
}

#[test]
fn an_expired_token_is_replaced_with_the_refresh_token() {
    let mut talk = signed_in();
    let ask = talk.say(&at(silent_start(), NOW + HOUR));
    assert_eq!(form(&ask["request"], "refresh_token").as_deref(), Some("planted.refresh.token"));
    let ask = talk.say(&at(token(), NOW + HOUR));
    assert_eq!((&ask["step"], &ask["result"]["token_source"]), (&json!("done"), &json!("identity_provider")));
}

#[test]
fn a_new_token_is_got_where_that_is_asked_for() {
    for (start, reply) in [
        (silent_start(), token()),
        (application_start(), application_token()),
        (on_behalf_of_start(), token()),
    ] {
        let mut talk = if start["start"] == "silent" { signed_in() } else { Talk::new() };
        if start["start"] != "silent" {
            talk.say(&start);
            talk.say(&reply);
        }
        let ask = talk.say(&with(start.clone(), "force_refresh", false));
        assert_eq!(ask["result"]["token_source"], "cache", "{start}");
        let ask = talk.say(&with(start.clone(), "force_refresh", true));
        assert_eq!(ask["step"], "send", "{start}");
        assert_eq!(talk.say(&reply)["result"]["token_source"], "identity_provider");
    }
}

#[test]
fn a_silent_call_that_the_user_must_help_fails_with_the_members_of_every_error() {
    let mut talk = Talk::new();
    for (account, code) in [
        (json!({ "home_account_id": "nobody" }), "no_tokens_found"),
        (json!({ "username": "nobody" }), "no_account_for_login_hint"),
    ] {
        let ask = talk.say(&with(silent_start(), "account", account));
        let error = &ask["error"];
        assert_eq!((&error["code"], &error["kind"]), (&json!(code), &json!("ui_required")));
        assert_eq!(names(error).len(), 9, "{error}");
    }
    let mut talk = signed_in();
    talk.say(&at(silent_start(), NOW + HOUR));
    let ask = talk.say(&at(refusal("interaction_required"), NOW + HOUR));
    assert_eq!((&ask["step"], &ask["error"]["kind"]), (&json!("failed"), &json!("ui_required")));
}

#[test]
fn an_application_serves_itself_from_the_cache() {
    let mut talk = Talk::new();
    talk.say(&application_start());
    talk.say(&application_token());
    let ask = talk.say(&application_start());
    assert_eq!(ask["result"]["token_source"], "cache");
}

#[test]
fn a_long_running_call_goes_on_with_its_key_alone() {
    let mut talk = Talk::new();
    let begun = with(on_behalf_of_start(), "session_key", "the session");
    let goes_on = without(begun.clone(), "assertion");
    let ask = talk.say(&goes_on);
    assert_eq!(ask["error"]["code"], "obo_cache_key_not_in_cache_error");

    let ask = talk.say(&begun);
    assert_eq!(form(&ask["request"], "assertion").as_deref(), Some("planted.caller.token"));
    talk.say(&token());
    let ask = talk.say(&goes_on);
    assert_eq!(ask["result"]["token_source"], "cache");
    let ask = talk.say(&at(goes_on.clone(), NOW + HOUR));
    assert_eq!(form(&ask["request"], "refresh_token").as_deref(), Some("planted.refresh.token"));
    assert_eq!(talk.say(&at(token(), NOW + HOUR))["step"], "done");

    let other = with(goes_on, "session_key", "another");
    assert_eq!(talk.say(&other)["error"]["code"], "obo_cache_key_not_in_cache_error");
    assert_eq!(talk.say(&on_behalf_of_start())["step"], "send", "nor is it for the assertion by itself");
}

#[test]
fn accounts_are_listed_without_a_request() {
    let mut talk = Talk::new();
    let nobody = json!({ "step": "done", "result": { "accounts": [] } });
    assert_eq!(talk.say(&accounts_start()), nobody);
    let mut talk = signed_in();
    let ann = json!({
        "home_account_id": HOME, "environment": "login.windows.net", "tenant_id": "tid-1",
        "local_account_id": "oid-1", "username": "ann@contoso.com", "name": "Ann"
    });
    let listed = with(ann.clone(), "tenant_profiles", json!([ann]));
    assert_eq!(talk.say(&accounts_start())["result"], json!({ "accounts": [listed] }));
    let elsewhere = with(accounts_start(), "authority", "https://login.microsoftonline.us/contoso.com");
    assert_eq!(talk.say(&elsewhere), nobody);
    let every_cloud = with(elsewhere, "every_cloud", true);
    assert_eq!(talk.say(&every_cloud)["result"]["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(talk.say(&with(accounts_start(), "client_id", "another")), nobody);
}

#[test]
fn a_sign_out_forgets_the_tokens_and_says_where_the_browser_ends_its_session() {
    let mut talk = signed_in();
    let ask = talk.say(&sign_out_start());
    assert_eq!(
        ask,
        json!({ "step": "done", "result": {
            "end_session_url": "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/logout",
            "revoked": 0, "not_revoked": 0
        }})
    );
    let told = cache(&mut talk).to_string();
    assert!(!told.contains("planted"), "{told}");
    assert_eq!(talk.say(&silent_start())["error"]["code"], "no_tokens_found");
    assert_eq!(talk.say(&accounts_start())["result"]["accounts"], json!([]));
}

#[test]
fn a_refresh_token_that_no_endpoint_revokes_is_counted() {
    let mut talk = signed_in();
    let ask = talk.say(&with(sign_out_start(), "revoke", true));
    assert_eq!((&ask["result"]["revoked"], &ask["result"]["not_revoked"]), (&json!(0), &json!(1)));
}

#[test]
fn another_session_goes_on_with_the_cache_of_the_first() {
    let kept = cache(&mut signed_in());
    let mut talk = Talk::new();
    let ask = talk.say(&with(silent_start(), "cache", kept.clone()));
    assert_eq!(ask["result"]["access_token"], ACCESS_TOKEN);
    assert_eq!(cache(&mut talk), kept);
}

#[test]
fn a_cache_that_is_brought_replaces_the_tokens_and_nothing_else() {
    let mut talk = Talk::new();
    // What an unknown authority is, the session learns once.
    let mut start = with(password_start(), "authority", "https://login.example/contoso.com");
    let ask = talk.say(&start);
    assert!(ask["request"]["url"].as_str().unwrap().contains("/common/discovery/instance?"));
    let found = json!({ "tenant_discovery_endpoint": "https://login.example/contoso.com/v2.0/x", "metadata": [
        { "preferred_network": "login.example", "preferred_cache": "login.example", "aliases": ["login.example"] }
    ]});
    let ask = talk.say(&answer(200, "application/json", &found.to_string()));
    assert!(ask["request"]["url"].as_str().unwrap().contains("/userrealm/"), "{ask}");
    talk.say(&managed());
    talk.say(&token());

    start["cache"] = json!({});
    let ask = talk.say(&at(start, NOW + 1000));
    assert!(ask["request"]["url"].as_str().unwrap().contains("/userrealm/"), "{ask}");
    assert_eq!(cache(&mut talk), json!({}));
}
