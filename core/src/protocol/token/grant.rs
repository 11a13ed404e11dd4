//! What is exchanged for a token, and the request that carries it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ORIGIN};
use http::{HeaderName, HeaderValue};
use url::form_urlencoded;
use zeroize::Zeroizing;

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
    const fn name(&self) -> &'static str {
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
    let mut request = Request::post(endpoint, form(at, grant, proof).into_bytes())
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        // Without a charset: with one the service misreads passwords that hold `<` or `&`.
        .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    if let Some(basic) = basic(at, proof) {
        request = request.header(AUTHORIZATION, basic);
    }
    if let Grant::AuthorizationCode { origin: Some(origin), .. } = grant {
        // Codes of a single-page application are redeemed across origins, and only so.
        request = request.hint(ORIGIN, origin.as_str());
    }
    if cx.authority().kind().routes_by_user() {
        let hint = grant.username().or(cx.options().login_hint.as_deref());
        if let Some(username) = hint {
            // Routes the request to where the user's data is.
            request = request.hint(ANCHOR_MAILBOX, ["UPN:", username].concat());
        }
    }
    if cx.app().server_telemetry() {
        request = request.hint(CURRENT_TELEMETRY, telemetry(at, grant));
    }
    cx.identify(request)
}

const ANCHOR_MAILBOX: HeaderName = HeaderName::from_static("x-anchormailbox");
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

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The body, as `application/x-www-form-urlencoded`.
fn form(at: &Resolved, grant: &Grant, proof: &Proof) -> String {
    let cx = &at.cx;
    let scope = if grant.is_the_applications() { cx.scopes().join(" ") } else { cx.user_scopes() };
    let mut pairs = Vec::with_capacity(12);
    pairs.extend([("client_id", cx.app().client_id()), ("scope", &scope), ("grant_type", grant.name())]);
    match grant {
        Grant::Password { username, password } => {
            pairs.extend([("username", username.as_str()), ("password", password.expose())]);
        }
        // Comes last.
        Grant::Saml { .. } => {}
        Grant::DeviceCode { code } => pairs.push(("device_code", code.expose())),
        Grant::AuthorizationCode { code, redirect_uri, verifier, spa_code, .. } => {
            pairs.extend([
                ("code", code.expose()),
                ("redirect_uri", redirect_uri),
                ("code_verifier", verifier.expose()),
            ]);
            pairs.extend(spa_code.then_some(("return_spa_code", "1")));
        }
        Grant::RefreshToken { refresh_token } => pairs.push(("refresh_token", refresh_token.expose())),
        Grant::ClientCredentials => {}
        Grant::OnBehalfOf { assertion, .. } => {
            pairs.extend([("assertion", assertion.expose()), ("requested_token_use", "on_behalf_of")]);
        }
        Grant::UserFederatedIdentityCredential { credential, user } => {
            pairs.push(("user_federated_identity_credential", credential.expose()));
            pairs.push(match user {
                FederatedUser::ObjectId(id) => ("user_id", id),
                FederatedUser::Username(name) => ("username", name),
            });
        }
    }
    pairs.extend(cx.options().fmi_path.as_deref().map(|path| ("fmi_path", path)));
    match proof {
        Proof::Secret(secret) if !at.endpoints.wants_basic() => {
            pairs.push(("client_secret", secret.expose()))
        }
        Proof::Assertion(assertion) => {
            pairs.extend([("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.expose())]);
        }
        Proof::None | Proof::Secret(_) => {}
    }
    if cx.authority().kind().is_microsoft_cloud() {
        pairs.push(("client_info", if grant.is_the_applications() { "2" } else { "1" }));
    }
    pairs.extend(cx.claims().map(|claims| ("claims", claims)));
    let assertion = match grant {
        Grant::Saml { assertion, .. } => Some(Zeroizing::new(STANDARD.encode(assertion.expose()))),
        _ => None,
    };
    let assertion = assertion.as_deref().map(|assertion| (ASSERTION, assertion.as_str()));
    let room = assertion.map_or(0, |(name, base64)| {
        let escapes = base64_escapes(base64).count();
        name.len().saturating_add(base64.len()).saturating_add(escapes.saturating_mul(2))
    });
    // Room for every byte to be escaped: a string that grows leaves its outgrown copies behind.
    let room = pairs.iter().fold(room, |room: usize, (name, value)| {
        room.saturating_add(name.len()).saturating_add(value.len().saturating_mul(3)).saturating_add(2)
    });
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(room)).extend_pairs(pairs).finish();
    if let Some((name, base64)) = assertion {
        form.push_str(name);
        push_base64(&mut form, base64);
    }
    form
}

const ASSERTION: &str = "&assertion=";

/// The places in base64 of what does not stand for itself in a form. All else does, which spares looking at each byte of
/// an assertion.
fn base64_escapes(base64: &str) -> impl Iterator<Item = usize> {
    memchr::memchr3_iter(b'+', b'/', b'=', base64.as_bytes())
}

fn push_base64(form: &mut String, base64: &str) {
    let mut start = 0;
    for at in base64_escapes(base64) {
        form.push_str(base64.get(start..at).unwrap_or_default());
        form.push_str(match base64.as_bytes().get(at) {
            Some(b'+') => "%2B",
            Some(b'/') => "%2F",
            _ => "%3D",
        });
        start = at.saturating_add(1);
    }
    form.push_str(base64.get(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{PublicClientApplication, RequestOptions};
    use crate::authority::Endpoints;
    use crate::context::Context;
    use crate::preflight::FlowKind;
    use crate::seed::Seed;

    fn at(authority: &str, client_id: &str, scope: &str, options: RequestOptions) -> Resolved {
        let app = PublicClientApplication::new(client_id, authority.parse().unwrap());
        let scopes = vec![scope.to_owned()];
        let cx = Context::new(FlowKind::AuthorizationCode, app, scopes, options, Seed::new([0; 32])).unwrap();
        Resolved {
            endpoints: Endpoints::template(cx.authority().clone()).unwrap(),
            throttle: None,
            assertion: None,
            clock: None,
            call_key: None,
            not_read: None,
            cx,
        }
    }

    #[test]
    fn a_body_that_is_escaped_throughout_outgrows_nothing() {
        let text = "ü&".repeat(10_000);
        let options =
            RequestOptions { claims: Some(r#"{"a":"%%%"}"#.to_owned()), ..RequestOptions::default() };
        let at = at("https://login.microsoftonline.com/t", &text, &text, options);
        let password = Grant::Password { username: text.clone(), password: Secret::new(text.as_str()) };
        let assertion = SecretBytes::new(vec![0xff; 10_000]);
        let saml = Grant::Saml { version: SamlVersion::V2_0, assertion, username: text };
        for grant in [password, saml] {
            let form = form(&at, &grant, &Proof::None);
            // A string that had to grow has room for twice what it held before.
            assert!(form.len() > 90_000);
            assert!(form.capacity() - form.len() < 500, "{} for {}", form.capacity(), form.len());
        }
    }

    #[test]
    fn an_assertion_is_escaped_as_any_value_is() {
        let at = at("https://login.microsoftonline.com/t", "app", "s", RequestOptions::default());
        let mut all = String::new();
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).map(|at: u8| at.wrapping_mul(151)).collect();
            let expected =
                form_urlencoded::byte_serialize(STANDARD.encode(&bytes).as_bytes()).collect::<String>();
            let assertion = SecretBytes::new(bytes);
            let grant = Grant::Saml { version: SamlVersion::V1_1, assertion, username: "joe".to_owned() };
            let form = form(&at, &grant, &Proof::None);
            assert_eq!(form.split_once("&assertion=").unwrap().1, expected);
            all.push_str(&expected);
        }
        assert!(["%2B", "%2F", "%3D"].iter().all(|escape| all.contains(escape)));
    }

    #[test]
    fn each_grant_sends_what_it_is_made_of_and_nothing_else() {
        let secret = |text: &str| Secret::new(text);
        let code = |spa_code| Grant::AuthorizationCode {
            code: secret("c"),
            redirect_uri: "http://localhost:1/".to_owned(),
            verifier: secret("v"),
            origin: None,
            spa_code,
        };
        let user = FederatedUser::ObjectId("o".to_owned());
        let at = at("https://login.microsoftonline.com/t", "app", "s", RequestOptions::default());
        for (grant, body) in [
            (
                Grant::DeviceCode { code: secret("d") },
                "client_id=app&scope=s+openid+offline_access+profile&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d&client_info=1",
            ),
            (
                code(false),
                "client_id=app&scope=s+openid+offline_access+profile&grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2Flocalhost%3A1%2F&code_verifier=v&client_info=1",
            ),
            (
                code(true),
                "client_id=app&scope=s+openid+offline_access+profile&grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2Flocalhost%3A1%2F&code_verifier=v&return_spa_code=1&client_info=1",
            ),
            (
                Grant::RefreshToken { refresh_token: secret("r") },
                "client_id=app&scope=s+openid+offline_access+profile&grant_type=refresh_token&refresh_token=r&client_info=1",
            ),
            (Grant::ClientCredentials, "client_id=app&scope=s&grant_type=client_credentials&client_info=2"),
            (
                Grant::OnBehalfOf { assertion: secret("a"), session: false },
                "client_id=app&scope=s+openid+offline_access+profile&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a&requested_token_use=on_behalf_of&client_info=1",
            ),
            (
                Grant::UserFederatedIdentityCredential { credential: secret("f"), user },
                "client_id=app&scope=s+openid+offline_access+profile&grant_type=user_fic&user_federated_identity_credential=f&user_id=o&client_info=1",
            ),
        ] {
            assert_eq!(form(&at, &grant, &Proof::None), body);
        }
    }

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

    #[test]
    fn a_proof_goes_with_the_grant() {
        let at = at("https://login.microsoftonline.com/t", "app", "s", RequestOptions::default());
        let body = |proof| form(&at, &Grant::ClientCredentials, &proof);
        assert!(body(Proof::Secret(Secret::new("hunter2"))).contains("&client_secret=hunter2&"));
        let assertion = body(Proof::Assertion(Secret::new("jwt")));
        assert!(assertion.contains(
            "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=jwt"
        ));
    }
}
