//! Where a reader is in what there is of a document.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, IgnoredAny};
use serde_json::Deserializer;
use serde_json::error::Category;

use super::DocumentError;
use super::strict::{Borrowed, Bounds, Content, Strict};

/// Why a reader does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The rest of it may come yet.
    Short,
    /// It is no document.
    Refused(DocumentError),
}

impl From<DocumentError> for Stop {
    fn from(error: DocumentError) -> Self {
        Self::Refused(error)
    }
}

/// What is left to read. `serde_json` reads each value; what stands between them is read here, so that a document need
/// not be there as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'de> {
    rest: &'de str,
    is_last: bool,
}

impl<'de> Cursor<'de> {
    /// At the beginning of `text`, which is the last there is or not.
    pub(super) const fn new(text: &'de str, is_last: bool) -> Self {
        Self { rest: text, is_last }
    }

    pub(super) const fn rest(&self) -> &'de str {
        self.rest
    }

    /// Steps over white space.
    pub(super) fn skip_blanks(&mut self) {
        let blanks =
            self.rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
        self.rest = self.rest.get(blanks..).unwrap_or_default();
    }

    /// The next byte that is no white space.
    pub(super) fn peek(&mut self) -> Result<u8, Stop> {
        self.skip_blanks();
        self.rest.as_bytes().first().copied().ok_or(Stop::Short)
    }

    /// Steps over `wanted`, which is ASCII, if it comes next.
    pub(super) fn take(&mut self, wanted: u8) -> Result<bool, Stop> {
        let is_next = self.peek()? == wanted;
        if is_next {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        Ok(is_next)
    }

    /// The name of the next member of an object, and steps over its colon; nothing at the object's end.
    pub(super) fn name(&mut self, is_first: bool, bounds: &Bounds) -> Result<Option<Cow<'de, str>>, Stop> {
        if self.take(b'}')? {
            return Ok(None);
        }
        let has_comma = self.take(b',')?;
        if has_comma == is_first || self.peek()? != b'"' {
            return Err(DocumentError::NotJson.into());
        }
        let name = self.value(Borrowed, bounds)?;
        match self.take(b':')? {
            true => Ok(Some(name)),
            false => Err(DocumentError::NotJson.into()),
        }
    }

    /// The next value, whatever it is, in so many objects.
    pub(super) fn any(&mut self, depth: u8, bounds: &Bounds) -> Result<Content<'de>, Stop> {
        self.value(Strict { bounds, depth }, bounds)
    }

    /// The next value.
    pub(super) fn value<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
        bounds: &Bounds,
    ) -> Result<S::Value, Stop> {
        let mut reader = Deserializer::from_str(self.rest);
        let value = seed.deserialize(&mut reader).map_err(|error| match error.classify() {
            Category::Data => bounds.found().unwrap_or(DocumentError::NotJson).into(),
            Category::Eof => Stop::Short,
            Category::Syntax | Category::Io => DocumentError::NotJson.into(),
        })?;
        let length = reader.into_iter::<IgnoredAny>().byte_offset();
        let (value_text, rest) = self.rest.split_at_checked(length).ok_or(DocumentError::NotJson)?;
        // Digits may be followed by more of them.
        if rest.is_empty() && !self.is_last && !value_text.ends_with(['"', '}', ']']) {
            return Err(Stop::Short);
        }
        self.rest = rest;
        Ok(value)
    }
}
