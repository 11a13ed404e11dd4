//! A token cache as bytes: plain or encrypted.

#[cfg(feature = "keyring")]
use std::sync::{Mutex, PoisonError};

use entrada_core::cache::TokenCache;
use entrada_core::cache::schema::{DocumentError, tolerant};
use zeroize::Zeroizing;

use crate::envelope::{self, Closed, Kind};
use crate::wiped::Wiped;
use crate::{Damage, Error, Key};

/// How documents of one store are written and read.
#[derive(Debug)]
pub(crate) struct Codec {
    pub(crate) keys: Keys,
    pub(crate) max_bytes: u64,
    /// Whether plain text is read though it will be encrypted.
    pub(crate) encrypt_existing: bool,
}

/// Where the key comes from.
#[derive(Debug)]
pub(crate) enum Keys {
    PlainText,
    Given(Key),
    #[cfg(feature = "keyring")]
    Keyring {
        entry: crate::Keyring,
        known: Mutex<Option<Key>>,
    },
}

/// What became of a document.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) tokens: TokenCache,
    /// Whether it has to be encrypted.
    #[cfg_attr(not(feature = "file"), allow(dead_code, reason = "only files are taken over"))]
    pub(crate) is_plain: bool,
}

/// Why it cannot be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// For good: it can be set aside.
    Damaged(Damage),
    /// Not by this store, but by another: it must stay.
    Refused(Error),
}

impl Codec {
    /// Reads what is kept at `place`.
    pub(crate) fn decode(&self, place: &str, bytes: &[u8]) -> Result<Decoded, Unreadable> {
        self.check_size(place, bytes.len() as u64).map_err(Unreadable::Refused)?;
        let is_plain_text = matches!(self.keys, Keys::PlainText);
        let refuse = |error: fn(String) -> Error| Err(Unreadable::Refused(error(place.to_owned())));
        match envelope::kind(bytes) {
            Kind::Empty => Ok(Decoded { tokens: TokenCache::default(), is_plain: false }),
            Kind::Dpapi => refuse(|place| Error::Dpapi { place }),
            Kind::Envelope if is_plain_text => refuse(|place| Error::Encrypted { place }),
            Kind::Envelope => {
                let key = self.keys.existing().map_err(Unreadable::Refused)?;
                match envelope::open(&key, context(place), bytes) {
                    Ok(text) => {
                        let tokens = self.tokens(&text).map_err(Unreadable::Damaged)?;
                        Ok(Decoded { tokens, is_plain: false })
                    }
                    Err(Closed::Damaged(damage)) => Err(Unreadable::Damaged(damage)),
                    Err(Closed::WrongKey) => refuse(|place| Error::WrongKey { place }),
                    Err(Closed::Newer(version)) => {
                        let place = place.to_owned();
                        Err(Unreadable::Refused(Error::NewerVersion { place, version }))
                    }
                }
            }
            Kind::Text => {
                let tokens = self.tokens(bytes).map_err(Unreadable::Damaged)?;
                if !is_plain_text && !self.encrypt_existing {
                    return refuse(|place| Error::NotEncrypted { place });
                }
                Ok(Decoded { tokens, is_plain: !is_plain_text })
            }
        }
    }

    /// What to keep at `place`.
    pub(crate) fn encode(&self, place: &str, tokens: &TokenCache) -> Result<Zeroizing<Vec<u8>>, Error> {
        let text = text(tokens);
        let bytes = match self.keys.for_writing()? {
            Some(key) => Zeroizing::new(envelope::seal(&key, context(place), &text)?),
            None => text,
        };
        // What is too large to be read must not be written.
        self.check_size(place, bytes.len() as u64)?;
        Ok(bytes)
    }

    pub(crate) fn check_size(&self, place: &str, bytes: u64) -> Result<(), Error> {
        if bytes > self.max_bytes {
            return Err(Error::TooLarge { place: place.to_owned(), bytes, limit: self.max_bytes });
        }
        Ok(())
    }

    fn tokens(&self, text: &[u8]) -> Result<TokenCache, Damage> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let most = usize::try_from(self.max_bytes / BYTES_FOR_A_VALUE).unwrap_or(usize::MAX);
        let read = TokenCache::read(text, most).or_else(|error| match (error, std::str::from_utf8(text)) {
            (DocumentError::NotJson, Ok(text)) => {
                let text = Zeroizing::new(tolerant(text).into_owned());
                TokenCache::read(text.as_bytes(), most)
            }
            _ => Err(error),
        });
        Ok(read?)
    }
}

/// A document may hold one value for so many of its bytes that are allowed.
const BYTES_FOR_A_VALUE: u64 = 16;

impl Keys {
    /// The key that something was encrypted with.
    fn existing(&self) -> Result<Key, Error> {
        match self {
            Self::PlainText => unreachable!("without a key nothing is decrypted"),
            Self::Given(key) => Ok(key.clone()),
            #[cfg(feature = "keyring")]
            Self::Keyring { entry, known } => {
                remembered(known, || entry.key()?.ok_or_else(|| entry.missing()))
            }
        }
    }

    /// The key to encrypt with, drawn if there is none yet; nothing for plain text. Call it under a lock.
    fn for_writing(&self) -> Result<Option<Key>, Error> {
        match self {
            Self::PlainText => Ok(None),
            Self::Given(key) => Ok(Some(key.clone())),
            #[cfg(feature = "keyring")]
            Self::Keyring { entry, known } => remembered(known, || entry.key_or_new()).map(Some),
        }
    }

    /// Asks for the key while nobody waits for a lock: a keyring may have to ask its user first.
    #[cfg(feature = "file")]
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        match self {
            #[cfg(feature = "keyring")]
            Self::Keyring { .. } => match self.existing() {
                Ok(_) | Err(Error::KeyMissing { .. }) => Ok(()),
                Err(error) => Err(error),
            },
            _ => Ok(()),
        }
    }
}

#[cfg(feature = "keyring")]
fn remembered(known: &Mutex<Option<Key>>, ask: impl FnOnce() -> Result<Key, Error>) -> Result<Key, Error> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = &*known {
        return Ok(key.clone());
    }
    let key = ask()?;
    *known = Some(key.clone());
    Ok(key)
}

/// The text of a cache, in memory that is wiped.
fn text(tokens: &TokenCache) -> Zeroizing<Vec<u8>> {
    // Somewhat more than it takes: all of the room is wiped, used or not, and one that is too small is used twice.
    let room = tokens.bytes().saturating_add(tokens.bytes() / 4);
    let mut text = Wiped::with_capacity(room);
    tokens.write(&mut text).expect("what a cache holds can be written, and memory takes it");
    text.into_inner()
}

/// What an envelope is bound to. Files can be moved; partitions of a database cannot be exchanged.
fn context(place: &str) -> &[u8] {
    place.strip_prefix(PARTITION).unwrap_or_default().as_bytes()
}

/// How the name of a place begins that envelopes are bound to.
pub(crate) const PARTITION: &str = "redis key ";
