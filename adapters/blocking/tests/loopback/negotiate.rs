use std::sync::Arc;
use std::time::{Duration, Instant};

use entrada_core::http::TransportErrorKind;
use entrada_core::step::Host;
use entrada_host::{Proxy, Settings};

use crate::HttpHost;
use crate::script::{Script, challenge, integrated, negotiate};
use crate::server::{Server, get, header, response};
use crate::tls;

fn host(script: Option<&Script>) -> HttpHost {
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    if let Some(script) = script {
        settings.integrated = Some(Arc::new(script.clone()));
    }
    HttpHost::new(settings).unwrap()
}

fn refusal(value: &str) -> String {
    response("401 Unauthorized", &challenge(value), "who are you?")
}

#[test]
fn one_round_with_proof_of_the_server() {
    let server = Server::answering(|request| match header(request, "authorization") {
        None => refusal("Negotiate"),
        Some(_) => response("200 OK", &challenge(&negotiate("mutual")), "welcome"),
    });
    let script = Script::completing_after(9);
    let answer = host(Some(&script)).send(integrated(server.url("/"))).unwrap();
    assert_eq!(answer.body.expose(), b"welcome");
    assert_eq!(script.seen(), ["HTTP/127.0.0.1", "nothing", "mutual"]);
    let seen = server.requests();
    assert_eq!(header(&seen[1].1, "authorization"), Some(negotiate("token-1").as_str()));
    assert!(seen.iter().all(|(connection, request)| *connection == 0 && request.ends_with("the envelope")));
    assert_eq!(seen.len(), 2);
}

#[test]
fn several_rounds_stay_on_one_connection_that_nothing_else_uses() {
    let server = Server::answering(|request| match header(request, "authorization") {
        None if request.starts_with("GET ") => response("200 OK", "", "public"),
        None => refusal("Negotiate"),
        Some(value) if value == negotiate("token-3") => response("200 OK", "", "welcome"),
        Some(_) => refusal(&negotiate("more")),
    });
    let script = Script::completing_after(3);
    let mut host = host(Some(&script));
    host.send(get(server.url("/"))).unwrap();
    assert_eq!(host.send(integrated(server.url("/"))).unwrap().body.expose(), b"welcome");
    host.send(get(server.url("/"))).unwrap();
    host.send(integrated(server.url("/"))).unwrap();
    assert_eq!(server.connections(), [0, 1, 1, 1, 1, 0, 2, 2, 2, 2]);
}

#[test]
fn a_refusal_is_the_answer() {
    let server = Server::answering(|_| refusal("Negotiate"));
    let answer = host(Some(&Script::completing_after(1))).send(integrated(server.url("/"))).unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_server_that_asks_for_something_else_gets_nothing() {
    let server = Server::answering(|_| refusal("Basic realm=\"x\""));
    let script = Script::completing_after(1);
    assert_eq!(host(Some(&script)).send(integrated(server.url("/"))).unwrap().status, 401);
    assert!(script.seen().is_empty(), "no ticket is fetched");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_server_that_asks_for_ever_is_left() {
    let server = Server::answering(|request| match header(request, "authorization") {
        None => refusal("Negotiate"),
        Some(_) => refusal(&negotiate("more")),
    });
    let error = host(Some(&Script::completing_after(1000))).send(integrated(server.url("/"))).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Negotiate, "{error}");
    assert!(server.requests().len() < 12);
}

#[test]
fn the_timeout_covers_all_rounds() {
    let server = Server::answering(|_| {
        std::thread::sleep(Duration::from_millis(150));
        refusal("Negotiate")
    });
    let slow = Server::answering(|request| {
        std::thread::sleep(Duration::from_millis(150));
        match header(request, "authorization") {
            None => refusal("Negotiate"),
            Some(_) => refusal(&negotiate("more")),
        }
    });
    let mut request = integrated(slow.url("/"));
    request.timeout = Duration::from_millis(400);
    let start = Instant::now();
    let mut host = host(Some(&Script::completing_after(1000)));
    let error = host.send(request).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Timeout, "{error}");
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(host.send(integrated(server.url("/"))).unwrap().status, 401);
}

#[test]
fn a_body_longer_than_the_limit_is_cut_off_in_any_round() {
    let server = Server::start(|connection| {
        connection.request();
        connection.send(&format!("HTTP/1.1 401 No\r\n{}\r\n", challenge("Negotiate")));
        connection.drip("a", Duration::ZERO);
    });
    let mut request = integrated(server.url("/"));
    request.response_limit = 1000;
    let error = host(Some(&Script::completing_after(1))).send(request).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::TooLarge, "{error}");
}

#[test]
fn a_redirect_with_a_challenge_is_not_followed_and_gets_no_token() {
    let other = Server::answering(|_| response("200 OK", "", ""));
    let location = format!("Location: {}\r\n{}", other.url("/"), challenge("Negotiate"));
    let server = Server::answering(move |_| response("302 Found", &location, ""));
    let script = Script::completing_after(1);
    assert_eq!(host(Some(&script)).send(integrated(server.url("/"))).unwrap().status, 302);
    assert!(script.seen().is_empty() && other.requests().is_empty());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_proxys_challenge_is_not_answered() {
    let server = Server::answering(|_| {
        response("407 Proxy", &format!("Proxy-Authenticate: Negotiate\r\n{}", challenge("Negotiate")), "")
    });
    let script = Script::completing_after(1);
    assert_eq!(host(Some(&script)).send(integrated(server.url("/"))).unwrap().status, 407);
    assert!(script.seen().is_empty());
}

#[test]
fn without_a_negotiator_nothing_is_sent() {
    let server = Server::answering(|_| refusal("Negotiate"));
    assert_eq!(host(None).send(integrated(server.url("/"))).unwrap_err().kind, TransportErrorKind::Negotiate);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn without_a_ticket_the_platforms_words_are_told() {
    let server = Server::answering(|_| refusal("Negotiate"));
    let script = Script { refuses: true, ..Script::default() };
    let error = host(Some(&script)).send(integrated(server.url("/"))).unwrap_err();
    assert_eq!((error.kind, error.detail.as_deref()), (TransportErrorKind::Negotiate, Some("no ticket")));
}

#[test]
fn an_anonymous_request_is_never_authenticated() {
    let server = Server::answering(|_| refusal("Negotiate"));
    let script = Script::completing_after(1);
    assert_eq!(host(Some(&script)).send(get(server.url("/"))).unwrap().status, 401);
    assert!(script.seen().is_empty());
}

#[test]
fn a_server_may_close_before_it_was_given_a_token() {
    let server = Server::start(|connection| {
        let request = connection.request().unwrap();
        if header(&request, "authorization").is_some() {
            connection.send(&response("200 OK", "", "welcome"));
        } else {
            connection.send(&response(
                "401 No",
                &format!("Connection: close\r\n{}", challenge("Negotiate")),
                "",
            ));
        }
    });
    let answer = host(Some(&Script::completing_after(1))).send(integrated(server.url("/"))).unwrap();
    assert_eq!(answer.body.expose(), b"welcome");
    assert_eq!(server.connections(), [0, 1]);
}

#[test]
fn a_server_that_closes_midway_is_not_followed_to_another_connection() {
    let server = Server::start(|connection| {
        connection.request();
        connection.send(&refusal("Negotiate"));
        connection.request();
        let headers = format!("Connection: close\r\n{}", challenge(&negotiate("more")));
        connection.send(&response("401 No", &headers, ""));
    });
    let mut host = host(Some(&Script::completing_after(9)));
    let error = host.send(integrated(server.url("/"))).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Other, "{error}");
    assert_eq!(server.connections(), [0, 0]);
}

#[test]
fn the_exchange_is_tied_to_the_servers_certificate_where_there_is_tls() {
    let answer = |request: &str| match header(request, "authorization") {
        None => refusal("Negotiate"),
        Some(_) => response("200 OK", "", "welcome"),
    };
    let script = Script::completing_after(1);
    let (issuer, leaf, server) = tls::answering("127.0.0.1", answer);
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    settings.extra_root_certificates = vec![issuer.der().to_vec()];
    settings.integrated = Some(Arc::new(script.clone()));
    let mut host = HttpHost::new(settings).unwrap();
    host.send(integrated(server.url("/"))).unwrap();
    host.send(integrated(Server::answering(answer).url("/"))).unwrap();
    let bindings = entrada_host::tls_server_end_point(&leaf);
    assert!(bindings.is_some());
    assert_eq!(*script.bindings.lock().unwrap(), [bindings, None]);
}
