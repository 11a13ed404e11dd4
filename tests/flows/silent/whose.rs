//! Which account is meant.

use entrada_core::cache::{ConsideredKind, Reason};
use entrada_core::error::ErrorKind;
use entrada_core::flow::silent::{AccountId, Silent};
use entrada_core::result::TokenSource;
use entrada_tests::documents::tokens;
use entrada_tests::kept::{HOME, JOE, REALM, access, account, joe, refresh};
use entrada_tests::world::World;

use super::{TOKEN, full, reasons, silent, world};
use crate::{TENANT, app};

fn by_name(name: &str) -> Silent {
    app(TENANT).acquire_token_silent(["user.read"], AccountId::Username(name.to_owned()))
}

#[test]
fn a_user_is_found_by_name_whatever_its_case() {
    for name in ["joe@contoso.com", "JOE@Contoso.COM"] {
        let result = full(access("old")).run(by_name(name)).unwrap();
        assert_eq!(result.account.unwrap().home_account_id.as_str(), JOE);
    }
    // With nothing but a refresh token, too.
    let records = [refresh("r", None).into(), joe().into(), account(JOE, HOME, "joe@contoso.com").into()];
    let mut world = world(records).answer(TOKEN, 200, tokens());
    world.run(by_name("joe@contoso.com")).unwrap();
    assert_eq!(world.field(0, "refresh_token").unwrap(), "r");
}

#[test]
fn nobody_of_that_name_is_an_error_of_its_own() {
    for world in [full(access("old")), World::default()] {
        let mut world = world;
        let error = world.run(by_name("ann@contoso.com")).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("no_account_for_login_hint", ErrorKind::UiRequired));
        assert!(error.remedy().len() > 20);
        assert!(!format!("{error} {error:?}").contains("old"));
    }
}

#[test]
fn a_name_that_two_accounts_have_is_nobodys() {
    let other = account("other.t", REALM, "Joe@contoso.com");
    let records = [access("old").into(), refresh("r", None).into(), joe().into(), other.into()];
    let mut world = world(records);
    let error = world.run(by_name("joe@contoso.com")).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("multiple_accounts_for_login_hint", ErrorKind::UiRequired));
    assert_eq!(world.run(silent()).unwrap().access_token.expose(), "old", "its identifier is its own");
}

#[test]
fn an_account_of_another_cloud_is_not_meant() {
    let abroad = app("https://login.microsoftonline.us/contoso.com");
    let flow = abroad.acquire_token_silent(["user.read"], AccountId::Username("joe@contoso.com".to_owned()));
    assert_eq!(full(access("old")).run(flow).unwrap_err().code(), "no_account_for_login_hint");
    let flow = abroad.acquire_token_silent(["user.read"], AccountId::Home(JOE.to_owned()));
    let error = full(access("old")).run(flow).unwrap_err();
    assert_eq!(error.code(), "no_tokens_found");
    assert_eq!(reasons(error.trace()), [(ConsideredKind::AccessToken, Reason::OtherEnvironment)]);
}

#[test]
fn with_nothing_left_the_error_says_of_every_entry_why() {
    let mut of_another = access("another application's");
    of_another.client_id = "another".into();
    let mut of_a_tenant = access("another tenant's");
    of_a_tenant.realm = "fabrikam.com".into();
    let mut for_mail = access("for mail");
    for_mail.target = "Mail.Read".into();
    let mut bound = access("bound");
    bound.token_type = "pop".into();
    let mut called = access("for a call");
    called.user_assertion_hash = Some("h".into());
    let records = [of_another, of_a_tenant, for_mail, bound, called];
    let mut world = world(records.into_iter().map(Into::into).chain([joe().into()]));
    let error = world.run(silent()).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("no_tokens_found", ErrorKind::UiRequired));
    let mut told: Vec<_> = error.trace().iter().map(|one| one.reason).collect();
    told.sort_by_key(|reason| format!("{reason:?}"));
    let expected = [
        Reason::MissingScope,
        Reason::OtherClient,
        Reason::OtherPurpose,
        Reason::OtherRealm,
        Reason::OtherType,
    ];
    assert_eq!(told, expected);
    let about = error.trace().iter().find(|one| one.reason == Reason::MissingScope).unwrap();
    assert_eq!((about.target.as_str(), about.realm.as_str()), ("Mail.Read", REALM));
    assert!(about.expires_on.is_some());
}

#[test]
fn an_application_s_token_never_answers_a_user_nor_the_reverse() {
    let scope = "https://api.example/.default";
    let mut users = access("user's");
    users.target = scope.into();
    let records = || [users.clone().into(), entrada_tests::kept::application("application's", scope).into()];
    let app = crate::confidential(TENANT, crate::client_secret());
    let mut world = world(records());
    let result = world.run(app.acquire_token_for_client([scope])).unwrap();
    assert_eq!((result.access_token.expose(), result.token_source), ("application's", TokenSource::Cache));
    assert!(result.account.is_none() && result.id_token.is_none());
    let user = app.acquire_token_silent([scope], AccountId::Home(JOE.to_owned()));
    assert_eq!(world.run(user).unwrap().access_token.expose(), "user's");
    for home in ["", " "] {
        let nobody = app.acquire_token_silent([scope], AccountId::Home(home.to_owned()));
        assert!(world.run(nobody).is_err(), "an empty account is nobody's, and not the application's");
    }
    let mut alone = self::world([users.clone().into()]).answer(TOKEN, 200, tokens());
    alone.run(app.acquire_token_for_client([scope])).unwrap();
    assert_eq!(alone.sent.len(), 1);
}
