//! One refresh token after the other: which is tried, which is forgotten, and what the user must do.

use entrada_core::cache::{ConsideredKind, Reason, Record};
use entrada_core::error::ErrorKind;
use entrada_core::flow::silent::AccountId;
use entrada_core::http::TransportErrorKind;
use entrada_tests::documents::{refusal, tokens, told};
use entrada_tests::kept::{JOE, access, joe, metadata, refresh};
use entrada_tests::world::World;

use super::{TOKEN, expired, full, reasons, silent, world};
use crate::{TENANT, client_secret, confidential, oidc, seconds};

fn asked(world: &World) -> Vec<String> {
    (0..world.sent.len()).map(|at| world.field(at, "refresh_token").unwrap()).collect()
}

/// The refresh tokens that are left.
fn left(world: &World) -> Vec<String> {
    let mut left: Vec<_> = world
        .memory
        .tokens()
        .records()
        .filter_map(|record| match record {
            Record::RefreshToken(token) => Some(token.secret.expose().to_owned()),
            _ => None,
        })
        .collect();
    left.sort();
    left
}

fn both() -> World {
    world([refresh("own", None).into(), refresh("family", Some("1")).into(), joe().into()])
}

const DEAD: [(u32, &str); 8] = [
    (50173, ""),
    (70008, ""),
    (70043, ""),
    (700_081, ""),
    (700_082, ""),
    (700_084, ""),
    (1, r#","suberror":"bad_token""#),
    (1, r#","suberror":"token_expired""#),
];

#[test]
fn a_dead_one_is_forgotten_and_the_next_is_tried() {
    for (code, more) in DEAD {
        let mut world =
            both().answer(TOKEN, 400, refusal("invalid_grant", code, more)).answer(TOKEN, 200, tokens());
        let result = world.run(silent()).unwrap();
        assert_eq!(asked(&world), ["own", "family"], "{code}{more}");
        assert_eq!(reasons(&result.trace), [(ConsideredKind::RefreshToken, Reason::Refused)]);
        assert_eq!(left(&world), ["planted-refresh-token"]);
    }
}

#[test]
fn with_all_dead_the_last_refusal_stands_and_nothing_is_left_to_ask_with() {
    let dead = || refusal("invalid_grant", 700_082, "");
    let mut world = both().answer(TOKEN, 400, dead()).answer(TOKEN, 400, dead());
    let error = world.run(silent()).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("invalid_grant", ErrorKind::UiRequired));
    assert_eq!(
        reasons(error.trace()),
        [
            (ConsideredKind::RefreshToken, Reason::Refused),
            (ConsideredKind::FamilyRefreshToken, Reason::Refused)
        ]
    );
    assert_eq!(left(&world), [""; 0]);
    let error = world.run(silent()).unwrap_err();
    assert_eq!((error.code(), error.kind(), world.sent.len()), ("no_tokens_found", ErrorKind::UiRequired, 2));
}

#[test]
fn what_another_process_put_in_place_of_a_dead_one_stays() {
    let mut world = full(expired()).answer(TOKEN, 400, refusal("invalid_grant", 700_082, ""));
    world.meanwhile = Some(|memory| entrada_tests::kept::keep(memory, [refresh("newer", None).into()]));
    world.run(silent()).unwrap_err();
    assert_eq!(left(&world), ["newer"]);
    let mut world = world.answer(TOKEN, 200, tokens());
    world.run(silent()).unwrap();
    assert_eq!(asked(&world), ["r", "newer"]);
}

#[test]
fn at_other_providers_an_invalid_grant_is_the_end_of_it() {
    for (authority, is_dead) in [("https://sts.contoso.com/adfs", true), (TENANT, false)] {
        let mut app = crate::app(authority);
        if is_dead {
            app.authority = oidc("https://idp.example");
        }
        let mut token = refresh("r", None);
        token.environment = app.authority.environment().into();
        let mut world = world([token.into()]);
        if is_dead {
            let metadata = entrada_tests::documents::provider("https://idp.example", "");
            world = world.answer("/.well-known/", 200, metadata);
        }
        let mut world = world.answer("/token", 400, told("invalid_grant"));
        world.run(app.acquire_token_silent(["user.read"], AccountId::Home(JOE.to_owned()))).unwrap_err();
        assert_eq!(left(&world).is_empty(), is_dead, "{authority}");
    }
}

#[test]
fn an_application_that_is_not_of_the_family_remembers_it_and_does_not_try_again() {
    let mut world = world([refresh("family", Some("1")).into(), joe().into()]).answer(
        TOKEN,
        400,
        refusal("invalid_grant", 700_030, r#","suberror":"client_mismatch""#),
    );
    let error = world.run(silent()).unwrap_err();
    assert_eq!(error.code(), "invalid_grant");
    assert_eq!(left(&world), ["family"], "it is good for the others");
    let kept = &world.memory.tokens().to_json()["AppMetadata"]["appmetadata-login.windows.net-app"];
    assert_eq!(kept["client_id"], "app");
    assert!(kept.get("family_id").is_none_or(|family| family == ""), "{kept}");
    let error = world.run(silent()).unwrap_err();
    assert_eq!((error.code(), world.sent.len()), ("no_tokens_found", 1));
}

#[test]
fn a_member_uses_what_another_member_got_and_a_stranger_does_not() {
    let mut theirs = refresh("family", Some("1"));
    theirs.client_id = "another".into();
    let records =
        |metadata| Vec::from_iter([theirs.clone().into(), joe().into()].into_iter().chain(metadata));
    for known in [None, Some(metadata(Some("1")).into())] {
        let mut world = world(records(known)).answer(TOKEN, 200, tokens());
        world.run(silent()).unwrap();
        assert_eq!(asked(&world), ["family"]);
    }
    let mut stranger = world(records(Some(metadata(None).into())));
    assert_eq!(stranger.run(silent()).unwrap_err().code(), "no_tokens_found");
    let mut of_another = refresh("r", None);
    of_another.client_id = "another".into();
    let mut stranger = world([of_another.into(), joe().into()]);
    assert_eq!(stranger.run(silent()).unwrap_err().code(), "no_tokens_found");
}

#[test]
fn a_refused_one_that_may_be_good_again_is_kept_and_a_public_client_asks_it_once_in_two_minutes() {
    let must_act = || refusal("invalid_grant", 50076, r#","suberror":"basic_action","claims":"{\"a\":1}""#);
    let mut world = full(expired()).answer(TOKEN, 400, must_act());
    let first = world.run(silent()).unwrap_err();
    assert_eq!((first.code(), first.kind()), ("invalid_grant", ErrorKind::ClaimsChallenge));
    assert_eq!(left(&world), ["r"]);
    let answered = world.now;
    for later in [0, 60, 119] {
        world.now = answered.after(seconds(later));
        let again = world.run(silent()).unwrap_err();
        assert_eq!((again.code(), again.kind()), (first.code(), first.kind()));
        assert_eq!(again.refusal(), first.refusal());
        assert_eq!(world.sent.len(), 1, "{later}");
    }
    world.now = answered.after(seconds(120));
    let mut world = world.answer(TOKEN, 200, tokens());
    world.run(silent()).unwrap();
}

#[test]
fn another_question_is_asked_though_one_was_just_refused() {
    let refused = || {
        let must_act = refusal("invalid_grant", 50076, r#","suberror":"basic_action""#);
        let mut flow = silent();
        flow.options.claims = Some(r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#.to_owned());
        let mut world = full(expired()).answer(TOKEN, 400, must_act);
        world.run(flow).unwrap_err();
        world.answer(TOKEN, 200, tokens())
    };
    // Without the claims, for another scope, in another tenant.
    refused().run(silent()).unwrap();
    let account = || AccountId::Home(JOE.to_owned());
    refused().run(crate::app(TENANT).acquire_token_silent(["mail.read"], account())).unwrap();
    let mut other = silent();
    other.options.tenant = Some("fabrikam.com".to_owned());
    let mut world = refused();
    world = World::remembering(world.memory.clone()).answer("/fabrikam.com/", 200, tokens());
    world.run(other).unwrap();
}

#[test]
fn a_new_sign_in_brings_another_refresh_token_and_is_asked_at_once() {
    let must_act = refusal("interaction_required", 50076, r#","suberror":"basic_action""#);
    let mut world = full(expired()).answer(TOKEN, 400, must_act);
    world.run(silent()).unwrap_err();
    entrada_tests::kept::keep(&mut world.memory, [refresh("of the new sign-in", None).into()]);
    let mut world = world.answer(TOKEN, 200, tokens());
    world.run(silent()).unwrap();
    assert_eq!(asked(&world), ["r", "of the new sign-in"]);
}

#[test]
fn a_confidential_client_serves_many_and_asks_each_time() {
    let app = confidential(TENANT, client_secret());
    let flow = || app.acquire_token_silent(["user.read"], AccountId::Home(JOE.to_owned()));
    let must_act = || refusal("invalid_grant", 50076, r#","suberror":"basic_action""#);
    let mut world = full(expired()).answer(TOKEN, 400, must_act());
    world.run(flow()).unwrap_err();
    let mut world = world.answer(TOKEN, 400, must_act());
    world.run(flow()).unwrap_err();
    assert_eq!(left(&world), ["r"]);
}

#[test]
fn the_one_that_was_got_last_is_tried_and_the_applications_own_before_the_familys() {
    let mut older = refresh("older", None);
    older.environment = "login.microsoftonline.com".into();
    older.last_modification_time = entrada_core::time::Timestamp::default();
    let document = {
        let mut one = World::remembering(entrada_tests::kept::memory([older.into()]));
        let mut all = one.memory.tokens().to_json();
        let rest = both().memory.tokens().to_json();
        for (name, section) in rest.as_object().unwrap() {
            for (key, item) in section.as_object().unwrap() {
                all[name][key] = item.clone();
            }
        }
        one.memory.replace_tokens(entrada_core::cache::TokenCache::from_json(all).unwrap());
        one
    };
    let dead = || refusal("invalid_grant", 700_082, "");
    let mut world =
        document.answer(TOKEN, 400, dead()).answer(TOKEN, 400, dead()).answer(TOKEN, 200, tokens());
    world.run(silent()).unwrap();
    assert_eq!(asked(&world), ["own", "older", "family"]);
}

#[test]
fn while_the_service_is_down_the_old_token_serves_for_its_extended_life() {
    type Fails = fn(World) -> World;
    let failures: [(&str, Fails); 6] = [
        ("500", |world| world.answer(TOKEN, 500, "")),
        ("503", |world| world.answer(TOKEN, 503, "<html>")),
        ("429", |world| world.answer(TOKEN, 429, refusal("x", 1, ""))),
        ("408", |world| world.answer(TOKEN, 408, "")),
        ("named", |world| world.answer(TOKEN, 400, told("temporarily_unavailable"))),
        ("timeout", |world| world.fail(TOKEN, TransportErrorKind::Timeout)),
    ];
    for (name, fails) in failures {
        let mut world = fails(full(expired()));
        let result = world.run(silent()).unwrap();
        assert_eq!((result.access_token.expose(), world.sent.len()), ("old", 1), "{name}");
        assert!(result.trace.iter().any(|one| one.reason == Reason::Expired), "{name}");
        // The service is left alone, and the old token goes on serving.
        if matches!(name, "500" | "503" | "429") {
            assert_eq!(world.run(silent()).unwrap().access_token.expose(), "old", "{name}");
            assert_eq!(world.sent.len(), 1, "{name}");
        }
        // Who asked for a new one is not served with the old.
        let mut flow = silent();
        flow.force_refresh = true;
        let mut world = fails(full(expired()));
        assert!(world.run(flow).is_err(), "{name}");
        // Its extended life is over.
        let mut ended = access("old");
        ended.expires_on = entrada_core::time::Timestamp::default();
        ended.extended_expires_on = Some(entrada_tests::world::START.after(seconds(300)));
        assert!(fails(full(ended)).run(silent()).is_err(), "{name}");
    }
    // A refusal is final.
    let mut world = full(expired()).answer(TOKEN, 400, refusal("invalid_grant", 50076, ""));
    assert!(world.run(silent()).is_err());
}

#[test]
fn a_failure_says_of_every_entry_why_it_was_not_used() {
    let mut world = full(expired()).answer(TOKEN, 400, refusal("invalid_grant", 50076, ""));
    let error = world.run(silent()).unwrap_err();
    assert_eq!(
        reasons(error.trace()),
        [(ConsideredKind::AccessToken, Reason::Expired), (ConsideredKind::RefreshToken, Reason::Refused)]
    );
    let mut token = expired();
    token.extended_expires_on = None;
    let mut world = full(token).answer(TOKEN, 503, "");
    let error = world.run(silent()).unwrap_err();
    assert_eq!(
        reasons(error.trace()),
        [
            (ConsideredKind::AccessToken, Reason::Expired),
            (ConsideredKind::RefreshToken, Reason::ServiceFailed)
        ]
    );
}
