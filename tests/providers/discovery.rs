//! The provider's metadata.

use entrada_core::application::PublicClientApplication;

use crate::everywhere;

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn metadata_of_another_issuer_is_not_believed() {
    everywhere(|scene| {
        let app = PublicClientApplication::new("native", scene.oidc("/elsewhere"));
        let flow = app.acquire_token_by_device_code(["read"]);
        let error = scene.run(flow).expect_err("the issuer is another");
        assert_eq!(error.code(), "authority_validation_failed", "{error:?}");
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn an_address_without_metadata_is_no_provider() {
    everywhere(|scene| {
        let app = PublicClientApplication::new("native", scene.oidc("/nowhere"));
        let flow = app.acquire_token_by_device_code(["read"]);
        let error = scene.run(flow).expect_err("there is nothing");
        assert_eq!(error.status().expect("there is one").as_u16(), 404, "{error:?}");
    });
}
