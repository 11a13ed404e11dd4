//! The loopback listener: any bytes in any pieces get one complete response or wait for more, and nothing without the
//! state ends the wait.
#![no_main]

use entrada_core::listener::{BODY_LIMIT, HEAD_LIMIT, Listener, ListenerSettings, Progress};
use entrada_core::protocol::redirect::{ResponseMode, parse};
use entrada_core::secret::Secret;
use entrada_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

const STATE: &str = "state";

fuzz_target!(
    init: {
        let form = "POST /cb HTTP/1.1\r\nHost: localhost:1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        seeds::plant("listener", &[
            "GET /cb?code=c&state=state HTTP/1.1\r\nHost: localhost:1\r\n\r\n".to_owned(),
            "GET /cb?error=e&state=state HTTP/1.1\r\nHost: [::1]\r\nSec-Purpose: prefetch\r\n\r\n".to_owned(),
            format!("{form}Content-Length: 18\r\n\r\ncode=c&state=state"),
            format!("{form}Content-Length: 19\r\n\r\nerror=e&state=state"),
            format!("{form}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ]);
    },
    |bytes: &[u8]| {
        for mode in [ResponseMode::Query, ResponseMode::FormPost] {
            let settings = ListenerSettings::new("/cb", mode, Secret::new(STATE));
            let listener = Listener::new(settings).expect("settings that can be");
            let whole = listener.connection().receive(bytes);
            check(&whole, bytes, mode);
            for size in [1, 7, 100] {
                // Every piece has the head read again from its beginning, which takes its time under a sanitizer.
                if size == 1 && bytes.len() > 2000 {
                    continue;
                }
                let mut connection = listener.connection();
                let mut pieces = bytes.chunks(size).map(|piece| connection.receive(piece));
                let answer = pieces.find(|progress| *progress != Progress::More);
                assert_eq!(answer.unwrap_or(Progress::More), whole, "in pieces of {size}");
            }
        }
    }
);

fn check(progress: &Progress, bytes: &[u8], mode: ResponseMode) {
    let Progress::Answer { response, redirect } = progress else {
        assert!(bytes.len() < HEAD_LIMIT + BODY_LIMIT, "it waits for ever");
        return;
    };
    let response = std::str::from_utf8(response).expect("a response in UTF-8");
    let (head, body) = response.split_once("\r\n\r\n").expect("a complete head");
    assert!(head.starts_with("HTTP/1.1 ") && head.contains("\r\nConnection: close\r\n"), "{head}");
    let told = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    assert_eq!(told.unwrap_or("0"), body.len().to_string(), "{head}");
    match redirect {
        Some(text) => {
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            let redirect = parse(text.expose(), mode).expect("what ends the wait can be read");
            assert_eq!(redirect.state, Some(Secret::new(STATE)));
            assert_eq!(body.contains("You are signed in"), redirect.error.is_none());
        }
        None => assert!(!head.starts_with("HTTP/1.1 2"), "{head}"),
    }
    let shown = body.split_once("<main>").map_or("", |(_, main)| main);
    let marks = |sign| shown.matches(sign).count();
    assert!(shown.is_empty() || marks('<') == 7 && marks('>') == 7, "a text that is not escaped: {shown}");
}
