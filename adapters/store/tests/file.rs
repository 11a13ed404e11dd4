//! The file store against everything that can be in its place.
#![cfg(feature = "file")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{refresh_token, refresh_tokens, sign_in};
use entrada_store::core::cache::TokenStore;
use entrada_store::{Damage, Error, FileOptions, FileStore, Key, Protection, Warning};
use tempfile::TempDir;

const A_CACHE: &str = r#"{"AccessToken":{},"RefreshToken":{"k":{"home_account_id":"u.t","environment":"login.microsoftonline.com","client_id":"my_client_id","credential_type":"RefreshToken","secret":"theirs"}}}"#;

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    (folder, path)
}

fn plain(path: &Path) -> Result<FileStore, Error> {
    FileStore::open(path, Protection::PlainText)
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_one_store_keeps_another_finds() {
    for protection in [|_: &Key| Protection::PlainText, |key: &Key| Protection::Key(key.clone())] {
        let (folder, path) = place();
        let key = Key::generate().unwrap();
        let first = FileStore::open(&path, protection(&key)).unwrap();
        let second = FileStore::open(&path, protection(&key)).unwrap();
        assert!(!path.exists());
        first.apply(&sign_in("a.t", "one")).unwrap();
        assert_eq!(refresh_token(&second, "a.t").as_deref(), Some("one"));
        second.apply(&sign_in("b.t", "two")).unwrap();
        second.apply(&sign_in("a.t", "three")).unwrap();
        assert_eq!(refresh_token(&first, "a.t").as_deref(), Some("three"));
        assert_eq!(refresh_tokens(&first.tokens().unwrap()), ["three", "two"]);
        // Neither lock nor temporary file stays.
        assert_eq!(names(&folder), ["tokens"]);
        assert_eq!(first.take_warnings(), []);
    }
}

#[test]
fn an_encrypted_file_shows_nothing() {
    let (_folder, path) = place();
    let store = FileStore::open(&path, Protection::Key(Key::generate().unwrap())).unwrap();
    store.apply(&sign_in("a.t", "hunter2")).unwrap();
    let bytes = fs::read(&path).unwrap();
    for part in ["hunter2", "RefreshToken", "a.t@contoso.com"] {
        assert!(!bytes.windows(part.len()).any(|window| window == part.as_bytes()), "{part}");
    }
    assert!(!format!("{store:?}").contains("hunter2"));
}

#[test]
fn the_folder_is_made_with_the_first_token() {
    let (_folder, path) = place();
    let path = path.join("deep").join("tokens");
    let store = plain(&path).unwrap();
    assert_eq!(refresh_token(&store, "a.t"), None);
    assert!(!path.parent().unwrap().exists());
    store.apply(&sign_in("a.t", "one")).unwrap();
    assert_eq!(refresh_token(&store, "a.t").as_deref(), Some("one"));
}

#[test]
fn what_cannot_be_read_is_set_aside_and_told() {
    let twice = A_CACHE.replace("{\"k\":", "{\"k\":{},\"k\":");
    for (content, damage) in [
        (&A_CACHE[..A_CACHE.len() - 20], Damage::Incomplete),
        ("not a cache", Damage::NotJson),
        (r#"{"RefreshToken":[]}"#, Damage::NotACache),
        ("[]", Damage::NotACache),
        ("null", Damage::NotACache),
        (&twice, Damage::NameTwice),
    ] {
        let (folder, path) = place();
        fs::write(&path, content).unwrap();
        let store = plain(&path).unwrap();
        let [Warning::SetAside { kept_as, damage: told, .. }] = &without_permissions(&store)[..] else {
            panic!("one warning")
        };
        assert_eq!((*told, fs::read_to_string(kept_as).unwrap().as_str()), (damage, content));
        store.apply(&sign_in("a.t", "one")).unwrap();
        assert_eq!(refresh_token(&store, "a.t").as_deref(), Some("one"));
        assert_eq!(fs::read_to_string(kept_as).unwrap(), content);
        assert_eq!(names(&folder).len(), 2);
    }
}

/// The warnings, without the one that files written by these tests have a wider mode.
fn without_permissions(store: &FileStore) -> Vec<Warning> {
    let mut warnings = store.take_warnings();
    warnings.retain(|warning| !matches!(warning, Warning::OpenToOthers { .. }));
    warnings
}

#[test]
fn a_second_broken_file_does_not_replace_the_first() {
    let (folder, path) = place();
    for nth in 0..3 {
        fs::write(&path, format!("broken {nth}")).unwrap();
        plain(&path).unwrap();
    }
    let kept: Vec<_> =
        names(&folder).iter().map(|name| fs::read_to_string(folder.path().join(name)).unwrap()).collect();
    assert_eq!(kept, ["broken 0", "broken 1", "broken 2"]);
}

#[test]
fn a_file_cut_anywhere_never_costs_a_token_in_silence() {
    let (_folder, path) = place();
    let key = Key::generate().unwrap();
    let open = || FileStore::open(&path, Protection::Key(key.clone()));
    open().unwrap().apply(&sign_in("a.t", "one")).unwrap();
    let whole = fs::read(&path).unwrap();
    for len in (1..whole.len()).step_by(7) {
        fs::write(&path, &whole[..len]).unwrap();
        let store = open().unwrap();
        let [Warning::SetAside { kept_as, .. }] = &without_permissions(&store)[..] else { panic!("{len}") };
        assert_eq!(fs::read(kept_as).unwrap(), &whole[..len]);
    }
}

#[test]
fn what_another_can_read_is_left_alone() {
    let key = Key::generate().unwrap();
    let with = |key: &Key| Protection::Key(key.clone());
    let sealed = {
        let (_folder, path) = place();
        FileStore::open(&path, with(&key)).unwrap().apply(&sign_in("a.t", "one")).unwrap();
        fs::read(&path).unwrap()
    };
    let mut newer = sealed.clone();
    newer[8] = 7;
    let dpapi =
        b"\x01\0\0\0\xd0\x8c\x9d\xdf\x01\x15\xd1\x11\x8c\x7a\0\xc0\x4f\xc2\x97\xeb and so on".to_vec();
    let other = Key::generate().unwrap();
    for (content, protection, code) in [
        (&newer, with(&key), "store_newer_version"),
        (&sealed, with(&other), "store_wrong_key"),
        (&sealed, Protection::PlainText, "store_encrypted"),
        (&A_CACHE.as_bytes().to_vec(), with(&key), "store_not_encrypted"),
        (&dpapi, Protection::PlainText, "store_dpapi"),
        (&dpapi, with(&key), "store_dpapi"),
    ] {
        let (folder, path) = place();
        // It comes to be there while the store is open.
        let store = FileStore::open(&path, protection).unwrap();
        fs::write(&path, content).unwrap();
        let error = store.tokens().unwrap_err();
        assert_eq!(error.code(), code);
        assert!(!error.remedy().is_empty());
        let refused = store.apply(&sign_in("b.t", "two")).unwrap_err().to_string();
        assert!(refused.contains(code) && refused.contains(&error.remedy()), "{refused}");
        assert_eq!(&fs::read(&path).unwrap(), content);
        assert_eq!(names(&folder), ["tokens"]);
    }
}

#[test]
fn plain_text_is_encrypted_if_that_was_asked_for() {
    let (_folder, path) = place();
    fs::write(&path, A_CACHE).unwrap();
    let mut options = FileOptions::default();
    options.encrypt_existing = true;
    let key = Key::generate().unwrap();
    let store = FileStore::open_with(&path, Protection::Key(key.clone()), &options).unwrap();
    assert!(without_permissions(&store).iter().any(|one| matches!(one, Warning::WasPlainText { .. })));
    assert!(!fs::read(&path).unwrap().windows(6).any(|part| part == b"theirs"));
    let again = FileStore::open(&path, Protection::Key(key)).unwrap();
    assert_eq!(refresh_token(&again, "u.t").as_deref(), Some("theirs"));
}

#[test]
fn a_file_whose_key_is_lost_is_set_aside_on_demand() {
    let (_folder, path) = place();
    assert_eq!(FileStore::set_aside(&path).unwrap(), None);
    let lost = Key::generate().unwrap();
    FileStore::open(&path, Protection::Key(lost.clone())).unwrap().apply(&sign_in("a.t", "one")).unwrap();
    let key = Key::generate().unwrap();
    assert!(FileStore::open(&path, Protection::Key(key.clone())).is_err());
    let aside = FileStore::set_aside(&path).unwrap().unwrap();
    let store = FileStore::open(&path, Protection::Key(key)).unwrap();
    store.apply(&sign_in("b.t", "two")).unwrap();
    let found = FileStore::open(&aside, Protection::Key(lost)).unwrap();
    assert_eq!(refresh_token(&found, "a.t").as_deref(), Some("one"));
}

#[test]
fn an_empty_file_is_an_empty_cache() {
    for content in ["", "\n", "{}", "\u{feff}{}"] {
        let (_folder, path) = place();
        fs::write(&path, content).unwrap();
        let store = plain(&path).unwrap();
        assert!(store.tokens().unwrap().is_empty());
        assert_eq!(without_permissions(&store), []);
    }
}

#[test]
fn a_file_of_a_hostile_author_is_refused_before_it_takes_memory() {
    let (_folder, path) = place();
    let mut options = FileOptions::default();
    options.max_bytes = 1024 * 1024;
    let open = || FileStore::open_with(&path, Protection::PlainText, &options);
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(open().unwrap_err().code(), "store_too_large");
    // Of an allowed length, and of a hundred times that in memory.
    let entries: String = (0..90_000).map(|nth| format!("\"{nth}\":0,")).collect();
    fs::write(&path, format!("{{\"AccessToken\":{{{entries}\"x\":0}}}}")).unwrap();
    let store = open().unwrap();
    let warnings = without_permissions(&store);
    assert!(
        matches!(warnings[..], [Warning::SetAside { damage: Damage::TooManyValues, .. }]),
        "{warnings:?}"
    );
    // What it writes it can read.
    let large = sign_in("a.t", &"x".repeat(1024 * 1024));
    assert!(store.apply(&large).unwrap_err().to_string().contains("store_too_large"));
    store.apply(&sign_in("a.t", "one")).unwrap();
    assert_eq!(refresh_token(&store, "a.t").as_deref(), Some("one"));
}

#[test]
fn entries_of_wrong_types_are_carried_along() {
    let (_folder, path) = place();
    let strange = r#"{"RefreshToken":{"a":5,"b":{"secret":7},"c":null},"Account":null,"Mystery":[1]}"#;
    fs::write(&path, strange).unwrap();
    plain(&path).unwrap().apply(&sign_in("a.t", "one")).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for part in [r#""a":5"#, r#""b":{"secret":7}"#, r#""c":null"#, r#""Mystery":[1]"#, r#""one""#] {
        assert!(text.contains(part), "{part} {text}");
    }
    let again = plain(&path).unwrap();
    assert!(!again.tokens().unwrap().is_empty());
    assert!(again.take_warnings().is_empty());
}

#[test]
fn a_folder_in_its_place_is_named() {
    let (_folder, path) = place();
    fs::create_dir(&path).unwrap();
    assert_eq!(plain(&path).unwrap_err().code(), "store_not_a_file");
    assert!(FileStore::set_aside(&path).is_err());
}

#[test]
fn a_folder_in_the_place_of_its_lock_is_named() {
    let (_folder, path) = place();
    fs::create_dir(path.with_extension("lockfile")).unwrap();
    let refused = plain(&path).unwrap().apply(&sign_in("a.t", "one")).unwrap_err().to_string();
    assert!(refused.contains("store_not_a_file") && refused.contains("lockfile is a folder"), "{refused}");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_file_is_its_owners_alone() {
        let (folder, path) = place();
        plain(&path).unwrap().apply(&sign_in("a.t", "one")).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let store = plain(&path).unwrap();
        assert_eq!(store.take_warnings(), [Warning::OpenToOthers { path: path.clone(), mode: 0o644 }]);
        assert_eq!(mode(&path), 0o600);
        let deep = folder.path().join("new").join("tokens");
        plain(&deep).unwrap().apply(&sign_in("a.t", "one")).unwrap();
        assert_eq!(mode(deep.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_link_is_neither_followed_nor_replaced() {
        let (folder, path) = place();
        let target = folder.path().join("elsewhere");
        fs::write(&target, A_CACHE).unwrap();
        symlink(&target, &path).unwrap();
        let error = plain(&path).unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().ends_with("a symbolic link, not a file")),
            ("store_not_a_file", true)
        );
        assert!(path.is_symlink());
        fs::remove_file(&path).unwrap();
        // Nor is that of its lock.
        symlink(&target, path.with_extension("lockfile")).unwrap();
        assert!(plain(&path).unwrap().apply(&sign_in("a.t", "one")).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), A_CACHE);
    }

    #[test]
    fn a_pipe_does_not_hold_it_up() {
        let (_folder, path) = place();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(plain(&path).unwrap_err().code(), "store_not_a_file");
    }

    /// The superuser may do everything, so this shows something for other users only, and for the immutable.
    #[test]
    fn a_folder_that_cannot_be_written_to_is_named() {
        if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
            return;
        }
        let (folder, path) = place();
        fs::write(&path, A_CACHE).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
        let store = plain(&path).unwrap();
        assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("theirs"));
        let refused = store.apply(&sign_in("a.t", "one")).unwrap_err().to_string();
        assert!(refused.contains("store_io") && refused.contains("cannot lock"), "{refused}");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), A_CACHE);
    }

    #[test]
    fn what_is_another_users_is_refused() {
        let (_folder, path) = place();
        fs::write(&path, A_CACHE).unwrap();
        if std::os::unix::fs::chown(&path, Some(12345), None).is_err() {
            return; // Only the superuser can give a file away.
        }
        let error = plain(&path).unwrap_err();
        assert!(matches!(error, Error::OtherOwner { owner: 12345, .. }), "{error}");
        assert!(error.remedy().contains("sudo"));
    }
}
