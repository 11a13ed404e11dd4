//! AD FS's own sign-in with a ticket: the way of a browser that it knows, from the authorize endpoint and back to it.
//!
//! ```text
//!   authorize ─ user agent known? ─► 302 wia, with a context ─► 401 Negotiate … 302 authorize, with a session ─► redirect URI
//!        └─ else the pages
//! ```
//!
//! The context ties the three requests together, and the session says who the user is. A client that does not bring back
//! what was set is sent round again, as AD FS does, and recorded.

use std::io;

use data_encoding::BASE64;
use hyper::StatusCode;
use hyper::header::{SET_COOKIE, USER_AGENT, WWW_AUTHENTICATE};
use uuid::Uuid;

use crate::authorize::{self, Authorization, Prompt};
use crate::grants::{SignIn, unguessable};
use crate::negotiate::{self, Connection, Verdict};
use crate::oauth::Refusal;
use crate::pages;
use crate::redirect::found;
use crate::reply::{self, Reply, hang_up};
use crate::server::Call;
use crate::service::{Endpoint, Kind, Service};
use crate::sign_in::{self, cookie};
use crate::state::{State, lock};

const CONTEXT: &str = "MSISContext";
const SESSION: &str = "MSISAuth";

/// How far one of these sign-ins has come: nowhere yet, or to its session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    session: Option<String>,
}

/// Takes the request if it is for a ticket: at AD FS, from a user agent that it knows, without a wish for a page.
pub(crate) fn begin(state: &State, call: &Call, authorization: &Authorization) -> Option<Reply> {
    let service = &authorization.service;
    if service.kind != Kind::Adfs || authorization.prompt == Some(Prompt::Login) || !is_known(state, call) {
        return None;
    }
    let session = cookie(call, SESSION);
    let session = session.and_then(|id| lock(&state.memory).adfs_sessions.get(&id).cloned());
    if let Some(sign_in) = session {
        return Some(ended(state, call, authorization, &sign_in));
    }
    if let Some(id) = cookie(call, CONTEXT)
        && lock(&state.memory).contexts.get(&id).is_some_and(|context| context.session.is_some())
    {
        state.violate(format!("AD FS: the cookie {SESSION} was set and did not come back"));
    }
    let id = unguessable("");
    lock(&state.memory).contexts.insert(id.clone(), Context::default());
    let there = format!("{}/wia?{}", service.url(state, Endpoint::Authorize), query(call));
    Some(set(state, found(&there), CONTEXT, &id))
}

/// `GET /adfs/oauth2/authorize/wia`: who is there by his ticket, and back.
pub(crate) fn wia(
    state: &State,
    connection: &Connection,
    call: &Call,
    service: &Service,
) -> io::Result<Reply> {
    if !is_known(state, call) {
        return Ok(authorize::authorize(state, call, service));
    }
    let id = cookie(call, CONTEXT).filter(|id| lock(&state.memory).contexts.get(id).is_some());
    let Some(id) = id else {
        state.violate(format!("AD FS: the cookie {CONTEXT} was set and did not come back"));
        return Ok(error(state, &Refusal::request(90100, "The request has no context.")));
    };
    let upn = match negotiate::judge(state, connection, &call.headers) {
        Verdict::Accepted { upn } => upn,
        Verdict::Answer(reply) => return Ok(reply::with_header(reply, WWW_AUTHENTICATE, "NTLM")),
        Verdict::HangUp => return Err(hang_up()),
    };
    if let Some(user) = state.user(&upn)
        && let Err(refusal) = sign_in::allowed(user)
    {
        return Ok(proven(error(state, &refusal)));
    }
    let session = unguessable("");
    let signed_in = SignIn::new(state, &upn, &["wia"]);
    let mut memory = lock(&state.memory);
    memory.adfs_sessions.insert(session.clone(), signed_in);
    memory.contexts.insert(id, Context { session: Some(session.clone()) });
    drop(memory);
    let back = format!("{}?{}", service.url(state, Endpoint::Authorize), query(call));
    let when = BASE64.encode(state.now().to_string().as_bytes());
    Ok(set(state, set(state, proven(found(&back)), SESSION, &session), "MSISAuthenticated", &when))
}

/// The end: the answer, or a page if more is wanted of the user. The context has done its work.
fn ended(state: &State, call: &Call, authorization: &Authorization, sign_in: &SignIn) -> Reply {
    let reply = sign_in::go_on_as(state, call, authorization, sign_in);
    let over = format!("{CONTEXT}=; Path=/adfs; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    reply::with_header(reply, SET_COOKIE, &over)
}

/// With the proof that the server could read the ticket, whatever it says besides.
fn proven(reply: Reply) -> Reply {
    reply::with_header(reply, WWW_AUTHENTICATE, &negotiate::mutual_header())
}

/// Whether AD FS asks this user agent for a ticket: it looks for each text of its list in it.
fn is_known(state: &State, call: &Call) -> bool {
    let agent = call.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    state.config.wia_user_agents.iter().any(|known| agent.contains(known.as_str()))
}

fn query(call: &Call) -> &str {
    call.raw_query.as_deref().unwrap_or_default()
}

fn set(state: &State, reply: Reply, name: &str, value: &str) -> Reply {
    let secure = if state.config.tls { "; Secure" } else { "" };
    reply::with_header(
        reply,
        SET_COOKIE,
        &format!("{name}={value}; Path=/adfs; HttpOnly; SameSite=None{secure}"),
    )
}

fn error(state: &State, refusal: &Refusal) -> Reply {
    let id = Uuid::new_v4().to_string();
    pages::error(StatusCode::OK, &refusal.description(state, Kind::Adfs, &id, &id))
}
