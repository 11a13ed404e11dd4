//! The body of a response while it is read.

use entrada_core::http::{TransportError, TransportErrorKind};
use entrada_core::secret::{SecretBuffer, SecretBytes};

/// A body as it arrives: never longer than the limit, and wiped, as most bodies hold a token.
pub struct Collected {
    bytes: SecretBuffer,
    limit: usize,
}

impl Collected {
    /// Begins, with the length if it was announced.
    ///
    /// # Errors
    /// If the announced length is over `limit`.
    pub fn new(limit: usize, announced: Option<u64>) -> Result<Self, TransportError> {
        let announced = announced.map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced > limit {
            return Err(too_large(limit));
        }
        Ok(Self { bytes: SecretBuffer::with_capacity(announced), limit })
    }

    /// Takes the next part.
    ///
    /// # Errors
    /// If the whole is longer than the limit with it.
    pub fn add(&mut self, part: &[u8]) -> Result<(), TransportError> {
        let length = self.bytes.len().saturating_add(part.len());
        if length > self.limit {
            return Err(too_large(self.limit));
        }
        if length > self.bytes.capacity() {
            self.bytes.grow(self.bytes.capacity().saturating_mul(2).max(length).min(self.limit));
        }
        self.bytes.extend(part);
        Ok(())
    }

    /// The whole.
    #[must_use]
    pub fn into_secret(self) -> SecretBytes {
        self.bytes.into()
    }
}

/// Shows the length alone.
impl std::fmt::Debug for Collected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collected").field("bytes", &self.bytes.len()).field("limit", &self.limit).finish()
    }
}

fn too_large(limit: usize) -> TransportError {
    TransportError::new(TransportErrorKind::TooLarge, format!("more than {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_whole_whether_or_not_its_length_was_announced_rightly() {
        let whole: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        for announced in [None, Some(0), Some(1), Some(9_999), Some(10_000)] {
            for size in [1, 7, 4096, 10_000] {
                let mut body = Collected::new(10_000, announced).unwrap();
                for part in whole.chunks(size) {
                    body.add(part).unwrap();
                }
                assert_eq!(body.into_secret().expose(), whole);
            }
        }
    }

    #[test]
    fn a_body_over_the_limit_is_refused_when_announced_and_when_it_comes() {
        assert!(Collected::new(9, Some(10)).is_err());
        assert!(Collected::new(9, Some(u64::MAX)).is_err());
        let mut body = Collected::new(9, None).unwrap();
        body.add(b"12345").unwrap();
        assert_eq!(body.add(b"67890").unwrap_err().kind, TransportErrorKind::TooLarge);
        body.add(b"6789").unwrap();
        assert_eq!(body.into_secret().expose(), b"123456789");
    }

    #[test]
    fn a_body_in_the_making_shows_its_length_alone() {
        let mut body = Collected::new(9, None).unwrap();
        body.add(b"hunter2").unwrap();
        assert_eq!(format!("{body:?}"), "Collected { bytes: 7, limit: 9 }");
    }
}
