//! HTTP Negotiate (RFC 4559) as a pure machine: who carries the tokens of the platform to and fro.
//!
//! ```text
//! request ──▶ 401 Negotiate ──▶ request + token ──▶ 401 Negotiate challenge ──▶ … ──▶ final answer
//! ```
//!
//! A transport that cannot authenticate by itself runs an [`Exchange`] for a request that asks for
//! [`HttpAuth::Negotiate`](crate::http::HttpAuth): it sends, hands each response to [`Exchange::on`], and sends
//! again as long as that says so. All rounds belong on one HTTP/1.1 connection, each body read to its end, as
//! NTLM authenticates the connection and not the request. Redirects are not followed and 407 is not answered, so
//! no other host ever gets a token.

mod platform;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};
use zeroize::Zeroizing;

pub use self::platform::{ChannelBindings, NegotiateError, Negotiation, Negotiator, Round};
use crate::http::ServiceName;

/// What to do after a response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Send the request again on the same connection, with this `Authorization`.
    SendAgain(
        /// Marked sensitive.
        HeaderValue,
    ),
    /// The response stands.
    Accept,
}

/// What a host says that cannot make tokens: it sends nothing, as the answer could only be a refusal.
pub const NO_NEGOTIATOR: &str = "this host was given nothing that makes Negotiate tokens";

/// The most rounds; Kerberos takes one, NTLM two.
pub const MOST_ROUNDS: u32 = 8;
/// The longest challenge, in base64; a Kerberos token with a large PAC takes some 16 KiB.
pub const LONGEST_CHALLENGE: usize = 64 * 1024;

/// The loop over one request. The first goes without a token; what the server asks is answered.
///
/// No ticket is fetched for a server that does not ask for Negotiate: the platform is first called at the challenge.
pub struct Exchange {
    negotiator: Arc<dyn Negotiator>,
    service: ServiceName,
    bindings: Option<ChannelBindings>,
    /// Absent until the server asks.
    negotiation: Option<Box<dyn Negotiation>>,
    rounds: u32,
    complete: bool,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("service", &self.service)
            .field("rounds", &self.rounds)
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

impl Exchange {
    /// An exchange with one service, before its request is sent.
    #[must_use]
    pub fn new(negotiator: Arc<dyn Negotiator>, service: ServiceName) -> Self {
        Self { negotiator, service, bindings: None, negotiation: None, rounds: 0, complete: false }
    }

    /// Ties the exchange to the connection, which has to be made first: call it before the first [`on`](Self::on).
    ///
    /// Once a token was made it has no effect. A host that cannot know the server's certificate leaves it out.
    pub fn bind(&mut self, bindings: ChannelBindings) {
        self.bindings = Some(bindings);
    }

    /// Takes a response and says what follows.
    ///
    /// # Errors
    /// If the platform cannot answer the challenge, the challenge is malformed, the server goes on for ever, or it
    /// lets the user in without the proof of itself that the platform waits for.
    pub fn on(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<Next, NegotiateError> {
        let challenge = challenge(headers)?;
        if status == StatusCode::UNAUTHORIZED {
            return self.answer(challenge);
        }
        if self.rounds == 0 || self.complete && challenge.is_none() {
            return Ok(Next::Accept);
        }
        match challenge {
            Some(Some(token)) => {
                // The last word is the server's: it proves that it could read our token.
                let round = self.step(Some(&token))?;
                if !round.complete {
                    return Err(NegotiateError("the server did not prove who it is".to_owned()));
                }
                self.complete = true;
                Ok(Next::Accept)
            }
            _ if self.complete || !status.is_success() => Ok(Next::Accept),
            _ => Err(NegotiateError("the server did not prove who it is".to_owned())),
        }
    }

    fn answer(&mut self, challenge: Option<Option<Vec<u8>>>) -> Result<Next, NegotiateError> {
        let token = match challenge {
            // Negotiate is not offered, or an exchange that was begun is refused.
            None => return Ok(Next::Accept),
            Some(None) if self.rounds > 0 => return Ok(Next::Accept),
            Some(token) => token,
        };
        if self.rounds >= MOST_ROUNDS {
            return Err(NegotiateError(format!("the server asked for more than {MOST_ROUNDS} rounds")));
        }
        if self.rounds == 0 && token.is_some() {
            return Err(NegotiateError("the server's first challenge holds a token".to_owned()));
        }
        let round = self.step(token.as_deref())?;
        self.rounds = self.rounds.saturating_add(1);
        self.complete = round.complete;
        let Some(token) = round.token.map(Zeroizing::new) else { return Ok(Next::Accept) };
        let encoded = Zeroizing::new(STANDARD.encode(&*token));
        let text = format!("Negotiate {}", *encoded);
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| NegotiateError("the token cannot be sent as a header".to_owned()))?;
        value.set_sensitive(true);
        Ok(Next::SendAgain(value))
    }

    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError> {
        let negotiation = match &mut self.negotiation {
            Some(negotiation) => negotiation,
            none => none.insert(self.negotiator.begin(&self.service, self.bindings.take())?),
        };
        negotiation.step(challenge)
    }
}

/// Whether Negotiate is offered, and with what token.
fn challenge(headers: &HeaderMap) -> Result<Option<Option<Vec<u8>>>, NegotiateError> {
    let Some((_, token)) = offers(headers).find(|(scheme, _)| scheme.eq_ignore_ascii_case("Negotiate"))
    else {
        return Ok(None);
    };
    if token.is_empty() {
        return Ok(Some(None));
    }
    if token.len() > LONGEST_CHALLENGE {
        return Err(NegotiateError("the server's challenge is too long".to_owned()));
    }
    match STANDARD.decode(token) {
        Ok(token) => Ok(Some(Some(token))),
        Err(_) => Err(NegotiateError("the server's challenge is not base64".to_owned())),
    }
}

/// The schemes that a server offers, without what follows them; at most eight.
pub(crate) fn schemes(headers: &HeaderMap) -> Vec<String> {
    offers(headers).take(8).map(|(scheme, _)| scheme.chars().take(32).collect()).collect()
}

/// Each offer of `WWW-Authenticate` (RFC 9110, section 11.6.1), in one field or in several: the scheme and what follows.
fn offers(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let parts = texts.flat_map(|text| {
        let mut quoted = false;
        text.split(move |c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
    });
    parts.filter_map(|part| {
        let (scheme, rest) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
        // A part that begins with `name=` is a parameter of the offer before it.
        (!scheme.is_empty() && !scheme.contains('=')).then(|| (scheme, rest.trim()))
    })
}
