//! What must never be printed or left behind in memory.
//!
//! The core wipes what it holds, and makes strings that will hold a secret as large as they will be, as one that
//! grows leaves its outgrown copies behind. Beyond its reach are:
//!
//! - the scratch space in which `serde_json` puts together a text that is written with escapes. The tokens of Entra
//!   and AD FS are base64url and dots, which no writer escapes;
//! - `http::HeaderValue`, which shares its bytes and wipes nothing, and the buffers of HTTP and TLS libraries;
//! - the bytes of a moved [`Seed`](crate::seed::Seed) where it lay before, and the state of HMAC-SHA-256 over it;
//! - the caller's own copy of a text given as `&str`, and the clear text that
//!   [`TokenCache::to_json`](crate::cache::TokenCache::to_json) and [`TokenCache::write`](crate::cache::TokenCache::write)
//!   give away.

mod buffer;
mod wiped;

use std::fmt;
use std::mem;
use std::sync::Arc;

pub use self::buffer::SecretBuffer;
use self::wiped::Wiped;
use serde_json::{Map, Value};

/// A secret text: a password, a token, an assertion.
///
/// It is shared, not copied, when cloned; wiped at its last drop; printed as `Secret(…)`; and has neither
/// `Display` nor `Serialize`. Reading it takes the word [`expose`](Self::expose), which is easy to search for.
/// Comparing takes the same time wherever the texts differ.
#[derive(Clone, Default)]
pub struct Secret(Arc<Wiped<String>>);

impl Secret {
    /// Takes ownership of a text, without copying it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Wiped::new(text.into())))
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        equal(self.expose().as_bytes(), other.expose().as_bytes())
    }
}

impl Eq for Secret {}

/// How a secret is written where it must be, with `#[serde(with = "crate::secret::exposed")]` on each such member.
pub(crate) mod exposed {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Secret;

    pub(crate) fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        secret.expose().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }
}

/// Secret bytes: the body of a request or of a response.
///
/// As [`Secret`]: shared when cloned, wiped at the last drop, printed as their length alone. Their `Default` is none,
/// and takes no memory.
#[derive(Clone, Default)]
pub struct SecretBytes(Option<Arc<Wiped<Vec<u8>>>>);

impl SecretBytes {
    /// Takes ownership of bytes, without copying them.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Some(Arc::new(Wiped::new(bytes.into()))))
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |bytes| bytes.as_slice())
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.expose().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

/// Without copying them.
impl From<SecretBuffer> for SecretBytes {
    fn from(buffer: SecretBuffer) -> Self {
        Self(Some(Arc::new(buffer.into_inner())))
    }
}

/// For HTTP clients that take shared bytes as a body.
impl AsRef<[u8]> for SecretBytes {
    fn as_ref(&self) -> &[u8] {
        self.expose()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.len())
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        equal(self.expose(), other.expose())
    }
}

impl Eq for SecretBytes {}

/// Members of a JSON object of which any may be a secret: wiped when dropped.
///
/// It has no `Debug`, so that nothing that holds it can print it.
#[derive(Clone, Default)]
pub(crate) struct SecretMembers(Map<String, Value>);

impl SecretMembers {
    pub(crate) const fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Gives them away, to be wiped by somebody else.
    pub(crate) fn take(&mut self) -> Map<String, Value> {
        mem::take(&mut self.0)
    }

    /// Keeps the members whose names are wanted.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(&str) -> bool) {
        self.0.retain(|name, value| {
            let stays = is_wanted(name);
            if !stays {
                wipe(value);
            }
            stays
        });
    }

    pub(crate) fn insert(&mut self, name: String, value: Value) {
        if let Some(mut old) = self.0.insert(name, value) {
            wipe(&mut old);
        }
    }
}

impl Drop for SecretMembers {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

/// Wipes every text in a value. The names of members stay: they are not what is secret in JSON.
///
/// For whoever writes or reads a document of tokens: what `serde_json` holds is wiped by nobody else.
pub fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => drop(Wiped::new(mem::take(text))),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Compares in a time that depends on the lengths alone.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let differing = left.iter().zip(right).fold(0, |all, (l, r)| all | (l ^ r));
    left.len() == right.len() && std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let text = format!("{:?} {:?}", Secret::new("hunter2"), SecretBytes::new(*b"hunter2"));
        assert_eq!(text, "Secret(…) SecretBytes(7 bytes)");
    }

    #[test]
    fn every_text_of_a_value_is_wiped_however_deep() {
        let mut value = serde_json::json!({ "a": "hunter2", "b": ["hunter2", { "c": "hunter2" }], "d": 5 });
        wipe(&mut value);
        assert_eq!(value, serde_json::json!({ "a": "", "b": ["", { "c": "" }], "d": 5 }));
    }

    #[test]
    fn equality_is_that_of_the_content() {
        assert_eq!(Secret::new("a"), Secret::new("a"));
        assert_ne!(Secret::new("a"), Secret::new("b"));
        assert_ne!(Secret::new("a"), Secret::new("ab"));
        assert_ne!(SecretBytes::default(), SecretBytes::new(*b"x"));
    }
}
