//! Requests that a flow sends and responses that it reads.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use crate::secret::SecretBytes;

/// One HTTP request, to be sent as it stands.
///
/// The host follows no redirect, adds no credential of its own, keeps to both limits and reports what
/// happened as an [`Outcome`]. Its `Debug` shows neither the body nor a sensitive header.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Where to; https, or http to a loopback address where the application allowed it.
    pub url: Url,
    /// The headers; those that carry a credential are marked sensitive.
    pub headers: HeaderMap,
    /// The body; empty for GET. Shared, so that a repeated request costs no copy.
    pub body: SecretBytes,
    /// Whether the host must authenticate the signed-in user to the server.
    pub auth: HttpAuth,
    /// The most bytes of body to read; an answer that is longer is [`TransportErrorKind::TooLarge`].
    pub response_limit: usize,
    /// The most time for the whole exchange, relative to its start.
    pub timeout: Duration,
}

/// The most bytes of any answer that the flows accept: 1 MiB, as MSAL.NET does.
pub const RESPONSE_LIMIT: usize = 1024 * 1024;
/// The most time for one exchange.
pub const TIMEOUT: Duration = Duration::from_secs(30);

impl Request {
    /// A GET with the usual limits and nothing else.
    ///
    /// Flows make their own requests; this is for what tests a host or sends along its way.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url, HeaderMap::new(), SecretBytes::default())
    }

    /// A POST of a body with the usual limits.
    #[must_use]
    pub fn post(url: Url, body: impl Into<SecretBytes>) -> Self {
        Self::new(Method::POST, url, HeaderMap::new(), body.into())
    }

    pub(crate) const fn new(method: Method, url: Url, headers: HeaderMap, body: SecretBytes) -> Self {
        Self {
            method,
            url,
            headers,
            body,
            auth: HttpAuth::Anonymous,
            response_limit: RESPONSE_LIMIT,
            timeout: TIMEOUT,
        }
    }

    /// Sets a header in place of any of its name. Mark a value that is a credential sensitive beforehand.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a header if its value can be one: visible ASCII. A hint that cannot travel is left out.
    pub(crate) fn hint(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        if let Some(value) = visible(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// A header's value, if it can be one.
pub(crate) fn visible(value: impl TryInto<HeaderValue>) -> Option<HeaderValue> {
    value.try_into().ok().filter(|value| value.to_str().is_ok())
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url.as_str())
            .field("headers", &self.headers)
            .field("body", &self.body)
            .field("auth", &self.auth)
            .field("response_limit", &self.response_limit)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// The request as the `http` crate's, for clients that take one. The limits do not travel with it.
impl From<Request> for http::Request<SecretBytes> {
    fn from(request: Request) -> Self {
        let mut converted = Self::new(request.body);
        *converted.method_mut() = request.method;
        // A `Url` with a host is an absolute URI in ASCII, which `Uri` reads; were it not, "/" fails at the client.
        *converted.uri_mut() = request.url.as_str().parse().unwrap_or_default();
        *converted.headers_mut() = request.headers;
        converted
    }
}

/// How a request proves who the user is, at the level of HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpAuth {
    /// It does not; the host offers no credential, whatever the server asks for.
    Anonymous,
    /// The host answers `WWW-Authenticate: Negotiate` (RFC 4559) as the signed-in user, towards this service alone.
    Negotiate(ServiceName),
}

/// The Kerberos name of a service, such as `HTTP/sts.contoso.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceName(String);

impl ServiceName {
    /// The name that HTTP clients derive from an address: `HTTP/` and the host, without the port.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        Self(format!("HTTP/{}", url.host_str().unwrap_or_default()))
    }

    /// Takes a name as a metadata document gives it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A response, its body read whole within the request's limit.
///
/// Its `Debug` shows the status, the content type and the length of the body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status, redirects included.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, after any content encoding was removed.
    pub body: SecretBytes,
}

impl Response {
    /// Puts a response together.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<SecretBytes>) -> Self {
        Self { status, headers, body: body.into() }
    }

    /// The content type as the server named it, to be shown: of at most 100 characters, none of control.
    pub(crate) fn content_type(&self) -> Option<String> {
        let named = self.headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?.trim();
        let shown: String = named.chars().filter(|c| !c.is_control()).take(LONGEST_CONTENT_TYPE).collect();
        (!shown.is_empty()).then_some(shown)
    }
}

const LONGEST_CONTENT_TYPE: usize = 100;

impl<B: Into<SecretBytes>> From<http::Response<B>> for Response {
    fn from(response: http::Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        Self::new(parts.status, parts.headers, body)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("content_type", &self.content_type())
            .field("body", &self.body)
            .finish()
    }
}

/// The reply to a sent request. A failure of the network is a reply too: the flow decides what follows.
pub type Outcome = Result<Response, TransportError>;

/// No response came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}", detail.as_deref().map(|d| format!(": {d}")).unwrap_or_default())]
#[non_exhaustive]
pub struct TransportError {
    /// What kind of failure it was; flows act on this alone.
    pub kind: TransportErrorKind,
    /// The transport's own words, for people. Free of secrets: the host answers for that.
    pub detail: Option<String>,
}

impl TransportError {
    /// A failure with the transport's own words.
    #[must_use]
    pub fn new(kind: TransportErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: Some(detail.into()) }
    }
}

impl From<TransportErrorKind> for TransportError {
    fn from(kind: TransportErrorKind) -> Self {
        Self { kind, detail: None }
    }
}

/// The kinds of transport failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: the name was not found, or the server or proxy refused.
    #[error("no connection could be made")]
    Connect,
    /// The exchange took longer than the request's timeout.
    #[error("the request timed out")]
    Timeout,
    /// The connection was made but TLS failed, a certificate that is not trusted included.
    #[error("the TLS connection failed")]
    Tls,
    /// The answer was longer than the request's limit.
    #[error("the response was larger than allowed")]
    TooLarge,
    /// Integrated authentication failed on this side: no ticket, no credentials, a server that did not prove itself.
    #[error("integrated authentication failed")]
    Negotiate,
    /// Anything else, such as a connection that was cut in the middle of the answer.
    #[error("the exchange failed")]
    Other,
}

impl TransportErrorKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Connect, Self::Timeout, Self::Tls, Self::TooLarge, Self::Negotiate, Self::Other];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_body_and_no_sensitive_header() {
        let mut value = HeaderValue::from_static("Negotiate hunter2");
        value.set_sensitive(true);
        let request = Request::post(Url::parse("https://sts.contoso.com/").unwrap(), b"hunter2".to_vec())
            .header(http::header::AUTHORIZATION, value);
        assert!(!format!("{request:?}").contains("hunter2"));
        let response = Response::new(StatusCode::OK, HeaderMap::new(), b"hunter2".to_vec());
        assert!(!format!("{response:?}").contains("hunter2"));
    }

    #[test]
    fn a_request_converts_whole() {
        let url = Url::parse("https://login.microsoftonline.com/x?y=%2B").unwrap();
        let request = Request::post(url, b"a=b".to_vec());
        let converted = http::Request::<SecretBytes>::from(request);
        assert_eq!(converted.method(), Method::POST);
        assert_eq!(converted.uri(), "https://login.microsoftonline.com/x?y=%2B");
        assert_eq!(converted.body().expose(), b"a=b");
    }

    #[test]
    fn a_service_is_named_after_the_host_without_its_port() {
        let url = Url::parse("https://STS.contoso.com:8443/adfs").unwrap();
        assert_eq!(ServiceName::of(&url).as_str(), "HTTP/sts.contoso.com");
    }

    #[test]
    fn a_content_type_is_shown_within_bounds() {
        let shown = |value: &[u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, value)]);
            Response::new(StatusCode::OK, headers, Vec::new()).content_type()
        };
        assert_eq!(shown(b" text/html; charset=utf-8").as_deref(), Some("text/html; charset=utf-8"));
        assert_eq!(shown(b"text/\thtml").as_deref(), Some("text/html"));
        assert_eq!(shown("ä".repeat(9).as_bytes()), None);
        assert_eq!(shown(b""), None);
        assert_eq!(shown("x".repeat(1000).as_bytes()).map(|shown| shown.len()), Some(100));
    }

    #[test]
    fn a_hint_that_is_not_ascii_is_left_out() {
        let name = HeaderName::from_static("x-anchormailbox");
        let request =
            Request::get(Url::parse("https://a.b/").unwrap()).hint(name.clone(), "UPN:jürgen@contoso.com");
        assert!(!request.headers.contains_key(name));
    }
}
