//! User realm discovery: is the account managed in the cloud, or by a federation server?
//!
//! `GET https://{host}/common/userrealm/{upn}?api-version=1.0`

use std::borrow::Cow;

use http::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::context::Context;
use crate::error::{Fault, Service, Unsupported, Violation};
use crate::http::{Request, Response};
use crate::protocol::lenient::borrowed;
use crate::time::Timestamp;

/// What the service says of a user's domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Realm {
    /// The password is checked in the cloud.
    Managed,
    /// A federation server vouches for the user.
    Federated(Federation),
}

/// The federation server of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Federation {
    /// Where its metadata is.
    pub metadata_url: Option<String>,
    /// Its endpoint for user name and password.
    pub active_auth_url: Option<String>,
    /// Whom its assertions are for; the cloud's default if absent.
    pub audience: Option<String>,
}

/// Why a realm cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RealmError {
    /// The answer breaks the protocol.
    #[error(transparent)]
    Violation(Violation),
    /// The account cannot sign in silently.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

const PATH: &str = "/common/userrealm/";

pub(crate) fn request(cx: &Context, username: &str) -> Request {
    // One path segment: of what RFC 3986 allows in it, only the unreserved and the at sign stay as they are. In a
    // guest's name a `#` would make the rest a fragment.
    let mut path = String::with_capacity(PATH.len().saturating_add(username.len().saturating_mul(3)));
    path.push_str(PATH);
    for byte in username.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                path.push(byte.into());
            }
            _ => {
                path.push('%');
                for digit in [byte >> 4, byte & 0x0f] {
                    path.extend(char::from_digit(digit.into(), 16).map(|digit| digit.to_ascii_uppercase()));
                }
            }
        }
    }
    let mut url = cx.authority().at_root(&path);
    url.set_query(Some("api-version=1.0"));
    cx.get(url)
}

pub(crate) fn response(response: &Response, now: Timestamp) -> Result<Realm, Fault> {
    if response.status != StatusCode::OK {
        return Err(Fault::of_status(Service::UserRealm, response, now));
    }
    parse(response.body.expose()).map_err(|error| match error {
        RealmError::Violation(rule) => Fault::breach(rule, response),
        RealmError::Unsupported(reason) => Fault::Unsupported(reason),
    })
}

/// Reads the answer: a JSON object; the values that are names are compared without regard to case.
///
/// # Errors
/// If it is no such object, or tells of an account that cannot sign in silently: a personal one (the domain
/// `live.com`), one of an unknown kind, or one whose domain is federated with another protocol than WS-Trust.
pub fn parse(body: &[u8]) -> Result<Realm, RealmError> {
    let answer: Answer<'_> = crate::protocol::json_object(body)
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or(RealmError::Violation(Violation::RealmNotJson))?;
    let is = |text: Option<&str>, name: &str| text.is_some_and(|t| t.trim().eq_ignore_ascii_case(name));
    if is(answer.domain_name.as_deref(), "live.com") {
        return Err(Unsupported::PersonalAccount.into());
    }
    let account_type = answer.account_type.as_ref().map(|Name(name)| &**name);
    if is(account_type, "Managed") {
        return Ok(Realm::Managed);
    }
    if !is(account_type, "Federated") {
        return Err(match account_type {
            None => RealmError::Violation(Violation::RealmWithoutAccountType),
            Some(_) => Unsupported::UnknownUserType.into(),
        });
    }
    match filled(answer.federation_protocol) {
        Some(protocol) if !protocol.eq_ignore_ascii_case("WSTrust") => {
            let shown = protocol.chars().filter(|c| !c.is_control()).take(64).collect();
            Err(Unsupported::FederationProtocol(shown).into())
        }
        _ => Ok(Realm::Federated(Federation {
            metadata_url: filled(answer.federation_metadata_url),
            active_auth_url: filled(answer.federation_active_auth_url),
            audience: filled(answer.cloud_audience_urn),
        })),
    }
}

/// An address of the realm, if it is one that a credential or its metadata may come from.
pub(crate) fn address(text: &str, what: &'static str, allow_http_loopback: bool) -> Result<Url, Unsupported> {
    match Url::parse(text) {
        Ok(url) if crate::authority::is_permitted(&url, allow_http_loopback) => Ok(url),
        _ => Err(Unsupported::InsecureEndpoint(what)),
    }
}

fn filled(text: Option<Cow<'_, str>>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    account_type: Option<Name<'a>>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    domain_name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    federation_protocol: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    federation_metadata_url: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    federation_active_auth_url: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "borrowed")]
    cloud_audience_urn: Option<Cow<'a, str>>,
}

/// A text and nothing else.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{PublicClientApplication, RequestOptions};
    use crate::preflight::FlowKind;
    use crate::seed::Seed;

    fn url_for(username: &str) -> String {
        let app = PublicClientApplication::new("app", "https://login.microsoftonline.us/t".parse().unwrap());
        let cx = Context::new(
            FlowKind::IntegratedWindowsAuth,
            app,
            Vec::new(),
            RequestOptions::default(),
            Seed::new([0; 32]),
        )
        .unwrap();
        request(&cx, username).url.into()
    }

    #[test]
    fn the_user_name_is_one_path_segment() {
        for (username, segment) in [
            ("joe@contoso.com", "joe@contoso.com"),
            (
                "joe_fabrikam.com#EXT#@contoso.onmicrosoft.com",
                "joe_fabrikam.com%23EXT%23@contoso.onmicrosoft.com",
            ),
            ("a/b?c%d\\e f@x", "a%2Fb%3Fc%25d%5Ce%20f@x"),
            ("jürgen@contoso.com", "j%C3%BCrgen@contoso.com"),
        ] {
            let expected =
                format!("https://login.microsoftonline.us/common/userrealm/{segment}?api-version=1.0");
            assert_eq!(url_for(username), expected);
        }
    }

    #[test]
    fn each_kind_of_account_is_told_apart() {
        let parse = |text: &str| parse(text.as_bytes());
        assert_eq!(parse(r#"{"account_type":"managed"}"#), Ok(Realm::Managed));
        assert_eq!(parse("\u{feff}{\"account_type\":\"Managed\"}"), Ok(Realm::Managed));
        let federated = parse(
            r#"{"account_type":"FEDERATED","federation_protocol":"wstrust","domain_name":"contoso.com",
                "federation_metadata_url":" https://sts.contoso.com/mex?a=b ","cloud_audience_urn":""}"#,
        );
        assert_eq!(
            federated,
            Ok(Realm::Federated(Federation {
                metadata_url: Some("https://sts.contoso.com/mex?a=b".to_owned()),
                ..Federation::default()
            }))
        );
        for (text, error) in [
            (r#"{"account_type":"Unknown"}"#, Unsupported::UnknownUserType),
            (r#"{"account_type":"Federated","domain_name":"Live.com"}"#, Unsupported::PersonalAccount),
            (
                r#"{"account_type":"Federated","federation_protocol":"SAML20"}"#,
                Unsupported::FederationProtocol("SAML20".to_owned()),
            ),
        ] {
            assert_eq!(parse(text), Err(RealmError::Unsupported(error)), "{text}");
        }
    }

    #[test]
    fn what_is_no_realm_is_a_violation() {
        for text in [
            "",
            "{",
            "[]",
            "<html/>",
            "null",
            "{}",
            r#"["Managed",null,null,null,null,null]"#,
            r#"{"account_type":5}"#,
            r#"{"account_type":null}"#,
        ] {
            assert!(matches!(parse(text.as_bytes()), Err(RealmError::Violation(_))), "{text}");
        }
    }

    #[test]
    fn an_address_must_be_https() {
        assert!(address("https://sts.contoso.com/mex", "x", false).is_ok());
        for text in
            ["http://sts.contoso.com/mex", "sts.contoso.com", "file:///etc/passwd", "http://127.0.0.1/"]
        {
            assert_eq!(address(text, "x", false), Err(Unsupported::InsecureEndpoint("x")));
        }
        assert!(address("http://127.0.0.1/", "x", true).is_ok());
    }
}
