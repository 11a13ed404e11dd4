//! The token endpoint: the form, the client, and whose grant it is.

use hyper::StatusCode;
use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, ORIGIN};

use crate::client;
use crate::config::SamlVersion;
use crate::form::Form;
use crate::grant::{client_credentials, code, device, on_behalf_of, password, refresh, saml, user_fic};
use crate::issue::Asked;
use crate::oauth::Refusal;
use crate::realm::no_tenant;
use crate::reply::{self, Reply};
use crate::server::Call;
use crate::service::{Kind, Service};
use crate::state::State;

/// The grant of a SAML 1.1 assertion.
const SAML1_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml1_1-bearer";
/// The grant of a SAML 2.0 assertion.
const SAML2_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
/// The grant of a JSON Web Token: on-behalf-of.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The grant of a device code, by its registered name.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What never stands in an address.
const SECRETS: [&str; 9] = [
    "password",
    "client_secret",
    "client_assertion",
    "assertion",
    "refresh_token",
    "code",
    "code_verifier",
    "device_code",
    "token",
];

/// `POST {service}/token`.
pub(crate) fn token(state: &State, call: &Call, service: &Service) -> Reply {
    let granted = form(call).and_then(|form| grant(state, call, service, &form));
    let reply = granted.unwrap_or_else(|refusal| refusal.into_reply_of(state, service, call.correlation()));
    across_origins(call, reply)
}

/// `OPTIONS {service}/token`: a browser asks whether a page may.
pub(crate) fn preflight(call: &Call) -> Reply {
    let mut reply = reply::reply(StatusCode::OK, "text/plain", "");
    for (name, value) in [
        ("access-control-allow-methods", "POST, OPTIONS"),
        ("access-control-allow-headers", "content-type, client-request-id, return-client-request-id"),
        ("access-control-max-age", "600"),
    ] {
        reply = reply::with_header(reply, hyper::header::HeaderName::from_static(name), value);
    }
    across_origins(call, reply)
}

/// Lets the page that asked read the answer.
fn across_origins(call: &Call, reply: Reply) -> Reply {
    match call.headers.get(ORIGIN).and_then(|value| value.to_str().ok()) {
        Some(origin) => reply::with_header(reply, ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        None => reply,
    }
}

/// The form, if the Content-Type is the one that passwords survive.
pub(crate) fn form(call: &Call) -> Result<Form, Refusal> {
    let content_type = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let malformed = |rule: &str| {
        Refusal::request(90013, "Invalid input received from the user.")
            .because(format!("token request: {rule}"))
    };
    if !content_type.is_some_and(|value| is_form(value, call)) {
        return Err(malformed("the Content-Type is not application/x-www-form-urlencoded and nothing more"));
    }
    let query = call.query();
    if let Some(name) = SECRETS.iter().find(|name| query.has(name)) {
        return Err(malformed(&format!("{name} is in the address, which every server on the way keeps")));
    }
    let form = std::str::from_utf8(&call.body).ok().and_then(Form::parse);
    let form = form.ok_or_else(|| malformed("the form is badly encoded"))?;
    if let Some(name) = form.duplicate() {
        let text = "The request is not properly formatted. A parameter is duplicated.";
        return Err(Refusal::request(9000411, text).because(format!("token request: {name} occurs twice")));
    }
    Ok(form)
}

/// A charset does harm to passwords with certain characters, and to nothing else: most libraries name one.
fn is_form(content_type: &str, call: &Call) -> bool {
    let plain = "application/x-www-form-urlencoded";
    let has = |text: &[u8]| call.body.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text));
    let harmed = has(b"password=") && (has(b"%26") || has(b"%3C"));
    let named = content_type.strip_prefix(plain).map(|rest| rest.trim_start_matches(';').trim());
    content_type == plain || !harmed && named.is_some_and(|rest| rest.eq_ignore_ascii_case("charset=utf-8"))
}

fn grant(state: &State, call: &Call, service: &Service, form: &Form) -> Result<Reply, Refusal> {
    if !service.exists(state) {
        return Err(no_tenant(&service.tenant));
    }
    let grant_type = form.value("grant_type").ok_or_else(|| Refusal::missing("grant_type"))?;
    let client = client::identify(state, call, service, form)?;
    let asked = Asked { state, service, client: &client, form };
    if needs_a_tenant(service, grant_type) {
        let text = "The grant type is not supported over the /common or /consumers endpoints. \
                    Please use the /organizations or tenant-specific endpoint.";
        return Err(Refusal::request(9001023, text));
    }
    let microsofts = service.kind != Kind::Oidc;
    match grant_type {
        "authorization_code" => code::redeem(&asked, call),
        "refresh_token" => refresh::redeem(&asked, call),
        "client_credentials" => client_credentials::grant(&asked),
        DEVICE_CODE => device::poll(&asked),
        "device_code" if microsofts => device::poll(&asked),
        "password" => password::grant(&asked, call),
        SAML1_BEARER if service.kind == Kind::Entra => saml::grant(&asked, SamlVersion::V1_1),
        SAML2_BEARER if service.kind == Kind::Entra => saml::grant(&asked, SamlVersion::V2_0),
        JWT_BEARER if microsofts => on_behalf_of::grant(&asked),
        "user_fic" if service.kind == Kind::Entra => user_fic::grant(&asked),
        _ => {
            let text = "The app requested an unsupported grant type.";
            Err(Refusal::new("unsupported_grant_type", 70003, text))
        }
    }
}

/// Whether this grant cannot be had over this everybody's endpoint.
fn needs_a_tenant(service: &Service, grant_type: &str) -> bool {
    let over = |words: &[&str]| {
        service.kind == Kind::Entra && words.iter().any(|word| service.tenant.eq_ignore_ascii_case(word))
    };
    match grant_type {
        "password" | SAML1_BEARER | SAML2_BEARER => over(&["common", "consumers"]),
        // An application by itself has no home to be looked up.
        "client_credentials" | "user_fic" => service.is_for_everyone(),
        _ => false,
    }
}
