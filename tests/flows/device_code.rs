//! Device code: what is shown, and the pace at which the service is asked.

use entrada_core::error::ErrorKind;
use entrada_core::flow::device_code::DeviceCode;
use entrada_core::http::TransportErrorKind;
use entrada_core::seed::Seed;
use entrada_core::step::{Flow, Host, Step};
use entrada_tests::documents::{device, refusal, tokens, told};
use entrada_tests::planted::DEVICE_CODE;
use entrada_tests::world::{ANSWER, START, World};

use crate::{app, seconds};

pub(crate) fn flow() -> DeviceCode {
    app("https://login.microsoftonline.com/common").acquire_token_by_device_code(["user.read"])
}

fn asked(more: &str) -> World {
    World::default().answer("/common/oauth2/v2.0/devicecode", 200, device(more))
}

#[test]
fn a_person_is_shown_where_to_go_and_the_service_asked_until_it_says_yes() {
    let mut world = asked(r#","expires_in":900,"interval":7"#)
        .answer("/common/oauth2/v2.0/token", 400, told("authorization_pending"))
        .answer("/common/oauth2/v2.0/token", 200, tokens());
    let result = world.run(flow()).unwrap();
    assert_eq!(result.access_token.expose(), "planted-access-token");
    assert_eq!(world.field(0, "client_id").unwrap(), "app");
    assert_eq!(world.field(0, "scope").unwrap(), "user.read openid offline_access profile");
    assert_eq!(world.field(1, "grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:device_code");
    assert_eq!(world.field(1, "device_code").unwrap(), DEVICE_CODE);
    assert_eq!(world.field(1, "client_id").unwrap(), "app");
    let [prompt] = world.shown.as_slice() else { panic!("{:?}", world.shown) };
    assert_eq!(prompt.user_code, "AB12CD");
    assert_eq!(prompt.verification_uri.as_str(), "https://microsoft.com/devicelogin");
    assert_eq!(prompt.message, "Open the page and enter AB12CD.");
    assert_eq!(prompt.expires_at, START.after(ANSWER).after(seconds(900)));
    assert_eq!(prompt.verification_uri_complete, None);
    assert_eq!(world.saves, 1);
    let id = result.correlation_id.as_str();
    assert!(world.sent.iter().all(|request| request.headers["client-request-id"] == id));
}

#[test]
fn each_poll_comes_exactly_an_interval_after_the_answer_before() {
    for (more, interval) in [
        (r#","expires_in":900,"interval":7"#, 7),
        (r#","expires_in":900,"interval":"7""#, 7),
        (r#","expires_in":900"#, 5),
        (r#","expires_in":900,"interval":0"#, 5),
        (r#","expires_in":900,"interval":-3"#, 5),
        (r#","expires_in":900,"interval":1e300"#, 5),
        (r#","expires_in":900,"interval":null"#, 5),
        ("", 5),
    ] {
        let mut world = asked(more)
            .answer("token", 400, told("authorization_pending"))
            .answer("token", 400, told("authorization_pending"))
            .answer("token", 200, tokens());
        world.run(flow()).unwrap();
        for at in 1..=3 {
            assert_eq!(world.pause_before(at), seconds(interval), "{more}");
        }
    }
}

#[test]
fn slow_down_adds_five_seconds_for_good() {
    let mut world = asked(r#","expires_in":900,"interval":5"#)
        .answer("token", 400, told("slow_down"))
        .answer("token", 400, told("authorization_pending"))
        .answer("token", 400, told("slow_down"))
        .answer("token", 400, told("authorization_pending"))
        .answer("token", 200, tokens());
    world.run(flow()).unwrap();
    let pauses: Vec<_> = (1..=5).map(|at| world.pause_before(at).as_secs()).collect();
    assert_eq!(pauses, [5, 10, 10, 15, 15]);
}

#[test]
fn a_code_that_would_expire_meanwhile_is_not_asked_for_again() {
    let mut world = asked(r#","expires_in":17,"interval":5"#)
        .answer("token", 400, told("authorization_pending"))
        .answer("token", 400, told("authorization_pending"))
        .answer("token", 400, told("authorization_pending"));
    let error = world.run(flow()).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("code_expired", ErrorKind::Client));
    assert!(error.remedy().len() > 20);
    assert_eq!(world.sent.len(), 4, "at 5, 10 and 15 seconds; at 20 the code is no good");
    let error = asked(r#","expires_in":5,"interval":5"#).run(flow()).unwrap_err();
    assert_eq!(error.code(), "code_expired", "the service's default of five seconds is too long already");
}

#[test]
fn a_quarter_of_an_hour_passes_in_no_time() {
    let mut world = asked("");
    for _ in 0..179 {
        world = world.answer("token", 400, told("authorization_pending"));
    }
    assert_eq!(world.run(flow()).unwrap_err().code(), "code_expired");
    assert!(world.now < START.after(seconds(900)));
}

#[test]
fn a_network_that_fails_is_asked_half_as_often_each_time() {
    for kind in [TransportErrorKind::Timeout, TransportErrorKind::Connect, TransportErrorKind::Other] {
        let mut world = asked(r#","expires_in":900,"interval":5"#)
            .fail("token", kind)
            .fail("token", kind)
            .answer("token", 400, told("authorization_pending"))
            .answer("token", 200, tokens());
        world.run(flow()).unwrap();
        let pauses: Vec<_> = (1..=4).map(|at| world.pause_before(at).as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 20], "{kind:?}");
    }
    for kind in [TransportErrorKind::Tls, TransportErrorKind::TooLarge] {
        let mut world = asked("").fail("token", kind);
        assert_eq!(world.run(flow()).unwrap_err().kind(), ErrorKind::Transport, "waiting mends nothing");
    }
}

#[test]
fn a_service_in_trouble_is_asked_again_and_no_sooner_than_it_asks() {
    for (status, headers, body, pause) in [
        (500, [].as_slice(), String::new(), 5),
        (503, &[("retry-after", "30")], String::new(), 30),
        (503, &[("retry-after", "30")], "<html>".to_owned(), 30),
        (503, &[("retry-after", "2")], String::new(), 5),
        (429, &[("retry-after", "Tue, 14 Nov 2023 22:14:05 GMT")], String::new(), 40),
        (429, &[], told("temporarily_unavailable"), 5),
        (400, &[], told("temporarily_unavailable"), 5),
        (400, &[("retry-after", "11")], told("authorization_pending"), 11),
        (400, &[("retry-after", "11")], told("slow_down"), 11),
        (400, &[("retry-after", "9")], told("slow_down"), 10),
        (408, &[], String::new(), 5),
    ] {
        let mut world = asked(r#","expires_in":900,"interval":5"#)
            .answer_with("token", status, headers, body.clone())
            .answer("token", 200, tokens());
        world.run(flow()).unwrap_or_else(|error| panic!("{status} {body}: {error:?}"));
        assert_eq!(world.pause_before(2).as_secs_f64().ceil() as u64, pause, "{status} {headers:?} {body}");
    }
}

#[test]
fn pending_is_pending_under_whatever_status() {
    for status in [200, 400, 401, 428, 500] {
        let mut world =
            asked("").answer("token", status, told("authorization_pending")).answer("token", 200, tokens());
        world.run(flow()).unwrap();
    }
}

#[test]
fn what_ends_it_ends_it_at_once() {
    for error in [
        "authorization_declined",
        "access_denied",
        "expired_token",
        "code_expired",
        "bad_verification_code",
        "invalid_grant",
    ] {
        for status in [400, 429, 503] {
            let mut world = asked("").answer("token", status, told(error));
            let failure = world.run(flow()).unwrap_err();
            assert_eq!(failure.code(), error);
            assert!(failure.remedy().len() > 20, "{error}");
            assert_eq!((world.sent.len(), world.saves), (2, 0));
        }
    }
    let mut world = asked("").answer("token", 200, "{}");
    assert_eq!(world.run(flow()).unwrap_err().code(), "access_token_missing");
}

#[test]
fn the_code_is_asked_for_again_once_and_a_refusal_is_told() {
    let mut world = World::default()
        .answer("devicecode", 503, "")
        .answer("devicecode", 200, device(""))
        .answer("token", 200, tokens());
    world.run(flow()).unwrap();
    assert_eq!(world.pause_before(1), seconds(1));
    for (status, body, code) in [
        (400, refusal("unauthorized_client", 700_016, ""), "unauthorized_client"),
        (200, told("invalid_client"), "invalid_client"),
        (404, String::new(), "not_found"),
        (200, "<html>".to_owned(), "device_authorization_failed"),
        (200, r#"{"user_code":"AB12CD"}"#.to_owned(), "device_authorization_failed"),
        (
            200,
            r#"{"device_code":"d","user_code":"u","verification_uri":"http://evil.example/"}"#.to_owned(),
            "insecure_endpoint",
        ),
    ] {
        let mut world = World::default().answer("devicecode", status, body);
        assert_eq!(world.run(flow()).unwrap_err().code(), code);
        assert!(world.shown.is_empty(), "nobody is sent anywhere");
    }
}

#[test]
fn a_page_with_the_code_in_it_is_passed_on_if_a_browser_may_open_it() {
    for (uri, passed) in [("https://microsoft.com/devicelogin?code=AB12CD", true), ("javascript:x", false)] {
        let mut world =
            asked(&format!(r#","verification_uri_complete":"{uri}""#)).answer("token", 200, tokens());
        world.run(flow()).unwrap();
        assert_eq!(world.shown[0].verification_uri_complete.is_some(), passed, "{uri}");
    }
}

#[test]
fn dropping_the_step_is_the_whole_of_giving_up() {
    let mut world = asked("");
    let mut step = flow().start(START, Seed::new([1; 32])).unwrap();
    loop {
        step = match step {
            Step::Load { query, resume } => resume.with(world.load(query), world.now).unwrap(),
            Step::Send { request, resume } => resume.with(world.send(request), world.now).unwrap(),
            Step::Show { prompt, resume } => {
                world.show(prompt);
                resume.with((), world.now).unwrap()
            }
            waiting @ Step::Wait { .. } => {
                drop(waiting);
                break;
            }
            other => panic!("{other:?}"),
        };
    }
    assert_eq!((world.sent.len(), world.shown.len(), world.saves), (1, 1, 0));
}

#[test]
fn a_wait_that_is_answered_early_comes_again_as_it_was() {
    let mut world = asked("");
    let mut step = flow().start(START, Seed::new([1; 32])).unwrap();
    for _ in 0..3 {
        step = match step {
            Step::Load { query, resume } => resume.with(world.load(query), world.now).unwrap(),
            Step::Send { request, resume } => resume.with(world.send(request), world.now).unwrap(),
            Step::Show { resume, .. } => resume.with((), world.now).unwrap(),
            other => panic!("{other:?}"),
        };
    }
    let due = world.now.after(seconds(5));
    for early in [0, 1, 4999] {
        let Step::Wait { until, resume } = step else { panic!("{step:?}") };
        assert_eq!(until, due);
        step = resume.with((), world.now.after(std::time::Duration::from_millis(early))).unwrap();
    }
    let Step::Wait { resume, .. } = step else { panic!("{step:?}") };
    assert!(matches!(resume.with((), due), Ok(Step::Send { .. })));
}

#[test]
fn claims_capabilities_and_query_parameters_go_to_both_endpoints() {
    let mut flow = flow();
    flow.app.client_capabilities = vec!["cp1".to_owned()];
    flow.options.extra_query_parameters = vec![("dc".to_owned(), "x".to_owned())];
    let mut world =
        World::default().answer("devicecode?dc=x", 200, device("")).answer("token?dc=x", 200, tokens());
    world.run(flow).unwrap();
    for at in [0, 1] {
        assert!(world.field(at, "claims").unwrap().contains("cp1"));
    }
}

#[test]
fn ad_fs_has_paths_of_its_own() {
    let mut world = World::default()
        .answer("https://sts.contoso.com/adfs/oauth2/devicecode", 200, device(""))
        .answer("https://sts.contoso.com/adfs/oauth2/token", 200, tokens());
    world.run(app("https://sts.contoso.com/adfs").acquire_token_by_device_code(["openid"])).unwrap();
    assert_eq!(world.field(1, "client_info"), None);
}
