//! Secret bytes that are put together piece by piece.

use std::fmt;
use std::io;

use super::wiped::Wiped;

/// Bytes that are put together: wiped when dropped, and where they lay before they had to grow.
///
/// Printed as their length alone, as [`SecretBytes`](super::SecretBytes) are.
#[derive(Default)]
pub struct SecretBuffer(Wiped<Vec<u8>>);

impl SecretBuffer {
    /// An empty buffer with room for so many bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Wiped::new(Vec::with_capacity(capacity)))
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For how many bytes there is room.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Makes room for so many bytes in all, if there is less.
    pub fn grow(&mut self, capacity: usize) {
        if capacity > self.capacity() {
            let mut larger = Self::with_capacity(capacity);
            larger.0.extend_from_slice(&self.0);
            *self = larger;
        }
    }

    /// Adds bytes at the end.
    pub fn extend(&mut self, bytes: &[u8]) {
        let needed = self.len().saturating_add(bytes.len());
        if needed > self.capacity() {
            self.grow(needed.max(self.capacity().saturating_mul(2)));
        }
        self.0.extend_from_slice(bytes);
    }

    /// The bytes to be worked on, such as by a cipher. Make [room](Self::grow) for what they become before: a vector that grows
    /// leaves what it outgrows behind.
    pub fn as_mut_vec(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    pub(super) fn into_inner(self) -> Wiped<Vec<u8>> {
        self.0
    }

    /// Removes so many bytes from the front.
    pub fn discard(&mut self, count: usize) {
        let count = count.min(self.len());
        self.0.drain(..count);
    }
}

impl io::Write for SecretBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for SecretBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBuffer({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_there_however_it_grows_and_until_it_is_discarded() {
        let mut buffer = SecretBuffer::with_capacity(1);
        let mut all = Vec::new();
        for length in [0, 1, 2, 100, 5000, 3] {
            let bytes = vec![u8::try_from(length % 251).unwrap(); length];
            buffer.extend(&bytes);
            all.extend(bytes);
        }
        assert_eq!((buffer.expose(), buffer.len()), (&*all, all.len()));
        buffer.grow(100_000);
        buffer.grow(5);
        assert_eq!((buffer.expose(), buffer.capacity() >= 100_000), (&*all, true));
        buffer.discard(3);
        assert_eq!(buffer.expose(), &all[3..]);
        buffer.discard(usize::MAX);
        assert!(buffer.is_empty());
        buffer.extend(b"hunter2");
        assert_eq!(format!("{buffer:?}"), "SecretBuffer(7 bytes)");
    }
}
