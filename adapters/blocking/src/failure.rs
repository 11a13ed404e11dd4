//! What ureq says went wrong, in the core's terms.

use std::error::Error as StdError;
use std::io;

use entrada_core::http::{TransportError, TransportErrorKind};
use ureq::Error;

use crate::connect::{Sealed, Unconnected};

/// The kind of a failure, and words that hold neither an address nor a header.
pub(crate) fn transport(error: Error) -> TransportError {
    use TransportErrorKind::{Connect, Other, Timeout, Tls, TooLarge};
    match error {
        Error::Timeout(phase) => TransportError::new(Timeout, format!("while waiting for: {phase}")),
        Error::HostNotFound => TransportError::new(Connect, "the host was not found"),
        Error::ConnectionFailed => Connect.into(),
        Error::ConnectProxyFailed(reason) => TransportError::new(Connect, reason),
        Error::InvalidProxyUrl => TransportError::new(Connect, "the proxy's address cannot be used"),
        Error::Tls(reason) => TransportError::new(Tls, reason),
        Error::TlsRequired => Tls.into(),
        Error::LargeResponseHeader(..) => TransportError::new(TooLarge, "the headers are too long"),
        Error::Io(error) => io(&error, Other),
        Error::Other(error) => match error.downcast::<Unconnected>() {
            Ok(error) => io(&error.0, Connect),
            Err(error) if error.is::<Sealed>() => TransportError::new(Other, error.to_string()),
            Err(error) if error.is::<rustls::Error>() => TransportError::new(Tls, error.to_string()),
            Err(_) => Other.into(),
        },
        // Its words may quote a header of the request.
        Error::Protocol(_) => {
            TransportError::new(Other, "the HTTP of the request or the answer is malformed")
        }
        // The others' words may quote the address.
        Error::BadUri(_) => TransportError::new(Other, "the address cannot be used"),
        _ => Other.into(),
    }
}

/// `otherwise` is what a failure of no particular kind means at this point.
fn io(error: &io::Error, otherwise: TransportErrorKind) -> TransportError {
    if let Some(error) = within::<rustls::Error>(error) {
        return TransportError::new(TransportErrorKind::Tls, error.to_string());
    }
    let kind = match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => TransportErrorKind::Timeout,
        _ => otherwise,
    };
    TransportError::new(kind, error.to_string())
}

/// Finds an error of one type among an error and its causes.
fn within<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An I/O error does not count what it wraps among its causes.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}
