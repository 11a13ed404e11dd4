//! An encrypted document: what is in front of it, and what opens it.
//!
//! ```text
//! offset  length
//!      0       8  0x89 "Entrada"
//!      8       1  the version of this layout: 1
//!      9       8  the id of the key: HMAC-SHA-256(key, "entrada cache key id"), its first 8 bytes
//!     17      19  the nonce, drawn anew each time
//!     36          the document in pieces of 65,536 bytes, the last as long as it is; each under
//!                 XChaCha20-Poly1305 and 16 bytes longer than it
//! ```
//!
//! A piece has for its nonce that of the document, its number in four bytes (the highest first), and one byte that is 1 for the
//! last and 0 for the others: the construction STREAM, so that no piece can be left out, added or exchanged. The first 17 bytes and
//! the name of the place are authenticated along with each.

use std::fmt;

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::XChaCha20Poly1305;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Damage, Error, Key};

const MAGIC: &[u8; 8] = b"\x89Entrada";
const VERSION: u8 = 1;
const AUTHENTICATED: usize = 8 + 1 + 8;
const NONCE: usize = 19;
/// How long what is in front of the pieces is.
pub(crate) const HEADER: usize = AUTHENTICATED + NONCE;
/// By how much a piece is longer once it is encrypted.
pub(crate) const TAG: usize = 16;

/// How a blob that Windows protected for a user begins.
const DPAPI: [u8; 20] =
    [1, 0, 0, 0, 0xd0, 0x8c, 0x9d, 0xdf, 1, 0x15, 0xd1, 0x11, 0x8c, 0x7a, 0, 0xc0, 0x4f, 0xc2, 0x97, 0xeb];

/// What bytes are, by how they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Encrypted here.
    Envelope,
    /// Encrypted by Windows.
    Dpapi,
    /// A text, as far as one can see.
    Text,
}

/// The kind of what begins with these bytes; the first [`HEADER`] of them tell, if there are as many.
pub(crate) fn kind(bytes: &[u8]) -> Kind {
    let (magic, _) = bytes.split_at(bytes.len().min(MAGIC.len()));
    if !magic.is_empty() && MAGIC.starts_with(magic) {
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

/// Encrypts the pieces of a document for a place.
pub(crate) struct Seal {
    stream: EncryptorBE32<XChaCha20Poly1305>,
    authenticated: Vec<u8>,
}

impl Seal {
    /// Begins a document; what is returned beside goes in front of its pieces.
    pub(crate) fn new(key: &Key, place: &[u8]) -> Result<([u8; HEADER], Self), Error> {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8] = VERSION;
        header[9..AUTHENTICATED].copy_from_slice(&key_id(key));
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| Error::NoRandomness)?;
        header[AUTHENTICATED..].copy_from_slice(&nonce);
        let stream = EncryptorBE32::new(key.expose().into(), &nonce.into());
        Ok((header, Self { stream, authenticated: authenticated(&header, place) }))
    }

    /// Encrypts a piece after which others come, in place. Give it room for [`TAG`] more bytes.
    pub(crate) fn next(&mut self, piece: &mut Vec<u8>) {
        let sealed = self.stream.encrypt_next_in_place(&self.authenticated, piece);
        sealed.expect("no document has as many pieces as the cipher can count, which is 2^32");
    }

    /// Encrypts the last piece, in place.
    pub(crate) fn last(self, piece: &mut Vec<u8>) {
        let sealed = self.stream.encrypt_last_in_place(&self.authenticated, piece);
        sealed.expect("no piece is as long as the cipher's limit of 256 GiB");
    }
}

/// Decrypts the pieces of a document that was made for a place.
pub(crate) struct Open {
    /// Until the last piece.
    stream: Option<DecryptorBE32<XChaCha20Poly1305>>,
    authenticated: Vec<u8>,
}

impl Open {
    /// Begins with what is in front of the pieces.
    pub(crate) fn new(key: &Key, place: &[u8], header: &[u8]) -> Result<Self, Closed> {
        match header.get(MAGIC.len()) {
            Some(&VERSION) => {}
            Some(&newer) if newer > VERSION => return Err(Closed::Newer(newer)),
            _ => return Err(Closed::Damaged(Damage::Incomplete)),
        }
        let header: &[u8; HEADER] = header.try_into().map_err(|_| Closed::Damaged(Damage::Incomplete))?;
        if header[9..AUTHENTICATED] != key_id(key) {
            return Err(Closed::WrongKey);
        }
        let nonce: [u8; NONCE] = header[AUTHENTICATED..].try_into().expect("it is as long as a nonce");
        let stream = DecryptorBE32::new(key.expose().into(), &nonce.into());
        Ok(Self { stream: Some(stream), authenticated: authenticated(header, place) })
    }

    /// Decrypts the next piece, in place.
    pub(crate) fn next(&mut self, piece: &mut Vec<u8>, is_last: bool) -> Result<(), Damage> {
        if is_last && piece.len() < TAG {
            return Err(Damage::Incomplete);
        }
        let opened = match &mut self.stream {
            Some(stream) if !is_last => stream.decrypt_next_in_place(&self.authenticated, piece),
            stream => match stream.take() {
                Some(stream) => stream.decrypt_last_in_place(&self.authenticated, piece),
                None => return Err(Damage::Altered),
            },
        };
        opened.map_err(|_| Damage::Altered)
    }
}

/// Shows nothing of the key.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

/// Shows nothing of the key.
impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Open(…)")
    }
}

/// What tells a key from others and tells nothing about it.
fn key_id(key: &Key) -> [u8; 8] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes keys of any length");
    mac.update(b"entrada cache key id");
    let mut id = [0; 8];
    id.copy_from_slice(&mac.finalize().into_bytes()[..8]);
    id
}

fn authenticated(header: &[u8], place: &[u8]) -> Vec<u8> {
    [&header[..AUTHENTICATED], place].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_told_by_its_beginning() {
        assert_eq!(kind(b""), Kind::Text);
        assert_eq!(kind(b"{}"), Kind::Text);
        assert_eq!(kind(b"\x89PNG"), Kind::Text);
        assert_eq!(kind(b"\x89"), Kind::Envelope);
        assert_eq!(kind(b"\x89Entrada\x01"), Kind::Envelope);
        assert_eq!(kind(&[&DPAPI[..], b"rest"].concat()), Kind::Dpapi);
    }

    #[test]
    fn an_envelope_says_why_it_stays_closed() {
        let key = Key::generate().unwrap();
        let (header, _) = Seal::new(&key, b"here").unwrap();
        assert!(Open::new(&key, b"here", &header).is_ok());
        let closed = |key: &Key, header: &[u8]| Open::new(key, b"here", header).unwrap_err();
        assert_eq!(closed(&Key::generate().unwrap(), &header), Closed::WrongKey);
        for length in 1..HEADER {
            assert_eq!(closed(&key, &header[..length]), Closed::Damaged(Damage::Incomplete), "{length}");
        }
        let mut newer = header;
        newer[8] = 2;
        assert_eq!(closed(&key, &newer), Closed::Newer(2));
    }
}
