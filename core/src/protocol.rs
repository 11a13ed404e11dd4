//! What goes over the wire: requests, and the reading of responses. No states: those are in [`flow`](crate::flow).
//!
//! The readers take whatever bytes come and are public so that they can be used, measured and fuzzed on their own.

pub mod discovery;
pub mod id_token;
mod lenient;
pub mod mex;
pub mod realm;
pub mod token;
pub mod wstrust;
pub mod xml;

/// The document without a byte order mark.
pub(crate) fn without_bom(document: &[u8]) -> &[u8] {
    document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document)
}
