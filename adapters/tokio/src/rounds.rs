//! The rounds of Negotiate on one connection.

use std::sync::Arc;

use bytes::Bytes;
use entrada_core::http::{Request, Response, ServiceName, TransportError, TransportErrorKind};
use entrada_core::negotiate::{ChannelBindings, Exchange, NegotiateError, Negotiator, Next};
use entrada_host::{Collected, tls_server_end_point};
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderValue, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_rustls::MaybeHttpsStream;
use tokio::task::JoinSet;
use url::Position;

use crate::failure;
use crate::negotiate::Connection;

/// An exchange with one server, between two requests.
pub(crate) struct Rounds {
    exchange: Exchange,
    /// What the next request carries.
    authorization: Option<HeaderValue>,
}

/// How far the rounds got on a connection.
pub(crate) enum Progress {
    /// The response stands.
    Over(Response),
    /// The server asked for a token, and closed the connection before it was given any.
    Closed(Rounds),
}

impl Rounds {
    pub(crate) fn new(negotiator: Arc<dyn Negotiator>, service: ServiceName) -> Self {
        Self { exchange: Exchange::new(negotiator, service), authorization: None }
    }

    /// Goes on until the response stands or the connection is closed.
    pub(crate) async fn run(
        mut self,
        connection: Connection,
        request: &Request,
    ) -> Result<Progress, TransportError> {
        if let Some(bindings) = bindings(&connection) {
            self.exchange.bind(bindings);
        }
        let (mut sender, driver) = handshake(connection).await.map_err(|error| failure::exchange(&error))?;
        // The set stops the driver when it is dropped, which is also when the caller gives up.
        let mut tasks = JoinSet::new();
        tasks.spawn(driver);
        loop {
            let begun = self.authorization.is_some();
            let response = round(&mut sender, request, self.authorization.take()).await?;
            let (exchange, next) = judge(self.exchange, &response).await?;
            let Next::SendAgain(value) = next else { return Ok(Progress::Over(response)) };
            self = Self { exchange, authorization: Some(value) };
            if sender.ready().await.is_err() {
                if !begun {
                    return Ok(Progress::Closed(self));
                }
                let detail = "the server closed the connection in the middle of the authentication";
                return Err(TransportError::new(TransportErrorKind::Other, detail));
            }
        }
    }
}

/// What ties the exchange to a connection with TLS.
fn bindings(connection: &Connection) -> Option<ChannelBindings> {
    let MaybeHttpsStream::Https(stream) = connection else { return None };
    let (_, tls) = stream.inner().get_ref();
    tls_server_end_point(tls.peer_certificates()?.first()?)
}

/// One request and its response, read whole.
async fn round(
    sender: &mut SendRequest<Full<Bytes>>,
    request: &Request,
    authorization: Option<HeaderValue>,
) -> Result<Response, TransportError> {
    let limit = request.response_limit;
    let response = sender
        .send_request(prepared(request, authorization)?)
        .await
        .map_err(|error| failure::exchange(&error))?;
    let (parts, mut body) = response.into_parts();
    let mut bytes = Collected::new(limit, body.size_hint().exact())?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| failure::exchange(&error))?;
        if let Some(data) = frame.data_ref() {
            bytes.add(data)?;
        }
    }
    Ok(Response::new(parts.status, parts.headers, bytes.into_secret()))
}

/// The request as it stands on the connection: the path alone, and the host in a header (RFC 9112, section 3.2).
fn prepared(
    request: &Request,
    authorization: Option<HeaderValue>,
) -> Result<http::Request<Full<Bytes>>, TransportError> {
    let url = &request.url;
    let unusable = || TransportError::new(TransportErrorKind::Other, "the address cannot be used");
    let target: Uri = url[Position::BeforePath..Position::AfterQuery].parse().map_err(|_| unusable())?;
    let host = &url[Position::BeforeHost..Position::AfterPort];
    // Shared with the flow, not copied.
    let mut prepared = http::Request::new(Full::new(Bytes::from_owner(request.body.clone())));
    *prepared.method_mut() = request.method.clone();
    *prepared.uri_mut() = target;
    *prepared.headers_mut() = request.headers.clone();
    prepared.headers_mut().insert(HOST, HeaderValue::from_str(host).map_err(|_| unusable())?);
    if let Some(value) = authorization {
        prepared.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(prepared)
}

/// Asks the platform what to answer, off the runtime's own threads: it may have to ask a domain controller.
async fn judge(mut exchange: Exchange, response: &Response) -> Result<(Exchange, Next), TransportError> {
    let (status, headers) = (response.status, response.headers.clone());
    let judged = tokio::task::spawn_blocking(move || {
        let next = exchange.on(status, &headers)?;
        Ok::<_, NegotiateError>((exchange, next))
    });
    match judged.await {
        Ok(judged) => Ok(judged?),
        Err(_) => Err(NegotiateError("the platform's authentication did not return".to_owned()).into()),
    }
}
