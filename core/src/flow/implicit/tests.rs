use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::application::PublicClientApplication;
use crate::cache::CacheView;
use crate::error::ErrorKind;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const TENANT: &str = "7a433bfc-2514-4697-b467-e0933190487f";
/// Of appendix A.4 of OpenID Connect Core.
const TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
const HASH: &str = "77QmUPtjPfzWtF2AnpK9RQ";

fn flow(response: ImplicitResponse) -> StartImplicit {
    let authority = format!("https://login.microsoftonline.com/{TENANT}").parse().unwrap();
    let app = PublicClientApplication::new("app", authority);
    StartImplicit::new(app, ["user.read"], "https://app.example/", response)
}

fn begun(flow: StartImplicit) -> Result<ImplicitSignIn, Error> {
    let Step::Load { resume, .. } = flow.start(NOW, Seed::new([7; 32]))? else {
        panic!("memory comes first")
    };
    let Step::Done(sign_in) = resume.with(Ok(CacheView::default()), NOW)? else { panic!("then it is done") };
    Ok(sign_in)
}

fn sign_in(response: ImplicitResponse) -> ImplicitSignIn {
    begun(flow(response)).unwrap()
}

/// Claims that keep the rules.
fn claims() -> Value {
    json!({
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "tid": TENANT,
        "aud": "app",
        "exp": 1_700_003_600,
        "nonce": sign_in(ImplicitResponse::IdToken).asked.nonce.expose(),
        "sub": "s",
        "at_hash": HASH,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn redirect(claims: &Value, rest: &str) -> String {
    let state = sign_in(ImplicitResponse::IdToken).state().expose().to_owned();
    let id_token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    format!("https://app.example/#id_token={id_token}&state={state}{rest}")
}

fn both(claims: &Value) -> Result<ImplicitTokens, Error> {
    let rest = format!("&access_token={TOKEN}&token_type=bearer&expires_in=3599&scope=User.Read+openid");
    sign_in(ImplicitResponse::IdTokenAndToken).accept(&redirect(claims, &rest), NOW)
}

#[test]
fn the_address_asks_for_tokens_and_no_code() {
    for (response, kind, scope) in [
        (ImplicitResponse::IdToken, "id_token", "user.read+openid+profile"),
        (ImplicitResponse::Token, "token", "user.read"),
        (ImplicitResponse::IdTokenAndToken, "id_token+token", "user.read+openid+profile"),
    ] {
        let sign_in = sign_in(response);
        let url = sign_in.url().as_str();
        let start = format!(
            "https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?client_id=app&response_type={kind}\
             &redirect_uri=https%3A%2F%2Fapp.example%2F&scope={scope}&response_mode=fragment&state="
        );
        assert!(url.starts_with(&start), "{url}");
        assert!(url.contains("&nonce=") && !url.contains("code_challenge"), "{url}");
    }
}

#[test]
fn what_keeps_the_rules_is_accepted() {
    let tokens = both(&claims()).unwrap();
    assert_eq!(tokens.access_token, Some(Secret::new(TOKEN)));
    assert_eq!(tokens.expires_on, Some(Timestamp::from_secs(1_700_003_599)));
    assert_eq!(tokens.scopes, ["User.Read", "openid"]);
    assert_eq!(tokens.id_token_claims.unwrap().text("sub"), Some("s"));

    let tokens = sign_in(ImplicitResponse::IdToken).accept(&redirect(&claims(), ""), NOW).unwrap();
    assert_eq!((tokens.access_token, tokens.expires_on), (None, None));
    for good in [
        with("aud", json!(["app"])),
        with("azp", json!("app")),
        with("iss", json!(format!("https://sts.windows.net/{TENANT}/"))),
        with("at_hash", json!(format!("{HASH}=="))),
        with("exp", json!(1_700_000_000 - 299)),
        with("exp", json!(1_700_003_600.5)),
        with("tid", json!(TENANT.to_uppercase())),
    ] {
        assert!(both(&good).is_ok(), "{good}");
    }

    let state = sign_in(ImplicitResponse::Token).state().expose().to_owned();
    let form = format!("access_token=t&id_token=unasked&state={state}");
    let mut flow = flow(ImplicitResponse::Token);
    flow.response_mode = Some(ResponseMode::FormPost);
    let tokens = begun(flow).unwrap().accept(&form, NOW).unwrap();
    assert_eq!((tokens.access_token, tokens.id_token), (Some(Secret::new("t")), None));
    assert_eq!(tokens.scopes, ["user.read"]);
}

#[test]
fn an_id_token_of_another_sign_in_application_issuer_or_time_is_refused() {
    let mut without_hash = claims();
    without_hash.as_object_mut().unwrap().remove("at_hash");
    for (claims, code, reason) in [
        (with("nonce", json!("x")), "nonce_mismatch", "nonce"),
        (with("nonce", Value::Null), "nonce_mismatch", "nonce"),
        (with("aud", json!("other")), "invalid_id_token", "another application"),
        (with("aud", json!(["other"])), "invalid_id_token", "another application"),
        (with("aud", json!(["app", "other"])), "invalid_id_token", "another application"),
        (with("azp", json!("other")), "invalid_id_token", "another application"),
        (with("aud", Value::Null), "invalid_id_token", "another application"),
        (with("iss", json!("https://evil.example/")), "invalid_id_token", "issuer"),
        (with("iss", Value::Null), "invalid_id_token", "issuer"),
        (with("tid", json!("9188040d-6c67-4c5b-b112-36a304b66dad")), "invalid_id_token", "issuer"),
        (with("exp", json!(1_700_000_000 - 300)), "invalid_id_token", "expired"),
        (with("exp", json!("soon")), "invalid_id_token", "expired"),
        (with("exp", json!(-1)), "invalid_id_token", "expired"),
        (with("at_hash", json!("x")), "invalid_id_token", "access token"),
        (without_hash, "invalid_id_token", "access token"),
        (json!([]), "invalid_id_token", "cannot be read"),
    ] {
        let error = both(&claims).unwrap_err();
        assert_eq!((error.code(), error.kind()), (code, ErrorKind::Client), "{claims}");
        assert!(error.to_string().contains(reason), "{error}: {claims}");
    }
}

#[test]
fn what_was_asked_for_must_come_and_the_state_is_judged_first() {
    let state = sign_in(ImplicitResponse::IdToken).state().expose().to_owned();
    let code =
        |response, redirect: String| sign_in(response).accept(&redirect, NOW).unwrap_err().code().to_owned();
    for (response, redirect, expected) in [
        (ImplicitResponse::IdToken, format!("#access_token=t&state={state}"), "redirect_without_answer"),
        (ImplicitResponse::IdTokenAndToken, redirect(&claims(), ""), "redirect_without_answer"),
        (ImplicitResponse::Token, format!("#code=c&state={state}"), "redirect_without_answer"),
        (
            ImplicitResponse::Token,
            format!("#access_token=t&token_type=pop&state={state}"),
            "redirect_without_answer",
        ),
        (ImplicitResponse::Token, format!("?access_token=t&state={state}"), "redirect_in_other_mode"),
        (ImplicitResponse::Token, "#access_token=t".to_owned(), "state_mismatch"),
        (ImplicitResponse::IdToken, "#id_token=x&state=y".to_owned(), "state_mismatch"),
        (ImplicitResponse::Token, format!("#error=access_denied&state={state}"), "access_denied"),
        (ImplicitResponse::Token, format!("#access_token=t&error=x&state={state}"), "contradictory_redirect"),
    ] {
        assert_eq!(code(response, redirect.clone()), expected, "{redirect}");
    }
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let mut query = flow(ImplicitResponse::Token);
    query.response_mode = Some(ResponseMode::Query);
    let mut aimless = flow(ImplicitResponse::IdTokenAndToken);
    aimless.scopes.clear();
    let mut elsewhere = flow(ImplicitResponse::IdToken);
    elsewhere.redirect_uri = "http://app.example/".to_owned();
    for flow in [query, aimless, elsewhere] {
        assert_eq!(begun(flow).unwrap_err().code(), "invalid_argument");
    }
    let mut nameless = flow(ImplicitResponse::IdToken);
    nameless.scopes.clear();
    assert!(begun(nameless).is_ok(), "an ID token needs no API");
}

#[test]
fn it_is_data_and_shows_no_secret() {
    let sign_in = sign_in(ImplicitResponse::IdTokenAndToken);
    let text = serde_json::to_string(&sign_in).unwrap();
    assert_eq!(serde_json::from_str::<ImplicitSignIn>(&text).unwrap(), sign_in);
    assert!(text.contains(r#""response":"id_token token""#), "{text}");
    assert!(serde_json::from_str::<ImplicitSignIn>(&text.replacen('{', r#"{"x":1,"#, 1)).is_err());
    let shown = format!("{sign_in:?} {:?}", both(&claims()).unwrap());
    for secret in [sign_in.state().expose(), sign_in.asked.nonce.expose(), TOKEN] {
        // The nonce is a claim of the token, which shows its claims as they came.
        let times = usize::from(secret == sign_in.asked.nonce.expose());
        assert_eq!(shown.matches(secret).count(), times, "{shown}");
    }
}
