//! Extended protection: a server that lets in whose token is bound to its certificate, and nobody else.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use entrada_emulator::{Config, Emulator, TOKEN_PREFIX};

use crate::apache::{BEHIND, behind};
use crate::certificate::{self, CERTIFICATE, KEY, Signature};
use crate::child::{Child, assert_says};
use crate::folder::Folder;
use crate::process::{Server, free_port};
use crate::realm::Realm;

/// Where the server says what it expects.
const BINDING: &str = "binding";

/// An emulator behind a server that demands extended protection.
struct Protected {
    emulator: Emulator,
    log: PathBuf,
    _server: Server,
}

impl Protected {
    fn start(folder: &Folder, signature: Signature) -> Self {
        let port = free_port();
        let emulator = behind(port, true, Config::default());
        certificate::issue(folder, signature);
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kdc/extended_protection.py");
        // Debian's own, which has Debian's module for GSSAPI.
        let mut command = folder.client("/usr/bin/python3");
        command.arg(program).arg(port.to_string()).arg(BEHIND.to_string());
        command.arg(folder.path(CERTIFICATE)).arg(folder.path(KEY)).arg(signature.hash()).arg(TOKEN_PREFIX);
        command.arg(folder.path(BINDING));
        command.env("KRB5_KTNAME", folder.path("http.keytab")).env("KRB5RCACHENAME", "none:");
        let log = folder.path("protected.out");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let server = Server::start(&mut command, address, &log);
        Self { emulator, log, _server: server }
    }

    /// What the server said of each token.
    fn verdicts(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).expect("a log");
        log.lines().map(str::to_owned).collect()
    }
}

#[test]
#[ignore = "needs MIT Kerberos and python3-gssapi"]
fn a_token_that_is_bound_to_the_server_is_accepted_and_no_other() {
    let realm = Realm::start();
    realm.kinit(600);
    let server = Protected::start(&realm, Signature::EcdsaSha256);
    let authority = server.emulator.authority();
    let child = Child::of(&realm);

    let right = fs::read(realm.path(BINDING)).expect("what the server expects");
    assert_eq!(child.token_bound(&authority, Some(&right)), "token of joe@contoso.com");
    let mut wrong = right;
    *wrong.last_mut().expect("a hash") ^= 1;
    for bindings in [Some(wrong.as_slice()), Some(b"tls-server-end-point:"), None] {
        let answer = child.token_bound(&authority, bindings);
        assert_says(&answer, &["integrated_authentication_refused"]);
    }
    let other = "bound to something else";
    assert_eq!(server.verdicts(), ["bound to this server", other, other, "bound to nothing"]);
    assert_eq!(server.emulator.violations(), [""; 0]);
}

#[test]
#[ignore = "needs MIT Kerberos and python3-gssapi"]
fn both_hosts_bind_their_tokens_to_the_servers_certificate() {
    let realm = Realm::start();
    realm.kinit(600);
    for signature in Signature::ALL {
        let server = Protected::start(&realm, signature);
        let (child, authority) = (Child::of(&realm), server.emulator.authority());
        for token in [child.token(&authority), child.token_over_tokio(&authority)] {
            assert_eq!(token, "token of joe@contoso.com", "{signature:?}");
        }
        assert_eq!(server.verdicts(), ["bound to this server"; 2]);
        assert_eq!(server.emulator.violations(), [""; 0]);
    }
}
