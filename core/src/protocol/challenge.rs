//! What a server asks for with `WWW-Authenticate` (RFC 9110, section 11.6.1), and the claims challenges of APIs.
//!
//! [`parse`] reads every challenge of a response by the grammar; [`ClaimsChallenge`] is what an API says when a
//! token is not enough, such as under continuous access evaluation.

mod claims;
#[cfg(test)]
mod tests;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

pub use self::claims::ClaimsChallenge;
use crate::secret::Secret;

/// The most bytes of all the fields of a response together: 64 KiB.
pub const LONGEST_FIELDS: usize = 64 * 1024;
/// The most challenges of a response.
pub const MOST_CHALLENGES: usize = 32;
/// The most parameters of a challenge.
pub const MOST_PARAMETERS: usize = 64;

/// One challenge: a scheme, and either a token68 or parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// The scheme as the server spells it; [`is`](Self::is) compares as the standard demands.
    pub scheme: String,
    /// What follows the scheme where that is no list of parameters, as in `Negotiate YII…=`.
    pub token68: Option<Secret>,
    /// The parameters in their order, names as the server spells them and values without their quoting.
    ///
    /// No name occurs twice. A value that is not UTF-8 is taken as ISO 8859-1.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Whether the challenge is of this scheme, without regard to case.
    #[must_use]
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of a parameter, its name compared without regard to case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, value) = self.parameters.iter().find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// Why the challenges of a response cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// The fields are longer than [`LONGEST_FIELDS`].
    #[error("the challenges are longer than {LONGEST_FIELDS} bytes")]
    TooLong,
    /// There are more than [`MOST_CHALLENGES`].
    #[error("there are more than {MOST_CHALLENGES} challenges")]
    TooManyChallenges,
    /// A challenge has more than [`MOST_PARAMETERS`].
    #[error("a challenge has more than {MOST_PARAMETERS} parameters")]
    TooManyParameters,
    /// A parameter stands before the first scheme, or beside a token68.
    #[error("the parameter {name:?} belongs to no challenge")]
    StrayParameter {
        /// Its name, at most 64 characters of it.
        name: String,
    },
    /// A challenge has the same parameter twice.
    #[error("a challenge has the parameter {name:?} twice")]
    DuplicateParameter {
        /// Its name, at most 64 characters of it.
        name: String,
    },
    /// A quotation mark is not closed in its field.
    #[error("the quotation mark at byte {at} of a challenge is never closed")]
    UnclosedQuote {
        /// Where in its field, from 0.
        at: usize,
    },
    /// The grammar allows something else at this place.
    #[error("a challenge breaks the grammar of RFC 9110 at byte {at}")]
    Malformed {
        /// Where in its field, from 0.
        at: usize,
    },
    /// The `claims` of a claims challenge are neither a JSON object nor base64 of one.
    #[error("the claims of the challenge are neither a JSON object nor base64 of one")]
    Claims,
}

impl ChallengeError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "challenge_too_long",
            Self::TooManyChallenges => "too_many_challenges",
            Self::TooManyParameters => "too_many_challenge_parameters",
            Self::DuplicateParameter { .. } => "duplicate_challenge_parameter",
            Self::StrayParameter { .. } | Self::UnclosedQuote { .. } | Self::Malformed { .. } => {
                "malformed_challenge"
            }
            Self::Claims => "malformed_claims_challenge",
        }
    }
}

/// Reads every `WWW-Authenticate` field of a response; none gives no challenge.
///
/// # Errors
/// If the fields break the grammar or one of the limits. One broken challenge makes all of them unreadable, as there
/// is no telling where the next one begins.
pub fn parse(headers: &HeaderMap) -> Result<Vec<Challenge>, ChallengeError> {
    parse_fields(headers.get_all(WWW_AUTHENTICATE))
}

/// Reads the values of fields that have this grammar, `Proxy-Authenticate` among them.
///
/// Several fields are one list (RFC 9110, section 5.3): a parameter at the beginning of a field belongs to the
/// challenge before it. A quoted string ends in the field in which it begins.
///
/// # Errors
/// As for [`parse`].
pub fn parse_fields<V: AsRef<[u8]>>(
    fields: impl IntoIterator<Item = V>,
) -> Result<Vec<Challenge>, ChallengeError> {
    let mut challenges = Vec::new();
    let mut room = LONGEST_FIELDS;
    for field in fields {
        let field = field.as_ref();
        room = room.checked_sub(field.len()).ok_or(ChallengeError::TooLong)?;
        read(field, &mut challenges)?;
    }
    Ok(challenges)
}

/// Reads one field. Its list has commas between schemes as between parameters; what a name is shows what follows it.
fn read(field: &[u8], challenges: &mut Vec<Challenge>) -> Result<(), ChallengeError> {
    let mut cursor = Cursor { rest: field, length: field.len() };
    loop {
        cursor.take_while(|byte| byte == b',' || is_blank(byte));
        if cursor.rest.is_empty() {
            return Ok(());
        }
        let name = cursor.token()?;
        if cursor.take_equals() {
            parameter(name, &mut cursor, challenges)?;
        } else {
            challenge(name, &mut cursor, challenges)?;
        }
        cursor.take_while(is_blank);
        if !cursor.is_at_end_of_element() {
            return Err(cursor.malformed());
        }
    }
}

/// Begins a challenge, with its token68 or its first parameter.
fn challenge(
    scheme: String,
    cursor: &mut Cursor<'_>,
    challenges: &mut Vec<Challenge>,
) -> Result<(), ChallengeError> {
    if challenges.len() >= MOST_CHALLENGES {
        return Err(ChallengeError::TooManyChallenges);
    }
    let separated = !cursor.take_while(is_blank).is_empty();
    let token68 = if separated { cursor.token68() } else { None };
    let first_parameter = token68.is_none() && !cursor.is_at_end_of_element();
    challenges.push(Challenge { scheme, token68, parameters: Vec::new() });
    if first_parameter {
        let name = cursor.token()?;
        if !cursor.take_equals() {
            return Err(cursor.malformed());
        }
        parameter(name, cursor, challenges)?;
    }
    Ok(())
}

/// Reads a parameter's value and adds it to the last challenge.
fn parameter(
    name: String,
    cursor: &mut Cursor<'_>,
    challenges: &mut [Challenge],
) -> Result<(), ChallengeError> {
    let shown = |name: &str| name.chars().take(64).collect();
    let challenge = match challenges.last_mut() {
        Some(challenge) if challenge.token68.is_none() => challenge,
        _ => return Err(ChallengeError::StrayParameter { name: shown(&name) }),
    };
    if challenge.parameter(&name).is_some() {
        return Err(ChallengeError::DuplicateParameter { name: shown(&name) });
    }
    if challenge.parameters.len() >= MOST_PARAMETERS {
        return Err(ChallengeError::TooManyParameters);
    }
    let value = if cursor.rest.first() == Some(&b'"') { cursor.quoted()? } else { cursor.token()? };
    challenge.parameters.push((name, value));
    Ok(())
}

struct Cursor<'a> {
    rest: &'a [u8],
    /// Of the whole field.
    length: usize,
}

impl<'a> Cursor<'a> {
    fn at(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    fn malformed(&self) -> ChallengeError {
        ChallengeError::Malformed { at: self.at() }
    }

    fn is_at_end_of_element(&self) -> bool {
        matches!(self.rest.first(), None | Some(b','))
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !wanted(*byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn token(&mut self) -> Result<String, ChallengeError> {
        match self.take_while(is_token) {
            [] => Err(self.malformed()),
            token => Ok(text(token)),
        }
    }

    /// Takes an equals sign, with the blanks that old servers put around it, or nothing.
    fn take_equals(&mut self) -> bool {
        let mut ahead = Self { ..*self };
        ahead.take_while(is_blank);
        let Some((b'=', rest)) = ahead.rest.split_first() else { return false };
        self.rest = rest;
        self.take_while(is_blank);
        true
    }

    /// Takes a token68 if one fills the rest of the element; otherwise it is the name of a parameter.
    fn token68(&mut self) -> Option<Secret> {
        let mut ahead = Self { ..*self };
        let letters = ahead.take_while(is_token68).len();
        let padding = ahead.take_while(|byte| byte == b'=').len();
        let taken = self.rest.get(..letters.saturating_add(padding))?;
        let rest = ahead.rest;
        ahead.take_while(is_blank);
        if letters == 0 || !ahead.is_at_end_of_element() {
            return None;
        }
        self.rest = rest;
        Some(Secret::new(text(taken)))
    }

    fn quoted(&mut self) -> Result<String, ChallengeError> {
        let opened = self.at();
        let mut value = Vec::new();
        let mut bytes = self.rest.iter();
        bytes.next();
        loop {
            let unclosed = ChallengeError::UnclosedQuote { at: opened };
            let byte = match bytes.next() {
                None => return Err(unclosed),
                Some(b'"') => break,
                Some(b'\\') => *bytes.next().ok_or(unclosed)?,
                Some(byte) => *byte,
            };
            if byte.is_ascii_control() && byte != b'\t' {
                let at = self.length.saturating_sub(bytes.len()).saturating_sub(1);
                return Err(ChallengeError::Malformed { at });
            }
            value.push(byte);
        }
        self.rest = bytes.as_slice();
        Ok(text(&value))
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}

/// Octets above ASCII may be anything; today's servers write UTF-8, those of old ISO 8859-1.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}
