//! One request, one response.

use bytes::Bytes;
use entrada_core::http::{Outcome, Request, Response, TransportError, TransportErrorKind};
use entrada_core::secret::SecretBytes;
use http::Method;
use reqwest::{Body, Client};

use crate::failure;

/// Sends a request and reads the response whole.
pub(crate) async fn send(client: &Client, request: Request) -> Outcome {
    let limit = request.response_limit;
    let mut converted = reqwest::Request::new(request.method, request.url);
    *converted.headers_mut() = request.headers;
    if converted.method() != Method::GET || !request.body.is_empty() {
        // Shared with the flow, not copied.
        *converted.body_mut() = Some(Body::from(Bytes::from_owner(request.body)));
    }
    let mut response = client.execute(converted).await.map_err(failure::transport)?;
    let mut bytes = Collected::new(limit, response.content_length())?;
    while let Some(chunk) = response.chunk().await.map_err(failure::transport)? {
        bytes.add(&chunk)?;
    }
    let headers = std::mem::take(response.headers_mut());
    Ok(Response::new(response.status(), headers, bytes.into_secret()))
}

/// A body as it arrives, never longer than the limit.
pub(crate) struct Collected {
    bytes: Vec<u8>,
    limit: usize,
}

impl Collected {
    /// Begins, with the length if it was announced.
    pub(crate) fn new(limit: usize, announced: Option<u64>) -> Result<Self, TransportError> {
        let announced = announced.map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced > limit {
            return Err(too_large(limit));
        }
        // With the length known nothing is moved, so that no copy of a token stays behind.
        Ok(Self { bytes: Vec::with_capacity(announced), limit })
    }

    /// Takes the next part.
    pub(crate) fn add(&mut self, chunk: &[u8]) -> Result<(), TransportError> {
        if chunk.len() > self.limit.saturating_sub(self.bytes.len()) {
            return Err(too_large(self.limit));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// The whole.
    pub(crate) fn into_secret(self) -> SecretBytes {
        SecretBytes::new(self.bytes)
    }
}

fn too_large(limit: usize) -> TransportError {
    TransportError::new(TransportErrorKind::TooLarge, format!("more than {limit} bytes"))
}
