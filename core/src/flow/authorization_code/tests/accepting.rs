use super::*;

fn accepted(sign_in: SignIn, redirect: &str) -> Result<String, Error> {
    sign_in.accept(redirect).map(|code| code.code.expose().to_owned())
}

#[test]
fn the_answer_is_taken_from_wherever_it_comes() {
    let state = sign_in().state().expose().to_owned();
    for (mode, redirect) in [
        (ResponseMode::Query, format!("http://localhost:8400/?code=c%2Bd&state={state}")),
        (ResponseMode::Query, format!(" http://127.0.0.1:1/elsewhere?state={state}&code=c%2Bd#_=_\n")),
        (ResponseMode::Query, format!("code=c%2Bd&state={state}")),
        (ResponseMode::Fragment, format!("https://app/#code=c%2Bd&state={state}")),
        (ResponseMode::FormPost, format!("code=c%2Bd&state={state}&session_state=x")),
    ] {
        assert_eq!(accepted(in_mode(mode), &redirect).unwrap(), "c+d", "{redirect}");
    }
}

#[test]
fn an_answer_without_this_sign_ins_state_is_told_nothing_of() {
    let state = sign_in().state().expose().to_owned();
    let another = in_other_seed().state().expose().to_owned();
    assert_ne!(state, another);
    for state in [
        "",
        "&state=",
        &format!("&state={another}"),
        &format!("&state={state}x"),
        &format!("&state={}", state.to_uppercase()),
    ] {
        for rest in ["code=hunter2", "error=hunter2&error_subcode=cancel", "code=hunter2&iss=hunter2"] {
            let error = accepted(sign_in(), &format!("http://localhost:8400/?{rest}{state}")).unwrap_err();
            assert_eq!((error.code(), error.kind()), ("state_mismatch", ErrorKind::Client), "{rest}{state}");
            assert_eq!(error.correlation_id(), Some(sign_in().correlation_id()));
            let told = format!("{error} {error:?} {}", error.remedy());
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}

fn in_other_seed() -> SignIn {
    let Step::Load { resume, .. } = flow().start(NOW, Seed::new([8; 32])).unwrap() else { panic!() };
    let Step::Done(sign_in) = resume.with(Ok(CacheView::default()), NOW).unwrap() else { panic!() };
    sign_in
}

#[test]
fn what_is_no_single_answer_is_refused_by_its_own_code() {
    let state = sign_in().state().expose().to_owned();
    for (redirect, code) in [
        (format!("http://localhost:8400/?code=hunter2&error=x&state={state}"), "contradictory_redirect"),
        (format!("http://localhost:8400/?code=hunter2&code=x&state={state}"), "duplicate_redirect_parameter"),
        (
            format!("http://localhost:8400/?code=hunter2&state=x&state={state}"),
            "duplicate_redirect_parameter",
        ),
        (format!("http://localhost:8400/#code=hunter2&state={state}"), "redirect_in_other_mode"),
        (format!("http://localhost:8400/?code=x&state={state}#code=hunter2"), "redirect_in_other_mode"),
        (format!("http://localhost:8400/?state={state}"), "redirect_without_answer"),
        (format!("http://localhost:8400/?id_token=hunter2&state={state}"), "redirect_without_answer"),
        (String::new(), "redirect_without_answer"),
        (format!("http://localhost:8400/?state={state}&code={}", "x".repeat(1 << 20)), "redirect_too_long"),
    ] {
        let error = accepted(sign_in(), &redirect).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(crate::error::OWN_CODES.iter().any(|(own, _)| *own == code), "{code}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn only_the_issuer_that_was_asked_may_answer() {
    let good = |sign_in: &SignIn| format!("?code=c&state={}", sign_in.state().expose());
    let own = "&iss=https%3A%2F%2Flogin.microsoftonline.com%2F7a43%2Fv2.0";
    let foreign = "&iss=https%3A%2F%2Fevil.example";
    assert!(accepted(sign_in(), &(good(&sign_in()) + own)).is_ok());
    let error = accepted(sign_in(), &(good(&sign_in()) + foreign)).unwrap_err();
    assert_eq!(error.code(), "issuer_mismatch");

    let mut promising = document();
    promising["authorization_response_iss_parameter_supported"] = true.into();
    let name = "&iss=https%3A%2F%2Fid.example%2Frealm";
    for (document, iss, is_accepted) in [
        (document(), "", true),
        (document(), name, true),
        (document(), foreign, false),
        (document(), "&iss=https%3A%2F%2Fid.example%2Frealm%2F", false),
        (promising.clone(), name, true),
        (promising.clone(), "", false),
        (promising, foreign, false),
    ] {
        let sign_in = provided(&document, flow()).unwrap();
        let outcome = accepted(sign_in.clone(), &(good(&sign_in) + iss));
        assert_eq!(outcome.is_ok(), is_accepted, "{iss}");
        if let Err(error) = outcome {
            let Fault::SignIn(SignInFault::IssuerMismatch { missing }) = error.fault() else {
                panic!("{error}")
            };
            assert_eq!(*missing, iss.is_empty());
        }
        let refusal = format!("?error=access_denied&state={}{iss}", sign_in.state().expose());
        let code = if is_accepted { "access_denied" } else { "issuer_mismatch" };
        assert_eq!(accepted(sign_in, &refusal).unwrap_err().code(), code, "an error is judged so, too");
    }
}

#[test]
fn the_services_refusal_keeps_its_words_and_a_cancelled_sign_in_is_msals() {
    let state = sign_in().state().expose().to_owned();
    let refused = |rest: &str| accepted(sign_in(), &format!("?{rest}&state={state}")).unwrap_err();
    let error = refused("error=consent_required&error_description=AADSTS65001%3A+no+consent&error_uri=u");
    assert_eq!((error.code(), error.kind()), ("consent_required", ErrorKind::UiRequired));
    assert_eq!(error.error_codes(), [65001]);
    assert_eq!(error.to_string(), "the sign-in was refused: consent_required: AADSTS65001: no consent");
    assert!(error.remedy().contains("consent"), "{}", error.remedy());
    let error = refused("error=access_denied&error_subcode=cancel&error_description=AADSTS65004%3A+x");
    assert_eq!((error.code(), error.kind()), ("authentication_canceled", ErrorKind::Client));
    assert!(error.to_string().starts_with("the user cancelled the sign-in: access_denied"), "{error}");
}

#[test]
fn an_account_of_another_cloud_is_told_where_it_belongs() {
    let state = sign_in().state().expose().to_owned();
    let at =
        |host: &str| accepted(sign_in(), &format!("?code=c&state={state}&cloud_instance_host_name={host}"));
    assert!(at("login.microsoftonline.com").is_ok());
    assert!(at("login.windows.net").is_ok(), "the same cloud by another name");
    for host in ["login.microsoftonline.us", "login.partner.microsoftonline.cn", "evil.example"] {
        let error = at(host).unwrap_err();
        assert_eq!(error.code(), "cloud_mismatch");
        assert!(error.to_string().contains(host), "{error}");
    }
}
