//! The grants of the token endpoint, one file each.

pub(crate) mod client_credentials;
pub(crate) mod code;
pub(crate) mod device;
pub(crate) mod on_behalf_of;
pub(crate) mod password;
pub(crate) mod refresh;
pub(crate) mod saml;
pub(crate) mod user_fic;
