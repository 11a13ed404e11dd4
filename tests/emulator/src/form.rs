//! Forms and percent-encoding, split by hand.

use percent_encoding::percent_decode_str;

/// The text behind percent-encoding, `None` if it is no UTF-8 or badly encoded.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let digits = rest.get(at + 1..at + 3)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        rest = rest.get(at + 3..)?;
    }
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

/// Names and values of a form or a query.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `a=b&c=d`; `None` if any of it is badly encoded.
    pub(crate) fn parse(text: &str) -> Option<Form> {
        let mut pairs = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            pairs.push((decoded(&name.replace('+', " "))?, decoded(&value.replace('+', " "))?));
        }
        Some(Form(pairs))
    }

    /// The value of a name; a value of nothing counts as absent.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The first name that occurs twice.
    pub(crate) fn duplicate(&self) -> Option<&str> {
        self.0.iter().enumerate().find_map(|(at, (name, _))| {
            let earlier = self.0.iter().take(at).any(|(known, _)| known == name);
            earlier.then_some(name.as_str())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_gives_back_what_was_encoded() {
        let form = Form::parse("a=1+2&b=%2B%26%3D&c=%C3%BC").expect("a good form");
        assert_eq!(form.value("a"), Some("1 2"));
        assert_eq!(form.value("b"), Some("+&="));
        assert_eq!(form.value("c"), Some("ü"));
        assert_eq!(form.duplicate(), None);
    }

    #[test]
    fn a_form_with_broken_encoding_is_no_form() {
        assert!(Form::parse("a=%2").is_none());
        assert!(Form::parse("a=%zz").is_none());
        assert!(Form::parse("a=%ff").is_none());
    }

    #[test]
    fn a_repeated_name_is_found() {
        assert_eq!(Form::parse("a=1&b=2&a=3").expect("a good form").duplicate(), Some("a"));
    }
}
