//! The client's side of the scripted Negotiate, in place of the platform's Kerberos.
//!
//! It speaks the core's trait and shares nothing else with the core: what the emulator reads, it reads by itself.

use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Negotiator, Round};

use crate::negotiate::{MUTUAL, client_token};

/// Makes the tokens of one user, in as many rounds as the emulator asks for.
#[derive(Debug, Clone)]
pub struct ScriptedNegotiator {
    /// Whose tokens.
    pub upn: String,
}

impl Negotiator for ScriptedNegotiator {
    fn begin(
        &self,
        _service: &ServiceName,
        _bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError> {
        Ok(Box::new(Rounds { upn: self.upn.clone(), done: 0 }))
    }
}

struct Rounds {
    upn: String,
    done: u32,
}

impl Negotiation for Rounds {
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError> {
        if challenge == Some(MUTUAL) {
            return Ok(Round { token: None, complete: true });
        }
        self.done = self.done.saturating_add(1);
        Ok(Round { token: Some(client_token(self.done, &self.upn)), complete: false })
    }
}
