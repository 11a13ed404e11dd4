//! Responses put together from parts.

use super::*;

const SAML_1: &str = "urn:oasis:names:tc:SAML:1.0:assertion";
const SAML_2: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

fn soap(declarations: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' {declarations}><s:Header/><s:Body>{body}</s:Body></s:Envelope>"
    )
}

fn response(token: &str) -> String {
    format!(
        "<t:RequestSecurityTokenResponse><t:RequestedSecurityToken>{token}</t:RequestedSecurityToken></t:RequestSecurityTokenResponse>"
    )
}

fn collection(responses: &str) -> String {
    format!(
        "<t:RequestSecurityTokenResponseCollection>{responses}</t:RequestSecurityTokenResponseCollection>"
    )
}

fn v13(responses: &str) -> String {
    soap("xmlns:t='http://docs.oasis-open.org/ws-sx/ws-trust/200512'", &collection(responses))
}

fn v2005(body: &str) -> String {
    soap("xmlns:t='http://schemas.xmlsoap.org/ws/2005/02/trust'", body)
}

/// The version and text of the assertion in a body.
fn assertion(body: &str) -> Option<(SamlVersion, String)> {
    match parse_response(body.as_bytes()) {
        Ok(Answer::Assertion(found)) => {
            let text = found.text(body.as_bytes());
            assert_eq!(text, found.bytes(body.as_bytes()).expose());
            Some((found.version(), String::from_utf8(text.to_vec()).unwrap()))
        }
        Err(RstrError::NoToken) => None,
        other => panic!("{other:?}"),
    }
}

fn fault(body: &str) -> SoapFault {
    match parse_response(body.as_bytes()) {
        Ok(Answer::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

const V1: SamlVersion = SamlVersion::V1_1;
const V2: SamlVersion = SamlVersion::V2_0;

#[test]
fn the_assertion_is_cut_byte_for_byte() {
    let token = format!(
        "<saml:Assertion\r\n\txmlns:saml = '{SAML_1}' x=\"&#10;\">é<!-- c --> <a/><![CDATA[<]]>\r\n</saml:Assertion >"
    );
    for body in [v13(&response(&format!(" \n{token} "))), format!("\u{FEFF}{}", v2005(&response(&token)))] {
        assert_eq!(assertion(&body), Some((V1, token.clone())));
    }
    let token = format!("<Assertion xmlns='{SAML_2}'/>");
    assert_eq!(assertion(&v13(&response(&token))), Some((V2, token)));
}

#[test]
fn each_version_has_its_place() {
    let token = response(&format!("<Assertion xmlns='{SAML_1}'/>"));
    let in_13 = |body: &str| soap("xmlns:t='http://docs.oasis-open.org/ws-sx/ws-trust/200512'", body);
    assert!(assertion(&v2005(&token)).is_some());
    assert!(assertion(&v2005(&collection(&token))).is_some());
    assert!(assertion(&in_13(&collection(&token))).is_some());
    assert_eq!(assertion(&in_13(&token)), None, "a bare response of WS-Trust 1.3");
    assert_eq!(assertion(&in_13(&format!("<x>{}</x>", collection(&token)))), None, "not a child of the body");
    assert_eq!(assertion(&soap("xmlns:t='urn:x'", &collection(&token))), None);
    let in_header = in_13("").replace("<s:Header/>", &format!("<s:Header>{}</s:Header>", collection(&token)));
    assert_eq!(assertion(&in_header), None);
    let soap_11 = in_13(&collection(&token))
        .replace("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/");
    assert!(assertion(&soap_11).is_some());
}

#[test]
fn the_first_saml_1_assertion_goes_before_the_first_saml_2() {
    let one = |n: u8| format!("<Assertion xmlns='{SAML_1}' n='{n}'/>");
    let two = |n: u8| format!("<Assertion xmlns='{SAML_2}' n='{n}'/>");
    let all = [two(1), "<jwt/>".to_owned(), one(2), two(3), one(4)];
    let responses: String = all.iter().map(|token| response(token)).collect();
    assert_eq!(assertion(&v13(&responses)), Some((V1, one(2))));
    let responses: String = [two(1), two(2)].iter().map(|token| response(token)).collect();
    assert_eq!(assertion(&v13(&responses)), Some((V2, two(1))));
}

#[test]
fn the_token_type_decides_only_outside_of_the_saml_namespaces() {
    let profile = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV";
    for (token, uri, expected) in [
        ("<x/>", SAML_1, Some(V1)),
        ("<x/>", SAML_2, Some(V2)),
        ("<x/>", &format!("{profile}1.1"), Some(V1)),
        ("<x/>", &format!("\n {profile}2.0\t"), Some(V2)),
        ("<x/>", "urn:ietf:params:oauth:token-type:jwt", None),
        (&format!("<Assertion xmlns='{SAML_2}'/>"), SAML_1, Some(V2)),
        (&format!("<Assertion xmlns='{SAML_1}'/>"), "urn:x", Some(V1)),
        (&format!("<EncryptedAssertion xmlns='{SAML_2}'/>"), SAML_2, None),
        ("text", SAML_1, None),
        ("", SAML_1, None),
    ] {
        let token_type = format!("<t:TokenType>{uri}</t:TokenType>");
        let after = response(token).replace(
            "</t:RequestSecurityTokenResponse>",
            &format!("{token_type}</t:RequestSecurityTokenResponse>"),
        );
        let before = response(token).replace(
            "<t:RequestSecurityTokenResponse>",
            &format!("<t:RequestSecurityTokenResponse>{token_type}"),
        );
        for response in [after, before] {
            assert_eq!(assertion(&v13(&response)).map(|found| found.0), expected, "{token} {uri}");
        }
    }
    assert_eq!(assertion(&v13(&response("<x/>"))), None, "no token type");
}

#[test]
fn inherited_declarations_are_added_where_they_are_used() {
    let declarations = format!(
        "xmlns='urn:default' xmlns:saml='{SAML_1}' xmlns:a='urn:a?&quot;&amp;&lt;&#10;' xmlns:unused='urn:unused' \
         xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:xs='urn:xs' xmlns:own='urn:outer'"
    );
    let complete = |token: &str| {
        let body = v13(&response(token)).replace("<s:Header/>", "<s:Header />");
        let body = body.replacen("xmlns:t=", &format!("{declarations} xmlns:t="), 1);
        let found = assertion(&body).unwrap().1;
        // The cut, read alone, means what it meant in place.
        let whole = roxmltree::Document::parse(&body).unwrap();
        let part = roxmltree::Document::parse(&found).unwrap();
        let inside = whole.descendants().find(|node| node.tag_name().name() == "Assertion").unwrap();
        let names = |node: roxmltree::Node<'_, '_>| -> Vec<(Option<String>, String)> {
            let elements = node.descendants().filter(roxmltree::Node::is_element);
            elements
                .flat_map(|e| {
                    let attributes =
                        e.attributes().map(|a| (a.namespace().map(str::to_owned), a.name().to_owned()));
                    let name = (e.tag_name().namespace().map(str::to_owned), e.tag_name().name().to_owned());
                    std::iter::once(name).chain(attributes.collect::<Vec<_>>())
                })
                .collect()
        };
        assert_eq!(names(inside), names(part.root_element()));
        found
    };
    assert_eq!(complete("<saml:Assertion/>"), format!("<saml:Assertion xmlns:saml=\"{SAML_1}\"/>"));
    assert_eq!(
        complete("<saml:Assertion\n x='1'><a:b/></saml:Assertion>"),
        format!(
            "<saml:Assertion xmlns:saml=\"{SAML_1}\" xmlns:a=\"urn:a?&quot;&amp;&lt;&#10;\"\n x='1'><a:b/></saml:Assertion>"
        )
    );
    assert_eq!(
        complete(&format!("<q:Assertion xmlns:q='{SAML_1}'><b/></q:Assertion>")),
        format!("<q:Assertion xmlns=\"urn:default\" xmlns:q='{SAML_1}'><b/></q:Assertion>")
    );
    assert_eq!(
        complete(&format!("<Assertion xmlns='{SAML_1}'><b a:c=''/></Assertion>")),
        format!("<Assertion xmlns:a=\"urn:a?&quot;&amp;&lt;&#10;\" xmlns='{SAML_1}'><b a:c=''/></Assertion>")
    );
    assert_eq!(
        complete(&format!("<Assertion xmlns='{SAML_1}'><b xsi:type=' xs:string'/></Assertion>")),
        format!(
            "<Assertion xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xs=\"urn:xs\" xmlns='{SAML_1}'><b xsi:type=' xs:string'/></Assertion>"
        )
    );
    let own = format!(
        "<Assertion xmlns='{SAML_1}' xmlns:own='urn:own'><own:b type='xs:x'><c xmlns=''/></own:b></Assertion>"
    );
    assert_eq!(complete(&own), own, "declared inside");
}

#[test]
fn a_fault_tells_subcode_reason_and_detail() {
    let trust = "http://schemas.xmlsoap.org/ws/2005/02/trust";
    let body = soap(
        "xmlns:a='urn:outer'",
        &format!(
            "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:a='{trust}'> a:Failed<!-- -->Authentication\n\
             </s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang='en'> MSIS7068: A &amp; <![CDATA[B]]>. </s:Text>\
             <s:Text>second</s:Text></s:Reason><s:Detail><p:error xmlns:p='http://schemas.microsoft.com/Passport/SoapServices/SOAPFault'>\
             <p:value>0x1</p:value><p:internalerror><p:code>1</p:code><p:text>AADSTS81004: no.</p:text></p:internalerror></p:error>\
             </s:Detail></s:Fault>"
        ),
    );
    let found = fault(&body);
    let name = QName { namespace: Some(trust.to_owned()), local: "FailedAuthentication".to_owned() };
    assert_eq!(found.subcode, Some(name));
    assert_eq!(found.reason.as_deref(), Some("MSIS7068: A & B."));
    assert_eq!(found.detail.as_deref(), Some("AADSTS81004: no."));
}

use super::fault::QName;

#[test]
fn the_innermost_subcode_counts() {
    let inner = "<s:Subcode><s:Value>u:Inner</s:Value></s:Subcode>";
    let code =
        |subcode: &str| fault(&soap("", &format!("<s:Fault><s:Code>{subcode}</s:Code></s:Fault>"))).subcode;
    let local = |subcode: &str| code(subcode).map(|name| (name.namespace, name.local));
    let undeclared = Some((None, "Inner".to_owned()));
    assert_eq!(local(&format!("<s:Subcode><s:Value>s:Outer</s:Value>{inner}</s:Subcode>")), undeclared);
    assert_eq!(local("<s:Subcode><s:Value>Plain</s:Value></s:Subcode>"), Some((None, "Plain".to_owned())));
    assert_eq!(local("<s:Subcode><s:Value> </s:Value></s:Subcode>"), None);
    assert_eq!(local("<s:Value>s:Sender</s:Value>"), None);
}

#[test]
fn the_outer_subcodes_are_kept_in_their_order() {
    let nested = "<s:Subcode><s:Value>t:Outer</s:Value><s:Subcode><s:Subcode><s:Value>t:Inner</s:Value></s:Subcode>\
        <s:Value>t:Middle</s:Value></s:Subcode><s:Subcode><s:Value>t:Second</s:Value></s:Subcode></s:Subcode>";
    let found = fault(&soap("xmlns:t='urn:t'", &format!("<s:Fault><s:Code>{nested}</s:Code></s:Fault>")));
    let locals: Vec<_> = found.subcodes.iter().map(|code| code.local.as_str()).collect();
    assert_eq!(locals, ["Outer", "Middle", "Inner"]);
    assert_eq!(found.subcode.as_ref(), found.subcodes.last());
}

#[test]
fn a_soap_1_1_fault_is_read_too() {
    let body = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault>\
        <faultcode xmlns:q='urn:q'>q:FailedAuthentication</faultcode><faultstring>no</faultstring><detail/></e:Fault>\
        </e:Body></e:Envelope>";
    let found = fault(body);
    assert_eq!(found.subcode.unwrap().namespace.as_deref(), Some("urn:q"));
    assert_eq!((found.reason.as_deref(), found.detail), (Some("no"), None));
}

#[test]
fn texts_of_a_fault_are_bounded_and_empty_ones_absent() {
    let reason = |text: &str| {
        fault(&soap("", &format!("<s:Fault><s:Reason><s:Text>{text}</s:Text></s:Reason></s:Fault>"))).reason
    };
    assert_eq!(reason(" \n"), None);
    assert_eq!(reason(&"é".repeat(5000)).unwrap(), "é".repeat(2048));
    assert_eq!(reason(&format!("a{}", "é".repeat(5000))).unwrap().len(), 4095);
    assert_eq!(fault(&soap("", "<s:Fault><s:Reason/></s:Fault>")), SoapFault::default());
}

#[test]
fn an_assertion_goes_before_a_fault_and_a_fault_before_nothing() {
    let token = response(&format!("<Assertion xmlns='{SAML_1}'/>"));
    assert!(assertion(&v2005(&format!("<s:Fault/>{token}"))).is_some());
    assert_eq!(fault(&v2005(&format!("{}<s:Fault/>", response("<x/>")))), SoapFault::default());
    let inside = soap("", "<x><s:Fault/></x>");
    assert_eq!(parse_response(inside.as_bytes()).unwrap_err(), RstrError::NoToken, "not a child of the body");
}

#[test]
fn what_is_no_soap_is_an_error_without_the_body() {
    let not_soap = "<Envelope><secret/></Envelope>";
    assert_eq!(parse_response(not_soap.as_bytes()).unwrap_err(), RstrError::NotSoap);
    assert_eq!(parse_response(b"Unauthorized").unwrap_err(), RstrError::Xml(XmlError::OutsideRoot(0)));
    let unclosed = "<secret></other>";
    let error = parse_response(unclosed.as_bytes()).unwrap_err();
    assert_eq!(error, RstrError::Xml(XmlError::EndTag(8)));
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn debug_does_not_show_the_assertion() {
    for token in [format!("<Assertion xmlns='{SAML_1}'>secret</Assertion>"), "<s:x>secret</s:x>".to_owned()] {
        let typed = response(&token)
            .replace("<t:Requested", &format!("<t:TokenType>{SAML_1}</t:TokenType><t:Requested"));
        let body = v13(&typed);
        let answer = parse_response(body.as_bytes()).unwrap();
        assert!(!format!("{answer:?}").contains("secret"));
    }
}
