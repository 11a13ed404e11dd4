//! How long the signed-in user can ask for services.

use std::time::Duration;

use crate::error::IdentityError;
use crate::gss::{Gss, INDEFINITE, default_credentials};

/// The ticket with which the signed-in user asks for others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ticket {
    /// Whose it is, as Kerberos tools show it: `alice@CONTOSO.COM`.
    pub principal: String,
    /// The time until it expires, to the second; `None` if it never does.
    pub good_for: Option<Duration>,
}

/// The ticket of the default credential cache, or the one that a client keytab gives, for which the KDC is asked.
///
/// Not on Windows, which renews the tickets of a session by itself.
///
/// # Errors
/// `kerberos_ticket_missing` and `kerberos_ticket_expired`, and whatever the KDC says of a client keytab;
/// `kerberos_library_missing` if nobody could be asked.
pub fn current_ticket() -> Result<Ticket, IdentityError> {
    let found = default_credentials(&Gss::load()?)?;
    let good_for = match found.lifetime {
        INDEFINITE => None,
        seconds => Some(Duration::from_secs(seconds.into())),
    };
    Ok(Ticket { principal: found.principal, good_for })
}
