//! Authorities that have to be asked about: when, for how long the answer is believed, and what is not believed.

use entrada_core::application::PublicClientApplication;
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::cache::StoreError;
use entrada_core::flow::refresh_token::RefreshToken;
use entrada_core::http::TransportErrorKind;
use entrada_core::secret::Secret;
use entrada_tests::documents::{KNOWN_INSTANCE, provider, tokens, told};
use entrada_tests::world::World;

use crate::{app, oidc, seconds};

const INSTANCE: &str = "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1";
const UNKNOWN: &str = "https://login.unheard-of.example/contoso.com";
const ISSUER: &str = "https://idp.example/realms/a";
const METADATA: &str = "https://idp.example/realms/a/.well-known/openid-configuration";
const DAY: u64 = 24 * 3600;

/// A flow of one request, so that what comes before is plain to see.
fn flow(app: PublicClientApplication) -> RefreshToken {
    RefreshToken::new(app, ["user.read"], Secret::new("r"))
}

fn from(authority: Authority) -> RefreshToken {
    flow(PublicClientApplication::new("app", authority))
}

fn confirmed() -> World {
    let mut world = World::default().answer(INSTANCE, 200, KNOWN_INSTANCE).answer("token", 200, tokens());
    world.run(flow(app(UNKNOWN))).unwrap();
    world
}

#[test]
fn an_unknown_host_is_asked_about_once_and_believed_for_a_day() {
    let world = confirmed();
    assert!(world.sent[0].url.as_str().ends_with(
        "&authorization_endpoint=https%3A%2F%2Flogin.unheard-of.example%2Fcontoso.com%2Foauth2%2Fv2.0%2Fauthorize"
    ));
    assert!(world.sent[0].body.is_empty());
    assert_eq!(world.sent[1].url.host_str(), Some("login.unheard-of.example"));
    let mut world = world.later(seconds(DAY - 60)).answer("token", 200, tokens());
    world.run(flow(app(UNKNOWN))).unwrap();
    let mut world =
        world.later(seconds(60)).answer(INSTANCE, 200, KNOWN_INSTANCE).answer("token", 200, tokens());
    world.run(flow(app(UNKNOWN))).unwrap();
}

#[test]
fn what_was_learned_in_the_future_is_not_believed() {
    let mut world = confirmed();
    world.now = entrada_core::time::Timestamp::from_secs(1_600_000_000);
    let mut world = world.answer(INSTANCE, 200, KNOWN_INSTANCE).answer("token", 200, tokens());
    world.run(flow(app(UNKNOWN))).unwrap();
}

#[test]
fn a_host_that_cannot_be_confirmed_is_not_used_and_asked_about_again_after_a_minute() {
    for (status, body, code) in [
        (400, told("invalid_instance"), "invalid_instance"),
        (404, String::new(), "instance_discovery_failed"),
        (200, "<html>".to_owned(), "instance_discovery_failed"),
        (200, "{}".to_owned(), "instance_discovery_failed"),
        (200, r#"{"tenant_discovery_endpoint":7}"#.to_owned(), "instance_discovery_failed"),
    ] {
        let mut world = World::default().answer(INSTANCE, status, body);
        assert_eq!(world.run(flow(app(UNKNOWN))).unwrap_err().code(), code);
        let mut world = world.later(seconds(59));
        let again = world.run(flow(app(UNKNOWN))).unwrap_err();
        assert_eq!((again.code(), world.sent.len()), (code, 1), "it is remembered");
        assert!(again.correlation_id().is_some());
        let mut world =
            world.later(seconds(1)).answer(INSTANCE, 200, KNOWN_INSTANCE).answer("token", 200, tokens());
        world.run(flow(app(UNKNOWN))).unwrap();
    }
    let mut world = World::default().fail(INSTANCE, TransportErrorKind::Connect);
    for _ in 0..2 {
        assert_eq!(world.run(flow(app(UNKNOWN))).unwrap_err().code(), "connection_failed");
    }
}

#[test]
fn tokens_of_an_unknown_host_are_cached_under_its_own_name_so_that_a_later_process_finds_them() {
    let body = r#"{"tenant_discovery_endpoint":"https://x/","metadata":[{"preferred_network":"n.example",
        "preferred_cache":"sts.unheard-of.example","aliases":["login.unheard-of.example"]}]}"#;
    let mut world = World::default().answer(INSTANCE, 200, body).answer("token", 200, tokens());
    let account = world.run(flow(app(UNKNOWN))).unwrap().account.unwrap();
    assert_eq!(account.environment, "login.unheard-of.example");
}

#[test]
fn another_tenant_is_asked_in_its_own_name() {
    let mut call = flow(app(UNKNOWN));
    call.options.tenant = Some("fabrikam.com".to_owned());
    let mut world = World::default()
        .answer("login.unheard-of.example%2Ffabrikam.com", 200, KNOWN_INSTANCE)
        .answer("/fabrikam.com/oauth2/v2.0/token", 200, tokens());
    world.run(call).unwrap();
    let mut call = flow(app("https://sts.contoso.com/adfs"));
    call.options.tenant = Some("fabrikam.com".to_owned());
    assert_eq!(World::default().run(call).unwrap_err().code(), "invalid_argument");
    for tenant in ["", "a/b", "..", "a b", "a?b"] {
        let mut call = flow(app(UNKNOWN));
        call.options.tenant = Some(tenant.to_owned());
        assert_eq!(World::default().run(call).unwrap_err().code(), "invalid_argument", "{tenant}");
    }
}

#[test]
fn whoever_answers_for_the_host_need_not_have_it_confirmed() {
    let options = AuthorityOptions::default().instance_discovery(false);
    let mut world = World::default().answer("https://login.unheard-of.example/", 200, tokens());
    world.run(from(Authority::parse(UNKNOWN, options).unwrap())).unwrap();
    for known in [
        "https://login.windows.net/t",
        "https://sts.x/adfs",
        "https://c.b2clogin.com/c/p",
        "https://c.ciamlogin.com",
    ] {
        World::default().answer("token", 200, tokens()).run(flow(app(known))).unwrap();
    }
}

#[test]
fn a_memory_that_cannot_be_read_costs_a_request_and_no_token() {
    let mut world = confirmed();
    world.unreadable_store = Some(StoreError::new("the disk is gone"));
    let mut world = world.answer(INSTANCE, 200, KNOWN_INSTANCE).answer("token", 200, tokens());
    let result = world.run(flow(app(UNKNOWN))).unwrap();
    assert_eq!(result.not_read, world.unreadable_store);
    assert_eq!(result.not_kept, None);
}

#[test]
fn a_providers_endpoints_are_its_own_and_believed_for_a_day() {
    let mut world = World::default().answer(METADATA, 200, provider(ISSUER, "")).answer(
        "https://idp.example/as/token",
        200,
        tokens(),
    );
    world.run(from(oidc(ISSUER))).unwrap();
    assert_eq!(world.sent[0].url.as_str(), METADATA);
    let mut world = world.later(seconds(DAY - 60)).answer("/as/token", 200, tokens());
    world.run(from(oidc(&format!("{ISSUER}/")))).unwrap();
    let mut world = world.later(seconds(60)).answer(METADATA, 200, provider(ISSUER, "")).answer(
        "/as/token",
        200,
        tokens(),
    );
    world.run(from(oidc(ISSUER))).unwrap();
}

#[test]
fn a_wrong_issuer_is_refused_each_time() {
    for issuer in [
        "https://idp.example/realms/b",
        "https://idp.example",
        "https://evil.example/realms/a",
        "http://idp.example/realms/a",
        "https://idp.example:8443/realms/a",
        "https://login.microsoftonline.com/common/v2.0",
        "",
    ] {
        let mut world = World::default().answer(METADATA, 200, provider(issuer, ""));
        for _ in 0..2 {
            let error = world.run(from(oidc(ISSUER))).unwrap_err();
            assert_eq!(error.code(), "authority_validation_failed", "{issuer}");
        }
        let mut world = world.later(seconds(61)).answer(METADATA, 200, provider(issuer, ""));
        let error = world.run(from(oidc(ISSUER))).unwrap_err();
        assert_eq!(error.code(), "authority_validation_failed", "{issuer}");
        assert_eq!(world.sent.len(), 2, "the grant goes nowhere");
    }
}

#[test]
fn a_slash_at_the_end_makes_no_other_issuer() {
    for (authority, issuer) in
        [(ISSUER.to_owned(), format!("{ISSUER}/")), (format!("{ISSUER}/"), ISSUER.to_owned())]
    {
        let mut world =
            World::default().answer(METADATA, 200, provider(&issuer, "")).answer("/as/token", 200, tokens());
        world.run(from(oidc(&authority))).unwrap();
    }
}

#[test]
fn metadata_that_lacks_something_or_leads_over_http_is_refused() {
    let endpoints = |token: &str, authorization: &str, more: &str| {
        format!(
            r#"{{"issuer":"{ISSUER}","token_endpoint":{token},"authorization_endpoint":{authorization}{more}}}"#
        )
    };
    let good = r#""https://idp.example/x""#;
    for (body, code) in [
        ("<html>".to_owned(), "tenant_discovery_failed"),
        ("[]".to_owned(), "tenant_discovery_failed"),
        ("{}".to_owned(), "tenant_discovery_failed"),
        (format!(r#"{{"issuer":"{ISSUER}"}}"#), "tenant_discovery_failed"),
        (endpoints("null", good, ""), "tenant_discovery_failed"),
        (endpoints(good, "null", ""), "tenant_discovery_failed"),
        (endpoints("7", good, ""), "tenant_discovery_failed"),
        (
            endpoints(good, good, r#","token_endpoint_auth_methods_supported":"basic""#),
            "tenant_discovery_failed",
        ),
        (endpoints(r#""http://idp.example/x""#, good, ""), "insecure_endpoint"),
        (endpoints(good, r#""http://127.0.0.1/x""#, ""), "insecure_endpoint"),
        (endpoints(good, r#""javascript:alert(1)""#, ""), "insecure_endpoint"),
        (
            endpoints(good, good, r#","device_authorization_endpoint":"http://idp.example/""#),
            "insecure_endpoint",
        ),
    ] {
        let mut world = World::default().answer(METADATA, 200, body.clone());
        assert_eq!(world.run(from(oidc(ISSUER))).unwrap_err().code(), code, "{body}");
        assert_eq!(world.sent.len(), 1);
    }
}

#[test]
fn one_address_as_two_kinds_of_authority_is_two_authorities() {
    let text = "https://login.unheard-of.example/contoso.com/";
    let mut world = confirmed().answer(".well-known/openid-configuration", 200, provider(text, "")).answer(
        "https://idp.example/as/token",
        200,
        tokens(),
    );
    world.run(from(oidc(text))).unwrap();
    let mut world = world.answer(INSTANCE, 200, KNOWN_INSTANCE).answer("oauth2/v2.0/token", 200, tokens());
    world.run(flow(app(UNKNOWN))).unwrap();
}
