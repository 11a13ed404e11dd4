//! One file shared with the libraries of others, which are run for real.
//!
//! `ENTRADA_STORE_PYTHON` names a Python that has `tests/judges/requirements.txt`; `tests/judges/node_modules` has what
//! `npm ci` puts there. Files of the libraries for .NET, Go and Java come from `ENTRADA_FIXTURES`.
#![cfg(all(feature = "file", unix))]

mod common;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{refresh_token, refresh_tokens, sign_in};
use entrada_store::core::cache::TokenStore;
use entrada_store::{FileStore, Protection, Warning};
use tempfile::TempDir;

type Judge = fn(&str, &Path, &[&str]) -> Command;

fn python(task: &str, path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("ENTRADA_STORE_PYTHON").unwrap_or_else(|| "python3".into()));
    command.arg(judges().join("store_msal.py")).arg(task).arg(path).args(arguments);
    command
}

fn node(task: &str, path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.arg(judges().join("store_msal.mjs")).arg(task).arg(path).args(arguments);
    command
}

fn judges() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("judges")
}

fn output(command: &mut Command) -> String {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("msal.cache");
    (folder, path)
}

fn open(path: &Path) -> FileStore {
    FileStore::open(path, Protection::PlainText).unwrap()
}

/// They write, we read and add; they read what both wrote, and add; we read again.
fn shares_a_file(judge: Judge) {
    let (folder, path) = place();
    output(&mut judge("write", &path, &["theirs", "2"]));
    let store = open(&path);
    assert_eq!(refresh_token(&store, "theirs-0.t").as_deref(), Some("theirs-0"));
    store.apply(&sign_in("ours.t", "ours")).unwrap();
    store.apply(&sign_in("theirs-1.t", "rotated")).unwrap();
    assert_eq!(output(&mut judge("read", &path, &["ours.t"])), "ours");
    assert_eq!(output(&mut judge("read", &path, &["theirs-0.t"])), "theirs-0");
    assert_eq!(output(&mut judge("read", &path, &["theirs-1.t"])), "rotated");
    output(&mut judge("write", &path, &["more", "1"]));
    assert_eq!(refresh_tokens(&store.tokens().unwrap()), ["more-0", "ours", "rotated", "theirs-0"]);
    let lock = folder.path().join("msal.cache.lockfile");
    assert!(!lock.exists());
}

/// All at once: we lose nothing of theirs, nobody waits for long, and the file is whole at any time.
///
/// Node's library looks whether to read the file again *before* it waits for the lock, so it writes over what came
/// meanwhile, also from its own kind: there, nothing can be said of ours but that the last is there.
fn takes_turns(judge: Judge, keeps_ours: bool) {
    let (_folder, path) = place();
    let store = open(&path);
    store.apply(&sign_in("first.t", "first")).unwrap();
    let start = Instant::now();
    let children: Vec<Child> =
        (0..2).map(|nth| judge("write", &path, &[&format!("theirs{nth}"), "8"]).spawn().unwrap()).collect();
    for nth in 0..40 {
        store.apply(&sign_in(&format!("ours-{nth}.t"), &format!("ours-{nth}"))).unwrap();
        thread::sleep(Duration::from_millis(20));
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    println!("took turns in {:?}", start.elapsed());
    store.apply(&sign_in("last.t", "last")).unwrap();
    let found = refresh_tokens(&store.tokens().unwrap());
    let mut expected = vec!["last".to_owned()];
    expected.extend((0..2).flat_map(|one| (0..8).map(move |nth| format!("theirs{one}-{nth}"))));
    if keeps_ours {
        expected.push("first".to_owned());
        expected.extend((0..40).map(|nth| format!("ours-{nth}")));
    }
    for secret in expected {
        assert!(found.contains(&secret), "{secret} is lost of {found:?}");
    }
    assert!(!store.take_warnings().iter().any(|one| matches!(one, Warning::SetAside { .. })));
}

/// Killed with the lock held, they hold nobody up.
fn may_be_killed(judge: Judge, at_most: Duration) {
    let (_folder, path) = place();
    let store = open(&path);
    store.apply(&sign_in("first.t", "first")).unwrap();
    let mut child = judge("hold", &path, &[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "held");
    let waiting = thread::spawn({
        let path = path.clone();
        move || open(&path).apply(&sign_in("ours.t", "ours"))
    });
    thread::sleep(Duration::from_secs(1));
    assert!(!waiting.is_finished(), "the lock was not honoured");
    child.kill().unwrap();
    child.wait().unwrap();
    let start = Instant::now();
    waiting.join().unwrap().unwrap();
    assert!(start.elapsed() < at_most, "{:?}", start.elapsed());
    // And they find no lock of the dead.
    assert_eq!(output(&mut judge("read", &path, &["ours.t"])), "ours");
}

#[test]
#[ignore = "needs msal and msal-extensions for Python: .ci/run installs them"]
fn python_shares_a_file() {
    shares_a_file(python);
}

#[test]
#[ignore = "needs msal and msal-extensions for Python: .ci/run installs them"]
fn python_takes_turns() {
    takes_turns(python, true);
}

#[test]
#[ignore = "needs msal and msal-extensions for Python: .ci/run installs them"]
fn python_may_be_killed() {
    may_be_killed(python, Duration::from_secs(3));
}

#[test]
#[ignore = "needs @azure/msal-node-extensions: .ci/run installs it"]
fn node_shares_a_file() {
    shares_a_file(node);
}

#[test]
#[ignore = "needs @azure/msal-node-extensions: .ci/run installs it"]
fn node_takes_turns() {
    takes_turns(node, false);
}

#[test]
#[ignore = "needs @azure/msal-node-extensions: .ci/run installs it"]
fn node_may_be_killed() {
    may_be_killed(node, Duration::from_secs(3));
}

#[test]
#[ignore = "needs the caches of other libraries: .ci/run sets ENTRADA_FIXTURES"]
fn the_caches_of_every_library_are_opened_and_kept_whole() {
    let root = PathBuf::from(env::var_os("ENTRADA_FIXTURES").expect("ENTRADA_FIXTURES names a folder"))
        .join("cache");
    let mut count = 0;
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            if file.is_dir() {
                folders.push(file);
                continue;
            }
            let Ok(text) = fs::read_to_string(&file) else { continue };
            if !text.contains("\"RefreshToken\"") && !text.contains("\"AccessToken\"") {
                continue;
            }
            let (_folder, path) = place();
            fs::write(&path, &text).unwrap();
            let store = open(&path);
            let set_aside = |one: &Warning| matches!(one, Warning::SetAside { .. });
            if store.take_warnings().iter().any(set_aside) {
                println!("{} is no cache", file.display());
                continue;
            }
            let before = store.tokens().unwrap();
            store.apply(&sign_in("ours.t", "ours")).unwrap();
            let after = open(&path).tokens().unwrap();
            let mut tokens = refresh_tokens(&before);
            tokens.push("ours".to_owned());
            tokens.sort();
            assert_eq!(refresh_tokens(&after), tokens, "{}", file.display());
            count += 1;
        }
    }
    println!("{count} caches of other libraries");
    assert!(count > 0, "ENTRADA_FIXTURES has no cache");
}
