//! This program as a child, with an environment of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use data_encoding::HEXLOWER;
use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiator};
use entrada_core::secret::Secret;
use entrada_emulator::world::FEDERATED_USER;
use entrada_identity::DomainCredentials;

use super::{BINDINGS, QUESTION};
use crate::asked::token;

/// The object identifier of NTLM, as tokens have it.
const NTLM: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";

#[test]
#[ignore = "the other tests run it, as a child with an environment of its own"]
fn is_asked() {
    let Ok(question) = std::env::var(QUESTION) else { return };
    let lines: Vec<&str> = question.lines().collect();
    let [word, object, user, password, options @ ..] = lines.as_slice() else { panic!("{lines:?}") };
    let mut credentials = DomainCredentials::new(user, Secret::new(*password)).expect("a user");
    for option in options {
        credentials = match option.split_once('=') {
            Some(("kdc", address)) => credentials.kdc(address).expect("an address"),
            Some(("realm", realm)) => credentials.realm(realm),
            None if *option == "ntlm" => credentials.allow_ntlm(),
            _ => panic!("{option}"),
        };
    }
    let answer = match *word {
        "blocking" => token(object, FEDERATED_USER, credentials, false),
        "tokio" => token(object, FEDERATED_USER, credentials, true),
        "round" => round(object, &credentials.timeout(Duration::from_secs(5))),
        "accepted" => accepted(object, &credentials),
        other => panic!("{other}"),
    };
    println!("answer: {answer}");
}

/// What the first token is, and what is said of a server that does not prove itself.
fn round(service: &str, credentials: &DomainCredentials) -> String {
    let bindings = ChannelBindings(BINDINGS.to_vec());
    let begun = credentials.begin(&ServiceName::new(service), Some(bindings));
    let mut negotiation = match begun {
        Ok(negotiation) => negotiation,
        Err(NegotiateError(text)) => return text,
    };
    let first = match negotiation.step(None) {
        Ok(round) => round,
        Err(NegotiateError(text)) => return text,
    };
    let token = first.token.expect("a token");
    let has = |part: &[u8]| token.windows(part.len()).any(|window| window == part);
    let kind = match (has(NTLM), has(b"NTLMSSP\0")) {
        (false, false) => "Kerberos alone",
        (true, false) => "Kerberos, and an offer of NTLM",
        (_, true) => "NTLM",
    };
    let NegotiateError(refusal) = negotiation.step(Some(b"garbage")).expect_err("no challenge");
    format!("{kind} ({}); {refusal}", if first.complete { "complete" } else { "unproved" })
}

/// What an acceptor says of the tokens; the object is its channel bindings.
fn accepted(object: &str, credentials: &DomainCredentials) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kdc/acceptor.py");
    // Debian's own, which has Debian's module for GSSAPI.
    let mut command = Command::new("/usr/bin/python3");
    let mut acceptor = command
        .arg(program)
        .arg(object)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is Python");
    let mut input = acceptor.stdin.take().expect("it was asked for");
    let mut output = BufReader::new(acceptor.stdout.take().expect("it was asked for")).lines();
    let mut line = || output.next().expect("a line").expect("text");
    let bindings = ChannelBindings(BINDINGS.to_vec());
    let mut negotiation =
        credentials.begin(&ServiceName::new("HTTP/localhost"), Some(bindings)).expect("an exchange");
    let mut round = negotiation.step(None).expect("a first token");
    let verdict = loop {
        let token = round.token.take().expect("a token for the acceptor");
        writeln!(input, "{}", HEXLOWER.encode(&token)).expect("it listens");
        let said = line();
        let (word, rest) = said.split_once(' ').unwrap_or((&said, ""));
        if word == "refused" {
            break said;
        }
        let challenge = HEXLOWER.decode(rest.as_bytes()).expect("hexadecimal");
        if !challenge.is_empty() {
            round = negotiation.step(Some(&challenge)).expect("a good challenge");
        }
        if word == "complete" {
            // The name that NTLM gives ends with a zero.
            break format!("{} (complete: {})", line().trim_end_matches('\0'), round.complete);
        }
    };
    drop(input);
    acceptor.wait().expect("a child of this process");
    verdict
}
