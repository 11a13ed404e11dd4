//! A memory that clones of a host share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entrada_core::cache::{CacheQuery, CacheUpdate, CacheView, Memory, StoreError, TokenCache, TokenStore};

/// What flows remember for one another, as long as the clones that share it live; the tokens in a store, if there is one.
#[derive(Clone, Default)]
pub struct SharedMemory {
    memory: Arc<Mutex<Memory>>,
    store: Option<Arc<dyn TokenStore>>,
}

impl SharedMemory {
    /// A memory whose tokens are kept in a store.
    #[must_use]
    pub fn new(store: Option<Arc<dyn TokenStore>>) -> Self {
        Self { memory: Arc::default(), store }
    }

    /// The token cache as it is now, where no store keeps it. It holds the tokens in clear text.
    #[must_use]
    pub fn tokens(&self) -> TokenCache {
        self.locked().tokens().clone()
    }

    /// Whether answering may block, as a store is asked.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.store.is_some()
    }

    /// Answers a flow's question.
    ///
    /// # Errors
    /// The store's. Whoever asks goes on without what was asked for.
    pub fn load(&self, query: &CacheQuery) -> Result<CacheView, StoreError> {
        match (&self.store, &query.tokens) {
            (Some(store), Some(tokens)) => {
                let found = store.find(tokens)?;
                let mut rest = query.clone();
                rest.tokens = None;
                let mut view = self.locked().load(&rest);
                view.tokens = Some(found);
                Ok(view)
            }
            _ => Ok(self.locked().load(query)),
        }
    }

    /// Keeps what a flow learned.
    ///
    /// # Errors
    /// The store's. What it does not keep is remembered all the same.
    pub fn save(&self, update: &CacheUpdate) -> Result<(), StoreError> {
        match &self.store {
            Some(store) if !update.tokens.is_empty() => {
                let mut rest = update.clone();
                rest.tokens.clear();
                self.locked().save(&rest);
                store.apply(update)
            }
            _ => {
                self.locked().save(update);
                Ok(())
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, Memory> {
        // A panic elsewhere does not leave the memory half changed in a way that matters.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
