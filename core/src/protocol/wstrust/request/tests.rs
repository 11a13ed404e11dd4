//! The envelope, read back by an independent parser; and the calendar, against another one.

use proptest::prelude::*;
use url::Url;

use super::*;

const ID: &str = "00000000-0000-4000-8000-000000000000";

fn endpoint(version: WsTrustVersion) -> WsTrustEndpoint {
    WsTrustEndpoint::new(Url::parse("https://sts.contoso.com/trust?a=1&b='2'").unwrap(), version)
}

fn issue(endpoint: &WsTrustEndpoint) -> Issue<'_> {
    Issue {
        endpoint,
        applies_to: "urn:federation:MicrosoftOnline",
        message_id: ID,
        now_ms: 1_538_475_330_068,
        username_token: None,
    }
}

fn text_of(envelope: &[u8], path: &[&str]) -> Option<String> {
    let document = roxmltree::Document::parse(std::str::from_utf8(envelope).unwrap()).unwrap();
    let mut node = document.root_element();
    for name in path {
        node = node.children().find(|child| child.has_tag_name(*name) || child.tag_name().name() == *name)?;
    }
    Some(node.text().unwrap_or_default().to_owned())
}

#[test]
fn an_integrated_request_has_no_security_header() {
    for version in [WsTrustVersion::V13, WsTrustVersion::V2005] {
        let endpoint = endpoint(version);
        let envelope = envelope(&issue(&endpoint)).unwrap();
        let at = |path: &[&str]| text_of(&envelope, path);
        assert_eq!(at(&["Header", "Action"]).as_deref(), Some(version.action()));
        assert_eq!(at(&["Header", "MessageID"]), Some(format!("urn:uuid:{ID}")));
        assert_eq!(
            at(&["Header", "ReplyTo", "Address"]).as_deref(),
            Some("http://www.w3.org/2005/08/addressing/anonymous")
        );
        assert_eq!(at(&["Header", "To"]).as_deref(), Some(endpoint.url.as_str()));
        assert_eq!(at(&["Header", "Security"]), None);
        let token = ["Body", "RequestSecurityToken"];
        let applies_to = [token[0], token[1], "AppliesTo", "EndpointReference", "Address"];
        assert_eq!(at(&applies_to).as_deref(), Some("urn:federation:MicrosoftOnline"));
        assert_eq!(at(&[token[0], token[1], "KeyType"]).as_deref(), Some(version.key_type()));
        assert_eq!(at(&[token[0], token[1], "RequestType"]).as_deref(), Some(version.request_type()));
        let document = std::str::from_utf8(&envelope).unwrap();
        assert!(document.contains(version.namespace()));
        assert!(!document.contains("TokenType"));
    }
}

#[test]
fn credentials_go_into_the_security_header() {
    let endpoint = endpoint(WsTrustVersion::V2005);
    let token = UsernameToken { id: ID, username: "joe@contoso.com", password: "p" };
    let envelope = envelope(&Issue { username_token: Some(token), ..issue(&endpoint) }).unwrap();
    let at = |path: &[&str]| text_of(&envelope, &[&["Header", "Security"], path].concat());
    assert_eq!(at(&["Timestamp", "Created"]).as_deref(), Some("2018-10-02T10:15:30.068Z"));
    assert_eq!(at(&["Timestamp", "Expires"]).as_deref(), Some("2018-10-02T10:25:30.068Z"));
    assert_eq!(at(&["UsernameToken", "Username"]).as_deref(), Some("joe@contoso.com"));
    assert_eq!(at(&["UsernameToken", "Password"]).as_deref(), Some("p"));
    let document = String::from_utf8(envelope).unwrap();
    assert!(document.contains(&format!("u:Id=\"UnPwSecTok2005-{ID}\"")));
    assert!(document.contains("<wsse:Password>p</wsse:Password>"), "no type: {document}");
}

#[test]
fn what_xml_cannot_carry_is_refused_by_field() {
    let endpoint = endpoint(WsTrustVersion::V13);
    let good = issue(&endpoint);
    let token = UsernameToken { id: ID, username: "u", password: "p" };
    let bad = "secret\u{0}";
    for (issue, error) in [
        (Issue { applies_to: bad, ..good }, EnvelopeError::AppliesTo),
        (Issue { message_id: bad, ..good }, EnvelopeError::MessageId),
        (Issue { username_token: Some(UsernameToken { id: bad, ..token }), ..good }, EnvelopeError::TokenId),
        (
            Issue { username_token: Some(UsernameToken { username: bad, ..token }), ..good },
            EnvelopeError::Username,
        ),
        (
            Issue { username_token: Some(UsernameToken { password: bad, ..token }), ..good },
            EnvelopeError::Password,
        ),
        (Issue { now_ms: END_OF_TIME_MS - LIFETIME_MS, ..good }, EnvelopeError::Time),
        (Issue { now_ms: u64::MAX, ..good }, EnvelopeError::Time),
    ] {
        assert_eq!(envelope(&issue), Err(error));
        assert!(!error.to_string().contains("secret"));
    }
    assert!(envelope(&Issue { now_ms: END_OF_TIME_MS - LIFETIME_MS - 1, ..good }).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives_and_the_envelope_is_allocated_once(
        username in "[\t\n\r -~é\u{FFFD}\u{10FFFF}]{0,40}",
        password in "[\t\n\r&<>\"' -~é\u{85}\u{2028}]{1,40}",
    ) {
        let endpoint = endpoint(WsTrustVersion::V13);
        let token = UsernameToken { id: ID, username: &username, password: &password };
        let envelope = envelope(&Issue { username_token: Some(token), ..issue(&endpoint) }).unwrap();
        prop_assert_eq!(envelope.len(), envelope.capacity());
        let at = |name| text_of(&envelope, &["Header", "Security", "UsernameToken", name]).unwrap();
        prop_assert_eq!(at("Username"), username);
        prop_assert_eq!(at("Password"), password);
    }

    #[test]
    fn times_are_those_of_the_calendar(ms in 0..END_OF_TIME_MS) {
        let expected = jiff::Timestamp::from_millisecond(ms as i64).unwrap();
        prop_assert_eq!(timestamp(ms).unwrap(), format!("{expected:.3}"));
    }
}

#[test]
fn days_around_leap_days_and_new_years_are_those_of_the_calendar() {
    let date = jiff::civil::date(1970, 1, 1);
    for days in (0..60_000).chain(2_800_000..2_932_896) {
        let expected = date.checked_add(jiff::Span::new().days(days)).unwrap();
        let (year, month, day) = civil_from_days(days as u64).unwrap();
        assert_eq!(
            (year as i16, month as i8, day as i8),
            (expected.year(), expected.month(), expected.day())
        );
    }
}
