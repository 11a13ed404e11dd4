//! Authorization codes: once, by the same client, to the same address, with the verifier.

use entrada_emulator::{Config, Emulator, world};

use crate::browser::*;
use crate::support::*;

#[test]
fn a_code_is_good_for_tokens() {
    let emulator = emulator();
    let body = granted(&emulator, &redemption(&code(&emulator, &native())));
    let id = claims(&emulator, &member(&body, "id_token"));
    assert_eq!((&id["nonce"], &id["preferred_username"]), (&"a nonce".into(), &world::MANAGED_USER.into()));
    assert!(body["refresh_token"].is_string() && body["client_info"].is_string());
    assert_eq!(body["foci"], serde_json::Value::Null);
    violated(&emulator, "");
}

#[test]
fn a_code_is_good_once_and_a_second_time_ends_what_the_first_one_got() {
    let emulator = emulator();
    let code = code(&emulator, &native());
    let body = granted(&emulator, &redemption(&code));
    let answer = refused(&emulator, &redemption(&code), 54005, "redeemed before");
    assert_eq!(answer.json()["error"], "invalid_grant");
    let token = member(&body, "refresh_token");
    refused(&emulator, &refresh(&token, world::CLIENT_ID), 50173, "");
}

#[test]
fn a_code_is_not_made_up() {
    let emulator = emulator();
    refused(&emulator, &redemption("made up"), 70000, "never issued");
    refused(&emulator, &without(redemption("x"), "code"), 900144, "code is missing");
}

#[test]
fn a_code_is_for_the_client_that_asked_for_it() {
    let emulator = emulator();
    let code = code(&emulator, &native());
    let form = with(redemption(&code), "client_id", world::FAMILY_CLIENT_ID);
    refused(&emulator, &form, 70000, "another client");
}

#[test]
fn a_redirect_uri_is_the_same_to_the_byte() {
    let emulator = emulator();
    let code = code(&emulator, &native());
    for other in ["http://localhost:8400", "http://localhost:8401/", "http://LOCALHOST:8400/"] {
        refused(&emulator, &with(redemption(&code), "redirect_uri", other), 500112, "redirect_uri");
    }
    refused(&emulator, &without(redemption(&code), "redirect_uri"), 900144, "redirect_uri");
    granted(&emulator, &redemption(&code));
}

#[test]
fn a_verifier_belongs_to_its_challenge() {
    let emulator = emulator();
    let code = code(&emulator, &native());
    refused(&emulator, &without(redemption(&code), "code_verifier"), 50148, "verifier is missing");
    let other = VERIFIER.replace('d', "e");
    refused(
        &emulator,
        &with(redemption(&code), "code_verifier", &other),
        501481,
        "not that of the challenge",
    );
    refused(&emulator, &with(redemption(&code), "code_verifier", "short"), 501451, "43 to 128");
    let long = "a".repeat(129);
    refused(&emulator, &with(redemption(&code), "code_verifier", &long), 501451, "43 to 128");
    let odd = VERIFIER.replace('-', "+");
    refused(&emulator, &with(redemption(&code), "code_verifier", &odd), 501451, "unreserved");
}

#[test]
fn a_verifier_without_a_challenge_is_refused() {
    let emulator = emulator();
    let code = code(&emulator, &without(web(), "code_challenge"));
    let form = with(
        with(redemption(&code), "client_id", world::CONFIDENTIAL_CLIENT_ID),
        "redirect_uri",
        world::WEB_REDIRECT_URI,
    );
    let form = with(form, "client_secret", world::CLIENT_SECRET);
    refused(&emulator, &form, 501491, "no challenge");
    granted(&emulator, &without(form, "code_verifier"));
}

#[test]
fn an_expired_code_is_refused_without_blame() {
    let emulator = emulator();
    let code = code(&emulator, &native());
    emulator.advance_clock(601);
    refused(&emulator, &redemption(&code), 70008, "");
    let config = Config { code_lifetime_seconds: -1, ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    refused(&emulator, &redemption(&crate::browser::code(&emulator, &native())), 70008, "");
}

#[test]
fn a_web_applications_code_needs_its_credential() {
    let emulator = emulator();
    let code = code(&emulator, &web());
    let form = with(
        with(redemption(&code), "client_id", world::CONFIDENTIAL_CLIENT_ID),
        "redirect_uri",
        world::WEB_REDIRECT_URI,
    );
    refused(&emulator, &form, 7000218, "");
    let body = granted(&emulator, &with(form, "client_secret", world::CLIENT_SECRET));
    let token = member(&body, "refresh_token");
    let refresh = refresh(&token, world::CONFIDENTIAL_CLIENT_ID);
    refused(&emulator, &refresh, 7000218, "");
    granted(&emulator, &with(refresh, "client_secret", world::CLIENT_SECRET));
}

#[test]
fn a_single_page_applications_code_comes_across_origins() {
    let emulator = emulator();
    let code = code(&emulator, &single_page());
    let form = with(
        with(redemption(&code), "client_id", world::SPA_CLIENT_ID),
        "redirect_uri",
        world::SPA_REDIRECT_URI,
    );
    refused(&emulator, &form, 9002327, "without an Origin");
    let origin = [("Origin", "http://localhost:4200")];
    let answer = post(&emulator, "/contoso.com/oauth2/v2.0/token", &origin, &form);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:4200"));
    let token = member(&answer.json(), "refresh_token");
    let refresh = refresh(&token, world::SPA_CLIENT_ID);
    let again = |seconds| {
        emulator.advance_clock(seconds);
        post(&emulator, "/contoso.com/oauth2/v2.0/token", &origin, &refresh)
    };
    assert_eq!(again(0).status, 200);
    // The next token has the end of the first one.
    let next = member(&again(23 * 3600).json(), "refresh_token");
    emulator.advance_clock(3601);
    let form = crate::browser::refresh(&next, world::SPA_CLIENT_ID);
    assert_eq!(post(&emulator, "/contoso.com/oauth2/v2.0/token", &origin, &form).code(), 700084);
}

#[test]
fn nobody_elses_code_comes_across_origins() {
    let emulator = emulator();
    let code = code(&emulator, &native());
    let origin = [("Origin", "http://localhost:8400")];
    let answer = post(&emulator, "/contoso.com/oauth2/v2.0/token", &origin, &redemption(&code));
    assert_eq!(answer.code(), 9002326);
    violated(&emulator, "Origin");
}

#[test]
fn a_web_applications_server_hands_a_code_on_to_its_page() {
    let emulator = emulator();
    let code = code(&emulator, &web());
    let form = with(redemption(&code), "client_id", world::CONFIDENTIAL_CLIENT_ID);
    let form =
        with(with(form, "redirect_uri", world::WEB_REDIRECT_URI), "client_secret", world::CLIENT_SECRET);
    let page = member(&granted(&emulator, &with(form, "return_spa_code", "1")), "spa_code");
    let form = with(without(redemption(&page), "code_verifier"), "client_id", world::CONFIDENTIAL_CLIENT_ID);
    let form = with(form, "redirect_uri", world::WEB_PAGE_REDIRECT_URI);
    let origin = [("Origin", "http://localhost:5000")];
    assert_eq!(post(&emulator, "/contoso.com/oauth2/v2.0/token", &origin, &form).status, 200);
    violated(&emulator, "");
    let native = crate::browser::code(&emulator, &native());
    refused(&emulator, &with(redemption(&native), "return_spa_code", "1"), 9002327, "return_spa_code");
}

#[test]
fn a_page_may_ask_whether_it_may_ask() {
    let emulator = emulator();
    let headers = [("Origin", "http://localhost:4200"), ("Access-Control-Request-Method", "POST")];
    let answer = connect(&emulator)
        .send("OPTIONS", "/contoso.com/oauth2/v2.0/token", &headers, b"")
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("http://localhost:4200"))
    );
}
