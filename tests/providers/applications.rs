//! Applications that prove who they are.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entrada_core::application::{ClientCertificate, ClientCredential, ConfidentialClientApplication};
use entrada_core::authority::Authority;
use entrada_core::error::ErrorKind;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_core::signer::{AssertionRequest, SigningAlgorithm};
use entrada_emulator::Emulator;
use serde_json::{Value, json};

use crate::{BASIC, Keys, POST, SECRET, Scene, everywhere, secret};

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What an application signs that makes its assertions itself.
pub(crate) fn assertion(request: &AssertionRequest) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().expect("the clock is right").as_secs();
    let claims = json!({
        "iss": request.client_id,
        "sub": request.client_id,
        "aud": request.audience,
        "jti": format!("{:?} {now}", std::thread::current().name()),
        "exp": now + 60,
    });
    format!("{}.{}", base64url(br#"{"alg":"PS256"}"#), base64url(claims.to_string().as_bytes()))
}

/// The claims of an access token, which the provider makes a JWT.
pub(crate) fn claims(result: &AuthenticationResult) -> Value {
    let part = result.access_token.expose().split('.').nth(1).expect("it is a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("it is base64url")).expect("it is JSON")
}

fn certificate() -> ClientCredential {
    ClientCredential::Certificate(ClientCertificate::new(Emulator::daemon_certificate_der(), Keys::NAME))
}

/// The application gets a token that says what was asked for.
fn assert_signs_in(scene: &Scene, client_id: &str, authority: Authority, credential: ClientCredential) {
    let app = ConfidentialClientApplication::new(client_id, authority, credential);
    let result = scene.run(app.acquire_token_for_client(["read"])).expect("a token");
    assert_eq!(result.scopes, ["read"]);
    assert!(result.account.is_none() && result.id_token.is_none() && result.refresh_token().is_none());
    let claims = claims(&result);
    assert_eq!((&claims["client_id"], &claims["scope"]), (&client_id.into(), &"read".into()), "{claims}");
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_secret_goes_in_the_body() {
    everywhere(|scene| assert_signs_in(scene, POST, scene.oidc(""), secret()));
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_secret_goes_in_the_header_where_the_provider_takes_no_other() {
    everywhere(|scene| assert_signs_in(scene, BASIC, scene.oidc("/basic"), secret()));
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_certificate_signs_with_rs256_and_never_the_same_assertion_twice() {
    everywhere(|scene| {
        for _ in 0..2 {
            let app = ConfidentialClientApplication::new("rs256", scene.oidc(""), certificate());
            scene.run(app.acquire_token_for_client(["read"])).expect("a token");
        }
        assert_signs_in(scene, "rs256", scene.oidc(""), certificate());
        let algorithms = scene.algorithms.lock().expect("nobody panicked");
        assert!(algorithms.iter().all(|algorithm| *algorithm == SigningAlgorithm::Rs256), "{algorithms:?}");
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_certificate_signs_with_ps256_as_for_entra_id() {
    everywhere(|scene| {
        assert_signs_in(scene, "ps256", scene.entra(), certificate());
        assert_eq!(*scene.algorithms.lock().expect("nobody panicked"), [SigningAlgorithm::Ps256]);
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn an_assertion_of_ones_own_may_be_signed_with_ps256() {
    everywhere(|scene| assert_signs_in(scene, "ps256", scene.oidc(""), ClientCredential::AskForAssertion));
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_wrong_proof_is_refused_as_such() {
    everywhere(|scene| {
        let wrong = || ClientCredential::Secret(Secret::new("wrong"));
        let unsigned = ClientCredential::Assertion(Secret::new("e30.e30.e30"));
        for (client_id, path, credential) in [
            (POST, "", wrong()),
            (BASIC, "/basic", wrong()),
            ("nobody", "", wrong()),
            ("rs256", "", unsigned),
            // What the application is registered with, and not what it brings, says how it proves itself.
            ("rs256", "", ClientCredential::AskForAssertion),
        ] {
            let app = ConfidentialClientApplication::new(client_id, scene.oidc(path), credential);
            let error = scene.run(app.acquire_token_for_client(["read"])).expect_err(client_id);
            assert_eq!((error.code(), error.kind()), ("invalid_client", ErrorKind::Service), "{error:?}");
            assert_eq!(error.status().expect("there is one").as_u16(), 401);
            assert!(!format!("{error} {error:?} {}", error.remedy()).contains(SECRET));
        }
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_scope_that_the_application_may_not_have_is_refused_as_such() {
    everywhere(|scene| {
        let error = scene.run(scene.web().acquire_token_for_client(["write"])).expect_err("it may not");
        assert_eq!((error.code(), error.kind()), ("invalid_scope", ErrorKind::Service), "{error:?}");
    });
}

/// The provider leaves out what it does not know, and where nothing is left it says nothing of scopes, though it must where
/// they are not those that were asked for (RFC 6749, section 5.1). Without a word, they are as asked.
#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn of_an_unknown_scope_the_answer_tells_what_it_tells() {
    everywhere(|scene| {
        let result =
            scene.run(scene.web().acquire_token_for_client(["read", "unheard-of"])).expect("a token");
        assert_eq!(
            (&result.scopes[..], &result.declined_scopes[..]),
            (&["read".to_owned()][..], &["unheard-of".to_owned()][..])
        );

        let result = scene.run(scene.web().acquire_token_for_client(["unheard-of"])).expect("a token");
        assert_eq!(claims(&result).get("scope"), None);
        assert_eq!(
            (&result.scopes[..], &result.declined_scopes[..]),
            (&["unheard-of".to_owned()][..], &[][..])
        );
    });
}
