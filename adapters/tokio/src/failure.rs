//! What reqwest and hyper say went wrong, in the core's terms.

use std::error::Error as StdError;
use std::io;

use entrada_core::http::{TransportError, TransportErrorKind};

/// A failure of reqwest.
pub(crate) fn transport(error: reqwest::Error) -> TransportError {
    let kind = if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else {
        TransportErrorKind::Other
    };
    // The address may hold the user's name.
    classified(kind, &error.without_url())
}

/// A failure to make a connection, without reqwest.
pub(crate) fn unconnected(error: &(dyn StdError + Send + Sync + 'static)) -> TransportError {
    classified(TransportErrorKind::Connect, error)
}

/// A failure of hyper, once there is a connection.
pub(crate) fn exchange(error: &hyper::Error) -> TransportError {
    classified(TransportErrorKind::Other, error)
}

/// `otherwise` is what a failure means that is neither of TLS nor a timeout of the system's.
fn classified(otherwise: TransportErrorKind, error: &(dyn StdError + 'static)) -> TransportError {
    let mut words: Vec<String> = Vec::new();
    let mut kind = otherwise;
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            kind = TransportErrorKind::Tls;
        }
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut) {
            kind = TransportErrorKind::Timeout;
        }
        let text = error.to_string();
        // A wrapper often repeats what it wraps.
        if !words.iter().any(|said| said.contains(&text)) {
            words.push(text);
        }
        // An I/O error does not count what it wraps among its causes.
        let wrapped = io.and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    TransportError::new(kind, words.join(": "))
}
