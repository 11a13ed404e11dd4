//! Connections, requests, and who answers them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, DATE, HeaderMap, HeaderName};
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use crate::authorize;
use crate::config::TrustVersion;
use crate::control;
use crate::discovery;
use crate::faults::{self, FaultKind};
use crate::form::Form;
use crate::grant::device;
use crate::mex;
use crate::negotiate::Connection;
use crate::realm;
use crate::reply::{self, Reply, hang_up};
use crate::rst;
use crate::service::{Endpoint, Service};
use crate::sign_in;
use crate::state::{Recorded, State, http_date, lock};
use crate::sts::{self, Farm};
use crate::token;
use crate::wia;

/// The largest request body that is read.
const BODY_LIMIT: usize = 256 * 1024;
/// How many requests are remembered.
const LOG_LIMIT: usize = 100_000;

/// A request, read to its end.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) raw_query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether its user's credential has come before.
    pub(crate) repeated: bool,
}

impl Call {
    pub(crate) fn query(&self) -> Form {
        self.raw_query.as_deref().and_then(Form::parse).unwrap_or_default()
    }

    pub(crate) fn correlation(&self) -> Option<&str> {
        self.headers.get("client-request-id").and_then(|value| value.to_str().ok())
    }

    /// Whether one of the headers came that change the answer for domains with Seamless SSO.
    pub(crate) fn names_its_library(&self) -> bool {
        ["x-client-sku", "x-client-ver", "x-client-os"].iter().any(|name| self.headers.contains_key(*name))
    }
}

/// Accepts connections until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let count = AtomicU64::new(0);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, say: give the others time to close theirs.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // What a loopback service gains from delay is nothing; a failure here harms nobody.
        let _ = stream.set_nodelay(true);
        let connection = Arc::new(Connection::new(count.fetch_add(1, Ordering::Relaxed) + 1));
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            match tls {
                None => converse(stream, connection, state).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, connection, state).await;
                    }
                }
            }
        });
    }
}

async fn converse<S>(stream: S, connection: Arc<Connection>, state: Arc<State>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |request| {
        let (connection, state) = (Arc::clone(&connection), Arc::clone(&state));
        async move { respond(&state, &connection, request).await }
    });
    let served =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    // A broken connection, whoever broke it, is the end of it and nothing more.
    drop(served);
}

async fn respond(state: &State, connection: &Connection, request: Request<Incoming>) -> io::Result<Reply> {
    let (parts, body) = request.into_parts();
    let mut recorded = Recorded {
        connection: connection.id,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        status: None,
        headers: parts.headers.keys().map(|name| name.as_str().to_owned()).collect(),
    };
    let asked_back = asked_back(&parts.headers);
    let answered = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => {
            let call = Call {
                method: parts.method,
                path: recorded.path.clone(),
                raw_query: recorded.query.clone(),
                headers: parts.headers,
                body: body.to_bytes(),
                repeated: false,
            };
            befall(state, connection, call).await
        }
        Err(_) => {
            state.violate(format!("{}: the body is too long or broken off", recorded.path));
            Ok(reply::with_header(reply::plain(StatusCode::PAYLOAD_TOO_LARGE), CONNECTION, "close"))
        }
    };
    let answered = answered.map(|reply| stamped(state, reply, asked_back));
    recorded.status = answered.as_ref().ok().map(|reply| reply.status().as_u16());
    let mut log = lock(&state.log);
    if log.len() < LOG_LIMIT {
        log.push(recorded);
    }
    answered
}

/// The correlation identifier, if the client wants it back.
fn asked_back(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let wanted = text("return-client-request-id").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    text("client-request-id").filter(|_| wanted).map(str::to_owned)
}

/// What every answer carries: the emulator's own time, by which clients may learn that their clock is off, and identifiers.
fn stamped(state: &State, reply: Reply, correlation: Option<String>) -> Reply {
    let reply = reply::with_header(reply, DATE, &http_date(state.now()));
    let request = Uuid::new_v4().to_string();
    let reply = reply::with_header(reply, HeaderName::from_static("x-ms-request-id"), &request);
    match correlation {
        Some(id) => reply::with_header(reply, HeaderName::from_static("client-request-id"), &id),
        None => reply,
    }
}

/// Lets the fault happen that is due, or answers rightly.
async fn befall(state: &State, connection: &Connection, mut call: Call) -> io::Result<Reply> {
    // A credential counts as sent whatever becomes of the request.
    call.repeated = credential_came_before(state, &call);
    let fault = faults::take(&mut lock(&state.faults), &call);
    let Some(fault) = fault else { return route(state, connection, &call) };
    if fault.replaces() {
        if let (true, Some(message)) = (call.path.ends_with("/windowstransport"), rst::message_id(&call.body))
        {
            lock(&state.memory).messages.insert(message, ());
        }
        if call.repeated {
            state.violate(format!("{}: a credential was sent again", call.path));
        }
        return fault.replacement(state, &call).ok_or_else(hang_up);
    }
    if let FaultKind::Delay { ms } = fault {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    Ok(fault.befall(route(state, connection, &call)?))
}

/// Whether this request repeats one that carried the user's password; notes it if not.
fn credential_came_before(state: &State, call: &Call) -> bool {
    if call.method != Method::POST {
        return false;
    }
    let path = call.path.to_lowercase();
    if path.ends_with("/usernamemixed") {
        return rst::message_id(&call.body)
            .is_some_and(|message| !lock(&state.memory).messages.insert(message, ()));
    }
    if !path.ends_with("/token") {
        return false;
    }
    let form = std::str::from_utf8(&call.body).ok().and_then(Form::parse).unwrap_or_default();
    match (form.value("grant_type"), form.value("username"), call.correlation()) {
        (Some("password"), Some(user), Some(correlation)) => {
            let name = format!("{}\n{}", correlation.to_lowercase(), user.to_lowercase());
            !lock(&state.memory).passwords.insert(name, ())
        }
        _ => false,
    }
}

fn route(state: &State, connection: &Connection, call: &Call) -> io::Result<Reply> {
    let lower = call.path.to_lowercase();
    let raw: Vec<&str> = call.path.split('/').skip(1).collect();
    let path: Vec<&str> = lower.split('/').skip(1).collect();
    let get = call.method == Method::GET;
    let post = call.method == Method::POST;
    let found = |reply: Option<Reply>| Ok(reply.unwrap_or_else(|| reply::plain(StatusCode::NOT_FOUND)));
    match path.as_slice() {
        ["common", "discovery", "instance"] if get => Ok(realm::discovery(state, call)),
        ["common", "userrealm", _] if get => Ok(realm::realm(state, call, raw.get(2).unwrap_or(&""))),
        ["adfs", "services", "trust", "mex"] if get => {
            found(Farm::adfs(state, call).as_ref().map(mex::metadata))
        }
        [domain, "winauth", "trust", "mex"] if get => {
            found(Farm::autologon(state, call, domain).as_ref().map(mex::metadata))
        }
        ["adfs", "services", "trust", version, kind] if post => {
            trust(state, connection, call, Farm::adfs(state, call), version, kind)
        }
        [domain, "winauth", "trust", version, kind] if post => {
            trust(state, connection, call, Farm::autologon(state, call, domain), version, kind)
        }
        [".emulator", "world"] if get => Ok(control::world(state)),
        [".emulator", "violations"] if get => Ok(control::violations(state, false)),
        [".emulator", "violations"] if call.method == Method::DELETE => Ok(control::violations(state, true)),
        ["v1.0", "me"] if get => Ok(discovery::user_info(state, call)),
        _ => match Service::locate(&raw, &call.query()) {
            Some((service, Endpoint::Wia)) if get => wia::wia(state, connection, call, &service),
            Some((service, endpoint)) => found(answered(state, call, &service, endpoint)),
            None => found(None),
        },
    }
}

/// The endpoints of the services.
fn answered(state: &State, call: &Call, service: &Service, endpoint: Endpoint) -> Option<Reply> {
    let (get, post) = (call.method == Method::GET, call.method == Method::POST);
    Some(match endpoint {
        Endpoint::Token if call.method == Method::OPTIONS => token::preflight(call),
        Endpoint::Token if post => token::token(state, call, service),
        Endpoint::Authorize if get || post => authorize::authorize(state, call, service),
        Endpoint::SignIn if post => sign_in::submit(state, call),
        Endpoint::DeviceCode if post => device::code(state, call, service),
        Endpoint::Device if get || post => device::page(state, call, service),
        Endpoint::Logout if get || post => discovery::logout(state, call),
        Endpoint::Metadata if get => discovery::metadata(state, call, service),
        Endpoint::Keys if get => discovery::keys(state, call, service),
        Endpoint::Revoke if post => discovery::revoke(state, call, service),
        Endpoint::UserInfo if get || post => discovery::user_info(state, call),
        _ => return None,
    })
}

fn trust(
    state: &State,
    connection: &Connection,
    call: &Call,
    farm: Option<Farm>,
    version: &str,
    kind: &str,
) -> io::Result<Reply> {
    let version = match version {
        "13" => Some(TrustVersion::V1_3),
        "2005" => Some(TrustVersion::V2005),
        _ => None,
    };
    match (farm, version) {
        (Some(farm), Some(version)) => sts::issue(state, connection, call, &farm, version, kind),
        _ => Ok(reply::plain(StatusCode::NOT_FOUND)),
    }
}
