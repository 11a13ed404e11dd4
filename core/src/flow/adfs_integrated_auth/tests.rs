use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, StatusCode};

use super::*;
use crate::authority::{Authority, AuthorityOptions};
use crate::cache::CacheView;
use crate::error::ErrorKind;
use crate::http::{HttpAuth, Request, Response, TransportErrorKind};
use crate::protocol::authorization::challenge;
use crate::step::Resume;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const AUTHORITY: &str = "https://sts.contoso.com/adfs";
const APP: &str = "http://localhost:8400/";

type Asking = (Request, Resume<Outcome, AuthenticationResult>);

fn flow() -> AdfsIntegratedAuth {
    let app = PublicClientApplication::new("app", AUTHORITY.parse().unwrap());
    app.acquire_token_by_adfs_integrated_auth(["api://x/read"], APP)
}

/// The first page that a flow asks for.
fn asked(flow: AdfsIntegratedAuth) -> Asking {
    let Step::Load { query, resume } = flow.start(NOW, Seed::new([7; 32])).unwrap() else { panic!("memory") };
    assert_eq!(query.throttle, None, "no two codes are the same request");
    sending(resume.with(Ok(CacheView::default()), NOW))
}

fn sending(step: Result<Step<AuthenticationResult>, Error>) -> Asking {
    match step {
        Ok(Step::Send { request, resume }) => (request, resume),
        other => panic!("not a request: {other:?}"),
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Outcome {
    let headers = headers.iter().map(|(name, value)| {
        (HeaderName::try_from(*name).unwrap(), http::HeaderValue::from_str(value).unwrap())
    });
    let headers: HeaderMap = headers.collect();
    Ok(Response::new(StatusCode::from_u16(status).unwrap(), headers, body.as_bytes().to_vec()))
}

fn to(location: &str, cookies: &[&str]) -> Outcome {
    let cookies = cookies.iter().map(|cookie| ("set-cookie", *cookie));
    answer(302, &cookies.chain([("location", location)]).collect::<Vec<_>>(), "<html>")
}

fn parameter(request: &Request, name: &str) -> String {
    let mut values =
        request.url.query_pairs().filter(|(own, _)| own == name).map(|(_, value)| value.into_owned());
    let value = values.next().unwrap_or_default();
    assert_eq!(values.next(), None, "{name} occurs twice");
    value
}

/// The end that an answer to the first page leads to.
fn ended(outcome: Outcome) -> Error {
    let (_, resume) = asked(flow());
    resume.with(outcome, NOW).unwrap_err()
}

/// The answer to a sign-in, at the redirect URI.
fn back(first: &Request, parameters: &str) -> Outcome {
    to(&format!("{APP}?{parameters}&state={}", parameter(first, "state")), &[])
}

fn tokens(nonce: Option<&str>) -> Outcome {
    let mut body = serde_json::json!({ "access_token": "t", "token_type": "bearer", "expires_in": 3600 });
    if let Some(nonce) = nonce {
        let claims = serde_json::json!({ "nonce": nonce, "sub": "s", "upn": "joe@contoso.com" }).to_string();
        body["id_token"] = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)).into();
    }
    answer(200, &[("content-type", "application/json")], &body.to_string())
}

#[test]
fn the_signed_in_user_gets_a_token_by_two_redirects_and_a_cookie() {
    let (first, resume) = asked(flow());
    assert_eq!(
        (first.url.path(), parameter(&first, "response_type").as_str()),
        ("/adfs/oauth2/authorize", "code")
    );
    assert_eq!(parameter(&first, "redirect_uri"), APP);
    assert_eq!(parameter(&first, "prompt"), "");
    assert_eq!(first.headers["user-agent"], "MSAuthHost/1.0/In-Domain");
    assert!(!first.headers.contains_key("cookie"));

    let wia = "/adfs/oauth2/authorize/wia?client_id=app&x=y";
    let (second, resume) = sending(resume.with(to(wia, &["a=1; path=/adfs"]), NOW));
    assert_eq!(second.url.as_str(), format!("https://sts.contoso.com{wia}"));
    assert_eq!(second.headers["cookie"], "a=1");

    let set = ["MSISAuth=AAE=; path=/adfs; HttpOnly; Secure", "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT"];
    let (third, resume) = sending(resume.with(to(first.url.as_str(), &set), NOW));
    assert_eq!(third.url, first.url);
    assert_eq!(third.headers["cookie"], "MSISAuth=AAE=");
    assert!(third.headers["cookie"].is_sensitive());
    for page in [&first, &second, &third] {
        assert!(
            matches!(&page.auth, HttpAuth::Negotiate(service) if service.as_str() == "HTTP/sts.contoso.com")
        );
        assert_eq!((page.method.as_str(), page.body.len()), ("GET", 0));
        assert_eq!(page.headers["client-request-id"], first.headers["client-request-id"]);
    }

    let (token, resume) = sending(resume.with(back(&first, "code=the-code"), NOW));
    assert_eq!(token.url.as_str(), "https://sts.contoso.com/adfs/oauth2/token");
    assert_eq!(token.auth, HttpAuth::Anonymous);
    assert!(!token.headers.contains_key("cookie") && !token.headers.contains_key("user-agent"));
    let body = std::str::from_utf8(token.body.expose()).unwrap();
    let form: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| form.iter().find(|(own, _)| own == name).unwrap().1.as_str();
    assert_eq!(
        (field("grant_type"), field("code"), field("redirect_uri")),
        ("authorization_code", "the-code", APP)
    );
    assert_eq!(challenge(field("code_verifier")), parameter(&first, "code_challenge"));

    let nonce = parameter(&first, "nonce");
    let Ok(Step::Save { update, resume }) = resume.with(tokens(Some(&nonce)), NOW) else { panic!("kept") };
    assert!(!update.tokens.is_empty());
    let Ok(Step::Done(result)) = resume.with(Ok(()), NOW) else { panic!("done") };
    assert_eq!(
        (result.access_token.expose(), result.account.unwrap().username.as_str()),
        ("t", "joe@contoso.com")
    );
}

#[test]
fn a_server_that_asks_for_the_ticket_at_once_needs_no_redirect_to_itself() {
    let (first, resume) = asked(flow());
    let (_, resume) = sending(resume.with(back(&first, "code=c"), NOW));
    assert!(
        matches!(resume.with(tokens(None), NOW), Ok(Step::Save { .. })),
        "no ID token, no nonce to compare"
    );
}

#[test]
fn tokens_of_another_sign_in_are_not_kept() {
    let (first, resume) = asked(flow());
    let (_, resume) = sending(resume.with(back(&first, "code=c"), NOW));
    assert_eq!(resume.with(tokens(Some("another")), NOW).unwrap_err().code(), "nonce_mismatch");
}

#[test]
fn what_is_no_answer_of_ad_fs_has_a_code_each_and_says_whose_turn_it_is() {
    let page = |status, body| answer(status, &[("content-type", "text/html")], body);
    let cookie = "x".repeat(5000);
    for (outcome, code, kind, turn) in [
        (page(200, "<form>"), "adfs_sign_in_page", ErrorKind::UiRequired, "WIASupportedUserAgents"),
        (
            answer(200, &[("set-cookie", "MSISAuth=x")], "<form>"),
            "adfs_interaction_required",
            ErrorKind::UiRequired,
            "The user",
        ),
        (page(200, "<p>MSIS9604: hunter2"), "adfs_error_page", ErrorKind::Service, "event log"),
        (
            to("https://login.fabrikam.com/", &[]),
            "adfs_redirected_elsewhere",
            ErrorKind::UiRequired,
            "claims provider",
        ),
        (answer(302, &[], ""), "adfs_redirects_unusable", ErrorKind::Client, "administrator"),
        (to("/", &[&format!("a={cookie}")]), "adfs_cookies_unusable", ErrorKind::Client, "administrator"),
        (page(503, "hunter2"), "http_status_not_200", ErrorKind::Service, "operator"),
        (page(404, "hunter2"), "not_found", ErrorKind::Service, "operator"),
        (
            answer(401, &[("www-authenticate", "Negotiate")], "hunter2"),
            "integrated_authentication_refused",
            ErrorKind::Service,
            "kinit",
        ),
        (answer(401, &[], ""), "integrated_authentication_refused", ErrorKind::Service, "enable integrated"),
        (
            Err(TransportErrorKind::Negotiate.into()),
            "integrated_windows_authentication_failed",
            ErrorKind::UiRequired,
            "kinit",
        ),
        (Err(TransportErrorKind::Timeout.into()), "request_timeout", ErrorKind::Transport, "network"),
    ] {
        let error = ended(outcome);
        assert_eq!((error.code(), error.kind()), (code, kind), "{error}");
        assert!(error.remedy().contains(turn), "{code}: {}", error.remedy());
        assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
        assert!(error.correlation_id().is_some());
    }
}

#[test]
fn the_errors_of_the_redirect_are_told_once_its_state_is_right() {
    let told = |parameters: &str| {
        let (first, resume) = asked(flow());
        let outcome = match parameters.contains("state=") {
            true => to(&format!("{APP}?{parameters}"), &[]),
            false => back(&first, parameters),
        };
        resume.with(outcome, NOW).unwrap_err()
    };
    let error = told("error=access_denied&error_description=MSIS9605%3a+not+allowed");
    assert_eq!(error.code(), "access_denied");
    assert!(error.to_string().contains("MSIS9605: not allowed"), "{error}");
    assert_eq!(told("error=interaction_required").kind(), ErrorKind::UiRequired);
    assert_eq!(told("code=c&state=another").code(), "state_mismatch");
    assert_eq!(told("error=access_denied&state=another").code(), "state_mismatch");
    assert_eq!(told("state=").code(), "redirect_without_answer");
    assert_eq!(told("code=c&error=e").code(), "contradictory_redirect");
    assert!(told("x=y").remedy().starts_with("The administrator of AD FS"));
    let fragment = |resume: Resume<Outcome, _>| resume.with(to(&format!("{APP}#code=c"), &[]), NOW);
    assert_eq!(fragment(asked(flow()).1).unwrap_err().code(), "redirect_in_other_mode");
}

#[test]
fn a_server_that_goes_in_circles_is_left_after_five_redirects() {
    let (_, mut resume) = asked(flow());
    for _ in 0..MOST_REDIRECTS {
        (_, resume) = sending(resume.with(to("/adfs/oauth2/authorize/wia", &[]), NOW));
    }
    let error = resume.with(to("/adfs/oauth2/authorize/wia", &[]), NOW).unwrap_err();
    assert_eq!(error.code(), "adfs_redirects_unusable");
    assert!(error.to_string().contains("more than 5 times"), "{error}");
}

#[test]
fn the_last_redirect_that_is_followed_may_lead_to_the_answer() {
    let (first, mut resume) = asked(flow());
    for _ in 0..MOST_REDIRECTS {
        (_, resume) = sending(resume.with(to("/adfs/oauth2/authorize/wia", &[]), NOW));
    }
    sending(resume.with(back(&first, "code=c"), NOW));
}

#[test]
fn what_cannot_be_asked_is_refused_before_anything_is() {
    let refused = |change: fn(&mut AdfsIntegratedAuth)| {
        let mut flow = flow();
        change(&mut flow);
        flow.start(NOW, Seed::new([7; 32])).unwrap_err()
    };
    for change in [
        (|flow| flow.redirect_uri = "http://app.example/".to_owned()) as fn(&mut AdfsIntegratedAuth),
        |flow| flow.redirect_uri = "https://app.example/#x".to_owned(),
        |flow| flow.user_agent = " ".to_owned(),
        |flow| flow.user_agent = "a\nb".to_owned(),
        |flow| flow.options.extra_query_parameters = vec![("State".to_owned(), "x".to_owned())],
    ] {
        assert_eq!(refused(change).code(), "invalid_argument");
    }
    for (authority, names) in [
        ("https://login.microsoftonline.com/contoso.com", "integrated_windows_auth"),
        ("https://login.microsoftonline.com/common", "integrated_windows_auth"),
        ("https://contoso.ciamlogin.com/contoso.onmicrosoft.com", "interactive"),
    ] {
        let mut flow = flow();
        flow.app.authority = authority.parse().unwrap();
        let error = flow.start(NOW, Seed::new([7; 32])).unwrap_err();
        assert_eq!(error.code(), "authority_kind_not_supported");
        assert!(error.remedy().contains(names), "{}", error.remedy());
    }
}

#[test]
fn integrated_windows_authentication_points_to_this_flow_at_ad_fs() {
    let app = PublicClientApplication::new("app", AUTHORITY.parse().unwrap());
    let flow = app.acquire_token_by_integrated_windows_auth(["x"], "joe@contoso.com");
    let error = flow.start(NOW, Seed::new([7; 32])).unwrap_err();
    assert_eq!(error.code(), "authority_kind_not_supported");
    assert!(error.remedy().contains("adfs_integrated_auth"), "{}", error.remedy());
}

#[test]
fn what_the_caller_adds_goes_along() {
    let mut flow = flow();
    flow.user_agent = "Contoso/1.0".to_owned();
    let extra = [("resource", "https://api.contoso.com/"), ("amr_values", "wia")];
    flow.options.extra_query_parameters =
        extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    flow.options.login_hint = Some("joe@contoso.com".to_owned());
    let (first, _) = asked(flow);
    assert_eq!(first.headers["user-agent"], "Contoso/1.0");
    for (name, value) in extra.into_iter().chain([("login_hint", "joe@contoso.com")]) {
        assert_eq!(parameter(&first, name), value);
    }
}

#[test]
fn plain_http_is_for_this_machine_and_only_where_it_is_allowed() {
    let options = AuthorityOptions::default().allow_http_loopback(true);
    let mut flow = flow();
    flow.app.authority = Authority::parse("http://127.0.0.1:8080/adfs", options).unwrap();
    let (first, resume) = asked(flow);
    assert!(matches!(&first.auth, HttpAuth::Negotiate(service) if service.as_str() == "HTTP/127.0.0.1"));
    let error = resume.with(to("http://127.0.0.1:8081/adfs/", &[]), NOW).unwrap_err();
    assert_eq!(error.code(), "adfs_redirected_elsewhere");
}

#[test]
fn no_state_shows_what_the_server_set_or_what_the_sign_in_keeps() {
    let (first, resume) = asked(flow());
    let step = resume.with(to("/adfs/", &["MSISAuth=hunter2"]), NOW).unwrap();
    let shown = format!("{step:?}");
    assert!(shown.contains("ExpectPage") && !shown.contains("hunter2"), "{shown}");
    let Step::Send { resume, .. } = step else { panic!() };
    let shown = format!("{:?}", resume.with(back(&first, "code=the-code"), NOW).unwrap());
    assert!(!shown.contains("the-code"), "{shown}");
}
