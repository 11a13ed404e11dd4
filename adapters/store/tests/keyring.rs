//! The key in a real Secret Service: gnome-keyring on a bus that each test starts for itself and for nobody else.
#![cfg(all(feature = "keyring", target_os = "linux"))]

mod common;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{refresh_token, sign_in};
use entrada_store::core::cache::TokenStore;
use entrada_store::{Error, FileStore, Keyring, Protection};
use tempfile::TempDir;

/// A bus that starts no service by itself.
const BUS: &str = r#"<busconfig>
<type>session</type>
<listen>unix:tmpdir=/tmp</listen>
<auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>"#;

/// Runs the test of this name once more, as a process that finds a bus of its own. True in that process.
fn is_on_its_bus(test: &str) -> bool {
    if env::var_os("ENTRADA_STORE_BUS").is_some() {
        return true;
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("bus.conf");
    fs::write(&config, BUS).unwrap();
    let mut bus = Command::new("dbus-daemon")
        .args(["--nofork", "--nopidfile", "--print-address"])
        .arg(format!("--config-file={}", config.display()))
        .stdout(Stdio::piped())
        .spawn()
        .expect("dbus-daemon is installed");
    let mut address = String::new();
    BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("DBUS_SESSION_BUS_ADDRESS", address.trim())
        .env("ENTRADA_STORE_BUS", "its own")
        .status();
    let _ = bus.kill();
    let _ = bus.wait();
    assert!(status.unwrap().success());
    false
}

/// A keyring on the bus.
struct Daemon(Child);

impl Daemon {
    fn start(home: &Path) -> Self {
        let mut daemon = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env("XDG_DATA_HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .env("HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon is installed");
        daemon.stdin.take().unwrap().write_all(b"a password").unwrap();
        let start = Instant::now();
        while !calls("org.freedesktop.Secret.Service.SearchItems", &["dict:string:string:a,b"]) {
            assert!(start.elapsed() < Duration::from_secs(20), "the keyring does not come up");
            thread::sleep(Duration::from_millis(100));
        }
        Self(daemon)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        // The bus learns of it a moment later.
        thread::sleep(Duration::from_millis(300));
    }
}

/// Calls a method of the Secret Service.
fn calls(method: &str, arguments: &[&str]) -> bool {
    Command::new("dbus-send")
        .args([
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            method,
        ])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    (folder, path)
}

fn open(path: &Path) -> Result<FileStore, Error> {
    FileStore::open(path, Protection::Keyring(Keyring::new("entrada test", path.display().to_string())))
}

#[test]
#[ignore = "needs dbus-daemon and gnome-keyring: .ci/run installs them"]
fn a_file_opens_with_the_keyring_and_not_without() {
    if !is_on_its_bus("a_file_opens_with_the_keyring_and_not_without") {
        return;
    }
    let (folder, path) = place();
    let daemon = Daemon::start(folder.path());
    open(&path).unwrap().apply(&sign_in("a.t", "hunter2")).unwrap();
    let again = open(&path).unwrap();
    assert_eq!(refresh_token(&again, "a.t").as_deref(), Some("hunter2"));
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.starts_with(b"\x89Entrada"));

    // Without the entry: nothing is written over.
    let other = FileStore::open(&path, Protection::Keyring(Keyring::new("entrada test", "another")));
    assert_eq!(other.unwrap_err().code(), "store_key_missing");
    assert!(matches!(
        FileStore::open(&path, Protection::Keyring(Keyring::new("entrada test", "another"))).unwrap_err(),
        Error::KeyMissing { .. }
    ));

    // Locked: nobody is there to open it.
    assert!(calls(
        "org.freedesktop.Secret.Service.Lock",
        &["array:objpath:/org/freedesktop/secrets/collection/login"]
    ));
    let start = Instant::now();
    let error = open(&path).unwrap_err();
    assert_eq!(error.code(), "store_keyring_locked", "{error}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    let fresh = folder.path().join("fresh");
    let refused = open(&fresh).unwrap().apply(&sign_in("a.t", "x")).unwrap_err().to_string();
    assert!(refused.contains("store_keyring_locked"), "{refused}");
    assert!(!fresh.exists());

    // Gone.
    drop(daemon);
    let error = open(&path).unwrap_err();
    assert_eq!(error.code(), "store_no_keyring", "{error}");
    assert!(error.remedy().contains("PlainText"));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
#[ignore = "needs dbus-daemon and gnome-keyring: .ci/run installs them"]
fn those_who_are_first_at_once_agree_on_a_key() {
    if !is_on_its_bus("those_who_are_first_at_once_agree_on_a_key") {
        return;
    }
    let (folder, path) = place();
    let _daemon = Daemon::start(folder.path());
    thread::scope(|scope| {
        for nth in 0..6 {
            let path = &path;
            scope.spawn(move || {
                open(path).unwrap().apply(&sign_in(&format!("{nth}.t"), &nth.to_string())).unwrap();
            });
        }
    });
    let store = open(&path).unwrap();
    for nth in 0..6 {
        assert_eq!(refresh_token(&store, &format!("{nth}.t")), Some(nth.to_string()));
    }
    assert_eq!(store.take_warnings(), []);
}
