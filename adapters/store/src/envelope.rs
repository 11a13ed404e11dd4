//! An encrypted document: what is in front of it, and what opens it.
//!
//! ```text
//! offset  length
//!      0       8  0x89 "Entrada"
//!      8       1  the version of this layout: 1
//!      9       8  the id of the key: HMAC-SHA-256(key, "entrada cache key id"), its first 8 bytes
//!     17      24  the nonce, drawn anew each time
//!     41          the document under XChaCha20-Poly1305, 16 bytes longer than it
//! ```
//!
//! The first 17 bytes and the name of the place are authenticated along, so that neither can be exchanged.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Damage, Error, Key};

const MAGIC: &[u8; 8] = b"\x89Entrada";
const VERSION: u8 = 1;
const AUTHENTICATED: usize = 8 + 1 + 8;
const HEADER: usize = AUTHENTICATED + 24;
const TAG: usize = 16;

/// How a blob that Windows protected for a user begins.
const DPAPI: [u8; 20] =
    [1, 0, 0, 0, 0xd0, 0x8c, 0x9d, 0xdf, 1, 0x15, 0xd1, 0x11, 0x8c, 0x7a, 0, 0xc0, 0x4f, 0xc2, 0x97, 0xeb];

/// What bytes are, by how they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing but white space.
    Empty,
    /// Encrypted here.
    Envelope,
    /// Encrypted by Windows.
    Dpapi,
    /// A text, as far as one can see.
    Text,
}

pub(crate) fn kind(bytes: &[u8]) -> Kind {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        Kind::Empty
    } else if bytes[0] == MAGIC[0] && MAGIC.starts_with(&bytes[..bytes.len().min(MAGIC.len())]) {
        Kind::Envelope
    } else if bytes.starts_with(&DPAPI) {
        Kind::Dpapi
    } else {
        Kind::Text
    }
}

/// Why an envelope stays closed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    Newer(u8),
    WrongKey,
    Damaged(Damage),
}

/// Encrypts a document for a place.
pub(crate) fn seal(key: &Key, place: &[u8], document: &[u8]) -> Result<Vec<u8>, Error> {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8] = VERSION;
    header[9..AUTHENTICATED].copy_from_slice(&key_id(key));
    getrandom::fill(&mut header[AUTHENTICATED..]).map_err(|_| Error::NoRandomness)?;
    // As large as it will be: a buffer that grows leaves clear text behind.
    let mut sealed = Zeroizing::new(Vec::with_capacity(document.len() + TAG));
    sealed.extend_from_slice(document);
    let nonce = XNonce::try_from(&header[AUTHENTICATED..]).expect("it is as long as a nonce");
    cipher(key)
        .encrypt_in_place(&nonce, &authenticated(&header, place), &mut *sealed)
        .expect("no document is as long as this cipher's limit of 256 GiB");
    let mut envelope = Vec::with_capacity(HEADER + sealed.len());
    envelope.extend_from_slice(&header);
    envelope.extend_from_slice(&sealed);
    Ok(envelope)
}

/// Decrypts an envelope that was made for a place.
pub(crate) fn open(key: &Key, place: &[u8], envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
    match envelope.get(MAGIC.len()) {
        Some(&VERSION) => {}
        Some(&newer) if newer > VERSION => return Err(Closed::Newer(newer)),
        _ => return Err(Closed::Damaged(Damage::Incomplete)),
    }
    if envelope.len() < HEADER + TAG {
        return Err(Closed::Damaged(Damage::Incomplete));
    }
    let (header, sealed) = envelope.split_at(HEADER);
    if header[9..AUTHENTICATED] != key_id(key) {
        return Err(Closed::WrongKey);
    }
    let nonce = XNonce::try_from(&header[AUTHENTICATED..]).expect("it is as long as a nonce");
    let mut document = Zeroizing::new(sealed.to_vec());
    cipher(key)
        .decrypt_in_place(&nonce, &authenticated(header, place), &mut *document)
        .map_err(|_| Closed::Damaged(Damage::Altered))?;
    Ok(document)
}

/// What tells a key from others and tells nothing about it.
fn key_id(key: &Key) -> [u8; 8] {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key.expose()).expect("HMAC takes keys of any length");
    mac.update(b"entrada cache key id");
    let mut id = [0; 8];
    id.copy_from_slice(&mac.finalize().into_bytes()[..8]);
    id
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
}

fn authenticated(header: &[u8], place: &[u8]) -> Vec<u8> {
    [&header[..AUTHENTICATED], place].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_opens_for_its_key_at_its_place_and_as_it_was_made_alone() {
        let key = Key::generate().unwrap();
        let sealed = seal(&key, b"here", b"{\"secret\":\"hunter2\"}").unwrap();
        assert_eq!(*open(&key, b"here", &sealed).unwrap(), b"{\"secret\":\"hunter2\"}");
        assert_eq!(kind(&sealed), Kind::Envelope);
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_ne!(seal(&key, b"here", b"{\"secret\":\"hunter2\"}").unwrap(), sealed);

        assert_eq!(open(&Key::generate().unwrap(), b"here", &sealed).unwrap_err(), Closed::WrongKey);
        assert_eq!(open(&key, b"there", &sealed).unwrap_err(), Closed::Damaged(Damage::Altered));
        for at in HEADER - 1..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(open(&key, b"here", &altered).unwrap_err(), Closed::Damaged(Damage::Altered), "{at}");
        }
        for len in 1..sealed.len() {
            let cut = &sealed[..len];
            assert_eq!(kind(cut), Kind::Envelope);
            let least = if len < HEADER + TAG { Damage::Incomplete } else { Damage::Altered };
            assert_eq!(open(&key, b"here", cut).unwrap_err(), Closed::Damaged(least), "{len}");
        }
        let mut newer = sealed;
        newer[8] = 2;
        assert_eq!(open(&key, b"here", &newer).unwrap_err(), Closed::Newer(2));
    }

    #[test]
    fn a_blob_is_told_by_its_beginning() {
        assert_eq!(kind(b" \r\n"), Kind::Empty);
        assert_eq!(kind(b""), Kind::Empty);
        assert_eq!(kind(b"{}"), Kind::Text);
        assert_eq!(kind(b"\x89PNG"), Kind::Text);
        assert_eq!(kind(&[&DPAPI[..], b"rest"].concat()), Kind::Dpapi);
    }
}
