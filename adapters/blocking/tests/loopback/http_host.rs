use std::time::{Duration, Instant};

use entrada_core::application::PublicClientApplication;
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::http::TransportErrorKind;
use entrada_core::secret::Secret;
use entrada_core::step::{Host, StepEvent};
use entrada_host::{Proxy, Settings};

use crate::HttpHost;
use crate::server::{Server, get, header, post, response};

fn host() -> HttpHost {
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    HttpHost::new(settings).unwrap()
}

#[test]
fn a_redirect_is_not_followed() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        for body in ["", "moved"] {
            let server =
                Server::answering(move |_| response(status, "Location: /elsewhere?secret\r\n", body));
            for request in [get(server.url("/here")), post(server.url("/here"), "password")] {
                let answer = host().send(request).unwrap();
                assert_eq!(answer.status.as_str(), &status[..3]);
                assert_eq!(answer.headers["location"], "/elsewhere?secret");
                assert_eq!(answer.body.expose(), body.as_bytes());
            }
            assert!(server.requests().iter().all(|(_, request)| request.contains(" /here ")));
            assert_eq!(server.requests().len(), 2);
        }
    }
}

#[test]
fn every_status_is_a_response() {
    for status in ["400 Bad", "401 No", "404 None", "407 Proxy", "429 Slow", "500 Broken", "503 Away"] {
        let server = Server::answering(move |_| response(status, "", "why"));
        let answer = host().send(get(server.url("/"))).unwrap();
        assert_eq!(answer.status.as_str(), &status[..3]);
        assert_eq!(answer.body.expose(), b"why");
    }
}

#[test]
fn a_request_arrives_as_it_is_and_no_cookie_comes_back() {
    let server = Server::answering(|_| response("200 OK", "Set-Cookie: a=b\r\n", "{}"));
    let mut host = host();
    for _ in 0..2 {
        let mut request = post(server.url("/a?b=%2B"), "grant_type=password");
        request.headers.insert("x-client-sku", "Entrada".parse().unwrap());
        host.send(request).unwrap();
    }
    for (_, request) in server.requests() {
        assert!(request.starts_with("POST /a?b=%2B HTTP/1.1\r\n"));
        assert!(request.ends_with("\r\n\r\ngrant_type=password"));
        assert_eq!(header(&request, "x-client-sku"), Some("Entrada"));
        for absent in ["cookie", "authorization", "accept-encoding", "referer", "expect"] {
            assert_eq!(header(&request, absent), None);
        }
    }
}

#[test]
fn a_server_that_streams_for_ever_is_cut_off_at_the_limit() {
    let heads = [
        "transfer-encoding: chunked\r\n\r\n",
        "connection: close\r\n\r\n",
        "content-length: 99999999\r\n\r\n",
    ];
    for head in heads {
        let server = Server::start(move |connection| {
            connection.request();
            connection.send(&format!("HTTP/1.1 200 OK\r\n{head}"));
            connection.drip("5\r\nhello\r\n", Duration::ZERO);
        });
        let mut request = get(server.url("/"));
        request.response_limit = 10_000;
        let error = host().send(request).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::TooLarge, "{error}");
    }
}

#[test]
fn a_body_may_be_as_long_as_the_limit() {
    let server = Server::answering(|_| response("200 OK", "", "0123456789"));
    let mut request = get(server.url("/"));
    request.response_limit = 10;
    assert_eq!(host().send(request.clone()).unwrap().body.len(), 10);
    request.response_limit = 9;
    assert_eq!(host().send(request).unwrap_err().kind, TransportErrorKind::TooLarge);
}

#[test]
fn a_server_that_is_too_slow_is_left() {
    let silent = Server::start(|connection| connection.listen());
    let head = Server::start(|connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\n");
        connection.drip("a: b\r\n", Duration::from_millis(50));
    });
    let body = Server::start(|connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        connection.drip("a", Duration::from_millis(50));
    });
    for server in [silent, head, body] {
        let mut request = get(server.url("/"));
        request.timeout = Duration::from_millis(300);
        let start = Instant::now();
        let error = host().send(request).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Timeout, "{error}");
        assert!((250..20_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }
}

#[test]
fn no_time_at_all_is_a_timeout() {
    let server = Server::answering(|_| response("200 OK", "", ""));
    let mut request = get(server.url("/"));
    request.timeout = Duration::ZERO;
    assert_eq!(host().send(request).unwrap_err().kind, TransportErrorKind::Timeout);
}

#[test]
fn a_connection_that_is_refused_is_told_without_the_query() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/?login_hint=hunter2").parse().unwrap();
    let error = host().send(get(url)).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Connect, "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn a_name_that_does_not_exist_is_a_failure_to_connect() {
    let error = host().send(get("http://entrada.invalid/?hunter2".parse().unwrap())).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Connect, "{error}");
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn a_connection_that_is_cut_is_another_failure() {
    let answers = [
        "",
        "HTTP/1.1 200 OK\r\nconte",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        "SSH-2.0-OpenSSH\r\n\r\n",
    ];
    for answer in answers {
        let server = Server::start(move |connection| {
            connection.request();
            connection.send(answer);
        });
        let error = host().send(post(server.url("/?hunter2"), "hunter2")).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Other, "{answer}: {error}");
        assert!(!format!("{error:?}").contains("hunter2"));
        assert_eq!(server.requests().len(), 1, "nothing is sent twice");
    }
}

#[test]
fn connections_are_used_again_and_shared_by_clones() {
    let server = Server::answering(|_| response("200 OK", "", "{}"));
    let mut host = host();
    for path in ["/1", "/2"] {
        host.clone().send(get(server.url(path))).unwrap();
        // An async client has its connection back a moment later.
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut shorter = get(server.url("/3"));
    shorter.timeout = Duration::from_secs(1);
    host.send(shorter).unwrap();
    assert_eq!(server.connections(), [0, 0, 0]);
}

#[test]
fn a_connection_that_was_closed_meanwhile_is_not_used_again() {
    let server = Server::start(|connection| {
        connection.request();
        connection.send(&response("200 OK", "", "{}"));
    });
    let mut host = host();
    for _ in 0..3 {
        host.send(post(server.url("/"), "password")).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.connections(), [0, 1, 2]);
}

#[test]
fn a_wait_lasts_until_its_time() {
    let mut host = host();
    let until = host.now().after(Duration::from_millis(60));
    host.wait(until);
    assert!(host.now() >= until);
    host.wait(entrada_core::time::Timestamp::default());
}

#[test]
fn a_flow_runs_to_its_end_and_its_tokens_are_kept() {
    let server = Server::answering(|request| {
        let body = if request.starts_with("GET ") {
            r#"{"ver":"1.0","account_type":"Managed","domain_name":"contoso.com"}"#
        } else {
            r#"{"token_type":"Bearer","access_token":"at","refresh_token":"rt","expires_in":3600}"#
        };
        response("200 OK", "content-type: application/json\r\n", body)
    });
    let options = AuthorityOptions::default().allow_http_loopback(true);
    let authority = Authority::parse(server.url("/contoso.com").as_str(), options).unwrap();
    let app = PublicClientApplication::new("app", authority);
    let flow = app.acquire_token_by_username_password(["s"], "joe@contoso.com", Secret::new("hunter2"));
    let host = host();
    let mut events = Vec::new();
    host.acquire_observed(flow, |event: StepEvent<'_>| events.push(format!("{event:?}"))).unwrap();
    assert!(events.len() >= 5 && !events.concat().contains("hunter2"), "{events:?}");
    let cache = host.cache().to_json();
    assert_eq!(cache["AccessToken"].as_object().unwrap().len(), 1);
}
