//! The key in the keyring of the operating system.

use std::sync::Arc;

use keyring_core::{CredentialStore, Entry};
use zeroize::Zeroizing;

use crate::{Error, Key};

/// Where in the keyring of the operating system the key of a file is: the Secret Service on Linux and its like, the
/// Keychain on macOS, the Credential Manager on Windows (which DPAPI protects).
///
/// The key is drawn and put there with the first token that is kept. Each file needs an entry of its own, as the lock
/// that guards the making of a key is that of the file. A keyring may ask its user first, which takes as long as the user
/// does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    service: String,
    account: String,
}

impl Keyring {
    /// The entry of this name.
    #[must_use]
    pub fn new(service: impl Into<String>, account: impl Into<String>) -> Self {
        Self { service: service.into(), account: account.into() }
    }

    /// The key, if there is one.
    pub(crate) fn key(&self) -> Result<Option<Key>, Error> {
        self.read(&self.entry(&*store()?)?)
    }

    /// The key, drawn if there is none.
    pub(crate) fn key_or_new(&self) -> Result<Key, Error> {
        self.key_or_new_in(&self.entry(&*store()?)?)
    }

    /// What to say if a key is needed and there is none.
    pub(crate) fn missing(&self) -> Error {
        Error::KeyMissing { service: self.service.clone(), account: self.account.clone() }
    }

    fn key_or_new_in(&self, entry: &Entry) -> Result<Key, Error> {
        if let Some(key) = self.read(entry)? {
            return Ok(key);
        }
        entry.set_secret(Key::generate()?.expose()).map_err(|error| self.refused(error))?;
        // What counts is what the keyring gives from now on.
        self.read(entry)?.ok_or_else(|| self.missing())
    }

    fn read(&self, entry: &Entry) -> Result<Option<Key>, Error> {
        let bytes = match entry.get_secret() {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(keyring_core::Error::NoEntry) => return Ok(None),
            Err(error) => return Err(self.refused(error)),
        };
        Key::from_bytes(&bytes).map(Some).map_err(|_| self.unusable())
    }

    fn entry(&self, store: &CredentialStore) -> Result<Entry, Error> {
        store.build(&self.service, &self.account, None).map_err(|error| self.refused(error))
    }

    fn unusable(&self) -> Error {
        Error::KeyUnusable { service: self.service.clone(), account: self.account.clone() }
    }

    fn refused(&self, error: keyring_core::Error) -> Error {
        use keyring_core::Error as Refused;
        match error {
            Refused::NoStorageAccess(error) => Error::KeyringLocked { detail: error.to_string() },
            // The Secret Service says that of what it was asked to make, not to read.
            Refused::PlatformFailure(error) if error.to_string().contains("IsLocked") => {
                Error::KeyringLocked { detail: error.to_string() }
            }
            Refused::PlatformFailure(error) => Error::NoKeyring { detail: error.to_string() },
            Refused::BadEncoding(bytes) | Refused::BadDataFormat(bytes, _) => {
                drop(Zeroizing::new(bytes));
                self.unusable()
            }
            Refused::Ambiguous(_) | Refused::TooLong(..) | Refused::Invalid(..) => self.unusable(),
            other => Error::NoKeyring { detail: other.to_string() },
        }
    }
}

/// The keyring of this operating system.
fn store() -> Result<Arc<CredentialStore>, Error> {
    #[cfg(target_os = "macos")]
    let store = apple_native_keyring_store::keychain::Store::new();
    #[cfg(windows)]
    let store = windows_native_keyring_store::Store::new();
    #[cfg(all(unix, not(target_os = "macos")))]
    let store = zbus_secret_service_keyring_store::Store::new();
    match store {
        Ok(store) => Ok(store),
        Err(keyring_core::Error::PlatformFailure(error)) => {
            Err(Error::NoKeyring { detail: error.to_string() })
        }
        Err(error) => Err(Error::NoKeyring { detail: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyring_core::Error as Refused;
    use keyring_core::mock;

    fn mock_entry(keyring: &Keyring) -> Entry {
        keyring.entry(&*mock::Store::new().unwrap()).unwrap()
    }

    #[test]
    fn a_key_is_drawn_once() {
        let keyring = Keyring::new("service", "account");
        let entry = mock_entry(&keyring);
        assert!(keyring.read(&entry).unwrap().is_none());
        let key = keyring.key_or_new_in(&entry).unwrap();
        assert_eq!(keyring.key_or_new_in(&entry).unwrap().expose(), key.expose());
        assert_eq!(entry.get_secret().unwrap(), key.expose());
    }

    #[test]
    fn what_a_keyring_refuses_is_told_apart() {
        let keyring = Keyring::new("service", "account");
        let entry = mock_entry(&keyring);
        let failure = |text: &str| Box::<dyn std::error::Error + Send + Sync>::from(text);
        for (error, code) in [
            (Refused::NoStorageAccess(failure("locked")), "store_keyring_locked"),
            (Refused::PlatformFailure(failure("…Error.IsLocked: …")), "store_keyring_locked"),
            (Refused::PlatformFailure(failure("no such bus")), "store_no_keyring"),
            (Refused::BadEncoding(vec![1]), "store_key_unusable"),
            (Refused::Ambiguous(Vec::new()), "store_key_unusable"),
        ] {
            let cred: &mock::Cred = entry.as_any().downcast_ref().unwrap();
            cred.set_error(error);
            assert_eq!(keyring.key_or_new_in(&entry).unwrap_err().code(), code);
        }
        entry.set_password("a password of somebody's").unwrap();
        assert_eq!(keyring.key_or_new_in(&entry).unwrap_err().code(), "store_key_unusable");
        assert_eq!(entry.get_password().unwrap(), "a password of somebody's");
    }
}
