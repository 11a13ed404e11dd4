//! `entrada session`, its asks carried out over real HTTP by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entrada_emulator::{Config, Emulator, client_token, world};
use serde_json::{Value, json};

use crate::command::{entrada, run_with};

struct Talk {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Talk {
    fn new() -> Self {
        let mut child = entrada(&["session"]).stdin(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    fn say(&mut self, line: &Value) -> Value {
        writeln!(self.input, "{line}").unwrap();
        let mut ask = String::new();
        self.output.read_line(&mut ask).unwrap();
        serde_json::from_str(&ask).unwrap()
    }

    /// Carries out whatever is asked until the end.
    fn finish(&mut self, start: &Value, user: &str) -> Value {
        let mut ask = self.say(start);
        while ask["step"] == "send" {
            let answer = carry_out(&ask["request"], user);
            ask = self.say(&answer);
        }
        ask
    }

    fn end(self) {
        let Self { mut child, input, mut output } = self;
        drop(input);
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert_eq!((child.wait().unwrap().code(), rest.as_str()), (Some(0), ""));
    }
}

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A client of 30 lines: plain HTTP/1.1, bodies with a length, one round of Negotiate.
fn carry_out(request: &Value, user: &str) -> Value {
    let address = request["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let (host, path) = address.split_once('/').unwrap();
    let mut stream = BufReader::new(TcpStream::connect(host).unwrap());
    let mut answer = exchange(&mut stream, host, path, request, "");
    if answer["status"] == 401 && request["auth"] == "negotiate" {
        let token = STANDARD.encode(client_token(1, user));
        answer = exchange(&mut stream, host, path, request, &format!("authorization: Negotiate {token}\r\n"));
    }
    answer
}

fn exchange(stream: &mut BufReader<TcpStream>, host: &str, path: &str, request: &Value, more: &str) -> Value {
    let (method, body) = (request["method"].as_str().unwrap(), request["body"].as_str().unwrap());
    let mut head = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\n{more}");
    for pair in request["headers"].as_array().unwrap() {
        head += &format!("{}: {}\r\n", pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    }
    if method == "POST" {
        head += &format!("content-length: {}\r\n", body.len());
    }
    write!(stream.get_mut(), "{head}\r\n{body}").unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status: u16 = line.split(' ').nth(1).unwrap().parse().unwrap();
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
        headers.push(json!([name, value.trim()]));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    json!({ "answer": "send", "now": now(), "status": status, "headers": headers, "body": body })
}

fn start(emulator: &Emulator, name: &str, user: &str) -> Value {
    json!({ "start": name, "client_id": world::CLIENT_ID, "authority": emulator.authority(), "scopes": [world::SCOPE],
            "username": user, "now": now(), "allow_http_loopback": true })
}

/// A refresh token, as the cache of a session holds it.
pub(crate) fn refresh_token(emulator: &Emulator) -> String {
    let mut talk = Talk::new();
    let mut line = start(emulator, "username_password", world::MANAGED_USER);
    line["password"] = json!(world::PASSWORD);
    assert_eq!(talk.finish(&line, world::MANAGED_USER)["step"], "done");
    let told = talk.say(&json!({ "answer": "cache" }));
    talk.end();
    let tokens = told["cache"]["RefreshToken"].as_object().unwrap();
    tokens.values().next().unwrap()["secret"].as_str().unwrap().to_owned()
}

#[test]
fn both_flows_run_end_to_end_in_one_session_with_one_cache() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let mut talk = Talk::new();

    let user = world::FEDERATED_USER;
    let ask = talk.finish(&start(&emulator, "integrated_windows_auth", user), user);
    assert_eq!(ask["step"], "done", "{ask}");
    assert_eq!(ask["result"]["account"]["username"], user);

    let user = world::MANAGED_USER;
    let mut line = start(&emulator, "username_password", user);
    line["password"] = json!(world::PASSWORD);
    let ask = talk.finish(&line, user);
    assert_eq!(ask["step"], "done", "{ask}");

    line["password"] = json!("wrong");
    line["now"] = json!(now());
    let ask = talk.finish(&line, user);
    assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("invalid_grant")));

    let told = talk.say(&json!({ "answer": "cache" }));
    assert_eq!(told["cache"]["Account"].as_object().unwrap().len(), 2);
    assert_eq!(told["cache"]["AccessToken"].as_object().unwrap().len(), 2);
    talk.end();
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn the_end_of_the_input_ends_it_even_in_the_middle_of_a_flow() {
    Talk::new().end();
    let emulator = Emulator::start(Config::default()).unwrap();
    let mut talk = Talk::new();
    assert_eq!(talk.say(&start(&emulator, "integrated_windows_auth", "joe@contoso.com"))["step"], "send");
    talk.end();
    assert!(emulator.requests().is_empty());
}

#[test]
fn lines_that_cannot_be_taken_are_refused_one_by_one() {
    let input = b"hello\n\n\xff\xfe\n{\"answer\":\"cache\"}\r\n{\"answer\":\"wait\",\"now\":1}";
    let ran = run_with(&["session"], input);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines,
        [
            r#"{"step":"refused","reason":"the line is not JSON (column 1)"}"#,
            r#"{"step":"refused","reason":"the line is not JSON (column 0)"}"#,
            r#"{"step":"refused","reason":"the line is not UTF-8"}"#,
            r#"{"step":"cache","cache":{}}"#,
            r#"{"step":"refused","reason":"no answer is awaited: a start is"}"#,
        ]
    );
}

#[test]
fn the_first_line_of_windows_powershell_is_taken() {
    let ran = run_with(&["session"], b"\xef\xbb\xbf{\"answer\":\"cache\"}\r\n{\"answer\":\"cache\"}\r\n");
    assert_eq!(ran.out, "{\"step\":\"cache\",\"cache\":{}}\n".repeat(2));
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_one_taken() {
    let mut input = vec![b'x'; 9 * 1024 * 1024];
    input.extend(b"\n{\"answer\":\"cache\"}\n");
    let ran = run_with(&["session"], &input);
    assert_eq!(
        ran.out,
        "{\"step\":\"refused\",\"reason\":\"the line is longer than 8 MiB\"}\n{\"step\":\"cache\",\"cache\":{}}\n"
    );
}

#[test]
fn a_seed_is_drawn_anew_for_each_flow() {
    let emulator = Emulator::start(Config::default()).unwrap();
    let line = start(&emulator, "integrated_windows_auth", "joe@contoso.com");
    let (one, other) = (Talk::new().say(&line), Talk::new().say(&line));
    assert_eq!(one["step"], "send");
    assert_ne!(one, other);
}
