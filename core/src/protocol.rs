//! What goes over the wire: requests, and the reading of responses. No states: those are in [`flow`](crate::flow).
//!
//! The readers take whatever bytes come and are public so that they can be used, measured and fuzzed on their own.

pub(crate) mod adfs;
pub mod authorization;
pub mod challenge;
pub(crate) mod client_assertion;
pub mod cookies;
pub mod device;
pub mod discovery;
pub mod id_token;
mod lenient;
pub mod mex;
pub mod provider;
pub mod realm;
pub mod redirect;
pub mod token;
pub mod wstrust;
pub mod xml;

/// A body that may be a JSON object: UTF-8, without its byte order mark, beginning with a brace. What reads objects
/// would take an array for one, its items in the order of the members.
pub(crate) fn json_object(body: &[u8]) -> Option<&str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    std::str::from_utf8(body).ok().filter(|text| text.trim_ascii_start().starts_with('{'))
}
