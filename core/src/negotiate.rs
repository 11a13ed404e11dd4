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

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};
use zeroize::Zeroizing;

use crate::http::{ServiceName, TransportError, TransportErrorKind};

/// What makes Negotiate tokens: Kerberos, SSPI, or a script in tests.
pub trait Negotiator: Send + Sync {
    /// Begins an exchange with one service, as the signed-in user.
    ///
    /// It is called when the server has asked for a token, and once.
    ///
    /// # Errors
    /// If there is no ticket or no credential to begin with.
    fn begin(
        &self,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError>;
}

/// One exchange of tokens.
pub trait Negotiation: Send {
    /// Makes the next token out of the server's challenge, which is absent in the first round.
    ///
    /// It is also called with the token of the final answer, by which the server proves itself.
    ///
    /// # Errors
    /// If the challenge cannot be answered, or the server did not prove itself.
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError>;
}

/// What a round yields.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// The token to send, if any.
    pub token: Option<Vec<u8>>,
    /// Whether this side needs nothing more of the server.
    pub complete: bool,
}

/// Shows the token's length alone.
impl fmt::Debug for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(Vec::len);
        f.debug_struct("Round").field("token_bytes", &token).field("complete", &self.complete).finish()
    }
}

/// What ties the exchange to the TLS connection (RFC 5929): `tls-server-end-point:` and the certificate's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBindings(
    /// The application data of the bindings.
    pub Vec<u8>,
);

/// Why no token could be made. The words are the platform's, free of secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NegotiateError(
    /// The platform's own words.
    pub String,
);

impl From<NegotiateError> for TransportError {
    fn from(error: NegotiateError) -> Self {
        Self::new(TransportErrorKind::Negotiate, error.0)
    }
}

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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Sends `token-1`, `token-2`, …; complete after `own` rounds, or when told `mutual`.
    struct Script {
        own: u32,
        seen: Vec<Option<Vec<u8>>>,
    }

    /// Begins a [`Script`] unless there is no ticket, and writes down for whom.
    #[derive(Default)]
    struct Platform {
        own: u32,
        ticket_missing: bool,
        begun: Mutex<Vec<(String, Option<ChannelBindings>)>>,
    }

    impl Negotiator for Platform {
        fn begin(
            &self,
            service: &ServiceName,
            bindings: Option<ChannelBindings>,
        ) -> Result<Box<dyn Negotiation>, NegotiateError> {
            self.begun.lock().unwrap().push((service.to_string(), bindings));
            match self.ticket_missing {
                true => Err(NegotiateError("no ticket".to_owned())),
                false => Ok(Box::new(Script { own: self.own, seen: Vec::new() })),
            }
        }
    }

    impl Negotiation for Script {
        fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError> {
            if challenge == Some(b"bad") {
                return Err(NegotiateError("no ticket".to_owned()));
            }
            self.seen.push(challenge.map(<[u8]>::to_vec));
            let round = self.seen.len();
            let complete = challenge == Some(b"mutual") || round as u32 >= self.own;
            let token = (challenge != Some(b"mutual")).then(|| format!("token-{round}").into_bytes());
            Ok(Round { token, complete })
        }
    }

    fn exchange(own: u32) -> Exchange {
        exchange_over(&Arc::new(Platform { own, ..Platform::default() }))
    }

    fn exchange_over(platform: &Arc<Platform>) -> Exchange {
        Exchange::new(Arc::clone(platform) as _, ServiceName::new("HTTP/sts.contoso.com"))
    }

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap())).collect()
    }

    fn token(text: &str) -> String {
        format!("Negotiate {}", STANDARD.encode(text))
    }

    fn sent(next: Result<Next, NegotiateError>) -> String {
        match next.unwrap() {
            Next::SendAgain(value) => {
                assert!(value.is_sensitive());
                value.to_str().unwrap().to_owned()
            }
            Next::Accept => panic!("nothing is sent"),
        }
    }

    #[test]
    fn the_platform_is_not_asked_before_the_server_asks_for_negotiate() {
        let platform = Arc::new(Platform { own: 9, ..Platform::default() });
        for (status, value) in
            [(200, "Negotiate"), (401, "Basic realm=x"), (302, "Negotiate"), (407, "Negotiate")]
        {
            let next = exchange_over(&platform).on(StatusCode::from_u16(status).unwrap(), &headers(&[value]));
            assert_eq!(next, Ok(Next::Accept));
        }
        assert_eq!(platform.begun.lock().unwrap().len(), 0);
    }

    #[test]
    fn an_exchange_begins_once_for_its_service_and_with_what_binds_it_to_the_connection() {
        for bindings in [None, Some(ChannelBindings(b"tls-server-end-point:hash".to_vec()))] {
            let platform = Arc::new(Platform { own: 9, ..Platform::default() });
            let mut exchange = exchange_over(&platform);
            if let Some(bindings) = bindings.clone() {
                exchange.bind(bindings);
            }
            sent(exchange.on(StatusCode::UNAUTHORIZED, &headers(&["Negotiate"])));
            exchange.bind(ChannelBindings(b"too late".to_vec()));
            sent(exchange.on(StatusCode::UNAUTHORIZED, &headers(&[&token("again")])));
            assert_eq!(exchange.on(StatusCode::OK, &headers(&[&token("mutual")])), Ok(Next::Accept));
            assert_eq!(*platform.begun.lock().unwrap(), [("HTTP/sts.contoso.com".to_owned(), bindings)]);
        }
    }

    #[test]
    fn without_a_ticket_the_platforms_words_are_the_error() {
        let platform = Arc::new(Platform { ticket_missing: true, ..Platform::default() });
        let error = exchange_over(&platform).on(StatusCode::UNAUTHORIZED, &headers(&["Negotiate"]));
        assert_eq!(error, Err(NegotiateError("no ticket".to_owned())));
    }

    #[test]
    fn one_round_with_mutual_authentication() {
        let mut exchange = exchange(9);
        let next = exchange.on(StatusCode::UNAUTHORIZED, &headers(&["NTLM", "negotiate"]));
        assert_eq!(sent(next), token("token-1"));
        assert_eq!(exchange.on(StatusCode::OK, &headers(&[&token("mutual")])), Ok(Next::Accept));
    }

    #[test]
    fn several_rounds_that_end_on_our_side() {
        let mut exchange = exchange(2);
        assert_eq!(
            sent(exchange.on(StatusCode::UNAUTHORIZED, &headers(&["Negotiate, NTLM"]))),
            token("token-1")
        );
        let next = exchange.on(StatusCode::UNAUTHORIZED, &headers(&[&token("challenge")]));
        assert_eq!(sent(next), token("token-2"));
        assert_eq!(exchange.on(StatusCode::OK, &headers(&[])), Ok(Next::Accept));
    }

    #[test]
    fn a_server_that_does_not_prove_itself_is_refused() {
        let mut exchange = exchange(9);
        sent(exchange.on(StatusCode::UNAUTHORIZED, &headers(&["Negotiate"])));
        assert!(exchange.on(StatusCode::OK, &headers(&[])).is_err());
    }

    #[test]
    fn a_refusal_stands_as_the_answer() {
        let mut begun = exchange(1);
        sent(begun.on(StatusCode::UNAUTHORIZED, &headers(&["Negotiate"])));
        assert_eq!(begun.on(StatusCode::UNAUTHORIZED, &headers(&["Negotiate"])), Ok(Next::Accept));
        assert_eq!(exchange(1).on(StatusCode::UNAUTHORIZED, &headers(&["Basic realm=x"])), Ok(Next::Accept));
        assert_eq!(exchange(1).on(StatusCode::UNAUTHORIZED, &headers(&[])), Ok(Next::Accept));
    }

    #[test]
    fn a_server_that_loops_for_ever_is_left() {
        let mut exchange = exchange(1000);
        sent(exchange.on(StatusCode::UNAUTHORIZED, &headers(&["Negotiate"])));
        for _ in 1..MOST_ROUNDS {
            sent(exchange.on(StatusCode::UNAUTHORIZED, &headers(&[&token("again")])));
        }
        assert!(exchange.on(StatusCode::UNAUTHORIZED, &headers(&[&token("again")])).is_err());
    }

    #[test]
    fn hostile_challenges_are_refused() {
        let long = format!("Negotiate {}", "A".repeat(LONGEST_CHALLENGE + 4));
        for value in ["Negotiate %%%", long.as_str(), "Negotiate QQ==x"] {
            let mut exchange = exchange(9);
            assert!(exchange.on(StatusCode::UNAUTHORIZED, &headers(&[value])).is_err());
        }
        let mut exchange = exchange(9);
        assert!(exchange.on(StatusCode::UNAUTHORIZED, &headers(&[&token("early")])).is_err());
        assert!(exchange.on(StatusCode::UNAUTHORIZED, &headers(&[&token("bad")])).is_err());
    }

    #[test]
    fn an_answer_without_any_challenge_stands() {
        assert_eq!(exchange(1).on(StatusCode::OK, &headers(&[])), Ok(Next::Accept));
        assert_eq!(
            exchange(1).on(StatusCode::PROXY_AUTHENTICATION_REQUIRED, &headers(&["Negotiate"])),
            Ok(Next::Accept)
        );
        assert_eq!(exchange(1).on(StatusCode::FOUND, &headers(&["Negotiate"])), Ok(Next::Accept));
    }
}
