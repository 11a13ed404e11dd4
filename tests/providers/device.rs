//! Device code: another device, and the provider's own pages.

use std::thread;
use std::time::Duration;

use entrada_core::error::ErrorKind;

use crate::applications::claims;
use crate::person::Person;
use crate::{everywhere_prompted, provider::Provider};

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_device_is_approved_while_the_flow_waits() {
    let approve = |provider: &'static Provider| {
        move |address: &str, code: &str| {
            let (address, code) = (address.to_owned(), code.to_owned());
            thread::spawn(move || {
                // The provider names no interval, so the flow asks after five seconds (RFC 8628, section 3.2): too early.
                thread::sleep(Duration::from_secs(6));
                let html = Person::new(provider).approve_device(&address, &code, "alice");
                assert!(html.contains("Sign-in Success"), "{html}");
            });
        }
    };
    everywhere_prompted(approve, |scene| {
        let result = scene.run(scene.native().acquire_token_by_device_code(["read"])).expect("a token");
        assert_eq!(
            result.account.as_ref().map(|account| account.username.as_str()),
            Some("alice@op.example")
        );
        assert_eq!(claims(&result)["sub"], "alice");
        assert_eq!(result.scopes, ["read"]);
    });
}

#[test]
#[ignore = "needs node and oidc-provider: .ci/run installs them"]
fn a_device_that_the_person_refuses_ends_the_flow() {
    let refuse = |provider| {
        move |address: &str, code: &str| {
            let html = Person::new(provider).refuse_device(address, code);
            assert!(html.contains("interrupted"), "{html}");
        }
    };
    everywhere_prompted(refuse, |scene| {
        let flow = scene.native().acquire_token_by_device_code(["read"]);
        let error = scene.run(flow).expect_err("the person refused");
        assert_eq!((error.code(), error.kind()), ("access_denied", ErrorKind::Service), "{error:?}");
    });
}
