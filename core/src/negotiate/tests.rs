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
    assert_eq!(sent(exchange.on(StatusCode::UNAUTHORIZED, &headers(&["Negotiate, NTLM"]))), token("token-1"));
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
