use http::{HeaderMap, StatusCode};
use url::form_urlencoded;

use super::*;
use crate::application::ClientCertificate;
use crate::cache::CacheView;
use crate::error::ErrorKind;
use crate::http::{Outcome, Request, Response};
use crate::signer::Signature;
use crate::step::Resume;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn blueprint(credential: ClientCredential) -> ConfidentialClientApplication {
    let authority = "https://login.microsoftonline.com/contoso.com".parse().unwrap();
    let mut app = ConfidentialClientApplication::new("blueprint", authority, credential);
    app.client_capabilities = vec!["cp1".to_owned()];
    app
}

fn flow() -> AgentUser {
    let user = FederatedUser::ObjectId("user-id".to_owned());
    blueprint(ClientCredential::Secret(Secret::new("hunter2"))).acquire_token_for_agent_user(
        ["https://graph.microsoft.com/.default"],
        "agent",
        user,
    )
}

fn started(flow: AgentUser) -> Step<AuthenticationResult> {
    let Step::Load { resume, query } = flow.start(NOW, Seed::new([7; 32])).unwrap() else { panic!("memory") };
    assert!(query.throttle.is_some());
    resume.with(Ok(CacheView::default()), NOW).unwrap()
}

fn sent(step: Step<AuthenticationResult>) -> (Request, Resume<Outcome, AuthenticationResult>) {
    let Step::Send { request, resume } = step else { panic!("a request is due: {step:?}") };
    (request, resume)
}

/// What a request says, those of its parameters that are the same in all left out.
fn said(request: &Request) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(request.body.expose()).into_owned();
    pairs.filter(|(name, _)| !["client_assertion_type", "claims", "client_info"].contains(&&**name)).collect()
}

fn token(text: &str) -> Outcome {
    let body = format!(r#"{{"access_token":"{text}","token_type":"Bearer","expires_in":3599}}"#);
    Ok(Response::new(StatusCode::OK, HeaderMap::new(), body.into_bytes()))
}

fn expected(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn three_legs_lead_from_the_blueprint_to_the_user() {
    let mut flow = flow();
    flow.options.correlation_id = Some("5f1c".to_owned());
    flow.options.claims = Some(r#"{"a":1}"#.to_owned());
    let (first, resume) = sent(started(flow));
    assert_eq!(
        said(&first),
        expected(&[
            ("client_id", "blueprint"),
            ("scope", EXCHANGE),
            ("grant_type", "client_credentials"),
            ("fmi_path", "agent"),
            ("client_secret", "hunter2"),
        ])
    );
    let (second, resume) = sent(resume.with(token("T1"), NOW).unwrap());
    assert_eq!(
        said(&second),
        expected(&[
            ("client_id", "agent"),
            ("scope", EXCHANGE),
            ("grant_type", "client_credentials"),
            ("client_assertion", "T1"),
        ])
    );
    let (third, resume) = sent(resume.with(token("T2"), NOW).unwrap());
    assert_eq!(
        said(&third),
        expected(&[
            ("client_id", "agent"),
            ("scope", "https://graph.microsoft.com/.default openid offline_access profile"),
            ("grant_type", "user_fic"),
            ("user_federated_identity_credential", "T2"),
            ("user_id", "user-id"),
            ("client_assertion", "T1"),
        ])
    );
    for (request, has_claims) in [(&first, false), (&second, false), (&third, true)] {
        assert_eq!(request.url.as_str(), "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token");
        assert_eq!(request.headers["client-request-id"], "5f1c");
        let body = std::str::from_utf8(request.body.expose()).unwrap();
        assert_eq!(body.contains("%22a%22%3A1"), has_claims, "{body}");
        assert!(body.contains("xms_cc"), "{body}");
    }
    let Step::Save { update, resume } = resume.with(token("T3"), NOW).unwrap() else { panic!("kept") };
    assert!(!update.tokens.is_empty(), "the user's token is kept");
    let Step::Done(result) = resume.with(Ok(()), NOW).unwrap() else { panic!("done") };
    assert_eq!(result.access_token.expose(), "T3");
    assert_eq!(result.correlation_id, "5f1c");
}

#[test]
fn without_a_correlation_id_all_legs_bear_the_same() {
    let (first, resume) = sent(started(flow()));
    let (second, resume) = sent(resume.with(token("T1"), NOW).unwrap());
    let (third, _) = sent(resume.with(token("T2"), NOW).unwrap());
    let id = |request: &Request| request.headers["client-request-id"].clone();
    assert!(id(&first) == id(&second) && id(&second) == id(&third));
}

#[test]
fn what_a_leg_taught_is_kept_and_no_exchange_token_is() {
    let credential = ClientCredential::Certificate(ClientCertificate::new(*b"der", "key"));
    let flow = AgentUser { blueprint: blueprint(credential), ..flow() };
    let Step::Sign { resume, .. } = started(flow) else { panic!("a signature is due") };
    let (first, resume) = sent(resume.with(Ok(Signature::new(*b"signed")), NOW).unwrap());
    assert!(said(&first).iter().any(|(name, _)| name == "client_assertion"));
    let Step::Save { update, resume } = resume.with(token("T1"), NOW).unwrap() else { panic!("learned") };
    assert_eq!((update.assertions.len(), update.tokens.len()), (1, 0));
    // The agent's proof is the token, whatever the blueprint's was.
    let (second, _) = sent(resume.with(Err(StoreError::new("full")), NOW).unwrap());
    assert!(said(&second).contains(&("client_assertion".to_owned(), "T1".to_owned())));
}

#[test]
fn a_leg_that_is_refused_ends_the_flow() {
    let refusal = || {
        let body = br#"{"error":"invalid_grant","error_description":"AADSTS65001: x"}"#.to_vec();
        Ok(Response::new(StatusCode::BAD_REQUEST, HeaderMap::new(), body))
    };
    for leg in 0..3 {
        let (_, mut resume) = sent(started(flow()));
        for _ in 0..leg {
            (_, resume) = sent(resume.with(token("T"), NOW).unwrap());
        }
        let error = resume.with(refusal(), NOW).unwrap_err();
        assert_eq!(error.error_codes(), [65001], "leg {leg}");
    }
}

#[test]
fn the_users_leg_alone_is_never_sent_again() {
    let failure = || Ok(Response::new(StatusCode::BAD_GATEWAY, HeaderMap::new(), Vec::new()));
    for leg in 0..3 {
        let (_, mut resume) = sent(started(flow()));
        for _ in 0..leg {
            (_, resume) = sent(resume.with(token("T"), NOW).unwrap());
        }
        let step = resume.with(failure(), NOW);
        assert_eq!(matches!(step, Ok(Step::Wait { .. })), leg < 2, "leg {leg}: {step:?}");
    }
}

#[test]
fn what_is_wrong_with_any_leg_is_told_before_the_first() {
    let refused = |flow: AgentUser| {
        let error = flow.start(NOW, Seed::new([7; 32])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Client);
        error.code().to_owned()
    };
    assert_eq!(refused(AgentUser { agent_id: " ".to_owned(), ..flow() }), "invalid_argument");
    let user = FederatedUser::Username(String::new());
    assert_eq!(refused(AgentUser { user, ..flow() }), "invalid_argument");
    assert_eq!(refused(AgentUser { scopes: vec!["a b".to_owned()], ..flow() }), "invalid_argument");
    let options = RequestOptions { fmi_path: Some("x".to_owned()), ..RequestOptions::default() };
    assert_eq!(refused(AgentUser { options, ..flow() }), "invalid_argument");
    let mut elsewhere = flow();
    elsewhere.blueprint.authority = "https://login.microsoftonline.com/common".parse().unwrap();
    assert_eq!(refused(elsewhere), "invalid_request");
    let mut federated = flow();
    federated.blueprint.authority = "https://sts.contoso.com/adfs".parse().unwrap();
    assert_eq!(refused(federated), "authority_kind_not_supported");
}

#[test]
fn debug_shows_no_token_of_any_leg() {
    let (_, resume) = sent(started(flow()));
    let mut shown = format!("{resume:?}");
    let (request, resume) = sent(resume.with(token("hunter2"), NOW).unwrap());
    shown += &format!("{request:?} {resume:?}");
    let (request, resume) = sent(resume.with(token("hunter2"), NOW).unwrap());
    shown += &format!("{request:?} {resume:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
