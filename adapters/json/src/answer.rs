//! An answer line, read into a reply.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use entrada_core::http::{Outcome, Response, TransportErrorKind};
use entrada_core::secret::{Secret, SecretBytes};
use entrada_core::signer::{Signature, SignerError, SignerErrorKind};
use entrada_core::time::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::members::{Members, Refused};

/// The answer to a `wait` or a `show`: the time alone.
pub(crate) fn time(name: &str, mut members: Members<'_>) -> Result<((), Timestamp), Refused> {
    let now = members.now()?;
    members.end(&format!("the answer {name:?}"))?;
    Ok(((), now))
}

/// The answer to a `sign`: a signature, or why there is none.
pub(crate) fn sign(mut members: Members<'_>) -> Result<(Result<Signature, SignerError>, Timestamp), Refused> {
    const SIGNATURE: &str = "a signature in base64url";
    let now = members.now()?;
    let reply = match members.text("failed")? {
        Some(kind) => Err(signer_failure(&kind)?.into()),
        None => {
            let text: String = members.required("signature", SIGNATURE)?;
            let bytes = BASE64URL.decode(text).ok().filter(|bytes| !bytes.is_empty());
            Ok(Signature::new(bytes.ok_or(Refused(format!("the member \"signature\" must be {SIGNATURE}")))?))
        }
    };
    members.forget_null(&["failed", "signature"]);
    members.end("this answer")?;
    Ok((reply, now))
}

/// With or without padding: what made the signature elsewhere may write either.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The answer to an `assert`: an assertion, or why there is none.
pub(crate) fn assert(mut members: Members<'_>) -> Result<(Result<Secret, SignerError>, Timestamp), Refused> {
    let now = members.now()?;
    let reply = match members.text("failed")? {
        Some(kind) => Err(signer_failure(&kind)?.into()),
        None => Ok(members.required::<String>("assertion", "a text").map(Secret::new)?),
    };
    members.forget_null(&["failed", "assertion"]);
    members.end("this answer")?;
    Ok((reply, now))
}

fn signer_failure(kind: &str) -> Result<SignerErrorKind, Refused> {
    Ok(match kind {
        "unsupported" => SignerErrorKind::Unsupported,
        "unavailable" => SignerErrorKind::Unavailable,
        "denied" => SignerErrorKind::Denied,
        "other" => SignerErrorKind::Other,
        _ => return Err("the member \"failed\" must be unsupported, unavailable, denied or other".into()),
    })
}

/// The answer to a `send`: a response, or why there is none.
pub(crate) fn send(mut members: Members<'_>, response_limit: usize) -> Result<(Outcome, Timestamp), Refused> {
    let now = members.now()?;
    let outcome = match members.text("failed")? {
        Some(kind) => Err(failure(&kind)?.into()),
        None => response(&mut members, response_limit)?,
    };
    members.forget_null(&["failed", "status", "headers", "body", "body_base64"]);
    members.end("this answer")?;
    Ok((outcome, now))
}

fn failure(kind: &str) -> Result<TransportErrorKind, Refused> {
    Ok(match kind {
        "connect" => TransportErrorKind::Connect,
        "timeout" => TransportErrorKind::Timeout,
        "tls" => TransportErrorKind::Tls,
        "too_large" => TransportErrorKind::TooLarge,
        "negotiate" => TransportErrorKind::Negotiate,
        "other" => TransportErrorKind::Other,
        _ => {
            return Err(
                "the member \"failed\" must be connect, timeout, tls, too_large, negotiate or other".into()
            );
        }
    })
}

fn response(members: &mut Members<'_>, response_limit: usize) -> Result<Outcome, Refused> {
    const STATUS: &str = "a number from 100 to 999";
    let status: u16 = members.required("status", STATUS)?;
    let status = StatusCode::from_u16(status)
        .map_err(|_| Refused(format!("the member \"status\" must be {STATUS}")))?;
    let headers: Option<Vec<(String, String)>> =
        members.optional("headers", "an array of pairs of name and value")?;
    let headers = header_map(headers.unwrap_or_default())?;
    let body = body(members)?;
    // A host that did not keep to the limit is helped to.
    if body.len() > response_limit {
        return Ok(Err(TransportErrorKind::TooLarge.into()));
    }
    Ok(Ok(Response::new(status, headers, body)))
}

fn header_map(pairs: Vec<(String, String)>) -> Result<HeaderMap, Refused> {
    let refused = |at: usize, what: &str| Refused(format!("the {what} of header {at} is not one"));
    let mut headers = HeaderMap::new();
    for (at, (name, value)) in (1_usize..).zip(pairs) {
        let name = HeaderName::try_from(name).map_err(|_| refused(at, "name"))?;
        let value = HeaderValue::try_from(value.into_bytes()).map_err(|_| refused(at, "value"))?;
        // A map holds some 30 000 values at most.
        headers.try_append(name, value).map_err(|_| Refused::from("there are too many headers"))?;
    }
    Ok(headers)
}

fn body(members: &mut Members<'_>) -> Result<SecretBytes, Refused> {
    let text = members.text("body")?.map(SecretBytes::new);
    let encoded = members.text("body_base64")?.map(SecretBytes::new);
    match (text, encoded) {
        (Some(_), Some(_)) => Err("the answer has both a \"body\" and a \"body_base64\"".into()),
        (Some(text), None) => Ok(text),
        (None, Some(encoded)) => STANDARD
            .decode(encoded.expose())
            .map(SecretBytes::new)
            .map_err(|_| "the member \"body_base64\" must be standard base64 with its padding".into()),
        (None, None) => Ok(SecretBytes::default()),
    }
}
