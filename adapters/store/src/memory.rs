//! Tokens kept as long as the process lives.

use std::sync::{Mutex, PoisonError};

use entrada_core::cache::{CacheUpdate, StoreError, TokenCache, TokenQuery, TokenStore, TokenView};

/// Tokens in memory, which the threads of a process share. They are wiped when it is dropped.
///
/// ```
/// use entrada_core::cache::{CacheUpdate, TokenCache, TokenStore};
/// use entrada_store::MemoryStore;
///
/// let store = MemoryStore::new(TokenCache::default());
/// store.apply(&CacheUpdate::default())?;
/// assert!(store.tokens().is_empty());
/// # Ok::<(), entrada_core::cache::StoreError>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<TokenCache>);

impl MemoryStore {
    /// A store that begins with these tokens.
    #[must_use]
    pub const fn new(tokens: TokenCache) -> Self {
        Self(Mutex::new(tokens))
    }

    /// A copy of what is kept.
    #[must_use]
    pub fn tokens(&self) -> TokenCache {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl TokenStore for MemoryStore {
    fn find(&self, query: &TokenQuery) -> Result<TokenView, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).find(query))
    }

    fn apply(&self, update: &CacheUpdate) -> Result<(), StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).apply(update);
        Ok(())
    }
}
