//! The token endpoint's refusals, in the service's own shape.

use hyper::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::reply::{self, Reply};
use crate::state::{State, error_time};

/// A refusal with an AADSTS code.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    pub(crate) code: u32,
    pub(crate) text: String,
    pub(crate) suberror: Option<&'static str>,
    pub(crate) claims: Option<Value>,
    /// The rule that the client has broken, if it is the client's fault and not the user's.
    pub(crate) violation: Option<String>,
}

impl Refusal {
    pub(crate) fn new(error: &'static str, code: u32, text: impl Into<String>) -> Self {
        Refusal { error, code, text: text.into(), suberror: None, claims: None, violation: None }
    }

    pub(crate) fn request(code: u32, text: impl Into<String>) -> Self {
        Refusal::new("invalid_request", code, text)
    }

    pub(crate) fn grant(code: u32, text: impl Into<String>) -> Self {
        Refusal::new("invalid_grant", code, text)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Refusal::request(
            900144,
            format!("The request body must contain the following parameter: '{parameter}'."),
        )
        .because(format!("token request: the parameter {parameter} is missing"))
    }

    pub(crate) fn suberror(self, suberror: &'static str) -> Self {
        Refusal { suberror: Some(suberror), ..self }
    }

    pub(crate) fn claims(self, claims: Value) -> Self {
        Refusal { claims: Some(claims), ..self }
    }

    pub(crate) fn because(self, violation: impl Into<String>) -> Self {
        Refusal { violation: Some(violation.into()), ..self }
    }

    /// Records the violation and writes the answer.
    pub(crate) fn into_reply(self, state: &State, correlation: Option<&str>) -> Reply {
        if let Some(violation) = &self.violation {
            state.violate(violation.clone());
        }
        let trace = Uuid::new_v4().to_string();
        let correlation =
            correlation.and_then(|text| Uuid::parse_str(text).ok()).unwrap_or_else(Uuid::new_v4).to_string();
        let timestamp = error_time(state.now());
        let description = format!(
            "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
            self.code, self.text
        );
        let mut body = json!({
            "error": self.error,
            "error_description": description,
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("{}/error?code={}", state.base_url, self.code),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = suberror.into();
        }
        if let Some(claims) = self.claims {
            body["claims"] = claims.to_string().into();
        }
        let status = match self.error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        reply::json(status, &body)
    }
}
