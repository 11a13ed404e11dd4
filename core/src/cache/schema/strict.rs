//! JSON read strictly: no name twice in an object, and no more values than there is room for.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::mem;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::DocumentError;
use crate::number::{NUMBER, number};
use crate::secret::{SecretMembers, wipe};

/// How deep documents may be.
const MOST_DEEP: u8 = 127;

/// What a reader still has room for, and what stopped it.
pub(super) struct Bounds {
    left: Cell<usize>,
    found: Cell<Option<DocumentError>>,
}

impl Bounds {
    pub(super) const fn new(max_values: usize) -> Self {
        Self { left: Cell::new(max_values), found: Cell::new(None) }
    }

    /// Takes the room of one value.
    pub(super) fn take(&self) -> Result<(), DocumentError> {
        let left = self.left.get().checked_sub(1).ok_or(DocumentError::TooManyValues)?;
        self.left.set(left);
        Ok(())
    }

    /// Takes the room of one value that a deserializer reads.
    pub(super) fn take_in<E: de::Error>(&self) -> Result<(), E> {
        self.take().map_err(|error| self.fail(error))
    }

    /// Remembers why reading stops, as an error of a deserializer has but a text.
    pub(super) fn fail<E: de::Error>(&self, error: DocumentError) -> E {
        self.found.set(Some(error));
        E::custom(error)
    }

    pub(super) fn found(&self) -> Option<DocumentError> {
        self.found.get()
    }

    pub(super) fn left(&self) -> usize {
        self.left.get()
    }

    /// Gives back the room of what is read again.
    pub(super) fn set_left(&self, left: usize) {
        self.left.set(left);
    }
}

/// A text as it comes, without a copy where it stands in the document as it is.
#[derive(Clone, Copy)]
pub(super) struct Borrowed;

impl<'de> DeserializeSeed<'de> for Borrowed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Borrowed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

/// A value of a member: nearly always a text.
pub(super) enum Content<'de> {
    Text(Cow<'de, str>),
    Other(Value),
}

impl From<Content<'_>> for Value {
    fn from(content: Content<'_>) -> Self {
        match content {
            Content::Text(text) => Self::String(text.into_owned()),
            Content::Other(value) => value,
        }
    }
}

/// Any value.
#[derive(Clone, Copy)]
pub(super) struct Strict<'a> {
    pub(super) bounds: &'a Bounds,
    /// In how many objects and arrays it is.
    pub(super) depth: u8,
}

impl Strict<'_> {
    /// For what is in this object or array, unless that is deeper than `serde_json` would go in a whole document.
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > MOST_DEEP {
            return Err(self.bounds.fail(DocumentError::NotJson));
        }
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Content<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.bounds.take_in()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Content::Other(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Content::Other(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Content::Other(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Content::Other(value.into()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Content::Text(Cow::Owned(text)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Content::Other(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let item_of_it = self.deeper()?;
        let mut array = Items(Vec::new());
        while let Some(item) = items.next_element_seed(item_of_it)? {
            array.0.push(item.into());
        }
        Ok(Content::Other(Value::Array(mem::take(&mut array.0))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let member_of_it = self.deeper()?;
        let mut object = SecretMembers::default();
        while let Some(name) = members.next_key::<String>()? {
            if name == NUMBER && object.is_empty() {
                return Ok(Content::Other(number(members)?.into()));
            }
            if object.get(&name).is_some() {
                return Err(self.bounds.fail(DocumentError::NameTwice));
            }
            object.insert(name, members.next_value_seed(member_of_it)?.into());
        }
        Ok(Content::Other(Value::Object(object.take())))
    }
}

/// Items of an array of which the rest may be missing: wiped unless it comes.
struct Items(Vec<Value>);

impl Drop for Items {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(wipe);
    }
}
