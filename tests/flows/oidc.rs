//! OpenID providers that are not Microsoft's.

use entrada_core::application::{ConfidentialClientApplication, PublicClientApplication};
use entrada_tests::documents::{device, provider, tokens};
use entrada_tests::world::World;

use crate::{client_secret, oidc, password_of};

const IDP: &str = "https://idp.example";

fn found(more: &str) -> World {
    World::default().answer("/.well-known/openid-configuration", 200, provider(IDP, more))
}

fn confidential() -> ConfidentialClientApplication {
    ConfidentialClientApplication::new("a:pp", oidc(IDP), client_secret())
}

#[test]
fn a_secret_goes_into_the_header_only_where_the_body_is_not_offered() {
    for (methods, basic) in [
        ("", true),
        (r#","token_endpoint_auth_methods_supported":["client_secret_basic"]"#, true),
        (r#","token_endpoint_auth_methods_supported":["client_secret_basic","private_key_jwt"]"#, true),
        (r#","token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"]"#, false),
        (r#","token_endpoint_auth_methods_supported":["client_secret_post"]"#, false),
        (r#","token_endpoint_auth_methods_supported":null"#, true),
    ] {
        let mut world = found(methods).answer("/as/token", 200, tokens());
        world.run(confidential().acquire_token_for_client(["api"])).unwrap();
        let header = world.sent[1].headers.get("authorization");
        if basic {
            // Both parts are escaped as a form would: `a%3App:s%3C%26cret+%7E%2B%25`.
            let value = header.unwrap();
            assert!(value.is_sensitive());
            assert_eq!(value, "Basic YSUzQXBwOnMlM0MlMjZjcmV0KyU3RSUyQiUyNQ==");
        }
        assert_eq!(header.is_some(), basic, "{methods}");
        assert_eq!(world.field(1, "client_secret").is_some(), !basic, "{methods}");
        assert_eq!(world.field(1, "client_id").unwrap(), "a:pp");
    }
}

#[test]
fn nothing_that_only_microsoft_understands_is_sent() {
    let app = PublicClientApplication::new("app", oidc(IDP));
    let mut world = found("").answer("/as/token", 200, tokens());
    world.run(password_of(app)).unwrap();
    assert_eq!(world.field(1, "client_info"), None);
    assert!(!world.sent[1].headers.contains_key("x-anchormailbox"));
}

#[test]
fn the_account_is_known_by_its_subject_and_the_token_type_may_be_missing() {
    let id_token = "e30.eyJzdWIiOiJqb2UtMSIsImVtYWlsIjoiam9lQGlkcC5leGFtcGxlIn0.x";
    let body =
        format!(r#"{{"access_token":"t","expires_in":60,"id_token":"{id_token}","refresh_token":"r"}}"#);
    let app = PublicClientApplication::new("app", oidc(IDP));
    let mut world = found("").answer("/as/token", 200, body);
    let result = world.run(password_of(app)).unwrap();
    assert_eq!(result.token_type, "Bearer");
    let account = result.account.unwrap();
    assert_eq!(account.home_account_id.as_str(), "joe-1");
    assert_eq!(account.local_account_id.as_deref(), Some("joe-1"));
    assert_eq!(account.username, "joe@idp.example");
    assert_eq!(account.environment, "idp.example");
    let cache = world.memory.tokens().to_json();
    let kept = cache["Account"].as_object().unwrap().values().next().unwrap();
    assert_eq!(kept["authority_type"], "Generic");
}

#[test]
fn devices_are_served_where_the_provider_serves_them() {
    let app = PublicClientApplication::new("app", oidc(IDP));
    let flow = app.acquire_token_by_device_code(["openid"]);
    let mut world = found("").answer("https://idp.example/as/device", 200, device("")).answer(
        "https://idp.example/as/token",
        200,
        tokens(),
    );
    world.run(flow.clone()).unwrap();
    let body = r#"{"issuer":"https://idp.example","token_endpoint":"https://idp.example/t",
        "authorization_endpoint":"https://idp.example/a"}"#;
    let mut world = World::default().answer("openid-configuration", 200, body);
    assert_eq!(world.run(flow).unwrap_err().code(), "device_authorization_not_supported");
}
