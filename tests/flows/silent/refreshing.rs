//! What a refresh brings, and what becomes of what was there.

use entrada_core::cache::{Record, StoreError};
use entrada_core::error::ErrorKind;
use entrada_core::result::TokenSource;
use entrada_core::text::Text;
use entrada_tests::documents::tokens;
use entrada_tests::kept::{self, JOE, joe, refresh};
use entrada_tests::world::World;

use super::{TOKEN, expired, forced, full, silent, world};

fn without_refresh_token() -> String {
    tokens().replace(r#""refresh_token":"planted-refresh-token","foci":"1","#, "")
}

fn refresh_tokens(world: &World) -> Vec<(String, Option<Text>)> {
    let of = |record: &Record| match record {
        Record::RefreshToken(token) => Some((token.secret.expose().to_owned(), token.family_id.clone())),
        _ => None,
    };
    world.memory.tokens().records().filter_map(of).collect()
}

#[test]
fn it_asks_for_what_the_caller_wants_and_goes_where_the_users_data_is() {
    let mut world = full(expired()).answer(TOKEN, 200, tokens());
    let result = world.run(silent()).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        world.form(0),
        [
            pair("client_id", "app"),
            pair("scope", "user.read openid offline_access profile"),
            pair("grant_type", "refresh_token"),
            pair("refresh_token", "r"),
            pair("client_info", "1"),
        ]
    );
    assert_eq!(result.token_source, TokenSource::IdentityProvider);
    assert_eq!(world.run(silent()).unwrap().token_source, TokenSource::Cache);
}

#[test]
fn claims_go_along_and_what_they_bring_is_kept_for_all() {
    let mut flow = silent();
    flow.options.claims = Some(r#"{"a":1}"#.to_owned());
    let mut world = full(kept::access("old")).answer(TOKEN, 200, tokens());
    world.run(flow).unwrap();
    assert_eq!(world.field(0, "claims").unwrap(), r#"{"a":1}"#);
    assert_eq!(world.run(silent()).unwrap().access_token.expose(), "planted-access-token");
}

#[test]
fn an_answer_without_a_refresh_token_leaves_the_old_one() {
    let mut world = full(expired()).answer(TOKEN, 200, without_refresh_token());
    world.run(silent()).unwrap();
    assert_eq!(refresh_tokens(&world), [("r".to_owned(), None)]);
    let mut world = world.answer(TOKEN, 200, tokens());
    world.run(forced()).unwrap();
    assert_eq!(world.field(1, "refresh_token").unwrap(), "r");
}

#[test]
fn a_new_refresh_token_takes_the_place_of_the_old_one() {
    let rotated = tokens().replace(r#","foci":"1""#, "");
    let mut world = full(expired()).answer(TOKEN, 200, rotated);
    world.run(silent()).unwrap();
    assert_eq!(refresh_tokens(&world), [("planted-refresh-token".to_owned(), None)]);
    let family = [refresh("f", Some("1")).into(), joe().into()];
    let mut world = self::world(family).answer(TOKEN, 200, tokens());
    world.run(silent()).unwrap();
    assert_eq!(refresh_tokens(&world), [("planted-refresh-token".to_owned(), Some("1".into()))]);
}

#[test]
fn tokens_of_somebody_else_are_refused_and_not_kept() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let info = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let joes =
        r#"{"uid":"11111111-1111-1111-1111-111111111111","utid":"22222222-2222-2222-2222-222222222222"}"#;
    let anns = tokens().replace(&info(joes), &info(r#"{"uid":"ann","utid":"t"}"#));
    let mut world = full(expired()).answer(TOKEN, 200, anns);
    let before = world.memory.tokens().to_json();
    let error = world.run(silent()).unwrap_err();
    assert_eq!(error.code(), "user_mismatch");
    assert_ne!(error.kind(), ErrorKind::Transport);
    assert_eq!(world.memory.tokens().to_json(), before);
}

fn sign_out(memory: &mut entrada_core::cache::Memory) {
    let mut signed_out = World::remembering(memory.clone());
    signed_out.run(crate::app(crate::TENANT).sign_out(JOE)).unwrap();
    *memory = signed_out.memory;
}

#[test]
fn who_signed_out_while_a_refresh_was_on_its_way_does_not_come_back() {
    let mut world = full(expired()).answer(TOKEN, 200, tokens());
    world.meanwhile = Some(sign_out);
    let result = world.run(silent()).unwrap();
    assert_eq!(result.access_token.expose(), "planted-access-token", "the caller had asked before");
    assert_eq!(world.memory.tokens().len(), 0);
    assert_eq!(world.run(silent()).unwrap_err().code(), "no_tokens_found");
}

#[test]
fn who_signed_out_stays_so_though_another_application_has_the_same_account() {
    let mut theirs = kept::access("theirs");
    theirs.client_id = "another".into();
    let mut their_refresh = refresh("theirs", None);
    their_refresh.client_id = "another".into();
    let mut world = full(expired());
    kept::keep(&mut world.memory, [theirs.into(), their_refresh.into()]);
    let mut world = world.answer(TOKEN, 200, tokens());
    world.meanwhile = Some(sign_out);
    world.run(silent()).unwrap();
    assert_eq!(world.memory.tokens().len(), 2, "{:?}", world.memory.tokens());
    assert_eq!(world.run(silent()).unwrap_err().code(), "no_tokens_found");
}

#[test]
fn a_cache_without_accounts_is_refreshed_and_kept_all_the_same() {
    let mut world = world([refresh("r", None).into()]).answer(TOKEN, 200, tokens());
    world.run(silent()).unwrap();
    assert_eq!(world.run(silent()).unwrap().token_source, TokenSource::Cache);
    let mut theirs = refresh("f", Some("1"));
    theirs.client_id = "another".into();
    let mut world = self::world([theirs.into()]).answer(TOKEN, 200, tokens());
    world.run(silent()).unwrap();
    assert_eq!(world.run(silent()).unwrap().token_source, TokenSource::Cache);
}

#[test]
fn a_store_that_cannot_be_read_is_a_miss_and_told() {
    let mut world = full(kept::access("old"));
    world.unreadable_store = Some(StoreError::new("locked"));
    assert_eq!(world.run(silent()).unwrap_err().code(), "no_tokens_found");
}

#[test]
fn a_store_that_cannot_be_written_loses_no_token_and_is_told() {
    let mut world = full(expired()).answer(TOKEN, 200, tokens());
    world.broken_store = Some(StoreError::new("full"));
    let result = world.run(silent()).unwrap();
    assert_eq!(result.access_token.expose(), "planted-access-token");
    assert_eq!(result.not_kept, Some(StoreError::new("full")));
    // What cannot be forgotten is no reason to give up, either.
    let both = [refresh("own", None).into(), refresh("family", Some("1")).into(), joe().into()];
    let dead = entrada_tests::documents::refusal("invalid_grant", 700_082, "");
    let mut world = self::world(both).answer(TOKEN, 400, dead).answer(TOKEN, 200, tokens());
    world.broken_store = Some(StoreError::new("full"));
    assert!(world.run(silent()).unwrap().not_kept.is_some());
}
