//! GSSAPI (RFC 2743 and 2744, SPNEGO of RFC 4178), found at run time.
//!
//! ```text
//! context       the rounds of one exchange
//! name          a service's name
//! credentials   whose they are, and for how long
//! failure       a status and what it means
//! library       the functions of the library
//! abi           the types of the C interface
//! ```

mod abi;
mod context;
mod credentials;
mod failure;
mod library;
mod name;

pub(crate) use context::Initiator;
pub(crate) use credentials::{INDEFINITE, default_credentials};
pub(crate) use library::{Gss, missing, open};
