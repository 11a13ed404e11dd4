//! User name and password, managed and federated.

use entrada_core::cache::StoreError;
use entrada_core::error::ErrorKind;
use entrada_core::http::TransportErrorKind;
use entrada_tests::documents::{
    ASSERTION, MANAGED_REALM, fault, federated_realm, issued, metadata, ports, refusal, tokens,
};
use entrada_tests::world::World;

use crate::{PASSWORD, app, password, password_of};

#[test]
fn a_managed_users_password_goes_to_the_token_endpoint_once() {
    let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer(
        "/organizations/oauth2/v2.0/token",
        200,
        tokens(),
    );
    world.run(password()).unwrap();
    assert_eq!(world.field(1, "grant_type").unwrap(), "password");
    assert_eq!(world.field(1, "username").unwrap(), "joe@contoso.com");
    assert_eq!(world.field(1, "password").unwrap(), PASSWORD);
    assert_eq!(world.sent[1].headers["x-anchormailbox"], "UPN:joe@contoso.com");
    assert_eq!(world.saves, 1);
}

#[test]
fn a_federated_users_password_goes_to_the_federation_server_alone() {
    let mut world = World::default()
        .answer("userrealm", 200, federated_realm())
        .answer("mex", 200, metadata(&ports()))
        .answer("/trust/13/usernamemixed", 200, issued(ASSERTION))
        .answer("token", 200, tokens());
    world.run(password()).unwrap();
    let envelope = roxmltree::Document::parse(world.body(2)).unwrap();
    let text =
        |name: &str| envelope.descendants().find(|node| node.tag_name().name() == name).unwrap().text();
    assert_eq!(text("Username"), Some("joe@contoso.com"));
    assert_eq!(text("Password"), Some(PASSWORD));
    let password_node = envelope.descendants().find(|node| node.tag_name().name() == "Password").unwrap();
    assert_eq!(password_node.attributes().count(), 0);
    assert_eq!(world.field(3, "password"), None);
    assert_eq!(world.field(3, "username"), None);
    assert!(!world.body(3).contains("rd%27"));
}

#[test]
fn a_wrong_password_is_sent_once_whatever_the_status() {
    for status in [200, 400, 500, 503] {
        let mut world = World::default()
            .answer("userrealm", 200, federated_realm())
            .answer("mex", 200, metadata(&ports()))
            .answer("usernamemixed", status, fault("FailedAuthentication", "ID3242: No."));
        let error = world.run(password()).unwrap_err();
        assert_eq!(error.code(), "federated_service_returned_error");
        assert_eq!(error.status().unwrap(), status);
        assert!(error.to_string().contains("FailedAuthentication: ID3242: No."), "{error}");
        assert!(error.remedy().contains("once"));
        assert_eq!(world.sent.len(), 3);
    }
    for status in [400, 500, 503] {
        let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer(
            "token",
            status,
            refusal("invalid_grant", 50126, ""),
        );
        let error = world.run(password()).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("invalid_grant", ErrorKind::UiRequired));
        assert_eq!(world.sent.len(), 2);
    }
}

#[test]
fn nothing_that_carries_a_credential_is_sent_again() {
    for kind in TransportErrorKind::ALL {
        let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).fail("token", kind);
        let error = world.run(password()).unwrap_err();
        let no_ticket = kind == TransportErrorKind::Negotiate;
        assert_eq!(error.kind(), if no_ticket { ErrorKind::UiRequired } else { ErrorKind::Transport });
        let mut world = World::default()
            .answer("userrealm", 200, federated_realm())
            .answer("mex", 200, metadata(&ports()))
            .fail("usernamemixed", kind);
        world.run(password()).unwrap_err();
        let mut world = World::default()
            .answer("userrealm", 200, federated_realm())
            .answer("mex", 200, metadata(&ports()))
            .answer("usernamemixed", 200, issued(ASSERTION))
            .fail("token", kind);
        world.run(password()).unwrap_err();
    }
}

#[test]
fn realm_and_metadata_are_asked_again_once_after_a_second() {
    let mut world = World::default()
        .answer("userrealm", 503, "")
        .answer("userrealm", 200, federated_realm())
        .fail("mex", TransportErrorKind::Timeout)
        .answer("mex", 200, metadata(&ports()))
        .answer("usernamemixed", 200, issued(ASSERTION))
        .answer("token", 200, tokens());
    world.run(password()).unwrap();
    for (first, second) in [(0, 1), (2, 3)] {
        let pause = world.sent_at[second].since(world.sent_at[first]).as_millis();
        assert_eq!(pause, 1010, "ten milliseconds for the answer, then a second");
        assert_eq!(world.sent[first], world.sent[second]);
    }
}

#[test]
fn a_second_failure_is_the_end_and_a_server_that_names_a_time_is_left_alone() {
    let error = World::default()
        .answer("userrealm", 500, "")
        .answer("userrealm", 502, "")
        .run(password())
        .unwrap_err();
    assert_eq!((error.code(), error.status().unwrap().as_u16()), ("user_realm_discovery_failed", 502));
    let error = World::default()
        .answer_with("userrealm", 503, &[("retry-after", "5")], "")
        .run(password())
        .unwrap_err();
    assert_eq!(error.code(), "user_realm_discovery_failed");
    let error = World::default()
        .fail("userrealm", TransportErrorKind::Timeout)
        .fail("userrealm", TransportErrorKind::Timeout)
        .run(password())
        .unwrap_err();
    assert_eq!(error.code(), "request_timeout");
    let error = World::default().fail("userrealm", TransportErrorKind::Connect).run(password()).unwrap_err();
    assert_eq!(error.code(), "connection_failed");
}

#[test]
fn the_active_address_serves_where_there_is_no_metadata_address() {
    let realm = |url: &str| {
        format!(
            r#"{{"account_type":"Federated","federation_protocol":"WSTrust","federation_active_auth_url":"{url}"}}"#
        )
    };
    let mut world = World::default()
        .answer("userrealm", 200, realm("https://sts.contoso.com/adfs/services/trust/2005/usernamemixed"))
        .answer("/trust/2005/usernamemixed", 200, issued(ASSERTION))
        .answer("token", 200, tokens());
    world.run(password()).unwrap();
    assert_eq!(world.sent[1].headers["soapaction"], "http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue");
    for (url, code) in [
        ("https://sts.contoso.com/somewhere", "missing_federation_metadata_url"),
        ("", "missing_federation_metadata_url"),
        ("http://sts.contoso.com/adfs/services/trust/13/usernamemixed", "insecure_endpoint"),
    ] {
        let error = World::default().answer("userrealm", 200, realm(url)).run(password()).unwrap_err();
        assert_eq!(error.code(), code, "{url}");
    }
}

#[test]
fn a_token_that_cannot_be_kept_is_still_a_token() {
    let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer("token", 200, tokens());
    world.broken_store = Some(StoreError::new("the disk is full"));
    let result = world.run(password()).unwrap();
    assert_eq!(result.access_token.expose(), "planted-access-token");
    assert_eq!(result.not_kept, world.broken_store);
}

#[test]
fn an_empty_password_is_not_sent() {
    let mut flow = password();
    flow.password = entrada_core::secret::Secret::new("");
    let error = World::default().answer("userrealm", 200, MANAGED_REALM).run(flow).unwrap_err();
    assert_eq!(error.code(), "password_required_for_managed_user");
}

#[test]
fn a_password_that_xml_cannot_carry_is_refused_before_it_is_sent() {
    let mut flow = password();
    flow.password = entrada_core::secret::Secret::new("bell\u{7}");
    let error = World::default()
        .answer("userrealm", 200, federated_realm())
        .answer("mex", 200, metadata(&ports()))
        .run(flow)
        .unwrap_err();
    assert_eq!(error.code(), "invalid_argument");
    assert!(!error.to_string().contains("bell"));
}

#[test]
fn claims_capabilities_and_query_parameters_travel() {
    let mut app = app("https://login.microsoftonline.com/organizations");
    app.client_capabilities = vec!["cp1".to_owned()];
    let mut flow = password_of(app);
    flow.options.claims = Some(r#"{"id_token":{"auth_time":{"essential":true}}}"#.to_owned());
    flow.options.extra_query_parameters = vec![("dc".to_owned(), "a b&c".to_owned())];
    let mut world =
        World::default().answer("userrealm", 200, MANAGED_REALM).answer("token?dc=a+b%26c", 200, tokens());
    world.run(flow).unwrap();
    let claims: serde_json::Value = serde_json::from_str(&world.field(1, "claims").unwrap()).unwrap();
    assert_eq!(claims["access_token"]["xms_cc"]["values"][0], "cp1");
    assert_eq!(claims["id_token"]["auth_time"]["essential"], true);
}

#[test]
fn where_there_is_no_realm_the_password_goes_straight_to_the_token_endpoint() {
    for (authority, token) in [
        ("https://sts.contoso.com/adfs", "https://sts.contoso.com/adfs/oauth2/token"),
        (
            "https://c.b2clogin.com/c.onmicrosoft.com/B2C_1_ropc",
            "https://c.b2clogin.com/c.onmicrosoft.com/B2C_1_ropc/oauth2/v2.0/token",
        ),
        (
            "https://login.contoso.com/tfp/c.onmicrosoft.com/B2C_1_ropc",
            "https://login.contoso.com/tfp/c.onmicrosoft.com/B2C_1_ropc/oauth2/v2.0/token",
        ),
        ("https://c.ciamlogin.com", "https://c.ciamlogin.com/c.onmicrosoft.com/oauth2/v2.0/token"),
        ("https://d.example/dstsv2/c.com", "https://d.example/dstsv2/c.com/oauth2/v2.0/token"),
    ] {
        let mut world = World::default().answer(token, 200, tokens());
        world.run(password_of(app(authority))).unwrap();
        assert_eq!(world.field(0, "grant_type").unwrap(), "password");
        assert_eq!(world.field(0, "password").unwrap(), PASSWORD);
        let mut flow = password_of(app(authority));
        flow.password = entrada_core::secret::Secret::new("");
        assert_eq!(World::default().run(flow).unwrap_err().code(), "password_required_for_managed_user");
    }
}

#[test]
fn a_confidential_client_proves_who_it_is_to_the_token_endpoint_alone() {
    let app = crate::confidential(crate::TENANT, crate::client_secret());
    let mut world = World::default()
        .answer("userrealm", 200, federated_realm())
        .answer("mex", 200, metadata(&ports()))
        .answer("usernamemixed", 200, issued(ASSERTION))
        .answer("token", 200, tokens());
    world.run(password_of(app)).unwrap();
    assert_eq!(world.field(3, "client_secret").unwrap(), "s<&cret ~+%");
    for at in 0..3 {
        assert!(!world.body(at).contains("cret"));
    }
}
