//! SSPI under Wine, which takes its tickets from the caches of Unix.

use std::process::{Command, Stdio};

use crate::apache::{Farm, Setup};
use crate::process::{program, run};
use crate::realm::Realm;

/// Names the program of `tests/windows`, built for Windows; an environment variable.
const PROGRAM: &str = "ENTRADA_WINDOWS_TESTS";
/// What else Wine needs to run it.
const WINE: [&str; 4] = ["WINEARCH", "WINEDEBUG", "WINEPATH", "WINEPREFIX"];

/// Runs one test of that program with the realm's tickets.
fn run_test(realm: &Realm, name: &str, variable: &str, value: &str) {
    let path = std::env::var(PROGRAM).expect("the program is named");
    // Wine's processes have the environment in which its server was started, so this needs a server of its own.
    let _server = WineServer::none();
    let mut wine = with_wine(realm.client("wine"));
    wine.arg(path).args([name, "--exact", "--ignored", "--nocapture"]).env(variable, value);
    let output = run(&mut wine, "");
    println!("{output}");
    assert!(output.contains("test result: ok. 1 passed"));
}

/// The server of the prefix, which is stopped at the beginning and when this is dropped.
struct WineServer;

impl WineServer {
    fn none() -> Self {
        stop_wine_server();
        Self
    }
}

impl Drop for WineServer {
    fn drop(&mut self) {
        stop_wine_server();
    }
}

fn stop_wine_server() {
    let mut command = with_wine(program("wineserver"));
    // It fails where none is running.
    let _ = command.arg("-k").stdout(Stdio::null()).stderr(Stdio::null()).status();
}

fn with_wine(mut command: Command) -> Command {
    command.envs(WINE.into_iter().filter_map(|variable| Some((variable, std::env::var(variable).ok()?))));
    command
}

#[test]
#[ignore = "needs MIT Kerberos, Apache, Wine and this package's tests for Windows"]
fn a_ticket_gives_windows_a_token() {
    let realm = Realm::start();
    // Wine 8 knows no engine that trusts one more certificate authority.
    let farm = Farm::of(&realm, &Setup { plain: true, ..Setup::default() });
    realm.kinit(600);
    run_test(&realm, "a_ticket_gives_a_first_token_with_bindings", "ENTRADA_SERVICE", "HTTP/localhost");
    run_test(&realm, "a_ticket_gives_a_token", "ENTRADA_AUTHORITY", &farm.emulator.authority());
    assert_eq!(farm.admitted(), 1);
    assert_eq!(farm.emulator.violations(), [""; 0]);
}
