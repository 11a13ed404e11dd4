//! The key that a cache is encrypted with.

use std::fmt;

use zeroize::Zeroizing;

use crate::Error;

/// A key of 32 random bytes. It is wiped when dropped and never printed.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// The length of a key in bytes.
    pub const LEN: usize = 32;

    /// Draws a key from the operating system.
    ///
    /// # Errors
    /// [`Error::NoRandomness`] if the system has none to give.
    pub fn generate() -> Result<Self, Error> {
        let mut key = Self(Zeroizing::new([0; Self::LEN]));
        getrandom::fill(&mut *key.0).map_err(|_| Error::NoRandomness)?;
        Ok(key)
    }

    /// Takes a key from wherever the caller keeps it: a vault, a secret of the cluster, a hardware module. A password is
    /// no key; it has to go through a password hash first.
    ///
    /// # Errors
    /// [`Error::BadKey`] if it is not 32 bytes long, or all its bytes are the same.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut key = Self(Zeroizing::new([0; Self::LEN]));
        if bytes.len() != Self::LEN || bytes.iter().all(|byte| Some(byte) == bytes.first()) {
            return Err(Error::BadKey { len: bytes.len() });
        }
        key.0.copy_from_slice(bytes);
        Ok(key)
    }

    /// The key itself, for whoever keeps it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused() {
        for bytes in [&[1; 31][..], &[0; 33], &[0; 32], &[7; 32], b"password"] {
            assert_eq!(Key::from_bytes(bytes).unwrap_err(), Error::BadKey { len: bytes.len() });
        }
        let key = Key::generate().unwrap();
        assert_eq!(Key::from_bytes(key.expose()).unwrap().expose(), key.expose());
        assert_ne!(Key::generate().unwrap().expose(), key.expose());
        assert_eq!(format!("{key:?}"), "Key(…)");
    }
}
