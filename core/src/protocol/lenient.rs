//! What may be written otherwise than it should: members of JSON objects that are of another type, base64 of the other
//! alphabet. A good answer should not be lost for them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::alphabet::{self, Alphabet};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Number;

use crate::number::{NUMBER, number};

/// A text; a number as one; an array of texts as one with blanks between; anything else as if it were not there.
///
/// The text is taken as it comes, without a copy in between, as it may be a token.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(borrowed(deserializer)?.map(Cow::into_owned))
}

/// As [`text`], and without a copy where the document has it without escapes.
pub(super) fn borrowed<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cow<'de, str>>, D::Error> {
    Ok(Member::deserialize(deserializer)?.into_text())
}

/// What a member may be, whatever it should be.
enum Member<'de> {
    Text(Cow<'de, str>),
    Number(Number),
    Texts(String),
    Other,
}

impl<'de> Member<'de> {
    fn into_text(self) -> Option<Cow<'de, str>> {
        match self {
            Member::Text(text) => Some(text),
            Member::Number(number) => Some(number.to_string().into()),
            Member::Texts(texts) => Some(texts.into()),
            Member::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for Member<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Member::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(text.to_owned().into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Member::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Member::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Member::Other, Member::Number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        // An item that is an array itself is read no deeper than JSON allows.
        while let Some(item) = items.next_element::<Member<'_>>()? {
            texts.extend(item.into_text());
        }
        Ok(if texts.is_empty() { Member::Other } else { Member::Texts(texts.join(" ")) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        if let Some(name) = members.next_key::<Cow<'_, str>>()? {
            if name == NUMBER {
                return number(members).map(Member::Number);
            }
            members.next_value::<IgnoredAny>()?;
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        }
        Ok(Member::Other)
    }
}

/// Seconds as a number or as a text, whole or not; negative counts as none, and over ten years as ten years.
pub(super) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let seconds = match Member::deserialize(deserializer)? {
        Member::Number(number) => number.as_f64(),
        Member::Text(text) => text.trim().parse::<f64>().ok(),
        Member::Texts(_) | Member::Other => None,
    };
    let seconds =
        seconds.filter(|seconds| !seconds.is_nan()).map(|seconds| seconds.clamp(0.0, LONGEST_SECONDS));
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.floor()).ok()))
}

const LONGEST_SECONDS: f64 = 3650.0 * 86400.0;

/// Decodes base64 of either alphabet, padded or not.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    static STANDARD: GeneralPurpose = lenient(&alphabet::STANDARD);
    static URL_SAFE: GeneralPurpose = lenient(&alphabet::URL_SAFE);
    let is_standard = memchr::memchr2(b'+', b'/', text.as_bytes()).is_some();
    let engine = if is_standard { &STANDARD } else { &URL_SAFE };
    engine.decode(text.trim()).ok()
}

const fn lenient(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}
