//! Clients that keep the rules get what they came for.

mod support;

use std::sync::Arc;
use std::time::Duration;

use entrada_emulator::{Config, Emulator, world};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use support::*;

#[test]
fn realms_are_told_apart() {
    let emulator = emulator();
    let realm =
        |upn: &str| get(&emulator, &format!("/common/UserRealm/{}?api-version=1.0", encoded(upn))).json();
    let federated = realm(world::FEDERATED_USER);
    assert_eq!(federated["account_type"], "Federated");
    assert_eq!(federated["federation_protocol"], "WSTrust");
    let metadata = federated["federation_metadata_url"].as_str().expect("a URL");
    assert_eq!(metadata, format!("{}/adfs/services/trust/mex", emulator.base_url()));
    assert_eq!(realm(world::MANAGED_USER)["account_type"], "Managed");
    assert_eq!(realm(world::GUEST_USER)["account_type"], "Managed");
    assert_eq!(realm("who@nowhere.example")["account_type"], "Unknown");
    assert_eq!(realm(world::PERSONAL_USER)["domain_name"], "live.com");
    assert_eq!(realm(world::SAMLP_USER)["federation_metadata_url"], serde_json::Value::Null);
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn a_seamless_domain_is_federated_only_to_who_names_his_library() {
    let emulator = emulator();
    let path = format!("/common/userrealm/{}?api-version=1.0", world::SEAMLESS_USER);
    assert_eq!(get(&emulator, &path).json()["account_type"], "Managed");
    let answer =
        connect(&emulator).send("GET", &path, &[("x-client-SKU", "entrada")], b"").expect("an answer");
    assert_eq!(answer.json()["account_type"], "Federated");
    let metadata = answer.json()["federation_metadata_url"].as_str().expect("a URL").to_owned();
    let mex = get(&emulator, metadata.strip_prefix(emulator.base_url()).expect("its own URL")).text();
    assert!(mex.contains("/winauth/trust/2005/windowstransport?client-request-id="), "{mex}");
    assert!(!mex.contains("/13/"), "{mex}");
}

#[test]
fn the_metadata_is_xml_with_four_endpoints_and_decoys() {
    let emulator = emulator();
    let answer = get(&emulator, "/adfs/services/trust/mex");
    let text = answer.text();
    let document = roxmltree::Document::parse(&text).expect("XML");
    let addresses: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2005/08/addressing", "Address")))
        .filter_map(|node| node.text())
        .map(|text| text.trim().to_owned())
        .collect();
    for (version, kind) in [
        ("13", "usernamemixed"),
        ("13", "windowstransport"),
        ("2005", "usernamemixed"),
        ("2005", "windowstransport"),
    ] {
        let address = format!("{}/adfs/services/trust/{version}/{kind}", emulator.base_url());
        assert!(addresses.contains(&address), "{address}");
    }
    assert_eq!(addresses.len(), 10);
}

#[test]
fn a_managed_user_gets_signed_tokens_for_a_password() {
    let emulator = emulator();
    let answer = token(&emulator, &password(world::MANAGED_USER, world::PASSWORD));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let access = claims(&emulator, body["access_token"].as_str().expect("a token"));
    assert_eq!(access["upn"], world::MANAGED_USER);
    assert_eq!(access["scp"], "openid profile user.read");
    let id = claims(&emulator, body["id_token"].as_str().expect("a token"));
    assert_eq!(id["aud"], world::CLIENT_ID);
    assert_eq!(id["tid"], world::TENANT_ID);
    assert!(body["client_info"].is_string());

    let refresh = body["refresh_token"].as_str().expect("a refresh token");
    let again = token(
        &emulator,
        &[
            ("grant_type", "refresh_token"),
            ("client_id", world::CLIENT_ID),
            ("scope", SCOPES),
            ("refresh_token", refresh),
        ],
    );
    assert_eq!(again.status, 200);
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn a_federated_user_goes_from_password_to_assertion_to_token_in_both_versions() {
    let emulator = emulator();
    for version in ["13", "2005"] {
        let answer = Rst::new(&emulator, version, Some(world::FEDERATED_USER)).post(&emulator);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let assertion = saml1_of(&answer.text());
        for encoding in [base64(&assertion), base64_url(&assertion)] {
            let answer = token(&emulator, &saml(SAML1_GRANT, &encoding));
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(
                claims(&emulator, answer.json()["access_token"].as_str().expect("a token"))["name"],
                "Joe Contoso"
            );
        }
    }
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn a_saml_2_assertion_inherits_its_default_namespace() {
    let emulator = emulator();
    let rst = Rst::at(&emulator, "13", Some(world::SAML2_USER), "?domain=fabrikam.com");
    let answer = rst.post(&emulator);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let declarations =
        " xmlns:ds='http://www.w3.org/2000/09/xmldsig#' xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">";
    let text = answer.text();
    let assertion = cut(&text, "<Assertion", "</Assertion>").replacen('>', declarations, 1);
    let answer = token(&emulator, &saml(SAML2_GRANT, &base64(&assertion)));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn an_assertion_can_stand_alone_and_has_to_stay_so() {
    let emulator = emulator();
    for version in ["13", "2005"] {
        let query = "?domain=plain.contoso.com";
        let answer = Rst::at(&emulator, version, Some(world::SELF_CONTAINED_USER), query).post(&emulator);
        let text = answer.text();
        let assertion = cut(&text, "<saml:Assertion", "</saml:Assertion>");
        assert!(text.contains("RequestedSecurityToken><saml:Assertion"), "{text}");
        assert_eq!(token(&emulator, &saml(SAML1_GRANT, &base64(assertion))).status, 200);
        assert_eq!(emulator.violations(), Vec::<String>::new());
        let declaration = " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";
        let moved = assertion.replacen(declaration, "", 1).replacen('>', &format!("{declaration}>"), 1);
        assert_eq!(token(&emulator, &saml(SAML1_GRANT, &base64(&moved))).code(), 50008);
        emulator.clear_records();
    }
}

#[test]
fn the_emulator_speaks_https_with_a_certificate_of_its_own_authority() {
    let emulator = Emulator::start(Config { tls: true, ..Config::default() }).expect("an emulator");
    let pem = emulator.ca_certificate_pem().expect("a certificate");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    for name in ["localhost", "127.0.0.1"] {
        let name = ServerName::try_from(name).expect("a name");
        let session = rustls::ClientConnection::new(Arc::clone(&config), name).expect("a session");
        let stream = std::net::TcpStream::connect(emulator.address()).expect("a connection");
        let mut client = Client::over(rustls::StreamOwned::new(session, stream));
        let path = "/contoso.com/v2.0/.well-known/openid-configuration";
        let answer = client.send("GET", path, &[], b"").expect("an answer");
        let endpoint = answer.json()["token_endpoint"].as_str().expect("a URL").to_owned();
        assert_eq!(endpoint, format!("{}/oauth2/v2.0/token", emulator.authority()));
        assert!(endpoint.starts_with("https://"));
    }
}

#[test]
fn people_sign_in_over_https_too() {
    let emulator = Emulator::start(Config { tls: true, host: "localhost".into(), ..Config::default() });
    let emulator = emulator.expect("an emulator");
    let pairs = [
        ("client_id", world::CONFIDENTIAL_CLIENT_ID),
        ("redirect_uri", world::WEB_REDIRECT_URI),
        ("response_type", "code"),
        ("scope", SCOPES),
    ];
    let url = format!("{}/oauth2/v2.0/authorize?{}", emulator.authority(), form(&pairs));
    assert!(emulator.sign_in(&url, world::FEDERATED_MFA_USER).expect("a redirect").value("code").is_some());
}

#[test]
fn every_answer_has_the_emulators_time_and_the_clients_correlation() {
    let config = Config { clock_offset_seconds: 7200, ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    let headers = [("client-request-id", "17"), ("return-client-request-id", "true")];
    let answer = connect(&emulator).send("GET", "/oidc/jwks", &headers, b"").expect("an answer");
    assert_eq!(answer.header("client-request-id"), Some("17"));
    assert!(answer.header("x-ms-request-id").is_some());
    let time = jiff::fmt::rfc2822::parse(answer.header("date").expect("a date")).expect("a date");
    let ahead = time.timestamp().as_second() - jiff::Timestamp::now().as_second();
    assert!((ahead - 7200).abs() <= 2, "{ahead}");
    assert_eq!(get(&emulator, "/oidc/jwks").header("client-request-id"), None);
}

#[test]
fn other_programs_can_ask_for_the_world_and_the_broken_rules() {
    let emulator = emulator();
    let world = get(&emulator, "/.emulator/world").json();
    assert_eq!(world["clients"]["native"], world::CLIENT_ID);
    assert_eq!(world["certificate"]["key_pem"], Emulator::daemon_key_pem());
    assert!(Emulator::daemon_certificate_pem().contains("BEGIN CERTIFICATE"));
    assert!(!Emulator::daemon_certificate_der().is_empty());
    token(&emulator, &[]);
    assert_eq!(get(&emulator, "/.emulator/violations").json().as_array().map(Vec::len), Some(1));
    connect(&emulator).send("DELETE", "/.emulator/violations", &[], b"").expect("an answer");
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn the_log_names_connections_and_headers_and_nothing_secret() {
    let emulator = emulator();
    let mut client = connect(&emulator);
    for _ in 0..2 {
        client
            .send("GET", "/common/userrealm/a%40b?api-version=1.0", &[("Accept", "x")], b"")
            .expect("an answer");
    }
    token(&emulator, &password(world::MANAGED_USER, world::PASSWORD));
    let requests = emulator.requests();
    let connections: Vec<_> = requests.iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 1, 2]);
    assert_eq!(requests[0].query.as_deref(), Some("api-version=1.0"));
    assert_eq!(requests[0].headers, ["host", "content-length", "accept"]);
    assert_eq!(requests[0].status, Some(200));
    assert!(!format!("{requests:?}").contains("horse"));
}

#[test]
fn instance_discovery_knows_its_own_host_and_no_other() {
    let emulator = emulator();
    let path = |host: &str| {
        let endpoint = encoded(&format!("https://{host}/contoso.com/oauth2/v2.0/authorize"));
        format!("/common/discovery/instance?api-version=1.1&authorization_endpoint={endpoint}")
    };
    let host = emulator.address().to_string();
    let answer = get(&emulator, &path(&host)).json();
    assert_eq!(answer["metadata"][0]["aliases"][0], host.as_str());
    let answer = get(&emulator, &path("login.example"));
    assert_eq!((answer.code(), answer.json()["error"].as_str()), (50049, Some("invalid_instance")));
}

#[test]
fn dropping_the_emulator_closes_its_port_and_its_connections() {
    let emulator = emulator();
    let mut client = connect(&emulator);
    client.send("GET", "/", &[], b"").expect("an answer");
    let address = emulator.address();
    drop(emulator);
    assert!(client.send("GET", "/", &[], b"").is_err());
    assert!(std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err());
}
