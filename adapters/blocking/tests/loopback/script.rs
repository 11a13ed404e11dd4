//! A negotiator that follows a script, and what is common to the tests of Negotiate.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entrada_core::http::{HttpAuth, Request, ServiceName};
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Negotiator, Round};
use url::Url;

use crate::server::post;

/// Sends `token-1`, `token-2`, … and is complete after `own` rounds or when told `mutual`.
#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) own: usize,
    /// If there is no ticket.
    pub(crate) refuses: bool,
    /// The services and challenges that it was given.
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
    /// What each exchange was tied to.
    pub(crate) bindings: Arc<Mutex<Vec<Option<ChannelBindings>>>>,
}

impl Script {
    pub(crate) fn completing_after(own: usize) -> Self {
        Self { own, ..Self::default() }
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

struct Running(Script, usize);

impl Negotiator for Script {
    fn begin(
        &self,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError> {
        self.seen.lock().unwrap().push(service.to_string());
        self.bindings.lock().unwrap().push(bindings);
        if self.refuses {
            return Err(NegotiateError("no ticket".to_owned()));
        }
        Ok(Box::new(Running(self.clone(), 0)))
    }
}

impl Negotiation for Running {
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError> {
        let challenge = String::from_utf8(challenge.unwrap_or(b"nothing").to_vec()).unwrap();
        self.0.seen.lock().unwrap().push(challenge.clone());
        if challenge == "mutual" {
            return Ok(Round { token: None, complete: true });
        }
        self.1 += 1;
        Ok(Round { token: Some(format!("token-{}", self.1).into_bytes()), complete: self.1 >= self.0.own })
    }
}

/// `Negotiate` and a token, as in a header.
pub(crate) fn negotiate(token: &str) -> String {
    format!("Negotiate {}", STANDARD.encode(token))
}

/// A header of an answer that asks for authentication.
pub(crate) fn challenge(value: &str) -> String {
    format!("WWW-Authenticate: {value}\r\n")
}

/// A POST that is to authenticate the signed-in user.
pub(crate) fn integrated(url: Url) -> Request {
    let mut request = post(url, "the envelope");
    request.auth = HttpAuth::Negotiate(ServiceName::of(&request.url));
    request
}
