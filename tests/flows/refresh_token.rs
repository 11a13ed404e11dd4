//! A refresh token from elsewhere.

use entrada_core::error::ErrorKind;
use entrada_core::http::TransportErrorKind;
use entrada_core::secret::Secret;
use entrada_tests::documents::{refusal, tokens};
use entrada_tests::world::World;

use crate::{TENANT, app, client_secret, confidential};

fn flow() -> entrada_core::flow::refresh_token::RefreshToken {
    app(TENANT).acquire_token_by_refresh_token(["user.read"], Secret::new("from elsewhere"))
}

#[test]
fn it_is_redeemed_and_what_comes_is_kept() {
    let mut world = World::default().answer("/contoso.com/oauth2/v2.0/token", 200, tokens());
    let result = world.run(flow()).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        world.form(0),
        [
            pair("client_id", "app"),
            pair("scope", "user.read openid offline_access profile"),
            pair("grant_type", "refresh_token"),
            pair("refresh_token", "from elsewhere"),
            pair("client_info", "1"),
        ]
    );
    assert_eq!(result.refresh_token().unwrap().expose(), "planted-refresh-token");
    let cache = world.memory.tokens().to_json();
    let kept = cache["RefreshToken"].as_object().unwrap().values().next().unwrap();
    assert_eq!(kept["secret"], "planted-refresh-token");
}

#[test]
fn a_confidential_client_proves_who_it_is() {
    let app = confidential(TENANT, client_secret());
    let mut world = World::default().answer("token", 200, tokens());
    world.run(app.acquire_token_by_refresh_token(["user.read"], Secret::new("r"))).unwrap();
    assert_eq!(world.field(0, "client_secret").unwrap(), "s<&cret ~+%");
}

#[test]
fn it_is_sent_once() {
    for kind in TransportErrorKind::ALL {
        World::default().fail("token", kind).run(flow()).unwrap_err();
    }
    let mut world = World::default().answer("token", 400, refusal("invalid_grant", 700_082, ""));
    let error = world.run(flow()).unwrap_err();
    assert_eq!((error.kind(), world.sent.len()), (ErrorKind::UiRequired, 1));
}

#[test]
fn a_hint_routes_the_request_to_where_the_users_data_is() {
    let mut flow = flow();
    flow.options.login_hint = Some("joe@contoso.com".to_owned());
    let mut world = World::default().answer("token", 200, tokens());
    world.run(flow).unwrap();
    assert_eq!(world.sent[0].headers["x-anchormailbox"], "UPN:joe@contoso.com");
}

#[test]
fn an_empty_one_is_refused() {
    let flow = app(TENANT).acquire_token_by_refresh_token(["user.read"], Secret::new(" "));
    assert_eq!(World::default().run(flow).unwrap_err().code(), "invalid_argument");
}
