//! Memory that leaves nothing behind.

use std::io::{self, Write};

use zeroize::Zeroizing;

/// Bytes that are wiped when dropped, and leave nothing behind when they grow.
pub(crate) struct Wiped(Zeroizing<Vec<u8>>);

impl Wiped {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    pub(crate) fn into_inner(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

impl Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(self.0.capacity() * 2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_there_however_it_grows() {
        let mut wiped = Wiped::with_capacity(1);
        let mut all = Vec::new();
        for length in [0, 1, 2, 100, 5000, 3] {
            let bytes = vec![u8::try_from(length % 251).unwrap(); length];
            wiped.write_all(&bytes).unwrap();
            all.extend(bytes);
        }
        assert_eq!(*wiped.into_inner(), all);
    }
}
