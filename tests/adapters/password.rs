//! User name and password, against the emulator.

use entrada_core::error::ErrorKind;
use entrada_core::secret::Secret;
use entrada_emulator::world::{
    CONFIDENTIAL_CLIENT_ID, FEDERATED_USER, GUEST_USER, LEGACY_USER, LOCKED_USER, MANAGED_USER,
    MFA_ENROLMENT_USER, MFA_USER, PASSWORD, PERSONAL_USER, SAML2_USER, SAMLP_USER, SCOPE, SEAMLESS_USER,
    UNCONSENTED_CLIENT_ID,
};

use crate::scenes;

#[test]
fn every_kind_of_user_gets_a_token() {
    for scene in scenes() {
        for user in [FEDERATED_USER, SAML2_USER, LEGACY_USER, SEAMLESS_USER, MANAGED_USER, GUEST_USER] {
            let result = scene.password(user).unwrap_or_else(|error| panic!("{user}: {error:?}"));
            assert_eq!(result.id_token_claims.as_ref().and_then(|claims| claims.username()), Some(user));
            assert_eq!(result.account.expect("there is one").username, user);
            assert!(result.not_kept.is_none());
        }
        scene.assert_strict();
    }
}

#[test]
fn a_wrong_password_is_counted_once() {
    for scene in scenes() {
        for user in [FEDERATED_USER, MANAGED_USER] {
            let flow = scene.app().acquire_token_by_username_password([SCOPE], user, Secret::new("wrong"));
            let error = scene.run(flow).expect_err("the password is wrong");
            let code =
                if user == FEDERATED_USER { "federated_service_returned_error" } else { "invalid_grant" };
            assert_eq!(error.code(), code);
            assert_eq!(scene.emulator.wrong_passwords(user), 1, "{user}");
        }
        scene.assert_strict();
    }
}

#[test]
fn each_refusal_is_told_with_what_to_do() {
    for scene in scenes() {
        for (user, code, number) in [
            (MFA_USER, "invalid_grant", Some(50076)),
            (MFA_ENROLMENT_USER, "invalid_grant", Some(50079)),
            (LOCKED_USER, "invalid_grant", Some(50053)),
            (SAMLP_USER, "federation_protocol_not_supported", None),
            (PERSONAL_USER, "ropc_not_supported_for_msa", None),
            ("who@nowhere.example", "unknown_user_type", None),
            ("nobody@contoso.onmicrosoft.com", "invalid_grant", Some(50034)),
        ] {
            let error = scene.password(user).expect_err(user);
            assert_eq!(error.code(), code, "{user}: {error:?}");
            let numbers = error.refusal().map(|refusal| refusal.error_codes.as_slice()).unwrap_or_default();
            assert_eq!(numbers.first().copied(), number, "{user}");
            assert!(error.remedy().len() > 20);
        }
        for (client_id, number) in
            [(UNCONSENTED_CLIENT_ID, 65001), (CONFIDENTIAL_CLIENT_ID, 7_000_218), ("unheard-of", 700_016)]
        {
            let mut app = scene.app();
            app.client_id = client_id.into();
            let error = scene
                .run(app.acquire_token_by_username_password([SCOPE], MANAGED_USER, Secret::new(PASSWORD)))
                .expect_err(client_id);
            assert_eq!(error.refusal().expect("the service refused").error_codes, [number]);
            if number == 65001 {
                assert_eq!(error.kind(), ErrorKind::UiRequired);
                assert!(error.remedy().contains(client_id), "{}", error.remedy());
            }
        }
        scene.assert_strict();
    }
}

#[test]
fn a_certificate_authority_that_is_not_trusted_ends_the_flow() {
    for mut scene in scenes().filter(|scene| scene.emulator.ca_certificate_pem().is_some()) {
        scene.trusted = false;
        let error = scene.password(MANAGED_USER).expect_err("nobody vouches for the emulator");
        assert_eq!(error.code(), "tls_failed", "{error:?}");
    }
}

#[test]
fn connections_are_reused() {
    for scene in scenes() {
        scene.password(FEDERATED_USER).expect("a token");
        let connections: std::collections::BTreeSet<_> =
            scene.emulator.requests().iter().map(|request| request.connection).collect();
        assert_eq!(connections.len(), 1, "{:?}", scene.backend);
    }
}
