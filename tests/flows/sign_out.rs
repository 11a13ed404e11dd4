//! Sign-out: an account and its tokens are forgotten.

use entrada_core::cache::{Record, StoreError};
use entrada_core::http::TransportErrorKind;
use entrada_tests::documents::provider;
use entrada_tests::kept::{self, JOE, access, id_token, joe, metadata, refresh};
use entrada_tests::world::World;

use crate::silent::world;
use crate::{TENANT, app, oidc};

fn left(world: &World) -> Vec<String> {
    let name = |record: &Record| match record {
        Record::AccessToken(token) => token.secret.expose().to_owned(),
        Record::RefreshToken(token) => token.secret.expose().to_owned(),
        Record::IdToken(token) => token.secret.expose().to_owned(),
        Record::Account(record) => record.account.username.to_string(),
        Record::AppMetadata(_) => "metadata".to_owned(),
        other => panic!("{other:?}"),
    };
    let mut left: Vec<_> = world.memory.tokens().records().map(name).collect();
    left.sort();
    left
}

fn everything() -> Vec<Record> {
    let mut ann = access("ann's");
    ann.home_account_id = Some("ann.t".into());
    let mut theirs = refresh("another's", None);
    theirs.client_id = "another".into();
    let mut their_token = access("another's token");
    their_token.client_id = "another".into();
    let mut family = refresh("family's", Some("1"));
    family.client_id = "another".into();
    let mut call = access("a call's");
    call.home_account_id = None;
    call.user_assertion_hash = Some("h".into());
    vec![
        access("own").into(),
        refresh("own refresh", None).into(),
        id_token("own id").into(),
        joe().into(),
        ann.into(),
        theirs.into(),
        their_token.into(),
        family.into(),
        call.into(),
        kept::application("application's", "s/.default").into(),
    ]
}

#[test]
fn the_account_and_the_applications_tokens_for_it_go_and_nothing_else() {
    let mut world = world(everything());
    let done = world.run(app(TENANT).sign_out(JOE.to_uppercase())).unwrap();
    assert!(world.sent.is_empty());
    assert_eq!((done.revoked, done.not_revoked), (0, 0));
    let page = done.end_session_url.unwrap();
    assert!(page.as_str().starts_with("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/logout"));
    assert_eq!(
        left(&world),
        ["a call's", "ann's", "another's", "another's token", "application's", "family's"]
    );
    world.run(app(TENANT).sign_out(JOE)).unwrap();
}

#[test]
fn a_member_signs_the_whole_family_out() {
    let mut records = everything();
    records.push(metadata(Some("1")).into());
    let mut world = world(records);
    world.run(app(TENANT).sign_out(JOE)).unwrap();
    assert_eq!(left(&world), ["a call's", "ann's", "another's", "application's", "metadata"]);
}

#[test]
fn where_the_provider_can_a_refresh_token_is_revoked_on_demand() {
    let issuer = "https://idp.example";
    let mut app = app(TENANT);
    app.authority = oidc(issuer);
    let signed_in = || {
        let mut token = refresh("r<&", None);
        token.environment = "idp.example".into();
        let mut account = joe();
        account.account.environment = "idp.example".into();
        world([token.into(), account.into()])
    };
    let able = provider(
        issuer,
        r#","revocation_endpoint":"https://idp.example/revoke","end_session_endpoint":"https://idp.example/end""#,
    );
    let unable = provider(issuer, "");
    let mut flow = app.sign_out(JOE);
    flow.revoke = true;
    for (document, status, counts) in [(&able, 200, (1, 0)), (&able, 503, (0, 1)), (&unable, 0, (0, 1))] {
        let mut world = signed_in().answer("/.well-known/", 200, document.as_bytes());
        if status != 0 {
            world = world.answer("/revoke", status, "");
        }
        let done = world.run(flow.clone()).unwrap();
        assert_eq!((done.revoked, done.not_revoked), counts);
        assert_eq!(done.end_session_url.is_some(), document == &able);
        assert_eq!(left(&world), [""; 0]);
        if status != 0 {
            assert_eq!(world.field(1, "token").unwrap(), "r<&");
            assert_eq!(world.field(1, "token_type_hint").unwrap(), "refresh_token");
        }
    }
    // Nobody can be asked: nobody stays signed in for that.
    let mut world = signed_in()
        .fail("/.well-known/", TransportErrorKind::Timeout)
        .fail("/.well-known/", TransportErrorKind::Timeout);
    let done = world.run(flow).unwrap();
    assert_eq!((done.revoked, done.not_revoked, done.end_session_url), (0, 1, None));
    assert_eq!(left(&world), [""; 0]);
    let mut world = signed_in().answer("/.well-known/", 200, able);
    world.run(app.sign_out(JOE)).unwrap();
    assert_eq!(world.sent.len(), 1, "nobody asked for a revocation");
}

#[test]
fn who_wants_to_be_forgotten_is_told_if_that_failed() {
    for broken in [true, false] {
        let mut world = world(everything());
        let error = Some(StoreError::new("locked"));
        *(if broken { &mut world.broken_store } else { &mut world.unreadable_store }) = error;
        let error = world.run(app(TENANT).sign_out(JOE)).unwrap_err();
        assert!(error.to_string().contains("locked"), "{error}");
    }
}
