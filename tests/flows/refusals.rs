//! What each bad answer becomes: a code, a class, a remedy.

use entrada_core::error::ErrorKind;
use entrada_tests::documents::{
    MANAGED_REALM, Port, fault, federated_realm, issued, metadata, ports, refusal, tokens,
};
use entrada_tests::world::World;

use crate::{app, integrated, password};

#[test]
fn common_and_consumers_are_refused_before_any_request() {
    for tenant in ["common", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"] {
        let app = app(&format!("https://login.microsoftonline.com/{tenant}"));
        let error = World::default()
            .run(app.acquire_token_by_integrated_windows_auth(["x"], "joe@contoso.com"))
            .unwrap_err();
        assert_eq!(error.code(), "invalid_request");
        assert!(error.remedy().contains("/organizations"));
        let flow = app.acquire_token_by_username_password(["x"], "joe@contoso.com", "p".to_owned().into());
        assert_eq!(World::default().run(flow).unwrap_err().code(), "invalid_request");
    }
}

#[test]
fn a_missing_user_name_is_refused_before_any_request() {
    let mut flow = integrated();
    for name in ["", "  "] {
        flow.username = name.to_owned();
        assert_eq!(World::default().run(flow.clone()).unwrap_err().code(), "unknown_user");
    }
}

#[test]
fn each_bad_realm_has_its_code() {
    for (status, body, code) in [
        (404, MANAGED_REALM, "user_realm_discovery_failed"),
        (302, "", "user_realm_discovery_failed"),
        (200, "<html>", "user_realm_discovery_failed"),
        (200, "", "user_realm_discovery_failed"),
        (200, "{\"account_type\":\"Mana", "user_realm_discovery_failed"),
        (200, "{}", "user_realm_discovery_failed"),
        (200, r#"{"ver":"1.0","account_type":"Bogus"}"#, "unknown_user_type"),
        (200, r#"{"account_type":"Unknown"}"#, "unknown_user_type"),
        (200, r#"{"account_type":"Federated","domain_name":"live.com"}"#, "ropc_not_supported_for_msa"),
        (
            200,
            r#"{"account_type":"Federated","federation_protocol":"SAML20"}"#,
            "federation_protocol_not_supported",
        ),
        (200, r#"{"account_type":"Federated"}"#, "missing_federation_metadata_url"),
        (
            200,
            r#"{"account_type":"Federated","federation_metadata_url":"http://a.b/mex"}"#,
            "insecure_endpoint",
        ),
        (200, r#"{"account_type":"Federated","federation_metadata_url":"nowhere"}"#, "insecure_endpoint"),
    ] {
        let error = World::default().answer("userrealm", status, body).run(integrated()).unwrap_err();
        assert_eq!(error.code(), code, "{status} {body}");
        assert!(error.remedy().len() > 20);
        assert!(error.correlation_id().is_some());
    }
}

#[test]
fn each_bad_metadata_document_has_its_code() {
    let plain =
        Port { address: "http://sts.contoso.com/adfs/services/trust/13/windowstransport", ..ports()[3] };
    let deep = "<a>".repeat(10_000);
    let whole = metadata(&ports());
    let dtd = format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{whole}");
    let truncated = &whole[..whole.len() - 20];
    for (status, body, code) in [
        (404, "", "accessing_ws_metadata_exchange_failed"),
        (302, "", "accessing_ws_metadata_exchange_failed"),
        (200, "", "parsing_ws_metadata_exchange_failed"),
        (200, "{}", "parsing_ws_metadata_exchange_failed"),
        (200, "<html></html>", "parsing_ws_metadata_exchange_failed"),
        (200, truncated, "parsing_ws_metadata_exchange_failed"),
        (200, deep.as_str(), "parsing_ws_metadata_exchange_failed"),
        (200, dtd.as_str(), "parsing_ws_metadata_exchange_failed"),
        (200, metadata(&[]).as_str(), "wstrust_endpoint_not_found"),
        (200, metadata(&[plain]).as_str(), "wstrust_endpoint_not_found"),
        (200, metadata(&ports()[..2]).as_str(), "wstrust_endpoint_not_found"),
    ] {
        let error = World::default()
            .answer("userrealm", 200, federated_realm())
            .answer("mex", status, body)
            .run(integrated())
            .unwrap_err();
        assert_eq!(error.code(), code, "{status} {}", &body[..body.len().min(80)]);
    }
}

#[test]
fn each_bad_answer_of_the_federation_server_has_its_code() {
    let none = issued("");
    let jwt = issued("<x:Jwt xmlns:x=\"urn:x\">e30</x:Jwt>")
        .replace("urn:oasis:names:tc:SAML:1.0:assertion", "urn:jwt");
    for (status, body, code) in [
        (200, "", "parsing_wstrust_response_failed"),
        (200, "<html>", "parsing_wstrust_response_failed"),
        (200, none.as_str(), "parsing_wstrust_response_failed"),
        (200, jwt.as_str(), "parsing_wstrust_response_failed"),
        (500, "Internal error", "parsing_wstrust_response_failed"),
        (302, "", "federated_service_returned_error"),
        (403, "<html>", "federated_service_returned_error"),
        (404, "", "federated_service_returned_error"),
        (401, "", "integrated_authentication_refused"),
    ] {
        let error = World::default()
            .answer("userrealm", 200, federated_realm())
            .answer("mex", 200, metadata(&ports()))
            .answer("windowstransport", status, body)
            .run(integrated())
            .unwrap_err();
        assert_eq!(error.code(), code, "{status} {body}");
        assert_eq!(error.status().unwrap(), status);
    }
}

#[test]
fn each_bad_answer_of_the_token_endpoint_has_its_code() {
    for (status, body, code, kind) in [
        (200, "", "json_parse_failed", ErrorKind::Client),
        (200, "<html>", "json_parse_failed", ErrorKind::Client),
        (200, "{}", "access_token_missing", ErrorKind::Client),
        (200, r#"{"access_token":"t"}"#, "token_type_missing", ErrorKind::Client),
        (404, "", "not_found", ErrorKind::Service),
        (500, "", "http_status_not_200", ErrorKind::Service),
        (302, "<a>", "http_status_not_200", ErrorKind::Service),
        (500, "<html>", "non_parsable_oauth_error", ErrorKind::Client),
        (429, "<html>", "request_throttled", ErrorKind::Throttled),
        (429, r#"{"error":"Server overload"}"#, "Server overload", ErrorKind::Throttled),
    ] {
        let error = World::default()
            .answer("userrealm", 200, MANAGED_REALM)
            .answer("token", status, body)
            .run(password())
            .unwrap_err();
        assert_eq!((error.code(), error.kind()), (code, kind), "{status} {body}");
    }
}

#[test]
fn a_refusal_keeps_the_services_own_words() {
    let body = refusal("invalid_grant", 50076, r#","suberror":"basic_action","claims":"{\"a\":1}""#);
    let error = World::default()
        .answer("userrealm", 200, MANAGED_REALM)
        .answer("token", 400, body)
        .run(password())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ClaimsChallenge);
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.error_codes, [50076]);
    assert_eq!(refusal.suberror.as_deref(), Some("basic_action"));
    assert_eq!(refusal.claims.as_deref(), Some(r#"{"a":1}"#));
    assert!(error.to_string().contains("AADSTS50076: No."));
}

#[test]
fn suberrors_decide_who_must_act() {
    for (suberror, kind) in [
        ("basic_action", ErrorKind::UiRequired),
        ("bad_token", ErrorKind::UiRequired),
        ("client_mismatch", ErrorKind::Service),
        ("protection_policy_required", ErrorKind::Service),
    ] {
        let body = refusal("invalid_grant", 70000, &format!(r#","suberror":"{suberror}""#));
        let world = World::default().answer("userrealm", 200, MANAGED_REALM).answer("token", 400, body);
        let mut world = world;
        assert_eq!(world.run(password()).unwrap_err().kind(), kind, "{suberror}");
    }
}

#[test]
fn a_number_that_only_wraps_another_does_not_hide_it() {
    for (codes, words) in [("[70002,50126]", "password is wrong"), ("[70002,70008]", "sign in again")] {
        let body = format!(r#"{{"error":"invalid_grant","error_codes":{codes}}}"#);
        let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer("token", 400, body);
        let error = world.run(password()).unwrap_err();
        assert!(error.remedy().contains(words), "{codes}: {}", error.remedy());
    }
}

#[test]
fn the_text_in_the_detail_of_a_fault_is_read() {
    let detail = "<s:Detail><psf:internalerror xmlns:psf=\"http://schemas.microsoft.com/Passport/SoapServices/SOAPFault\">\
                  <psf:text>AADSTS81010: The ticket has expired.</psf:text></psf:internalerror></s:Detail></s:Fault>";
    let body = fault("FailedAuthentication", "Authentication Failure").replace("</s:Fault>", detail);
    let mut world = World::default()
        .answer("userrealm", 200, federated_realm())
        .answer("mex", 200, metadata(&ports()))
        .answer("windowstransport", 400, body);
    let error = world.run(integrated()).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("federated_service_returned_error", ErrorKind::UiRequired));
    assert_eq!(error.error_codes(), [81010]);
    assert!(error.remedy().contains("seamless"), "{}", error.remedy());
}

#[test]
fn a_refusal_is_told_in_the_terms_of_the_flow() {
    let world = |path| {
        World::default()
            .answer("userrealm", 200, federated_realm())
            .answer("mex", 200, metadata(&ports()))
            .answer_with(path, 401, &[("www-authenticate", "NTLM, Basic realm=\"a, b\", Negotiate")], "")
    };
    let error = world("usernamemixed").run(password()).unwrap_err();
    assert_eq!(error.code(), "federated_service_returned_error");
    let error = world("windowstransport").run(integrated()).unwrap_err();
    assert_eq!(error.code(), "integrated_authentication_refused");
    assert!(error.to_string().contains("NTLM, Basic, Negotiate"), "{error}");
}

#[test]
fn supplied_metadata_that_cannot_be_read_is_refused_before_any_request() {
    let mut flow = integrated();
    flow.options.federation_metadata = Some("<html>".to_owned());
    assert_eq!(World::default().run(flow).unwrap_err().code(), "parsing_ws_metadata_exchange_failed");
}

#[test]
fn remedies_name_the_mitigation() {
    for (error, code, words) in [
        ("invalid_grant", 65001, "consent"),
        ("invalid_grant", 50079, "device code"),
        ("invalid_request", 90010, "/organizations"),
        ("invalid_request", 9_001_023, "/organizations"),
        ("invalid_client", 70002, "allowPublicClient"),
        ("invalid_client", 7_000_218, "allowPublicClient"),
    ] {
        let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer(
            "token",
            400,
            refusal(error, code, ""),
        );
        let failure = world.run(password()).unwrap_err();
        assert!(failure.remedy().contains(words), "{code}: {}", failure.remedy());
    }
}

#[test]
fn the_remedy_of_missing_consent_is_the_page_for_this_application() {
    let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer(
        "token",
        400,
        refusal("invalid_grant", 65001, r#","suberror":"consent_required""#),
    );
    let error = world.run(password()).unwrap_err();
    assert!(
        error.remedy().contains(
            "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?client_id=app&response_type=code\
             &scope=user.read+openid+offline_access+profile&prompt=consent"
        ),
        "{}",
        error.remedy()
    );
}

#[test]
fn scopes_that_were_not_granted_are_told() {
    let mut flow = password();
    flow.scopes.push("Mail.Send".to_owned());
    let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer("token", 200, tokens());
    assert_eq!(world.run(flow).unwrap().declined_scopes, ["Mail.Send"]);
}
