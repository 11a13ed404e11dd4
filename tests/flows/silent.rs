//! Silent: from what earlier flows got.

mod refreshing;
mod trying;
mod whose;

use std::time::Duration;

use entrada_core::application::PublicClientApplication;
use entrada_core::cache::{AccessToken, Considered, ConsideredKind, Memory, Reason, Record};
use entrada_core::flights::Flight;
use entrada_core::flow::silent::{AccountId, Silent};
use entrada_core::result::{AuthenticationResult, TokenSource};
use entrada_core::step::Flow;
use entrada_tests::documents::{provider, tokens};
use entrada_tests::kept::{self, HOME, JOE, access, id_token, joe, memory, refresh};
use entrada_tests::world::{START, World};

use crate::{TENANT, app, oidc, seconds};

pub(crate) const TOKEN: &str = "/contoso.com/oauth2/v2.0/token";

pub(crate) fn silent() -> Silent {
    silent_of(&app(TENANT))
}

pub(crate) fn silent_of(app: &PublicClientApplication) -> Silent {
    app.acquire_token_silent(["user.read"], AccountId::Home(JOE.to_owned()))
}

pub(crate) fn forced() -> Silent {
    let mut flow = silent();
    flow.force_refresh = true;
    flow
}

pub(crate) fn world(records: impl IntoIterator<Item = Record>) -> World {
    World::remembering(memory(records))
}

/// One with an access token, a refresh token and the account.
pub(crate) fn full(token: AccessToken) -> World {
    world([token.into(), refresh("r", None).into(), joe().into()])
}

/// One that ended a second ago, and may be used for another hour while the service is down.
pub(crate) fn expired() -> AccessToken {
    let mut token = access("old");
    token.expires_on = START;
    token
}

/// One for which a new one is due since `ago` seconds.
fn ageing(ago: u64) -> AccessToken {
    let mut token = access("old");
    token.refresh_on = Some(kept_at(ago));
    token
}

fn kept_at(ago: u64) -> entrada_core::time::Timestamp {
    entrada_core::time::Timestamp::from_secs(START.as_millis() / 1000 - ago)
}

pub(crate) fn reasons(trace: &[Considered]) -> Vec<(ConsideredKind, Reason)> {
    trace.iter().map(|one| (one.kind, one.reason)).collect()
}

fn is_hit(world: &World, result: &AuthenticationResult) -> bool {
    let is_hit = result.token_source == TokenSource::Cache;
    assert_eq!(is_hit, world.sent.is_empty());
    is_hit
}

#[test]
fn a_good_token_is_returned_with_all_that_came_with_it_and_nothing_is_sent_or_kept() {
    let mut world = World::default().answer("token", 200, tokens());
    let got =
        world.run(app(TENANT).acquire_token_by_refresh_token(["user.read"], "r".to_owned().into())).unwrap();
    let mut world = World::remembering(world.memory).later(seconds(3000));
    let again = world.run(silent()).unwrap();
    assert!(is_hit(&world, &again));
    assert_eq!((world.loaded.len(), world.saves), (1, 0), "one question, no change");
    assert_eq!(again.trace, []);
    assert!(again.refresh.is_none() && again.refresh_token().is_none());
    assert_eq!(again.account, got.account);
    assert_eq!((again.id_token, again.id_token_claims), (got.id_token, got.id_token_claims));
    assert_eq!((again.access_token, again.token_type), (got.access_token, got.token_type));
    assert_eq!(again.expires_on, got.expires_on);
    assert_eq!((again.extended_expires_on, again.refresh_on), (got.extended_expires_on, got.refresh_on));
    assert!(got.scopes.iter().all(|scope| again.scopes.contains(scope)));
}

#[test]
fn every_row_of_the_table_holds_for_the_whole_flow() {
    let mut absurd = access("old");
    absurd.expires_on = START.after(Duration::from_secs(3651 * 86400));
    let mut from_the_future = access("old");
    from_the_future.cached_at = START.after(seconds(301));
    let claims = || {
        let mut flow = silent();
        flow.options.claims = Some(r#"{"access_token":{"nbf":{"essential":true}}}"#.to_owned());
        flow
    };
    for (row, (token, flow, is_used, due, reason)) in [
        (access("old"), silent(), true, false, None),
        (ageing(600), silent(), true, true, Some(Reason::Ageing)),
        (access("old"), forced(), false, false, Some(Reason::Forced)),
        (ageing(600), forced(), false, false, Some(Reason::Forced)),
        (access("old"), claims(), false, false, Some(Reason::Claims)),
        (ageing(600), claims(), false, false, Some(Reason::Claims)),
        (expired(), silent(), false, false, Some(Reason::Expired)),
        (expired(), forced(), false, false, Some(Reason::Expired)),
        (absurd, silent(), false, false, Some(Reason::AbsurdExpiry)),
        (from_the_future, silent(), false, false, Some(Reason::FromTheFuture)),
    ]
    .into_iter()
    .enumerate()
    {
        let mut world = full(token);
        if !is_used {
            world = world.answer(TOKEN, 200, tokens());
        }
        let result = world.run(flow).unwrap();
        assert_eq!(is_hit(&world, &result), is_used, "row {row}");
        assert_eq!(result.access_token.expose() == "old", is_used, "row {row}");
        assert_eq!(result.refresh.is_some(), due, "row {row}");
        let reasons: Vec<_> = result.trace.iter().map(|one| one.reason).collect();
        assert_eq!(reasons, Vec::from_iter(reason), "row {row}");
    }
}

#[test]
fn a_token_with_five_minutes_left_is_not_handed_out() {
    for (left, is_used) in [(301, true), (300, false)] {
        let mut token = access("old");
        token.expires_on = START.after(seconds(left));
        let mut world = full(token);
        if !is_used {
            world = world.answer(TOKEN, 200, tokens());
        }
        let result = world.run(silent()).unwrap();
        assert_eq!(is_hit(&world, &result), is_used, "{left}");
    }
}

#[test]
fn capabilities_alone_do_not_keep_a_token_from_being_used() {
    let mut app = app(TENANT);
    app.client_capabilities = vec!["cp1".to_owned()];
    let mut world = full(access("old"));
    let result = world.run(silent_of(&app)).unwrap();
    assert!(is_hit(&world, &result));
}

#[test]
fn an_ageing_token_is_due_within_ten_minutes_of_its_time_for_each_call_at_another() {
    let due = |ago| {
        let mut world = full(ageing(ago));
        (0..200).filter(|_| world.run(silent()).unwrap().refresh.is_some()).count()
    };
    assert_eq!(due(600), 200);
    assert!((60..140).contains(&due(300)), "{} of 200", due(300));
    assert!(due(0) < 5, "{} of 200", due(0));
    assert_eq!(due(300), due(300), "the seed alone decides");
}

#[test]
fn what_an_ageing_token_comes_with_gets_the_next_one() {
    let mut world = full(ageing(600));
    let refresh = world.run(silent()).unwrap().refresh.unwrap();
    let key = |flight: Option<Flight<AuthenticationResult>>| flight.unwrap().key;
    assert_eq!(key(refresh.flight()), key(forced().flight()), "two of them are one");
    let mut world = world.answer(TOKEN, 200, tokens());
    let result = world.run(refresh.clone()).unwrap();
    assert_eq!(result.access_token.expose(), "planted-access-token");
    assert_eq!(world.field(0, "refresh_token").unwrap(), "r");
    let again = world.run(silent()).unwrap();
    assert_eq!((again.token_source, again.refresh.is_none()), (TokenSource::Cache, true));
    // Should the service be down, the caller has the old token already, and is told.
    let mut world = full(ageing(600)).answer(TOKEN, 503, "");
    assert!(world.run(refresh).is_err());
    assert_eq!(world.run(silent()).unwrap().access_token.expose(), "old");
}

#[test]
fn a_hit_asks_nobody_about_an_unknown_host_or_a_provider() {
    let unknown = "https://login.unheard-of.example/contoso.com";
    let mut known = World::default()
        .answer("/discovery/instance", 200, entrada_tests::documents::KNOWN_INSTANCE)
        .answer(TOKEN, 200, tokens());
    known.run(app(unknown).acquire_token_by_refresh_token(["user.read"], "r".to_owned().into())).unwrap();
    let mut provided = app(TENANT);
    provided.authority = oidc("https://idp.example");
    let mut idp = World::default().answer("/.well-known/", 200, provider("https://idp.example", "")).answer(
        "/as/token",
        200,
        tokens(),
    );
    idp.run(provided.acquire_token_by_refresh_token(["user.read"], "r".to_owned().into())).unwrap();
    for (world, app) in [(known, app(unknown)), (idp, provided)] {
        // Another process: it has the tokens, and nothing else that was learned.
        let tokens = world.memory.tokens().clone();
        let now = world.now;
        let mut world = World::remembering(Memory::new(tokens));
        world.now = now;
        let result = world.run(silent_of(&app)).unwrap();
        assert!(is_hit(&world, &result));
    }
}

#[test]
fn another_tenant_has_tokens_of_its_own() {
    let mut other = access("other");
    other.realm = "fabrikam.com".into();
    let mut home = access("home");
    home.realm = HOME.into();
    let records = || -> Vec<Record> {
        vec![
            access("own").into(),
            other.clone().into(),
            home.clone().into(),
            refresh("r", None).into(),
            joe().into(),
            kept::account(JOE, HOME, "joe@contoso.com").into(),
            id_token("not a token").into(),
        ]
    };
    for (authority, tenant, expected) in [
        (TENANT, None, "own"),
        (TENANT, Some("fabrikam.com"), "other"),
        (TENANT, Some("FABRIKAM.com"), "other"),
        ("https://login.microsoftonline.com/common", None, "home"),
        ("https://login.microsoftonline.com/organizations", None, "home"),
        ("https://login.microsoftonline.com/common", Some("contoso.com"), "own"),
        ("https://sts.windows.net/contoso.com", None, "own"),
    ] {
        for account in
            [AccountId::Home(JOE.to_uppercase()), AccountId::Username("Joe@Contoso.com".to_owned())]
        {
            let mut flow = app(authority).acquire_token_silent(["USER.read", "openid"], account);
            flow.options.tenant = tenant.map(str::to_owned);
            let mut world = world(records());
            let result = world.run(flow).unwrap();
            assert!(is_hit(&world, &result));
            assert_eq!(result.access_token.expose(), expected, "{authority} {tenant:?}");
            let realm = if expected == "home" { HOME } else { "contoso.com" };
            let account = result.account.unwrap();
            assert_eq!(account.username, "joe@contoso.com");
            assert!(account.tenant_id == realm || expected == "other");
        }
    }
    // None for this tenant: the refresh token is good for all.
    let mut flow = silent();
    flow.options.tenant = Some("northwind.com".to_owned());
    let mut world = world(records()).answer("/northwind.com/oauth2/v2.0/token", 200, tokens());
    let result = world.run(flow).unwrap();
    assert_eq!(world.field(0, "refresh_token").unwrap(), "r");
    let reasons: Vec<_> = result.trace.iter().map(|one| one.reason).collect();
    assert_eq!(reasons, [Reason::OtherRealm; 3]);
}
