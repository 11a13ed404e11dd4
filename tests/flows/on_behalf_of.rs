//! On behalf of: a token for another API, for the user who called.

use base64::Engine;
use entrada_core::cache::Reason;
use entrada_core::error::ErrorKind;
use entrada_core::flow::on_behalf_of::OnBehalfOf;
use entrada_core::flow::silent::AccountId;
use entrada_core::secret::Secret;
use entrada_tests::documents::{refusal, tokens};
use entrada_tests::world::World;
use sha2::Digest;

use crate::{TENANT, certificate, client_secret, confidential};

fn flow(assertion: &str) -> OnBehalfOf {
    confidential(TENANT, client_secret()).acquire_token_on_behalf_of(["user.read"], Secret::new(assertion))
}

#[test]
fn the_callers_token_is_exchanged() {
    let mut world = World::default().answer("/contoso.com/oauth2/v2.0/token", 200, tokens());
    let result = world.run(flow("caller's.token")).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        world.form(0),
        [
            pair("client_id", "app"),
            pair("scope", "user.read openid offline_access profile"),
            pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            pair("assertion", "caller's.token"),
            pair("requested_token_use", "on_behalf_of"),
            pair("client_secret", "s<&cret ~+%"),
            pair("client_info", "1"),
        ]
    );
    assert_eq!(result.account.unwrap().username, "joe@contoso.com");
}

#[test]
fn a_token_that_is_bound_to_the_callers_is_kept_for_that_caller_alone() {
    let mut world = World::default().answer("token", 200, tokens());
    let home = world.run(flow("a")).unwrap().account.unwrap().home_account_id;
    let cache = world.memory.tokens().to_json();
    let (_, token) = cache["AccessToken"].as_object().unwrap().iter().next().unwrap();
    let hash = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest("a"));
    assert_eq!(token["user_assertion_hash"], hash);
    assert!(cache.get("RefreshToken").is_none(), "it would outlive the call");
    let app = confidential(TENANT, client_secret());
    let error =
        world.run(app.acquire_token_silent(["user.read"], AccountId::Home(home.to_string()))).unwrap_err();
    assert_eq!(error.code(), "no_tokens_found");
    assert_eq!(error.trace().first().unwrap().reason, Reason::OtherPurpose);
}

#[test]
fn it_is_sent_once_whatever_happens() {
    for status in [500, 503] {
        let mut world = World::default().answer("token", status, "");
        world.run(flow("a")).unwrap_err();
        assert_eq!(world.sent.len(), 1);
    }
}

#[test]
fn a_demand_for_more_of_the_user_is_handed_back_with_its_claims() {
    let claims = r#","suberror":"basic_action","claims":"{\"access_token\":{\"x\":1}}""#;
    let mut world = World::default().answer("token", 400, refusal("interaction_required", 50079, claims));
    let error = world.run(flow("a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ClaimsChallenge);
    assert_eq!(error.refusal().unwrap().claims.as_deref(), Some(r#"{"access_token":{"x":1}}"#));
}

#[test]
fn a_certificate_proves_who_asks() {
    let app = confidential(TENANT, certificate());
    let mut world = World::default().answer("token", 200, tokens());
    world.run(app.acquire_token_on_behalf_of(["user.read"], Secret::new("a"))).unwrap();
    assert_eq!(world.signed.len(), 1);
    assert_eq!(world.field(0, "assertion").unwrap(), "a");
    assert!(world.field(0, "client_assertion").unwrap().contains('.'));
}

#[test]
fn without_a_callers_token_there_is_nothing_to_exchange() {
    for empty in ["", "  "] {
        assert_eq!(World::default().run(flow(empty)).unwrap_err().code(), "invalid_argument");
    }
}

#[test]
fn a_service_principals_call_has_no_account() {
    let body = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"t"}"#;
    let result = World::default().answer("token", 200, body).run(flow("a")).unwrap();
    assert_eq!((result.account, result.scopes), (None, vec!["user.read".to_owned()]));
}
