//! The inside of a start tag, and the XML declaration.

use std::borrow::Cow;

use super::chars::{self, Value};
use super::error::XmlError;
use super::scope::Namespace;

/// An attribute that is not a namespace declaration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute<'a> {
    pub(crate) namespace: Namespace,
    pub(crate) local: &'a str,
    pub(super) prefix: &'a str,
    /// The declaration that the prefix refers to.
    pub(crate) binding: Option<usize>,
    pub(super) raw: &'a str,
    pub(super) escaped: bool,
    pub(super) at: usize,
}

impl<'a> Attribute<'a> {
    /// The normalised value.
    pub(crate) fn value(&self) -> Cow<'a, str> {
        value(self.raw, self.escaped)
    }
}

/// The value for what stands between the quotes.
pub(super) fn value(raw: &str, escaped: bool) -> Cow<'_, str> {
    if escaped { Cow::Owned(chars::normalize(raw)) } else { Cow::Borrowed(raw) }
}

/// A name as written: prefix, empty if there is none, and local part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) prefix: &'a str,
    pub(super) local: &'a str,
}

/// An attribute as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) name: Name<'a>,
    pub(super) raw: &'a str,
    pub(super) escaped: bool,
    pub(super) at: usize,
}

/// Reads what stands between `<` and `>` or `/>` of a tag, or `<?xml` and `?>`, from left to right.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    rest: &'a str,
    /// The offset in the input at which `rest` ends.
    end: usize,
}

impl<'a> Tag<'a> {
    /// `inside` begins at the offset `at` of the input.
    pub(super) fn new(inside: &'a str, at: usize) -> Self {
        Self { rest: inside, end: at.saturating_add(inside.len()) }
    }

    /// Where in the input the reading stands.
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    #[inline]
    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// The qualified name that stands here.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Name<'a>, XmlError> {
        let at = self.at();
        let first = self.part().ok_or(XmlError::Name(at))?;
        if self.rest.as_bytes().first() != Some(&b':') {
            return Ok(Name { prefix: "", local: first });
        }
        self.take(1);
        let local = self.part().ok_or(XmlError::Name(at))?;
        Ok(Name { prefix: first, local })
    }

    #[inline]
    fn part(&mut self) -> Option<&'a str> {
        let len = chars::ncname_len(self.rest)?;
        Some(self.take(len))
    }

    /// Passes over white space; whether there was any.
    #[inline]
    fn spaces(&mut self) -> bool {
        let len = self.rest.bytes().position(|b| !chars::is_space(b)).unwrap_or(self.rest.len());
        self.take(len);
        len > 0
    }

    /// The next attribute, namespace declarations included.
    #[inline]
    pub(super) fn attribute(&mut self) -> Result<Option<Written<'a>>, XmlError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let spaced = self.spaces();
        let at = self.at();
        if self.rest.is_empty() {
            return Ok(None);
        }
        if !spaced {
            return Err(XmlError::Attribute(at));
        }
        let name = self.name()?;
        self.spaces();
        if self.take(1) != "=" {
            return Err(XmlError::Attribute(at));
        }
        self.spaces();
        let quote = match self.take(1) {
            "\"" => b'"',
            "'" => b'\'',
            _ => return Err(XmlError::Attribute(at)),
        };
        let Some(len) = memchr::memchr(quote, self.rest.as_bytes()) else {
            return Err(XmlError::Attribute(at));
        };
        let raw = self.take(len);
        self.take(1);
        let escaped = match chars::check_value(raw) {
            Value::Plain => false,
            Value::Escaped => true,
            Value::Less => return Err(XmlError::Attribute(at)),
            Value::Character => return Err(XmlError::Character(at)),
            Value::Reference => return Err(XmlError::Reference(at)),
        };
        Ok(Some(Written { name, raw, escaped, at }))
    }
}

/// Checks an XML declaration: version 1.0, UTF-8 if anything, in the order that XML demands (section 2.8).
pub(super) fn check_declaration(markup: &str) -> Result<(), XmlError> {
    const MALFORMED: XmlError = XmlError::Declaration(0);
    let inside = markup.strip_prefix("<?xml").and_then(|rest| rest.strip_suffix("?>")).ok_or(MALFORMED)?;
    let mut tag = Tag::new(inside, 5);
    let mut seen = 0;
    while let Some(Written { name, raw, escaped, at }) = tag.attribute().map_err(|_| MALFORMED)? {
        if escaped || !name.prefix.is_empty() {
            return Err(MALFORMED);
        }
        seen = match (name.local, seen) {
            ("version", 0) if raw == "1.0" => 1,
            ("encoding", 1) if raw.eq_ignore_ascii_case("utf-8") => 2,
            ("encoding", 1) => return Err(XmlError::Encoding(at)),
            ("standalone", 1 | 2) if raw == "yes" || raw == "no" => 3,
            _ => return Err(MALFORMED),
        };
    }
    if seen == 0 { Err(MALFORMED) } else { Ok(()) }
}
