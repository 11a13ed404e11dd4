//! Client credentials and calls on behalf of a user: what the cache has is not asked for again.

use entrada_core::application::ConfidentialClientApplication;
use entrada_core::cache::{Record, StoreError, TokenCache};
use entrada_core::flow::on_behalf_of::OnBehalfOf;
use entrada_core::http::TransportErrorKind;
use entrada_core::result::TokenSource;
use entrada_core::secret::Secret;
use entrada_core::step::Flow;
use entrada_core::time::Timestamp;
use entrada_tests::documents::{APPLICATION_TOKENS, refusal, tokens};
use entrada_tests::kept::{JOE, application};
use entrada_tests::world::{START, World};

use crate::client_credentials::flow;
use crate::silent::world;
use crate::{DEFAULT, TENANT, client_secret, confidential, seconds};

fn app() -> ConfidentialClientApplication {
    confidential(TENANT, client_secret())
}

fn on_behalf(assertion: &str) -> OnBehalfOf {
    app().acquire_token_on_behalf_of(["user.read"], Secret::new(assertion))
}

fn session(key: &str) -> OnBehalfOf {
    OnBehalfOf::in_session(app(), ["user.read"], key)
}

fn forced(mut flow: OnBehalfOf) -> OnBehalfOf {
    flow.force_refresh = true;
    flow
}

#[test]
fn an_application_asks_once_as_long_as_its_token_is_good() {
    let mut world = World::default().answer("token", 200, APPLICATION_TOKENS);
    world.run(flow()).unwrap();
    let (loads, saves) = (world.loaded.len(), world.saves);
    for _ in 0..3 {
        assert_eq!(world.run(flow()).unwrap().token_source, TokenSource::Cache);
    }
    assert_eq!((world.sent.len(), world.loaded.len(), world.saves), (1, loads + 3, saves));
    let mut world = world.later(seconds(3600)).answer("token", 200, APPLICATION_TOKENS);
    assert_eq!(world.run(flow()).unwrap().token_source, TokenSource::IdentityProvider);
}

#[test]
fn an_applications_token_is_for_its_scope_its_tenant_and_itself() {
    let kept = || world([application("kept", DEFAULT).into()]);
    assert_eq!(kept().run(flow()).unwrap().access_token.expose(), "kept");
    let mut elsewhere = flow();
    elsewhere.options.tenant = Some("fabrikam.com".to_owned());
    let mut another = app();
    another.client_id = "another".into();
    let mut claims = flow();
    claims.options.claims = Some(r#"{"a":1}"#.to_owned());
    let mut force = flow();
    force.force_refresh = true;
    for other in [
        app().acquire_token_for_client(["https://other.example/.default"]),
        another.acquire_token_for_client([DEFAULT]),
        elsewhere,
        claims,
        force,
    ] {
        let mut world = kept().answer("token", 200, APPLICATION_TOKENS);
        assert_eq!(world.run(other).unwrap().token_source, TokenSource::IdentityProvider);
    }
}

#[test]
fn an_applications_ageing_token_comes_with_the_call_that_gets_the_next() {
    let mut token = application("old", DEFAULT);
    token.refresh_on = Some(Timestamp::default());
    let mut world = world([token.into()]);
    let refresh = world.run(flow()).unwrap().refresh.unwrap();
    assert!(refresh.flight().is_some());
    let mut world = world.answer("token", 200, APPLICATION_TOKENS);
    assert_eq!(world.run(refresh).unwrap().access_token.expose(), "planted-access-token");
    assert_eq!(world.run(flow()).unwrap().access_token.expose(), "planted-access-token");
}

#[test]
fn an_applications_old_token_serves_while_the_service_is_down() {
    let mut token = application("old", DEFAULT);
    token.expires_on = START;
    let mut world = world([token.clone().into()]).answer("token", 503, "").answer("token", 503, "");
    assert_eq!(world.run(flow()).unwrap().access_token.expose(), "old");
    let mut world = self::world([token.clone().into()])
        .fail("token", TransportErrorKind::Timeout)
        .fail("token", TransportErrorKind::Timeout);
    assert_eq!(world.run(flow()).unwrap().access_token.expose(), "old");
    let mut force = flow();
    force.force_refresh = true;
    let mut world = self::world([token.clone().into()]).answer("token", 503, "").answer("token", 503, "");
    assert!(world.run(force).is_err());
    let mut world =
        self::world([token.into()]).answer("token", 401, refusal("invalid_client", 7_000_215, ""));
    assert_eq!(world.run(flow()).unwrap_err().code(), "invalid_client");
}

#[test]
fn a_store_that_fails_costs_a_request_and_is_told() {
    let mut world = world([application("kept", DEFAULT).into()]).answer("token", 200, APPLICATION_TOKENS);
    world.unreadable_store = Some(StoreError::new("locked"));
    world.broken_store = Some(StoreError::new("full"));
    let result = world.run(flow()).unwrap();
    assert_eq!(result.not_read, Some(StoreError::new("locked")));
    assert_eq!(result.not_kept, Some(StoreError::new("full")));
    let mut world = World::default().answer("token", 200, APPLICATION_TOKENS);
    world.unreadable_store = Some(StoreError::new("locked"));
    assert!(world.run(on_behalf("a")).unwrap().not_read.is_some());
}

#[test]
fn a_call_finds_what_was_got_for_the_same_assertion_alone() {
    let mut world = World::default().answer("token", 200, tokens());
    let got = world.run(on_behalf("a")).unwrap();
    let again = world.run(on_behalf("a")).unwrap();
    assert_eq!((again.token_source, world.sent.len()), (TokenSource::Cache, 1));
    assert_eq!(again.access_token, got.access_token);
    assert_eq!(again.account, got.account, "whose it is is known as the first time");
    assert_eq!(again.id_token, got.id_token);
    let mut world = world.answer("token", 200, tokens());
    world.run(on_behalf("b")).unwrap();
    assert_eq!(world.field(1, "assertion").unwrap(), "b");
    // One does not push out the other.
    for assertion in ["a", "b"] {
        assert_eq!(world.run(on_behalf(assertion)).unwrap().token_source, TokenSource::Cache);
    }
    let mut world = world.later(seconds(3600)).answer("token", 200, tokens());
    world.run(on_behalf("a")).unwrap();
    assert_eq!(world.field(2, "assertion").unwrap(), "a", "no refresh token was kept");
}

#[test]
fn a_long_running_call_goes_on_with_its_key_alone() {
    let mut world = World::default().answer("token", 200, tokens());
    world.run(on_behalf("a").with_session_key("job 1")).unwrap();
    assert_eq!(world.run(session("job 1")).unwrap().token_source, TokenSource::Cache);
    let mut world = world.later(seconds(3600)).answer("token", 200, tokens());
    world.run(session("job 1")).unwrap();
    assert_eq!(world.field(1, "refresh_token").unwrap(), "planted-refresh-token");
    assert_eq!(world.field(1, "client_secret").unwrap(), "s<&cret ~+%");
    assert_eq!(world.field(1, "assertion"), None);
    let mut world = world.answer("token", 200, tokens());
    world.run(forced(session("job 1"))).unwrap();
    for key in ["job 2", "JOB 1"] {
        let error = world.run(session(key)).unwrap_err();
        assert_eq!(error.code(), "obo_cache_key_not_in_cache_error", "{key}");
    }
    // An account's own question does not find it.
    let user = entrada_core::flow::silent::AccountId::Home(JOE.to_owned());
    assert_eq!(
        world.run(app().acquire_token_silent(["user.read"], user)).unwrap_err().code(),
        "no_tokens_found"
    );
}

#[test]
fn a_long_running_call_whose_refresh_token_died_goes_on_with_a_new_assertion() {
    let dead = || refusal("invalid_grant", 700_082, "");
    let mut world = World::default().answer("token", 200, tokens());
    world.run(on_behalf("a").with_session_key("job")).unwrap();
    let mut world = world.answer("token", 400, dead()).answer("token", 200, tokens());
    let result = world.run(forced(on_behalf("b").with_session_key("job"))).unwrap();
    assert_eq!(world.field(2, "assertion").unwrap(), "b");
    assert_eq!(result.access_token.expose(), "planted-access-token");
    let mut world = world.answer("token", 400, dead());
    assert_eq!(world.run(forced(session("job"))).unwrap_err().code(), "invalid_grant");
    assert!(!world.memory.tokens().records().any(|record| matches!(record, Record::RefreshToken(_))));
    // What is refused for another reason is kept for when the user has acted, and the assertion is not spent on it.
    let mut world = world.answer("token", 200, tokens());
    world.run(forced(on_behalf("c").with_session_key("job"))).unwrap();
    let mut world =
        world.answer("token", 400, refusal("invalid_grant", 50076, r#","suberror":"basic_action""#));
    world.run(forced(on_behalf("d").with_session_key("job"))).unwrap_err();
    assert!(world.memory.tokens().records().any(|record| matches!(record, Record::RefreshToken(_))));
}

#[test]
fn caches_of_other_libraries_give_a_hit_and_a_refresh() {
    let item = |extra: serde_json::Value| {
        let mut item = serde_json::json!({
            "home_account_id": JOE, "environment": "login.microsoftonline.com", "client_id": "app",
            "realm": "contoso.com", "secret": "theirs", "target": "openid USER.READ",
            "cached_at": "1699999999", "expires_on": 1_700_003_600, "credential_type": "AccessToken"
        });
        item.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        item
    };
    let of = |document| {
        World::remembering(entrada_core::cache::Memory::new(TokenCache::from_json(document).unwrap()))
    };
    for key in ["an-entry", "A-B-accesstoken-app-contoso.com-user.read", "a-b-accesstoken-app-c-s---"] {
        let mut world = of(serde_json::json!({ "AccessToken": { key: item(serde_json::json!({})) } }));
        let result = world.run(crate::silent::silent()).unwrap();
        assert_eq!((result.access_token.expose(), result.token_type.as_str()), ("theirs", "Bearer"));
    }
    let expired = item(serde_json::json!({ "expires_on": "1" }));
    let refresh =
        item(serde_json::json!({ "credential_type": "RefreshToken", "secret": "their refresh token" }));
    let document = serde_json::json!({
        "AccessToken": { "x": expired }, "RefreshToken": { "y": refresh }, "Unknown": { "z": 1 }
    });
    let mut world = of(document).answer("token", 200, tokens());
    world.run(crate::silent::silent()).unwrap();
    assert_eq!(world.field(0, "refresh_token").unwrap(), "their refresh token");
    let kept = world.memory.tokens().to_json();
    assert_eq!(kept["Unknown"]["z"], 1);
    assert_eq!(kept["AccessToken"].as_object().unwrap().len(), 1, "the old one made room");
}
