//! The key in Windows' Credential Manager.
#![cfg(all(feature = "keyring", windows))]

mod common;

use common::{refresh_token, sign_in};
use entrada_store::core::cache::TokenStore;
use entrada_store::{FileStore, Keyring, Protection};

#[test]
#[ignore = "writes to the user's Credential Manager: run it where there is nothing in it"]
fn a_file_opens_with_the_credential_manager() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    let open = |path| {
        FileStore::open(
            path,
            Protection::Keyring(Keyring::new("entrada test", folder.path().display().to_string())),
        )
    };
    open(&path).unwrap().apply(&sign_in("a.t", "hunter2")).unwrap();
    assert_eq!(refresh_token(&open(&path).unwrap(), "a.t").as_deref(), Some("hunter2"));
    let other = FileStore::open(&path, Protection::Keyring(Keyring::new("entrada test", "another")));
    assert_eq!(other.unwrap_err().code(), "store_key_missing");
}
