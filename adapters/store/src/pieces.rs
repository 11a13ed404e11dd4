//! A document as it is kept: in pieces, so that no more of it is in memory than is being read or written.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;

use entrada_core::secret::SecretBuffer;

use crate::Damage;
use crate::envelope::{Open, Seal, TAG};

/// How long a piece is before it is encrypted; the last is shorter, or as long.
pub(crate) const PIECE: usize = 64 * 1024;

/// Why the next piece cannot be had.
#[derive(Debug)]
pub(crate) enum Broken {
    Io(io::Error),
    TooLarge,
    Damaged(Damage),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads a document piece by piece, and decrypts each.
#[derive(Debug)]
pub(crate) struct Pieces<R> {
    source: R,
    open: Option<Open>,
    /// How many bytes may still come.
    left: u64,
    piece: SecretBuffer,
    /// What comes after it: nothing, if it is the last.
    after: SecretBuffer,
    is_over: bool,
}

impl<R: Read> Pieces<R> {
    /// Those of `source`, which is expected to have `length` bytes and must not have more than `limit`.
    pub(crate) fn new(source: R, open: Option<Open>, length: u64, limit: u64) -> Result<Self, Broken> {
        // One more than there are, to see the end.
        let room = usize::try_from(length.saturating_add(1)).unwrap_or(usize::MAX).min(PIECE + TAG);
        let [piece, after] = [(), ()].map(|()| SecretBuffer::with_capacity(room));
        let mut pieces = Self { source, open, left: limit, piece, after, is_over: false };
        pieces.read_on()?;
        Ok(pieces)
    }

    /// The next piece, until there is none.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Broken> {
        if self.is_over {
            return Ok(None);
        }
        mem::swap(&mut self.piece, &mut self.after);
        self.read_on()?;
        self.is_over = self.after.is_empty();
        if let Some(open) = &mut self.open {
            open.next(self.piece.as_mut_vec(), self.is_over).map_err(Broken::Damaged)?;
        }
        Ok(Some(self.piece.expose()))
    }

    /// Reads what comes after the piece.
    fn read_on(&mut self) -> Result<(), Broken> {
        let whole = if self.open.is_some() { PIECE + TAG } else { PIECE };
        self.after.as_mut_vec().clear();
        while self.after.len() < whole {
            let had = self.after.len();
            if had == self.after.capacity() {
                self.after.grow(whole);
            }
            let room = whole.min(self.after.capacity());
            let bytes = self.after.as_mut_vec();
            bytes.resize(room, 0);
            let read = self.source.read(&mut bytes[had..]);
            bytes.truncate(had + read.as_ref().map_or(0, |&count| count));
            match read {
                Ok(0) => break,
                Ok(count) => self.left = self.left.checked_sub(count as u64).ok_or(Broken::TooLarge)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Writes a document piece by piece, encrypted if it is to be. What is written last goes with [`finish`](Self::finish).
#[derive(Debug)]
pub(crate) struct PieceWriter<W> {
    out: W,
    seal: Option<Seal>,
    piece: SecretBuffer,
}

impl<W: Write> PieceWriter<W> {
    /// Into `out`, about `length` bytes.
    pub(crate) fn new(out: W, seal: Option<Seal>, length: usize) -> Self {
        let room = length.min(PIECE) + TAG;
        Self { out, seal, piece: SecretBuffer::with_capacity(room) }
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        if let Some(seal) = self.seal.take() {
            self.piece.grow(self.piece.len() + TAG);
            seal.last(self.piece.as_mut_vec());
        }
        self.out.write_all(self.piece.expose())
    }
}

impl<W: Write> Write for PieceWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            if let Some(seal) = &mut self.seal {
                self.piece.grow(PIECE + TAG);
                seal.next(self.piece.as_mut_vec());
            }
            self.out.write_all(self.piece.expose())?;
            self.piece.as_mut_vec().clear();
        }
        let count = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend(&bytes[..count]);
        Ok(count)
    }

    /// Does nothing: a piece that is not the last cannot be shorter.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;
    use crate::envelope::HEADER;

    const LENGTHS: [usize; 8] = [0, 1, 1000, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7];

    fn document(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    fn kept(document: &[u8], seal: Option<Seal>, expected: usize) -> Vec<u8> {
        let mut kept = Vec::new();
        let mut writer = PieceWriter::new(&mut kept, seal, expected);
        for part in document.chunks(999) {
            writer.write_all(part).unwrap();
            writer.flush().unwrap();
        }
        writer.finish().unwrap();
        kept
    }

    fn read(kept: impl Read, open: Option<Open>, expected: usize) -> Result<Vec<u8>, Broken> {
        let mut pieces = Pieces::new(kept, open, expected as u64, u64::MAX)?;
        let mut document = Vec::new();
        while let Some(piece) = pieces.next()? {
            document.extend_from_slice(piece);
        }
        Ok(document)
    }

    /// A source that gives a little at a time, and is interrupted.
    struct Slow<'a>(&'a [u8], bool);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(ErrorKind::Interrupted.into());
            }
            let length = buffer.len().min(5000);
            self.0.read(&mut buffer[..length])
        }
    }

    #[test]
    fn what_is_written_is_read_whatever_length_was_expected() {
        let key = Key::generate().unwrap();
        for length in LENGTHS {
            let document = document(length);
            for expected in [0, length, usize::MAX] {
                let plain = kept(&document, None, expected);
                assert_eq!(plain, document);
                assert!(read(&*plain, None, expected).unwrap() == document, "{length}, {expected}");
                assert!(read(Slow(&plain, false), None, expected).unwrap() == document);

                let (header, seal) = Seal::new(&key, b"here").unwrap();
                let sealed = kept(&document, Some(seal), expected);
                assert_eq!(sealed.len(), length + TAG * length.div_ceil(PIECE).max(1));
                let open = || Some(Open::new(&key, b"here", &header).unwrap());
                assert!(read(&*sealed, open(), expected).unwrap() == document, "{length}, {expected}");
                assert!(read(Slow(&sealed, false), open(), expected).unwrap() == document);
            }
        }
    }

    #[test]
    fn what_was_altered_anywhere_is_not_read() {
        let key = Key::generate().unwrap();
        let (header, seal) = Seal::new(&key, b"here").unwrap();
        let sealed = kept(&document(2 * PIECE + 7), Some(seal), 0);
        let damage = |place: &[u8], header: &[u8; HEADER], kept: &[u8]| {
            let open = Open::new(&key, place, header).unwrap();
            match read(kept, Some(open), kept.len()) {
                Err(Broken::Damaged(damage)) => damage,
                read => panic!("{read:?}"),
            }
        };
        assert_eq!(damage(b"there", &header, &sealed), Damage::Altered);
        let mut other_nonce = header;
        other_nonce[HEADER - 1] ^= 1;
        assert_eq!(damage(b"here", &other_nonce, &sealed), Damage::Altered);
        for at in [0, PIECE, PIECE + TAG, 2 * PIECE, sealed.len() - 1] {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(damage(b"here", &header, &altered), Damage::Altered, "{at}");
        }
        // Cut within a piece, between two, and before the first; and the first two exchanged.
        let whole = PIECE + TAG;
        for length in [sealed.len() - 1, 2 * whole, whole + TAG, whole, PIECE, TAG] {
            assert_eq!(damage(b"here", &header, &sealed[..length]), Damage::Altered, "{length}");
        }
        for length in [2 * whole + TAG - 1, whole + 1, TAG - 1, 0] {
            assert_eq!(damage(b"here", &header, &sealed[..length]), Damage::Incomplete, "{length}");
        }
        let exchanged = [&sealed[whole..2 * whole], &sealed[..whole], &sealed[2 * whole..]].concat();
        assert_eq!(damage(b"here", &header, &exchanged), Damage::Altered);
    }

    #[test]
    fn no_more_is_read_than_is_allowed() {
        let document = document(PIECE + 1);
        let read = |limit| {
            let mut pieces = Pieces::new(&*document, None, 0, limit)?;
            while pieces.next()?.is_some() {}
            Ok(())
        };
        assert!(read(PIECE as u64 + 1).is_ok());
        for limit in [0, 5, PIECE as u64] {
            assert!(matches!(read(limit), Err(Broken::TooLarge)), "{limit}");
        }
    }
}
