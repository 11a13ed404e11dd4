//! Integrated Windows authentication, against the emulator's Negotiate.

use std::collections::BTreeSet;

use entrada_core::secret::Secret;
use entrada_emulator::world::{FEDERATED_USER, LEGACY_USER, MANAGED_USER, SAML2_USER, SEAMLESS_USER};
use entrada_emulator::{Negotiate, NegotiateMode};

use crate::scenes;

/// The connections on which the exchange with the federation server ran.
fn connections(scene: &crate::Scene) -> Vec<u64> {
    let requests = scene.emulator.requests();
    requests
        .iter()
        .filter(|request| request.path.contains("windowstransport"))
        .map(|request| request.connection)
        .collect()
}

#[test]
fn federated_users_get_a_token_without_a_prompt() {
    for mut scene in scenes() {
        for user in [FEDERATED_USER, SAML2_USER, LEGACY_USER, SEAMLESS_USER] {
            let result = scene.integrated(user).unwrap_or_else(|error| panic!("{user}: {error:?}"));
            assert_eq!(result.account.expect("there is one").username, user);
        }
        scene.assert_strict();
    }
}

#[test]
fn all_rounds_come_on_one_connection_of_their_own() {
    for rounds in [1, 2, 3] {
        for mut scene in scenes() {
            scene.emulator.set_negotiate(Negotiate { rounds, mode: NegotiateMode::Accept });
            scene.integrated(FEDERATED_USER).expect("a token");
            let exchange = connections(&scene);
            assert_eq!(exchange.len(), rounds as usize + 1, "the first request goes without a token");
            assert_eq!(BTreeSet::from_iter(&exchange).len(), 1);
            let requests = scene.emulator.requests();
            let others = requests.iter().filter(|request| !request.path.contains("windowstransport"));
            assert!(others.into_iter().all(|request| !exchange.contains(&request.connection)));
            scene.assert_strict();
        }
    }
}

#[test]
fn each_way_to_fail_has_its_code() {
    for (mode, code) in [
        (NegotiateMode::Refuse, "integrated_authentication_refused"),
        (NegotiateMode::Loop, "integrated_windows_authentication_failed"),
        (NegotiateMode::Drop, "network_error"),
    ] {
        for mut scene in scenes() {
            scene.emulator.set_negotiate(Negotiate { rounds: 1, mode });
            let error = scene.integrated(FEDERATED_USER).expect_err("the server does not let the user in");
            assert_eq!(error.code(), code, "{error:?}");
            assert!(connections(&scene).len() <= 10);
        }
    }
}

#[test]
fn a_managed_user_has_no_integrated_sign_in() {
    for mut scene in scenes() {
        let error = scene.integrated(MANAGED_USER).expect_err("the account lives in the cloud");
        assert_eq!(error.code(), "integrated_windows_auth_not_supported_managed_user");
    }
}

#[test]
fn without_a_negotiator_nothing_is_sent() {
    for scene in scenes() {
        let flow = scene.app().acquire_token_by_integrated_windows_auth(["user.read"], FEDERATED_USER);
        let error = scene.run(flow).expect_err("there is no ticket");
        assert_eq!(error.code(), "integrated_windows_authentication_failed");
        assert!(connections(&scene).is_empty());
    }
}

#[test]
fn without_the_client_info_headers_seamless_users_are_managed() {
    for mut scene in scenes() {
        let mut app = scene.app();
        app.client_info_headers = false;
        scene.signed_in = Some(SEAMLESS_USER.to_owned());
        let error = scene
            .run(app.acquire_token_by_integrated_windows_auth(["user.read"], SEAMLESS_USER))
            .expect_err("the realm answers Managed");
        assert_eq!(error.code(), "integrated_windows_auth_not_supported_managed_user");
        let password = Secret::new(entrada_emulator::world::PASSWORD);
        scene
            .run(app.acquire_token_by_username_password(["user.read"], SEAMLESS_USER, password))
            .expect("a token");
    }
}
