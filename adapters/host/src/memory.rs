//! A memory that clones of a host share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entrada_core::cache::{CacheDocument, CacheQuery, CacheUpdate, CacheView, Memory};

/// What flows remember for one another, as long as the clones that share it live.
#[derive(Debug, Clone, Default)]
pub struct SharedMemory(Arc<Mutex<Memory>>);

impl SharedMemory {
    /// The token cache as it is now. It holds the tokens in clear text.
    #[must_use]
    pub fn tokens(&self) -> CacheDocument {
        self.locked().tokens().clone()
    }

    /// Answers a flow's question.
    #[must_use]
    pub fn load(&self, query: &CacheQuery) -> CacheView {
        self.locked().load(query)
    }

    /// Keeps what a flow learned.
    pub fn save(&self, update: &CacheUpdate) {
        self.locked().save(update);
    }

    fn locked(&self) -> MutexGuard<'_, Memory> {
        // A panic elsewhere does not leave the memory half changed in a way that matters.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
