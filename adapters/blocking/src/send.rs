//! One request, one response.

use std::io::{self, Read};
use std::time::Duration;

use entrada_core::http::{Outcome, Request, Response, TransportError, TransportErrorKind};
use entrada_core::secret::SecretBytes;
use entrada_host::Collected;
use http::Method;
use ureq::{Agent, Body};
use zeroize::Zeroizing;

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
    let mut bytes = Collected::new(limit, body.content_length())?;
    let mut reader = body.into_reader();
    let mut buffer = Zeroizing::new([0; 8 * 1024]);
    loop {
        match reader.read(&mut *buffer) {
            Ok(0) => return Ok(bytes.into_secret()),
            Ok(length) => bytes.add(&buffer[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failure::transport(error.into())),
        }
    }
}
