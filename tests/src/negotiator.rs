//! Negotiate tokens as the emulator expects them.

use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Negotiator, Round};
use entrada_emulator::{MUTUAL, client_token};

/// Makes the tokens of one user, in as many rounds as the emulator asks for.
#[derive(Debug)]
pub struct Scripted {
    /// Whose tokens.
    pub upn: String,
}

impl Negotiator for Scripted {
    fn begin(
        &self,
        _service: &ServiceName,
        _bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError> {
        Ok(Box::new(Exchange { upn: self.upn.clone(), round: 0 }))
    }
}

struct Exchange {
    upn: String,
    round: u32,
}

impl Negotiation for Exchange {
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError> {
        if challenge == Some(MUTUAL) {
            return Ok(Round { token: None, complete: true });
        }
        self.round += 1;
        Ok(Round { token: Some(client_token(self.round, &self.upn)), complete: false })
    }
}
