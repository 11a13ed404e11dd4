//! A user for whom a federated identity credential vouches.

use entrada_core::application::ClientCredential;
use entrada_core::flow::user_fic::{FederatedUser, UserFederatedIdentityCredential};
use entrada_core::secret::Secret;
use entrada_tests::documents::tokens;
use entrada_tests::world::World;

use crate::{TENANT, confidential};

fn flow(user: FederatedUser) -> UserFederatedIdentityCredential {
    let agent = confidential(TENANT, ClientCredential::Assertion(Secret::new("first.leg")));
    UserFederatedIdentityCredential::new(agent, ["user.read"], Secret::new("second.leg"), user)
}

#[test]
fn the_user_is_named_by_object_id_or_by_name() {
    for (user, field, value, hint) in [
        (FederatedUser::ObjectId("1-2-3".to_owned()), "user_id", "1-2-3", None),
        (
            FederatedUser::Username("joe@contoso.com".to_owned()),
            "username",
            "joe@contoso.com",
            Some("UPN:joe@contoso.com"),
        ),
    ] {
        let mut world = World::default().answer("/contoso.com/oauth2/v2.0/token", 200, tokens());
        world.run(flow(user)).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            world.form(0),
            [
                pair("client_id", "app"),
                pair("scope", "user.read openid offline_access profile"),
                pair("grant_type", "user_fic"),
                pair("user_federated_identity_credential", "second.leg"),
                pair(field, value),
                pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                pair("client_assertion", "first.leg"),
                pair("client_info", "1"),
            ]
        );
        let routed = world.sent[0].headers.get("x-anchormailbox").map(|value| value.to_str().unwrap());
        assert_eq!(routed, hint);
        assert_eq!(world.memory.tokens().to_json()["Account"].as_object().unwrap().len(), 1);
    }
}

#[test]
fn it_is_sent_once() {
    let mut world = World::default().answer("token", 503, "");
    world.run(flow(FederatedUser::ObjectId("1".to_owned()))).unwrap_err();
    assert_eq!(world.sent.len(), 1);
}

#[test]
fn nothing_is_sent_for_nobody_or_with_nothing_that_vouches() {
    for user in [FederatedUser::ObjectId(String::new()), FederatedUser::Username(" ".to_owned())] {
        assert_eq!(World::default().run(flow(user)).unwrap_err().code(), "invalid_argument");
    }
    let mut flow = flow(FederatedUser::ObjectId("1".to_owned()));
    flow.credential = Secret::new("");
    assert_eq!(World::default().run(flow).unwrap_err().code(), "invalid_argument");
}
