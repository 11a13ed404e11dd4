//! The federation server refuses what breaks a rule.

mod support;

use entrada_emulator::{Config, Emulator, UserState, world};
use support::*;

/// The request is refused with this subcode, and the violation says this.
#[track_caller]
fn refused(change: impl Fn(&mut Rst), subcode: &str, rule: &str) {
    for version in ["13", "2005"] {
        let emulator = emulator();
        let mut rst = Rst::new(&emulator, version, Some(world::FEDERATED_USER));
        change(&mut rst);
        let answer = rst.post(&emulator);
        assert_eq!(answer.status, 500, "{}", answer.text());
        assert_eq!(subcode_of(&answer), subcode, "{}", answer.text());
        let violations = emulator.violations();
        assert!(violations.len() == 1 && violations[0].contains(rule), "{violations:?}");
    }
}

/// The local name of the fault's innermost code, its prefix being declared.
fn subcode_of(answer: &Answer) -> String {
    let text = answer.text();
    let document = roxmltree::Document::parse(&text).expect("XML");
    let value = document.descendants().rfind(|node| node.tag_name().name() == "Value").expect("a code");
    let (prefix, name) = value.text().expect("a code").split_once(':').expect("a prefix");
    assert!(value.lookup_namespace_uri(Some(prefix)).is_some(), "{text}");
    name.to_owned()
}

fn with_header(rst: &mut Rst, header: &str) {
    rst.more_headers.push_str(header);
}

#[test]
fn a_message_identifier_that_is_no_uuid_is_refused() {
    refused(|rst| rst.message = "urn:uuid:17".into(), "InvalidAddressingHeader", "MessageID");
    refused(|rst| rst.message = rst.message.replace("urn:uuid:", ""), "InvalidAddressingHeader", "MessageID");
    refused(|rst| rst.message = rst.message.replace('-', ""), "InvalidAddressingHeader", "MessageID");
}

#[test]
fn a_message_that_came_before_is_refused() {
    let emulator = emulator();
    let rst = Rst::new(&emulator, "13", Some(world::FEDERATED_USER));
    assert_eq!(rst.post(&emulator).status, 200);
    assert_eq!(subcode_of(&rst.post(&emulator)), "InvalidRequest");
    assert!(emulator.violations()[0].contains("sent before"));
}

#[test]
fn a_message_out_of_its_time_is_refused() {
    refused(
        |rst| (rst.created, rst.expires) = (rst.created + 400, rst.expires + 400),
        "MessageExpired",
        "time",
    );
    refused(
        |rst| (rst.created, rst.expires) = (rst.created - 1000, rst.expires - 1000),
        "MessageExpired",
        "time",
    );
    refused(|rst| rst.expires = rst.created, "MessageExpired", "not after");
}

#[test]
fn a_message_for_another_address_is_refused() {
    refused(
        |rst| rst.to = rst.to.replace("usernamemixed", "windowstransport"),
        "DestinationUnreachable",
        "wsa:To",
    );
    refused(|rst| rst.to.push('/'), "DestinationUnreachable", "wsa:To");
}

#[test]
fn an_unknown_relying_party_is_refused() {
    refused(|rst| rst.applies_to = "urn:federation:Nobody".into(), "RequestFailed", "relying party");
    refused(|rst| rst.applies_to = String::new(), "RequestFailed", "relying party");
}

#[test]
fn actions_that_disagree_are_refused() {
    refused(|rst| rst.soap_action.push('x'), "ActionNotSupported", "SOAPAction");
    refused(|rst| rst.soap_action.clear(), "ActionNotSupported", "SOAPAction");
    refused(|rst| rst.action.push('x'), "ActionNotSupported", "SOAPAction");
    refused(
        |rst| {
            let other = if rst.path.contains("/13/") { "2005" } else { "13" };
            rst.path = format!("/adfs/services/trust/{other}/usernamemixed");
            let base = rst.to.split("/adfs").next().unwrap_or_default().to_owned();
            rst.to = format!("{base}{}", rst.path);
        },
        "ActionNotSupported",
        "SOAPAction",
    );
}

#[test]
fn a_header_that_must_be_understood_and_is_not_is_refused() {
    refused(
        |rst| with_header(rst, "<x:New xmlns:x='urn:x' s:mustUnderstand='1'/>"),
        "MustUnderstand",
        "must be understood",
    );
    refused(
        |rst| with_header(rst, "<x:New xmlns:x='urn:x' s:mustUnderstand=''/>"),
        "MustUnderstand",
        "boolean",
    );
    refused(
        |rst| with_header(rst, "<a:messageID s:mustUnderstand='1'/>"),
        "MustUnderstand",
        "must be understood",
    );
}

#[test]
fn a_header_that_occurs_twice_or_never_is_refused() {
    refused(|rst| with_header(rst, "<a:To>again</a:To>"), "InvalidRequest", "To occurs twice");
    refused(|rst| rst.credential = None, "InvalidRequest", "Security is missing");
}

#[test]
fn a_key_type_of_the_other_version_is_refused() {
    refused(|rst| rst.key_type = "urn:other", "InvalidRequest", "KeyType");
}

#[test]
fn a_content_type_without_utf_8_is_refused() {
    for content_type in
        ["text/xml; charset=utf-8", "application/soap+xml", "application/soap+xml; charset=utf-16"]
    {
        let emulator = emulator();
        let mut rst = Rst::new(&emulator, "13", Some(world::FEDERATED_USER));
        rst.content_type = content_type.into();
        assert_eq!(rst.post(&emulator).status, 415);
        assert_eq!(emulator.violations().len(), 1);
    }
}

#[test]
fn what_is_not_xml_is_refused() {
    let emulator = emulator();
    let rst = Rst::new(&emulator, "13", None);
    let headers = [("Content-Type", SOAP), ("SOAPAction", rst.action.as_str())];
    for body in ["", "<a>", "<!DOCTYPE a []><a/>", "<a>&lost;</a>"] {
        let path = "/adfs/services/trust/13/usernamemixed";
        let answer = connect(&emulator).send("POST", path, &headers, body.as_bytes()).expect("an answer");
        assert_eq!(subcode_of(&answer), "InvalidRequest");
    }
}

#[test]
fn a_wrong_password_is_counted_once_and_locks_after_a_while() {
    let config = Config { lockout_threshold: Some(2), ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    let mut rst = Rst::new(&emulator, "2005", Some(world::FEDERATED_USER));
    rst.credential = Some((world::FEDERATED_USER.into(), format!("{} ", world::PASSWORD)));
    let answer = rst.post(&emulator);
    assert_eq!((answer.status, subcode_of(&answer).as_str()), (500, "FailedAuthentication"));
    assert!(answer.text().contains("ID3242"));
    assert_eq!(emulator.wrong_passwords("JOE@contoso.com"), 1);
    assert_eq!(emulator.violations(), Vec::<String>::new());
    rst.message = Rst::new(&emulator, "2005", None).message;
    rst.post(&emulator);
    let answer = Rst::new(&emulator, "13", Some(world::FEDERATED_USER)).post(&emulator);
    assert_eq!(subcode_of(&answer), "FailedAuthentication");
    assert_eq!(emulator.wrong_passwords(world::FEDERATED_USER), 2);
}

#[test]
fn decoys_and_versions_that_are_not_offered_do_not_exist() {
    let emulator = emulator();
    let mut rst = Rst::new(&emulator, "13", Some(world::FEDERATED_USER));
    rst.path = "/adfs/services/trust/13/username".into();
    assert_eq!(rst.post(&emulator).status, 404);
    assert!(emulator.violations()[0].contains("the endpoint username"));
    let query = "?domain=legacy.contoso.com";
    assert_eq!(Rst::at(&emulator, "13", Some(world::LEGACY_USER), query).post(&emulator).status, 404);
    assert_eq!(Rst::at(&emulator, "2005", Some(world::LEGACY_USER), query).post(&emulator).status, 200);
}

fn swap(rst: &mut Rst, from: &str, to: &str) {
    rst.swap = Some((from.to_owned(), to.to_owned()));
}

#[test]
fn a_reply_to_another_address_is_refused() {
    let anonymous = "http://www.w3.org/2005/08/addressing/anonymous";
    let (code, rule) = ("InvalidAddressingHeader", "wsa:ReplyTo");
    refused(|rst| swap(rst, anonymous, "https://elsewhere.example/"), code, rule);
    refused(
        |rst| swap(rst, &format!("<a:Address>{anonymous}</a:Address>"), ""),
        "InvalidRequest",
        "Address is missing",
    );
}

#[test]
fn an_identifier_that_occurs_twice_or_is_empty_is_refused() {
    let with = |id: &'static str| {
        move |rst: &mut Rst| {
            swap(rst, "<u:Timestamp u:Id='MSATimeStamp'", &format!("<u:Timestamp u:Id='{id}'"));
            with_header(rst, "<x:New xmlns:x='urn:x' u:Id='same'/>");
        }
    };
    refused(with("same"), "InvalidRequest", "wsu:Id");
    refused(with(""), "InvalidRequest", "wsu:Id");
}

#[test]
fn a_password_of_another_type_is_refused() {
    let profile =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#Password";
    let with = |kind: &'static str| {
        move |rst: &mut Rst| swap(rst, "<o:Password>", &format!("<o:Password Type='{profile}{kind}'>"))
    };
    refused(with("Digest"), "InvalidSecurity", "PasswordText");
    let emulator = emulator();
    let mut rst = Rst::new(&emulator, "13", Some(world::FEDERATED_USER));
    with("Text")(&mut rst);
    assert_eq!(rst.post(&emulator).status, 200);
}

#[test]
fn seamless_sign_in_tells_a_wrong_password_deep_in_its_fault() {
    let emulator = emulator();
    let path = "/seamless.contoso.com/winauth/trust/2005/usernamemixed?client-request-id=7";
    let mut rst = Rst::new(&emulator, "2005", Some(world::SEAMLESS_USER));
    rst.path = path.into();
    rst.to = format!("{}{path}", emulator.base_url());
    rst.credential = Some((world::SEAMLESS_USER.into(), "wrong".into()));
    let answer = rst.post(&emulator);
    assert_eq!((answer.status, subcode_of(&answer).as_str()), (500, "FailedAuthentication"));
    let text = answer.text();
    let document = roxmltree::Document::parse(&text).expect("XML");
    let fault = "http://schemas.microsoft.com/Passport/SoapServices/SOAPFault";
    let detail = document.descendants().find(|node| node.has_tag_name((fault, "text"))).expect("a detail");
    assert!(detail.text().is_some_and(|text| text.starts_with("AADSTS50126: ")), "{text}");
    rst.credential = Some((world::SEAMLESS_USER.into(), world::PASSWORD.into()));
    rst.message = Rst::new(&emulator, "2005", None).message;
    assert_eq!(rst.post(&emulator).status, 200);
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn seamless_sign_in_without_its_query_does_not_exist() {
    let emulator = emulator();
    let mut rst = Rst::new(&emulator, "2005", Some(world::SEAMLESS_USER));
    rst.path = "/seamless.contoso.com/winauth/trust/2005/usernamemixed".into();
    assert_eq!(rst.post(&emulator).status, 404);
    assert!(emulator.violations()[0].contains("query"));
}

#[test]
fn a_clock_that_is_ahead_judges_by_its_own_time() {
    let config = Config { clock_offset_seconds: 1000, ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    let mut rst = Rst::new(&emulator, "13", Some(world::FEDERATED_USER));
    assert_eq!(subcode_of(&rst.post(&emulator)), "MessageExpired");
    (rst.created, rst.expires) = (rst.created + 1000, rst.expires + 1000);
    rst.message = Rst::new(&emulator, "13", None).message;
    assert_eq!(rst.post(&emulator).status, 200);
}

#[test]
fn a_disabled_user_is_refused_as_if_the_password_were_wrong() {
    let mut config = Config::default();
    let joe = config.users.iter_mut().find(|user| user.upn == world::FEDERATED_USER).expect("a user");
    joe.state = UserState::Disabled;
    let emulator = Emulator::start(config).expect("an emulator");
    let answer = Rst::new(&emulator, "13", Some(world::FEDERATED_USER)).post(&emulator);
    assert_eq!(subcode_of(&answer), "FailedAuthentication");
    assert_eq!(emulator.violations(), Vec::<String>::new());
}

#[test]
fn a_body_without_bound_is_refused() {
    let emulator = emulator();
    let body = vec![b'x'; 300 * 1024];
    let answer = connect(&emulator).send("POST", "/contoso.com/oauth2/v2.0/token", &[], &body);
    // The server need not read to the end, so the client may see the connection break instead.
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 413));
    assert_eq!(emulator.violations().len(), 1);
}
