//! Randomness as the driver gives it.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroize;

use crate::error::{Error, Fault};

/// The randomness of one flow: 32 bytes from the operating system's generator.
///
/// Every random value of the flow is derived from it by a label and an ordinal with HMAC-SHA-256 (RFC 2104),
/// so that the same seed and the same replies give the same bytes. It cannot be cloned or printed, and is
/// wiped when dropped. Never use a seed for two flows: their identifiers would be the same.
pub struct Seed([u8; 32]);

impl Seed {
    /// Has `fill` write 32 random bytes: the operating system's, as from `getrandom::fill`. No copy of them is left.
    ///
    /// # Errors
    /// [`Fault::NoRandomness`](crate::error::Fault) with the words of `fill` if it fails.
    pub fn draw<E: fmt::Display>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, Error> {
        let mut seed = Self([0; 32]);
        match fill(&mut seed.0) {
            Ok(()) => Ok(seed),
            Err(error) => Err(Fault::NoRandomness { detail: error.to_string() }.into()),
        }
    }

    /// Takes 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes for the `ordinal`th value with this label.
    pub(crate) fn bytes(&self, label: &str, ordinal: u32) -> [u8; 32] {
        // HMAC takes a key of any length, so the fallback is never reached; it keeps the core free of panics.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        mac.update(label.as_bytes());
        mac.update(&[0]);
        mac.update(&ordinal.to_be_bytes());
        mac.finalize().into_bytes().into()
    }

    /// From nothing to ten minutes: by how much a refresh comes later than it might.
    pub(crate) fn jitter(&self) -> Duration {
        let [first, second, ..] = self.bytes("jitter", 0);
        Duration::from_secs(u64::from(u16::from_be_bytes([first, second])) % 600)
    }

    /// The randomness of the `ordinal`th part of a flow that is made of others with this label.
    pub(crate) fn derived(&self, label: &str, ordinal: u32) -> Self {
        Self(self.bytes(label, ordinal))
    }

    /// A version 4 UUID (RFC 9562, section 5.4) in lower-case text.
    pub(crate) fn uuid(&self, label: &str, ordinal: u32) -> String {
        let random = self.bytes(label, ordinal);
        let mut text = String::with_capacity(36);
        for (at, byte) in random.iter().take(16).enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let byte = match at {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => *byte,
            };
            for digit in [byte >> 4, byte & 0x0f] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        text
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_depend_on_seed_label_and_ordinal() {
        let seed = Seed::new([7; 32]);
        assert_eq!(seed.bytes("state", 0), Seed::new([7; 32]).bytes("state", 0));
        assert_ne!(seed.bytes("state", 0), seed.bytes("state", 1));
        assert_ne!(seed.bytes("state", 0), seed.bytes("nonce", 0));
        assert_ne!(seed.bytes("state", 0), Seed::new([8; 32]).bytes("state", 0));
    }

    #[test]
    fn a_uuid_is_of_version_4_and_of_the_rfc_variant() {
        for ordinal in 0..100 {
            let text = Seed::new([1; 32]).uuid("message-id", ordinal);
            assert_eq!(text.len(), 36);
            assert_eq!(text.chars().filter(|&c| c == '-').count(), 4);
            assert_eq!(text.chars().nth(14), Some('4'));
            assert!(matches!(text.chars().nth(19), Some('8' | '9' | 'a' | 'b')));
        }
    }

    #[test]
    fn a_generator_that_fails_gives_no_seed_but_its_words() {
        let drawn = Seed::draw(|bytes| {
            bytes.fill(7);
            Ok::<_, fmt::Error>(())
        });
        assert_eq!(drawn.unwrap().bytes("state", 0), Seed::new([7; 32]).bytes("state", 0));
        let error = Seed::draw(|_| Err("the pool is empty")).unwrap_err();
        assert_eq!(error.code(), "no_randomness");
        assert!(crate::error::OWN_CODES.iter().any(|(code, _)| *code == error.code()));
        assert_eq!(error.to_string(), "there is no randomness: the pool is empty");
        assert!(error.remedy().starts_with("The operator: "));
    }

    #[test]
    fn a_seed_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", Seed::new([0x41; 32])), "Seed(…)");
    }
}
