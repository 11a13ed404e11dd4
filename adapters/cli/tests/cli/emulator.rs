//! `entrada emulator`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use entrada_emulator::world;

use crate::command::{entrada, file, run, run_with};

/// A served emulator and its authority.
fn serve(args: &[&str]) -> (Child, String) {
    let mut child = entrada(&[&["emulator"], args].concat()).stdin(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (mut authority, mut line) = (String::new(), String::new());
    while output.read_line(&mut line).unwrap() > 0 {
        if let Some(url) = line.strip_prefix("authority: ") {
            authority = url.trim().to_owned();
        }
        if line.starts_with("serving ") {
            break;
        }
        line.clear();
    }
    (child, authority)
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn token(authority: &str, more: &[&str]) -> i32 {
    let args = [
        &["token", "--client-id", world::CLIENT_ID, "--authority", authority, "--scope", world::SCOPE][..],
        &["--flow", "username-password", "--username", world::FEDERATED_USER],
        more,
    ]
    .concat();
    run_with(&args, world::PASSWORD.as_bytes()).code
}

#[test]
fn it_serves_http_until_its_input_ends() {
    let (child, authority) = serve(&[]);
    assert!(authority.starts_with("http://127.0.0.1:"), "{authority}");
    assert_eq!(token(&authority, &["--allow-http-loopback"]), 0);
    end(child);
    assert_eq!(token(&authority, &["--allow-http-loopback"]), 5);
}

#[test]
fn it_serves_https_and_writes_the_certificate_to_trust() {
    let pem = file("emulator-ca.pem", "");
    let pem = pem.to_str().unwrap();
    let (child, authority) = serve(&["--https", "--write-ca-certificate", pem]);
    assert!(authority.starts_with("https://127.0.0.1:"), "{authority}");
    assert_eq!(token(&authority, &["--ca-certificate", pem]), 0);
    end(child);
}

#[test]
fn its_world_can_be_a_file() {
    let config = file("world.json", r#"{"faults":[{"path":"token","kind":"cut"}]}"#);
    let (child, authority) = serve(&["--config", config.to_str().unwrap()]);
    assert_eq!(token(&authority, &["--allow-http-loopback"]), 5);
    end(child);
}

#[test]
fn what_cannot_be_served_is_told() {
    let config = file("no-world.json", r#"{"users":5}"#);
    assert_eq!(run(&["emulator", "--config", config.to_str().unwrap()]).code, 2);
    assert_eq!(run(&["emulator", "--config", "/nowhere/world.json"]).code, 2);
    assert_eq!(run(&["emulator", "--port", "70000"]).code, 2);
    assert_eq!(run(&["emulator", "--write-ca-certificate", "x"]).code, 2, "there is none without https");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = run(&["emulator", "--port", &port]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("error: the emulator cannot be started: "), "{}", ran.err);
}
