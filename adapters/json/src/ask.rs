//! What a session prints: one object a line.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use entrada_core::cache::TokenCache;
use entrada_core::error::Error;
use entrada_core::flow::accounts::SignedInAccount;
use entrada_core::flow::authorization_code::SignIn;
use entrada_core::flow::device_code::{PendingDeviceCode, Prompt};
use entrada_core::flow::implicit::{ImplicitSignIn, ImplicitTokens};
use entrada_core::flow::sign_out::SignedOut;
use entrada_core::http::{HttpAuth, Request};
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::SecretBytes;
use entrada_core::signer::{AssertionRequest, SigningInput};
use entrada_core::time::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::conversation::Outcome;
use crate::result::{Brought, Failure, Left, SignedIn, Success};

#[derive(Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Ask<'a> {
    Send { request: Wire<'a> },
    Wait { until: u64 },
    Show { prompt: Shown<'a> },
    Sign { alg: &'static str, input: &'a str, key: &'a str },
    Assert { client_id: &'a str, audience: &'a str, tenant: Option<&'a str>, claims: Option<&'a str> },
    Done { result: Ended<'a> },
    Failed { error: Failure<'a> },
    Cache { cache: Value },
    Refused { reason: &'a str },
}

/// What a flow yields. What is kept meanwhile holds the state and the verifier in clear text: another process takes it up.
#[derive(Serialize)]
#[serde(untagged)]
enum Ended<'a> {
    Token(Success<'a>),
    SignIn { url: &'a str, sign_in: &'a SignIn },
    Implicit { url: &'a str, sign_in: &'a ImplicitSignIn },
    Tokens(Brought<'a>),
    Accounts(SignedIn<'a>),
    SignedOut(Left<'a>),
}

/// A request to be sent.
pub(crate) fn send(request: &Request) -> String {
    // Room enough from the start leaves no outgrown copy of a credential behind.
    let room = request.body.len().saturating_mul(2).saturating_add(4096);
    json(&Ask::Send { request: Wire(request) }, room)
}

/// A time to be waited for.
pub(crate) fn wait(until: Timestamp) -> String {
    json(&Ask::Wait { until: until.as_millis() }, 64)
}

/// What a person must be shown.
pub(crate) fn show(prompt: &Prompt) -> String {
    // As of a request: the device code is a credential.
    json(&Ask::Show { prompt: Shown::from(prompt) }, 16 * 1024)
}

/// What is to be signed.
pub(crate) fn sign(input: &SigningInput) -> String {
    let encoded = URL_SAFE_NO_PAD.encode(&input.input);
    let room = encoded.len().saturating_add(256);
    json(&Ask::Sign { alg: input.algorithm.as_str(), input: &encoded, key: &input.key }, room)
}

/// An assertion that is to be made.
pub(crate) fn assert(request: &AssertionRequest) -> String {
    let ask = Ask::Assert {
        client_id: &request.client_id,
        audience: &request.audience,
        tenant: request.tenant.as_deref(),
        claims: request.claims.as_deref(),
    };
    json(&ask, 512)
}

/// The end, with a token.
impl Outcome for AuthenticationResult {
    fn done(&self) -> String {
        json(&Ask::Done { result: Ended::Token(Success::from(self)) }, room(self))
    }
}

/// The end of a sign-in's first half: where to send the browser, and what to keep meanwhile.
impl Outcome for SignIn {
    fn done(&self) -> String {
        json(&Ask::Done { result: Ended::SignIn { url: self.url().as_str(), sign_in: self } }, 16 * 1024)
    }
}

/// As of a [`SignIn`].
impl Outcome for ImplicitSignIn {
    fn done(&self) -> String {
        json(&Ask::Done { result: Ended::Implicit { url: self.url().as_str(), sign_in: self } }, 16 * 1024)
    }
}

/// The tokens that a browser brought.
impl Outcome for ImplicitTokens {
    fn done(&self) -> String {
        json(&Ask::Done { result: Ended::Tokens(Brought::from(self)) }, 64 * 1024)
    }
}

/// Who has signed in.
impl Outcome for Vec<SignedInAccount> {
    fn done(&self) -> String {
        json(&Ask::Done { result: Ended::Accounts(SignedIn::from(self.as_slice())) }, 1024)
    }
}

/// The end of an account.
impl Outcome for SignedOut {
    fn done(&self) -> String {
        json(&Ask::Done { result: Ended::SignedOut(Left::from(self)) }, 512)
    }
}

/// Room for the token and its claims.
pub(crate) fn room(result: &AuthenticationResult) -> usize {
    result.access_token.expose().len().saturating_add(16 * 1024)
}

/// The end, without one.
pub(crate) fn failed(error: &Error) -> String {
    json(&Ask::Failed { error: Failure::from(error) }, 1024)
}

/// The token cache.
pub(crate) fn cache(cache: &TokenCache) -> String {
    json(&Ask::Cache { cache: cache.to_json() }, 16 * 1024)
}

/// A line that was not taken.
pub(crate) fn refused(reason: &str) -> String {
    json(&Ask::Refused { reason }, 256)
}

/// Writes one line of JSON.
pub(crate) fn json(value: &impl Serialize, room: usize) -> String {
    let mut line = Vec::with_capacity(room);
    match serde_json::to_writer(&mut line, value) {
        Ok(()) => String::from_utf8(line).unwrap_or_else(|_| UNPRINTABLE.to_owned()),
        Err(_) => UNPRINTABLE.to_owned(),
    }
}

/// Never printed: texts, numbers and maps with texts as keys always are JSON, and JSON always is UTF-8.
const UNPRINTABLE: &str = r#"{"step":"refused","reason":"the step cannot be written"}"#;

/// A prompt. What is pending holds the device code in clear text: it is what another process takes up.
#[derive(Serialize)]
struct Shown<'a> {
    user_code: &'a str,
    verification_uri: &'a str,
    verification_uri_complete: Option<&'a str>,
    message: &'a str,
    expires_at: u64,
    pending: &'a PendingDeviceCode,
}

impl<'a> From<&'a Prompt> for Shown<'a> {
    fn from(prompt: &'a Prompt) -> Self {
        Self {
            user_code: &prompt.user_code,
            verification_uri: prompt.verification_uri.as_str(),
            verification_uri_complete: prompt.verification_uri_complete.as_ref().map(|uri| uri.as_str()),
            message: &prompt.message,
            expires_at: prompt.expires_at.as_millis(),
            pending: &prompt.pending,
        }
    }
}

/// A request with its body and headers in clear text: the one place where a session must write them.
struct Wire<'a>(&'a Request);

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Request { method, url, headers, body, auth, response_limit, timeout, .. } = self.0;
        let mut pairs: Vec<(&str, Cow<'_, str>)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
            .collect();
        // The sort is stable, so values of one name keep their order.
        pairs.sort_by_key(|(name, _)| *name);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("method", method.as_str())?;
        map.serialize_entry("url", url.as_str())?;
        map.serialize_entry("headers", &pairs)?;
        serialize_body(&mut map, body)?;
        match auth {
            HttpAuth::Negotiate(service) => {
                map.serialize_entry("auth", "negotiate")?;
                map.serialize_entry("service", service.as_str())?;
            }
            // A kind that is not known here is not offered: the server then says what it misses.
            _ => map.serialize_entry("auth", "none")?,
        }
        map.serialize_entry("response_limit", response_limit)?;
        map.serialize_entry("timeout_ms", &u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))?;
        map.end()
    }
}

fn serialize_body<M: SerializeMap>(map: &mut M, body: &SecretBytes) -> Result<(), M::Error> {
    match std::str::from_utf8(body.expose()) {
        Ok(text) => map.serialize_entry("body", text),
        Err(_) => {
            let encoded = Zeroizing::new(STANDARD.encode(body.expose()));
            map.serialize_entry("body_base64", &*encoded)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_not_utf_8_travels_in_base64() {
        struct Body(SecretBytes);
        impl Serialize for Body {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                serialize_body(&mut map, &self.0)?;
                map.end()
            }
        }
        let print = |bytes: &[u8]| serde_json::to_string(&Body(SecretBytes::new(bytes))).unwrap();
        assert_eq!(print(b"a=b"), r#"{"body":"a=b"}"#);
        assert_eq!(print("é\n".as_bytes()), "{\"body\":\"é\\n\"}");
        assert_eq!(print(b"\xff\xfe\xfd"), r#"{"body_base64":"//79"}"#);
    }
}
