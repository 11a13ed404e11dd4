//! The service's refusal, and the numbers in it.

use serde_json::Value;

use crate::error::Refusal;
use crate::http::Response;
use crate::secret::SecretMembers;
use crate::time::Timestamp;

/// The refusal that an answer holds, under whatever status. Only its `error` must be as it should; the rest is read as
/// far as it can be.
pub(crate) fn refusal(response: &Response, now: Timestamp) -> Option<Refusal> {
    // A token may stand beside the error.
    let body = serde_json::from_str(crate::protocol::json_object(response.body.expose())?).ok()?;
    let body = SecretMembers::new(body);
    let text = |name: &str| {
        body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let description = text("error_description");
    let mut error_codes = Vec::new();
    collect_codes(body.get("error_codes").unwrap_or(&Value::Null), &mut error_codes);
    if error_codes.is_empty() {
        error_codes = codes_in(description.as_deref().unwrap_or_default());
    }
    Some(Refusal {
        status: response.status,
        error: text("error")?,
        description,
        error_codes,
        suberror: text("suberror"),
        claims: match body.get("claims") {
            Some(Value::Object(claims)) => Some(Value::Object(claims.clone()).to_string()),
            _ => text("claims"),
        },
        trace_id: text("trace_id"),
        timestamp: text("timestamp"),
        retry_after: crate::retry::retry_after(response, now),
    })
}

/// `error_codes` is an array of numbers; once seen as a text that holds one.
fn collect_codes(value: &Value, codes: &mut Vec<u32>) {
    match value {
        Value::Number(number) => codes.extend(number.as_u64().and_then(|code| u32::try_from(code).ok())),
        Value::String(text) => {
            codes.extend(
                text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<u32>().ok()),
            );
        }
        Value::Array(items) => items.iter().take(MOST_CODES).for_each(|item| collect_codes(item, codes)),
        _ => {}
    }
    codes.truncate(MOST_CODES);
}

/// Every `AADSTS` number of a text, its run of digits read whole.
pub(crate) fn codes_in(description: &str) -> Vec<u32> {
    let mut codes = Vec::new();
    for rest in description.split("AADSTS").skip(1).take(MOST_CODES) {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        codes.extend(digits.parse::<u32>().ok());
    }
    codes
}

const MOST_CODES: usize = 16;
