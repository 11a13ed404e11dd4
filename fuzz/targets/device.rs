//! Device codes: what is shown can be shown, and the service is never asked sooner than it said, whatever it answers.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use entrada_core::application::RequestOptions;
use entrada_core::cache::Memory;
use entrada_core::flow::device_code::PendingDeviceCode;
use entrada_core::http::{Response, TransportErrorKind};
use entrada_core::protocol::device::response;
use entrada_core::time::Timestamp;
use entrada_fuzz::catalogue::{Case, Client, FlowCase};
use entrada_fuzz::documents;
use entrada_fuzz::walk::Reply;
use entrada_fuzz::world::START;
use http::{HeaderMap, StatusCode};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const DAY: Duration = Duration::from_secs(86_400);
/// A second between two polls for a day, each with a wait; the last reply of each round takes a quarter of that.
const BOUND: usize = 10_000;

#[derive(Debug, Arbitrary)]
struct Script<'a> {
    answer: Answer<'a>,
    /// Read as what another process put down.
    put_down: &'a [u8],
    polls: Vec<Poll>,
}

#[derive(Debug, Arbitrary)]
enum Answer<'a> {
    Raw(u16, &'a [u8]),
    /// A right one, but for its numbers.
    Numbers {
        interval: Number,
        expires_in: Number,
    },
}

#[derive(Debug, Arbitrary)]
enum Number {
    None,
    Some(u16),
    Any(i64),
    Float(f64),
    Text(u32),
}

#[derive(Debug, Arbitrary)]
struct Poll {
    error: u8,
    status: Option<u16>,
    failed: Option<u8>,
    retry_after: u8,
    elapsed: u32,
    on_time: bool,
}

fuzz_target!(|script: Script<'_>| {
    let (status, body) = match &script.answer {
        Answer::Raw(status, body) => (100 + status % 500, body.to_vec()),
        Answer::Numbers { interval, expires_in } => {
            let more = format!("{}{}", interval.member("interval"), expires_in.member("expires_in"));
            (200, documents::device(&more).into_bytes())
        }
    };
    let answer =
        Response::new(StatusCode::from_u16(status).unwrap_or_default(), HeaderMap::new(), body.clone());
    let is_read = read(&answer);

    // The walk itself checks that no wait is shorter than what was asked for.
    let case = Case { flow: FlowCase::Device, client: Client::Public, authority: 0 };
    let code = Reply { outcome: Ok((status, body)), ..Reply::right("") };
    let mut replies = vec![Reply::right(""), code, Reply::right("")];
    replies.extend(script.polls.iter().map(Poll::reply));
    replies.push(Reply { elapsed: 20_000_000, ..Reply::right("<html>") });
    let started = case.start(START, 7, &RequestOptions::default()).expect("it goes together");
    let trace = started.walk(START, &replies, &mut Memory::default(), BOUND);
    assert!(trace.ended.is_some(), "it goes on after {} steps", trace.steps);
    let polled = trace.requests.iter().filter(|request| request.url.path().ends_with("/token")).count();
    assert!(polled == 0 || is_read, "there is no code to poll with");

    if let Ok(pending) = serde_json::from_slice::<PendingDeviceCode>(script.put_down) {
        let json = serde_json::to_vec(&pending).expect("it is data");
        assert_eq!(serde_json::from_slice::<PendingDeviceCode>(&json).ok(), Some(pending));
    }
});

fn read(answer: &Response) -> bool {
    let found = response(answer, false, NOW);
    assert_eq!(response(answer, false, NOW), found, "the same bytes read twice");
    let Ok(found) = found else { return false };
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        !found.device_code.expose().is_empty() && !found.user_code.is_empty() && !found.message.is_empty()
    );
    assert!(found.expires_in >= Duration::from_secs(1) && found.expires_in <= DAY, "{:?}", found.expires_in);
    let believable = found.interval < found.expires_in || found.interval == Duration::from_secs(5);
    assert!(found.interval >= Duration::from_secs(1) && believable, "{:?}", found.interval);
    for url in found.verification_uri_complete.iter().chain([&found.verification_uri]) {
        assert_eq!(url.scheme(), "https", "{url}");
    }
    true
}

impl Number {
    fn member(&self, name: &str) -> String {
        match self {
            Self::None => String::new(),
            Self::Some(number) => format!(r#","{name}":{number}"#),
            Self::Any(number) => format!(r#","{name}":{number}"#),
            Self::Float(number) if number.is_finite() => format!(r#","{name}":{number:e}"#),
            Self::Float(_) => format!(r#","{name}":null"#),
            Self::Text(number) => format!(r#","{name}":"{number}""#),
        }
    }
}

const ERRORS: [&str; 6] = [
    "authorization_pending",
    "slow_down",
    "temporarily_unavailable",
    "expired_token",
    "authorization_declined",
    "invalid_grant",
];

impl Poll {
    fn reply(&self) -> Reply {
        let kinds = TransportErrorKind::ALL;
        let error = ERRORS[usize::from(self.error) % ERRORS.len()];
        let outcome = match self.failed {
            Some(kind) => Err(kinds[usize::from(kind) % kinds.len()]),
            None => Ok((self.status.map_or(400, |status| 100 + status % 500), documents::told(error).into())),
        };
        let pauses = [None, Some("3"), Some("61"), Some("18446744073709551615"), Some("soon")];
        Reply {
            outcome,
            retry_after: pauses[usize::from(self.retry_after) % pauses.len()],
            elapsed: self.elapsed.into(),
            on_time: self.on_time,
            ..Reply::right("")
        }
    }
}
