//! One request, one response.

use std::io::Read;
use std::time::Duration;

use entrada_core::http::{Outcome, Request, Response, TransportError, TransportErrorKind};
use entrada_core::secret::SecretBytes;
use http::Method;
use ureq::{Agent, Body};

use crate::failure;

/// Sends a request and reads the response whole, both within `timeout`.
pub(crate) fn send(agent: &Agent, request: Request, timeout: Duration) -> Outcome {
    if timeout.is_zero() {
        return Err(TransportErrorKind::Timeout.into());
    }
    let limit = request.response_limit;
    let response = exchange(agent, request, timeout).map_err(failure::transport)?;
    let (parts, body) = response.into_parts();
    Ok(Response::new(parts.status, parts.headers, read(body, limit)?))
}

fn exchange(agent: &Agent, request: Request, timeout: Duration) -> Result<http::Response<Body>, ureq::Error> {
    let without_body = request.method == Method::GET && request.body.is_empty();
    let (parts, body) = http::Request::<SecretBytes>::from(request).into_parts();
    // The usual limit stands in the agent: ureq keeps its TLS settings and sessions only for requests without
    // settings of their own.
    let usual = agent.config().timeouts().global == Some(timeout);
    if without_body {
        let request = http::Request::from_parts(parts, ());
        match usual {
            true => agent.run(request),
            false => agent.run(agent.configure_request(request).timeout_global(Some(timeout)).build()),
        }
    } else {
        let request = http::Request::from_parts(parts, body.expose());
        match usual {
            true => agent.run(request),
            false => agent.run(agent.configure_request(request).timeout_global(Some(timeout)).build()),
        }
    }
}

/// Reads a body to its end, which also gives its connection back, unless it is longer than `limit`.
fn read(body: Body, limit: usize) -> Result<SecretBytes, TransportError> {
    let announced = body.content_length().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    // With the length known nothing is moved, so that no copy of a token stays behind.
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default().saturating_add(1));
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = body.into_reader().take(most).read_to_end(&mut bytes);
    let bytes = SecretBytes::new(bytes);
    read.map_err(|error| failure::transport(error.into()))?;
    if bytes.len() > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

fn too_large(limit: usize) -> TransportError {
    TransportError::new(TransportErrorKind::TooLarge, format!("more than {limit} bytes"))
}
