//! The authorize endpoint: what is asked, and whether it may be asked so.

use hyper::{Method, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use crate::app::{App, Platform};
use crate::client;
use crate::form::Form;
use crate::issue::claims;
use crate::oauth::Refusal;
use crate::pages;
use crate::realm::no_tenant;
use crate::redirect::{self, Mode};
use crate::reply::Reply;
use crate::server::Call;
use crate::service::{Kind, Service};
use crate::sign_in;
use crate::state::State;
use crate::wia;

/// An authorization request that keeps the rules.
#[derive(Debug, Clone)]
pub(crate) struct Authorization {
    pub(crate) service: Service,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) platform: Platform,
    pub(crate) wants: Wants,
    pub(crate) mode: Mode,
    pub(crate) scope: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) prompt: Option<Prompt>,
    pub(crate) login_hint: Option<String>,
    pub(crate) domain_hint: Option<String>,
    pub(crate) max_age: Option<i64>,
    pub(crate) claims: Option<Value>,
    pub(crate) client_info: bool,
    pub(crate) instance_aware: bool,
    pub(crate) correlation: String,
}

/// What the `response_type` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wants {
    pub(crate) code: bool,
    pub(crate) id_token: bool,
    pub(crate) token: bool,
}

/// What the user is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    Login,
    None,
    SelectAccount,
    Consent,
    Create,
}

/// `GET` or `POST {service}/authorize`.
pub(crate) fn authorize(state: &State, call: &Call, service: &Service) -> Reply {
    let form = if call.method == Method::POST {
        std::str::from_utf8(&call.body).ok().and_then(Form::parse)
    } else {
        Form::parse(call.raw_query.as_deref().unwrap_or_default())
    };
    match read(state, call, service, form) {
        Ok(authorization) => wia::begin(state, call, &authorization)
            .unwrap_or_else(|| sign_in::begin(state, call, authorization)),
        // Nobody is sent to an address that is not known to be the application's.
        Err(Wrong::Page(refusal)) => {
            refusal.record(state);
            let (trace, correlation) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
            let text = refusal.description(state, service.kind, &trace, &correlation);
            pages::error(StatusCode::BAD_REQUEST, &text)
        }
        Err(Wrong::Redirect(back, refusal)) => redirect::refuse(state, &back, &refusal),
    }
}

/// A request that breaks a rule, and whether the application may hear of it.
enum Wrong {
    Page(Refusal),
    Redirect(Box<Authorization>, Refusal),
}

fn rule(rule: impl std::fmt::Display) -> String {
    format!("authorization request: {rule}")
}

fn read(state: &State, call: &Call, service: &Service, form: Option<Form>) -> Result<Authorization, Wrong> {
    let page = |refusal: Refusal| Wrong::Page(refusal);
    if !service.exists(state) {
        return Err(page(no_tenant(&service.tenant)));
    }
    let malformed = || Refusal::request(90013, "Invalid input received from the user.");
    let form = form.ok_or_else(|| page(malformed().because(rule("it is badly encoded"))))?;
    let missing = |name: &str| {
        let text = format!("The request body must contain the following parameter: '{name}'.");
        Refusal::request(900144, text).because(rule(format!("the parameter {name} is missing")))
    };
    let client_id = form.value("client_id").ok_or_else(|| page(missing("client_id")))?;
    let app = state.config.app(client_id).ok_or_else(|| page(client::unknown(client_id)))?;
    let redirect_uri = form.value("redirect_uri").ok_or_else(|| page(missing("redirect_uri")))?;
    let platform = app.platform(redirect_uri).ok_or_else(|| {
        let text = format!(
            "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs \
             configured for the application '{client_id}'."
        );
        page(Refusal::request(50011, text).because(rule("the redirect_uri is not registered")))
    })?;
    let wants = wants(form.value("response_type").unwrap_or_default());
    let text = |name: &str| form.value(name).map(str::to_owned);
    let correlation = text("client-request-id").or_else(|| call.correlation().map(str::to_owned));
    let mut authorization = Authorization {
        service: service.clone(),
        client_id: app.client_id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        platform,
        wants: wants.unwrap_or_default(),
        mode: mode(&form, wants.unwrap_or_default()).unwrap_or(Mode::Query),
        scope: text("scope").unwrap_or_default(),
        state: text("state"),
        nonce: text("nonce"),
        challenge: text("code_challenge"),
        prompt: None,
        login_hint: text("login_hint"),
        domain_hint: text("domain_hint"),
        max_age: form.value("max_age").and_then(|seconds| seconds.parse().ok()),
        claims: None,
        client_info: form.value("client_info").is_some(),
        instance_aware: form.value("instance_aware") == Some("true"),
        correlation: correlation.unwrap_or_else(|| Uuid::new_v4().to_string()),
    };
    match judge(&mut authorization, app, &form) {
        Ok(()) => Ok(authorization),
        Err(refusal) => Err(Wrong::Redirect(Box::new(authorization), refusal)),
    }
}

/// The rules whose breach the application hears of.
fn judge(authorization: &mut Authorization, app: &App, form: &Form) -> Result<(), Refusal> {
    if let Some(name) = form.duplicate() {
        let text = "The request is not properly formatted. A parameter is duplicated.";
        return Err(Refusal::request(9000411, text).because(rule(format!("{name} occurs twice"))));
    }
    if form.has("client_secret") || form.has("client_assertion") || form.has("code_verifier") {
        return Err(Refusal::request(90013, "Invalid input received from the user.")
            .because(rule("it carries a secret, which every browser and proxy keeps")));
    }
    let unsupported = |code: u32, text: &str| Refusal::new("unsupported_response_type", code, text);
    let wants = match form.value("response_type") {
        None => return Err(missing("response_type")),
        Some(text) => wants(text).ok_or_else(|| {
            unsupported(70005, "The response_type is not supported.")
                .because(rule("the response_type is not made of code, id_token and token"))
        })?,
    };
    if wants.token && !app.implicit_access_tokens {
        return Err(unsupported(700051, "response_type 'token' is not enabled for the application."));
    }
    if wants.id_token && !app.implicit_id_tokens {
        return Err(unsupported(700054, "response_type 'id_token' is not enabled for the application."));
    }
    let text = "The response_mode is not supported for the response_type.";
    mode(form, wants).ok_or_else(|| {
        Refusal::request(70007, text)
            .because(rule("the response_mode is unknown, or query for what must not be in a query"))
    })?;
    if authorization.scope.trim().is_empty() {
        return Err(missing("scope"));
    }
    let has_openid = authorization.scope.split_whitespace().any(|scope| scope.eq_ignore_ascii_case("openid"));
    if wants.id_token && !has_openid {
        return Err(Refusal::new("invalid_scope", 70011, "response_type 'id_token' needs the scope openid.")
            .because(rule("an id_token is asked for without the scope openid")));
    }
    if wants.id_token && authorization.nonce.is_none() {
        return Err(missing("nonce"));
    }
    authorization.claims = claims(form)?;
    authorization.prompt = prompt(form)?;
    if wants.code {
        pkce(authorization, form)?;
    }
    Ok(())
}

fn missing(name: &str) -> Refusal {
    let text = format!("The request body must contain the following parameter: '{name}'.");
    Refusal::request(900144, text).because(rule(format!("the parameter {name} is missing")))
}

/// PKCE: for whoever redeems the code without a secret, for everybody at a plain provider (RFC 9700, 2.1.1), and by S256.
fn pkce(authorization: &Authorization, form: &Form) -> Result<(), Refusal> {
    let Some(challenge) = &authorization.challenge else {
        if authorization.platform == Platform::Web && authorization.service.kind != Kind::Oidc {
            return Ok(());
        }
        let text =
            "Proof Key for Code Exchange is required for authorization code redemption by a public client.";
        return Err(Refusal::request(9002325, text).because(rule("there is no code_challenge")));
    };
    if form.value("code_challenge_method") != Some("S256") {
        return Err(Refusal::request(501491, "The code_challenge_method is not supported.")
            .because(rule("the code_challenge_method is not S256")));
    }
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if challenge.len() != 43 || !challenge.bytes().all(base64url) {
        return Err(Refusal::request(50147, "The size of the code challenge parameter isn't valid.")
            .because(rule("the code_challenge is not 43 characters of base64url")));
    }
    Ok(())
}

fn prompt(form: &Form) -> Result<Option<Prompt>, Refusal> {
    Ok(Some(match form.value("prompt") {
        None => return Ok(None),
        Some("login") => Prompt::Login,
        Some("none") => Prompt::None,
        Some("select_account") => Prompt::SelectAccount,
        Some("consent" | "login consent" | "consent login") => Prompt::Consent,
        Some("create") => Prompt::Create,
        Some(_) => {
            return Err(Refusal::request(90023, "The value of the parameter 'prompt' is not valid.")
                .because(rule("the prompt is unknown, or none among others")));
        }
    }))
}

fn wants(text: &str) -> Option<Wants> {
    let mut wants = Wants::default();
    for word in text.split_whitespace() {
        let flag = match word {
            "code" => &mut wants.code,
            "id_token" => &mut wants.id_token,
            "token" => &mut wants.token,
            _ => return None,
        };
        if std::mem::replace(flag, true) {
            return None;
        }
    }
    (wants != Wants::default()).then_some(wants)
}

/// The response mode; tokens never travel in a query, which servers log.
fn mode(form: &Form, wants: Wants) -> Option<Mode> {
    let tokens = wants.id_token || wants.token;
    match form.value("response_mode") {
        None if tokens => Some(Mode::Fragment),
        None => Some(Mode::Query),
        Some("query") if !tokens => Some(Mode::Query),
        Some("fragment") => Some(Mode::Fragment),
        Some("form_post") => Some(Mode::FormPost),
        Some(_) => None,
    }
}
