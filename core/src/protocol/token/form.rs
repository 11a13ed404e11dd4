//! The form that carries a grant and the proof of who the application is (`application/x-www-form-urlencoded`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::grant::{FederatedUser, Grant};
use crate::context::Resolved;
use crate::prove::Proof;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The body of the request that redeems `grant`.
pub(super) fn form(at: &Resolved, grant: &Grant, proof: &Proof) -> String {
    let cx = &at.cx;
    let scope = if grant.is_the_applications() { cx.scopes().join(" ") } else { cx.user_scopes() };
    let mut pairs = Vec::with_capacity(12);
    pairs.extend([("client_id", cx.app().client_id()), ("scope", &scope), ("grant_type", grant.name())]);
    match grant {
        Grant::Password { username, password } => {
            pairs.extend([("username", username.as_str()), ("password", password.expose())]);
        }
        // Its assertion comes last, as it is escaped in a way of its own.
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
    let base64 = match grant {
        Grant::Saml { assertion, .. } => Zeroizing::new(STANDARD.encode(assertion.expose())),
        _ => Zeroizing::default(),
    };
    let escapes = base64_escapes(&base64).count();
    let room = ASSERTION.len().saturating_add(base64.len()).saturating_add(escapes.saturating_mul(2));
    // Room for every byte to be escaped: a string that grows leaves its outgrown copies behind.
    let room = pairs.iter().fold(room, |room: usize, (name, value)| {
        room.saturating_add(name.len()).saturating_add(value.len().saturating_mul(3)).saturating_add(2)
    });
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(room)).extend_pairs(pairs).finish();
    if let Grant::Saml { .. } = grant {
        form.push_str(ASSERTION);
        push_base64(&mut form, &base64);
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
pub(super) mod tests {
    use super::*;
    use crate::application::{PublicClientApplication, RequestOptions};
    use crate::authority::Endpoints;
    use crate::context::Context;
    use crate::preflight::FlowKind;
    use crate::protocol::wstrust::SamlVersion;
    use crate::secret::{Secret, SecretBytes};
    use crate::seed::Seed;

    pub(in super::super) fn at(
        authority: &str,
        client_id: &str,
        scope: &str,
        options: RequestOptions,
    ) -> Resolved {
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
