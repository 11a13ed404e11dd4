mod accepting;
mod redeeming;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};

use super::*;
use crate::application::{ClientCredential, ConfidentialClientApplication, PublicClientApplication};
use crate::authority::{Authority, AuthorityOptions};
use crate::cache::CacheView;
use crate::error::{ErrorKind, Fault, SignInFault};
use crate::http::{Request, Response};
use crate::protocol::authorization::challenge;
use crate::result::AuthenticationResult;
use crate::secret::Secret;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn app(authority: &str) -> PublicClientApplication {
    PublicClientApplication::new("app", authority.parse().unwrap())
}

fn entra() -> PublicClientApplication {
    app("https://login.microsoftonline.com/contoso.com")
}

fn flow() -> StartSignIn {
    entra().sign_in(["user.read"], "http://localhost:8400/")
}

/// Runs a flow that asks the memory alone.
fn begun(flow: StartSignIn) -> Result<SignIn, Error> {
    let Step::Load { resume, .. } = flow.start(NOW, Seed::new([7; 32]))? else {
        panic!("memory comes first")
    };
    let Step::Done(sign_in) = resume.with(Ok(CacheView::default()), NOW)? else { panic!("then it is done") };
    Ok(sign_in)
}

fn sign_in() -> SignIn {
    begun(flow()).unwrap()
}

fn in_mode(mode: ResponseMode) -> SignIn {
    let mut flow = flow();
    flow.response_mode = Some(mode);
    begun(flow).unwrap()
}

/// A provider whose document says what it says, and the sign-in that follows.
fn provided(document: &serde_json::Value, mut flow: StartSignIn) -> Result<SignIn, Error> {
    let authority = Authority::oidc("https://id.example/realm", AuthorityOptions::default()).unwrap();
    flow.app = PublicClientApplication::new("app", authority).into();
    let Step::Load { query, resume } = flow.start(NOW, Seed::new([7; 32]))? else { panic!("memory") };
    assert_eq!(query.authority.as_deref(), Some("https://id.example/realm/"));
    let Step::Send { request, resume } = resume.with(Ok(CacheView::default()), NOW)? else {
        panic!("metadata")
    };
    assert_eq!(request.url.as_str(), "https://id.example/realm/.well-known/openid-configuration");
    let Step::Save { resume, .. } = resume.with(Ok(answer(document)), NOW)? else { panic!("remembered") };
    let Step::Done(sign_in) = resume.with(Ok(()), NOW)? else { panic!("done") };
    Ok(sign_in)
}

fn document() -> serde_json::Value {
    serde_json::json!({
        "issuer": "https://id.example/realm",
        "authorization_endpoint": "https://id.example/authorize?p=B2C_1_signin#top",
        "token_endpoint": "https://id.example/token",
    })
}

fn answer(body: &serde_json::Value) -> Response {
    Response::new(StatusCode::OK, HeaderMap::new(), body.to_string().into_bytes())
}

fn parameters(url: &url::Url) -> Vec<(String, String)> {
    url.query_pairs().into_owned().collect()
}

fn parameter(sign_in: &SignIn, name: &str) -> Option<String> {
    let all = parameters(sign_in.url());
    assert!(all.iter().filter(|(own, _)| own == name).count() < 2, "{name} occurs twice");
    all.into_iter().find_map(|(own, value)| (own == name).then_some(value))
}

#[test]
fn the_address_says_everything_once_and_in_order() {
    let mut flow = flow();
    flow.prompt = Some(SignInPrompt::SelectAccount);
    flow.domain_hint = Some("contoso.com".to_owned());
    flow.response_mode = Some(ResponseMode::FormPost);
    flow.extra_scopes_to_consent = vec!["api://x/y".to_owned(), "OpenID".to_owned(), "api://x/y".to_owned()];
    flow.options.login_hint = Some("joe+1@contoso.com".to_owned());
    flow.options.correlation_id = Some("5f1c".to_owned());
    flow.options.claims = Some(r#"{"a":1}"#.to_owned());
    flow.options.extra_query_parameters = vec![("dc".to_owned(), "a b&c".to_owned())];
    let sign_in = begun(flow).unwrap();
    let seed = Seed::new([7; 32]);
    let of = |label| URL_SAFE_NO_PAD.encode(seed.bytes(label, 0));
    let (state, nonce, verifier) = (of("state"), of("nonce"), of("pkce"));
    assert_eq!(
        sign_in.url().as_str(),
        format!(
            "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize?client_id=app&response_type=code\
             &redirect_uri=http%3A%2F%2Flocalhost%3A8400%2F\
             &scope=user.read+openid+offline_access+profile+api%3A%2F%2Fx%2Fy&response_mode=form_post\
             &state={state}&nonce={nonce}&code_challenge={}&code_challenge_method=S256&prompt=select_account\
             &login_hint=joe%2B1%40contoso.com&domain_hint=contoso.com&claims=%7B%22a%22%3A1%7D\
             &X-AnchorMailbox=UPN%3Ajoe%2B1%40contoso.com&client_info=1&client-request-id=5f1c\
             &x-client-SKU=Entrada&x-client-Ver={}&dc=a+b%26c",
            challenge(&verifier),
            env!("CARGO_PKG_VERSION"),
        )
    );
    assert_eq!(sign_in.state().expose(), state);
    assert_eq!(sign_in.redirect_uri(), "http://localhost:8400/");
    assert_eq!(sign_in.response_mode(), ResponseMode::FormPost);
    assert_eq!(sign_in.correlation_id(), "5f1c");
}

#[test]
fn what_only_microsofts_cloud_understands_is_said_to_nobody_else() {
    let names = |sign_in: &SignIn| -> Vec<String> {
        parameters(sign_in.url()).into_iter().map(|(name, _)| name).collect()
    };
    let common = [
        "client_id",
        "response_type",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "login_hint",
    ];
    let mut flow = flow();
    flow.options.login_hint = Some("joe".to_owned());
    flow.app = app("https://sts.contoso.com/adfs").into();
    let ad_fs = begun(flow.clone()).unwrap();
    assert!(ad_fs.url().as_str().starts_with("https://sts.contoso.com/adfs/oauth2/authorize?client_id=app&"));
    assert_eq!(names(&ad_fs), [&common[..], &["client-request-id"]].concat());
    let provider = provided(&document(), flow.clone()).unwrap();
    assert_eq!(names(&provider), [&["p"], &common[..]].concat());
    let mut quiet = entra();
    quiet.client_info_headers = false;
    flow.app = quiet.into();
    let last = ["X-AnchorMailbox", "client_info", "client-request-id"];
    assert_eq!(names(&begun(flow).unwrap()), [&common[..], &last].concat());
}

#[test]
fn the_query_of_a_discovered_endpoint_is_kept_and_not_repeated() {
    let sign_in = provided(&document(), flow()).unwrap();
    let start = "https://id.example/authorize?p=B2C_1_signin&client_id=app&";
    assert!(sign_in.url().as_str().starts_with(start), "{}", sign_in.url());
    assert_eq!(sign_in.url().fragment(), None);
    let mut flow = flow();
    flow.options.extra_query_parameters = vec![("P".to_owned(), "another".to_owned())];
    assert_eq!(provided(&document(), flow).unwrap_err().code(), "invalid_argument");
}

#[test]
fn what_cannot_be_asked_is_refused_before_anything_is() {
    let refused = |change: fn(&mut StartSignIn)| {
        let mut flow = flow();
        change(&mut flow);
        let error = flow.start(NOW, Seed::new([7; 32])).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("invalid_argument", ErrorKind::Client), "{error}");
        error.to_string()
    };
    refused(|flow| flow.redirect_uri = "http://app.example/".to_owned());
    refused(|flow| flow.redirect_uri = "https://app.example/#x".to_owned());
    refused(|flow| flow.options.extra_query_parameters = vec![("State".to_owned(), "x".to_owned())]);
    refused(|flow| flow.extra_scopes_to_consent = vec!["a b".to_owned()]);
    refused(|flow| flow.scopes = vec!["a b".to_owned()]);
    refused(|flow| {
        flow.redirect_uri = "msalapp://auth".to_owned();
        flow.response_mode = Some(ResponseMode::FormPost);
    });
    let text = refused(|flow| {
        flow.redirect_uri = "msalapp://auth".to_owned();
        flow.spa = true;
    });
    assert!(text.contains("single-page"), "{text}");
    let secret = ClientCredential::Secret(Secret::new("s"));
    let authority = "https://login.microsoftonline.com/contoso.com".parse().unwrap();
    let web = ConfidentialClientApplication::new("app", authority, secret);
    let flow = web.sign_in(["user.read"], "msalapp://auth");
    assert_eq!(flow.start(NOW, Seed::new([7; 32])).unwrap_err().code(), "invalid_argument");
}

#[test]
fn a_sign_in_is_taken_up_by_another_process_as_it_was() {
    let mut flow = flow();
    flow.spa = true;
    flow.spa_code = true;
    flow.options.login_hint = Some("joe".to_owned());
    flow.options.extra_query_parameters = vec![("dc".to_owned(), "x".to_owned())];
    for sign_in in [begun(flow.clone()).unwrap(), provided(&document(), flow).unwrap()] {
        let text = serde_json::to_string(&sign_in).unwrap();
        let back: SignIn = serde_json::from_str(&text).unwrap();
        assert_eq!(back, sign_in);
        assert!(text.contains(sign_in.verifier.expose()), "{text}");
        let unknown = text.replacen('{', r#"{"unknown":1,"#, 1);
        assert!(serde_json::from_str::<SignIn>(&unknown).is_err());
        let within = text.replacen(r#""asked":{"#, r#""asked":{"unknown":1,"#, 1);
        assert_ne!(within, text);
        assert!(serde_json::from_str::<SignIn>(&within).is_err());
    }
}

#[test]
fn debug_shows_no_secret_of_a_sign_in_or_a_code() {
    let sign_in = sign_in();
    let secrets = [sign_in.state(), &sign_in.asked.nonce, &sign_in.verifier].map(|s| s.expose().to_owned());
    let shown = format!("{sign_in:?}");
    let code = sign_in.accept(&format!("?code=the-code&state={}", secrets[0])).unwrap();
    let shown = format!("{shown} {code:?}");
    let shown = format!("{shown} {:?}", code.redeem(entra()));
    for secret in secrets.iter().map(String::as_str).chain(["the-code"]) {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("http://localhost:8400/"));
}
