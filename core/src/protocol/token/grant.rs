//! What is exchanged for a token, and the request that carries it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderName, HeaderValue};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::form::form;
use crate::cache::AccountSource;
use crate::context::Resolved;
use crate::http::Request;
use crate::protocol::wstrust::SamlVersion;
use crate::prove::Proof;
use crate::secret::{Secret, SecretBytes};

/// What is exchanged for a token.
#[derive(Debug, Clone)]
pub(crate) enum Grant {
    /// The user's password (RFC 6749, section 4.3).
    Password { username: String, password: Secret },
    /// The federation server's assertion (RFC 7522), byte for byte. Nothing else of the user goes with it.
    Saml { version: SamlVersion, assertion: SecretBytes, username: String },
    /// The code that a device shows (RFC 8628, section 3.4).
    DeviceCode { code: Secret },
    /// The code that a redirect brought (RFC 6749, section 4.1.3), with the verifier of RFC 7636.
    AuthorizationCode {
        code: Secret,
        redirect_uri: String,
        verifier: Secret,
        origin: Option<String>,
        spa_code: bool,
    },
    /// A refresh token (RFC 6749, section 6).
    RefreshToken { refresh_token: Secret },
    /// The application as itself (RFC 6749, section 4.4).
    ClientCredentials,
    /// The token that a user called with (the on-behalf-of form of RFC 7523).
    OnBehalfOf {
        assertion: Secret,
        /// Whether the call goes on after its assertion has expired.
        session: bool,
    },
    /// A federated identity credential that vouches for a user.
    UserFederatedIdentityCredential { credential: Secret, user: FederatedUser },
}

/// Whom a federated identity credential vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FederatedUser {
    /// By object id, which never changes.
    ObjectId(String),
    /// By user name.
    Username(String),
}

impl FederatedUser {
    /// The identifier or the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::ObjectId(id) => id,
            Self::Username(name) => name,
        }
    }
}

impl Grant {
    /// The grant type.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Password { .. } => "password",
            Self::Saml { version: SamlVersion::V1_1, .. } => {
                "urn:ietf:params:oauth:grant-type:saml1_1-bearer"
            }
            Self::Saml { version: SamlVersion::V2_0, .. } => "urn:ietf:params:oauth:grant-type:saml2-bearer",
            Self::DeviceCode { .. } => "urn:ietf:params:oauth:grant-type:device_code",
            Self::AuthorizationCode { .. } => "authorization_code",
            Self::RefreshToken { .. } => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::OnBehalfOf { .. } => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::UserFederatedIdentityCredential { .. } => "user_fic",
        }
    }

    /// How the cache remembers where an account came from, for the grants that MSAL writes down.
    pub(crate) const fn account_source(&self) -> Option<AccountSource> {
        match self {
            Self::Password { .. } => Some(AccountSource::Password),
            Self::Saml { version: SamlVersion::V1_1, .. } => Some(AccountSource::Saml11),
            Self::Saml { version: SamlVersion::V2_0, .. } => Some(AccountSource::Saml20),
            _ => None,
        }
    }

    /// The user's name, where the grant knows it.
    pub(crate) fn username(&self) -> Option<&str> {
        match self {
            Self::Password { username, .. }
            | Self::Saml { username, .. }
            | Self::UserFederatedIdentityCredential { user: FederatedUser::Username(username), .. } => {
                Some(username)
            }
            _ => None,
        }
    }

    /// Whether it is for the application and no user.
    pub(crate) const fn is_the_applications(&self) -> bool {
        matches!(self, Self::ClientCredentials)
    }
}

/// The request that redeems `grant`.
pub(crate) fn request(at: &Resolved, grant: &Grant, proof: &Proof) -> Request {
    let cx = &at.cx;
    let mut endpoint = cx.token_endpoint(&at.endpoints, grant.is_the_applications());
    if !cx.options().extra_query_parameters.is_empty() {
        endpoint.query_pairs_mut().extend_pairs(&cx.options().extra_query_parameters);
    }
    let is_routed = cx.authority().kind().routes_by_user();
    let user = grant.username().or(cx.options().login_hint.as_deref()).filter(|_| is_routed);
    let mut request = cx.post(endpoint, form(at, grant, proof), user);
    if let Some(basic) = basic(at, proof) {
        request = request.header(AUTHORIZATION, basic);
    }
    if let Grant::AuthorizationCode { origin: Some(origin), .. } = grant {
        // Codes of a single-page application are redeemed across origins, and only so.
        request = request.hint(ORIGIN, origin.as_str());
    }
    if cx.app().server_telemetry() {
        request = request.hint(CURRENT_TELEMETRY, telemetry(at, grant));
    }
    request
}

const CURRENT_TELEMETRY: HeaderName = HeaderName::from_static("x-client-current-telemetry");

/// What is told of the call: the schema, the flow, that the cache gave nothing, the region and that the application named
/// it, and that the token is a bearer's.
fn telemetry(at: &Resolved, grant: &Grant) -> String {
    let flow = at.cx.flow().telemetry_id();
    let region = at.cx.app().region().filter(|_| grant.is_the_applications());
    let (region, outcome) = region.map_or(("", ""), |region| (region.as_str(), "6"));
    format!("5|{flow},2,{region},,{outcome}|,,1,,")
}

/// The `Authorization` header (RFC 6749, section 2.3.1), for providers that take a secret in no other way.
fn basic(at: &Resolved, proof: &Proof) -> Option<HeaderValue> {
    let Proof::Secret(secret) = proof else { return None };
    if !at.endpoints.wants_basic() {
        return None;
    }
    let escape = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", escape(at.cx.app().client_id()), escape(secret.expose())));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{PublicClientApplication, RequestOptions};
    use crate::context::Context;
    use crate::preflight::FlowKind;
    use crate::protocol::token::form::tests::at;
    use crate::seed::Seed;

    #[test]
    fn what_only_microsofts_cloud_understands_is_sent_to_nobody_else() {
        let grant = Grant::Password { username: "joe".to_owned(), password: Secret::new("p") };
        for (authority, told) in
            [("https://login.microsoftonline.com/t", true), ("https://sts.contoso.com/adfs", false)]
        {
            let at = at(authority, "app", "s", RequestOptions::default());
            let request = request(&at, &grant, &Proof::None);
            let body = std::str::from_utf8(request.body.expose()).unwrap();
            assert_eq!(body.contains("client_info"), told);
            assert_eq!(request.headers.contains_key("x-anchormailbox"), told);
        }
    }

    #[test]
    fn telemetry_is_sent_when_it_is_asked_for_alone() {
        for (on, header) in [(false, None), (true, Some("5|2000,2,,,|,,1,,"))] {
            let mut app =
                PublicClientApplication::new("app", "https://login.microsoftonline.com/t".parse().unwrap());
            app.server_telemetry = on;
            let options = RequestOptions::default();
            let seed = Seed::new([0; 32]);
            let mut at = at("https://login.microsoftonline.com/t", "app", "s", options.clone());
            at.cx = Context::new(FlowKind::AuthorizationCode, app, Vec::new(), options, seed).unwrap();
            let grant = Grant::RefreshToken { refresh_token: Secret::new("r") };
            let request = request(&at, &grant, &Proof::None);
            let sent = request.headers.get("x-client-current-telemetry").map(|value| value.to_str().unwrap());
            assert_eq!(sent, header);
        }
    }
}
