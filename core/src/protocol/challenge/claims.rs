//! What an API says when a token is not enough.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

use super::{Challenge, ChallengeError, parse};
use crate::protocol::lenient;

/// What an API asks for in a `Bearer` (RFC 6750) or `PoP` challenge, above all the claims that a new token must have.
///
/// Every part is as the API says, and absent if it is empty. An API is not the authority: before asking another
/// authority than its own for a token, the application has to know that it trusts [`authority`](Self::authority).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClaimsChallenge {
    /// The claims to ask for: the text of a JSON object, decoded, to be handed on as the `claims` of a request.
    pub claims: Option<String>,
    /// Where tokens for the API come from: `authorization_uri`, else `authorization`, without `/oauth2/authorize` at
    /// its end. Absent if that is neither an https address nor an http address of this machine.
    pub authority: Option<Url>,
    /// Why the token was refused: `insufficient_claims`, `invalid_token`, `insufficient_scope`, ….
    pub error: Option<String>,
    /// The same for people.
    pub error_description: Option<String>,
    /// What the next proof of possession must contain.
    pub nonce: Option<String>,
    /// The scopes that the API wants, with blanks between.
    pub scope: Option<String>,
    /// The realm, often empty; some APIs put their tenant here.
    pub realm: Option<String>,
    /// The API itself: `resource`, else `resource_id`.
    pub resource: Option<String>,
    /// Where the API describes itself (RFC 9728); absent if that is no address as for the authority.
    pub resource_metadata: Option<Url>,
    /// The API's application identifier, where it tells that.
    pub client_id: Option<String>,
}

impl ClaimsChallenge {
    /// The first `Bearer` or `PoP` challenge of a response with `error="insufficient_claims"`; `None` if there is none.
    ///
    /// # Errors
    /// If the challenges cannot be read, or the claims of this one.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, ChallengeError> {
        parse(headers)?
            .iter()
            .filter(|challenge| challenge.is("Bearer") || challenge.is("PoP"))
            .find(|challenge| challenge.parameter("error") == Some("insufficient_claims"))
            .map(Self::from_challenge)
            .transpose()
    }

    /// The parts of any challenge: of one without claims to learn its authority, of `PoP` to learn its nonce.
    ///
    /// # Errors
    /// If it has claims that are neither a JSON object nor base64 of one, in whatever alphabet, padded or not.
    pub fn from_challenge(challenge: &Challenge) -> Result<Self, ChallengeError> {
        let text = |name| challenge.parameter(name).filter(|text| !text.is_empty());
        let owned = |name| text(name).map(str::to_owned);
        Ok(Self {
            claims: text("claims").map(|claims| object(claims).ok_or(ChallengeError::Claims)).transpose()?,
            authority: text("authorization_uri").or_else(|| text("authorization")).and_then(authority),
            error: owned("error"),
            error_description: owned("error_description"),
            nonce: owned("nonce"),
            scope: owned("scope"),
            realm: owned("realm"),
            resource: owned("resource").or_else(|| owned("resource_id")),
            resource_metadata: text("resource_metadata").and_then(address),
            client_id: owned("client_id"),
        })
    }

    /// The same as a header, for an API that hands its own challenge, or that of one behind it, to its caller.
    ///
    /// What an answer of 401 needs as `WWW-Authenticate`: `Bearer` with `authorization_uri`, `error` and the claims in
    /// base64url. `None` if a part cannot be a header.
    #[must_use]
    pub fn to_header(&self) -> Option<HeaderValue> {
        let mut parts = Vec::new();
        let mut part = |name: &str, value: &str| {
            parts.push(format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")));
        };
        if let Some(authority) = &self.authority {
            part("authorization_uri", authority.as_str());
        }
        part("error", self.error.as_deref().unwrap_or("insufficient_claims"));
        if let Some(claims) = &self.claims {
            part("claims", &URL_SAFE_NO_PAD.encode(claims));
        }
        HeaderValue::from_str(&format!("Bearer {}", parts.join(", "))).ok()
    }
}

/// A JSON object as text, from its text or from base64 of that.
fn object(claims: &str) -> Option<String> {
    let claims = claims.trim();
    let text = match claims.starts_with('{') {
        true => claims.to_owned(),
        false => String::from_utf8(lenient::base64(claims)?).ok()?,
    };
    serde_json::from_str::<Map<String, Value>>(&text).is_ok().then_some(text)
}

fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let anonymous = url.username().is_empty() && url.password().is_none();
    (anonymous && crate::authority::is_permitted(&url, true)).then_some(url)
}

/// The authority whose authorization endpoint this is, or which this is.
fn authority(text: &str) -> Option<Url> {
    let mut url = address(text)?;
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    for endpoint in ["/oauth2/authorize", "/oauth2/v2.0/authorize"] {
        let parts = path.len().checked_sub(endpoint.len()).and_then(|at| path.split_at_checked(at));
        if let Some((tenant, end)) = parts
            && end.eq_ignore_ascii_case(endpoint)
        {
            url.set_path(tenant);
        }
    }
    Some(url)
}
