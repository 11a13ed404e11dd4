use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::ResponseMode::{FormPost, Fragment, Query};
use super::*;

const STATE: &str = "the-state-that-is-awaited";

struct Answered {
    status: String,
    head: String,
    body: String,
    redirect: Option<Secret>,
}

impl Answered {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        lines
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }
}

fn listener(mode: ResponseMode) -> Listener {
    Listener::new(ListenerSettings::new("/callback", mode, Secret::new(STATE))).unwrap()
}

/// Feeds pieces until there is an answer; `None` if more is wanted.
fn fed<'a>(listener: &Listener, pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<Answered> {
    let mut connection = listener.connection();
    for piece in pieces {
        if let Progress::Answer { response, redirect } = connection.receive(piece) {
            let response = String::from_utf8(response).unwrap();
            let (head, body) = response.split_once("\r\n\r\n").unwrap();
            let status = head.strip_prefix("HTTP/1.1 ").unwrap().split(' ').next().unwrap().to_owned();
            return Some(Answered { status, head: head.to_owned(), body: body.to_owned(), redirect });
        }
    }
    None
}

fn asked(mode: ResponseMode, request: &str) -> Answered {
    fed(&listener(mode), [request.as_bytes()]).unwrap_or_else(|| panic!("no answer to {request:?}"))
}

/// As a browser sends it, with lines of its own.
fn get(target: &str, lines: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost:8400\r\n{lines}Accept: text/html\r\n\r\n")
}

fn form(body: &str) -> String {
    let length = body.len();
    post(&format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"), body)
}

fn post(lines: &str, body: &str) -> String {
    format!("POST /callback HTTP/1.1\r\nHost: 127.0.0.1:8400\r\n{lines}Origin: null\r\n\r\n{body}")
}

fn success() -> String {
    format!("code=the-code&state={STATE}")
}

#[test]
fn a_code_with_the_right_state_ends_the_wait() {
    let answer = asked(Query, &get(&format!("/callback?{}", success()), ""));
    assert_eq!(answer.status, "200");
    let address = answer.redirect.unwrap();
    assert_eq!(address.expose(), format!("http://localhost:8400/callback?{}", success()));
    assert_eq!(redirect::parse(address.expose(), Query).unwrap().code, Some(Secret::new("the-code")));

    let answer = asked(FormPost, &form(&success()));
    assert_eq!(answer.status, "200");
    assert_eq!(answer.redirect, Some(Secret::new(success())));
    assert!(answer.body.contains("You are signed in"));
}

#[test]
fn a_refusal_with_the_right_state_ends_it_too_and_its_text_is_escaped() {
    let body = format!(
        "error=access_denied&error_description=%3Cscript%3Ealert('%26%22')%3C/script%3E%0D%0ATrace&state={STATE}"
    );
    for answer in [asked(FormPost, &form(&body)), asked(Query, &get(&format!("/callback?{body}"), ""))] {
        assert!(answer.redirect.is_some());
        assert_eq!(answer.status, "200");
        assert!(answer.body.contains("<h1>Sign-in did not complete</h1>"));
        let text = "access_denied: &lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;  Trace</p>";
        assert!(answer.body.contains(text), "{}", answer.body);
    }
    let long =
        asked(FormPost, &form(&format!("error=x&error_description={}&state={STATE}", "y".repeat(60_000))));
    assert!(long.body.len() < 4000, "{}", long.body.len());
}

#[test]
fn a_request_in_pieces_is_the_same_request() {
    let requests = [(Query, get(&format!("/callback?{}", success()), "")), (FormPost, form(&success()))];
    for (mode, request) in requests {
        let whole = asked(mode, &request);
        for size in [1, 2, 3, 7, 64, 1000] {
            let pieces = fed(&listener(mode), request.as_bytes().chunks(size)).unwrap();
            assert_eq!(
                (pieces.head, pieces.redirect),
                (whole.head.clone(), whole.redirect.clone()),
                "{size}"
            );
        }
        let most = &request.as_bytes()[..request.len() - 1];
        assert!(fed(&listener(mode), most.chunks(50)).is_none(), "the last byte is missing");
        let empty: &[u8] = b"";
        assert!(fed(&listener(mode), [empty, empty]).is_none());
    }
}

#[test]
fn what_follows_the_request_is_not_looked_at_and_a_second_answer_is_empty() {
    let request = form(&success()) + "GET / HTTP/1.1\r\n\r\n";
    assert_eq!(asked(FormPost, &request).redirect, Some(Secret::new(success())));
    let mut connection = listener(FormPost).connection();
    assert!(matches!(connection.receive(request.as_bytes()), Progress::Answer { redirect: Some(_), .. }));
    let nothing = Progress::Answer { response: Vec::new(), redirect: None };
    assert_eq!(connection.receive(request.as_bytes()), nothing);
}

/// What is answered and forgotten: the mode, the request, the status.
fn forgotten() -> Vec<(ResponseMode, String, &'static str)> {
    let query = format!("/callback?{}", success());
    let typed = "Content-Type: application/x-www-form-urlencoded\r\n";
    let mut vectors = vec![
        (Query, get("/favicon.ico", ""), "404"),
        (Query, get(&format!("/?{}", success()), ""), "404"),
        (Query, get(&format!("/callback/?{}", success()), ""), "404"),
        (Query, get(&format!("/CALLBACK?{}", success()), ""), "404"),
        (Query, get(&format!("//callback?{}", success()), ""), "404"),
        (Query, get("/callback", ""), "400"),
        (Query, get("/callback?code=x", ""), "400"),
        (Query, get("/callback?code=x&state=", ""), "400"),
        (Query, get("/callback?code=x&state=the-state-that-is-awaite", ""), "400"),
        (Query, get("/callback?code=x&state=the-state-that-is-awaited%20", ""), "400"),
        (Query, get(&format!("/callback?code=x&state={}", STATE.to_uppercase()), ""), "400"),
        (Query, get("/callback?error=access_denied&state=another", ""), "400"),
        (Query, get(&format!("/callback?state={STATE}"), ""), "400"),
        (Query, get(&format!("/callback?code=x&error=y&state={STATE}"), ""), "400"),
        (Query, get(&format!("/callback?code=x&code=y&state={STATE}"), ""), "400"),
        (Query, get(&format!("http://localhost:8400{query}"), ""), "400"),
        (Query, form(&success()), "405"),
        (Query, get(&query, "").replace("GET", "HEAD"), "405"),
        (Query, get(&query, "").replace("GET", "OPTIONS"), "405"),
        (Query, get(&query, "").replace("GET", "get"), "405"),
        (FormPost, get(&query, ""), "405"),
        (FormPost, get(&query, "").replace("GET", "HEAD"), "405"),
        (FormPost, form(&success()).replace("POST", "PUT"), "405"),
        (FormPost, form(&success()).replace("/callback", "/other"), "404"),
        (FormPost, form(""), "400"),
        (FormPost, form("code=x&state=another"), "400"),
        (FormPost, post(typed, &success()), "411"),
        (FormPost, post(&format!("{typed}Transfer-Encoding: chunked\r\n"), "0\r\n\r\n"), "411"),
        (FormPost, form(&success()).replace("Origin: null", "Transfer-Encoding: chunked"), "400"),
        (FormPost, post(&format!("{typed}Content-Length: 65537\r\n"), ""), "413"),
        (FormPost, post(&format!("{typed}Content-Length: 99999999999999999999999\r\n"), ""), "413"),
        (FormPost, post("Content-Length: 1\r\n", "x"), "415"),
        (FormPost, post("Content-Type: text/plain\r\nContent-Length: 1\r\n", "x"), "415"),
        (
            FormPost,
            post("Content-Type: application/x-www-form-urlencodedx\r\nContent-Length: 1\r\n", "x"),
            "415",
        ),
        (Query, "GET /callback HTTP/2.0\r\n\r\n".to_owned(), "400"),
        (Query, "\x16\x03\x01\x02\0\x01\0".to_owned(), "400"),
        (Query, "GET  /callback HTTP/1.1\r\n\r\n".to_owned(), "400"),
        (Query, "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "400"),
        (Query, get(&query, " folded: x\r\n"), "400"),
        (Query, get(&query, "spaced : x\r\n"), "400"),
        (Query, get(&query, &"a: b\r\n".repeat(101)), "431"),
        (Query, get(&query, &format!("Cookie: {}\r\n", "x".repeat(HEAD_LIMIT))), "431"),
        (Query, get(&format!("/callback?{}", "x".repeat(HEAD_LIMIT)), ""), "431"),
    ];
    for length in ["", "-1", "+1", "1.0", "1, 1", "0x1", "1\r\nContent-Length: 1"] {
        vectors.push((FormPost, post(&format!("{typed}Content-Length: {length}\r\n"), "x"), "400"));
    }
    for prefetch in
        ["Sec-Purpose: prefetch;prerender", "Purpose: Prefetch", "X-Moz: prefetch", "x-purpose: preview"]
    {
        vectors.push((Query, get(&query, &format!("{prefetch}\r\n")), "503"));
    }
    for host in [
        "contoso.com",
        "localhost.contoso.com",
        "contoso.com@localhost",
        "localhost:8400@contoso.com",
        "localhost/contoso.com",
        "0.0.0.0:8400",
        "192.168.1.2",
        "[::2]",
        "[::ffff:127.0.0.1]",
        "localhost:port",
        "",
    ] {
        vectors.push((Query, get(&query, "").replace("localhost:8400", host), "421"));
    }
    for lines in ["", "Host: localhost\r\nHost: localhost\r\n"] {
        vectors.push((Query, get(&query, "").replace("Host: localhost:8400\r\n", lines), "400"));
    }
    vectors
}

#[test]
fn everything_else_is_answered_and_forgotten() {
    for (mode, request, status) in forgotten() {
        let shown: String = request.chars().take(400).collect();
        let answer = asked(mode, &request);
        assert_eq!((answer.status.as_str(), &answer.redirect), (status, &None), "{shown}");
        let allowed = (status == "405").then_some(if mode == Query { "GET" } else { "POST" });
        assert_eq!(answer.header("Allow"), allowed, "{shown}");
    }
}

#[test]
fn this_machine_goes_by_several_names() {
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1:65535", "127.1.2.3", "[::1]", "[::1]:8400"] {
        let request = get(&format!("/callback?{}", success()), "").replace("localhost:8400", host);
        assert!(asked(Query, &request).redirect.is_some(), "{host}");
    }
}

#[test]
fn the_form_may_name_its_charset_and_the_request_may_be_of_http_1_0() {
    let charset = form(&success()).replace("urlencoded", "URLENCODED ; charset=UTF-8");
    assert!(asked(FormPost, &charset).redirect.is_some());
    let old = get(&format!("/callback?{}", success()), "").replace("HTTP/1.1", "HTTP/1.0");
    assert!(asked(Query, &old).redirect.is_some());
    let body = form("code=\u{fc}").into_bytes();
    let latin: Vec<u8> = body.into_iter().filter(|byte| *byte != 0xc3).chain([b'x']).collect();
    assert_eq!(fed(&listener(FormPost), [&latin[..]]).unwrap().status, "400", "not UTF-8");
}

#[test]
fn heads_and_bodies_are_taken_up_to_their_limits_in_whatever_pieces() {
    let padded = |length: usize| {
        let request = get(&format!("/callback?{}", success()), "Cookie: \r\n");
        request.replace("Cookie: ", &format!("Cookie: {}", "x".repeat(length - request.len())))
    };
    for size in [1000, HEAD_LIMIT, HEAD_LIMIT * 2] {
        let status = |length| {
            fed(&listener(Query), padded(length).as_bytes().chunks(size)).map(|answer| answer.status).unwrap()
        };
        assert_eq!(status(HEAD_LIMIT), "200");
        assert_eq!(status(HEAD_LIMIT + 1), "431");
    }
    let begun = success() + "&x=";
    let body = format!("{begun}{}", "y".repeat(BODY_LIMIT - begun.len()));
    let body = body.as_str();
    assert_eq!(body.len(), BODY_LIMIT);
    for size in [1000, HEAD_LIMIT, BODY_LIMIT * 2] {
        let request = form(body);
        let answer = fed(&listener(FormPost), request.as_bytes().chunks(size)).unwrap();
        assert_eq!(answer.redirect, Some(Secret::new(body)), "{size}");
    }
}

#[test]
fn an_endless_head_is_refused_before_its_end() {
    let line = b"GET /callback?".iter().chain(std::iter::repeat(&b'x')).copied();
    let endless: Vec<u8> = line.take(HEAD_LIMIT).collect();
    assert_eq!(fed(&listener(Query), endless.chunks(1)).unwrap().status, "431");
}

#[test]
fn every_response_is_complete_and_locked_down() {
    let ended = [
        (FormPost, form(&success()), "200"),
        (FormPost, form(&format!("error=access_denied&state={STATE}")), "200"),
    ];
    for (mode, request, _) in forgotten().into_iter().chain(ended) {
        let answer = asked(mode, &request);
        for (name, value) in [
            ("Connection", "close"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{}", answer.head);
        }
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        if request.starts_with("HEAD") {
            assert_eq!((answer.body.as_str(), answer.header("Content-Length")), ("", None));
            continue;
        }
        assert_eq!(answer.header("Content-Length"), Some(answer.body.len().to_string().as_str()));
        assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
        let style = answer.body.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = STANDARD.encode(Sha256::digest(style));
        assert!(policy.ends_with(&format!("style-src 'sha256-{hash}'")), "{policy}");
        for part in ["<!doctype html>", "<html lang=\"en\">", "<title>", "<h1>", "prefers-color-scheme:dark"]
        {
            assert!(answer.body.contains(part), "{part}: {}", answer.body);
        }
        for part in ["<script", "src=", "href=", "http:", "https:", STATE, "the-code"] {
            assert!(!answer.body.contains(part) && !answer.head.contains(part), "{part}: {}", answer.body);
        }
    }
}

#[test]
fn the_application_may_bring_pages_of_its_own() {
    let mut settings = ListenerSettings::new("/callback", FormPost, Secret::new(STATE));
    settings.success_page = Some("<p>Schön".to_owned());
    settings.failure_page = Some("<p>Schade".to_owned());
    let listener = Listener::new(settings).unwrap();
    let page = |body: &str| fed(&listener, [form(body).as_bytes()]).unwrap();
    let answer = page(&success());
    assert_eq!((answer.body.as_str(), answer.header("Content-Length")), ("<p>Schön", Some("9")));
    let policy = answer.header("Content-Security-Policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; ") && policy.contains("style-src 'unsafe-inline'"),
        "{policy}"
    );
    assert_eq!(page(&format!("error=x&state={STATE}")).body, "<p>Schade");
    assert!(page("code=x&state=y").body.contains("This is not the answer"));
}

#[test]
fn a_listener_that_could_never_hear_its_answer_is_refused() {
    let refused = |path: &str, mode, state: &str| {
        Listener::new(ListenerSettings::new(path, mode, Secret::new(state))).map(|_| ()).unwrap_err()
    };
    assert_eq!(refused("/", Fragment, STATE), ListenerError::Mode(Fragment));
    for path in ["", "callback", "/a?b", "/a#b", "/a b", "/ü", "/a\r\n", "http://localhost/"] {
        assert_eq!(refused(path, Query, STATE), ListenerError::Path, "{path}");
    }
    assert_eq!(refused("/", Query, ""), ListenerError::State);
    assert!(Listener::new(ListenerSettings::new("/a%20b/", Query, Secret::new(STATE))).is_ok());
}

#[test]
fn debug_shows_nothing_of_what_arrived() {
    let mut connection = listener(FormPost).connection();
    let request = form(&success());
    let (begun, rest) = request.as_bytes().split_at(request.len() - 3);
    let more = connection.receive(begun);
    assert_eq!(more, Progress::More);
    let begun = format!("{connection:?}");
    let answer = connection.receive(rest);
    for shown in [begun, format!("{connection:?} {answer:?} {:?}", listener(Query))] {
        assert!(!shown.contains("the-code") && !shown.contains(STATE), "{shown}");
    }
}
