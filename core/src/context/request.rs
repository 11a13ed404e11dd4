//! The requests of a flow to the service: what they ask for, and the headers by which it recognises the call and, if
//! allowed, the library.

use std::sync::LazyLock;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::Context;
use crate::http::{Request, visible};
use crate::secret::SecretBytes;

impl Context {
    /// A GET that asks for JSON.
    pub(crate) fn get(&self, url: Url) -> Request {
        static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| headers([]));
        self.identify(Request::new(Method::GET, url, HEADERS.clone(), SecretBytes::default()))
    }

    /// A POST of a form that asks for JSON, routed to where the data of `user` is.
    pub(crate) fn post(&self, url: Url, form: String, user: Option<&str>) -> Request {
        static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
            // Without a charset: with one the service misreads passwords that hold `<` or `&`.
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers([(CONTENT_TYPE, form), (ANCHOR_MAILBOX, HeaderValue::from_static(""))])
        });
        let mut request = Request::new(Method::POST, url, HEADERS.clone(), form.into_bytes().into());
        match user.and_then(|user| visible(["UPN:", user].concat())) {
            Some(anchor) => request.headers.insert(ANCHOR_MAILBOX, anchor),
            None => request.headers.remove(ANCHOR_MAILBOX),
        };
        self.identify(request)
    }

    /// Says in the headers of every request which call it is of.
    fn identify(&self, mut request: Request) -> Request {
        request.headers.insert(CLIENT_REQUEST_ID, self.0.correlation_id.clone());
        if !self.0.app.client_info_headers() {
            for name in [CLIENT_SKU, CLIENT_VERSION, LIBRARY_CAPABILITY] {
                request.headers.remove(name);
            }
        }
        request
    }
}

/// The headers that requests begin with, to be cloned: that takes less time than to fill a map, and the clone has no room
/// for more headers than these, which keeps it below the kilobyte beyond which allocating takes many times as long.
/// What each call has its own of is empty.
fn headers<const N: usize>(more: [(HeaderName, HeaderValue); N]) -> HeaderMap {
    // A full map would grow before it replaces a value.
    let mut headers = HeaderMap::with_capacity(10);
    headers.extend([
        (ACCEPT, HeaderValue::from_static("application/json")),
        (CLIENT_REQUEST_ID, HeaderValue::from_static("")),
        (RETURN_CLIENT_REQUEST_ID, HeaderValue::from_static("true")),
        (CLIENT_SKU, HeaderValue::from_static("Entrada")),
        (CLIENT_VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION"))),
        // A promise: `Retry-After` and 429 are obeyed, by the throttles that flows remember.
        (LIBRARY_CAPABILITY, HeaderValue::from_static("retry-after, h429")),
    ]);
    headers.extend(more);
    headers
}

const ANCHOR_MAILBOX: HeaderName = HeaderName::from_static("x-anchormailbox");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const RETURN_CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("return-client-request-id");
const CLIENT_SKU: HeaderName = HeaderName::from_static("x-client-sku");
const CLIENT_VERSION: HeaderName = HeaderName::from_static("x-client-ver");
const LIBRARY_CAPABILITY: HeaderName = HeaderName::from_static("x-ms-lib-capability");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{PublicClientApplication, RequestOptions};
    use crate::preflight::FlowKind;
    use crate::seed::Seed;

    #[test]
    fn no_header_is_left_empty() {
        for (ours, user, anchor) in [
            (true, Some("joe@contoso.com"), Some("UPN:joe@contoso.com")),
            (true, Some("jürgen@contoso.com"), None),
            (false, None, None),
        ] {
            let mut app =
                PublicClientApplication::new("app", "https://login.microsoftonline.com/t".parse().unwrap());
            app.client_info_headers = ours;
            let (kind, options, seed) =
                (FlowKind::UsernamePassword, RequestOptions::default(), Seed::new([0; 32]));
            let cx = Context::new(kind, app, Vec::new(), options, seed).unwrap();
            let url = || Url::parse("https://login.microsoftonline.com/t").unwrap();
            let post = cx.post(url(), "a=b".to_owned(), user);
            let sent = post.headers.get(ANCHOR_MAILBOX).map(|value| value.to_str().unwrap());
            assert_eq!(sent, anchor, "{user:?}");
            for request in [post, cx.get(url())] {
                assert!(request.headers.values().all(|value| !value.is_empty()), "{request:?}");
                assert_eq!(request.headers[CLIENT_REQUEST_ID], cx.correlation_id());
                assert_eq!(request.headers.contains_key(CLIENT_SKU), ours);
            }
        }
    }
}
