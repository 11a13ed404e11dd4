//! The tokens that a browser brought, and what can be checked of them without keys.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::asked::Asked;
use crate::authority::Authority;
use crate::error::{IdTokenFault, SignInFault};
use crate::protocol::id_token::IdTokenClaims;
use crate::secret::Secret;
use crate::time::Timestamp;

/// What came through the browser. Legacy: see the [module](crate::flow::implicit) for what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImplicitTokens {
    /// The access token, where one was asked for: opaque to the application, meant for the API alone.
    pub access_token: Option<Secret>,
    /// When it ends; absent where the service did not say so legibly.
    pub expires_on: Option<Timestamp>,
    /// The scopes granted; those asked for where the service does not say.
    pub scopes: Vec<String>,
    /// The ID token, where one was asked for, as it came.
    pub id_token: Option<Secret>,
    /// Its claims. **Its signature was not checked**: whoever wrote the redirect wrote them.
    pub id_token_claims: Option<IdTokenClaims>,
    /// The identifier that the service's own logs have of this sign-in.
    pub correlation_id: String,
}

/// How far this machine's clock may be off.
const LEEWAY: Duration = Duration::from_secs(300);

/// Checks what can be checked without keys (OpenID Connect Core, sections 3.2.2.9 and 3.2.2.11).
pub(super) fn judge(
    asked: &Asked,
    authority: &Authority,
    id_token: &Secret,
    access_token: Option<&Secret>,
    now: Timestamp,
) -> Result<IdTokenClaims, SignInFault> {
    let refuse = |fault| Err(SignInFault::IdToken(fault));
    let Some(claims) = IdTokenClaims::parse(id_token.expose()) else {
        return refuse(IdTokenFault::Unreadable);
    };
    if claims.text("nonce").map(Secret::new).unwrap_or_default() != asked.nonce {
        return Err(SignInFault::NonceMismatch);
    }
    if !is_for(&claims, &asked.client_id) {
        return refuse(IdTokenFault::Audience);
    }
    if !asked.issuer.issued(authority, &claims) {
        return refuse(IdTokenFault::Issuer);
    }
    let expires = claims.as_map().get("exp").and_then(seconds);
    if expires.is_none_or(|expires| now >= expires.after(LEEWAY)) {
        return refuse(IdTokenFault::Expired);
    }
    if let Some(access_token) = access_token
        && claims.text("at_hash").map(|hash| hash.trim_end_matches('='))
            != Some(&*half_hash(access_token.expose()))
    {
        return refuse(IdTokenFault::AccessTokenHash);
    }
    Ok(claims)
}

/// Whether the application is the audience and, where there are others beside it, the party that asked.
fn is_for(claims: &IdTokenClaims, client_id: &str) -> bool {
    let azp = claims.text("azp");
    match claims.as_map().get("aud") {
        Some(Value::String(audience)) => audience == client_id && azp.is_none_or(|azp| azp == client_id),
        Some(Value::Array(audiences)) => {
            audiences.iter().any(|audience| audience == client_id)
                && (audiences.len() == 1 && azp.is_none() || azp == Some(client_id))
        }
        _ => false,
    }
}

/// Seconds since the epoch, whole or not.
fn seconds(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_u64().map(Duration::from_secs);
    let seconds = seconds.or_else(|| Duration::try_from_secs_f64(value.as_f64()?).ok());
    Some(Timestamp::default().after(seconds?))
}

/// The left half of the SHA-256 of a token, in base64url. The provider's tokens are signed by an algorithm of SHA-256,
/// as all of Microsoft's are.
fn half_hash(token: &str) -> String {
    let hash = Sha256::digest(token);
    let (half, _) = hash.split_at_checked(16).unwrap_or((&hash, &[]));
    URL_SAFE_NO_PAD.encode(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_token_is_that_of_the_standard() {
        // OpenID Connect Core, appendix A.4.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(half_hash(token), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
