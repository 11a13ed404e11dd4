//! Integrated Windows authentication.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entrada_core::error::ErrorKind;
use entrada_core::http::{HttpAuth, TransportErrorKind};
use entrada_core::result::TokenSource;
use entrada_tests::documents::{
    ASSERTION, MANAGED_REALM, Port, federated_realm, issued, metadata, ports, tokens,
};
use entrada_tests::world::World;

use crate::{app, integrated};

fn to_token() -> World {
    World::default()
        .answer("/common/userrealm/joe@contoso.com?api-version=1.0", 200, federated_realm())
        .answer("/trust/mex?client-request-id=1", 200, metadata(&ports()))
        .answer("/trust/13/windowstransport", 200, issued(ASSERTION))
        .answer("/contoso.com/oauth2/v2.0/token", 200, tokens())
}

#[test]
fn a_federated_user_gets_a_token_in_four_requests() {
    let mut world = to_token();
    let result = world.run(integrated()).unwrap();
    assert_eq!(result.access_token.expose(), "planted-access-token");
    assert_eq!(result.refresh_token().unwrap().expose(), "planted-refresh-token");
    assert_eq!(result.token_type, "Bearer");
    assert_eq!(result.scopes, ["User.Read", "openid", "profile"]);
    assert_eq!(result.declined_scopes, [""; 0]);
    assert_eq!(result.expires_on.as_secs(), 1_700_003_599);
    assert_eq!(result.token_source, TokenSource::IdentityProvider);
    let account = result.account.unwrap();
    assert_eq!(account.username, "joe@contoso.com");
    assert_eq!(
        account.home_account_id.as_str(),
        "11111111-1111-1111-1111-111111111111.22222222-2222-2222-2222-222222222222"
    );
    assert_eq!(account.environment, "login.windows.net");
    assert_eq!(world.saves, 1);
    let cache = world.memory.tokens().to_json();
    for section in ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"] {
        assert_eq!(cache[section].as_object().map(serde_json::Map::len), Some(1), "{section}");
    }
}

#[test]
fn only_the_federation_server_is_offered_negotiate() {
    let mut world = to_token();
    world.run(integrated()).unwrap();
    let auths: Vec<_> = world.sent.iter().map(|request| request.auth.clone()).collect();
    assert_eq!(auths[0], HttpAuth::Anonymous);
    assert_eq!(auths[1], HttpAuth::Anonymous);
    assert!(matches!(&auths[2], HttpAuth::Negotiate(service) if service.as_str() == "HTTP/sts.contoso.com"));
    assert_eq!(auths[3], HttpAuth::Anonymous);
}

#[test]
fn a_ticket_too_large_for_the_server_is_the_administrators_to_let_through() {
    for status in [400, 431] {
        let mut world = World::default()
            .answer("/common/userrealm/joe@contoso.com?api-version=1.0", 200, federated_realm())
            .answer("/trust/mex?client-request-id=1", 200, metadata(&ports()))
            .answer("/trust/13/windowstransport", status, "<html>Bad Request</html>");
        let error = world.run(integrated()).unwrap_err();
        assert_eq!(error.code(), "federated_service_returned_error");
        assert!(error.remedy().contains("LimitRequestFieldSize"), "{}", error.remedy());
    }
}

#[test]
fn the_kerberos_name_of_the_metadata_wins() {
    let port = Port { spn: Some("host/farm.contoso.com"), ..ports()[3] };
    let mut world = World::default()
        .answer("userrealm", 200, federated_realm())
        .answer("mex", 200, metadata(&[port]))
        .answer("windowstransport", 200, issued(ASSERTION))
        .answer("token", 200, tokens());
    world.run(integrated()).unwrap();
    assert!(
        matches!(&world.sent[2].auth, HttpAuth::Negotiate(service) if service.as_str() == "host/farm.contoso.com")
    );
}

#[test]
fn the_envelope_holds_no_security_header() {
    let mut world = to_token();
    world.run(integrated()).unwrap();
    let envelope = roxmltree::Document::parse(world.body(2)).unwrap();
    assert!(
        !envelope
            .descendants()
            .any(|node| node.has_tag_name("Security") || node.tag_name().name() == "Security")
    );
    let text = |name: &str| {
        envelope
            .descendants()
            .find(|node| node.tag_name().name() == name)
            .and_then(|node| node.text())
            .unwrap()
    };
    assert_eq!(text("To"), "https://sts.contoso.com/adfs/services/trust/13/windowstransport");
    assert_eq!(text("Action"), "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue");
    assert_eq!(world.sent[2].headers["soapaction"], text("Action"));
    assert_eq!(world.sent[2].headers["content-type"], "application/soap+xml; charset=utf-8");
}

#[test]
fn the_assertion_goes_out_byte_for_byte() {
    let mut world = to_token();
    world.run(integrated()).unwrap();
    assert_eq!(world.field(3, "grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:saml1_1-bearer");
    assert_eq!(world.field(3, "assertion").unwrap(), STANDARD.encode(ASSERTION));
    assert_eq!(world.field(3, "scope").unwrap(), "user.read openid offline_access profile");
    assert_eq!(world.field(3, "client_id").unwrap(), "app");
    assert_eq!(world.field(3, "client_info").unwrap(), "1");
    assert_eq!(world.field(3, "username"), None);
    assert_eq!(world.field(3, "password"), None);
    assert_eq!(world.sent[3].headers["content-type"], "application/x-www-form-urlencoded");
}

#[test]
fn every_request_to_the_service_carries_the_same_correlation_id() {
    let mut world = to_token();
    let result = world.run(integrated()).unwrap();
    assert_eq!(world.sent[0].headers["client-request-id"], result.correlation_id.as_str());
    assert_eq!(world.sent[3].headers["client-request-id"], result.correlation_id.as_str());
    let mut given = integrated();
    given.options.correlation_id = Some("my-id".to_owned());
    assert_eq!(to_token().run(given).unwrap().correlation_id, "my-id");
}

#[test]
fn the_client_info_headers_are_a_switch() {
    let mut world = to_token();
    world.run(integrated()).unwrap();
    assert_eq!(world.sent[0].headers["x-client-sku"], "Entrada");
    let mut flow = integrated();
    flow.app.client_info_headers = false;
    let mut world = World::default().answer("userrealm", 200, MANAGED_REALM);
    world.run(flow).unwrap_err();
    assert!(!world.sent[0].headers.keys().any(|name| name.as_str().starts_with("x-client")));
}

#[test]
fn seamless_single_sign_on_keeps_the_queries_and_speaks_2005() {
    let realm = r#"{"account_type":"Federated","federation_protocol":"WSTrust","domain_name":"contoso.com",
        "federation_metadata_url":"https://autologon.microsoftazuread-sso.com/contoso.com/winauth/trust/mex?client-request-id=7"}"#;
    let port = Port {
        address: "https://autologon.microsoftazuread-sso.com/contoso.com/winauth/trust/2005/windowstransport?client-request-id=7",
        ..ports()[2]
    };
    let mut world = World::default()
        .answer("userrealm", 200, realm)
        .answer("/winauth/trust/mex?client-request-id=7", 200, metadata(&[port]))
        .answer("/winauth/trust/2005/windowstransport?client-request-id=7", 200, issued(ASSERTION))
        .answer("token", 200, tokens());
    world.run(integrated()).unwrap();
    assert_eq!(world.sent[2].headers["soapaction"], "http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue");
    assert!(world.body(2).contains("urn:federation:MicrosoftOnline"));
}

#[test]
fn the_audience_is_that_of_the_cloud_where_the_realm_names_none() {
    let realm = r#"{"account_type":"Federated","federation_metadata_url":"https://sts.contoso.com/mex"}"#;
    let mut world = World::default()
        .answer("https://login.partner.microsoftonline.cn/common/userrealm/", 200, realm)
        .answer("mex", 200, metadata(&ports()))
        .answer("windowstransport", 200, issued(ASSERTION))
        .answer("https://login.partner.microsoftonline.cn/contoso.cn/oauth2/v2.0/token", 200, tokens());
    let flow = app("https://login.chinacloudapi.cn/contoso.cn")
        .acquire_token_by_integrated_windows_auth(["user.read"], "joe@contoso.cn");
    world.run(flow).unwrap();
    assert!(world.body(2).contains("urn:federation:partner.microsoftonline.cn"));
}

#[test]
fn a_supplied_document_replaces_the_fetch() {
    let mut flow = integrated();
    flow.options.federation_metadata = Some(metadata(&ports()));
    let mut world = World::default()
        .answer("userrealm", 200, federated_realm())
        .answer("windowstransport", 200, issued(ASSERTION))
        .answer("token", 200, tokens());
    world.run(flow).unwrap();
}

#[test]
fn a_managed_user_is_told_so_after_one_request() {
    let error = World::default().answer("userrealm", 200, MANAGED_REALM).run(integrated()).unwrap_err();
    assert_eq!(error.code(), "integrated_windows_auth_not_supported_managed_user");
    assert_eq!(error.kind(), ErrorKind::Client);
    assert!(error.remedy().contains("device code"));
}

#[test]
fn a_final_401_names_what_the_server_offers() {
    let error = World::default()
        .answer("userrealm", 200, federated_realm())
        .answer("mex", 200, metadata(&ports()))
        .answer_with(
            "windowstransport",
            401,
            &[("www-authenticate", "Negotiate oYG2"), ("www-authenticate", "NTLM")],
            "<html>",
        )
        .run(integrated())
        .unwrap_err();
    assert_eq!(error.code(), "integrated_authentication_refused");
    assert!(error.to_string().contains("Negotiate, NTLM"), "{error}");
    assert!(!error.to_string().contains("oYG2"));
}

#[test]
fn without_a_ticket_the_transport_says_so() {
    let error = World::default()
        .answer("userrealm", 200, federated_realm())
        .answer("mex", 200, metadata(&ports()))
        .fail("windowstransport", TransportErrorKind::Negotiate)
        .run(integrated())
        .unwrap_err();
    assert_eq!(error.code(), "integrated_windows_authentication_failed");
    assert!(error.remedy().contains("kinit"));
}

#[test]
fn an_unknown_host_is_confirmed_first_and_only_if_it_must_be() {
    let flow = |authority: &str| {
        app(authority).acquire_token_by_integrated_windows_auth(["user.read"], "joe@contoso.com")
    };
    let discovery = "login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Flogin.new.example%2Ft%2Foauth2%2Fv2.0%2Fauthorize";
    let mut world = World::default()
        .answer(
            discovery,
            200,
            r#"{"tenant_discovery_endpoint":"https://login.new.example/t/v2.0","metadata":[]}"#,
        )
        .answer("https://login.new.example/common/userrealm", 200, MANAGED_REALM);
    world.run(flow("https://login.new.example/t")).unwrap_err();
    let mut world = World::default().answer("discovery", 400, r#"{"error":"invalid_instance"}"#);
    assert_eq!(world.run(flow("https://login.new.example/t")).unwrap_err().code(), "invalid_instance");
}
