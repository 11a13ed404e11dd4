//! Characters, names and references of XML 1.0 (fifth edition, sections 2.2, 2.3 and 4.1).

use std::borrow::Cow;

use super::error::XmlError;

const START: u8 = 1;
const NAME: u8 = 2;
const SPACE: u8 = 4;

/// What each byte may be, alone.
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0u8;
    loop {
        let class = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => START | NAME,
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

/// The length of the `NCName` at the start of a text; `None` if there is none.
#[inline]
pub(super) fn ncname_len(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let len = bytes.iter().position(|b| class(*b) & NAME == 0).unwrap_or(bytes.len());
    if bytes.get(len).is_some_and(|b| *b >= 0x80) {
        return unicode_ncname_len(text);
    }
    bytes.first().filter(|first| class(**first) & START != 0).map(|_| len)
}

#[cold]
fn unicode_ncname_len(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(is_name_start)?.trim_start_matches(|c| is_name_start(c) || is_name_rest(c));
    text.len().checked_sub(rest.len())
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
    !is_rare(text.as_bytes(), 0xEF, 0xEF) || text.chars().all(is_char)
}

/// Whether there is a control character, a byte 0xEF, with which U+FFFE and U+FFFF begin, or one of two more bytes.
///
/// Nearly all texts have none, so this first look goes over eight bytes at a time.
#[inline]
fn is_rare(bytes: &[u8], one: u8, other: u8) -> bool {
    let found = |word: u64| {
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let below_space = word.wrapping_sub(ONES * 0x20) & !word;
        let needles = zero(word ^ (ONES * 0xEF)) | zero(word ^ repeat(one)) | zero(word ^ repeat(other));
        (below_space | needles) & (ONES * 0x80) != 0
    };
    let (words, rest) = bytes.as_chunks::<8>();
    if words.iter().any(|word| found(u64::from_ne_bytes(*word))) {
        return true;
    }
    match bytes.last_chunk::<8>() {
        Some(last) => found(u64::from_ne_bytes(*last)),
        None => rest.iter().any(|b| *b < 0x20 || *b == 0xEF || *b == one || *b == other),
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Checks text between tags and references.
#[inline]
pub(super) fn check_text(text: &str, at: usize) -> Result<(), XmlError> {
    let bytes = after_blank(text.as_bytes());
    if bytes.is_empty() || !is_rare(bytes, b'>', b'>') {
        return Ok(());
    }
    if !are_chars(text) {
        Err(XmlError::Character(at))
    } else if text.contains("]]>") {
        Err(XmlError::CdataEnd(at))
    } else {
        Ok(())
    }
}

/// What comes after white space: most texts are line ends and indentation.
#[inline]
fn after_blank(mut bytes: &[u8]) -> &[u8] {
    loop {
        match bytes {
            [b' ', b' ', b' ', b' ', b' ', b' ', b' ', b' ', rest @ ..] => bytes = rest,
            [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] => bytes = rest,
            _ => return bytes,
        }
    }
}

/// Checks what stands between the marks of a comment (section 2.5).
pub(super) fn check_comment(comment: &str, at: usize) -> Result<(), XmlError> {
    if comment.contains("--") || comment.ends_with('-') {
        Err(XmlError::Comment(at))
    } else if are_chars(comment) {
        Ok(())
    } else {
        Err(XmlError::Character(at))
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
    if is_rare(raw.as_bytes(), b'<', b'&') { check_odd_value(raw) } else { Value::Plain }
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
    fn rare_bytes_are_found_wherever_they_are() {
        for len in 0..40 {
            let common = "azAZ09 ~\u{80}\u{7FF}\u{10FFFF}=?";
            let text: String = common.chars().cycle().take(len).collect();
            assert!(!is_rare(text.as_bytes(), b'<', b'&'), "{text}");
            for (at, _) in text.char_indices() {
                for rare in ["\0", "\u{1F}", "\n", "<", "&", "\u{FFFD}"] {
                    let mut text = text.clone();
                    text.insert_str(at, rare);
                    assert!(is_rare(text.as_bytes(), b'<', b'&'), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn names_follow_the_fifth_edition() {
        for good in ["a", "_1", "é", "a-b.c", "a\u{B7}", "\u{10000}"] {
            assert_eq!(ncname_len(&format!("{good}:")), Some(good.len()), "{good}");
        }
        for bad in ["", "1", "-a", ".a", "\u{B7}a", "\u{D7}", "\u{300}", ":a", " a"] {
            assert_eq!(ncname_len(bad), None, "{bad}");
        }
        assert_eq!(ncname_len("a\u{D7}"), Some(1));
    }
}
