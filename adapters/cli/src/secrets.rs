//! Where secrets are read from: a prompt, standard input, an environment variable. Never an argument.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};

use entrada_core::secret::Secret;
use zeroize::Zeroizing;

use crate::report::Failure;

/// A secret and the options that say where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// What it is, in a sentence.
    pub(crate) what: &'static str,
    /// The most bytes of it that are read.
    pub(crate) limit: usize,
    /// The environment variable that holds it.
    pub(crate) env: Option<&'a str>,
    /// Whether it is on standard input.
    pub(crate) stdin: bool,
}

/// The most bytes of a password or a client secret.
pub(crate) const PASSWORD: usize = 4096;
/// The most bytes of a token.
pub(crate) const TOKEN: usize = 256 * 1024;

impl Source<'_> {
    /// Reads it: from the prompt, or from standard input where nobody sits or it was asked for.
    pub(crate) fn read(self, prompt: &str) -> Result<Secret, Failure> {
        match self.env {
            Some(name) => self.read_variable(name),
            None if !self.stdin && io::stdin().is_terminal() => self.read_prompt(prompt),
            None => self.read_text(io::stdin().lock(), "on standard input"),
        }
    }

    /// Reads it if there is a place to read it from. Standard input is one only if it was asked for.
    pub(crate) fn read_if_said(self, prompt: &str) -> Result<Option<Secret>, Failure> {
        if self.env.is_some() || self.stdin || io::stdin().is_terminal() {
            self.read(prompt).map(Some)
        } else {
            Ok(None)
        }
    }

    fn read_prompt(self, prompt: &str) -> Result<Secret, Failure> {
        rpassword::prompt_password(format!("{prompt}: "))
            .map(Secret::new)
            .map_err(|error| Failure::Usage(format!("the {} cannot be read: {error}", self.what)))
    }

    fn read_variable(self, name: &str) -> Result<Secret, Failure> {
        let refused = |reason: &str| {
            Failure::Usage(format!("the {} in the environment variable {name} {reason}", self.what))
        };
        // A name that no variable can have would panic.
        let value = Some(name)
            .filter(|name| !name.is_empty() && !name.contains(['=', '\0']))
            .and_then(std::env::var_os)
            .ok_or_else(|| refused("is not there"))?;
        value.into_string().map(Secret::new).map_err(|_: OsString| refused("is not UTF-8"))
    }

    /// All of the input, to the character, but the line break at its end and the mark with which Windows PowerShell begins
    /// what it pipes: a password is tried once, and a wrong one counts.
    pub(crate) fn read_text(self, input: impl Read, place: &str) -> Result<Secret, Failure> {
        let refused = |reason: &str| Failure::Usage(format!("the {} {place} {reason}", self.what));
        // Room enough from the start leaves no outgrown copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.limit + 64));
        input
            .take(self.limit as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| refused(&format!("cannot be read: {error}")))?;
        if bytes.len() > self.limit {
            return Err(refused(&format!("is longer than {} bytes", self.limit)));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| refused("is not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if text.contains('\n') {
            return Err(refused("has more than one line"));
        }
        Ok(Secret::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: impl Read) -> Result<Secret, Failure> {
        Source { what: "password", limit: PASSWORD, env: None, stdin: true }.read_text(input, "here")
    }

    #[test]
    fn a_password_is_read_to_the_character_without_the_line_break_at_its_end() {
        for (input, password) in
            [("p", "p"), ("p\n", "p"), ("p\r\n", "p"), (" p \n", " p "), ("p\r", "p\r"), ("", ""), ("ü", "ü")]
        {
            assert_eq!(read(input.as_bytes()).unwrap(), Secret::new(password), "{input:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_before_a_password_is_none_of_it() {
        for (input, password) in
            [("\u{feff}p\r\n", "p"), ("\u{feff}\u{feff}p", "\u{feff}p"), ("p\u{feff}", "p\u{feff}")]
        {
            assert_eq!(read(input.as_bytes()).unwrap(), Secret::new(password), "{input:?}");
        }
    }

    #[test]
    fn what_is_no_password_is_refused_and_not_told() {
        for input in [&b"planted\nq"[..], b"planted\xff", &[b'p'; 5000]] {
            let Err(Failure::Usage(reason)) = read(input) else { panic!() };
            assert!(!reason.contains("planted"), "{reason}");
        }
    }

    #[test]
    fn a_variable_that_is_not_there_is_told_by_its_name() {
        for name in ["ENTRADA_TEST_NOT_THERE", "", "a=b", "a\0b"] {
            let source = Source { what: "password", limit: PASSWORD, env: Some(name), stdin: false };
            let Err(Failure::Usage(reason)) = source.read("") else { panic!() };
            assert!(reason.contains(name) && reason.contains("is not there"), "{reason}");
        }
    }
}
