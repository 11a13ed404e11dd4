//! Memory that is wiped.

use std::mem;
use std::ops::{Deref, DerefMut};

use zeroize::optimization_barrier;

/// A text or bytes, wiped when dropped with all the room that they have, used or not.
///
/// As `zeroize::Zeroizing`, which writes byte by byte: of a token of some thousand bytes that takes longer than to look it up.
#[derive(Clone, Default)]
pub(super) struct Wiped<T: Default + Into<Vec<u8>>>(T);

impl<T: Default + Into<Vec<u8>>> Wiped<T> {
    pub(super) const fn new(secret: T) -> Self {
        Self(secret)
    }
}

impl<T: Default + Into<Vec<u8>>> Deref for Wiped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Default + Into<Vec<u8>>> DerefMut for Wiped<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Default + Into<Vec<u8>>> Drop for Wiped<T> {
    fn drop(&mut self) {
        let mut bytes = mem::take(&mut self.0).into();
        bytes.clear();
        bytes.resize(bytes.capacity(), 0);
        // Or it could be seen that nobody reads the zeros.
        optimization_barrier(&*bytes);
    }
}
