//! GSSAPI (RFC 2743 and 2744, SPNEGO of RFC 4178), found at run time.
//!
//! ```text
//! context   the rounds of one exchange          safe
//! name      a service's name                    safe, over what follows
//! failure   a status and what it means          safe, over what follows
//! library   the functions of the library        one unsafe block a call
//! abi       the types of the C interface
//! ```

mod abi;
mod context;
mod failure;
mod library;
mod name;
mod principal;

pub(crate) use context::Initiator;
pub(crate) use library::{Gss, missing, open};
pub(crate) use principal::default_principal;
