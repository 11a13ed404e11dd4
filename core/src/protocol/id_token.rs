//! Who the user is: the claims of the ID token, and `client_info`.
//!
//! Signatures are not checked. The token comes straight from the token endpoint over TLS, which is what OpenID
//! Connect Core, section 3.1.3.7, item 6 accepts in place of the signature. Do not use these readers for a token
//! that came another way. Its times are not checked either: the application's clock may be off, and the access
//! token is the API's to judge.

mod claims;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use self::claims::Claims;
use crate::account::HomeAccountId;
use crate::protocol::lenient;

/// The claims of an ID token: all of them, with accessors for those that Entrada itself reads. Shared, so that clones are
/// cheap.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct IdTokenClaims(Arc<Claims>);

/// Claims that were read elsewhere.
impl From<Map<String, Value>> for IdTokenClaims {
    fn from(claims: Map<String, Value>) -> Self {
        Self(Arc::new(claims.into()))
    }
}

impl fmt::Debug for IdTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IdTokenClaims").field(self.as_map()).finish()
    }
}

impl IdTokenClaims {
    /// Reads a JWT's payload (RFC 7519); `None` if the text is no JWT with an object as payload.
    #[must_use]
    pub fn parse(id_token: &str) -> Option<Self> {
        let mut parts = id_token.split('.');
        let (_header, payload) = (parts.next()?, parts.next()?);
        let payload = String::from_utf8(lenient::base64(payload)?).ok()?;
        Some(Self(Arc::new(Claims::read(payload)?)))
    }

    /// A claim that is a text and not empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.text(name)
    }

    /// Every claim, as it came.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        self.0.all()
    }

    /// The name to sign in with: `preferred_username`, else `upn`, `unique_name` (AD FS), `email`, `name`.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        ["preferred_username", "upn", "unique_name", "email", "name"]
            .into_iter()
            .find_map(|name| self.text(name))
    }

    /// The account's identifier in the tenant: `oid`, else `sub`.
    #[must_use]
    pub fn local_account_id(&self) -> Option<&str> {
        self.text("oid").or_else(|| self.text("sub"))
    }
}

/// What the token endpoint says of the account besides the ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    home: HomeAccountId,
    /// Where the first part of it ends.
    uid: usize,
}

#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    utid: Cow<'a, str>,
}

impl ClientInfo {
    /// Reads base64 of `{"uid":…,"utid":…}`; `None` if it is not that, or one of the two is empty.
    #[must_use]
    pub fn parse(client_info: &str) -> Option<Self> {
        let document = lenient::base64(client_info)?;
        let Parts { uid, utid } = serde_json::from_slice(&document).ok()?;
        let home = || HomeAccountId::new([&*uid, ".", &*utid].concat());
        (!uid.is_empty() && !utid.is_empty()).then(|| Self { home: home(), uid: uid.len() })
    }

    /// The account, in whatever tenant it acts: both parts.
    #[must_use]
    pub const fn home_account_id(&self) -> &HomeAccountId {
        &self.home
    }

    /// The account's identifier in its home tenant.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.home.as_str().get(..self.uid).unwrap_or_default()
    }

    /// The home tenant.
    #[must_use]
    pub fn utid(&self) -> &str {
        self.home.as_str().get(self.uid.saturating_add(1)..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    #[test]
    fn claims_are_read_from_the_payload() {
        let payload =
            r#"{"oid":"o","sub":"s","preferred_username":"joe@contoso.com","name":"Joé ???>>>","n":1}"#;
        for encoded in [URL_SAFE_NO_PAD.encode(payload), STANDARD.encode(payload)] {
            let claims = IdTokenClaims::parse(&format!("e30.{encoded}.signature")).unwrap();
            assert_eq!(claims.username(), Some("joe@contoso.com"));
            assert_eq!(claims.local_account_id(), Some("o"));
            assert_eq!(claims.text("n"), None);
            assert_eq!(claims.as_map().len(), 5);
        }
    }

    #[test]
    fn each_claim_is_read_as_the_map_has_it() {
        let payload = r#"{"name":"Jo\u00e9 \ud83d\ude00","tid":"first","oid":5,"sub":["s"],"upn":"","x":"y","tid":"last",
            "nonce":"n","nonce":null,"email":"j@x","groups":[{"a":[1.5e3,-1,true]}]}"#;
        let read = IdTokenClaims::parse(&format!("e30.{}.", URL_SAFE_NO_PAD.encode(payload))).unwrap();
        let map = serde_json::from_str::<Map<String, Value>>(payload).unwrap();
        let given = IdTokenClaims::from(map.clone());
        for claims in [&read, &given] {
            for name in ["name", "tid", "oid", "sub", "upn", "x", "nonce", "email", "groups", "absent"] {
                let text = map.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
                assert_eq!(claims.text(name), text, "{name}");
            }
            assert_eq!(claims.as_map(), &map);
        }
        assert_eq!(read, given);
        assert_ne!(read, IdTokenClaims::default());
    }

    #[test]
    fn the_fallbacks_come_in_their_order() {
        let claims =
            |payload: &str| IdTokenClaims::parse(&format!(".{}.", URL_SAFE_NO_PAD.encode(payload))).unwrap();
        let adfs = claims(r#"{"sub":"s","unique_name":"CONTOSO\\joe","preferred_username":""}"#);
        assert_eq!(adfs.username(), Some("CONTOSO\\joe"));
        assert_eq!(adfs.local_account_id(), Some("s"));
    }

    #[test]
    fn what_is_no_jwt_gives_nothing() {
        for text in ["", "a", "a.b", "a.!!!.c", ".bnVsbA.", ".W10."] {
            assert_eq!(IdTokenClaims::parse(text), None, "{text}");
        }
        // Nor does an object that cannot be read to its end, wherever that shows.
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for payload in [r#"{"a":["\ud800"]}"#, r#"{"\ud800":1}"#, r#"{"oid":"a"}{"#, &deep] {
            assert!(serde_json::from_str::<Value>(payload).is_err());
            assert_eq!(IdTokenClaims::parse(&format!(".{}.", STANDARD.encode(payload))), None, "{payload}");
        }
        // Whether a number can be too large depends on the features of `serde_json`.
        let huge = r#"{"a":1e400}"#;
        let read = IdTokenClaims::parse(&format!(".{}.", STANDARD.encode(huge)));
        assert_eq!(read.is_some(), serde_json::from_str::<Value>(huge).is_ok());
    }

    #[test]
    fn client_info_needs_both_parts() {
        let parse = |json: &str| ClientInfo::parse(&STANDARD.encode(json));
        assert_eq!(
            parse(r#"{"uid":"u.\u0076","utid":"t","x":1}"#)
                .map(|i| (i.uid().to_owned(), i.utid().to_owned())),
            Some(("u.v".into(), "t".into()))
        );
        assert_eq!(parse(r#"{"uid":"u"}"#), None);
        assert_eq!(parse(r#"{"uid":"u","utid":""}"#), None);
        assert_eq!(ClientInfo::parse("%%%"), None);
    }
}
