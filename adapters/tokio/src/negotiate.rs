//! A request that authenticates the signed-in user, on a connection of its own.
//!
//! NTLM authenticates the connection and not the request, so every round must travel on one connection that nothing
//! else uses. A pool cannot promise that: it may open another connection while the first one is on its way back. So
//! the connection is made here, and driven with hyper.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use entrada_core::http::{Outcome, Request, ServiceName, TransportError, TransportErrorKind};
use entrada_core::negotiate::Negotiator;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;

use crate::failure;
use crate::rounds::{Progress, Rounds};

/// Sends a request, and again for every challenge of the server.
pub(crate) async fn send(
    connector: &Connector,
    negotiator: Arc<dyn Negotiator>,
    service: ServiceName,
    request: &Request,
) -> Outcome {
    let mut rounds = Rounds::new(negotiator, service);
    loop {
        let connection = connector.connect(request).await?;
        rounds = match rounds.run(connection, request).await? {
            Progress::Over(response) => return Ok(response),
            Progress::Closed(rounds) => rounds,
        };
    }
}

/// One connection, with or without TLS.
pub(crate) type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Makes connections that speak HTTP/1.1, through the proxy if there is one.
#[derive(Clone)]
pub(crate) struct Connector {
    tls: ClientConfig,
    proxies: Arc<Matcher>,
    timeout: Duration,
}

impl Connector {
    pub(crate) fn new(tls: ClientConfig, proxies: Matcher, timeout: Duration) -> Self {
        Self { tls, proxies: Arc::new(proxies), timeout }
    }

    async fn connect(&self, request: &Request) -> Result<Connection, TransportError> {
        let uri = destination(&request.url)
            .ok_or_else(|| TransportError::new(TransportErrorKind::Other, "the address cannot be used"))?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        let Some(proxy) = self.proxies.intercept(&uri) else {
            return self.within(self.secured(tcp), uri).await;
        };
        if proxy.uri().scheme_str() != Some("http") {
            let detail = "integrated authentication goes through plain http proxies alone";
            return Err(TransportError::new(TransportErrorKind::Connect, detail));
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), tcp);
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        self.within(self.secured(tunnel), uri).await
    }

    fn secured<C>(&self, inner: C) -> HttpsConnector<C> {
        HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(inner)
    }

    async fn within<C>(&self, mut connector: C, uri: Uri) -> Result<Connection, TransportError>
    where
        C: Service<Uri, Response = Connection, Error = Box<dyn std::error::Error + Send + Sync>>,
    {
        let connecting = async {
            poll_fn(|context| connector.poll_ready(context)).await?;
            connector.call(uri).await
        };
        match tokio::time::timeout(self.timeout, connecting).await {
            Ok(connected) => connected.map_err(|error| failure::unconnected(&*error)),
            Err(_) => Err(TransportError::new(TransportErrorKind::Timeout, "while connecting")),
        }
    }
}

/// Where to connect to, with the port named: a tunnel would take 443 for any scheme.
fn destination(url: &Url) -> Option<Uri> {
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    format!("{}://{host}:{port}/", url.scheme()).parse().ok()
}
