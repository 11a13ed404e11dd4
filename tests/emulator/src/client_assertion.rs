//! Client assertions (RFC 7523), verified with another library than the one that clients sign with.
//!
//! A token of a certificate's key: `x5t#S256` or `x5t` names a registered certificate, or `x5c` brings one that is trusted by
//! its subject name and issuer. Or a token of this very service, for federated credentials and agent identities.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Map, Value};
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

use crate::app::App;
use crate::client::Proof;
use crate::config::same;
use crate::credential::{self, sha1, sha256};
use crate::form::Form;
use crate::jwt::guid_of;
use crate::oauth::Refusal;
use crate::service::{Endpoint, Kind, Service};
use crate::state::{State, lock};
use crate::world::EXCHANGE_RESOURCE;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long an assertion may be good for, and by how much a clock may be off, in seconds.
const LIFETIME: f64 = 600.0;
const SKEW: f64 = 300.0;

type Claims = Map<String, Value>;

/// Verifies an assertion, and says what kind of proof it is.
pub(crate) fn verify(
    state: &State,
    service: &Service,
    form: &Form,
    app: &App,
    assertion: &str,
) -> Result<Proof, Refusal> {
    if form.value("client_assertion_type") != Some(TYPE) {
        let text = "The client_assertion_type is missing or not supported.";
        return Err(Refusal::request(90023, text)
            .because("client assertion: client_assertion_type is missing or another one"));
    }
    let malformed = |rule: &str| {
        Refusal::client(50027, "JWT token is invalid or malformed.")
            .because(format!("client assertion: {rule}"))
    };
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return Err(malformed("it has not three parts"));
    };
    let object = |part: &str| -> Option<Claims> {
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok()
    };
    let header = object(header).ok_or_else(|| malformed("the header is no JSON object in base64url"))?;
    let claims = object(claims).ok_or_else(|| malformed("the claims are no JSON object in base64url"))?;
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes());
    let signature = signature.map_err(|_| malformed("the signature is not base64url"))?;
    if header.get("typ").and_then(Value::as_str).is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT")) {
        return Err(malformed("its typ is not JWT"));
    }
    let names_a_certificate = ["x5t", "x5t#S256", "x5c"].iter().any(|name| header.contains_key(*name));
    if !names_a_certificate && let Some(ours) = state.own_claims(assertion) {
        return of_this_service(state, app, &ours);
    }
    let certificate = certificate(state, app, &header)?;
    let input = assertion.rsplit_once('.').map_or("", |(input, _)| input);
    let (_, parsed) = X509Certificate::from_der(&certificate).map_err(|_| malformed("no certificate"))?;
    let key: &[u8] = &parsed.public_key().subject_public_key.data;
    let right = match (header.get("alg").and_then(Value::as_str), service.kind) {
        // AD FS does not know the newer padding.
        (Some("PS256"), Kind::Entra | Kind::B2c | Kind::Oidc) => {
            UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key).verify(input.as_bytes(), &signature)
        }
        (Some("RS256"), _) => {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(input.as_bytes(), &signature)
        }
        _ => return Err(malformed("its alg is neither PS256 nor RS256, or not one that the service knows")),
    };
    if right.is_err() {
        let text = "Client assertion contains an invalid signature.";
        return Err(Refusal::client(700027, text).because("client assertion: the signature is wrong"));
    }
    judge(state, service, app, &claims)?;
    Ok(Proof::Certificate)
}

/// The certificate that the header names, if it is one of the application's.
fn certificate(state: &State, app: &App, header: &Claims) -> Result<Vec<u8>, Refusal> {
    let unknown =
        |text: &str, rule: &str| Refusal::client(700027, text).because(format!("client assertion: {rule}"));
    let name = |member: &str| header.get(member).and_then(Value::as_str);
    let registered = app.certificates.iter().filter_map(|text| BASE64.decode(text.as_bytes()).ok());
    let test = app.test_certificate.then(|| credential::registered().certificate_der.clone());
    for certificate in registered.chain(test) {
        let named = name("x5t#S256").is_some_and(|text| is(text, sha256(&certificate).as_ref()))
            || name("x5t").is_some_and(|text| is(text, sha1(&certificate).as_ref()));
        if named {
            return Ok(certificate);
        }
    }
    let text =
        "The certificate with identifier used to sign the client assertion is not registered on application.";
    let Some(common_name) = &app.subject_name else {
        return Err(unknown(text, "x5t#S256 or x5t is missing or names no registered certificate"));
    };
    let chain = match header.get("x5c") {
        // MSAL.NET sends the leaf alone, as a text.
        Some(Value::String(leaf)) => vec![leaf.as_str()],
        Some(Value::Array(chain)) => chain.iter().filter_map(Value::as_str).collect(),
        _ => return Err(unknown(text, "x5c is missing, and certificates are trusted by subject name")),
    };
    // MSAL Python leaves the line breaks of PEM in it.
    let leaf = chain.first().and_then(|leaf| BASE64.decode(leaf.replace(['\r', '\n'], "").as_bytes()).ok());
    let leaf = leaf.ok_or_else(|| unknown(text, "x5c does not begin with a certificate in base64 of DER"))?;
    trusted(state, common_name, &leaf, header)?;
    Ok(leaf)
}

/// Whether a certificate is one that is trusted by its subject name and issuer.
fn trusted(state: &State, common_name: &str, leaf: &[u8], header: &Claims) -> Result<(), Refusal> {
    let text = "Invalid certificate - subject name in certificate isn't authorized.";
    let untrusted = |rule: &str| Refusal::client(700030, text).because(format!("client assertion: {rule}"));
    let issuer = &credential::registered().issuer_der;
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| untrusted("x5c holds no certificate"))?;
    let (_, issuer) = X509Certificate::from_der(issuer).map_err(|_| untrusted("there is no issuer"))?;
    let mut names = parsed.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    if !names.any(|name| same(name, common_name)) {
        return Err(untrusted("the certificate's subject name is another one"));
    }
    if parsed.verify_signature(Some(issuer.public_key())).is_err() {
        return Err(untrusted("the certificate's issuer is not trusted"));
    }
    let now = ASN1Time::from_timestamp(state.now()).map_err(|_| untrusted("there is no time"))?;
    if !parsed.validity().is_valid_at(now) {
        return Err(untrusted("the certificate is out of its time"));
    }
    let name = |member: &str| header.get(member).and_then(Value::as_str);
    let thumbprint = name("x5t#S256").map(|text| (text, sha256(leaf)));
    let thumbprint = thumbprint.or(name("x5t").map(|text| (text, sha1(leaf))));
    if thumbprint.is_some_and(|(text, hash)| !is(text, hash.as_ref())) {
        return Err(untrusted("x5c and the thumbprint are of two certificates"));
    }
    Ok(())
}

/// Whether a text is this hash, in any of the base64s that clients are known to write.
fn is(text: &str, hash: &[u8]) -> bool {
    let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    BASE64_NOPAD.decode(plain.as_bytes()).is_ok_and(|bytes| bytes == hash)
}

/// Who, for whom, when, and for the first time.
fn judge(state: &State, service: &Service, app: &App, claims: &Claims) -> Result<(), Refusal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let rule = |rule: &str| format!("client assertion: {rule}");
    for name in ["iss", "sub"] {
        if !text(name).is_some_and(|value| same(value, &app.client_id)) {
            let words = "Client assertion application identifier doesn't match 'client_id' parameter.";
            return Err(Refusal::client(700021, words).because(rule("iss or sub is not the client_id")));
        }
    }
    if !audience(state, service, claims.get("aud")) {
        let words = "Client assertion audience claim does not match Realm issuer.";
        return Err(Refusal::client(700023, words).because(rule("aud is not the token endpoint")));
    }
    let now = state.now() as f64;
    let out_of_time = |why: &str| {
        let words = "Client assertion is not within its valid time range.";
        Refusal::client(700024, words).because(rule(why))
    };
    let expires = seconds(claims.get("exp")).ok_or_else(|| out_of_time("exp is missing or no number"))?;
    let begins = seconds(claims.get("nbf")).or(seconds(claims.get("iat")));
    let begins = begins.ok_or_else(|| out_of_time("there is neither nbf nor iat: valid from 1970"))?;
    if expires <= now - SKEW {
        return Err(out_of_time("it has expired"));
    }
    if begins > now + SKEW {
        return Err(out_of_time("its time has not come"));
    }
    if expires > now + LIFETIME + SKEW {
        return Err(out_of_time("it is good for more than ten minutes"));
    }
    let Some(id) = text("jti").filter(|id| !id.is_empty()) else {
        return Err(
            Refusal::client(50027, "JWT token is invalid or malformed.").because(rule("jti is missing"))
        );
    };
    let new = lock(&state.memory).client_assertions.insert(format!("{}\n{id}", app.client_id), ());
    if !new && service.takes_assertions_once(state) {
        let words = "Client assertion was presented before.";
        return Err(Refusal::client(700027, words).because(rule("it was sent before, and is good once")));
    }
    Ok(())
}

/// Whether the audience is the token endpoint, under any of the tenant's names; an OpenID provider takes its issuer too.
fn audience(state: &State, service: &Service, audience: Option<&Value>) -> bool {
    let Some(audience) = audience.and_then(Value::as_str) else { return false };
    let endpoint = service.url(state, Endpoint::Token);
    let by_identifier = Service {
        prefix: service.prefix.replacen(&service.tenant, &state.config.tenant_id, 1),
        ..service.clone()
    };
    audience == endpoint
        || service.is_microsofts() && audience == by_identifier.url(state, Endpoint::Token)
        || service.kind == Kind::Oidc && audience == service.issuer(state)
}

/// A time as a number, or as a number in a text, as MSAL.NET writes it.
fn seconds(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A token of this service as an assertion: what a federated credential expects, or the blueprint's for its agent.
fn of_this_service(state: &State, app: &App, claims: &Value) -> Result<Proof, Refusal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let no_match = |code: u32, what: &str| {
        let words = format!("No matching federated identity record found for presented assertion {what}.");
        Refusal::client(code, words)
    };
    if claims.get("exp").and_then(Value::as_i64).is_none_or(|expires| expires <= state.now()) {
        return Err(Refusal::client(700024, "Client assertion is not within its valid time range."));
    }
    if let Some(blueprint) = &app.blueprint {
        if text("aud") != EXCHANGE_RESOURCE {
            return Err(
                no_match(700212, "audience").because("client assertion: not a token for the exchange")
            );
        }
        if !same(text("azp"), blueprint) || !same(text("fmi_path"), &app.client_id) {
            return Err(no_match(700213, "subject")
                .because("client assertion: not the blueprint's token for this agent identity"));
        }
        return Ok(Proof::Blueprint);
    }
    if app.federated_credentials.is_empty() {
        let words = "The client has no configured federated identity credentials.";
        return Err(Refusal::client(70025, words));
    }
    let issuer = |issuer: &str| issuer.replace("{base}", &state.base_url);
    let mut code = (700211, "issuer");
    for known in &app.federated_credentials {
        if issuer(&known.issuer) != text("iss") {
            continue;
        }
        if known.subject != text("sub") {
            code = (700213, "subject");
        } else if known.audience != text("aud") {
            code = (700212, "audience");
        } else {
            return Ok(Proof::Federated);
        }
    }
    Err(no_match(code.0, code.1))
}

/// The object identifier of an application's service principal.
pub(crate) fn principal_of(app: &App) -> String {
    guid_of(&app.client_id)
}
