//! A request that authenticates the signed-in user: the rounds of Negotiate, on a connection of their own.

use std::sync::Arc;
use std::time::Instant;

use entrada_core::http::{Outcome, Request, ServiceName};
use entrada_core::negotiate::{Exchange, Negotiator, Next};
use entrada_host::tls_server_end_point;
use http::header::AUTHORIZATION;
use rustls::ClientConfig;
use ureq::config::Config;

use crate::connect::{self, Line};
use crate::send;

/// Sends a request, and again for every challenge of the server, within the request's one timeout.
pub(crate) fn send(
    config: &Config,
    tls: &Arc<ClientConfig>,
    negotiator: Arc<dyn Negotiator>,
    service: ServiceName,
    request: &Request,
) -> Outcome {
    // NTLM authenticates the connection: no other request may share it, now or later.
    let line = Line::default();
    let agent = connect::sealable(config.clone(), Arc::clone(tls), &line);
    let start = Instant::now();
    let mut exchange = Exchange::new(negotiator, service);
    let mut authorization = None;
    loop {
        let mut request = request.clone();
        let begun = authorization.is_some();
        if let Some(value) = authorization {
            request.headers.insert(AUTHORIZATION, value);
        }
        let left = request.timeout.saturating_sub(start.elapsed());
        let response = send::send(&agent, request, left)?;
        // Later they would change nothing.
        if !begun && let Some(bindings) = line.peer.certificate().as_ref().and_then(tls_server_end_point) {
            exchange.bind(bindings);
        }
        authorization = match exchange.on(response.status, &response.headers)? {
            Next::SendAgain(value) => Some(value),
            _ => return Ok(response),
        };
        if begun {
            // The server has answered a token, and its answer holds for this connection alone.
            line.seal();
        }
    }
}
