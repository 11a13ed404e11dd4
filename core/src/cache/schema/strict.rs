//! JSON read strictly: no name twice in an object, and no more values than there is room for.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::DocumentError;

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
    pub(super) fn take<E: de::Error>(&self) -> Result<(), E> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(self.fail(DocumentError::TooManyValues)),
        }
    }

    /// Remembers why reading stops, as an error of a deserializer has but a text.
    pub(super) fn fail<E: de::Error>(&self, error: DocumentError) -> E {
        self.found.set(Some(error));
        E::custom(error)
    }

    /// What is wrong if no object comes next.
    pub(super) fn wants_object(&self, error: DocumentError) {
        self.found.set(Some(error));
    }

    pub(super) fn has_object(&self) {
        self.found.set(None);
    }

    pub(super) fn found(&self) -> Option<DocumentError> {
        self.found.get()
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
pub(super) struct Strict<'a>(pub(super) &'a Bounds);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Content<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.take()?;
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
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item.into());
        }
        Ok(Content::Other(Value::Array(array)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(self.0.fail(DocumentError::NameTwice));
            }
            object.insert(name, members.next_value_seed(self)?.into());
        }
        Ok(Content::Other(Value::Object(object)))
    }
}
