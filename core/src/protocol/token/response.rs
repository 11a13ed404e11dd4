//! What the token endpoint answers.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Deserializer};

use super::refusal::refusal;
use crate::authority::AuthorityKind;
use crate::cache::bearer;
use crate::error::{Fault, Refusal, Service, Violation};
use crate::http::Response;
use crate::protocol::id_token::{ClientInfo, IdTokenClaims};
use crate::protocol::lenient::{borrowed, seconds, text};
use crate::secret::Secret;
use crate::text::Text;
use crate::time::Timestamp;

/// What the token endpoint gave.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token.
    pub access_token: Secret,
    /// `Bearer`.
    pub token_type: Text,
    /// For how long; 600 seconds where the service did not say.
    pub expires_in: Duration,
    /// For how long while the service is down.
    pub ext_expires_in: Option<Duration>,
    /// After how long to get a new one.
    pub refresh_in: Option<Duration>,
    /// The scopes granted; `None` where the service did not say.
    pub scopes: Option<Vec<String>>,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// The ID token.
    pub id_token: Option<Secret>,
    /// Its claims; `None` where there is none, or none that can be read.
    pub id_token_claims: Option<IdTokenClaims>,
    /// The account, as it came.
    pub client_info_text: Option<Text>,
    /// The account.
    pub client_info: Option<ClientInfo>,
    /// The family of applications that may use the refresh token.
    pub family_id: Option<Text>,
    /// A code for the application's page in the browser.
    pub spa_code: Option<Secret>,
}

/// Reads an answer of the token endpoint. An `error` is a refusal under whatever status.
///
/// # Errors
/// A refusal, a status that says no, or an answer that breaks the protocol. Lifetimes are read leniently: a
/// number or a text, whole or not; negative counts as none left; of over ten years as ten years; illegible as absent.
pub fn response(response: &Response, kind: &AuthorityKind, now: Timestamp) -> Result<TokenResponse, Fault> {
    let violated = |rule| Fault::breach(rule, response);
    let body = crate::protocol::json_object(response.body.expose());
    let answer = body.and_then(|body| serde_json::from_str::<Answer<'_>>(body).ok());
    // A success is read once; only what may be a refusal is read again as one.
    match &answer {
        Some(Answer { error: None, .. }) => {}
        Some(Answer { error: Some(error), .. }) if !error.is_empty() => {
            let bare = || Refusal {
                retry_after: crate::retry::retry_after(response, now),
                ..Refusal::new(response.status, &**error)
            };
            return Err(Fault::Refused(Box::new(refusal(response, now).unwrap_or_else(bare))));
        }
        _ => {
            if let Some(refusal) = refusal(response, now) {
                return Err(Fault::Refused(Box::new(refusal)));
            }
        }
    }
    if response.status != StatusCode::OK {
        let silent = response.status == StatusCode::TOO_MANY_REQUESTS
            || answer.is_some()
            || response.body.expose().iter().all(u8::is_ascii_whitespace);
        return Err(if silent || response.status.is_redirection() {
            Fault::of_status(Service::Token, response, now)
        } else {
            violated(Violation::RefusalNotJson)
        });
    }
    let answer = answer.ok_or_else(|| violated(Violation::TokenNotJson))?;
    let access_token = answer.access_token.filter(|token| !token.expose().is_empty());
    let access_token = access_token.ok_or_else(|| violated(Violation::AccessTokenMissing))?;
    let token_type = match answer.token_type {
        // Other servers leave it out, though RFC 6749 does not let them.
        None if !kind.is_microsoft_cloud() => "Bearer".into(),
        token_type => token_type.ok_or_else(|| violated(Violation::TokenTypeMissing))?,
    };
    if !token_type.eq_ignore_ascii_case("Bearer") {
        return Err(violated(Violation::TokenTypeMismatch));
    }
    Ok(TokenResponse {
        access_token,
        token_type: if token_type == "Bearer" { bearer() } else { token_type.as_ref().into() },
        expires_in: answer.expires_in.unwrap_or(DEFAULT_LIFETIME),
        ext_expires_in: answer.ext_expires_in,
        refresh_in: answer.refresh_in,
        scopes: answer
            .scope
            .map(|scope| scope.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter(|scopes| !scopes.is_empty()),
        refresh_token: answer.refresh_token.filter(|token| !token.expose().is_empty()),
        id_token_claims: answer.id_token.as_ref().and_then(|token| IdTokenClaims::parse(token.expose())),
        id_token: answer.id_token.filter(|token| !token.expose().is_empty()),
        client_info: answer.client_info.as_deref().and_then(ClientInfo::parse),
        client_info_text: answer.client_info.as_deref().map(Text::from),
        family_id: answer.foci.as_deref().filter(|family| !family.is_empty()).map(Text::from),
        spa_code: answer.spa_code.filter(|code| !code.expose().is_empty()),
    })
}

/// What a token without a stated lifetime is taken to live.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default, deserialize_with = "secret")]
    access_token: Option<Secret>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    token_type: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "seconds")]
    ext_expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<Duration>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    scope: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "secret")]
    refresh_token: Option<Secret>,
    #[serde(default, deserialize_with = "secret")]
    id_token: Option<Secret>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    client_info: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    foci: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "secret")]
    spa_code: Option<Secret>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    error: Option<Cow<'a, str>>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(text(deserializer)?.map(Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Tenant;
    use crate::protocol::token::codes_in;
    use http::HeaderMap;

    fn answer(status: u16, body: &str) -> Result<TokenResponse, Fault> {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Response::new(status, HeaderMap::new(), body.as_bytes().to_vec());
        response(&answer, &AuthorityKind::Entra(Tenant::Organizations), Timestamp::default())
    }

    #[test]
    fn servers_outside_of_microsofts_cloud_may_leave_the_token_type_out() {
        let body = br#"{"access_token":"t"}"#;
        let answer = Response::new(StatusCode::OK, HeaderMap::new(), body.to_vec());
        for kind in [AuthorityKind::Oidc, AuthorityKind::AdFs] {
            assert_eq!(response(&answer, &kind, Timestamp::default()).unwrap().token_type.as_str(), "Bearer");
        }
    }

    fn lifetime_of(expires_in: &str) -> u64 {
        let body = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{expires_in}}}"#);
        answer(200, &body).unwrap().expires_in.as_secs()
    }

    #[test]
    fn lifetimes_are_read_as_number_or_text_and_bounded() {
        for (text, seconds) in [
            ("3599", 3599),
            ("\"3599\"", 3599),
            ("3599.9", 3599),
            ("-5", 0),
            ("1e300", 315_360_000),
            ("99999999999999999999999", 315_360_000),
            ("\"soon\"", 600),
            ("null", 600),
            ("[]", 600),
            ("\"NaN\"", 600),
        ] {
            assert_eq!(lifetime_of(text), seconds, "{text}");
        }
    }

    #[test]
    fn a_success_needs_a_token_and_its_type() {
        for (body, code) in [
            ("", "TokenNotJson"),
            ("<html/>", "TokenNotJson"),
            ("[]", "TokenNotJson"),
            ("{}", "AccessTokenMissing"),
            (r#"{"access_token":"","token_type":"Bearer"}"#, "AccessTokenMissing"),
            (r#"{"access_token":"t"}"#, "TokenTypeMissing"),
            (r#"{"access_token":"t","token_type":"pop"}"#, "TokenTypeMismatch"),
        ] {
            let Err(Fault::Violation { rule, .. }) = answer(200, body) else { panic!("{body}") };
            assert_eq!(format!("{rule:?}"), code, "{body}");
        }
    }

    #[test]
    fn an_error_is_a_refusal_under_any_status() {
        for status in [200, 400, 401, 403, 500] {
            let Err(Fault::Refused(refusal)) = answer(
                status,
                r#"{"error":"invalid_grant","error_description":"AADSTS50126: x","error_codes":[50126],"claims":"{}"}"#,
            ) else {
                panic!("{status}")
            };
            assert_eq!(refusal.error_codes, [50126]);
            assert_eq!(refusal.claims.as_deref(), Some("{}"));
        }
    }

    #[test]
    fn codes_are_read_wherever_they_stand() {
        for body in [
            r#"{"error":"x","error_codes":"[500011]"}"#,
            r#"{"error":"x","error_codes":["500011"]}"#,
            r#"{"error":"x","error_description":"AADSTS500011: a. AADSTS: b"}"#,
        ] {
            let Err(Fault::Refused(refusal)) = answer(400, body) else { panic!("{body}") };
            assert_eq!(refusal.error_codes, [500_011], "{body}");
        }
        assert_eq!(codes_in("AADSTS70002: a AADSTS54005: b"), [70002, 54005]);
        assert_eq!(codes_in("AADSTS9001023: a"), [9_001_023]);
        assert_eq!(codes_in("AADSTS99999999999999: a"), [0; 0]);
    }

    #[test]
    fn a_status_without_words_is_told_as_it_is() {
        assert!(matches!(answer(404, ""), Err(Fault::Status { .. })));
        assert!(matches!(answer(302, "<a>"), Err(Fault::Status { .. })));
        assert!(matches!(answer(429, "<html>"), Err(Fault::Status { .. })));
        assert!(matches!(answer(500, "{}"), Err(Fault::Status { .. })));
        assert!(matches!(
            answer(500, "<html>"),
            Err(Fault::Violation { rule: Violation::RefusalNotJson, .. })
        ));
    }

    #[test]
    fn an_error_is_never_a_success_whatever_stands_beside_it() {
        let body = r#"{"access_token":"t","token_type":"Bearer","error":"e","trace_id":"\ud800"}"#;
        assert!(matches!(answer(200, body), Err(Fault::Refused(_))));
        assert!(matches!(answer(200, r#"["t","Bearer"]"#), Err(Fault::Violation { .. })));
    }

    #[test]
    fn a_member_of_the_wrong_type_loses_no_token_and_no_refusal() {
        let tokens = answer(
            200,
            r#"{"access_token":"t","token_type":"Bearer","foci":1,"scope":["a","b"],"client_info":{},"id_token":null}"#,
        )
        .unwrap();
        assert_eq!(tokens.family_id.as_deref(), Some("1"));
        assert_eq!(tokens.scopes.unwrap(), ["a", "b"]);
        let Err(Fault::Refused(refusal)) = answer(
            400,
            r#"{"error":"invalid_grant","error_codes":[50126],"timestamp":17,"suberror":[],"trace_id":{}}"#,
        ) else {
            panic!("it is a refusal")
        };
        assert_eq!(
            (refusal.error.as_str(), refusal.error_codes.as_slice()),
            ("invalid_grant", [50126].as_slice())
        );
    }
}
