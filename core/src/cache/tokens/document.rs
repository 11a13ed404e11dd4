//! The cache as a document, and back.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::BuildHasher;
use std::io;

use foldhash::fast::FixedState;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::entry::{self, Entry};
use super::index::{EntryId, Table};
use super::uses::FirstUses;
use super::{CacheLimits, TokenCache};
use crate::cache::Record;
use crate::cache::schema::{self, Came, DocumentError, Item, Sink};
use crate::secret::{SecretBuffer, SecretMembers, wipe};
use crate::time::Timestamp;

impl TokenCache {
    /// Reads a document as any MSAL wrote it, of at most `max_values` JSON values. An item of a cache has a dozen of them in
    /// a thousand bytes, while a hostile document would take a hundred times its length in memory.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(text: &[u8], max_values: usize) -> Result<Self, DocumentError> {
        DocumentReader::new(text.len(), max_values).push(text)?.finish()
    }

    /// Takes a document that was read already.
    ///
    /// # Errors
    /// If it is not a JSON object, or one of the known sections is not an object.
    pub fn from_json(mut value: Value) -> Result<Self, DocumentError> {
        let mut text = SecretBuffer::default();
        let written = serde_json::to_writer(&mut text, &value);
        wipe(&mut value);
        written.map_err(|_| DocumentError::NotJson)?;
        Self::read(text.expose(), usize::MAX)
    }

    /// Writes the document, with the tokens in clear text: keep it in memory that is wiped, or where nobody else reads it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: impl io::Write) -> io::Result<()> {
        Ok(serde_json::to_writer(out, &Document(self))?)
    }

    /// The document. It holds the tokens in clear text, in strings that nothing wipes.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(Document(self)).unwrap_or_default()
    }
}

/// Reads a document that comes in pieces, so that it need never be there as a whole: what was read of it is in the cache, and
/// what is not is with whoever has it.
///
/// ```
/// use entrada_core::cache::DocumentReader;
///
/// let mut reader = DocumentReader::new(0, 1000);
/// for piece in ["{\"AccessTo", "ken\":{}", "}\n"] {
///     reader = reader.push(piece.as_bytes())?;
/// }
/// assert!(reader.finish()?.is_empty());
/// # Ok::<(), entrada_core::cache::schema::DocumentError>(())
/// ```
pub struct DocumentReader(schema::Reader<Loading>);

impl DocumentReader {
    /// A reader of a document of about so many bytes (zero if that is not known), with room for so many values: see
    /// [`TokenCache::read`].
    #[must_use]
    pub fn new(length: usize, max_values: usize) -> Self {
        let mut loading = Loading::default();
        // A length can be told by anybody.
        let entries = (length / BYTES_OF_AN_ENTRY).min(max_values).min(CacheLimits::default().entries);
        loading.cache.entries.reserve(entries);
        loading.cache.index.reserve(entries.saturating_mul(2));
        Self(schema::Reader::new(loading, max_values))
    }

    /// Reads the next piece: of any length, and ending anywhere, in the midst of a character as well.
    ///
    /// # Errors
    /// Why it is no document.
    pub fn push(self, piece: &[u8]) -> Result<Self, DocumentError> {
        self.0.push(piece).map(Self)
    }

    /// The cache, when all pieces have come.
    ///
    /// # Errors
    /// Why it is no document.
    pub fn finish(self) -> Result<TokenCache, DocumentError> {
        let Loading { mut cache, ends, uses } = self.0.finish()?;
        cache.ends = ends.into_iter().collect();
        cache.uses = uses.into();
        Ok(cache)
    }
}

/// Shows how many entries were read so far.
impl fmt::Debug for DocumentReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DocumentReader").field(&self.0.sink().cache).finish()
    }
}

/// About how long an entry is: tables that grow with what they hold are filled twice.
const BYTES_OF_AN_ENTRY: usize = 2048;

/// A cache that is being read. What it keeps in an order is put in it when all is there.
#[derive(Default)]
struct Loading {
    cache: TokenCache,
    ends: Vec<(Timestamp, EntryId)>,
    uses: FirstUses,
}

impl Sink for Loading {
    fn record(&mut self, record: Record, came: Came) {
        let (id, mut entry) = (self.cache.next, Entry::new(record, came));
        self.ends.extend(entry::end(&entry.record).map(|end| (end, id)));
        self.uses.insert(&mut entry, id);
        self.cache.add(entry);
    }

    fn foreign(&mut self, section: &'static str, key: String, value: Value) {
        self.cache.foreign.entry(section).or_default().insert(key, value);
    }

    fn section(&mut self, section: &'static str) {
        self.cache.foreign.entry(section).or_default();
    }

    fn other(&mut self, name: String, value: Value) {
        self.cache.other.insert(name, value);
    }
}

struct Document<'a>(&'a TokenCache);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sections = BTreeMap::<&str, Section<'_>>::new();
        for (name, foreign) in &self.0.foreign {
            sections.entry(name).or_default().foreign = Some(foreign);
        }
        for entry in self.0.in_order() {
            sections.entry(schema::section(&entry.record)).or_default().entries.push(entry);
        }
        let mut document = serializer.serialize_map(None)?;
        for name in schema::SECTIONS {
            if let Some(section) = sections.get(name) {
                document.serialize_entry(name, section)?;
            }
        }
        // A section that was `null` is among the others until it has an entry.
        for (name, value) in self.0.other.iter().filter(|(name, _)| !sections.contains_key(name.as_str())) {
            document.serialize_entry(name, value)?;
        }
        document.end()
    }
}

#[derive(Default)]
struct Section<'a> {
    entries: Vec<&'a Entry>,
    foreign: Option<&'a SecretMembers>,
}

impl Serialize for Section<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut section = serializer.serialize_map(None)?;
        let mut names = Names::default();
        // What has a name goes first, so that it keeps it.
        for (key, value) in self.foreign.iter().flat_map(|foreign| foreign.iter()) {
            section.serialize_entry(names.next(|name| name.push_str(key)), value)?;
        }
        for Entry { record, came, .. } in &self.entries {
            if let Some(key) = came.key() {
                section.serialize_entry(names.next(|name| name.push_str(key)), &Item { record, came })?;
            }
        }
        for Entry { record, came, .. } in self.entries.iter().filter(|entry| entry.came.key().is_none()) {
            section.serialize_entry(names.next(|name| schema::key(record, name)), &Item { record, came })?;
        }
        section.end()
    }
}

/// The names of a section's entries. The libraries' way to make them does not tell all entries apart, such as tokens that are
/// bound to different keys; nobody goes by them, but none may stand there twice.
#[derive(Default)]
struct Names {
    /// The hashes of those before, and how often each came: should two share one, the second has a name that is longer than
    /// it need be.
    before: Table<u64, u64>,
    name: String,
}

impl Names {
    fn next(&mut self, write: impl FnOnce(&mut String)) -> &str {
        self.name.clear();
        write(&mut self.name);
        let length = self.name.len();
        let first = FixedState::default().hash_one(&self.name);
        let mut hash = first;
        while self.before.contains_key(&hash) {
            let times = self.before.entry(first).or_default();
            *times = times.saturating_add(1);
            self.name.truncate(length);
            self.name.push_str(&format!("-{times}"));
            hash = FixedState::default().hash_one(&self.name);
        }
        self.before.insert(hash, 1);
        &self.name
    }
}
