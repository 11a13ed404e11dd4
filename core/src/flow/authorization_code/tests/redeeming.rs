use super::*;

/// Redeems a code up to the request for tokens.
fn redeeming(sign_in: SignIn) -> (Request, crate::step::Resume<crate::http::Outcome, AuthenticationResult>) {
    let state = sign_in.state().expose().to_owned();
    let code = sign_in.accept(&format!("?code=the-code&state={state}")).unwrap();
    let flow = entra().acquire_token_by_authorization_code(code);
    let Step::Load { query, resume } = flow.start(NOW, Seed::new([9; 32])).unwrap() else { panic!("memory") };
    assert_eq!(query.throttle, None, "no two codes are the same request");
    let step = resume.with(Ok(CacheView::default()), NOW).unwrap();
    let Step::Send { request, resume } = step else { panic!("token") };
    (request, resume)
}

fn tokens(claims: Option<&serde_json::Value>) -> Response {
    let mut body = serde_json::json!({ "access_token": "t", "token_type": "Bearer", "expires_in": 3599 });
    if let Some(claims) = claims {
        body["id_token"] = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string())).into();
    }
    answer(&body)
}

#[test]
fn a_code_is_redeemed_with_what_only_its_sign_in_knows() {
    let mut flow = flow();
    flow.extra_scopes_to_consent = vec!["api://x/y".to_owned()];
    flow.options.correlation_id = Some("5f1c".to_owned());
    flow.options.extra_query_parameters = vec![("dc".to_owned(), "x".to_owned())];
    let sign_in = begun(flow.clone()).unwrap();
    let (verifier, nonce) = (sign_in.verifier.clone(), sign_in.asked.nonce.clone());
    let (request, resume) = redeeming(sign_in.clone());
    assert_eq!(request.url.as_str(), "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token?dc=x");
    assert_eq!(
        std::str::from_utf8(request.body.expose()).unwrap(),
        format!(
            "client_id=app&scope=user.read+openid+offline_access+profile&grant_type=authorization_code&code=the-code\
             &redirect_uri=http%3A%2F%2Flocalhost%3A8400%2F&code_verifier={}&client_info=1",
            verifier.expose()
        )
    );
    assert_eq!(request.headers["client-request-id"], "5f1c");
    assert!(!request.headers.contains_key("origin"));
    assert_eq!(
        Some(challenge(verifier.expose())),
        parameter(&sign_in, "code_challenge"),
        "the verifier answers the challenge"
    );
    let claims = serde_json::json!({ "nonce": nonce.expose(), "sub": "s" });
    let Step::Save { update, resume } = resume.with(Ok(tokens(Some(&claims))), NOW).unwrap() else {
        panic!()
    };
    assert!(!update.tokens.is_empty());
    let Step::Done(result) = resume.with(Ok(()), NOW).unwrap() else { panic!() };
    assert_eq!(result.access_token.expose(), "t");

    flow.spa = true;
    flow.spa_code = true;
    let (request, _) = redeeming(begun(flow).unwrap());
    assert_eq!(request.headers["origin"], "http://localhost:8400");
    assert!(std::str::from_utf8(request.body.expose()).unwrap().contains("&return_spa_code=1"));
}

#[test]
fn tokens_of_another_sign_in_end_the_flow_and_nothing_is_kept() {
    let nonce = sign_in().asked.nonce.expose().to_owned();
    let other = format!("{nonce}x");
    for claims in [
        serde_json::json!({ "nonce": other, "sub": "s" }),
        serde_json::json!({ "nonce": "", "sub": "s" }),
        serde_json::json!({ "nonce": [nonce], "sub": "s" }),
        serde_json::json!({ "sub": "s" }),
        serde_json::json!("no claims"),
    ] {
        let (_, resume) = redeeming(sign_in());
        let error = resume.with(Ok(tokens(Some(&claims))), NOW).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("nonce_mismatch", ErrorKind::Client), "{claims}");
        assert!(!format!("{error:?}").contains(&nonce));
    }
    let (_, resume) = redeeming(sign_in());
    assert!(
        matches!(resume.with(Ok(tokens(None)), NOW), Ok(Step::Save { .. })),
        "no ID token, nothing to compare"
    );
}

#[test]
fn a_code_is_sent_once_whatever_comes_of_it() {
    let failure = Response::new(StatusCode::BAD_GATEWAY, HeaderMap::new(), Vec::new());
    for outcome in [Ok(failure), Err(crate::http::TransportErrorKind::Timeout.into())] {
        let (_, resume) = redeeming(sign_in());
        assert!(resume.with(outcome, NOW).is_err());
    }
}

#[test]
fn a_code_is_for_the_application_and_the_authority_that_asked_alone() {
    let code = || sign_in().accept(&format!("?code=c&state={}", sign_in().state().expose())).unwrap();
    let mut other = entra();
    other.client_id = "other".into();
    for app in [
        other,
        app("https://login.microsoftonline.com/fabrikam.com"),
        app("https://evil.example/contoso.com"),
    ] {
        let error = code().redeem(app).start(NOW, Seed::new([9; 32])).unwrap_err();
        assert_eq!(error.code(), "invalid_argument");
    }
    assert!(code().redeem(entra()).start(NOW, Seed::new([9; 32])).is_ok());
}

#[test]
fn a_call_for_another_tenant_is_redeemed_there() {
    let mut flow = flow();
    flow.options.tenant = Some("fabrikam.com".to_owned());
    let sign_in = begun(flow).unwrap();
    assert_eq!(sign_in.url().path(), "/fabrikam.com/oauth2/v2.0/authorize");
    let (request, _) = redeeming(sign_in);
    assert_eq!(request.url.path(), "/fabrikam.com/oauth2/v2.0/token");
}
