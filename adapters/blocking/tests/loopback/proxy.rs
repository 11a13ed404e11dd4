use std::sync::Arc;

use entrada_core::http::TransportErrorKind;
use entrada_core::step::Host;
use entrada_host::{Proxy, Settings, SetupError};

use crate::script::{Script, challenge, integrated};
use crate::server::{Server, get, header, response, tunnelling_proxy};
use crate::{HttpHost, PLAIN_HTTP_IS_TUNNELLED, tls};

fn host(proxy: String) -> Result<HttpHost, SetupError> {
    let mut settings = Settings::new();
    settings.proxy = Proxy::Url(proxy);
    HttpHost::new(settings)
}

#[test]
fn requests_go_through_the_proxy() {
    let proxy = Server::answering(|request| match request.starts_with("CONNECT ") {
        true => "HTTP/1.1 200 Connected\r\n\r\n".to_owned(),
        false => response("200 OK", "", "through"),
    });
    let mut host = host(format!("http://joe:hunter2@127.0.0.1:{}", proxy.port)).unwrap();
    let answer = host.send(get("http://sts.contoso.com:8080/a".parse().unwrap())).unwrap();
    assert_eq!(answer.body.expose(), b"through");
    let expected: &[_] = match PLAIN_HTTP_IS_TUNNELLED {
        true => &["CONNECT sts.contoso.com:8080 HTTP/1.1\r\n", "GET /a HTTP/1.1\r\n"],
        false => &["GET http://sts.contoso.com:8080/a HTTP/1.1\r\n"],
    };
    let seen = proxy.requests();
    assert_eq!(seen.len(), expected.len());
    for (at, ((_, request), start)) in seen.iter().zip(expected).enumerate() {
        assert!(request.starts_with(start), "{request}");
        let password = (at == 0).then_some("Basic am9lOmh1bnRlcjI=");
        assert_eq!(
            header(request, "proxy-authorization"),
            password,
            "the proxy's password is the proxy's alone"
        );
    }
}

#[test]
fn a_proxy_that_refuses_is_a_failure_to_connect() {
    let refusing = ["407 Authenticate", "403 Forbidden", "502 Bad Gateway"]
        .map(|status| Server::answering(move |_| response(status, "Proxy-Authenticate: Negotiate\r\n", "")));
    let silent = Server::start(|connection| drop(connection.request()));
    for proxy in refusing.into_iter().chain([silent]) {
        let mut host = host(format!("http://joe:hunter2@127.0.0.1:{}", proxy.port)).unwrap();
        let error = host.send(get("https://sts.contoso.com/".parse().unwrap())).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Connect, "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
        assert_eq!(proxy.requests().len(), 1);
    }
}

#[test]
fn a_proxy_that_is_not_there_is_a_failure_to_connect() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut host = host(format!("http://127.0.0.1:{port}")).unwrap();
    let error = host.send(get("https://sts.contoso.com/".parse().unwrap())).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Connect, "{error}");
}

#[test]
fn an_address_that_is_no_proxys_is_refused_at_once() {
    for bad in ["", "proxy", "socks5://proxy:1080", "ftp://proxy", "http://"] {
        assert_eq!(host(bad.to_owned()).unwrap_err(), SetupError::Proxy, "{bad}");
    }
}

#[test]
fn settings_show_no_password() {
    let mut settings = Settings::new();
    settings.proxy = Proxy::Url("http://joe:hunter2@proxy".to_owned());
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn tls_and_integrated_authentication_go_through_a_tunnel() {
    let (root, _, server) = tls::server("sts.contoso.com");
    let proxy = tunnelling_proxy(server.port);
    let mut settings = Settings::new();
    settings.proxy = Proxy::Url(format!("http://joe:hunter2@127.0.0.1:{}", proxy.port));
    settings.extra_root_certificates = vec![root];
    settings.integrated = Some(Arc::new(Script::completing_after(1)));
    let mut host = HttpHost::new(settings).unwrap();
    for request in [get, integrated] {
        let answer = host.send(request("https://sts.contoso.com/".parse().unwrap())).unwrap();
        assert_eq!(answer.body.expose(), b"safe");
    }
    assert_eq!(server.connections(), [0, 1]);
    for (_, connect) in proxy.requests() {
        assert!(connect.starts_with("CONNECT sts.contoso.com:443 HTTP/1.1\r\n"));
        assert_eq!(header(&connect, "proxy-authorization"), Some("Basic am9lOmh1bnRlcjI="));
    }
    assert_eq!(proxy.requests().len(), 2);
}

#[test]
fn a_proxy_that_refuses_gets_no_token() {
    let proxy = Server::answering(|_| {
        response(
            "407 Authenticate",
            &format!("Proxy-Authenticate: Negotiate\r\n{}", challenge("Negotiate")),
            "",
        )
    });
    let script = Script::completing_after(1);
    let mut settings = Settings::new();
    settings.proxy = Proxy::Url(format!("http://127.0.0.1:{}", proxy.port));
    settings.integrated = Some(Arc::new(script.clone()));
    let mut host = HttpHost::new(settings).unwrap();
    let error = host.send(integrated("https://sts.contoso.com/".parse().unwrap())).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Connect, "{error}");
    assert!(script.seen().is_empty());
    assert_eq!(proxy.requests().len(), 1);
}
