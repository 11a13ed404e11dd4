//! What the authorize endpoint answers: to the redirect URI, in the query, the fragment or a form.

use hyper::StatusCode;
use hyper::header::LOCATION;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use crate::authorize::Authorization;
use crate::client::{Client, Proof};
use crate::form::Form;
use crate::grants::{Code, SignIn, unguessable};
use crate::issue::{Asked, Granted, client_info};
use crate::oauth::Refusal;
use crate::pages;
use crate::reply::{self, Reply};
use crate::scopes::Scopes;
use crate::service::Kind;
use crate::state::{State, lock};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How parameters travel to the redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Query,
    Fragment,
    FormPost,
}

/// Sends an error back.
pub(crate) fn refuse(state: &State, back: &Authorization, refusal: &Refusal) -> Reply {
    refusal.record(state);
    let trace = Uuid::new_v4().to_string();
    let mut fields = vec![
        ("error", refusal.error.to_string()),
        ("error_description", refusal.description(state, back.service.kind, &trace, &back.correlation)),
    ];
    if let Some(subcode) = &refusal.suberror {
        // The front channel has another name for it.
        fields.push(("error_subcode", subcode.to_string()));
    }
    if back.service.kind == Kind::Entra {
        fields.push(("error_uri", format!("{}/error?code={}", state.base_url, refusal.code)));
    }
    send(state, back, fields)
}

/// Sends what was asked for.
pub(crate) fn grant(state: &State, back: &Authorization, sign_in: &SignIn) -> Reply {
    match fields(state, back, sign_in) {
        Ok(fields) => send(state, back, fields),
        Err(refusal) => refuse(state, back, &refusal),
    }
}

fn fields(
    state: &State,
    back: &Authorization,
    sign_in: &SignIn,
) -> Result<Vec<(&'static str, String)>, Refusal> {
    let missing = || Refusal::new("server_error", 50034, "The user account does not exist.");
    let user = state.user(&sign_in.upn).ok_or_else(missing)?;
    let app = state.config.app(&back.client_id).ok_or_else(missing)?;
    let mut fields = Vec::new();
    let code = back.wants.code.then(|| issue(state, back, sign_in));
    if let Some(code) = &code {
        fields.push(("code", code.clone()));
    }
    if back.wants.token || back.wants.id_token {
        let (client, form) = (Client { app, proof: Proof::None }, Form::default());
        let asked = Asked { state, service: &back.service, client: &client, form: &form };
        let scopes = Scopes::read(state, &back.service, app, &back.scope)?;
        let granted =
            Granted { nonce: back.nonce.as_deref(), refreshable: false, ..Granted::plain(sign_in, &scopes) };
        let token = back.wants.token.then(|| asked.access_token(&granted, &user, back.claims.as_ref()));
        if back.wants.id_token {
            let beside = (token.as_deref(), code.as_deref());
            fields.push(("id_token", asked.id_token(&granted, &user, Some(beside))));
        }
        if let Some(token) = token {
            fields.push(("access_token", token));
            fields.push(("token_type", "Bearer".into()));
            fields.push(("expires_in", state.config.token_lifetime_seconds.to_string()));
            fields.push(("scope", back.scope.clone()));
        }
    }
    if back.client_info && back.service.is_microsofts() {
        fields.push(("client_info", client_info(state, &back.service, &user)));
    }
    if back.instance_aware && back.service.kind == Kind::Entra {
        fields.push(("cloud_instance_name", state.authority_host().to_owned()));
        fields.push(("cloud_instance_host_name", state.authority_host().to_owned()));
        fields.push(("cloud_graph_host_name", "graph.microsoft.com".into()));
    }
    if back.service.is_microsofts() {
        fields.push(("session_state", sign_in.id.clone()));
    }
    Ok(fields)
}

/// Issues the code.
fn issue(state: &State, back: &Authorization, sign_in: &SignIn) -> String {
    let text = unguessable("1.A");
    let code = Code {
        sign_in: sign_in.clone(),
        service: back.service.clone(),
        client_id: back.client_id.clone(),
        redirect_uri: back.redirect_uri.clone(),
        platform: back.platform,
        challenge: back.challenge.clone(),
        scope: back.scope.clone(),
        nonce: back.nonce.clone(),
        expires: state.now().saturating_add(state.config.code_lifetime_seconds),
        redeemed: false,
    };
    lock(&state.memory).codes.insert(text.clone(), code);
    text
}

fn send(state: &State, back: &Authorization, mut fields: Vec<(&'static str, String)>) -> Reply {
    if let Some(value) = &back.state {
        fields.push(("state", value.clone()));
    }
    if back.service.kind == Kind::Oidc || state.config.iss_parameter {
        fields.push(("iss", back.service.issuer(state)));
    }
    let uri = &back.redirect_uri;
    if back.mode == Mode::FormPost {
        return pages::form_post(uri, &fields);
    }
    let encoded = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let separator = match back.mode {
        Mode::Fragment => '#',
        _ if uri.contains('?') => '&',
        _ => '?',
    };
    found(&format!("{uri}{separator}{}", pairs.join("&")))
}

/// A redirection that nobody keeps.
pub(crate) fn found(location: &str) -> Reply {
    let reply = reply::reply(StatusCode::FOUND, "text/html; charset=utf-8", "");
    let reply = reply::with_header(reply, LOCATION, location);
    reply::with_header(reply, hyper::header::CACHE_CONTROL, "no-store")
}
