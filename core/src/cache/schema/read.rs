//! A document, read item by item.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::BuildHasher;
use std::mem;
use std::str;

use foldhash::fast::FixedState;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::cursor::{Cursor, Stop};
use super::item::{Came, Item, Reading};
use super::strict::{Borrowed, Bounds, Content, Strict};
use super::{DocumentError, SECTIONS};
use crate::cache::Record;
use crate::secret::{SecretBuffer, wipe};

/// Takes what is found in a document.
pub(crate) trait Sink {
    /// An item.
    fn record(&mut self, record: Record, came: Came);
    /// An entry of a known section that is none.
    fn foreign(&mut self, section: &'static str, key: String, value: Value);
    /// A known section, even if nothing is in it.
    fn section(&mut self, section: &'static str);
    /// Something else.
    fn other(&mut self, name: String, value: Value);
}

/// Reads a document, which comes in pieces of any length, into a sink. No more of it is held than the member or the entry that
/// is not there as a whole yet.
pub(crate) struct Reader<S> {
    sink: S,
    bounds: Bounds,
    place: Place,
    reading: Reading,
    names: Names,
    /// What came and could not be read yet.
    held: SecretBuffer,
    /// How much of it to wait for: what was too short is read again when there is twice as much, as a long text that comes in
    /// small pieces would take for ever.
    enough: usize,
}

/// Where in a document a reader is.
#[derive(Clone, Copy)]
enum Place {
    Start,
    /// Before a member of the document.
    Document {
        is_first: bool,
    },
    /// Before an entry of a section.
    Section {
        section: &'static str,
        is_first: bool,
    },
    End,
}

/// The names that came before: none may come twice.
#[derive(Default)]
struct Names {
    of_document: BTreeSet<String>,
    /// Those of the section's entries, hashed twice, so that two names do not share both by chance.
    of_section: Vec<[u64; 2]>,
}

impl<S: Sink> Reader<S> {
    /// A reader into `sink`, with room for so many values.
    pub(crate) fn new(sink: S, max_values: usize) -> Self {
        Self {
            sink,
            bounds: Bounds::new(max_values),
            place: Place::Start,
            reading: Reading::default(),
            names: Names::default(),
            held: SecretBuffer::default(),
            enough: 0,
        }
    }

    /// What was read goes here.
    pub(crate) const fn sink(&self) -> &S {
        &self.sink
    }

    /// Reads the next piece.
    pub(crate) fn push(mut self, piece: &[u8]) -> Result<Self, DocumentError> {
        let mut held = mem::take(&mut self.held);
        if held.is_empty() {
            let taken = self.take(piece, false)?;
            held.extend(piece.get(taken..).unwrap_or_default());
        } else {
            held.extend(piece);
            if held.len() < self.enough {
                self.held = held;
                return Ok(self);
            }
            let taken = self.take(held.expose(), false)?;
            held.discard(taken);
        }
        self.enough = held.len().saturating_mul(2);
        self.held = held;
        Ok(self)
    }

    /// Reads what is left, when all pieces have come.
    pub(crate) fn finish(mut self) -> Result<S, DocumentError> {
        let held = mem::take(&mut self.held);
        let taken = self.take(held.expose(), true)?;
        match self.place {
            Place::End if taken == held.len() => Ok(self.sink),
            // A character that is not all there comes after the end.
            Place::End => Err(DocumentError::NotJson),
            _ => Err(DocumentError::Incomplete),
        }
    }

    /// Reads as much as there is of `bytes` as a whole, and says how much that was.
    fn take(&mut self, bytes: &[u8], is_last: bool) -> Result<usize, DocumentError> {
        let (text, is_cut_short) = match str::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => {
                let (legible, _) = bytes.split_at_checked(error.valid_up_to()).unwrap_or_default();
                // Or the last character is not all there.
                (str::from_utf8(legible).unwrap_or_default(), error.error_len().is_some())
            }
        };
        let mut at = Cursor::new(text, is_last);
        let mut item = Item::new();
        loop {
            at.skip_blanks();
            let (before, left) = (at, self.bounds.left());
            match self.step(&mut at, &mut item) {
                Ok(()) => {}
                Err(Stop::Refused(error)) => return Err(error),
                Err(Stop::Short) if is_cut_short => return Err(DocumentError::NotJson),
                Err(Stop::Short) => {
                    self.bounds.set_left(left);
                    return Ok(text.len().saturating_sub(before.rest().len()));
                }
            }
        }
    }

    /// Reads one member, one entry, or the border of an object: as a whole, or nothing of it.
    fn step<'de>(&mut self, at: &mut Cursor<'de>, item: &mut Item<'de>) -> Result<(), Stop> {
        match self.place {
            Place::Start => self.start(at),
            Place::Document { is_first } => match at.name(is_first, &self.bounds)? {
                Some(name) => self.member(name, at),
                None => {
                    self.place = Place::End;
                    Ok(())
                }
            },
            Place::Section { section, is_first } => match at.name(is_first, &self.bounds)? {
                Some(name) => self.entry(section, name, at, item),
                None => {
                    self.place = Place::Document { is_first: false };
                    Ok(self.names.end_section()?)
                }
            },
            Place::End => {
                at.peek()?;
                Err(DocumentError::NotJson.into())
            }
        }
    }

    fn start(&mut self, at: &mut Cursor<'_>) -> Result<(), Stop> {
        if at.take(b'{')? {
            self.bounds.take()?;
            self.place = Place::Document { is_first: true };
            return Ok(());
        }
        wipe(&mut at.any(0, &self.bounds)?.into());
        Err(DocumentError::NotAnObject.into())
    }

    fn member<'de>(&mut self, name: Cow<'de, str>, at: &mut Cursor<'de>) -> Result<(), Stop> {
        if self.names.of_document.contains(&*name) {
            return Err(DocumentError::NameTwice.into());
        }
        let section = SECTIONS.into_iter().find(|section| *section == name);
        self.place = match section {
            Some(section) if at.take(b'{')? => {
                self.bounds.take()?;
                self.sink.section(section);
                Place::Section { section, is_first: true }
            }
            _ => {
                let value = at.any(1, &self.bounds)?;
                if let Some(section) = section
                    && !matches!(value, Content::Other(Value::Null))
                {
                    wipe(&mut value.into());
                    return Err(DocumentError::Section(section).into());
                }
                self.sink.other(name.clone().into_owned(), value.into());
                Place::Document { is_first: false }
            }
        };
        self.names.of_document.insert(name.into_owned());
        Ok(())
    }

    fn entry<'de>(
        &mut self,
        section: &'static str,
        key: Cow<'de, str>,
        at: &mut Cursor<'de>,
        item: &mut Item<'de>,
    ) -> Result<(), Stop> {
        if at.peek()? == b'{' {
            at.value(Members { bounds: &self.bounds, item }, &self.bounds)?;
            self.names.insert_entry(&key);
            match item.take_record(section, key, &mut self.reading) {
                Ok((record, came)) => self.sink.record(record, came),
                Err(key) => self.sink.foreign(section, key.into_owned(), item.take_value()),
            }
        } else {
            let value = at.any(2, &self.bounds)?;
            self.names.insert_entry(&key);
            self.sink.foreign(section, key.into_owned(), value.into());
        }
        self.place = Place::Section { section, is_first: false };
        Ok(())
    }
}

impl Names {
    fn insert_entry(&mut self, name: &str) {
        self.of_section.push([1, 2].map(|seed| FixedState::with_seed(seed).hash_one(name)));
    }

    fn end_section(&mut self) -> Result<(), DocumentError> {
        let mut names = mem::take(&mut self.of_section);
        names.sort_unstable();
        match names.is_sorted_by(|one, next| one < next) {
            true => Ok(()),
            false => Err(DocumentError::NameTwice),
        }
    }
}

/// An entry of a section that is an object: its members go to `item`.
struct Members<'a, 'de> {
    bounds: &'a Bounds,
    item: &'a mut Item<'de>,
}

impl<'de> DeserializeSeed<'de> for Members<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.bounds.take_in()?;
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { bounds, item } = self;
        while let Some(name) = members.next_key_seed(Borrowed)? {
            if item.has(&name) {
                return Err(bounds.fail(DocumentError::NameTwice));
            }
            item.insert(name, members.next_value_seed(Strict { bounds, depth: 3 })?);
        }
        Ok(())
    }
}
