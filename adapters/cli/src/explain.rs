//! `entrada explain`: what an error means, whose turn it is and what to do.

mod known;
mod read;

use std::io::{self, Read, Write};

use entrada_core::error;
use serde_json::json;

use crate::args::ExplainArgs;
use crate::report::{Failure, plain};

/// What is known of an error.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Explanation {
    /// The code, as the service or the library spells it.
    code: String,
    /// What happened, where the code alone tells or the error said so.
    meaning: Option<String>,
    /// Whose turn it is and what to do.
    remedy: String,
    /// The service's numbers.
    numbers: Vec<u32>,
    /// What goes along with the next request.
    claims: Option<String>,
    /// Under which the service logged the call.
    correlation_id: Option<String>,
}

/// Explains the code, or the error on standard input.
pub(crate) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let explanation = match args.code.as_deref() {
        Some(code) if code != "-" => of_code(code)?,
        _ => read::error(&input()?).map_err(Failure::Usage)?,
    };
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", in_json(&explanation))?;
    } else {
        tell(&mut out, &explanation)?;
    }
    Ok(out.flush()?)
}

/// The most bytes of an error that are read.
const LONGEST: u64 = 1024 * 1024;

fn input() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| Failure::Usage(format!("the error on standard input cannot be read: {error}")))?;
    Ok(text)
}

/// A number of the service, with or without its prefix, or a code.
fn of_code(text: &str) -> Result<Explanation, Failure> {
    let text = text.trim().trim_end_matches(':');
    if let Some(number) = number(text) {
        let remedy = error::explain(number).ok_or_else(|| {
            Failure::Usage(format!(
                "nothing is known here of AADSTS{number}; the service's own page may help: {}",
                page(number)
            ))
        })?;
        return Ok(Explanation {
            code: format!("AADSTS{number}"),
            remedy: remedy.to_owned(),
            numbers: vec![number],
            ..Explanation::default()
        });
    }
    known::of(text).ok_or_else(|| {
        Failure::Usage(format!(
            "nothing is known here of the code {:?}; give the service's number (AADSTS…) if there is one, or the whole \
             error as JSON on standard input",
            plain(text)
        ))
    })
}

/// The number of `AADSTS50079`, or of `50079`.
fn number(text: &str) -> Option<u32> {
    let digits = match text.get(..6) {
        Some(prefix) if prefix.eq_ignore_ascii_case("AADSTS") => &text[6..],
        _ => text,
    };
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The service's own page about a number.
fn page(number: u32) -> String {
    format!("https://login.microsoftonline.com/error?code={number}")
}

/// Whose turn it is, and what to do.
fn turn(remedy: &str) -> Option<(String, &str)> {
    let (who, what) = remedy.split_once(": ")?;
    let who = who.strip_prefix("The ").map(|who| format!("the {who}")).unwrap_or_else(|| who.to_owned());
    Some((who, what))
}

fn tell(out: &mut impl Write, explanation: &Explanation) -> io::Result<()> {
    let Explanation { code, meaning, remedy, numbers, claims, correlation_id } = explanation;
    writeln!(out, "{}", plain(code))?;
    if let Some(meaning) = meaning {
        writeln!(out, "what happened:  {}", plain(meaning))?;
    }
    match turn(remedy) {
        Some((who, what)) => {
            writeln!(out, "whose turn:     {}", plain(&who))?;
            writeln!(out, "what to do:     {}", plain(what))?;
        }
        None => writeln!(out, "what to do:     {}", plain(remedy))?,
    }
    for number in numbers {
        if !remedy.is_empty() && error::explain(*number).is_some_and(|text| text != remedy) {
            writeln!(out, "AADSTS{number}: {}", error::explain(*number).unwrap_or_default())?;
        }
        writeln!(out, "more:           {}", page(*number))?;
    }
    if let Some(claims) = claims {
        writeln!(out, "claims:         {}", plain(claims))?;
    }
    if let Some(id) = correlation_id {
        writeln!(out, "correlation id: {}", plain(id))?;
    }
    Ok(())
}

fn in_json(explanation: &Explanation) -> String {
    let Explanation { code, meaning, remedy, numbers, claims, correlation_id } = explanation;
    json!({
        "code": code, "meaning": meaning, "whose_turn": turn(remedy).map(|(who, _)| who), "remedy": remedy,
        "error_codes": numbers, "claims": claims, "correlation_id": correlation_id
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_with_and_without_its_prefix() {
        for (text, told) in
            [("AADSTS50079", Some(50079)), ("aadsts50079", Some(50079)), ("50079", Some(50079))]
        {
            assert_eq!(number(text), told);
        }
        for text in ["", "AADSTS", "AADSTSx", "5e3", "-5", "99999999999", "AADSTS 5", "é50079é"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn whose_turn_it_is_stands_before_the_colon() {
        assert_eq!(turn("The user: sign in."), Some(("the user".to_owned(), "sign in.")));
        assert_eq!(turn("Nobody knows."), None);
    }
}
