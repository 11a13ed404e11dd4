//! What the tests of the grants share: authorization URLs, codes, and refusals.

use data_encoding::BASE64URL_NOPAD;
use entrada_emulator::{Emulator, Redirect, world};

use crate::support::*;

/// A code verifier, and the challenge that goes with it.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// The parameters of an authorization request by the native client.
pub(crate) fn native() -> Pairs<'static> {
    vec![
        ("client_id", world::CLIENT_ID),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost:8400/"),
        ("scope", SCOPES),
        ("state", "a state & more"),
        ("nonce", "a nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("client_info", "1"),
    ]
}

/// The parameters of an authorization request by the web application.
pub(crate) fn web() -> Pairs<'static> {
    with(with(native(), "client_id", world::CONFIDENTIAL_CLIENT_ID), "redirect_uri", world::WEB_REDIRECT_URI)
}

/// The parameters of an authorization request by the single-page application.
pub(crate) fn single_page() -> Pairs<'static> {
    with(with(native(), "client_id", world::SPA_CLIENT_ID), "redirect_uri", world::SPA_REDIRECT_URI)
}

pub(crate) fn without<'a>(pairs: Pairs<'a>, name: &str) -> Pairs<'a> {
    pairs.into_iter().filter(|(known, _)| *known != name).collect()
}

pub(crate) fn with<'a>(pairs: Pairs<'a>, name: &'a str, value: &'a str) -> Pairs<'a> {
    let mut pairs = without(pairs, name);
    pairs.push((name, value));
    pairs
}

/// The URL of an authorization request at a path.
pub(crate) fn url_at(emulator: &Emulator, path: &str, pairs: &[(&str, &str)]) -> String {
    format!("{}{path}?{}", emulator.base_url(), form(pairs))
}

/// The URL of an authorization request to the tenant.
pub(crate) fn url(emulator: &Emulator, pairs: &[(&str, &str)]) -> String {
    url_at(emulator, "/contoso.com/oauth2/v2.0/authorize", pairs)
}

/// Signs in, and answers where the browser is sent.
#[track_caller]
pub(crate) fn sign_in(emulator: &Emulator, pairs: &[(&str, &str)], upn: &str) -> Redirect {
    emulator.sign_in(&url(emulator, pairs), upn).expect("a redirect")
}

/// Signs in, and answers the code.
#[track_caller]
pub(crate) fn code(emulator: &Emulator, pairs: &[(&str, &str)]) -> String {
    let redirect = sign_in(emulator, pairs, world::MANAGED_USER);
    redirect.value("code").unwrap_or_else(|| panic!("no code in {redirect:?}"))
}

/// The form that redeems a code of the native client.
pub(crate) fn redemption(code: &str) -> Pairs<'_> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", world::CLIENT_ID),
        ("code", code),
        ("redirect_uri", "http://localhost:8400/"),
        ("code_verifier", VERIFIER),
        ("scope", SCOPES),
        ("client_info", "1"),
    ]
}

/// The form of the refresh token grant.
pub(crate) fn refresh<'a>(token: &'a str, client_id: &'a str) -> Pairs<'a> {
    vec![
        ("grant_type", "refresh_token"),
        ("client_id", client_id),
        ("scope", SCOPES),
        ("refresh_token", token),
    ]
}

/// Posts a form to a path.
pub(crate) fn post(
    emulator: &Emulator,
    path: &str,
    headers: &[(&str, &str)],
    pairs: &[(&str, &str)],
) -> Answer {
    let headers: Vec<_> = [&[("Content-Type", FORM)], headers].concat();
    connect(emulator).send("POST", path, &headers, form(pairs).as_bytes()).expect("an answer")
}

/// The answer to a form, which is tokens.
#[track_caller]
pub(crate) fn granted(emulator: &Emulator, pairs: &[(&str, &str)]) -> serde_json::Value {
    let answer = token(emulator, pairs);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

/// The form is refused with this code, and the one violation says this; no violation if the rule is empty.
#[track_caller]
pub(crate) fn refused(emulator: &Emulator, pairs: &[(&str, &str)], code: u64, rule: &str) -> Answer {
    emulator.clear_records();
    let answer = token(emulator, pairs);
    assert_eq!(answer.code(), code, "{}", answer.text());
    violated(emulator, rule);
    answer
}

/// One rule was broken, which says this; none if the text is empty.
#[track_caller]
pub(crate) fn violated(emulator: &Emulator, rule: &str) {
    let violations = emulator.violations();
    match rule {
        "" => assert!(violations.is_empty(), "{violations:?}"),
        rule => assert!(violations.len() == 1 && violations[0].contains(rule), "{violations:?}"),
    }
}

/// A member of an answer, as text.
#[track_caller]
pub(crate) fn member(answer: &serde_json::Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// The claims of a token, unverified.
pub(crate) fn read(token: &str) -> serde_json::Value {
    let part = token.split('.').nth(1).expect("claims");
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url")).expect("JSON")
}
