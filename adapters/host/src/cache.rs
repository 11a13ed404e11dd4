//! A token cache in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entrada_core::cache::{CacheDocument, CacheUpdate};

/// A token cache that lives as long as the clones that share it.
#[derive(Debug, Clone, Default)]
pub struct SharedCache(Arc<Mutex<CacheDocument>>);

impl SharedCache {
    /// The cache as it is now. It holds the tokens in clear text.
    #[must_use]
    pub fn document(&self) -> CacheDocument {
        self.locked().clone()
    }

    /// Makes a change.
    pub fn apply(&self, update: &CacheUpdate) {
        self.locked().apply(update);
    }

    fn locked(&self) -> MutexGuard<'_, CacheDocument> {
        // A panic elsewhere does not leave the document half changed in a way that matters.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
