//! Keys by name: what answers a flow that asks for a signature.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use entrada_core::signer::{Signature, Signer, SignerError, SignerErrorKind, SigningInput};

use crate::key::PrivateKey;

/// Private keys by name. Cheap to clone: the clones share the keys, so that a key added to one is in all.
///
/// A certificate is renewed without a restart: add the new key under a new name, let new flows ask for that name,
/// and remove the old one when no flow asks for it any more.
#[derive(Clone, Default)]
pub struct KeyRing(Arc<RwLock<BTreeMap<String, PrivateKey>>>);

impl KeyRing {
    /// A ring without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key. If the name is taken, the key replaces the old one, which is returned.
    pub fn add(&self, name: impl Into<String>, key: PrivateKey) -> Option<PrivateKey> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), key)
    }

    /// Takes a key away.
    pub fn remove(&self, name: &str) -> Option<PrivateKey> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name)
    }

    /// Makes the signature that a flow asks for, in about a millisecond of the processor; see
    /// [what it costs](crate#what-it-costs). Threads may sign at the same time.
    ///
    /// # Errors
    ///
    /// [`SignerErrorKind::Unavailable`] if there is no key of that name, otherwise as [`PrivateKey::sign`].
    pub fn sign(&self, input: &SigningInput) -> Result<Signature, SignerError> {
        let key = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&input.key).cloned();
        let key = key
            .ok_or_else(|| SignerError::new(SignerErrorKind::Unavailable, "there is no key of that name"))?;
        key.sign(input.algorithm, &input.input)
    }
}

impl Signer for KeyRing {
    fn sign(&self, input: &SigningInput) -> Result<Signature, SignerError> {
        Self::sign(self, input)
    }
}

/// Shows the names alone.
impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_tuple("KeyRing").field(&keys.keys().collect::<Vec<_>>()).finish()
    }
}
