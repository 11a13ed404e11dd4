//! An error as JSON: what Entrada prints of one, or what a service answered.

use entrada_core::error::{Error, Fault, Refusal};
use http::StatusCode;
use serde_json::{Map, Value};

use super::Explanation;

/// Reads the error of a text: all of it, or its last line.
pub(super) fn error(text: &str) -> Result<Explanation, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    let last = text.lines().next_back().unwrap_or_default();
    let value = serde_json::from_str(text).or_else(|_| serde_json::from_str(last));
    let Ok(Value::Object(members)) = value else {
        return Err("standard input holds no JSON object; give a code as an argument instead".to_owned());
    };
    match members.get("error") {
        // A step `failed`, or what `entrada token --json` prints.
        Some(Value::Object(error)) => entradas(error),
        Some(Value::String(error)) => Ok(services(error, &members)),
        _ => entradas(&members),
    }
}

fn entradas(error: &Map<String, Value>) -> Result<Explanation, String> {
    let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(code), Some(remedy)) = (text("code"), text("remedy")) else {
        return Err("the JSON object is neither an error of Entrada nor one of a service: it has no member \"error\" \
                    or \"code\""
            .to_owned());
    };
    Ok(Explanation {
        code,
        meaning: text("message"),
        remedy,
        numbers: numbers(error),
        claims: text("claims"),
        correlation_id: text("correlation_id"),
    })
}

/// The OAuth error of RFC 6749, section 5.2, with what Entra adds.
fn services(code: &str, members: &Map<String, Value>) -> Explanation {
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut refusal = Refusal::new(StatusCode::BAD_REQUEST, code);
    refusal.description = text("error_description");
    refusal.error_codes = numbers(members);
    if refusal.error_codes.is_empty() {
        refusal.error_codes = refusal.description.as_deref().and_then(leading_number).into_iter().collect();
    }
    refusal.suberror = text("suberror");
    refusal.claims = text("claims");
    let (numbers, claims) = (refusal.error_codes.clone(), refusal.claims.clone());
    let meaning = refusal.description.clone();
    let error = Error::from(Fault::Refused(Box::new(refusal)));
    let known = numbers.is_empty().then(|| super::known::of(code)).flatten();
    Explanation {
        code: code.to_owned(),
        meaning: meaning.or_else(|| known.as_ref().and_then(|known| known.meaning.clone())),
        // What is said of the name is better than what is said of any refusal, but not than of what came with it.
        remedy: match known {
            Some(known) if members.get("suberror").is_none() && claims.is_none() => known.remedy,
            _ => error.remedy().to_owned(),
        },
        numbers,
        claims,
        correlation_id: text("correlation_id"),
    }
}

fn numbers(members: &Map<String, Value>) -> Vec<u32> {
    let codes = members.get("error_codes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    codes.iter().filter_map(Value::as_u64).filter_map(|code| u32::try_from(code).ok()).collect()
}

/// The number with which the service's text begins.
fn leading_number(description: &str) -> Option<u32> {
    let digits = description.strip_prefix("AADSTS")?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_at_the_start_of_a_text_counts_where_there_is_no_list() {
        let told = error(r#"{"error":"invalid_grant","error_description":"AADSTS50126: wrong"}"#).unwrap();
        assert_eq!(told.numbers, [50126]);
        assert!(told.remedy.contains("password is wrong"), "{}", told.remedy);
    }

    #[test]
    fn the_last_line_counts_where_there_are_several() {
        let text = "{\"step\":\"wait\"}\n{\"step\":\"failed\",\"error\":{\"code\":\"a\",\"remedy\":\"The user: b.\"}}\n";
        assert_eq!(error(text).unwrap().code, "a");
    }

    #[test]
    fn what_is_no_error_is_told() {
        for text in ["", "hello", "[]", "{}", r#"{"error":5}"#, r#"{"error":{}}"#, r#"{"step":"done"}"#] {
            assert!(error(text).is_err(), "{text}");
        }
    }
}
