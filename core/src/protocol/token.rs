//! The token endpoint: grants, and what it answers (RFC 6749).

mod form;
mod grant;
mod refusal;
mod response;

pub use self::grant::FederatedUser;
pub(crate) use self::grant::{Grant, request};
pub(crate) use self::refusal::{codes_in, refusal};
pub use self::response::{TokenResponse, response};
