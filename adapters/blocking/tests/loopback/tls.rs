use std::sync::Arc;
use std::time::{Duration, Instant};

use entrada_core::http::TransportErrorKind;
use entrada_core::step::Host;
use entrada_host::{Proxy, Settings, SetupError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::HttpHost;
use crate::server::{Server, get, response};

/// A certificate authority, and a server with a certificate of it for `name`.
pub(crate) fn server(name: &str) -> (Vec<u8>, String, Server) {
    let (issuer, _, server) = answering(name, |_| response("200 OK", "", "safe"));
    (issuer.der().to_vec(), issuer.pem(), server)
}

/// The same, and its certificate, for any answer.
pub(crate) fn answering(
    name: &str,
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (CertifiedIssuer<'static, KeyPair>, CertificateDer<'static>, Server) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let leaf = CertificateDer::from(leaf.der().to_vec());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.clone()], key)
        .unwrap();
    (issuer, leaf, Server::tls(config, answer))
}

fn host(extra: Vec<Vec<u8>>) -> Result<HttpHost, SetupError> {
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    settings.extra_root_certificates = extra;
    HttpHost::new(settings)
}

#[test]
fn a_certificate_that_is_not_trusted_is_a_tls_failure() {
    let (_, _, server) = server("127.0.0.1");
    let error = host(vec![]).unwrap().send(get(server.url("/?hunter2"))).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Tls);
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    assert!(!error.to_string().contains("hunter2"));
    assert!(server.requests().is_empty());
}

#[test]
fn an_extra_root_is_trusted_as_der_and_as_pem() {
    let (der, pem, server) = server("127.0.0.1");
    let (_, other, _) = self::server("127.0.0.1");
    for root in [der, (other + &pem).into_bytes()] {
        let mut host = host(vec![root]).unwrap();
        for _ in 0..4 {
            assert_eq!(host.send(get(server.url("/"))).unwrap().body.expose(), b"safe");
        }
    }
    // A host may open one more connection before it sees that the one it has is free.
    let connections = server.connections();
    for of_host in connections.chunks(4) {
        assert!(of_host.windows(2).any(|pair| pair[0] == pair[1]), "{connections:?}");
    }
}

#[test]
fn a_certificate_for_another_name_is_a_tls_failure() {
    let (der, _, server) = server("sts.contoso.com");
    let error = host(vec![der]).unwrap().send(get(server.url("/"))).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Tls, "{error}");
}

#[test]
fn a_server_that_never_greets_is_a_timeout() {
    let server = Server::start(|connection| {
        connection.listen();
        std::thread::sleep(Duration::from_secs(5));
    });
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    settings.connect_timeout = Duration::from_millis(300);
    let url = format!("https://127.0.0.1:{}/", server.port).parse().unwrap();
    let start = Instant::now();
    let error = HttpHost::new(settings).unwrap().send(get(url)).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Timeout, "{error}");
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_server_without_tls_is_a_tls_failure() {
    let server = Server::start(|connection| {
        connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        connection.listen();
    });
    let url = format!("https://127.0.0.1:{}/", server.port).parse().unwrap();
    let error = host(vec![]).unwrap().send(get(url)).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Tls, "{error}");
}

#[test]
fn a_handshake_that_is_cut_is_a_failure_to_connect() {
    let server = Server::start(|connection| {
        connection.send("");
    });
    let url = format!("https://127.0.0.1:{}/", server.port).parse().unwrap();
    let error = host(vec![]).unwrap().send(get(url)).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Connect, "{error}");
}

#[test]
fn a_root_that_cannot_be_used_is_refused_at_once() {
    let (der, _, _) = server("127.0.0.1");
    let empty = b"-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n".to_vec();
    let cut = b"-----BEGIN CERTIFICATE-----\nAAAA".to_vec();
    for bad in [b"junk".to_vec(), empty, cut] {
        let error = host(vec![der.clone(), bad]).unwrap_err();
        assert!(matches!(error, SetupError::Certificate { index: 1, .. }), "{error}");
    }
}
