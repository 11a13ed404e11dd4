//! WS-Trust: the request for a security token, and what a security token service answers.
//!
//! The request (RST) is one SOAP 1.2 envelope, the same for both versions of WS-Trust but for four URIs. The answer
//! (RSTR) holds a SAML assertion or a SOAP fault.

mod fault;
mod request;
mod response;

pub use self::fault::{QName, SoapFault};
pub use self::request::{EnvelopeError, Issue, UsernameToken, envelope};
pub use self::response::{Answer, Assertion, RstrError, SamlVersion, parse_response};
