//! What JSON has not, and two old libraries wrote all the same.

use std::borrow::Cow;

/// The text of a document without the commas before a closing brace or bracket, which two old files of MSAL.NET have, and
/// without the byte order mark that an editor put before it.
///
/// JSON has neither, so a reader refuses them; this is for whoever has such a file and wants it read all the same.
#[must_use]
pub fn tolerant(document: &str) -> Cow<'_, str> {
    let document = document.strip_prefix('\u{feff}').unwrap_or(document);
    // As large as it can be: one that grows leaves tokens behind.
    let mut kept = String::with_capacity(document.len());
    let mut start = 0;
    let mut in_text = false;
    let mut escaped = false;
    let mut comma = None;
    for (at, c) in document.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => {
                in_text = !in_text;
                comma = None;
            }
            _ if in_text => {}
            ',' => comma = Some(at),
            '}' | ']' => {
                if let Some(comma) = comma.take() {
                    kept.push_str(document.get(start..comma).unwrap_or_default());
                    start = comma.saturating_add(1);
                }
            }
            c if c.is_ascii_whitespace() => {}
            _ => comma = None,
        }
    }
    if start == 0 {
        return Cow::Borrowed(document);
    }
    kept.push_str(document.get(start..).unwrap_or_default());
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn trailing_commas_are_forgiven_on_demand_alone() {
        let text = r#"{"a":[1,2, ],"b":"x,}","c":"\",]", }"#;
        assert!(serde_json::from_str::<Value>(text).is_err());
        let read: Value = serde_json::from_str(&tolerant(text)).unwrap();
        assert_eq!(read, json!({ "a": [1, 2], "b": "x,}", "c": "\",]" }));
        assert!(matches!(tolerant("{\"a\":1}"), Cow::Borrowed(_)));
        assert_eq!(tolerant("\u{feff}{\"a\":1,}"), "{\"a\":1}");
        assert!(serde_json::from_str::<Value>(&tolerant("{,,}")).is_err());
    }
}
