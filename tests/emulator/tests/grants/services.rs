//! The habits of the services: AD FS, B2C, a plain OpenID provider, and the resources behind them.

use entrada_emulator::{Landing, world};

use crate::browser::*;
use crate::support::*;

#[test]
fn every_service_describes_its_endpoints_and_they_are_there() {
    let emulator = emulator();
    for prefix in [
        "/contoso.com/v2.0",
        "/common/v2.0",
        "/contoso.com/B2C_1_signin/v2.0",
        "/tfp/contoso.com/b2c_1_signin/v2.0",
        "/adfs",
        "/oidc",
    ] {
        let answer = get(&emulator, &format!("{prefix}/.well-known/openid-configuration"));
        assert_eq!(answer.status, 200, "{prefix}");
        let body = answer.json();
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "device_authorization_endpoint",
            "end_session_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
        ] {
            let url = member(&body, name);
            let path = url.strip_prefix(emulator.base_url()).expect("its own URL").to_owned();
            let answer = match name {
                "token_endpoint" | "device_authorization_endpoint" => post(&emulator, &path, &[], &[]),
                _ => get(&emulator, &path),
            };
            assert_ne!(answer.status, 404, "{name} of {prefix}");
        }
        assert!(body["issuer"].is_string());
    }
    let common = get(&emulator, "/common/v2.0/.well-known/openid-configuration").json();
    assert!(member(&common, "issuer").contains("{tenantid}"));
    assert_eq!(
        get(&emulator, "/contoso.com/B2C_1_other/v2.0/.well-known/openid-configuration").code(),
        90002
    );
    assert_eq!(get(&emulator, "/nowhere.example/v2.0/.well-known/openid-configuration").code(), 90002);
}

#[test]
fn ad_fs_gives_tokens_in_its_own_way() {
    let emulator = emulator();
    let url = url_at(&emulator, "/adfs/oauth2/authorize", &native());
    let redirect = emulator.sign_in(&url, world::FEDERATED_USER).expect("a redirect");
    let code = redirect.value("code").expect("a code");
    let answer = post(&emulator, "/adfs/oauth2/token", &[], &redemption(&code));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["client_info"], serde_json::Value::Null);
    let id = read(&member(&body, "id_token"));
    assert_eq!(
        (&id["upn"], &id["iss"]),
        (&world::FEDERATED_USER.into(), &format!("{}/adfs", emulator.base_url()).into())
    );
    assert_eq!((&id["tid"], &id["oid"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    let again = post(&emulator, "/adfs/oauth2/token", &[], &redemption(&code)).json();
    assert!(member(&again, "error_description").starts_with("MSIS"));
    assert_eq!(again["error_codes"], serde_json::Value::Null);
}

#[test]
fn ad_fs_takes_its_own_users_passwords() {
    let emulator = emulator();
    let answer =
        post(&emulator, "/adfs/oauth2/token", &[], &password(world::FEDERATED_USER, world::PASSWORD));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let saml = saml(SAML1_GRANT, "x");
    assert_eq!(post(&emulator, "/adfs/oauth2/token", &[], &saml).json()["error"], "unsupported_grant_type");
}

#[test]
fn b2c_has_policies_in_its_paths_and_its_tokens() {
    let emulator = emulator();
    for (base, query) in [
        ("/contoso.com/B2C_1_signin/oauth2/v2.0", ""),
        ("/tfp/contoso.com/B2C_1_signin/oauth2/v2.0", ""),
        ("/contoso.com/oauth2/v2.0", "&p=b2c_1_signin"),
    ] {
        let scope = format!("openid offline_access {}", world::CLIENT_ID);
        let url = url_at(&emulator, &format!("{base}/authorize"), &with(native(), "scope", &scope)) + query;
        let redirect = emulator.sign_in(&url, world::MANAGED_USER).expect("a redirect");
        let code = redirect.value("code").expect("a code");
        let path = format!("{base}/token{}", query.replace('&', "?"));
        let form = redemption(&code);
        let answer = post(&emulator, &path, &[], &with(form, "scope", &scope));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        let token = read(&member(&body, "access_token"));
        assert_eq!(token["aud"], world::CLIENT_ID);
        assert!(token["tfp"].as_str().is_some_and(|policy| policy.eq_ignore_ascii_case(world::B2C_POLICY)));
        let info = data_encoding::BASE64URL_NOPAD
            .decode(member(&body, "client_info").as_bytes())
            .expect("base64url");
        assert!(String::from_utf8(info).expect("UTF-8").contains("-b2c_1_signin"));
    }
}

#[test]
fn b2c_gives_no_access_token_where_no_api_is_asked_for() {
    let emulator = emulator();
    let path = "/contoso.com/B2C_1_signin/oauth2/v2.0/token";
    let form = with(password(world::MANAGED_USER, world::PASSWORD), "scope", "openid offline_access");
    let body = post(&emulator, path, &[], &form).json();
    assert_eq!(body["access_token"], serde_json::Value::Null);
    assert!(body["id_token"].is_string());
    let wrong = post(&emulator, path, &[], &password(world::MANAGED_USER, "wrong")).json();
    assert!(member(&wrong, "error_description").starts_with("AADB2C90225: "), "{wrong}");
}

#[test]
fn a_policys_code_and_tokens_are_good_at_that_policy_alone() {
    let emulator = emulator();
    let url = url_at(&emulator, "/contoso.com/B2C_1_signin/oauth2/v2.0/authorize", &native());
    let code =
        emulator.sign_in(&url, world::MANAGED_USER).expect("a redirect").value("code").expect("a code");
    refused(&emulator, &redemption(&code), 70000, "this service");
}

#[test]
fn a_plain_provider_keeps_to_the_standards() {
    let emulator = emulator();
    let url = url_at(&emulator, "/oidc/authorize", &native());
    let redirect = emulator.sign_in(&url, world::MANAGED_USER).expect("a redirect");
    let issuer = format!("{}/oidc", emulator.base_url());
    assert_eq!(redirect.value("iss").as_deref(), Some(issuer.as_str()));
    assert_eq!((redirect.value("client_info"), redirect.value("session_state")), (None, None));
    let code = redirect.value("code").expect("a code");
    let body = post(&emulator, "/oidc/token", &[], &redemption(&code)).json();
    assert_eq!(
        (&body["client_info"], &body["ext_expires_in"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    let old = member(&body, "refresh_token");
    let spend = |token: &str, more: &[(&str, &str)]| {
        post(&emulator, "/oidc/token", &[], &[refresh(token, world::CLIENT_ID), more.to_vec()].concat())
    };
    let new = member(&spend(&old, &[]).json(), "refresh_token");
    assert_eq!(spend(&old, &[]).json()["error"], "invalid_grant");
    violated(&emulator, "used before");
    assert_eq!(spend(&new, &[]).json()["error"], "invalid_grant", "both are dead");
}

#[test]
fn a_plain_provider_gives_no_more_than_was_granted() {
    let emulator = emulator();
    let url = url_at(&emulator, "/oidc/authorize", &native());
    let code =
        emulator.sign_in(&url, world::MANAGED_USER).expect("a redirect").value("code").expect("a code");
    let token = member(&post(&emulator, "/oidc/token", &[], &redemption(&code)).json(), "refresh_token");
    let more = with(refresh(&token, world::CLIENT_ID), "scope", "openid email");
    assert_eq!(post(&emulator, "/oidc/token", &[], &more).json()["error"], "invalid_scope");
    violated(&emulator, "never granted");
}

#[test]
fn a_plain_providers_device_has_a_complete_address_and_standard_errors() {
    let emulator = emulator();
    let start = || {
        post(
            &emulator,
            "/oidc/device_authorization",
            &[],
            &[("client_id", world::CLIENT_ID), ("scope", SCOPES)],
        )
        .json()
    };
    let started = start();
    assert_eq!(started["message"], serde_json::Value::Null);
    let complete = member(&started, "verification_uri_complete");
    let landing = emulator.browser().expect("a browser").open(&complete).expect("an answer");
    assert!(matches!(landing, Landing::Page(page) if page.html.contains(&member(&started, "user_code"))));
    emulator.decline_device(&member(&started, "user_code")).expect("an answer");
    let poll = |code: &str| {
        let urn = "urn:ietf:params:oauth:grant-type:device_code";
        post(
            &emulator,
            "/oidc/token",
            &[],
            &[("grant_type", urn), ("client_id", world::CLIENT_ID), ("device_code", code)],
        )
    };
    assert_eq!(poll(&member(&started, "device_code")).json()["error"], "access_denied");
    assert_eq!(poll("made up").json()["error"], "invalid_grant");
}

#[test]
fn a_plain_provider_revokes_what_it_is_told_to() {
    let emulator = emulator();
    let url = url_at(&emulator, "/oidc/authorize", &native());
    let code =
        emulator.sign_in(&url, world::MANAGED_USER).expect("a redirect").value("code").expect("a code");
    let token = member(&post(&emulator, "/oidc/token", &[], &redemption(&code)).json(), "refresh_token");
    let revoke = |token: &str| {
        let form = [("client_id", world::CLIENT_ID), ("token", token), ("token_type_hint", "refresh_token")];
        post(&emulator, "/oidc/revoke", &[], &form).status
    };
    assert_eq!((revoke("made up"), revoke(&token)), (200, 200));
    let again = post(&emulator, "/oidc/token", &[], &refresh(&token, world::CLIENT_ID));
    assert_eq!(again.json()["error"], "invalid_grant");
    assert_eq!(post(&emulator, "/contoso.com/oauth2/v2.0/revoke", &[], &[]).status, 404);
}

#[test]
fn a_resource_knows_whose_token_it_is_and_challenges_a_dead_one() {
    let emulator = emulator();
    let token = member(&granted(&emulator, &password(world::MANAGED_USER, world::PASSWORD)), "access_token");
    let me = |value: &str| {
        connect(&emulator).send("GET", "/v1.0/me", &[("Authorization", value)], b"").expect("an answer")
    };
    let bearer = format!("Bearer {token}");
    assert_eq!(me(&bearer).json()["userPrincipalName"], world::MANAGED_USER);
    assert_eq!(me("Bearer x").status, 401);
    emulator.revoke_user(world::MANAGED_USER);
    let answer = me(&bearer);
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").is_some_and(|value| value.contains("insufficient_claims")));
    emulator.advance_clock(4000);
    assert!(me(&bearer).header("www-authenticate").is_some_and(|value| value.contains("invalid_token")));
}
