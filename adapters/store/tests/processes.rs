//! One file, many processes: this test binary, started again as the others.
#![cfg(feature = "file")]

mod common;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{refresh_token, refresh_tokens, sign_in};
#[cfg(unix)]
use entrada_store::FileOptions;
use entrada_store::core::cache::TokenStore;
use entrada_store::{FileStore, Key, Protection, Warning};
#[cfg(unix)]
use fs4::FileExt;
use tempfile::TempDir;

const KEY: [u8; 32] = *b"0123456789abcdef0123456789abcdef";

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    (folder, path)
}

fn open(path: &Path) -> FileStore {
    FileStore::open(path, Protection::Key(Key::from_bytes(&KEY).unwrap())).unwrap()
}

#[cfg(unix)]
fn lock_file(path: &Path) -> PathBuf {
    path.with_extension("lockfile")
}

/// Starts this binary as a process that does `task` to the file.
fn start(task: &str, path: &Path, name: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_process_of_its_own", "--ignored", "--nocapture", "--test-threads=1"])
        .env("ENTRADA_STORE_TASK", task)
        .env("ENTRADA_STORE_FILE", path)
        .env("ENTRADA_STORE_NAME", name)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the process says that it is so far.
fn wait_for(child: &mut Child, word: &str) {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains(word)));
}

const CHANGES: usize = 25;

#[test]
#[ignore = "the other tests start it, as a process of its own"]
fn a_process_of_its_own() {
    let Ok(task) = env::var("ENTRADA_STORE_TASK") else { return };
    let path = PathBuf::from(env::var_os("ENTRADA_STORE_FILE").unwrap());
    let name = env::var("ENTRADA_STORE_NAME").unwrap();
    match task.as_str() {
        "change" => {
            let store = open(&path);
            for nth in 0..CHANGES {
                store.apply(&sign_in(&format!("{name}-{nth}.t"), &format!("{name}-{nth}"))).unwrap();
            }
            assert_eq!(store.take_warnings(), []);
        }
        "change for ever" => loop {
            open(&path).apply(&sign_in(&format!("{name}.t"), &"x".repeat(200_000))).unwrap();
            println!("changed");
        },
        #[cfg(unix)]
        "hold the system's lock" => {
            let mut options = fs::OpenOptions::new();
            let file = options.create(true).truncate(false).write(true).open(lock_file(&path)).unwrap();
            FileExt::lock(&file).unwrap();
            fs::write(lock_file(&path), format!("{} entrada", std::process::id())).unwrap();
            println!("held");
            thread::sleep(Duration::from_secs(60));
        }
        other => panic!("unknown task {other}"),
    }
}

#[test]
fn no_change_is_lost_among_processes_and_threads() {
    let (folder, path) = place();
    let children: Vec<Child> = (0..4).map(|nth| start("change", &path, &format!("process{nth}"))).collect();
    // Beside them two threads with one store, and one that only looks and must never see half a file.
    let store = open(&path);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        for name in ["thread0", "thread1"] {
            let store = &store;
            scope.spawn(move || {
                for nth in 0..CHANGES {
                    store.apply(&sign_in(&format!("{name}-{nth}.t"), &format!("{name}-{nth}"))).unwrap();
                }
            });
        }
        scope.spawn(|| {
            let mut least = 0;
            while !is_done.load(Ordering::Relaxed) {
                let seen = open(&path).tokens().unwrap().len();
                assert!(seen >= least, "{seen} after {least}");
                least = seen;
            }
        });
        let outputs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
        is_done.store(true, Ordering::Relaxed);
        for output in outputs {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
    });
    let mut expected: Vec<String> = ["process0", "process1", "process2", "process3", "thread0", "thread1"]
        .iter()
        .flat_map(|name| (0..CHANGES).map(move |nth| format!("{name}-{nth}")))
        .collect();
    expected.sort();
    assert_eq!(refresh_tokens(&store.tokens().unwrap()), expected);
    assert_eq!(store.take_warnings(), []);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_process_that_is_killed_takes_neither_the_file_nor_the_lock_along() {
    let (_folder, path) = place();
    open(&path).apply(&sign_in("first.t", "first")).unwrap();
    for round in 0..12 {
        let mut child = start("change for ever", &path, "child");
        wait_for(&mut child, "changed");
        thread::sleep(Duration::from_millis(3 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = open(&path);
        let start = Instant::now();
        store.apply(&sign_in(&format!("round{round}.t"), &format!("round{round}"))).unwrap();
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        let set_aside = |warning: &Warning| matches!(warning, Warning::SetAside { .. });
        assert!(!store.take_warnings().iter().any(set_aside));
        for before in 0..=round {
            assert_eq!(refresh_token(&store, &format!("round{before}.t")), Some(format!("round{before}")));
        }
        assert_eq!(refresh_token(&store, "first.t").as_deref(), Some("first"));
    }
}

#[cfg(unix)]
#[test]
fn a_lock_dies_with_its_holder() {
    let (_folder, path) = place();
    let mut child = start("hold the system's lock", &path, "");
    wait_for(&mut child, "held");
    let waiting = thread::spawn({
        let path = path.clone();
        move || {
            let store = open(&path);
            store.apply(&sign_in("a.t", "one")).map(|()| store.take_warnings())
        }
    });
    thread::sleep(Duration::from_millis(200));
    assert!(!waiting.is_finished());
    child.kill().unwrap();
    let pid = Some(child.id());
    let warnings = waiting.join().unwrap().unwrap();
    assert_eq!(warnings, [Warning::AbandonedLock { path: lock_file(&path), pid }]);
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn a_process_that_hangs_with_the_lock_is_named() {
    let (_folder, path) = place();
    let mut options = FileOptions::default();
    options.patience = Duration::from_millis(300);
    let store = FileStore::open_with(&path, Protection::PlainText, &options).unwrap();
    store.apply(&sign_in("a.t", "one")).unwrap();
    let mut child = start("hold the system's lock", &path, "");
    wait_for(&mut child, "held");
    let start = Instant::now();
    let refused = store.apply(&sign_in("a.t", "two")).unwrap_err().to_string();
    assert!(start.elapsed() < Duration::from_secs(3));
    assert!(
        refused.contains("store_locked") && refused.contains(&format!("process {}", child.id())),
        "{refused}"
    );
    // What is there can still be read.
    assert_eq!(refresh_token(&store, "a.t").as_deref(), Some("one"));
    child.kill().unwrap();
    child.wait().unwrap();
    store.apply(&sign_in("a.t", "two")).unwrap();
    assert_eq!(refresh_token(&store, "a.t").as_deref(), Some("two"));
}

#[cfg(unix)]
#[test]
fn a_lock_file_counts_while_its_maker_lives_and_not_for_ever() {
    let (_folder, path) = place();
    let mut options = FileOptions::default();
    options.patience = Duration::from_millis(300);
    let store = FileStore::open_with(&path, Protection::PlainText, &options).unwrap();
    // One of Node: the existence of the file is all there is.
    let mut node = Command::new("sleep").arg("60").spawn().unwrap();
    fs::write(lock_file(&path), node.id().to_string()).unwrap();
    let refused = store.apply(&sign_in("a.t", "one")).unwrap_err().to_string();
    assert!(refused.contains(&format!("process {}", node.id())), "{refused}");
    assert_eq!(fs::read_to_string(lock_file(&path)).unwrap(), node.id().to_string());
    // Killed, it leaves the file behind.
    node.kill().unwrap();
    node.wait().unwrap();
    thread::sleep(Duration::from_secs(1));
    store.apply(&sign_in("a.t", "one")).unwrap();
    assert!(!lock_file(&path).exists());
    assert_eq!(store.take_warnings().len(), 1);
    // A number of a process that has it by chance counts for a minute.
    fs::write(lock_file(&path), std::process::id().to_string()).unwrap();
    assert!(store.apply(&sign_in("a.t", "two")).is_err());
    let hour = std::time::SystemTime::now() - Duration::from_secs(61);
    fs::File::options().write(true).open(lock_file(&path)).unwrap().set_modified(hour).unwrap();
    store.apply(&sign_in("a.t", "two")).unwrap();
}

#[test]
fn what_a_killed_process_left_half_written_is_swept_up() {
    let (folder, path) = place();
    let store = open(&path);
    let left = folder.path().join(".tokens.abc123.new");
    let fresh = folder.path().join(".tokens.def456.new");
    let others = folder.path().join(".other.abc123.new");
    for file in [&left, &fresh, &others] {
        fs::write(file, "half").unwrap();
    }
    let old = std::time::SystemTime::now() - Duration::from_secs(7200);
    for file in [&left, &others] {
        fs::File::options().write(true).open(file).unwrap().set_modified(old).unwrap();
    }
    store.apply(&sign_in("a.t", "one")).unwrap();
    assert!(!left.exists() && fresh.exists() && others.exists());
}

#[test]
fn a_change_by_somebody_without_a_lock_is_kept_too() {
    let (_folder, path) = place();
    let store = FileStore::open(&path, Protection::PlainText).unwrap();
    store.apply(&sign_in("a.t", "one")).unwrap();
    // In place, as other libraries write, and with the same length.
    let text = fs::read_to_string(&path).unwrap();
    for secret in ["two", "six", "ten"] {
        fs::write(&path, text.replace("one", secret)).unwrap();
        assert_eq!(refresh_token(&store, "a.t").as_deref(), Some(secret));
    }
    store.apply(&sign_in("b.t", "b")).unwrap();
    assert_eq!(refresh_tokens(&store.tokens().unwrap()), ["b", "ten"]);
    let mut text = String::new();
    fs::File::open(&path).unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("ten"));
}
