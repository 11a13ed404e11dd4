//! A document, read item by item.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use super::item::{Came, Item, Reading};
use super::strict::{Borrowed, Bounds, Strict};
use super::{DocumentError, SECTIONS};
use crate::cache::Record;

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

/// Reads a document into `sink`, with room for so many values.
///
/// # Errors
/// Why it is none. What was read before is in `sink` then.
pub(crate) fn read<'de, D: Deserializer<'de, Error = serde_json::Error>>(
    deserializer: D,
    max_values: usize,
    sink: &mut impl Sink,
) -> Result<(), DocumentError> {
    let bounds = Bounds::new(max_values);
    let read = bounds.take().and_then(|()| {
        bounds.wants_object(DocumentError::NotAnObject);
        deserializer.deserialize_any(Document { bounds: &bounds, sink })
    });
    read.map_err(|error| match error.classify() {
        Category::Data => bounds.found().unwrap_or(DocumentError::NotJson),
        Category::Eof => DocumentError::Incomplete,
        Category::Syntax | Category::Io => DocumentError::NotJson,
    })
}

struct Document<'a, S> {
    bounds: &'a Bounds,
    sink: &'a mut S,
}

impl<'de, S: Sink> Visitor<'de> for Document<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token cache")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { bounds, sink } = self;
        bounds.has_object();
        let mut reading = Reading::default();
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key_seed(Borrowed)? {
            match SECTIONS.into_iter().find(|section| *section == name) {
                Some(section) => {
                    let (reading, sink) = (&mut reading, &mut *sink);
                    members.next_value_seed(Section { bounds, section, reading, sink })?;
                }
                None => {
                    let value = members.next_value_seed(Strict(bounds))?;
                    sink.other(name.clone().into_owned(), value.into());
                }
            }
            if !names.insert(name) {
                return Err(bounds.fail(DocumentError::NameTwice));
            }
        }
        Ok(())
    }
}

/// One of the known sections.
struct Section<'a, S> {
    bounds: &'a Bounds,
    section: &'static str,
    reading: &'a mut Reading,
    sink: &'a mut S,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Section<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.bounds.take()?;
        self.bounds.wants_object(DocumentError::Section(self.section));
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Section<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.bounds.has_object();
        self.sink.other(self.section.to_owned(), Value::Null);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { bounds, section, reading, sink } = self;
        bounds.has_object();
        sink.section(section);
        let mut names = Vec::new();
        let mut item = Item::new();
        while let Some(key) = entries.next_key_seed(Borrowed)? {
            names.push((FixedState::default().hash_one(&*key), key.clone()));
            match entries.next_value_seed(Entry { bounds, item: &mut item })? {
                Some(value) => sink.foreign(section, key.into_owned(), value),
                None => match item.take_record(section, key, reading) {
                    Ok((record, came)) => sink.record(record, came),
                    Err(key) => sink.foreign(section, key.into_owned(), item.take_value()),
                },
            }
        }
        // Ordered by a number first, as these names begin alike.
        names.sort_unstable();
        match names.is_sorted_by(|one, next| one < next) {
            true => Ok(()),
            false => Err(bounds.fail(DocumentError::NameTwice)),
        }
    }
}

/// An entry of a section: an item, whose members go to `item`, or another value.
struct Entry<'a, 'de> {
    bounds: &'a Bounds,
    item: &'a mut Item<'de>,
}

impl<'de> DeserializeSeed<'de> for Entry<'_, 'de> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.bounds.take()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_, 'de> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Self { bounds, item } = self;
        while let Some(name) = members.next_key_seed(Borrowed)? {
            if item.has(&name) {
                return Err(bounds.fail(DocumentError::NameTwice));
            }
            item.insert(name, members.next_value_seed(Strict(bounds))?);
        }
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        Strict(self.bounds).visit_seq(items).map(|value| Some(value.into()))
    }
}
