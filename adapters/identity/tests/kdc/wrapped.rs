//! The platform's negotiator in the hands of tests.

use std::sync::{Arc, Mutex};

use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Negotiator, Round};
use entrada_identity::PlatformNegotiator;

/// What was said of the challenges that came late.
pub(crate) type Said = Arc<Mutex<Vec<Result<Round, NegotiateError>>>>;

/// It binds its tokens to this, whatever the host knows.
pub(crate) struct Bound {
    pub(crate) platform: PlatformNegotiator,
    pub(crate) bindings: Option<ChannelBindings>,
}

impl Negotiator for Bound {
    fn begin(
        &self,
        service: &ServiceName,
        _bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError> {
        self.platform.begin(service, self.bindings.clone())
    }
}

/// It passes everything on, and once the exchange is complete it goes on by itself.
pub(crate) struct Pressed {
    pub(crate) platform: PlatformNegotiator,
    pub(crate) said: Said,
}

impl Negotiator for Pressed {
    fn begin(
        &self,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError> {
        let inner = self.platform.begin(service, bindings)?;
        Ok(Box::new(Exchange { inner, said: Arc::clone(&self.said) }))
    }
}

struct Exchange {
    inner: Box<dyn Negotiation>,
    said: Said,
}

impl Negotiation for Exchange {
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError> {
        let round = self.inner.step(challenge)?;
        if round.complete {
            let late = [challenge, Some(b"late"), None].map(|late| self.inner.step(late));
            self.said.lock().expect("one thread").extend(late);
        }
        Ok(round)
    }
}
