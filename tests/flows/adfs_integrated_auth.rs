//! Integrated sign-in at AD FS alone.

use entrada_core::flow::adfs_integrated_auth::AdfsIntegratedAuth;
use entrada_core::flow::silent::AccountId;
use entrada_core::http::{HttpAuth, TransportErrorKind};
use entrada_core::result::TokenSource;
use entrada_tests::documents::{AD_FS_TOKENS, refusal, tokens};
use entrada_tests::world::World;

use crate::app;

const ANSWER: &str = "http://localhost:8400/?code=the-code&state={state}";
const WIA: &str = "/adfs/oauth2/authorize/wia?client_id=app";
const BACK: &str = "https://sts.contoso.com/adfs/oauth2/authorize?client_id=app";
const SESSION: &str = "MSISAuth=AAE=; Path=/adfs; HttpOnly; Secure; SameSite=None";

fn flow() -> AdfsIntegratedAuth {
    let app = app("https://sts.contoso.com/adfs");
    app.acquire_token_by_adfs_integrated_auth(["api://x/read"], "http://localhost:8400/")
}

fn to_token() -> World {
    World::default()
        .answer_with(
            "https://sts.contoso.com/adfs/oauth2/authorize?client_id=app&response_type=code",
            302,
            &[("location", WIA), ("set-cookie", "MSISContext=c; Path=/adfs"), ("set-cookie", "other=o")],
            "",
        )
        .answer_with(
            WIA,
            302,
            &[("location", BACK), ("set-cookie", SESSION), ("set-cookie", "other=; Max-Age=0")],
            "",
        )
        .answer_with(BACK, 302, &[("location", ANSWER)], "")
}

#[test]
fn the_signed_in_user_gets_a_token_in_four_requests_and_it_is_kept() {
    let mut world = to_token().answer("/adfs/oauth2/token", 200, AD_FS_TOKENS);
    let result = world.run(flow()).unwrap();
    assert_eq!(result.access_token.expose(), "planted-access-token");
    assert_eq!(result.token_source, TokenSource::IdentityProvider);
    assert_eq!(world.saves, 1);
    let cookies: Vec<_> = world.sent.iter().map(|request| request.headers.get("cookie")).collect();
    let text = |at: usize| cookies[at].and_then(|value| value.to_str().ok());
    assert_eq!(
        [text(0), text(1), text(2), text(3)],
        [None, Some("MSISContext=c; other=o"), Some("MSISContext=c; MSISAuth=AAE="), None]
    );
    for (at, request) in world.sent.iter().enumerate() {
        let is_offered = matches!(&request.auth, HttpAuth::Negotiate(service) if service.as_str() == "HTTP/sts.contoso.com");
        assert_eq!(is_offered, at < 3, "{request:?}");
    }
    assert_eq!(world.field(3, "code").as_deref(), Some("the-code"));
    assert_eq!(world.field(3, "redirect_uri").as_deref(), Some("http://localhost:8400/"));
    assert_eq!(world.field(3, "client_id").as_deref(), Some("app"));
    assert!(world.field(3, "code_verifier").is_some());
    assert_eq!(world.field(3, "client_info"), None);
}

#[test]
fn nothing_is_sent_twice() {
    for kind in [TransportErrorKind::Timeout, TransportErrorKind::Negotiate] {
        let mut world = World::default().fail("/adfs/oauth2/authorize?", kind);
        world.run(flow()).unwrap_err();
        assert_eq!(world.sent.len(), 1);
    }
    let mut world = World::default().answer("/adfs/oauth2/authorize?", 503, "");
    assert_eq!(world.run(flow()).unwrap_err().code(), "http_status_not_200");
    let mut world = to_token().answer("/adfs/oauth2/token", 503, "");
    world.run(flow()).unwrap_err();
    assert_eq!(world.sent.len(), 4);
}

#[test]
fn an_answer_with_the_state_of_another_sign_in_goes_nowhere() {
    let old = "http://localhost:8400/?code=c&state=another";
    let mut world = World::default().answer_with("/adfs/oauth2/authorize?", 302, &[("location", old)], "");
    assert_eq!(world.run(flow()).unwrap_err().code(), "state_mismatch");
}

#[test]
fn tokens_with_another_nonce_are_not_kept() {
    let mut world = to_token().answer("/adfs/oauth2/token", 200, tokens());
    assert_eq!(world.run(flow()).unwrap_err().code(), "nonce_mismatch");
    assert_eq!(world.saves, 0);
}

#[test]
fn the_token_endpoints_own_refusal_is_told() {
    let refused = refusal("invalid_grant", 70008, "");
    let mut world = to_token().answer("/adfs/oauth2/token", 400, refused);
    assert_eq!(world.run(flow()).unwrap_err().code(), "invalid_grant");
}

#[test]
fn nobody_is_found_by_a_name_that_ad_fs_did_not_tell() {
    let mut world = to_token().answer("/adfs/oauth2/token", 200, AD_FS_TOKENS);
    assert!(world.run(flow()).unwrap().account.is_none(), "without an ID token nobody is named");
    let silent = app("https://sts.contoso.com/adfs")
        .acquire_token_silent(["api://x/read"], AccountId::Username("joe@contoso.com".to_owned()));
    assert_eq!(world.run(silent).unwrap_err().code(), "no_account_for_login_hint");
}
