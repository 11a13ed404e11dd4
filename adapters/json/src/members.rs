//! The members of a line: each taken by name once, none left over.

use std::collections::BTreeMap;
use std::fmt;

use entrada_core::secret::Secret;
use entrada_core::time::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Why a line was not taken. It names members and never holds a value, as any value may be a secret.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

impl From<&str> for Refused {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

/// What a line holds, its values still as they stand in it.
pub(crate) struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    /// Reads one JSON object whose members all have different names.
    pub(crate) fn read(line: &'a str) -> Result<Self, Refused> {
        serde_json::from_str(line).map_err(|error| {
            let column = error.column();
            match error.classify() {
                // The words of a data error may quote the line, so they stay here.
                serde_json::error::Category::Data if line.trim_start().starts_with('{') => {
                    Refused(format!("a member stands twice (column {column})"))
                }
                serde_json::error::Category::Data => "the line is not a JSON object".into(),
                _ => Refused(format!("the line is not JSON (column {column})")),
            }
        })
    }

    /// Takes a member that may be absent or null.
    pub(crate) fn optional<T: Deserialize<'a>>(
        &mut self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, Refused> {
        let Some(raw) = self.0.remove(name) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map_err(|_| Refused(format!("the member {name:?} must be {expected}")))
    }

    /// Drops those of these members that are null, as they may be absent.
    pub(crate) fn forget_null(&mut self, names: &[&str]) {
        for name in names {
            if self.0.get(*name).is_some_and(|raw| raw.get() == "null") {
                self.0.remove(*name);
            }
        }
    }

    /// Takes a member that must be there.
    pub(crate) fn required<T: Deserialize<'a>>(&mut self, name: &str, expected: &str) -> Result<T, Refused> {
        self.optional(name, expected)?.ok_or_else(|| Refused(format!("the member {name:?} is missing")))
    }

    /// Takes a text that may be absent.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Refused> {
        self.optional(name, "a text")
    }

    /// Takes a secret text that may be absent.
    pub(crate) fn secret(&mut self, name: &str) -> Result<Option<Secret>, Refused> {
        Ok(self.text(name)?.map(Secret::new))
    }

    /// Takes a secret text that must be there.
    pub(crate) fn required_secret(&mut self, name: &str) -> Result<Secret, Refused> {
        self.required::<String>(name, "a text").map(Secret::new)
    }

    /// Takes a truth value that may be absent.
    pub(crate) fn switch(&mut self, name: &str) -> Result<Option<bool>, Refused> {
        self.optional(name, "true or false")
    }

    /// Takes one of these words, if it is there.
    pub(crate) fn one_of<T, const N: usize>(
        &mut self,
        name: &str,
        words: [(&str, T); N],
    ) -> Result<Option<T>, Refused> {
        let names = words.each_ref().map(|(word, _)| *word).join(", ");
        let expected = format!("one of {names}");
        let Some(text) = self.optional::<String>(name, &expected)? else { return Ok(None) };
        match words.into_iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(value)),
            None => Err(Refused(format!("the member {name:?} must be {expected}"))),
        }
    }

    /// Takes the time, which every start and every answer carries.
    pub(crate) fn now(&mut self) -> Result<Timestamp, Refused> {
        self.required("now", "a whole number of milliseconds since the Unix epoch")
            .map(Timestamp::from_millis)
    }

    /// Refuses what was not taken.
    pub(crate) fn end(self, whose: &str) -> Result<(), Refused> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(LONGEST_NAME).collect();
                Err(Refused(format!("{whose} has no member {name:?}")))
            }
        }
    }
}

/// As much of an unknown name as a reason repeats, in characters.
const LONGEST_NAME: usize = 64;

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = BTreeMap<String, &'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member stands twice"));
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object).map(Members)
    }
}

/// An object of texts, in the order in which they stand.
pub(crate) struct Pairs(pub(crate) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
