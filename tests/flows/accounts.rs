//! Accounts: who has signed in.

use entrada_core::cache::StoreError;
use entrada_core::flow::accounts::Accounts;
use entrada_tests::documents::tokens;
use entrada_tests::kept::{self, HOME, JOE, REALM, access, account, joe, refresh};
use entrada_tests::world::World;

use crate::silent::world;
use crate::{TENANT, app, password_of};

fn list(world: &mut World) -> Vec<String> {
    let accounts = world.run(app(TENANT).accounts()).unwrap();
    assert!(world.sent.is_empty() && world.saves == 0);
    accounts.into_iter().map(|account| account.account.home_account_id.to_string()).collect()
}

#[test]
fn whoever_signed_in_is_listed_and_nobody_else() {
    let mut world = World::default()
        .answer("userrealm", 200, entrada_tests::documents::MANAGED_REALM)
        .answer("token", 200, tokens());
    world.run(password_of(app(TENANT))).unwrap();
    let mut world = World::remembering(world.memory);
    assert_eq!(list(&mut world), [JOE]);
    assert_eq!(list(&mut World::default()), [""; 0]);
    let of_another = kept::account("ann.t", "t", "ann@contoso.com");
    kept::keep(&mut world.memory, [of_another.into()]);
    assert_eq!(list(&mut world), [JOE], "there is no token for her");
}

#[test]
fn a_token_of_another_application_lists_nobody_unless_they_share_a_family() {
    let theirs = |family| {
        let mut token = refresh("r", family);
        token.client_id = "another".into();
        token
    };
    assert_eq!(list(&mut world([theirs(None).into(), joe().into()])), [""; 0]);
    assert_eq!(list(&mut world([theirs(Some("1")).into(), joe().into()])), [JOE]);
    let stranger = [theirs(Some("1")).into(), joe().into(), kept::metadata(None).into()];
    assert_eq!(list(&mut world(stranger)), [""; 0]);
}

#[test]
fn each_is_listed_once_as_its_home_knows_it_with_all_its_tenants() {
    let guest = account(JOE, "33333333-guest", "joe_contoso.com#EXT#@fabrikam.com");
    let home = account(JOE, HOME, "joe@contoso.com");
    let ann = account("00000000-ann.t", "t", "ann@contoso.com");
    let mut anns = access("a");
    anns.home_account_id = Some("00000000-ann.t".into());
    let mut world = world([guest.into(), home.into(), ann.into(), anns.into(), access("j").into()]);
    let accounts = world.run(app(TENANT).accounts()).unwrap();
    let names: Vec<_> = accounts.iter().map(|one| one.account.username.as_str()).collect();
    assert_eq!(names, ["ann@contoso.com", "joe@contoso.com"]);
    let tenants: Vec<_> =
        accounts[1].tenant_profiles.iter().map(|profile| profile.tenant_id.as_str()).collect();
    assert_eq!(tenants, [HOME, "33333333-guest"]);
}

#[test]
fn those_of_another_cloud_are_listed_on_demand() {
    let mut abroad = account("ann.t", REALM, "ann@contoso.com");
    abroad.account.environment = "login.microsoftonline.us".into();
    let mut token = refresh("r", None);
    token.home_account_id = Some("ann.t".into());
    token.environment = "login.microsoftonline.us".into();
    let mut world = world([abroad.into(), token.into(), joe().into(), access("j").into()]);
    assert_eq!(list(&mut world), [JOE]);
    let mut flow = Accounts::new(app(TENANT));
    flow.every_cloud = true;
    assert_eq!(world.run(flow).unwrap().len(), 2);
}

#[test]
fn a_store_that_cannot_be_read_is_not_an_empty_one() {
    let mut world = world([joe().into(), access("j").into()]);
    world.unreadable_store = Some(StoreError::new("locked"));
    let error = world.run(app(TENANT).accounts()).unwrap_err();
    assert!(error.to_string().contains("locked"), "{error}");
}
