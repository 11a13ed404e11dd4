//! JSON read strictly: no name twice in an object, and no more values than there is room for.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};

use entrada_core::secret::wipe;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::Damage;

/// A document may hold one value for so many of its bytes that are allowed: an entry of a cache has a dozen values and a
/// thousand bytes, while `{"a":1}` would take a hundred times its length in memory.
const BYTES_FOR_A_VALUE: usize = 16;

/// Reads one JSON value of at most `limit` bytes, and nothing after it.
pub(crate) fn read(text: &[u8], limit: usize) -> Result<Value, Damage> {
    let bounds = Bounds { left: Cell::new(limit / BYTES_FOR_A_VALUE), found: Cell::new(None) };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict(&bounds).deserialize(&mut reader).and_then(|value| {
        let end = reader.end();
        end.map(|()| value)
    });
    value.map_err(|error| {
        let of_syntax = if error.is_eof() { Damage::Incomplete } else { Damage::NotJson };
        bounds.found.get().unwrap_or(of_syntax)
    })
}

struct Bounds {
    left: Cell<usize>,
    found: Cell<Option<Damage>>,
}

impl Bounds {
    fn fail<E: de::Error>(&self, damage: Damage) -> E {
        self.found.set(Some(damage));
        E::custom(damage)
    }
}

struct Strict<'a>(&'a Bounds);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.0.left.get().checked_sub(1) {
            Some(left) => self.0.left.set(left),
            None => return Err(self.0.fail(Damage::TooManyValues)),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Strict(self.0))? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(self.0.fail(Damage::NameTwice));
            }
            object.insert(name, members.next_value_seed(Strict(self.0))?);
        }
        Ok(Value::Object(object))
    }
}

/// Writes a value, and wipes it.
pub(crate) fn write(mut value: Value) -> Zeroizing<Vec<u8>> {
    let mut text = Wiped(Zeroizing::new(Vec::with_capacity(4096)));
    serde_json::to_writer(&mut text, &value).expect("a JSON value can be written, and memory takes it");
    wipe(&mut value);
    text.0
}

/// Bytes that leave nothing behind when they grow.
struct Wiped(Zeroizing<Vec<u8>>);

impl Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(self.0.capacity() * 2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LIMIT: usize = 1024;

    #[test]
    fn what_is_read_is_what_any_reader_reads() {
        let text = r#" {"a":[1,-2,3.5,true,null,"x\n"],"b":{"a":{}}} "#;
        let value = read(text.as_bytes(), LIMIT).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(*write(value.clone()), serde_json::to_vec(&value).unwrap());
        let long = json!({ "a": "x".repeat(100_000), "b": "y".repeat(5000) });
        assert_eq!(*write(long.clone()), serde_json::to_vec(&long).unwrap());
    }

    #[test]
    fn what_is_no_document_is_told_apart() {
        for (text, damage) in [
            (r#"{"a":1,"a":2}"#, Damage::NameTwice),
            (r#"{"x":[{"a":1,"b":2,"a":1}]}"#, Damage::NameTwice),
            (r#"{"a":1,"b""#, Damage::Incomplete),
            (r#"{"a":"unfin"#, Damage::Incomplete),
            ("not json", Damage::NotJson),
            ("{} {}", Damage::NotJson),
            ("\u{fffd}", Damage::NotJson),
        ] {
            assert_eq!(read(text.as_bytes(), LIMIT), Err(damage), "{text}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}", LIMIT), Err(Damage::NotJson));
        let many = format!("[{}0]", "0,".repeat(LIMIT / BYTES_FOR_A_VALUE));
        assert_eq!(read(many.as_bytes(), LIMIT), Err(Damage::TooManyValues));
        let deep = "[".repeat(100_000);
        assert_eq!(read(deep.as_bytes(), 1 << 30), Err(Damage::NotJson));
    }
}
