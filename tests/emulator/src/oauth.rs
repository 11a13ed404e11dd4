//! Refusals, each in the shape of the service that refuses.

use std::borrow::Cow;

use hyper::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::reply::{self, Reply};
use crate::service::{Kind, Service};
use crate::state::{State, error_time};

/// A refusal with an AADSTS code.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: Cow<'static, str>,
    pub(crate) code: u32,
    pub(crate) text: String,
    pub(crate) suberror: Option<Cow<'static, str>>,
    pub(crate) claims: Option<Box<Value>>,
    /// The rule that the client has broken, if it is the client's fault and not the user's.
    pub(crate) violation: Option<String>,
}

impl Refusal {
    pub(crate) fn new(error: impl Into<Cow<'static, str>>, code: u32, text: impl Into<String>) -> Self {
        Refusal {
            error: error.into(),
            code,
            text: text.into(),
            suberror: None,
            claims: None,
            violation: None,
        }
    }

    pub(crate) fn request(code: u32, text: impl Into<String>) -> Self {
        Refusal::new("invalid_request", code, text)
    }

    pub(crate) fn grant(code: u32, text: impl Into<String>) -> Self {
        Refusal::new("invalid_grant", code, text)
    }

    pub(crate) fn client(code: u32, text: impl Into<String>) -> Self {
        Refusal::new("invalid_client", code, text)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Refusal::request(
            900144,
            format!("The request body must contain the following parameter: '{parameter}'."),
        )
        .because(format!("token request: the parameter {parameter} is missing"))
    }

    pub(crate) fn suberror(self, suberror: &'static str) -> Self {
        Refusal { suberror: Some(suberror.into()), ..self }
    }

    pub(crate) fn claims(self, claims: Value) -> Self {
        Refusal { claims: Some(Box::new(claims)), ..self }
    }

    pub(crate) fn because(self, violation: impl Into<String>) -> Self {
        Refusal { violation: Some(violation.into()), ..self }
    }

    /// Records the violation, if there is one.
    pub(crate) fn record(&self, state: &State) {
        if let Some(violation) = &self.violation {
            state.violate(violation.clone());
        }
    }

    /// The description as the service writes it.
    pub(crate) fn description(&self, state: &State, kind: Kind, trace: &str, correlation: &str) -> String {
        let time = error_time(state.now());
        let Refusal { code, text, .. } = self;
        match kind {
            Kind::Entra => format!(
                "AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
            ),
            Kind::B2c => {
                let code = b2c(*code);
                format!("AADB2C{code}: {text}\r\nCorrelation ID: {correlation}\r\nTimestamp: {time}\r\n")
            }
            Kind::Adfs => format!("MSIS{}: {text}", 9000 + code % 1000),
            Kind::Oidc => text.clone(),
        }
    }

    /// Records the violation and writes Entra's answer.
    pub(crate) fn into_reply(self, state: &State, correlation: Option<&str>) -> Reply {
        self.answer(state, Kind::Entra, correlation)
    }

    /// Records the violation and writes the service's answer.
    pub(crate) fn into_reply_of(self, state: &State, service: &Service, correlation: Option<&str>) -> Reply {
        self.answer(state, service.kind, correlation)
    }

    fn answer(self, state: &State, kind: Kind, correlation: Option<&str>) -> Reply {
        self.record(state);
        let trace = Uuid::new_v4().to_string();
        let correlation =
            correlation.and_then(|text| Uuid::parse_str(text).ok()).unwrap_or_else(Uuid::new_v4).to_string();
        let mut body = json!({
            "error": self.error,
            "error_description": self.description(state, kind, &trace, &correlation),
        });
        if kind == Kind::Entra {
            body["error_codes"] = json!([self.code]);
            body["timestamp"] = error_time(state.now()).into();
            body["trace_id"] = trace.into();
            body["correlation_id"] = correlation.into();
            body["error_uri"] = format!("{}/error?code={}", state.base_url, self.code).into();
            if let Some(suberror) = self.suberror {
                body["suberror"] = suberror.into();
            }
            if let Some(claims) = self.claims {
                body["claims"] = claims.to_string().into();
            }
        }
        let status = match self.error.as_ref() {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let reply = reply::json(status, &body);
        reply::with_header(reply, hyper::header::CACHE_CONTROL, "no-store")
    }
}

/// What B2C says where Entra ID says this.
fn b2c(code: u32) -> u32 {
    match code {
        50126 | 50034 => 90225,
        65004 => 90091,
        700016 => 90006,
        50011 => 90006,
        7000218 | 7000215 => 90081,
        70000 | 70008 | 700082 | 54005 => 90080,
        900144 => 90074,
        _ => 90085,
    }
}
