//! A service that wants to be left alone is left alone: by whom, for how long.

use std::time::Duration;

use entrada_core::error::ErrorKind;
use entrada_core::secret::Secret;
use entrada_core::seed::Seed;
use entrada_core::step::{Flow, Host, Step};
use entrada_core::time::Timestamp;
use entrada_tests::documents::{MANAGED_REALM, device, refusal, tokens, told};
use entrada_tests::world::{START, World};

use crate::{DEFAULT, TENANT, app, client_secret, confidential, seconds};

fn for_client() -> entrada_core::flow::client_credentials::ClientCredentials {
    confidential(TENANT, client_secret()).acquire_token_for_client([DEFAULT])
}

fn of(user: &str) -> entrada_core::flow::username_password::UsernamePassword {
    let password = Secret::new("p");
    app(TENANT).acquire_token_by_username_password(["user.read"], user, password)
}

fn refused(status: u16, headers: &[(&str, &str)]) -> World {
    let mut world =
        World::default().answer("userrealm", 200, MANAGED_REALM).answer_with("token", status, headers, "");
    world.run(of("joe@contoso.com")).unwrap_err();
    world
}

/// Whether the same call is let through, `later` after the answer.
fn is_let_through(mut world: World, later: Duration) -> bool {
    let answered = world.now;
    world.now = answered.after(later);
    let seed = Seed::new([1; 32]);
    let Ok(Step::Load { query, resume }) = of("joe@contoso.com").start(world.now, seed) else {
        panic!("every flow begins with what is remembered")
    };
    match resume.with(world.load(query), world.now) {
        Ok(Step::Send { .. }) => true,
        Err(error) => {
            assert_eq!((error.code(), error.kind()), ("request_throttled", ErrorKind::Throttled));
            assert!(error.retry_after().unwrap() <= seconds(3600));
            false
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_public_client_stays_away_for_as_long_as_it_is_told_else_for_a_minute() {
    for (status, headers, pause) in [
        (429, [].as_slice(), 60),
        (500, &[], 60),
        (503, &[], 60),
        (429, &[("retry-after", "7")], 7),
        (503, &[("retry-after", "7")], 7),
        (400, &[("retry-after", "7")], 7),
        (429, &[("retry-after", "99999999")], 3600),
        (429, &[("retry-after", "18446744073709551615")], 3600),
        (503, &[("retry-after", "soon")], 60),
    ] {
        let left = |later| is_let_through(refused(status, headers), later);
        assert!(!left(Duration::ZERO), "{status} {headers:?}");
        assert!(!left(seconds(pause) - Duration::from_millis(1)), "{status} {headers:?}");
        assert!(left(seconds(pause)), "{status} {headers:?}");
    }
    for status in [400, 401, 404] {
        assert!(is_let_through(refused(status, &[]), Duration::ZERO), "{status}");
    }
    assert!(is_let_through(refused(429, &[("retry-after", "0")]), Duration::ZERO));
}

#[test]
fn a_date_is_a_time_to_stay_away_until() {
    // The answer comes at 22:13:20.020.
    let headers = [("retry-after", "Tue, 14 Nov 2023 22:13:50 GMT")];
    let until = Duration::from_millis(29_980);
    assert!(!is_let_through(refused(429, &headers), until - Duration::from_millis(1)));
    assert!(is_let_through(refused(429, &headers), until));
    let past = [("retry-after", "Tue, 14 Nov 2023 22:13:20 GMT")];
    assert!(is_let_through(refused(429, &past), Duration::ZERO));
}

#[test]
fn what_is_left_of_a_second_is_told_as_one() {
    let mut world = refused(429, &[("retry-after", "7")]).later(Duration::from_millis(6_700));
    let error = world.run(of("joe@contoso.com")).unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_millis(300)));
    assert!(error.to_string().contains("1 seconds are left"), "{error}");
    assert_eq!(error.status().unwrap(), 429);
    assert!(error.remedy().len() > 20);
    assert_eq!(world.sent.len(), 2, "nothing was sent");
}

#[test]
fn a_page_that_says_how_long_is_heeded_as_a_refusal_is() {
    let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer_with(
        "token",
        503,
        &[("retry-after", "200"), ("content-type", "text/html")],
        "<html>",
    );
    let error = world.run(of("joe@contoso.com")).unwrap_err();
    assert_eq!(error.retry_after(), Some(seconds(200)));
    assert!(!is_let_through(world, seconds(199)));
}

#[test]
fn a_confidential_client_stays_away_only_if_it_is_told_to() {
    let mut world = World::default().answer("token", 429, "");
    world.run(for_client()).unwrap_err();
    let mut world = world.answer("token", 200, tokens());
    world.run(for_client()).unwrap();
    let mut world = world.answer_with("token", 429, &[("retry-after", "9")], "");
    world.run(for_client()).unwrap_err();
    let error = world.run(for_client()).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("request_throttled", ErrorKind::Throttled));
    let mut world = world.later(seconds(9)).answer("token", 200, tokens());
    world.run(for_client()).unwrap();
}

#[test]
fn another_user_scope_application_or_tenant_is_not_kept_waiting() {
    let through = |flow: entrada_core::flow::username_password::UsernamePassword| {
        let mut world =
            refused(429, &[]).answer("userrealm", 200, MANAGED_REALM).answer("token", 200, tokens());
        world.run(flow).unwrap();
    };
    through(of("ann@contoso.com"));
    let mut flow = of("joe@contoso.com");
    flow.scopes.push("mail.read".to_owned());
    through(flow);
    let mut other = app(TENANT);
    other.client_id = "other".into();
    through(crate::password_of(other));
    let mut flow = of("joe@contoso.com");
    flow.options.tenant = Some("fabrikam.com".to_owned());
    through(flow);
    // The same, spelled otherwise.
    let mut flow = of("JOE@contoso.com");
    flow.scopes = vec!["USER.read".to_owned(), "user.read".to_owned()];
    assert_eq!(refused(429, &[]).run(flow).unwrap_err().code(), "request_throttled");
}

#[test]
fn another_callers_token_is_not_kept_waiting() {
    let flow = |assertion: &str| {
        confidential(TENANT, client_secret())
            .acquire_token_on_behalf_of(["user.read"], Secret::new(assertion))
    };
    let mut world = World::default().answer_with("token", 429, &[("retry-after", "60")], "");
    world.run(flow("joe's")).unwrap_err();
    let mut world = world.answer("token", 200, tokens());
    world.run(flow("ann's")).unwrap();
    assert_eq!(world.run(flow("joe's")).unwrap_err().code(), "request_throttled");
}

#[test]
fn a_clock_that_was_set_back_frees_everybody() {
    let mut world = refused(429, &[]).answer("userrealm", 200, MANAGED_REALM).answer("token", 200, tokens());
    world.now = Timestamp::from_millis(START.as_millis() - 1);
    world.run(of("joe@contoso.com")).unwrap();
}

#[test]
fn a_refusal_with_words_keeps_everybody_waiting_too() {
    let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer(
        "token",
        503,
        refusal("temporarily_unavailable", 90033, ""),
    );
    assert_eq!(world.run(of("joe@contoso.com")).unwrap_err().code(), "temporarily_unavailable");
    assert!(!is_let_through(world, seconds(59)));
}

#[test]
fn a_device_that_polls_throttles_nobody_itself_included() {
    let flow = || app(TENANT).acquire_token_by_device_code(["user.read"]);
    let mut world = World::default()
        .answer("devicecode", 200, device(""))
        .answer_with("token", 429, &[("retry-after", "30")], "")
        .answer("token", 503, "")
        .answer("token", 400, told("slow_down"))
        .answer("token", 400, told("expired_token"));
    world.run(flow()).unwrap_err();
    assert_eq!(world.saves, 0);
    let mut world = world.answer("devicecode", 200, device("")).answer("token", 200, tokens());
    world.run(flow()).unwrap();
}

#[test]
fn what_cannot_be_remembered_changes_nothing_else() {
    let mut world = World::default().answer("userrealm", 200, MANAGED_REALM).answer("token", 429, "");
    world.broken_store = Some(entrada_core::cache::StoreError::new("full"));
    assert_eq!(world.run(of("joe@contoso.com")).unwrap_err().code(), "request_throttled");
    let mut world = world.answer("userrealm", 200, MANAGED_REALM).answer("token", 200, tokens());
    world.run(of("joe@contoso.com")).unwrap();
}
