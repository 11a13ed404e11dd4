//! The token endpoint.

use data_encoding::BASE64_NOPAD;
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use serde_json::json;
use uuid::Uuid;

use crate::assertion;
use crate::config::{App, Realm, SamlVersion, User, UserState};
use crate::form::Form;
use crate::jwt::{guid_of, subject_of, url_safe};
use crate::oauth::Refusal;
use crate::realm::no_tenant;
use crate::reply::{self, Reply};
use crate::server::Call;
use crate::state::{State, lock};

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const RESERVED: [&str; 4] = ["openid", "profile", "email", "offline_access"];
/// The grant of a SAML 1.1 assertion.
const SAML1_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml1_1-bearer";
/// The grant of a SAML 2.0 assertion.
const SAML2_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

/// `POST /{tenant}/oauth2/v2.0/token`.
pub(crate) fn token(state: &State, call: &Call, tenant: &str) -> Reply {
    let granted = form(call).and_then(|form| grant(state, call, tenant, &form));
    granted.unwrap_or_else(|refusal| refusal.into_reply(state, call.correlation()))
}

/// The form, if the Content-Type is the one that passwords survive.
fn form(call: &Call) -> Result<Form, Refusal> {
    let content_type = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let malformed = |rule: &str| {
        Refusal::request(90013, "Invalid input received from the user.")
            .because(format!("token request: {rule}"))
    };
    if content_type != Some("application/x-www-form-urlencoded") {
        return Err(malformed("the Content-Type is not application/x-www-form-urlencoded and nothing more"));
    }
    let form = std::str::from_utf8(&call.body).ok().and_then(Form::parse);
    let form = form.ok_or_else(|| malformed("the form is badly encoded"))?;
    if let Some(name) = form.duplicate() {
        let text = "The request is not properly formatted. A parameter is duplicated.";
        return Err(Refusal::request(9000411, text).because(format!("token request: {name} occurs twice")));
    }
    Ok(form)
}

fn grant(state: &State, call: &Call, tenant: &str, form: &Form) -> Result<Reply, Refusal> {
    if !state.knows(tenant) {
        return Err(no_tenant(tenant));
    }
    let grant_type = form.value("grant_type").ok_or_else(|| Refusal::missing("grant_type"))?;
    let client_id = form.value("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
    let app = state.config.app(client_id).ok_or_else(|| {
        let text = "Application with identifier was not found in the directory.";
        Refusal::new("unauthorized_client", 700016, text)
    })?;
    let scope = form.value("scope").filter(|scope| !scope.trim().is_empty());
    let scope = scope.ok_or_else(|| Refusal::missing("scope"))?;
    if !app.public {
        let text =
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        return Err(Refusal::new("invalid_client", 7000218, text));
    }
    let everyone = ["common", "consumers"].iter().any(|word| tenant.eq_ignore_ascii_case(word));
    if everyone && grant_type != "refresh_token" {
        let text = "The grant type is not supported over the /common or /consumers endpoints. \
                    Please use the /organizations or tenant-specific endpoint.";
        return Err(Refusal::request(9001023, text));
    }
    let user = match grant_type {
        "password" => by_password(state, call, form)?,
        SAML1_BEARER => by_assertion(state, form, SamlVersion::V1_1)?,
        SAML2_BEARER => by_assertion(state, form, SamlVersion::V2_0)?,
        "refresh_token" => by_refresh_token(state, form, app)?,
        _ => {
            let text = "The app requested an unsupported grant type.";
            return Err(Refusal::new("unsupported_grant_type", 70003, text));
        }
    };
    stands_in_the_way(user)?;
    if !app.consented {
        let text = "The user or administrator has not consented to use the application.";
        return Err(Refusal::grant(65001, text).suberror("consent_required"));
    }
    Ok(tokens(state, form, app, user, scope))
}

fn by_password<'a>(state: &'a State, call: &Call, form: &Form) -> Result<&'a User, Refusal> {
    let upn = form.value("username").ok_or_else(|| Refusal::missing("username"))?;
    let password = form.value("password").ok_or_else(|| Refusal::missing("password"))?;
    if call.repeated {
        return Err(Refusal::request(90013, "The same credential was sent before.")
            .because("token request: a password was sent twice under one client-request-id"));
    }
    let wrong = || Refusal::grant(50126, "Error validating credentials due to invalid username or password.");
    let user = state.config.user(upn).ok_or_else(|| {
        Refusal::grant(
            50034,
            "The user account does not exist in the directory. To sign into this application, \
                               the account must be added to the directory.",
        )
    })?;
    if let Some(Realm::Federated(federation)) = state.config.domain_of(upn).map(|domain| &domain.realm)
        && !federation.cloud_password
    {
        // The cloud has no password to compare with.
        return Err(wrong());
    }
    if user.state == UserState::Locked || state.locked(upn) {
        return Err(locked());
    }
    if !state.password_is_right(upn, password) {
        return Err(if state.locked(upn) { locked() } else { wrong() });
    }
    Ok(user)
}

fn locked() -> Refusal {
    let text = "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.";
    Refusal::grant(50053, text)
}

fn by_assertion<'a>(state: &'a State, form: &Form, version: SamlVersion) -> Result<&'a User, Refusal> {
    if form.has("username") || form.has("password") {
        return Err(Refusal::request(90013, "Invalid input received from the user.")
            .because("token request: a user name or password accompanies an assertion"));
    }
    let encoded = form.value("assertion").ok_or_else(|| Refusal::missing("assertion"))?;
    let invalid =
        |text: &str, rule: String| Refusal::grant(50008, text).because(format!("token request: {rule}"));
    // Both alphabets are taken, with padding or without, as by the service.
    let plain = encoded.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let bytes = BASE64_NOPAD.decode(plain.as_bytes()).map_err(|_| {
        Refusal::grant(70000, "The provided assertion is not valid.")
            .because("token request: the assertion is not base64")
    })?;
    let issued = assertion::recognise(&lock(&state.memory).assertions, &bytes).cloned();
    let issued = issued
        .map_err(|rule| invalid("Unable to verify token signature. The signature is invalid.", rule))?;
    if issued.version != version {
        return Err(Refusal::request(7500514, "A supported type of SAML response was not found.")
            .because("token request: the grant is not that of the assertion's version"));
    }
    if issued.audience != state.config.audience {
        return Err(Refusal::grant(50008, "SAML token is invalid: the audience is not this service.")
            .because("token request: the assertion is for another audience"));
    }
    if issued.expires <= state.now() {
        return Err(Refusal::grant(50008, "SAML token is invalid: it has expired."));
    }
    state.config.user(&issued.upn).ok_or_else(|| Refusal::grant(50034, "The user account does not exist."))
}

fn by_refresh_token<'a>(state: &'a State, form: &Form, app: &App) -> Result<&'a User, Refusal> {
    let token = form.value("refresh_token").ok_or_else(|| Refusal::missing("refresh_token"))?;
    let known = lock(&state.memory).refresh.get(token).cloned();
    let user =
        known.filter(|(_, client)| *client == app.client_id).and_then(|(upn, _)| state.config.user(&upn));
    user.ok_or_else(|| {
        Refusal::grant(70000, "The provided value for the input parameter 'refresh_token' is not valid.")
            .suberror("bad_token")
    })
}

fn stands_in_the_way(user: &User) -> Result<(), Refusal> {
    let claims = || {
        let value = guid_of(&format!("policy of {}", user.upn));
        json!({ "access_token": { "capolids": { "essential": true, "values": [value] } } })
    };
    Err(match user.state {
        UserState::Active => return Ok(()),
        UserState::MfaRequired => Refusal::grant(
            50076,
            "Due to a configuration change made by your administrator, or because you moved to a new location, \
             you must use multi-factor authentication to access the resource.",
        )
        .suberror("basic_action")
        .claims(claims()),
        UserState::MfaEnrolment => Refusal::grant(
            50079,
            "Due to a configuration change made by your administrator, or because you moved to a new location, \
             you must enroll in multi-factor authentication to access the resource.",
        )
        .suberror("basic_action"),
        UserState::Locked => locked(),
        UserState::PasswordExpired => {
            Refusal::grant(50055, "The password is expired.").suberror("user_password_expired")
        }
        UserState::Disabled => Refusal::grant(50057, "The user account is disabled."),
    })
}

fn tokens(state: &State, form: &Form, app: &App, user: &User, scope: &str) -> Reply {
    let asked: Vec<&str> = scope.split_whitespace().collect();
    let has = |name: &str| asked.iter().any(|scope| scope.eq_ignore_ascii_case(name));
    let (resource, names) = resource_of(&asked);
    let now = state.now();
    let oid = guid_of(&user.upn);
    let lifetime = state.config.token_lifetime_seconds;
    let mut claims = json!({
        "aud": resource,
        "iss": state.issuer(),
        "iat": now, "nbf": now, "exp": now.saturating_add(lifetime),
        "tid": state.config.tenant_id,
        "oid": oid,
        "sub": subject_of(&user.upn, &app.client_id),
        "name": user.name,
        "preferred_username": user.upn,
        "upn": user.upn,
        "ver": "2.0",
        "uti": Uuid::new_v4().simple().to_string(),
    });
    let mut body = json!({
        "token_type": "Bearer",
        "scope": asked.iter().filter(|scope| **scope != "offline_access").copied().collect::<Vec<_>>().join(" "),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
    });
    if has("openid") {
        claims["aud"] = app.client_id.as_str().into();
        body["id_token"] = state.keys.token(&claims).into();
    }
    claims["aud"] = resource.into();
    claims["azp"] = app.client_id.as_str().into();
    claims["scp"] = names.join(" ").into();
    body["access_token"] = state.keys.token(&claims).into();
    if has("offline_access") {
        let token = format!("0.{}", Uuid::new_v4().simple());
        lock(&state.memory).refresh.insert(token.clone(), (user.upn.clone(), app.client_id.clone()));
        body["refresh_token"] = token.into();
    }
    if form.value("client_info") == Some("1") {
        let info = json!({ "uid": oid, "utid": state.config.tenant_id });
        body["client_info"] = url_safe(&info.to_string()).into();
    }
    let reply = reply::json(StatusCode::OK, &body);
    reply::with_header(reply, hyper::header::CACHE_CONTROL, "no-store")
}

/// The resource of the scopes, and their names at it.
fn resource_of(asked: &[&str]) -> (String, Vec<String>) {
    let mut resource = GRAPH.to_owned();
    let mut names = Vec::new();
    for scope in asked {
        match scope.rsplit_once('/') {
            Some((base, name)) if base.contains("://") => {
                resource = base.to_owned();
                names.push(name.to_owned());
            }
            _ if *scope == "offline_access" => {}
            _ => names.push((*scope).to_owned()),
        }
    }
    // At a resource of one's own there is nothing to say of the reserved scopes.
    if resource != GRAPH {
        names.retain(|name| !RESERVED.contains(&name.as_str()));
    }
    (resource, names)
}
