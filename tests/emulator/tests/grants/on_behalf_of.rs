//! On behalf of: the assertion is a user's token for this very client.

use entrada_emulator::{Config, Emulator, world};

use crate::browser::*;
use crate::support::*;

/// The token that a user's client calls the API with.
fn incoming(emulator: &Emulator, scope: &str) -> serde_json::Value {
    granted(emulator, &with(password(world::MANAGED_USER, world::PASSWORD), "scope", scope))
}

fn onward(assertion: &str) -> Pairs<'_> {
    vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("client_id", world::CONFIDENTIAL_CLIENT_ID),
        ("client_secret", world::CLIENT_SECRET),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", assertion),
        ("scope", SCOPES),
        ("client_info", "1"),
    ]
}

#[test]
fn an_api_goes_on_with_its_callers_token() {
    let emulator = emulator();
    let token = member(&incoming(&emulator, world::API_SCOPE), "access_token");
    assert_eq!(read(&token)["scp"], "Files.Read");
    let body = granted(&emulator, &onward(&token));
    let onward = claims(&emulator, &member(&body, "access_token"));
    assert_eq!(
        (&onward["upn"], &onward["azp"]),
        (&world::MANAGED_USER.into(), &world::CONFIDENTIAL_CLIENT_ID.into())
    );
    assert!(body["refresh_token"].is_string() && body["client_info"].is_string());
    violated(&emulator, "");
}

#[test]
fn an_assertion_is_for_the_client_that_presents_it() {
    let emulator = emulator();
    let token = member(&incoming(&emulator, "user.read"), "access_token");
    refused(&emulator, &onward(&token), 500131, "another audience");
}

#[test]
fn an_assertion_is_a_token_of_this_service() {
    let emulator = emulator();
    let token = member(&incoming(&emulator, world::API_SCOPE), "access_token");
    let (input, _) = token.rsplit_once('.').expect("a signature");
    refused(&emulator, &onward(&format!("{input}.AAAA")), 50013, "no token of this service");
    refused(&emulator, &onward("x"), 50013, "no token of this service");
    let elsewhere = crate::support::emulator();
    let token = member(&incoming(&elsewhere, world::API_SCOPE), "access_token");
    refused(&emulator, &onward(&token), 50013, "no token of this service");
}

#[test]
fn an_identity_token_is_no_assertion() {
    let emulator = emulator();
    let code = code(&emulator, &web());
    let form = with(
        with(redemption(&code), "client_id", world::CONFIDENTIAL_CLIENT_ID),
        "redirect_uri",
        world::WEB_REDIRECT_URI,
    );
    let token = member(&granted(&emulator, &with(form, "client_secret", world::CLIENT_SECRET)), "id_token");
    refused(&emulator, &onward(&token), 240002, "identity token");
}

#[test]
fn an_applications_own_token_is_no_assertion() {
    let emulator = emulator();
    let scope = format!("{}/.default", world::API);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", world::DAEMON_CLIENT_ID),
        ("client_secret", world::CLIENT_SECRET),
        ("scope", scope.as_str()),
    ];
    let token = member(&granted(&emulator, &form), "access_token");
    refused(&emulator, &onward(&token), 7000114, "");
}

#[test]
fn an_expired_or_revoked_assertion_is_refused_without_blame() {
    let emulator = emulator();
    let token = member(&incoming(&emulator, world::API_SCOPE), "access_token");
    emulator.revoke_user(world::MANAGED_USER);
    refused(&emulator, &onward(&token), 50173, "");
    emulator.advance_clock(4000);
    refused(&emulator, &onward(&token), 500133, "");
}

#[test]
fn the_use_of_the_token_is_named_and_the_client_proves_itself() {
    let emulator = emulator();
    let token = member(&incoming(&emulator, world::API_SCOPE), "access_token");
    refused(&emulator, &without(onward(&token), "requested_token_use"), 900144, "requested_token_use");
    refused(&emulator, &without(onward(&token), "client_secret"), 7000218, "");
    refused(&emulator, &without(onward(&token), "assertion"), 900144, "assertion");
}

#[test]
fn consent_is_needed_here_too() {
    let mut config = Config::default();
    for app in &mut config.apps {
        app.consented = app.client_id != world::CONFIDENTIAL_CLIENT_ID;
    }
    let emulator = Emulator::start(config).expect("an emulator");
    let token = member(&incoming(&emulator, world::API_SCOPE), "access_token");
    refused(&emulator, &onward(&token), 65001, "");
}
