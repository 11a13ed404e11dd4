//! Federation servers that cannot be reached, break off or never let anyone in, over both adapters.

use entrada_emulator::{Config, Emulator, Fault, FaultKind};

use crate::apache::{Farm, Setup};
use crate::certificate::AUTHORITY;
use crate::child::{Child, assert_says};
use crate::cutting::Cutting;
use crate::folder::Folder;
use crate::process::run;
use crate::realm::Realm;

/// An emulator alone, over https; it knows nothing of Kerberos.
fn emulator(folder: &Folder, faults: Vec<Fault>) -> Emulator {
    let config = Config { tls: true, host: "localhost".to_owned(), faults, ..Config::default() };
    let emulator = Emulator::start(config).expect("the emulator starts");
    folder.write(AUTHORITY, &emulator.ca_certificate_pem().expect("it speaks https"));
    emulator
}

/// How often the federation server was asked for a token.
fn posts(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|one| one.path.ends_with("/windowstransport")).count()
}

/// Lets the emulator's metadata name another server where the signed-in user is let in.
fn move_server(emulator: &Emulator, folder: &Folder, elsewhere: &str) {
    let metadata = format!("{}/adfs/services/trust/mex", emulator.base_url());
    let text =
        run(folder.client("curl").arg("-sS").arg("--cacert").arg(folder.path(AUTHORITY)).arg(metadata), "");
    let path = "/adfs/services/trust/13/windowstransport";
    let moved = text.replace(&format!("{}{path}", emulator.base_url()), &format!("{elsewhere}{path}"));
    assert_ne!(moved, text);
    let kind = FaultKind::Status { status: 200, retry_after: None, body: Some(moved) };
    emulator.set_faults(vec![Fault { path: "/trust/mex".to_owned(), times: None, kind }]);
}

/// What both adapters say.
fn answers(folder: &Folder, emulator: &Emulator) -> [String; 2] {
    let authority = emulator.authority();
    [Child::of(folder).token(&authority), Child::of(folder).token_over_tokio(&authority)]
}

#[test]
#[ignore = "needs MIT Kerberos and curl"]
fn a_host_that_nobody_knows_is_an_error_of_the_network() {
    let folder = Folder::new();
    let emulator = emulator(&folder, Vec::new());
    move_server(&emulator, &folder, "https://sts.contoso.invalid");
    for answer in answers(&folder, &emulator) {
        assert_says(&answer, &["connection_failed", "check the name, the network and the proxy settings"]);
    }
}

#[test]
#[ignore = "needs MIT Kerberos and curl"]
fn a_handshake_that_is_broken_off_is_an_error_of_the_network() {
    let folder = Folder::new();
    let emulator = emulator(&folder, Vec::new());
    let cutting = Cutting::start();
    move_server(&emulator, &folder, &format!("https://localhost:{}", cutting.port()));
    for answer in answers(&folder, &emulator) {
        assert_says(&answer, &["connection_failed", "check the name, the network and the proxy settings"]);
    }
    assert_eq!(cutting.connections(), 2);
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_server_that_hangs_up_at_the_token_is_not_asked_again() {
    let realm = Realm::start();
    realm.kinit(600);
    let kind = FaultKind::Nth { nth: 2, kind: Box::new(FaultKind::Cut) };
    let fault = || Fault { path: "/windowstransport".to_owned(), times: None, kind: kind.clone() };
    let emulator = emulator(&realm, Vec::new());
    let ask = |answer: &dyn Fn(&Child<'_>) -> String| {
        emulator.clear_records();
        emulator.set_faults(vec![fault()]);
        let answer = answer(&Child::of(&realm));
        assert_says(&answer, &["network_error", "look at what stands between this machine and the server"]);
        assert_eq!(posts(&emulator), 2, "one without a token and one with it");
    };
    ask(&|child| child.token(&emulator.authority()));
    ask(&|child| child.token_over_tokio(&emulator.authority()));
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_server_that_answers_401_for_ever_is_left() {
    let realm = Realm::start();
    realm.kinit(600);
    let emulator = emulator(&realm, Vec::new());
    for answer in answers(&realm, &emulator) {
        assert_says(
            &answer,
            &["integrated_authentication_refused", "service principal name is on another account"],
        );
    }
    assert_eq!(posts(&emulator), 4, "twice one without a token and one with it");
}

#[test]
#[ignore = "needs MIT Kerberos and Apache"]
fn a_server_whose_authority_is_not_trusted_gets_no_token() {
    let realm = Realm::start();
    realm.kinit(600);
    let farm = Farm::start(&realm);
    std::fs::remove_file(realm.path(AUTHORITY)).expect("a file");
    for answer in answers(&realm, &farm.emulator) {
        assert_says(&answer, &["tls_failed", "add the certificate authority of the server"]);
    }
    assert_eq!(farm.emulator.requests().len(), 0);
}

#[test]
#[ignore = "needs MIT Kerberos, Apache and libfaketime"]
fn a_clock_that_is_wrong_is_called_so() {
    let realm = Realm::start();
    realm.kinit(36_000);
    let farm = Farm::start(&realm);
    let authority = farm.emulator.authority();
    for offset in ["+2h", "-2h"] {
        let says = ["kerberos_clock_skew", "set this machine's clock", "Kerberos allows five minutes"];
        assert_says(&Child::of(&realm).at(offset).token(&authority), &says);
        // A ticket that the library gets by itself tells it how wrong the clock is.
        let child = Child::of(&realm).at(offset).with_file("KRB5CCNAME", offset).with_keytab("joe.keytab");
        assert_eq!(child.token(&authority), "token of joe@contoso.com");
    }
    assert_eq!(farm.admitted(), 2);
}

#[test]
#[ignore = "needs MIT Kerberos, Apache and libfaketime"]
fn a_servers_clock_that_is_wrong_is_called_so() {
    let realm = Realm::start();
    realm.kinit(36_000);
    let farm = Farm::of(&realm, &Setup { clock: Some("+2h"), ..Setup::default() });
    for answer in answers(&realm, &farm.emulator) {
        assert_says(&answer, &["kerberos_clock_skew", "or that of the server if this one is right"]);
    }
    assert_eq!(farm.admitted(), 0);
}
