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
///   that Kerberos authenticates must prove itself in return. NTLM takes part if its GSSAPI mechanism is installed.
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
        #[cfg(unix)]
        return Ok(Box::new(gss::Initiator::new(&self.gss, service, bindings)?));
        #[cfg(windows)]
        return Ok(Box::new(sspi::Initiator::new(service, bindings)?));
    }
}
