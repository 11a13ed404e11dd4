//! A token cache as bytes: plain or encrypted.

use std::io::{self, Read, Seek, Write};
#[cfg(feature = "keyring")]
use std::sync::{Mutex, PoisonError};

use entrada_core::cache::schema::{DocumentError, tolerant};
use entrada_core::cache::{DocumentReader, TokenCache};
use entrada_core::secret::SecretBuffer;
use zeroize::Zeroizing;

use crate::envelope::{self, Closed, HEADER, Kind, Open, Seal};
use crate::pieces::{Broken, PieceWriter, Pieces};
use crate::{Attempt, Damage, Error, Key};

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
    /// Reads what is kept at `place`, which is expected to have `length` bytes.
    pub(crate) fn decode(
        &self,
        place: &str,
        mut source: impl Read + Seek,
        length: u64,
    ) -> Result<Decoded, Unreadable> {
        self.check_size(place, length).map_err(Unreadable::Refused)?;
        let is_plain_text = matches!(self.keys, Keys::PlainText);
        let refuse = |error: fn(String) -> Error| Err(Unreadable::Refused(error(place.to_owned())));
        let mut header = Vec::with_capacity(HEADER);
        let read = source.by_ref().take(HEADER as u64).read_to_end(&mut header);
        read.map_err(|error| self.unreadable(place, error.into()))?;
        match envelope::kind(&header) {
            Kind::Dpapi => refuse(|place| Error::Dpapi { place }),
            Kind::Envelope if is_plain_text => refuse(|place| Error::Encrypted { place }),
            Kind::Envelope => {
                let tokens = self.read_sealed(place, &header, source, length)?;
                Ok(Decoded { tokens, is_plain: false })
            }
            Kind::Text => {
                let read = self.read_text(source, length);
                let (tokens, is_blank) = read.map_err(|broken| self.unreadable(place, broken))?;
                if !is_plain_text && !self.encrypt_existing && !is_blank {
                    return refuse(|place| Error::NotEncrypted { place });
                }
                Ok(Decoded { tokens, is_plain: !is_plain_text && !is_blank })
            }
        }
    }

    /// Writes what is to be kept at `place`.
    pub(crate) fn encode(&self, place: &str, tokens: &TokenCache, out: impl Write) -> Result<(), Error> {
        let mut out = Limited { out, bytes: 0, limit: self.max_bytes };
        let (header, seal) = match self.keys.for_writing()? {
            Some(key) => {
                Seal::new(&key, context(place)).map(|(header, seal)| (header.to_vec(), Some(seal)))?
            }
            None => (Vec::new(), None),
        };
        let length = tokens.bytes().saturating_add(tokens.bytes() / 4);
        let write = || {
            out.write_all(&header)?;
            let mut pieces = PieceWriter::new(&mut out, seal, length);
            tokens.write(&mut pieces)?;
            pieces.finish()
        };
        write().map_err(|error: io::Error| Error::Io {
            attempt: Attempt::Replace,
            path: place.into(),
            kind: error.kind(),
        })?;
        // What is too large to be read must not be written.
        self.check_size(place, out.bytes)
    }

    fn check_size(&self, place: &str, bytes: u64) -> Result<(), Error> {
        if bytes > self.max_bytes {
            return Err(Error::TooLarge { place: place.to_owned(), bytes, limit: self.max_bytes });
        }
        Ok(())
    }

    fn unreadable(&self, place: &str, broken: Broken) -> Unreadable {
        match broken {
            Broken::Damaged(damage) => Unreadable::Damaged(damage),
            Broken::TooLarge => Unreadable::Refused(Error::TooLarge {
                place: place.to_owned(),
                bytes: self.max_bytes.saturating_add(1),
                limit: self.max_bytes,
            }),
            Broken::Io(error) => Unreadable::Refused(Error::Io {
                attempt: Attempt::Read,
                path: place.into(),
                kind: error.kind(),
            }),
        }
    }

    /// Reads what comes after the header of an envelope.
    fn read_sealed(
        &self,
        place: &str,
        header: &[u8],
        source: impl Read,
        length: u64,
    ) -> Result<TokenCache, Unreadable> {
        let key = self.keys.existing().map_err(Unreadable::Refused)?;
        let open = Open::new(&key, context(place), header).map_err(|closed| {
            let place = place.to_owned();
            match closed {
                Closed::Damaged(damage) => Unreadable::Damaged(damage),
                Closed::WrongKey => Unreadable::Refused(Error::WrongKey { place }),
                Closed::Newer(version) => Unreadable::Refused(Error::NewerVersion { place, version }),
            }
        })?;
        let limit = self.max_bytes.saturating_sub(HEADER as u64);
        let pieces = Pieces::new(source, Some(open), length, limit);
        let read = pieces.and_then(|pieces| self.read(pieces, length));
        read.map(|(tokens, _)| tokens).map_err(|broken| self.unreadable(place, broken))
    }

    /// Reads a text, tolerantly if it must be. What is tolerated can be anywhere, so then it is read as a whole.
    fn read_text(&self, mut source: impl Read + Seek, length: u64) -> Result<(TokenCache, bool), Broken> {
        source.rewind()?;
        let read = self.read(Pieces::new(&mut source, None, length, self.max_bytes)?, length);
        // What is tolerated is no JSON.
        if !matches!(read, Err(Broken::Damaged(Damage::NotJson))) {
            return read;
        }
        source.rewind()?;
        let mut pieces = Pieces::new(&mut source, None, length, self.max_bytes)?;
        let mut text = SecretBuffer::with_capacity(usize::try_from(length).unwrap_or_default());
        while let Some(piece) = pieces.next()? {
            text.extend(piece);
        }
        let Ok(as_written) = std::str::from_utf8(text.expose()) else { return read };
        let text = Zeroizing::new(tolerant(as_written).into_owned());
        let read = TokenCache::read(text.as_bytes(), self.most_values());
        Ok((read.map_err(|error| Broken::Damaged(error.into()))?, false))
    }

    /// Reads a document, and whether there is nothing but white space in its place.
    fn read(&self, mut pieces: Pieces<impl Read>, length: u64) -> Result<(TokenCache, bool), Broken> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut reader = DocumentReader::new(length, self.most_values());
        let mut is_blank = true;
        let damaged = |error: DocumentError| Broken::Damaged(error.into());
        while let Some(piece) = pieces.next()? {
            is_blank = is_blank && piece.trim_ascii().is_empty();
            if is_blank {
                continue;
            }
            reader = reader.push(piece).map_err(damaged)?;
        }
        match is_blank {
            true => Ok((TokenCache::default(), true)),
            false => Ok((reader.finish().map_err(damaged)?, false)),
        }
    }

    fn most_values(&self) -> usize {
        usize::try_from(self.max_bytes / BYTES_FOR_A_VALUE).unwrap_or(usize::MAX)
    }
}

/// Takes no more than so many bytes, and counts all that came.
struct Limited<W> {
    out: W,
    bytes: u64,
    limit: u64,
}

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes <= self.limit {
            self.out.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
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

/// What an envelope is bound to. Files can be moved; partitions of a database cannot be exchanged.
fn context(place: &str) -> &[u8] {
    place.strip_prefix(PARTITION).unwrap_or_default().as_bytes()
}

/// How the name of a place begins that envelopes are bound to.
pub(crate) const PARTITION: &str = "redis key ";
