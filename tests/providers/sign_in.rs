//! A browser: authorization code with PKCE, and the refresh tokens that follow.

use entrada_core::error::{Error, ErrorKind};
use entrada_core::flow::authorization_code::{SignIn, SignInPrompt, StartSignIn};
use entrada_core::protocol::redirect::ResponseMode;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;

use crate::applications::claims;
use crate::{Scene, everywhere};

/// Where nobody listens: the person's browser stops there. The registration names no port.
const REDIRECT_URI: &str = "http://127.0.0.1:54321/callback";

/// Begins a sign-in; without consent, the provider gives no refresh token (OpenID Connect Core, section 11).
fn begin(scene: &Scene, change: impl FnOnce(&mut StartSignIn)) -> SignIn {
    let mut flow = scene.native().sign_in(["read"], REDIRECT_URI);
    flow.prompt = Some(SignInPrompt::Consent);
    change(&mut flow);
    scene.run(flow).expect("the provider is known")
}

fn redeem(scene: &Scene, sign_in: SignIn, redirect: &str) -> Result<AuthenticationResult, Error> {
    scene.run(scene.native().acquire_token_by_authorization_code(sign_in.accept(redirect)?))
}

fn refresh(scene: &Scene, token: &Secret) -> Result<AuthenticationResult, Error> {
    scene.run(scene.native().acquire_token_by_refresh_token(["read"], token.clone()))
}

fn signed_in(scene: &Scene) -> AuthenticationResult {
    let sign_in = begin(scene, |_| {});
    let redirect = scene.person().sign_in(sign_in.url().as_str(), "alice").away();
    redeem(scene, sign_in, &redirect).expect("a token")
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_person_signs_in_with_a_browser() {
    everywhere(|scene| {
        let result = signed_in(scene);
        let account = result.account.as_ref().expect("there is one");
        assert_eq!(
            (account.username.as_str(), account.name.as_deref()),
            ("alice@op.example", Some("A Person"))
        );
        assert_eq!(account.home_account_id.as_str(), "alice");
        assert_eq!(claims(&result)["sub"], "alice");
        assert_eq!((&result.scopes[..], &result.declined_scopes[..]), (&["read".to_owned()][..], &[][..]));
        assert!(result.refresh_token().is_some() && result.id_token.is_some());
        assert_eq!(result.not_kept, None);
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_web_application_redeems_its_code_with_its_secret() {
    everywhere(|scene| {
        let mut flow = scene.web().sign_in(["read"], "https://app.example/callback");
        flow.prompt = Some(SignInPrompt::Consent);
        let sign_in = scene.run(flow).expect("the provider is known");
        let redirect = scene.person().sign_in(sign_in.url().as_str(), "bob").away();
        let code = sign_in.accept(&redirect).expect("it is the answer");
        let result = scene.run(scene.web().acquire_token_by_authorization_code(code)).expect("a token");
        assert_eq!(claims(&result)["client_id"], "post");
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn the_answer_may_come_in_a_form() {
    everywhere(|scene| {
        let sign_in = begin(scene, |flow| flow.response_mode = Some(ResponseMode::FormPost));
        let answer = scene.person().sign_in_for_form(sign_in.url().as_str(), "alice", REDIRECT_URI);
        redeem(scene, sign_in, &answer).expect("a token");
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_sign_in_can_be_put_down_and_its_code_is_good_once() {
    everywhere(|scene| {
        let sign_in = begin(scene, |_| {});
        let redirect = scene.person().sign_in(sign_in.url().as_str(), "alice").away();
        let kept = serde_json::to_string(&sign_in).expect("it is data");
        let again: SignIn = serde_json::from_str(&kept).expect("it is the same data");
        let first = redeem(scene, sign_in, &redirect).expect("a token");
        let error = redeem(scene, again, &redirect).expect_err("the code was used");
        assert_eq!((error.code(), error.kind()), ("invalid_grant", ErrorKind::UiRequired), "{error:?}");
        // The provider takes back what the code got (RFC 6749, section 4.1.2).
        let error = refresh(scene, first.refresh_token().expect("there is one")).expect_err("it is dead");
        assert_eq!(error.code(), "invalid_grant", "{error:?}");
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_code_without_its_verifier_is_worth_nothing() {
    everywhere(|scene| {
        let sign_in = begin(scene, |_| {});
        let redirect = scene.person().sign_in(sign_in.url().as_str(), "alice").away();
        let mut data = serde_json::to_value(&sign_in).expect("it is data");
        data["verifier"] = "A".repeat(43).into();
        let stolen: SignIn = serde_json::from_value(data).expect("it is the same data");
        let error = redeem(scene, stolen, &redirect).expect_err("the verifier is another");
        assert_eq!(error.code(), "invalid_grant", "{error:?}");
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_person_who_gives_up_is_told_as_such() {
    everywhere(|scene| {
        let sign_in = begin(scene, |_| {});
        let redirect = scene.person().cancel(sign_in.url().as_str()).away();
        let error = sign_in.accept(&redirect).expect_err("the person gave up");
        assert_eq!(error.code(), "access_denied", "{error:?}");
        assert!(error.to_string().contains("aborted"), "{error}");
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn who_is_not_signed_in_cannot_go_without_a_page() {
    everywhere(|scene| {
        let sign_in = begin(scene, |flow| flow.prompt = Some(SignInPrompt::None));
        let redirect = scene.person().sign_in(sign_in.url().as_str(), "alice").away();
        let error = sign_in.accept(&redirect).expect_err("a page is needed");
        assert_eq!((error.code(), error.kind()), ("login_required", ErrorKind::UiRequired), "{error:?}");
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn the_answer_to_another_sign_in_is_not_accepted() {
    everywhere(|scene| {
        let (one, other) = (begin(scene, |_| {}), begin(scene, |_| {}));
        let redirect = scene.person().sign_in(other.url().as_str(), "mallory").away();
        let error = redeem(scene, one, &redirect).expect_err("it is another's");
        assert_eq!(error.code(), "state_mismatch", "{error:?}");
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn an_unknown_scope_is_told_as_declined() {
    everywhere(|scene| {
        let sign_in = begin(scene, |flow| flow.scopes = vec!["read".to_owned(), "unheard-of".to_owned()]);
        let redirect = scene.person().sign_in(sign_in.url().as_str(), "alice").away();
        let result = redeem(scene, sign_in, &redirect).expect("a token");
        assert_eq!(
            (&result.scopes[..], &result.declined_scopes[..]),
            (&["read".to_owned()][..], &["unheard-of".to_owned()][..])
        );
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn refresh_tokens_rotate_and_an_old_one_ends_them_all() {
    everywhere(|scene| {
        let first = signed_in(scene);
        let old = first.refresh_token().expect("there is one");
        let second = refresh(scene, old).expect("a token");
        let new = second.refresh_token().expect("there is one");
        assert_ne!(old, new);
        let third = refresh(scene, new).expect("a token");
        assert_eq!(claims(&third)["sub"], "alice");

        for token in [old, third.refresh_token().expect("there is one")] {
            let error = refresh(scene, token).expect_err("it is dead");
            assert_eq!((error.code(), error.kind()), ("invalid_grant", ErrorKind::UiRequired), "{error:?}");
        }
    });
}
