//! The user in front of the pages: who he is, his second factor, his consent, and back to the application.
//!
//! ```text
//!   begin ─ prompt=none ──────────────────────────────► redirect with a result, or with what stands in the way
//!     │
//!     └► accounts? ► user name and password ► second factor? ► consent? ► redirect, or the device's page
//!              (each page has a button that goes back with access_denied)
//! ```

use hyper::StatusCode;
use hyper::header::{COOKIE, HeaderValue, SET_COOKIE};

use crate::authorize::{Authorization, Prompt};
use crate::config::{User, UserState, same};
use crate::form::Form;
use crate::grant::device;
use crate::grant::password;
use crate::grants::{SignIn, unguessable};
use crate::issue::stands_in_the_way;
use crate::oauth::Refusal;
use crate::pages::{self, Frame};
use crate::redirect;
use crate::reply::Reply;
use crate::server::Call;
use crate::service::{Endpoint, Service};
use crate::state::{State, lock};
use crate::world::MFA_CODE;

const SESSION: &str = "entrada-session";

/// A sign-in that a browser is in the middle of.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) purpose: Purpose,
    /// The user, once he has signed in.
    sign_in: Option<SignIn>,
    /// Whether the consent page was answered.
    consented: bool,
}

/// What the user signs in for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    Authorize(Box<Authorization>),
    /// A device, by its device code.
    Device {
        code: String,
        service: Service,
        client_id: String,
    },
}

impl Purpose {
    fn service(&self) -> &Service {
        match self {
            Purpose::Authorize(authorization) => &authorization.service,
            Purpose::Device { service, .. } => service,
        }
    }

    fn client_id(&self) -> &str {
        match self {
            Purpose::Authorize(authorization) => &authorization.client_id,
            Purpose::Device { client_id, .. } => client_id,
        }
    }

    fn prompt(&self) -> Option<Prompt> {
        match self {
            Purpose::Authorize(authorization) => authorization.prompt,
            Purpose::Device { .. } => None,
        }
    }

    fn hint(&self) -> Option<&str> {
        match self {
            Purpose::Authorize(authorization) => authorization.login_hint.as_deref(),
            Purpose::Device { .. } => None,
        }
    }

    fn scope(&self, state: &State) -> String {
        match self {
            Purpose::Authorize(authorization) => authorization.scope.clone(),
            Purpose::Device { code, .. } => {
                lock(&state.memory).devices.get(code).map(|device| device.scope.clone()).unwrap_or_default()
            }
        }
    }
}

/// An authorization request has come.
pub(crate) fn begin(state: &State, call: &Call, authorization: Authorization) -> Reply {
    let accounts: Vec<SignIn> = accounts(state, call)
        .into_iter()
        .filter(|one| {
            let old = authorization.max_age.is_some_and(|age| state.now().saturating_sub(one.at) > age);
            !old && hinted(&authorization, one)
        })
        .collect();
    if authorization.prompt == Some(Prompt::None) {
        return match silently(state, &authorization, &accounts) {
            Ok(sign_in) => redirect::grant(state, &authorization, &sign_in),
            Err(refusal) => redirect::refuse(state, &authorization, &refusal),
        };
    }
    let reuse = match (authorization.prompt, accounts.as_slice()) {
        (None | Some(Prompt::Consent), [one]) => Some(reused(one, &authorization)),
        _ => None,
    };
    let prompt = authorization.prompt;
    let pending =
        Pending { purpose: Purpose::Authorize(Box::new(authorization)), sign_in: reuse, consented: false };
    if prompt == Some(Prompt::Create) {
        return pages::create(&remember(state, &pending), None);
    }
    let pick = !accounts.is_empty() && pending.sign_in.is_none() && prompt != Some(Prompt::Login);
    if pick {
        return pages::accounts(&remember(state, &pending), &names(state, &accounts));
    }
    go_on(state, call, &pending)
}

/// AD FS knows the user by his ticket; what is left is the second factor and consent.
pub(crate) fn go_on_as(state: &State, call: &Call, authorization: &Authorization, sign_in: &SignIn) -> Reply {
    let sign_in = Some(reused(sign_in, authorization));
    let purpose = Purpose::Authorize(Box::new(authorization.clone()));
    go_on(state, call, &Pending { purpose, sign_in, consented: false })
}

/// A device's code was typed.
pub(crate) fn begin_device(state: &State, call: &Call, purpose: Purpose) -> Reply {
    go_on(state, call, &Pending { purpose, sign_in: None, consented: false })
}

/// Whether an account is one that the hints speak of.
fn hinted(authorization: &Authorization, account: &SignIn) -> bool {
    let named = authorization.login_hint.as_ref().is_none_or(|hint| same(hint, &account.upn));
    let domain = account.upn.rsplit_once('@').map_or("", |(_, domain)| domain);
    // Two words stand for kinds of accounts and not for domains.
    let words = ["organizations", "consumers"];
    let at_home = authorization
        .domain_hint
        .as_ref()
        .is_none_or(|hint| words.iter().any(|word| same(word, hint)) || same(hint, domain));
    named && at_home
}

/// `prompt=none`: the one account that needs nothing, or what stands in the way.
fn silently(state: &State, authorization: &Authorization, accounts: &[SignIn]) -> Result<SignIn, Refusal> {
    let account = match accounts {
        [] => {
            let text = "Session information is not sufficient for single-sign-on.";
            return Err(Refusal::new("login_required", 50058, text));
        }
        [one] => one,
        _ => {
            let text = "Either multiple user identities are available for the current request or selected \
                        account is not supported for the scenario.";
            return Err(Refusal::new("interaction_required", 16000, text));
        }
    };
    let missing = || Refusal::new("login_required", 50058, "The user is not there any more.");
    let user = state.user(&account.upn).ok_or_else(missing)?;
    stands_in_the_way(&user, account)
        .map_err(|refusal| Refusal { error: "interaction_required".into(), ..refusal })?;
    let app = state.config.app(&authorization.client_id).ok_or_else(missing)?;
    if !state.has_consent(app, &user.upn) {
        let text = "The user or administrator has not consented to use the application.";
        return Err(Refusal::new("consent_required", 65001, text));
    }
    Ok(reused(account, authorization))
}

/// The session's sign-in for another application: the same in everything but the claims that are asked for.
fn reused(account: &SignIn, authorization: &Authorization) -> SignIn {
    SignIn { claims: authorization.claims.clone(), ..account.clone() }
}

/// `POST {service}/login`: a page's form.
pub(crate) fn submit(state: &State, call: &Call) -> Reply {
    let form = std::str::from_utf8(&call.body).ok().and_then(Form::parse).unwrap_or_default();
    let id = form.value("flow").unwrap_or_default();
    let pending = lock(&state.memory).pending.get(id).cloned();
    let Some(mut pending) = pending else {
        return pages::error(StatusCode::BAD_REQUEST, "This sign-in is over, or it was never begun.");
    };
    let frame = frame(state, id, &pending);
    match form.value("action") {
        Some("cancel" | "decline") => declined(state, &pending),
        Some("another") => pages::sign_in(&frame, "", None),
        Some("pick") => {
            let name = form.value("account").unwrap_or_default();
            let account = accounts(state, call).into_iter().find(|one| same(&one.upn, name));
            pending.sign_in = match (&pending.purpose, account) {
                (Purpose::Authorize(authorization), Some(one)) => Some(reused(&one, authorization)),
                (_, account) => account,
            };
            go_on(state, call, &pending)
        }
        Some("sign-in") => {
            let (name, password) =
                (form.value("username").unwrap_or_default(), form.value("password").unwrap_or_default());
            match password::check(state, name, password).and_then(allowed) {
                Ok(user) => {
                    pending.sign_in = Some(new_sign_in(state, &pending.purpose, &user.upn, &["pwd"]));
                    go_on(state, call, &pending)
                }
                Err(refusal) => pages::sign_in(&frame, name, Some(&spoken(&refusal))),
            }
        }
        Some("create") => match create(state, &form) {
            Ok(user) => {
                pending.sign_in = Some(new_sign_in(state, &pending.purpose, &user.upn, &["pwd"]));
                go_on(state, call, &pending)
            }
            Err(text) => pages::create(&frame, Some(text)),
        },
        Some("verify") => {
            let typed = form.value("code").unwrap_or_default().replace(' ', "");
            if typed != MFA_CODE {
                return pages::second_factor(&frame, false, Some("That is not the code. Try again."));
            }
            if let Some(sign_in) = &mut pending.sign_in {
                sign_in.methods.push("mfa");
            }
            go_on(state, call, &pending)
        }
        Some("accept") => {
            pending.consented = true;
            go_on(state, call, &pending)
        }
        _ => pages::error(StatusCode::BAD_REQUEST, "The form names no action of this page."),
    }
}

/// The next page, or the end of it.
fn go_on(state: &State, call: &Call, pending: &Pending) -> Reply {
    let hint = pending.purpose.hint().unwrap_or_default().to_owned();
    let Some(sign_in) = pending.sign_in.clone() else {
        return pages::sign_in(&remember(state, pending), &hint, None);
    };
    let app = state.config.app(pending.purpose.client_id());
    let (Some(user), Some(app)) = (state.user(&sign_in.upn), app) else {
        return pages::sign_in(&remember(state, pending), &hint, Some("The account is gone."));
    };
    if stands_in_the_way(&user, &sign_in).is_err() {
        let enrolment = user.state == UserState::MfaEnrolment;
        return pages::second_factor(&remember(state, pending), enrolment, None);
    }
    let asks = pending.purpose.prompt() == Some(Prompt::Consent) || !state.has_consent(app, &user.upn);
    let device = matches!(pending.purpose, Purpose::Device { .. });
    if (asks || device) && !pending.consented {
        let frame = remember(state, pending);
        return pages::consent(&frame, &user, &pending.purpose.scope(state), device);
    }
    if asks {
        state.consent(app, &user.upn);
    }
    let reply = match &pending.purpose {
        Purpose::Authorize(authorization) => redirect::grant(state, authorization, &sign_in),
        Purpose::Device { code, .. } => {
            device::decide(state, code, Some(sign_in.clone()));
            pages::done(&format!(
                "You have signed in to {} on your device. You may close this window.",
                app.shown_name()
            ))
        }
    };
    with_session(state, call, reply, sign_in)
}

/// The user has said no.
fn declined(state: &State, pending: &Pending) -> Reply {
    match &pending.purpose {
        Purpose::Authorize(authorization) => {
            let refusal = Refusal::new("access_denied", 65004, "User declined to consent to access the app.");
            redirect::refuse(state, authorization, &refusal.suberror("cancel"))
        }
        Purpose::Device { code, .. } => {
            device::decide(state, code, None);
            pages::done("You have declined. Nobody was signed in on the device; you may close this window.")
        }
    }
}

/// A sign-in with the claims that it was asked for with.
fn new_sign_in(state: &State, purpose: &Purpose, upn: &str, methods: &[&'static str]) -> SignIn {
    let claims = match purpose {
        Purpose::Authorize(authorization) => authorization.claims.clone(),
        Purpose::Device { .. } => None,
    };
    SignIn { claims, ..SignIn::new(state, upn, methods) }
}

/// The user, if a page can help him at all.
pub(crate) fn allowed(user: User) -> Result<User, Refusal> {
    match user.state {
        UserState::Active | UserState::MfaRequired | UserState::MfaEnrolment => Ok(user),
        UserState::Locked => Err(crate::issue::locked()),
        UserState::PasswordExpired => Err(Refusal::grant(50055, "The password is expired.")),
        UserState::Disabled => Err(Refusal::grant(50057, "The user account is disabled.")),
    }
}

/// What a page says of a refusal.
fn spoken(refusal: &Refusal) -> String {
    // The other texts are the token endpoint's own, as those of the pages are not written down anywhere.
    let text = if refusal.code == 50126 { "Your account or password is incorrect." } else { &refusal.text };
    format!("{text} (AADSTS{})", refusal.code)
}

fn create(state: &State, form: &Form) -> Result<User, &'static str> {
    let upn = form.value("username").filter(|name| name.contains('@')).ok_or("Type an email address.")?;
    let password = form.value("password").filter(|text| text.chars().count() >= 8);
    let password = password.ok_or("Type a password of eight characters or more.")?;
    if state.user(upn).is_some() {
        return Err("There is an account of this name already.");
    }
    let user = User {
        upn: upn.to_owned(),
        password: password.to_owned(),
        name: form.value("name").unwrap_or(upn).to_owned(),
        state: UserState::Active,
        agent: None,
    };
    lock(&state.memory).created.insert(upn.to_lowercase(), user.clone());
    Ok(user)
}

/// Keeps a sign-in for its next page.
fn remember(state: &State, pending: &Pending) -> Frame {
    let id = unguessable("");
    lock(&state.memory).pending.insert(id.clone(), pending.clone());
    frame(state, &id, pending)
}

fn frame(state: &State, id: &str, pending: &Pending) -> Frame {
    let client_id = pending.purpose.client_id();
    Frame {
        flow: id.to_owned(),
        action: pending.purpose.service().path(Endpoint::SignIn),
        app: state.config.app(client_id).map_or(client_id, |app| app.shown_name()).to_owned(),
        user: pending.sign_in.as_ref().map(|sign_in| sign_in.upn.clone()),
    }
}

fn names(state: &State, accounts: &[SignIn]) -> Vec<User> {
    accounts.iter().filter_map(|one| state.user(&one.upn)).collect()
}

fn session_of(call: &Call) -> Option<String> {
    cookie(call, SESSION)
}

/// The value of a cookie.
pub(crate) fn cookie(call: &Call, name: &str) -> Option<String> {
    let cookies = call.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// Who is signed in at this browser.
fn accounts(state: &State, call: &Call) -> Vec<SignIn> {
    let session = session_of(call);
    session.and_then(|id| lock(&state.memory).sessions.get(&id).cloned()).unwrap_or_default()
}

/// Notes who has signed in at this browser, in place of what was noted of him before.
fn with_session(state: &State, call: &Call, mut reply: Reply, sign_in: SignIn) -> Reply {
    let id = session_of(call).unwrap_or_else(|| unguessable(""));
    let mut accounts = accounts(state, call);
    accounts.retain(|one| !same(&one.upn, &sign_in.upn));
    accounts.push(SignIn { claims: None, ..sign_in });
    lock(&state.memory).sessions.insert(id.clone(), accounts);
    let secure = if state.config.tls { "; Secure" } else { "" };
    let cookie = format!("{SESSION}={id}; Path=/; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        reply.headers_mut().append(SET_COOKIE, value);
    }
    reply
}

/// Forgets who is signed in at this browser.
pub(crate) fn sign_out(state: &State, call: &Call) {
    if let Some(id) = session_of(call) {
        lock(&state.memory).sessions.insert(id, Vec::new());
    }
}
