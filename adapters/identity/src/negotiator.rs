//! The core's trait over the platform.

use std::fmt;
#[cfg(unix)]
use std::sync::Arc;

use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Negotiator};

use crate::error::IdentityError;
#[cfg(unix)]
use crate::gss;
#[cfg(windows)]
use crate::sspi;

/// Makes the tokens of HTTP Negotiate with the signed-in user's credentials.
///
/// Each exchange asks the platform anew, so that a ticket that was got in the meantime counts. What fails is told in the
/// words of an [`IdentityError`], with its code and remedy.
///
/// - *Unix*: SPNEGO with the tickets of the default credential cache, or those that a client keytab gives. A service
///   that Kerberos authenticates must prove itself in return. NTLM takes part if its GSSAPI mechanism is installed. A
///   keytab whose key is old is tried twice an exchange, to find out what is wrong: both count towards a lockout.
/// - *Windows*: SSPI's Negotiate with the session's credentials, Kerberos or NTLM as the policy says.
///
/// Channel bindings are passed on where the host gives them.
#[derive(Clone)]
pub struct PlatformNegotiator {
    #[cfg(unix)]
    gss: Arc<gss::Gss>,
}

impl PlatformNegotiator {
    /// Finds what the platform has; no ticket is asked for yet.
    ///
    /// # Errors
    /// `kerberos_library_missing`, on Unix alone.
    pub fn new() -> Result<Self, IdentityError> {
        Ok(Self {
            #[cfg(unix)]
            gss: Arc::new(gss::Gss::load()?),
        })
    }
}

impl PlatformNegotiator {
    /// Whether a token can be made for a service: makes the first one and throws it away. This may ask the KDC.
    ///
    /// # Errors
    /// As an exchange with the service would fail before anything is sent.
    pub fn check(&self, service: &ServiceName) -> Result<(), IdentityError> {
        self.initiator(service, None)?.round(None).map(|_token| ())
    }

    #[cfg(unix)]
    fn initiator(
        &self,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<gss::Initiator, IdentityError> {
        gss::Initiator::new(&self.gss, service, bindings)
    }

    #[cfg(windows)]
    fn initiator(
        &self,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<sspi::Initiator, IdentityError> {
        sspi::Initiator::new(service, bindings)
    }
}

impl fmt::Debug for PlatformNegotiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformNegotiator").finish_non_exhaustive()
    }
}

impl Negotiator for PlatformNegotiator {
    fn begin(
        &self,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError> {
        Ok(Box::new(self.initiator(service, bindings)?))
    }
}
