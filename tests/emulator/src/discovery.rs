//! The metadata of the services, their keys, the end of a session, revocation, and who a token is for.

use data_encoding::BASE64;
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client;
use crate::form::Form;
use crate::oauth::Refusal;
use crate::pages;
use crate::realm::no_tenant;
use crate::redirect;
use crate::reply::{self, Reply};
use crate::server::Call;
use crate::service::{Endpoint, Kind, Service};
use crate::sign_in;
use crate::state::{State, lock};
use crate::token;

/// `GET {service}/.well-known/openid-configuration`.
pub(crate) fn metadata(state: &State, call: &Call, service: &Service) -> Reply {
    if !service.exists(state) {
        return no_tenant(&service.tenant).into_reply(state, call.correlation());
    }
    let url = |endpoint| service.url(state, endpoint);
    // Everybody's tenant has everybody's issuer.
    let issuer = if service.is_for_everyone() {
        format!("{}/{{tenantid}}/v2.0", state.base_url)
    } else {
        service.issuer(state)
    };
    let mut body = json!({
        "issuer": issuer,
        "authorization_endpoint": url(Endpoint::Authorize),
        "token_endpoint": url(Endpoint::Token),
        "device_authorization_endpoint": url(Endpoint::DeviceCode),
        "end_session_endpoint": url(Endpoint::Logout),
        "userinfo_endpoint": url(Endpoint::UserInfo),
        "jwks_uri": url(Endpoint::Keys),
        "response_types_supported":
            ["code", "id_token", "code id_token", "id_token token", "code token", "code id_token token", "token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name"],
    });
    match service.kind {
        Kind::Entra => {
            body["cloud_instance_name"] = state.authority_host().into();
            body["tenant_region_scope"] = "EU".into();
        }
        Kind::Oidc => {
            body["revocation_endpoint"] = url(Endpoint::Revoke).into();
            body["authorization_response_iss_parameter_supported"] = true.into();
            body["grant_types_supported"] = json!([
                "authorization_code",
                "implicit",
                "refresh_token",
                "client_credentials",
                "password",
                "urn:ietf:params:oauth:grant-type:device_code"
            ]);
        }
        Kind::B2c | Kind::Adfs => {}
    }
    if service.is_microsofts() && state.config.iss_parameter {
        body["authorization_response_iss_parameter_supported"] = true.into();
    }
    cross_origin(reply::json(StatusCode::OK, &body))
}

/// `GET {service}/keys`.
pub(crate) fn keys(state: &State, call: &Call, service: &Service) -> Reply {
    if !service.exists(state) {
        return no_tenant(&service.tenant).into_reply(state, call.correlation());
    }
    cross_origin(reply::json(StatusCode::OK, &state.keys.jwks(&service.issuer(state))))
}

/// Documents that any page may read.
fn cross_origin(reply: Reply) -> Reply {
    reply::with_header(reply, hyper::header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
}

/// `GET` or `POST {service}/logout`: the browser's session ends, the tokens stay.
pub(crate) fn logout(state: &State, call: &Call) -> Reply {
    sign_in::sign_out(state, call);
    let body = std::str::from_utf8(&call.body).ok().and_then(Form::parse).unwrap_or_default();
    let query = if call.method == Method::POST { body } else { call.query() };
    let Some(uri) = query.value("post_logout_redirect_uri") else {
        return pages::done("You have signed out. You may close this window.");
    };
    if !state.config.apps.iter().any(|app| app.platform(uri).is_some()) {
        state.violate("end of session: the post_logout_redirect_uri is no application's");
        return pages::done("You have signed out. The address to go back to is not registered.");
    }
    let Some(value) = query.value("state") else { return redirect::found(uri) };
    let separator = if uri.contains('?') { '&' } else { '?' };
    let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
    redirect::found(&format!("{uri}{separator}state={value}"))
}

/// `POST {service}/revoke` (RFC 7009), which Entra ID does not have.
pub(crate) fn revoke(state: &State, call: &Call, service: &Service) -> Reply {
    if service.kind != Kind::Oidc {
        return reply::plain(StatusCode::NOT_FOUND);
    }
    let revoked = token::form(call).and_then(|form| {
        let client = client::identify(state, call, service, &form)?;
        if client.app.has_credentials() {
            client.confidential()?;
        }
        let token = form.value("token").ok_or_else(|| Refusal::missing("token"))?;
        let owner = lock(&state.memory)
            .refresh
            .get(token)
            .filter(|known| known.client_id == client.app.client_id)
            .map(|known| known.sign_in.id.clone());
        if let Some(sign_in) = owner {
            state.revoke(&sign_in);
        }
        // A token that is nobody's is revoked as well as any other.
        Ok(reply::json(StatusCode::OK, &json!({})))
    });
    revoked.unwrap_or_else(|refusal| refusal.into_reply_of(state, service, call.correlation()))
}

/// `GET {service}/userinfo`, and `GET /v1.0/me` for Microsoft Graph: what a resource does with a token.
///
/// The token of a sign-in that was ended is answered by a claims challenge, as by a resource with continuous access
/// evaluation.
pub(crate) fn user_info(state: &State, call: &Call) -> Reply {
    let bearer = call.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let claims = token.and_then(|token| state.own_claims(token));
    let Some(claims) = claims.filter(|claims| claims.get("scp").is_some() || claims.get("idtyp").is_some())
    else {
        return unauthorized(state, "error=\"invalid_token\"");
    };
    if claims.get("exp").and_then(Value::as_i64).is_none_or(|expires| expires <= state.now()) {
        return unauthorized(state, "error=\"invalid_token\", error_description=\"The token has expired.\"");
    }
    if claims.get("sid").and_then(Value::as_str).is_some_and(|id| state.is_revoked(id)) {
        let wanted =
            json!({ "access_token": { "nbf": { "essential": true, "value": state.now().to_string() } } });
        let claims = BASE64.encode(wanted.to_string().as_bytes());
        return unauthorized(state, &format!("error=\"insufficient_claims\", claims=\"{claims}\""));
    }
    let member = |name: &str| claims.get(name).cloned().unwrap_or_default();
    let body = json!({
        "sub": member("sub"),
        "id": member("oid"),
        "name": member("name"),
        "displayName": member("name"),
        "userPrincipalName": member("upn"),
        "preferred_username": member("preferred_username"),
    });
    cross_origin(reply::json(StatusCode::OK, &body))
}

fn unauthorized(state: &State, more: &str) -> Reply {
    let value = format!(
        "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/v2.0/authorize\", {more}",
        state.base_url
    );
    let body = json!({ "error": { "code": "InvalidAuthenticationToken", "message": "Access was denied." } });
    reply::with_header(reply::json(StatusCode::UNAUTHORIZED, &body), WWW_AUTHENTICATE, &value)
}
