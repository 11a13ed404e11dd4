//! Client credentials: a token for the application itself.

use entrada_core::application::ClientCredential;
use entrada_core::error::ErrorKind;
use entrada_core::http::TransportErrorKind;
use entrada_core::result::TokenSource;
use entrada_core::secret::Secret;
use entrada_core::signer::{SignerError, SignerErrorKind};
use entrada_tests::documents::{APPLICATION_TOKENS, refusal, tokens};
use entrada_tests::world::World;

use crate::{DEFAULT, TENANT, client_secret, confidential, seconds};

pub(crate) fn flow() -> entrada_core::flow::client_credentials::ClientCredentials {
    confidential(TENANT, client_secret()).acquire_token_for_client([DEFAULT])
}

#[test]
fn a_secret_goes_out_with_nothing_of_a_users() {
    let mut world = World::default().answer("/contoso.com/oauth2/v2.0/token", 200, tokens());
    let result = world.run(flow()).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        world.form(0),
        [
            pair("client_id", "app"),
            pair("scope", DEFAULT),
            pair("grant_type", "client_credentials"),
            pair("client_secret", "s<&cret ~+%"),
            pair("client_info", "2"),
        ]
    );
    assert!(!world.sent[0].headers.contains_key("x-anchormailbox"));
    assert!(!world.sent[0].headers.contains_key("authorization"));
    assert_eq!(result.access_token.expose(), "planted-access-token");
}

#[test]
fn no_account_and_no_refresh_token_are_told_or_kept_whatever_the_service_sends() {
    let mut world = World::default().answer("token", 200, tokens());
    let result = world.run(flow()).unwrap();
    assert!(result.account.is_none() && result.refresh_token().is_none());
    assert!(result.id_token.is_none() && result.id_token_claims.is_none());
    let cache = world.memory.tokens().to_json();
    let sections: Vec<_> = cache.as_object().unwrap().keys().collect();
    assert_eq!(sections, ["AccessToken"]);
    let (_, token) = cache["AccessToken"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(token["realm"], "contoso.com");
    assert!(token.get("home_account_id").is_none_or(|id| id == ""));
}

#[test]
fn tenants_that_stand_for_many_are_refused_before_any_request() {
    for tenant in ["common", "organizations", "consumers"] {
        let app = confidential(&format!("https://login.microsoftonline.com/{tenant}"), client_secret());
        let mut world = World::default();
        let error = world.run(app.acquire_token_for_client([DEFAULT])).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("invalid_request", ErrorKind::Client));
        assert!(world.loaded.is_empty());
        let mut flow = app.acquire_token_for_client([DEFAULT]);
        flow.options.tenant = Some("contoso.com".to_owned());
        World::default().answer("/contoso.com/oauth2/v2.0/token", 200, tokens()).run(flow).unwrap();
    }
    let mut flow = flow();
    flow.options.tenant = Some("common".to_owned());
    assert_eq!(World::default().run(flow).unwrap_err().code(), "invalid_request");
}

#[test]
fn scopes_that_cannot_be_asked_for_together_are_refused() {
    let app = confidential(TENANT, client_secret());
    for scopes in [[].as_slice(), &["a b"], &[""], &[DEFAULT, "https://b.example/.default"], &[DEFAULT, "x"]]
    {
        let error = World::default().run(app.acquire_token_for_client(scopes.iter().copied())).unwrap_err();
        assert_eq!(error.code(), "invalid_argument", "{scopes:?}");
    }
}

#[test]
fn it_is_asked_again_once_after_a_second_if_the_server_failed() {
    for status in [500, 503] {
        let mut world = World::default().answer("token", status, "").answer("token", 200, tokens());
        world.run(flow()).unwrap();
        assert_eq!(world.pause_before(1), seconds(1));
        assert_eq!(world.sent[0], world.sent[1]);
    }
    let mut world =
        World::default().fail("token", TransportErrorKind::Timeout).answer("token", 200, tokens());
    world.run(flow()).unwrap();
    let mut world = World::default().answer("token", 500, "").answer("token", 502, "");
    assert_eq!(world.run(flow()).unwrap_err().status().unwrap(), 502);
}

#[test]
fn it_is_not_asked_again_if_the_server_names_a_time_or_says_no() {
    for (status, headers) in [(503, [("retry-after", "5")].as_slice()), (429, &[]), (400, &[]), (401, &[])] {
        let mut world =
            World::default().answer_with("token", status, headers, refusal("invalid_scope", 70011, ""));
        world.run(flow()).unwrap_err();
        assert_eq!(world.sent.len(), 1, "{status}");
    }
    for kind in TransportErrorKind::ALL.into_iter().filter(|kind| *kind != TransportErrorKind::Timeout) {
        let mut world = World::default().fail("token", kind);
        world.run(flow()).unwrap_err();
    }
}

#[test]
fn a_region_has_a_host_of_its_own() {
    for (authority, host) in [
        (TENANT, "https://westeurope.login.microsoft.com/contoso.com/oauth2/v2.0/token"),
        (
            "https://login.microsoftonline.us/contoso.com",
            "https://westeurope.login.microsoftonline.us/contoso.com/oauth2/v2.0/token",
        ),
        ("https://sts.contoso.com/adfs", "https://sts.contoso.com/adfs/oauth2/token"),
    ] {
        let mut app = confidential(authority, client_secret());
        app.region = Some("WestEurope".parse().unwrap());
        let mut world = World::default().answer(host, 200, tokens());
        world.run(app.acquire_token_for_client([DEFAULT])).unwrap();
        assert_eq!(world.sent[0].url.as_str(), host);
    }
    let mut app = confidential(TENANT, client_secret());
    app.region = Some("westeurope".parse().unwrap());
    let mut world = World::default().answer("https://login.microsoftonline.com/contoso.com/", 200, tokens());
    world.run(app.acquire_token_on_behalf_of(["x"], Secret::new("a"))).unwrap();
}

#[test]
fn the_path_of_a_managed_identity_goes_along_and_its_token_answers_that_path_alone() {
    let with_path = |path: &str| {
        let mut flow = flow();
        flow.options.fmi_path = Some(path.to_owned());
        flow
    };
    let mut world = World::default().answer("token", 200, APPLICATION_TOKENS);
    world.run(with_path("a/b c")).unwrap();
    assert_eq!(world.field(0, "fmi_path").unwrap(), "a/b c");
    let kept = &world.memory.tokens().to_json()["AccessToken"];
    let (key, token) = kept.as_object().unwrap().iter().next().unwrap();
    assert_eq!(token["ext_cache_key"], entrada_core::cache::ext_cache_key(&[("fmi_path", "a/b c")]));
    assert!(key.contains("-atext-"), "{key}");
    assert_eq!(world.run(with_path("a/b c")).unwrap().token_source, TokenSource::Cache);
    for other in [with_path("a/b"), with_path("A/B C"), flow()] {
        let mut world = World::remembering(world.memory.clone()).answer("token", 200, APPLICATION_TOKENS);
        assert_eq!(world.run(other).unwrap().token_source, TokenSource::IdentityProvider);
    }
}

#[test]
fn claims_and_capabilities_go_along() {
    let mut app = confidential(TENANT, client_secret());
    app.client_capabilities = vec!["cp1".to_owned()];
    let mut flow = app.acquire_token_for_client([DEFAULT]);
    flow.options.claims = Some(r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#.to_owned());
    let mut world = World::default().answer("token", 200, tokens());
    world.run(flow).unwrap();
    let claims: serde_json::Value = serde_json::from_str(&world.field(0, "claims").unwrap()).unwrap();
    assert_eq!(claims["access_token"]["xms_cc"]["values"][0], "cp1");
    assert_eq!(claims["access_token"]["nbf"]["value"], "1");
}

#[test]
fn an_assertion_from_elsewhere_goes_out_as_it_is() {
    let credential = ClientCredential::Assertion(Secret::new("a.b.c"));
    let mut world = World::default().answer("token", 200, tokens());
    world.run(confidential(TENANT, credential).acquire_token_for_client([DEFAULT])).unwrap();
    assert_eq!(world.field(0, "client_assertion").unwrap(), "a.b.c");
    assert_eq!(
        world.field(0, "client_assertion_type").unwrap(),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert_eq!(world.field(0, "client_secret"), None);
}

#[test]
fn an_assertion_is_asked_for_with_what_it_must_say() {
    let mut app = confidential(TENANT, ClientCredential::AskForAssertion);
    app.region = Some("westeurope".parse().unwrap());
    let mut flow = app.acquire_token_for_client([DEFAULT]);
    flow.options.tenant = Some("fabrikam.com".to_owned());
    flow.options.claims = Some(r#"{"x":1}"#.to_owned());
    let mut world = World::default().asserts(Ok(Secret::new("a.b.c"))).answer(
        "https://westeurope.login.microsoft.com/fabrikam.com/oauth2/v2.0/token",
        200,
        tokens(),
    );
    world.run(flow.clone()).unwrap();
    let [asked] = world.asserted.as_slice() else { panic!("{:?}", world.asserted) };
    assert_eq!(asked.client_id, "app");
    assert_eq!(asked.audience, world.sent[0].url.as_str());
    assert_eq!(asked.tenant.as_deref(), Some("fabrikam.com"));
    assert_eq!(asked.claims.as_deref(), Some(r#"{"x":1}"#));
    assert_eq!(world.field(0, "client_assertion").unwrap(), "a.b.c");
    let mut world = world.asserts(Ok(Secret::new("d.e.f"))).answer("token", 200, tokens());
    world.run(flow).unwrap();
    assert_eq!(world.field(1, "client_assertion").unwrap(), "d.e.f", "each call asks anew");
}

#[test]
fn without_an_assertion_nothing_is_sent() {
    for reply in [
        Ok(Secret::new("")),
        Ok(Secret::new(" \n")),
        Err(SignerErrorKind::Unsupported.into()),
        Err(SignerError::new(SignerErrorKind::Unavailable, "the vault is closed")),
    ] {
        let told = reply.clone().err().and_then(|error: SignerError| error.detail);
        let app = confidential(TENANT, ClientCredential::AskForAssertion);
        let mut world = World::default().asserts(reply);
        let error = world.run(app.acquire_token_for_client([DEFAULT])).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("signing_failed", ErrorKind::Client));
        assert!(told.is_none_or(|words| error.to_string().contains(&words)));
        assert!(world.sent.is_empty());
    }
}
