//! The request for a token: the envelope of an RST.

use crate::protocol::mex::{WsTrustEndpoint, WsTrustVersion};
use crate::protocol::xml;

/// How long the service may take the request for fresh, in milliseconds.
const LIFETIME_MS: u64 = 600_000;
/// The first millisecond of the year 10000, which the time format cannot tell.
const END_OF_TIME_MS: u64 = 253_402_300_800_000;

/// What to ask for, of whom, and on whose behalf.
#[derive(Clone, Copy)]
pub struct Issue<'a> {
    /// The endpoint that the envelope is for.
    pub endpoint: &'a WsTrustEndpoint,
    /// The audience that the token is for, such as `urn:federation:MicrosoftOnline`.
    pub applies_to: &'a str,
    /// A UUID, as text, that no other request has.
    pub message_id: &'a str,
    /// The time, in milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// The user's name and password; `None` if the HTTP layer authenticates the user.
    pub username_token: Option<UsernameToken<'a>>,
}

/// A user's credentials in an envelope.
#[derive(Clone, Copy)]
pub struct UsernameToken<'a> {
    /// A UUID, as text, that no other token has.
    pub id: &'a str,
    /// The user's name.
    pub username: &'a str,
    /// The user's password.
    pub password: &'a str,
}

/// An envelope cannot be written. No variant holds the text that is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The audience has a character that XML 1.0 does not allow.
    #[error("the audience has a character that xml does not allow")]
    AppliesTo,
    /// The message id has a character that XML 1.0 does not allow.
    #[error("the message id has a character that xml does not allow")]
    MessageId,
    /// The token id has a character that XML 1.0 does not allow.
    #[error("the token id has a character that xml does not allow")]
    TokenId,
    /// The user name has a character that XML 1.0 does not allow.
    #[error("the user name has a character that xml does not allow")]
    Username,
    /// The password has a character that XML 1.0 does not allow: a control character other than tab and line end.
    #[error("the password has a character that xml does not allow")]
    Password,
    /// The time is after the year 9999.
    #[error("the time is after the year 9999")]
    Time,
}

/// Writes the envelope of a request for a bearer token.
///
/// SOAP 1.2 with WS-Addressing, encoded in UTF-8. The request is fresh for ten minutes. Credentials, if any, go into a
/// WS-Security header, the password in clear as the endpoint's policy asks for; without them there is no such header.
/// No token type is asked for: the audience decides.
///
/// The vector is allocated once, at the size that it needs, so that no copy of the password stays behind in memory.
///
/// # Errors
///
/// If a text has a character that XML 1.0 cannot carry, even as a reference, or the time is after the year 9999.
pub fn envelope(issue: &Issue<'_>) -> Result<Vec<u8>, EnvelopeError> {
    let credentials = issue.username_token.as_ref();
    for (text, error) in [
        (issue.applies_to, EnvelopeError::AppliesTo),
        (issue.message_id, EnvelopeError::MessageId),
        (credentials.map_or("", |token| token.id), EnvelopeError::TokenId),
        (credentials.map_or("", |token| token.username), EnvelopeError::Username),
        (credentials.map_or("", |token| token.password), EnvelopeError::Password),
    ] {
        if !xml::are_chars(text) {
            return Err(error);
        }
    }
    let created = timestamp(issue.now_ms).ok_or(EnvelopeError::Time)?;
    let expires = timestamp(issue.now_ms.saturating_add(LIFETIME_MS)).ok_or(EnvelopeError::Time)?;

    // Written twice, the first time only to know the size.
    let mut len = 0usize;
    write(issue, &created, &expires, &mut |piece| len = len.saturating_add(piece.len()));
    let mut envelope = Vec::with_capacity(len);
    write(issue, &created, &expires, &mut |piece| envelope.extend_from_slice(piece.as_bytes()));
    Ok(envelope)
}

#[inline]
fn write(issue: &Issue<'_>, created: &str, expires: &str, put: &mut impl FnMut(&str)) {
    let version = issue.endpoint.version;
    put(r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s=""#);
    put(xml::SOAP_12);
    put(r#"" xmlns:wsa=""#);
    put(xml::ADDRESSING);
    put(r#"" xmlns:wsu=""#);
    put(xml::UTILITY);
    put(r#""><s:Header><wsa:Action s:mustUnderstand="1">"#);
    put(version.action());
    put("</wsa:Action><wsa:MessageID>urn:uuid:");
    escape(issue.message_id, put);
    put(
        "</wsa:MessageID><wsa:ReplyTo><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address>",
    );
    put(r#"</wsa:ReplyTo><wsa:To s:mustUnderstand="1">"#);
    escape(issue.endpoint.url.as_str(), put);
    put("</wsa:To>");
    if let Some(token) = &issue.username_token {
        write_security(token, version, created, expires, put);
    }
    put(r#"</s:Header><s:Body><wst:RequestSecurityToken xmlns:wst=""#);
    put(version.namespace());
    put(r#""><wsp:AppliesTo xmlns:wsp=""#);
    put(xml::POLICY);
    put(r#""><wsa:EndpointReference><wsa:Address>"#);
    escape(issue.applies_to, put);
    put("</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wst:KeyType>");
    put(version.key_type());
    put("</wst:KeyType><wst:RequestType>");
    put(version.request_type());
    put("</wst:RequestType></wst:RequestSecurityToken></s:Body></s:Envelope>");
}

#[inline]
fn write_security(
    token: &UsernameToken<'_>,
    version: WsTrustVersion,
    created: &str,
    expires: &str,
    put: &mut impl FnMut(&str),
) {
    put(r#"<wsse:Security s:mustUnderstand="1" xmlns:wsse=""#);
    put(xml::SECURITY);
    put(r#""><wsu:Timestamp wsu:Id="MSATimeStamp"><wsu:Created>"#);
    put(created);
    put("</wsu:Created><wsu:Expires>");
    put(expires);
    put(r#"</wsu:Expires></wsu:Timestamp><wsse:UsernameToken wsu:Id="UnPwSecTok"#);
    put(match version {
        WsTrustVersion::V13 => "13-",
        WsTrustVersion::V2005 => "2005-",
    });
    escape(token.id, put);
    put(r#""><wsse:Username>"#);
    escape(token.username, put);
    put("</wsse:Username><wsse:Password>");
    escape(token.password, put);
    put("</wsse:Password></wsse:UsernameToken></wsse:Security>");
}

/// Puts text so that an XML parser gives it back as it was, in an element or in a quoted attribute.
pub(super) fn escape(text: &str, put: &mut impl FnMut(&str)) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| reference(b).is_some()) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        put(before);
        put(from.bytes().next().and_then(reference).unwrap_or_default());
        rest = from.get(1..).unwrap_or_default();
    }
    put(rest);
}

fn reference(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        b'\'' => "&apos;",
        b'\t' => "&#9;",
        b'\n' => "&#10;",
        b'\r' => "&#13;",
        _ => return None,
    })
}

/// A time as `YYYY-MM-DDTHH:MM:SS.mmmZ`, up to the year 9999.
fn timestamp(ms: u64) -> Option<String> {
    if ms >= END_OF_TIME_MS {
        return None;
    }
    let (days, ms) = split(ms, 86_400_000);
    let (hours, ms) = split(ms, 3_600_000);
    let (minutes, ms) = split(ms, 60_000);
    let (seconds, ms) = split(ms, 1_000);
    let (year, month, day) = civil_from_days(days)?;
    Some(format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z"))
}

/// Whole parts of a size, and what is left.
fn split(amount: u64, size: u64) -> (u64, u64) {
    (amount.checked_div(size).unwrap_or_default(), amount.checked_rem(size).unwrap_or_default())
}

/// The date of a day counted from 1970-01-01, after Howard Hinnant's `civil_from_days`.
///
/// Years are taken to begin in March, which puts the leap day last, and are grouped into eras of 400 years, all of
/// which have 146 097 days.
fn civil_from_days(days: u64) -> Option<(u64, u64, u64)> {
    let (era, day_of_era) = split(days.checked_add(719_468)?, 146_097);
    let leap_corrected = day_of_era
        .checked_sub(day_of_era / 1_460)?
        .checked_add(day_of_era / 36_524)?
        .checked_sub(day_of_era / 146_096)?;
    let year_of_era = leap_corrected / 365;
    let first = year_of_era.checked_mul(365)?.checked_add(year_of_era / 4)?.checked_sub(year_of_era / 100)?;
    let day_of_year = day_of_era.checked_sub(first)?;
    let shifted = day_of_year.checked_mul(5)?.checked_add(2)? / 153;
    let day = day_of_year.checked_sub(shifted.checked_mul(153)?.checked_add(2)? / 5)?.checked_add(1)?;
    let month = if shifted < 10 { shifted.checked_add(3)? } else { shifted.checked_sub(9)? };
    let year = era.checked_mul(400)?.checked_add(year_of_era)?.checked_add(u64::from(month <= 2))?;
    Some((year, month, day))
}

#[cfg(test)]
mod tests;
