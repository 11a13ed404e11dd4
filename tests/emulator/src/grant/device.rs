//! The device code grant (RFC 8628): the code, the page where it is typed, and the questions of the device.

use hyper::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::client;
use crate::config::same;
use crate::form::Form;
use crate::grants::{SignIn, unguessable};
use crate::issue::{Asked, Granted, claims};
use crate::oauth::Refusal;
use crate::pages;
use crate::realm::no_tenant;
use crate::reply::{self, Reply};
use crate::server::Call;
use crate::service::{Endpoint, Kind, Service};
use crate::sign_in::{self, Purpose};
use crate::state::{State, lock};
use crate::token;

/// By how much a device's clock may run fast against ours, in milliseconds.
const SLACK: i64 = 100;
/// How much longer a device waits for each time that it is told to slow down, in milliseconds (RFC 8628, 3.5).
const SLOWER: i64 = 5000;

/// A device that waits for somebody to sign in.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    service: Service,
    client_id: String,
    user_code: String,
    pub(crate) scope: String,
    claims: Option<serde_json::Value>,
    expires: i64,
    interval: i64,
    asked: Option<i64>,
    answer: Answer,
}

/// What became of it.
#[derive(Debug, Clone)]
enum Answer {
    Pending,
    Approved(SignIn),
    Declined,
    Redeemed,
}

/// `POST {service}/devicecode`.
pub(crate) fn code(state: &State, call: &Call, service: &Service) -> Reply {
    let issued = token::form(call).and_then(|form| issue(state, call, service, &form));
    issued.unwrap_or_else(|refusal| refusal.into_reply_of(state, service, call.correlation()))
}

fn issue(state: &State, call: &Call, service: &Service, form: &Form) -> Result<Reply, Refusal> {
    if !service.exists(state) {
        return Err(no_tenant(&service.tenant));
    }
    let client = client::identify(state, call, service, form)?;
    client.confidential_or_public()?;
    let scope = form.value("scope").filter(|scope| !scope.trim().is_empty());
    let scope = match (scope, service.kind) {
        (Some(scope), _) => scope,
        (None, Kind::Oidc | Kind::Adfs) => "",
        (None, _) => return Err(Refusal::missing("scope")),
    };
    let lifetime = state.config.device_lifetime_seconds;
    let interval = state.config.device_interval_seconds;
    let (device_code, user_code) = (unguessable("D"), user_code());
    let device = Device {
        service: service.clone(),
        client_id: client.app.client_id.clone(),
        user_code: user_code.clone(),
        scope: scope.to_owned(),
        claims: claims(form)?,
        expires: state.now().saturating_add(lifetime),
        interval: interval.saturating_mul(1000),
        asked: None,
        answer: Answer::Pending,
    };
    lock(&state.memory).devices.insert(device_code.clone(), device);
    let uri = service.url(state, Endpoint::Device);
    let mut body = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": uri,
        "expires_in": lifetime,
        "interval": interval,
    });
    if service.kind == Kind::Oidc {
        body["verification_uri_complete"] = format!("{uri}?user_code={user_code}").into();
    } else {
        body["message"] = format!(
            "To sign in, use a web browser to open the page {uri} and enter the code {user_code} to authenticate."
        )
        .into();
    }
    let reply = reply::json(StatusCode::OK, &body);
    Ok(reply::with_header(reply, hyper::header::CACHE_CONTROL, "no-store"))
}

/// Nine characters that nobody takes for one another.
fn user_code() -> String {
    const LETTERS: &[u8; 28] = b"ABCDEFGHJKLMNPQRSTUVWXYZ2345";
    let bytes = Uuid::new_v4();
    // Two of a UUID's bytes hold its version and variant.
    let random = bytes.as_bytes().iter().enumerate().filter(|(at, _)| *at != 6 && *at != 8);
    let letters = random.filter_map(|(_, byte)| LETTERS.get(usize::from(*byte) % LETTERS.len()));
    letters.take(9).map(|byte| char::from(*byte)).collect()
}

/// `GET` and `POST {service}/deviceauth`: the page, and the code that was typed.
pub(crate) fn page(state: &State, call: &Call, service: &Service) -> Reply {
    let action = service.path(Endpoint::Device);
    if call.method != Method::POST {
        let query = call.query();
        return pages::device(&action, query.value("user_code").unwrap_or_default(), None);
    }
    let form = std::str::from_utf8(&call.body).ok().and_then(Form::parse).unwrap_or_default();
    let typed = form.value("user_code").unwrap_or_default();
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
    let found = lock(&state.memory).devices.named().find_map(|(code, device)| {
        let waits = matches!(device.answer, Answer::Pending) && device.expires > state.now();
        (waits && same(&device.user_code, &plain)).then(|| Purpose::Device {
            code: code.to_owned(),
            service: device.service.clone(),
            client_id: device.client_id.clone(),
        })
    });
    match found {
        Some(purpose) => sign_in::begin_device(state, call, purpose),
        None => {
            let text = "That code didn't work. Check the code and try again.";
            pages::device(&action, typed, Some(text))
        }
    }
}

/// The user has signed in for the device, or has declined.
pub(crate) fn decide(state: &State, code: &str, sign_in: Option<SignIn>) {
    if let Some(device) = lock(&state.memory).devices.get_mut(code)
        && matches!(device.answer, Answer::Pending)
    {
        let claims = device.claims.clone();
        device.answer =
            sign_in.map_or(Answer::Declined, |sign_in| Answer::Approved(SignIn { claims, ..sign_in }));
    }
}

/// The device asks whether somebody has signed in.
pub(crate) fn poll(asked: &Asked<'_>) -> Result<Reply, Refusal> {
    asked.client.confidential_or_public()?;
    let code = asked.form.value("device_code").ok_or_else(|| Refusal::missing("device_code"))?;
    let (device, too_soon) = ask(asked.state, code, asked.service, &asked.app().client_id)
        .ok_or_else(|| unknown(asked.service))?;
    if too_soon && matches!(device.answer, Answer::Pending) && device.expires > asked.state.now() {
        let text = "The client polls faster than the interval allows.";
        return Err(Refusal::new("slow_down", 70016, text)
            .because("device code: the client asked again before the interval was over"));
    }
    let standard = asked.service.kind == Kind::Oidc;
    let sign_in = match device.answer {
        _ if device.expires <= asked.state.now() => {
            return Err(Refusal::new("expired_token", 70020, "The provided device code has expired."));
        }
        Answer::Pending => {
            let text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
            return Err(Refusal::new("authorization_pending", 70016, text));
        }
        Answer::Declined => {
            let error = if standard { "access_denied" } else { "authorization_declined" };
            return Err(Refusal::new(error, 70021, "The end user has declined the authorization."));
        }
        Answer::Redeemed => {
            let text = "The device code was already redeemed.";
            return Err(Refusal::grant(54005, text).because("device code: it was redeemed before"));
        }
        Answer::Approved(sign_in) => sign_in,
    };
    if let Some(device) = lock(&asked.state.memory).devices.get_mut(code) {
        device.answer = Answer::Redeemed;
    }
    let scopes = asked.scopes_or(&device.scope)?;
    asked.grant(&Granted::plain(&sign_in, &scopes))
}

/// The device of this client, and whether it has asked too soon after the last time.
fn ask(state: &State, code: &str, service: &Service, client_id: &str) -> Option<(Device, bool)> {
    let now = state.now_ms();
    let mut memory = lock(&state.memory);
    let device = memory.devices.get_mut(code)?;
    if !device.service.is(service) || !same(&device.client_id, client_id) {
        return None;
    }
    let too_soon = device.asked.is_some_and(|last| now < last.saturating_add(device.interval - SLACK));
    if too_soon {
        device.interval = device.interval.saturating_add(SLOWER);
    }
    device.asked = Some(now);
    Some((device.clone(), too_soon))
}

fn unknown(service: &Service) -> Refusal {
    let text = "The device code was not recognized.";
    let error = if service.kind == Kind::Oidc { "invalid_grant" } else { "bad_verification_code" };
    Refusal::new(error, 70018, text).because("device code: it was never issued to this client")
}
