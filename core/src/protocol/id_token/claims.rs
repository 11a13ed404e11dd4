//! Claims that are read once as far as flows need them, and whole for who asks for all.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The claims that flows read.
const READ: [&str; 11] = [
    "oid",
    "sub",
    "tid",
    "preferred_username",
    "upn",
    "unique_name",
    "email",
    "name",
    "given_name",
    "family_name",
    "nonce",
];

/// An object of claims.
#[derive(Default)]
pub(super) struct Claims {
    texts: Texts,
    /// The object, as it came: legible.
    json: String,
    all: OnceLock<Map<String, Value>>,
}

impl Claims {
    /// `None` if it is no object, or not legible to its end.
    pub(super) fn read(json: String) -> Option<Self> {
        let mut texts = Texts { text: String::with_capacity(json.len()), ..Texts::default() };
        let mut document = serde_json::Deserializer::from_str(&json);
        document.deserialize_map(Members(&mut texts)).ok()?;
        document.end().ok()?;
        Some(Self { texts, json, all: OnceLock::new() })
    }

    /// A claim that is a text and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = match READ.iter().position(|read| *read == name) {
            Some(at) => self.texts.get(at),
            None => self.all().get(name).and_then(Value::as_str),
        };
        text.filter(|text| !text.is_empty())
    }

    /// Every claim.
    pub(super) fn all(&self) -> &Map<String, Value> {
        self.all.get_or_init(|| serde_json::from_str(&self.json).unwrap_or_default())
    }
}

impl From<Map<String, Value>> for Claims {
    fn from(claims: Map<String, Value>) -> Self {
        let mut texts = Texts::default();
        for (at, name) in READ.iter().enumerate() {
            texts.put(at, claims.get(*name).and_then(Value::as_str));
        }
        Self { texts, json: String::new(), all: claims.into() }
    }
}

impl PartialEq for Claims {
    fn eq(&self, other: &Self) -> bool {
        self.all() == other.all()
    }
}

impl Eq for Claims {}

/// The texts of the claims of [`READ`], one after the other, and where each is.
#[derive(Default)]
struct Texts {
    text: String,
    places: [Range<usize>; READ.len()],
}

impl Texts {
    /// Of two claims of a name the last counts.
    fn put(&mut self, at: usize, text: Option<&str>) {
        let start = self.text.len();
        self.text.push_str(text.unwrap_or_default());
        if let Some(place) = self.places.get_mut(at) {
            *place = start..self.text.len();
        }
    }

    fn get(&self, at: usize) -> Option<&str> {
        self.text.get(self.places.get(at)?.clone())
    }
}

/// Reads the members of the object.
struct Members<'a>(&'a mut Texts);

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some((Legible(name), Legible(text))) = members.next_entry()? {
            if let Some(at) = READ.iter().position(|read| name.as_deref() == Some(*read)) {
                self.0.put(at, text.as_deref());
            }
        }
        Ok(())
    }
}

/// Anything, read as strictly as a [`Value`] is, and kept if it is a text.
struct Legible<'de>(Option<Cow<'de, str>>);

impl<'de> Deserialize<'de> for Legible<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Self)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned().into()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<Legible<'_>>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<Legible<'_>, Legible<'_>>()?.is_some() {}
        Ok(None)
    }
}
