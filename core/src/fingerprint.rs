//! Hashes that tell one thing from another, and nothing of it: SHA-256 in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Of bytes.
pub(crate) fn of(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

/// Of texts, each after its length, so that no two lists of parts look alike. Stored caches hold such keys: they must stay as they are.
pub(crate) fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        decimal(part.len(), &mut hash);
        hash.update(":");
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// Hashes the digits of a number.
fn decimal(number: usize, hash: &mut Sha256) {
    if number > 9 {
        decimal(number / 10, hash);
    }
    let digit = char::from_digit((number % 10) as u32, 10).unwrap_or_default();
    hash.update(digit.encode_utf8(&mut [0; 4]));
}
