//! One request, one response.

use bytes::Bytes;
use entrada_core::http::{Outcome, Request, Response};
use entrada_host::Collected;
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
