//! Characters, names and references of XML 1.0 (fifth edition, sections 2.2, 2.3 and 4.1).

use std::borrow::Cow;

const START: u8 = 1;
const NAME: u8 = 2;
const SPACE: u8 = 4;

/// What each byte may be. Bytes of multi-byte characters pass for name characters here; [`is_ncname`] looks closer.
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0u8;
    loop {
        let class = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => START | NAME,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            b' ' | b'\t' | b'\n' | b'\r' => SPACE,
            _ => 0,
        };
        // A constant expression: the index is a byte.
        #[allow(clippy::indexing_slicing)]
        {
            table[byte as usize] = class;
        }
        match byte.checked_add(1) {
            Some(next) => byte = next,
            None => break table,
        }
    }
};

fn class(byte: u8) -> u8 {
    CLASS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// A byte that may stand in a name, the colon excepted; in part only for bytes above 0x7F.
#[inline]
pub(super) fn is_name_byte(byte: u8) -> bool {
    class(byte) & NAME != 0
}

/// Space, tab, line feed or carriage return, and no other.
#[inline]
pub(super) fn is_space(byte: u8) -> bool {
    class(byte) & SPACE != 0
}

/// White space only, or nothing.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// Whether a run of name bytes is an `NCName`.
#[inline]
pub(super) fn is_ncname(name: &str) -> bool {
    match name.as_bytes().first() {
        Some(first) if class(*first) & START != 0 => name.is_ascii() || is_unicode_name(name),
        _ => false,
    }
}

#[cold]
fn is_unicode_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(|c| is_name_start(c) || is_name_rest(c))
}

fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_rest(c: char) -> bool {
    matches!(c, '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The `Char` of XML 1.0.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether all characters are allowed.
pub(crate) fn are_chars(text: &str) -> bool {
    // A first pass that the compiler vectorises: only the characters below 0x20 and those whose UTF-8 begins with
    // 0xEF (U+FFFE and U+FFFF are among them) are worth a second look.
    !text.bytes().fold(false, |odd, b| odd | is_odd(b)) || text.chars().all(is_char)
}

#[inline]
fn is_odd(byte: u8) -> bool {
    ((byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')) | (byte == 0xEF)
}

/// What text of an element must be looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Character,
    CdataEnd,
}

/// Checks text between tags and references.
#[inline]
pub(super) fn check_text(text: &str) -> Result<(), Flaw> {
    if !text.bytes().fold(false, |odd, b| odd | is_odd(b) | (b == b'>')) {
        return Ok(());
    }
    if !are_chars(text) {
        Err(Flaw::Character)
    } else if text.contains("]]>") {
        Err(Flaw::CdataEnd)
    } else {
        Ok(())
    }
}

/// What an attribute's value, as written, has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// The value is as written.
    Plain,
    /// There are references, tabs or line ends to replace.
    Escaped,
    Character,
    Less,
    Reference,
}

/// Checks an attribute's value as written, without its quotes.
#[inline]
pub(super) fn check_value(raw: &str) -> Value {
    let odd = raw.bytes().fold(false, |odd, b| odd | (b < 0x20) | (b == b'<') | (b == b'&') | (b == 0xEF));
    if odd { check_odd_value(raw) } else { Value::Plain }
}

#[cold]
fn check_odd_value(raw: &str) -> Value {
    if raw.contains('<') {
        return Value::Less;
    }
    if !are_chars(raw) {
        return Value::Character;
    }
    let mut parts = raw.split('&');
    let mut escaped = parts.next().is_some_and(|first| first.bytes().any(|b| b < 0x20));
    for part in parts {
        match part.split_once(';') {
            Some((name, _)) if reference(name).is_some() => escaped = true,
            _ => return Value::Reference,
        }
    }
    if escaped { Value::Escaped } else { Value::Plain }
}

/// The value of an attribute for [`Value::Escaped`]: white space and references replaced (XML 1.0, section 3.3.3).
pub(super) fn normalize(raw: &str) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr3(b'&', b'\r', b'\n', rest.as_bytes()) {
        let Some((before, from)) = rest.split_at_checked(at) else { break };
        push_spaced(&mut value, before);
        rest = if let Some(after) = from.strip_prefix('&') {
            let (name, after) = after.split_once(';').unwrap_or((after, ""));
            value.extend(reference(name));
            after
        } else {
            value.push(' ');
            from.strip_prefix("\r\n").or_else(|| from.get(1..)).unwrap_or_default()
        };
    }
    push_spaced(&mut value, rest);
    value
}

fn push_spaced(value: &mut String, text: &str) {
    value.extend(text.chars().map(|c| if c == '\t' { ' ' } else { c }));
}

/// Line ends as the application sees them (XML 1.0, section 2.11).
pub(super) fn line_ends(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The character for what stands between `&` and `;`: one of the five named entities, or a character reference.
pub(super) fn reference(name: &str) -> Option<char> {
    let (digits, radix) = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => match name.strip_prefix("#x") {
            Some(digits) => (digits, 16),
            None => (name.strip_prefix('#')?, 10),
        },
    };
    // `from_str_radix` takes a sign, XML does not.
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|c| is_char(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_the_five_names_and_valid_characters() {
        for (name, expected) in [
            ("lt", Some('<')),
            ("quot", Some('"')),
            ("#65", Some('A')),
            ("#x1F600", Some('\u{1F600}')),
            ("#x000000000041", Some('A')),
            ("#13", Some('\r')),
            ("#0", None),
            ("#1", None),
            ("#xD800", None),
            ("#xFFFE", None),
            ("#x110000", None),
            ("#99999999999", None),
            ("#+65", None),
            ("#X41", None),
            ("#", None),
            ("#x", None),
            ("", None),
            ("nbsp", None),
            ("LT", None),
            (" lt", None),
        ] {
            assert_eq!(reference(name), expected, "{name}");
        }
    }

    #[test]
    fn attribute_values_lose_line_ends_and_keep_referenced_ones() {
        assert_eq!(normalize("a\r\nb\rc\nd\te&#10;f&amp;&lt;"), "a b c d e\nf&<");
        assert_eq!(check_value("a&#10;b"), Value::Escaped);
        assert_eq!(check_value("a & b"), Value::Reference);
        assert_eq!(check_value("a&b"), Value::Reference);
        assert_eq!(check_value("a<b"), Value::Less);
        assert_eq!(check_value("\u{1}"), Value::Character);
        assert_eq!(check_value("\u{FFFF}"), Value::Character);
        assert_eq!(check_value("\u{FFFD}\u{F900}"), Value::Plain);
    }

    #[test]
    fn names_follow_the_fifth_edition() {
        for good in ["a", "_1", "é", "a-b.c", "a\u{B7}", "\u{10000}"] {
            assert!(is_ncname(good), "{good}");
        }
        for bad in ["", "1", "-a", ".a", "\u{B7}a", "a\u{D7}", "\u{300}"] {
            assert!(!is_ncname(bad), "{bad}");
        }
    }
}
