//! An OpenID provider's metadata (OpenID Connect Discovery 1.0, sections 3 and 4).
//!
//! `GET {authority}/.well-known/openid-configuration`

use http::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::authority::{Authority, is_permitted, same_service};
use crate::context::Context;
use crate::error::{Fault, Service, Violation};
use crate::http::{Request, Response};
use crate::protocol::token;
use crate::time::Timestamp;

/// What an OpenID provider says of itself, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderMetadata {
    /// Its name, which answers must bear.
    pub issuer: String,
    /// Where a person signs in.
    pub authorization_endpoint: Url,
    /// Where grants are redeemed.
    pub token_endpoint: Url,
    /// Where device codes come from (RFC 8628), if anywhere.
    pub device_authorization_endpoint: Option<Url>,
    /// Where a person signs out, if anywhere.
    pub end_session_endpoint: Option<Url>,
    /// Where tokens are revoked (RFC 7009), if anywhere.
    pub revocation_endpoint: Option<Url>,
    /// Whether authorization responses name the issuer (RFC 9207).
    pub names_issuer_in_response: bool,
    /// Whether a secret is taken in the `Authorization` header alone.
    pub wants_basic: bool,
}

pub(crate) fn request(cx: &Context) -> Request {
    let path = format!("{}.well-known/openid-configuration", cx.authority().path());
    let url = cx.authority().at_root(&path);
    cx.get(url)
}

/// Reads the document. Its issuer must be the authority itself, or of the same Microsoft cloud.
///
/// # Errors
/// A status that says no, or a document that breaks a rule.
pub fn response(
    response: &Response,
    authority: &Authority,
    now: Timestamp,
) -> Result<ProviderMetadata, Fault> {
    let violated = |rule| Fault::breach(rule, response);
    if response.status != StatusCode::OK {
        if let Some(refusal) = token::refusal(response, now) {
            return Err(Fault::Refused(Box::new(refusal)));
        }
        return Err(Fault::of_status(Service::ProviderMetadata, response, now));
    }
    let document: Document = crate::protocol::json_object(response.body.expose())
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| violated(Violation::ProviderNotJson))?;
    let issuer = document.issuer.ok_or_else(|| violated(Violation::ProviderWithout("issuer")))?;
    if !is_issuer(&issuer, authority) {
        return Err(violated(Violation::IssuerMismatch));
    }
    let permitted = |name: &'static str, text: Option<String>| {
        let Some(text) = text else { return Ok(None) };
        match Url::parse(&text) {
            Ok(url) if is_permitted(&url, authority.options().allow_http_loopback) => Ok(Some(url)),
            _ => Err(violated(Violation::InsecureProviderEndpoint(name))),
        }
    };
    let required = |name: &'static str, text: Option<String>| {
        permitted(name, text)?.ok_or_else(|| violated(Violation::ProviderWithout(name)))
    };
    let methods = document.token_endpoint_auth_methods_supported;
    let takes = |method: &str| methods.as_ref().is_some_and(|methods| methods.iter().any(|m| m == method));
    Ok(ProviderMetadata {
        authorization_endpoint: required("authorization_endpoint", document.authorization_endpoint)?,
        token_endpoint: required("token_endpoint", document.token_endpoint)?,
        device_authorization_endpoint: permitted(
            "device_authorization_endpoint",
            document.device_authorization_endpoint,
        )?,
        end_session_endpoint: permitted("end_session_endpoint", document.end_session_endpoint)?,
        revocation_endpoint: permitted("revocation_endpoint", document.revocation_endpoint)?,
        names_issuer_in_response: document.authorization_response_iss_parameter_supported.unwrap_or(false),
        // Where nothing is said, it is the header (Discovery, section 3); most take both, and say so.
        wants_basic: methods.is_none() || takes("client_secret_basic") && !takes("client_secret_post"),
        issuer,
    })
}

/// The issuer is the authority, a slash at the end apart; or both are of one Microsoft cloud, whose issuers name the
/// tenant by its GUID.
fn is_issuer(issuer: &str, authority: &Authority) -> bool {
    let same = issuer.trim_end_matches('/') == authority.as_str().trim_end_matches('/');
    same || authority.is_microsoft()
        && Url::parse(issuer).is_ok_and(|issuer| same_service(authority, &issuer))
}

#[derive(Deserialize)]
struct Document {
    issuer: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    authorization_response_iss_parameter_supported: Option<bool>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}
