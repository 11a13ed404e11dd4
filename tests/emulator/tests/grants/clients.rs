//! Clients by themselves: secrets, scopes, and who may go without.

use data_encoding::BASE64;
use entrada_emulator::world;

use crate::browser::*;
use crate::support::*;

fn daemon() -> Pairs<'static> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", world::DAEMON_CLIENT_ID),
        ("client_secret", world::CLIENT_SECRET),
        ("scope", world::GRAPH_DEFAULT_SCOPE),
    ]
}

#[test]
fn a_service_gets_a_token_of_its_own() {
    let emulator = emulator();
    let body = granted(&emulator, &daemon());
    let token = claims(&emulator, &member(&body, "access_token"));
    assert_eq!((&token["idtyp"], &token["azp"]), (&"app".into(), &world::DAEMON_CLIENT_ID.into()));
    for absent in ["refresh_token", "id_token", "client_info"] {
        assert_eq!(body[absent], serde_json::Value::Null);
    }
    violated(&emulator, "");
}

#[test]
fn a_secret_is_right_or_the_client_is_not_who_it_says() {
    let emulator = emulator();
    let answer = refused(&emulator, &with(daemon(), "client_secret", "wrong"), 7000215, "");
    assert_eq!((answer.status, &answer.json()["error"]), (401, &"invalid_client".into()));
    assert!(answer.json()["error_uri"].as_str().is_some_and(|uri| uri.ends_with("7000215")));
    refused(&emulator, &without(daemon(), "client_secret"), 7000218, "");
}

#[test]
fn a_secret_can_come_in_a_header() {
    let emulator = emulator();
    let basic = |secret: &str| {
        let pair = format!("{}:{}", encoded(world::DAEMON_CLIENT_ID), encoded(secret));
        format!("Basic {}", BASE64.encode(pair.as_bytes()))
    };
    let form = without(without(daemon(), "client_secret"), "client_id");
    let send =
        |value: &str| post(&emulator, "/contoso.com/oauth2/v2.0/token", &[("Authorization", value)], &form);
    assert_eq!(send(&basic(world::CLIENT_SECRET)).status, 200);
    assert_eq!(send(&basic("wrong")).code(), 7000215);
    assert_eq!(send("Basic %%%").code(), 900144);
}

#[test]
fn a_public_client_presents_no_secret() {
    let emulator = emulator();
    let form = with(daemon(), "client_id", world::CLIENT_ID);
    refused(&emulator, &form, 700025, "public client");
    refused(&emulator, &without(form, "client_secret"), 7000218, "");
}

#[test]
fn a_client_proves_itself_in_one_way() {
    let emulator = emulator();
    refused(&emulator, &with(daemon(), "client_assertion", "x"), 9000411, "both a secret and an assertion");
}

#[test]
fn a_service_asks_for_all_that_it_may_do_at_one_resource() {
    let emulator = emulator();
    for wrong in
        ["user.read", "https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/.default openid"]
    {
        let answer = refused(&emulator, &with(daemon(), "scope", wrong), 1002012, "resource/.default");
        assert_eq!(answer.json()["error"], "invalid_scope");
    }
    refused(&emulator, &without(daemon(), "scope"), 900144, "scope");
}

#[test]
fn a_resource_is_one_that_the_tenant_knows() {
    let emulator = emulator();
    let answer = refused(&emulator, &with(daemon(), "scope", "https://unknown.example/.default"), 500011, "");
    assert_eq!(answer.json()["error"], "invalid_resource");
}

#[test]
fn a_scope_names_one_resource_and_default_stands_alone() {
    let emulator = emulator();
    let ask = |scope| with(password(world::MANAGED_USER, world::PASSWORD), "scope", scope);
    refused(&emulator, &ask("user.read https://api.example/Read"), 28000, "more than one resource");
    refused(&emulator, &ask("https://api.example/Read https://api.example/.default"), 70011, ".default");
    granted(&emulator, &ask("openid profile offline_access https://api.example/.default"));
}

#[test]
fn a_service_has_no_home_in_everybodys_tenant() {
    let emulator = emulator();
    for tenant in ["common", "organizations", "consumers"] {
        let answer = post(&emulator, &format!("/{tenant}/oauth2/v2.0/token"), &[], &daemon());
        assert_eq!(answer.code(), 9001023);
    }
}

#[test]
fn a_grant_that_nobody_knows_is_refused() {
    let emulator = emulator();
    let answer = refused(&emulator, &with(daemon(), "grant_type", "magic"), 70003, "");
    assert_eq!(answer.json()["error"], "unsupported_grant_type");
}
