//! Refresh tokens: a new one each time, families, and how they end.

use entrada_emulator::{Config, Emulator, world};

use crate::browser::*;
use crate::support::*;

fn first(emulator: &Emulator, client_id: &str) -> serde_json::Value {
    let pairs = with(native(), "client_id", client_id);
    let code = code(emulator, &pairs);
    granted(emulator, &with(redemption(&code), "client_id", client_id))
}

#[test]
fn a_refresh_token_gives_a_new_one_and_stays_good() {
    let emulator = emulator();
    let old = member(&first(&emulator, world::CLIENT_ID), "refresh_token");
    let new = member(&granted(&emulator, &refresh(&old, world::CLIENT_ID)), "refresh_token");
    assert_ne!(old, new);
    for token in [&old, &new] {
        granted(&emulator, &refresh(token, world::CLIENT_ID));
    }
    let body = granted(&emulator, &with(refresh(&new, world::CLIENT_ID), "scope", world::API_SCOPE));
    assert_eq!(read(&member(&body, "access_token"))["aud"], world::CONFIDENTIAL_CLIENT_ID);
    assert!(body["refresh_token"].is_string());
    violated(&emulator, "");
}

#[test]
fn a_refresh_token_can_be_good_for_one_use() {
    let config = Config { one_time_refresh_tokens: true, ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    let old = member(&first(&emulator, world::CLIENT_ID), "refresh_token");
    let new = member(&granted(&emulator, &refresh(&old, world::CLIENT_ID)), "refresh_token");
    let answer = refused(&emulator, &refresh(&old, world::CLIENT_ID), 70000, "used before");
    assert_eq!(answer.json()["suberror"], "bad_token");
    // The thief and the owner both had one: neither keeps anything.
    refused(&emulator, &refresh(&new, world::CLIENT_ID), 50173, "");
}

#[test]
fn a_refresh_token_is_not_made_up() {
    let emulator = emulator();
    let answer = refused(&emulator, &refresh("made up", world::CLIENT_ID), 70000, "");
    assert_eq!(
        (&answer.json()["error"], &answer.json()["suberror"]),
        (&"invalid_grant".into(), &"bad_token".into())
    );
    refused(&emulator, &without(refresh("x", world::CLIENT_ID), "refresh_token"), 900144, "refresh_token");
}

#[test]
fn a_family_shares_its_refresh_tokens_and_nobody_else_does() {
    let emulator = emulator();
    let body = first(&emulator, world::FAMILY_CLIENT_ID);
    assert_eq!(body["foci"], "1");
    let token = member(&body, "refresh_token");
    let other = granted(&emulator, &refresh(&token, world::OTHER_FAMILY_CLIENT_ID));
    assert_eq!(read(&member(&other, "access_token"))["azp"], world::OTHER_FAMILY_CLIENT_ID);
    let answer = refused(&emulator, &refresh(&token, world::CLIENT_ID), 70000, "");
    assert_eq!(answer.json()["suberror"], "client_mismatch");
}

#[test]
fn a_refresh_token_ends_when_it_is_not_used() {
    let emulator = emulator();
    let token = member(&first(&emulator, world::CLIENT_ID), "refresh_token");
    emulator.advance_clock(90 * 24 * 3600);
    let answer = refused(&emulator, &refresh(&token, world::CLIENT_ID), 700082, "");
    assert_eq!(answer.json()["suberror"], "bad_token");
}

#[test]
fn a_refresh_token_ends_with_the_users_sign_ins() {
    let emulator = emulator();
    let token = member(&first(&emulator, world::CLIENT_ID), "refresh_token");
    emulator.revoke_user(world::MANAGED_USER);
    let answer = refused(&emulator, &refresh(&token, world::CLIENT_ID), 50173, "");
    assert_eq!(
        (&answer.json()["error"], &answer.json()["suberror"]),
        (&"invalid_grant".into(), &"bad_token".into())
    );
    let again = member(&first(&emulator, world::CLIENT_ID), "refresh_token");
    granted(&emulator, &refresh(&again, world::CLIENT_ID));
}

#[test]
fn a_refresh_token_without_a_scope_gives_what_was_granted() {
    let emulator = emulator();
    let token = member(&first(&emulator, world::CLIENT_ID), "refresh_token");
    let body = granted(&emulator, &without(refresh(&token, world::CLIENT_ID), "scope"));
    assert_eq!(body["scope"], "openid profile user.read");
}

#[test]
fn an_origin_is_for_single_page_applications_alone() {
    let emulator = emulator();
    let token = member(&first(&emulator, world::CLIENT_ID), "refresh_token");
    let origin = [("Origin", "http://localhost:4200")];
    let form = refresh(&token, world::CLIENT_ID);
    assert_eq!(post(&emulator, "/contoso.com/oauth2/v2.0/token", &origin, &form).code(), 9002327);
    violated(&emulator, "Origin");
}

#[test]
fn answers_say_when_to_refresh_if_they_are_told_to() {
    let config = Config { refresh_in_seconds: Some(1800), ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    assert_eq!(first(&emulator, world::CLIENT_ID)["refresh_in"], 1800);
}
