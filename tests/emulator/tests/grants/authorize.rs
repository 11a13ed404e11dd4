//! Authorization requests: what comes back, how, and what is refused.

use entrada_emulator::{Config, Emulator, Landing, world};

use crate::browser::*;
use crate::support::*;

/// The request leads to a redirect with this error, and the one violation says this.
#[track_caller]
fn sent_back(pairs: &[(&str, &str)], error: &str, rule: &str) {
    let emulator = emulator();
    let landing = emulator.browser().expect("a browser").open(&url(&emulator, pairs)).expect("an answer");
    let Landing::Redirect(redirect) = landing else { panic!("{landing:?}") };
    assert_eq!(redirect.value("error").as_deref(), Some(error), "{redirect:?}");
    assert!(redirect.value("error_description").is_some_and(|text| text.starts_with("AADSTS")));
    violated(&emulator, rule);
}

/// The request leads to a page with this code, and to no application.
#[track_caller]
fn stopped(pairs: &[(&str, &str)], code: &str, rule: &str) {
    let emulator = emulator();
    let landing = emulator.browser().expect("a browser").open(&url(&emulator, pairs)).expect("an answer");
    let Landing::Page(page) = landing else { panic!("{landing:?}") };
    assert_eq!(page.status, 400);
    assert!(page.error.as_ref().is_some_and(|text| text.starts_with(code)), "{page:?}");
    violated(&emulator, rule);
}

#[test]
fn a_code_comes_back_in_the_query_with_the_state() {
    let emulator = emulator();
    let redirect = sign_in(&emulator, &native(), world::MANAGED_USER);
    assert!(redirect.url.starts_with("http://localhost:8400/?code="), "{redirect:?}");
    assert_eq!(redirect.value("state").as_deref(), Some("a state & more"));
    assert_eq!(
        redirect.value("iss").as_deref(),
        Some(format!("{}/{}/v2.0", emulator.base_url(), world::TENANT_ID).as_str())
    );
    assert!(redirect.value("session_state").is_some());
    assert!(redirect.value("client_info").is_some());
    violated(&emulator, "");
}

#[test]
fn a_code_comes_back_in_the_fragment_or_a_form_if_that_is_asked_for() {
    let emulator = emulator();
    let fragment = with(native(), "response_mode", "fragment");
    let redirect = sign_in(&emulator, &fragment, world::MANAGED_USER);
    assert!(redirect.url.starts_with("http://localhost:8400/#code="), "{redirect:?}");
    let form_post = with(native(), "response_mode", "form_post");
    let redirect = sign_in(&emulator, &form_post, world::MANAGED_USER);
    assert_eq!(redirect.url, "http://localhost:8400/");
    assert_eq!(redirect.value("state").as_deref(), Some("a state & more"));
    assert!(redirect.form.is_some() && redirect.value("code").is_some());
}

#[test]
fn a_redirect_is_delivered_to_a_listener_as_a_browser_would() {
    use std::io::{Read as _, Write as _};
    let emulator = emulator();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let uri = format!("http://127.0.0.1:{}/", listener.local_addr().expect("an address").port());
    let pairs = with(with(native(), "response_mode", "form_post"), "redirect_uri", &uri);
    let redirect = sign_in(&emulator, &pairs, world::MANAGED_USER);
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut bytes = vec![0; 8192];
        let mut length = 0;
        while !String::from_utf8_lossy(&bytes[..length]).contains("code=") {
            length += stream.read(&mut bytes[length..]).expect("a request");
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("an answer");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    });
    assert_eq!(redirect.deliver().expect("an answer"), 200);
    assert!(heard.join().expect("a request").starts_with("POST / HTTP/1.1\r\n"));
}

#[test]
fn an_implicit_request_gets_tokens_in_the_fragment() {
    let emulator = emulator();
    let pairs = with(without(single_page(), "code_challenge"), "response_type", "id_token token");
    let redirect = sign_in(&emulator, &pairs, world::MANAGED_USER);
    assert!(redirect.url.starts_with("http://localhost:4200/app#id_token="), "{redirect:?}");
    let token = redirect.value("access_token").expect("a token");
    let id = claims(&emulator, &redirect.value("id_token").expect("an identity token"));
    assert_eq!((&id["nonce"], &id["aud"]), (&"a nonce".into(), &world::SPA_CLIENT_ID.into()));
    assert_eq!(id["at_hash"], half_hash(&token));
    assert_eq!(redirect.value("token_type").as_deref(), Some("Bearer"));
    violated(&emulator, "");
}

#[test]
fn a_hybrid_request_gets_a_code_beside_its_identity_token() {
    let emulator = emulator();
    let pairs = with(with(web(), "response_type", "code id_token"), "response_mode", "form_post");
    let redirect = sign_in(&emulator, &pairs, world::MANAGED_USER);
    let code = redirect.value("code").expect("a code");
    let id = claims(&emulator, &redirect.value("id_token").expect("an identity token"));
    assert_eq!(id["c_hash"], half_hash(&code));
    let form = with(
        with(redemption(&code), "client_id", world::CONFIDENTIAL_CLIENT_ID),
        "redirect_uri",
        world::WEB_REDIRECT_URI,
    );
    let body = granted(&emulator, &with(form, "client_secret", world::CLIENT_SECRET));
    assert_eq!(claims(&emulator, &member(&body, "id_token"))["nonce"], "a nonce");
}

fn half_hash(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    data_encoding::BASE64URL_NOPAD.encode(&hash.as_ref()[..16])
}

#[test]
fn nobody_is_sent_to_an_address_that_is_not_registered() {
    stopped(
        &with(native(), "redirect_uri", "http://localhost:8400/elsewhere"),
        "AADSTS50011",
        "not registered",
    );
    stopped(&with(native(), "redirect_uri", "https://elsewhere.example/"), "AADSTS50011", "not registered");
    stopped(&without(native(), "redirect_uri"), "AADSTS900144", "redirect_uri");
    stopped(&with(native(), "client_id", "someone"), "AADSTS700016", "");
    stopped(&without(native(), "client_id"), "AADSTS900144", "client_id");
}

#[test]
fn a_tenant_that_is_not_there_is_a_page() {
    let emulator = emulator();
    let url = url_at(&emulator, "/elsewhere.example/oauth2/v2.0/authorize", &native());
    let landing = emulator.browser().expect("a browser").open(&url).expect("an answer");
    assert!(
        matches!(landing, Landing::Page(page) if page.error.as_ref().is_some_and(|text| text.starts_with("AADSTS90002")))
    );
}

#[test]
fn a_response_type_has_to_be_known_and_allowed() {
    sent_back(&without(native(), "response_type"), "invalid_request", "response_type is missing");
    for wrong in ["codes", "code code", "none"] {
        sent_back(&with(native(), "response_type", wrong), "unsupported_response_type", "made of");
    }
    sent_back(&with(native(), "response_type", "token"), "unsupported_response_type", "");
    sent_back(&with(native(), "response_type", "code id_token"), "unsupported_response_type", "");
}

#[test]
fn tokens_do_not_come_in_a_query() {
    let implicit = with(single_page(), "response_type", "id_token");
    sent_back(&with(implicit, "response_mode", "query"), "invalid_request", "response_mode");
    sent_back(&with(native(), "response_mode", "pigeon"), "invalid_request", "response_mode");
}

#[test]
fn an_identity_token_needs_a_nonce_and_its_scope() {
    let implicit = || with(single_page(), "response_type", "id_token");
    sent_back(&without(implicit(), "nonce"), "invalid_request", "nonce is missing");
    sent_back(&with(implicit(), "scope", "user.read"), "invalid_scope", "openid");
}

#[test]
fn a_public_client_needs_a_code_challenge_of_s256() {
    sent_back(&without(native(), "code_challenge"), "invalid_request", "there is no code_challenge");
    sent_back(&without(single_page(), "code_challenge"), "invalid_request", "there is no code_challenge");
    sent_back(&with(native(), "code_challenge_method", "plain"), "invalid_request", "not S256");
    sent_back(&without(native(), "code_challenge_method"), "invalid_request", "not S256");
    sent_back(&with(native(), "code_challenge", "short"), "invalid_request", "43 characters");
}

#[test]
fn the_rest_of_a_request_has_to_be_well_formed() {
    sent_back(&without(native(), "scope"), "invalid_request", "scope is missing");
    sent_back(&with(native(), "prompt", "none login"), "invalid_request", "prompt");
    sent_back(&with(native(), "prompt", "please"), "invalid_request", "prompt");
    sent_back(&with(native(), "claims", "cp1"), "invalid_request", "claims");
    sent_back(&with(native(), "client_secret", "x"), "invalid_request", "secret");
    sent_back(&[native(), vec![("nonce", "again")]].concat(), "invalid_request", "nonce occurs twice");
}

#[test]
fn a_request_can_come_in_a_form_too() {
    let emulator = emulator();
    let answer = post(&emulator, "/contoso.com/oauth2/v2.0/authorize", &[], &native());
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("<h1>Sign in</h1>"));
}

#[test]
fn the_issuer_is_named_unless_that_is_switched_off() {
    let config = Config { iss_parameter: false, ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    assert_eq!(sign_in(&emulator, &native(), world::MANAGED_USER).value("iss"), None);
}

#[test]
fn a_client_that_is_aware_of_clouds_hears_which_one_it_is() {
    let emulator = emulator();
    let redirect = sign_in(&emulator, &with(native(), "instance_aware", "true"), world::MANAGED_USER);
    assert_eq!(redirect.value("cloud_instance_host_name"), Some(emulator.address().to_string()));
}
