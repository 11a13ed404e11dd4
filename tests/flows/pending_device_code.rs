//! A device code that one process puts down and another takes up.

use entrada_core::application::PublicClientApplication;
use entrada_core::flow::device_code::{DeviceCode, PendingDeviceCode};
use entrada_tests::documents::{device, tokens, told};
use entrada_tests::planted::DEVICE_CODE;
use entrada_tests::world::World;

use crate::device_code::flow;
use crate::{app, seconds};

/// What the first process writes before it ends.
fn put_down(flow: DeviceCode) -> String {
    let mut world = World::default()
        .answer("devicecode", 200, device(r#","expires_in":900,"interval":7"#))
        .answer("token", 400, told("expired_token"));
    world.run(flow).unwrap_err();
    serde_json::to_string(&world.shown[0].pending).unwrap()
}

fn common() -> PublicClientApplication {
    app("https://login.microsoftonline.com/common")
}

#[test]
fn another_process_goes_on_with_the_code_and_its_interval() {
    let json = put_down(flow());
    let pending: PendingDeviceCode = serde_json::from_str(&json).unwrap();
    let mut world = World::default()
        .answer("/common/oauth2/v2.0/token", 400, told("authorization_pending"))
        .answer("/common/oauth2/v2.0/token", 200, tokens());
    let before = world.now;
    let result = world.run(pending.resume(common())).unwrap();
    assert_eq!(result.access_token.expose(), "planted-access-token");
    assert!(world.shown.is_empty(), "the person knows the code");
    assert_eq!(world.sent_at[0].since(before), seconds(7), "the first process may have asked just now");
    assert_eq!(world.pause_before(1), seconds(7));
    assert_eq!(world.field(0, "device_code").unwrap(), DEVICE_CODE);
    assert_eq!(world.field(0, "scope").unwrap(), "user.read openid offline_access profile");
}

#[test]
fn what_the_call_asked_for_goes_on_with_it() {
    let mut flow = DeviceCode::new(common(), ["user.read"]);
    flow.options.tenant = Some("fabrikam.com".to_owned());
    flow.options.correlation_id = Some("the-call".to_owned());
    flow.options.claims = Some(r#"{"id_token":{"x":null}}"#.to_owned());
    flow.options.extra_query_parameters = vec![("dc".to_owned(), "x".to_owned())];
    let pending: PendingDeviceCode = serde_json::from_str(&put_down(flow)).unwrap();
    let mut world = World::default().answer("/fabrikam.com/oauth2/v2.0/token?dc=x", 200, tokens());
    let result = world.run(pending.resume(common())).unwrap();
    assert_eq!(result.correlation_id, "the-call");
    assert_eq!(world.field(0, "claims").unwrap(), r#"{"id_token":{"x":null}}"#);
}

#[test]
fn another_application_and_another_authority_are_refused_before_any_request() {
    let pending: PendingDeviceCode = serde_json::from_str(&put_down(flow())).unwrap();
    let mut other = common();
    other.client_id = "other".into();
    for app in [other, app("https://login.microsoftonline.com/contoso.com"), app("https://sts.x/adfs")] {
        let mut world = World::default();
        assert_eq!(world.run(pending.clone().resume(app)).unwrap_err().code(), "invalid_argument");
        assert!(world.loaded.is_empty());
    }
}

#[test]
fn it_expires_for_whoever_takes_it_up() {
    let pending: PendingDeviceCode = serde_json::from_str(&put_down(flow())).unwrap();
    let mut world = World::default().later(seconds(894));
    assert_eq!(world.run(pending.resume(common())).unwrap_err().code(), "code_expired");
    assert!(world.sent.is_empty());
}

#[test]
fn an_interval_of_nothing_does_not_make_it_ask_without_a_pause() {
    let json = put_down(flow()).replace(r#""interval_ms":7000"#, r#""interval_ms":0"#);
    let pending: PendingDeviceCode = serde_json::from_str(&json).unwrap();
    let mut world =
        World::default().answer("token", 400, told("authorization_pending")).answer("token", 200, tokens());
    world.run(pending.resume(common())).unwrap();
    assert_eq!(world.pause_before(1), seconds(1));
}

#[test]
fn it_prints_nothing_of_the_code_and_reads_nothing_that_it_does_not_know() {
    let json = put_down(flow());
    let pending: PendingDeviceCode = serde_json::from_str(&json).unwrap();
    assert!(json.contains("nted-device") && !format!("{pending:?}").contains("nted-device"));
    let more = json.replacen('{', r#"{"more":1,"#, 1);
    assert!(serde_json::from_str::<PendingDeviceCode>(&more).is_err());
    assert!(serde_json::from_str::<PendingDeviceCode>("{}").is_err());
}
