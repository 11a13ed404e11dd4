//! Documents put together from parts, each test with one part out of the ordinary.

use super::*;

const SP: &str = "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702";
const SP_2005: &str = "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy";

fn definitions(content: &str) -> String {
    format!(
        "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/' xmlns:p='http://schemas.xmlsoap.org/ws/2004/09/policy' \
         xmlns:u='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd' \
         xmlns:b='http://schemas.xmlsoap.org/wsdl/soap12/' xmlns:a='http://www.w3.org/2005/08/addressing' \
         xmlns:h='http://schemas.microsoft.com/ws/06/2004/policy/http' xmlns:sp='{SP}' xmlns:sp5='{SP_2005}' \
         xmlns:i='http://schemas.xmlsoap.org/ws/2006/02/addressingidentity' xmlns:t='urn:t'>{content}</w:definitions>"
    )
}

fn policy(id: &str, assertions: &str) -> String {
    format!("<p:Policy u:Id='{id}'><p:ExactlyOne><p:All>{assertions}</p:All></p:ExactlyOne></p:Policy>")
}

fn integrated(id: &str) -> String {
    policy(id, "<h:NegotiateAuthentication/><sp5:TransportBinding><p:Policy/></sp5:TransportBinding>")
}

fn username(id: &str, outer: &str, inner: &str, tokens: &str) -> String {
    policy(
        id,
        &format!(
            "<sp:TransportBinding/><{outer}:{tokens}><p:Policy><{inner}:UsernameToken><p:Policy>\
             <{inner}:WssUsernameToken10/></p:Policy></{inner}:UsernameToken></p:Policy></{outer}:{tokens}>"
        ),
    )
}

fn binding_of(name: &str, policy: &str, action: &str) -> String {
    format!(
        "<w:binding name='{name}'><p:PolicyReference URI='#{policy}'/>\
         <b:binding transport='http://schemas.xmlsoap.org/soap/http'/>\
         <w:operation><b:operation soapAction='{action}'/></w:operation></w:binding>"
    )
}

fn binding(name: &str, policy: &str, version: WsTrustVersion) -> String {
    binding_of(name, policy, version.action())
}

fn port(binding: &str, address: &str) -> String {
    format!(
        "<w:service><w:port binding='{binding}'><a:EndpointReference><a:Address>{address}</a:Address>\
         </a:EndpointReference></w:port></w:service>"
    )
}

fn endpoints(content: &str) -> Endpoints {
    parse(definitions(content).as_bytes(), false).unwrap()
}

fn address(endpoint: Option<WsTrustEndpoint>) -> Option<String> {
    endpoint.map(|endpoint| endpoint.url.into())
}

/// The address found for Integrated Windows Authentication by way of one binding and one port.
fn found(policy: &str, binding: &str, port: &str) -> Option<String> {
    address(endpoints(&[policy, binding, port].concat()).integrated)
}

const V13: WsTrustVersion = WsTrustVersion::V13;

#[test]
fn the_lists_are_joined_in_any_order() {
    let parts = [integrated("p"), binding("b", "p", V13), port("t:b", "https://s/")];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let content: String = order.iter().map(|part| parts[*part].as_str()).collect();
        assert_eq!(address(endpoints(&content).integrated).as_deref(), Some("https://s/"));
        assert_eq!(endpoints(&content).username_password, None);
    }
}

#[test]
fn version_1_3_is_preferred_then_document_order() {
    let content = [
        integrated("p"),
        username("q", "sp5", "sp5", "SignedSupportingTokens"),
        binding("b5", "p", WsTrustVersion::V2005),
        binding("b13", "p", V13),
        binding("c5", "q", WsTrustVersion::V2005),
        port("b5", "https://s/1"),
        port("b13", "https://s/2"),
        port("b13", "https://s/3"),
        port("c5", "https://s/4"),
        port("c5", "https://s/5"),
    ];
    let Endpoints { integrated, username_password } = endpoints(&content.concat());
    assert_eq!(integrated, Some(WsTrustEndpoint::new(Url::parse("https://s/2").unwrap(), V13)));
    let v2005 = WsTrustVersion::V2005;
    assert_eq!(username_password, Some(WsTrustEndpoint::new(Url::parse("https://s/4").unwrap(), v2005)));
}

#[test]
fn a_username_policy_stays_in_one_namespace() {
    for (outer, inner, tokens, expected) in [
        ("sp", "sp", "SignedEncryptedSupportingTokens", true),
        ("sp", "sp", "SignedSupportingTokens", true),
        ("sp5", "sp5", "SignedSupportingTokens", true),
        ("sp", "sp5", "SignedEncryptedSupportingTokens", false),
        ("sp5", "sp", "SignedSupportingTokens", false),
        ("sp", "sp", "EndorsingSupportingTokens", false),
        ("t", "sp", "SignedSupportingTokens", false),
    ] {
        let content = [username("p", outer, inner, tokens), binding("b", "p", V13), port("b", "https://s/")];
        assert_eq!(
            endpoints(&content.concat()).username_password.is_some(),
            expected,
            "{outer} {inner} {tokens}"
        );
    }
}

#[test]
fn policies_need_transport_security_beside_their_assertion() {
    let (binding, port) = (binding("b", "p", V13), port("b", "https://s/"));
    let negotiate = "<h:NegotiateAuthentication/>";
    for (assertions, expected) in [
        (format!("{negotiate}<sp:TransportBinding/>"), true),
        (format!("<sp5:TransportBinding/>{negotiate}"), true),
        (negotiate.to_owned(), false),
        (format!("{negotiate}<sp:SymmetricBinding><sp:TransportBinding/></sp:SymmetricBinding>"), false),
        (format!("{negotiate}</p:All><p:All><sp:TransportBinding/>"), false),
        (format!("<p:ExactlyOne><p:All>{negotiate}<sp:TransportBinding/></p:All></p:ExactlyOne>"), true),
        ("<h:BasicAuthentication/><sp:TransportBinding/>".to_owned(), false),
    ] {
        assert_eq!(found(&policy("p", &assertions), &binding, &port).is_some(), expected, "{assertions}");
    }
}

#[test]
fn operators_may_stand_between_token_and_profile() {
    let content = [
        policy(
            "p",
            "<sp:TransportBinding/><sp:SignedSupportingTokens><p:Policy><p:ExactlyOne><p:All><sp:UsernameToken>\
             <p:Policy><p:All><sp:WssUsernameToken11/></p:All></p:Policy></sp:UsernameToken></p:All></p:ExactlyOne>\
             </p:Policy></sp:SignedSupportingTokens>",
        ),
        binding("b", "p", V13),
        port("b", "https://s/"),
    ];
    assert!(endpoints(&content.concat()).username_password.is_some());
}

#[test]
fn what_is_incomplete_is_skipped() {
    let (policy, good) = (integrated("p"), port("b", "https://s/"));
    let whole = binding("b", "p", V13);
    assert!(found(&policy, &whole, &good).is_some());
    for (from, to) in [
        (" name='b'", ""),
        (" URI='#p'", ""),
        (" URI='#p'", " URI='#q'"),
        (" transport='http://schemas.xmlsoap.org/soap/http'", ""),
        (" transport='http://schemas.xmlsoap.org/soap/http'", " transport='urn:x'"),
        (" soapAction='", " other='"),
        ("RST/Issue", "RST/Cancel"),
    ] {
        assert_eq!(found(&policy, &whole.replace(from, to), &good), None, "{from}");
    }
    for (from, to) in [
        (" binding='b'", ""),
        (" binding='b'", " binding='c'"),
        ("<a:Address>https://s/</a:Address>", ""),
        ("https://s/", ""),
        ("https://s/", "/path"),
        ("https://s/", "ftp://s/"),
        ("https://s/", "https://"),
        ("a:EndpointReference", "t:EndpointReference"),
    ] {
        assert_eq!(found(&policy, &whole, &good.replace(from, to)), None, "{from}");
        let both = good.replace(from, to) + &good;
        assert!(found(&policy, &whole, &both).is_some(), "a bad port hides no good one: {from}");
    }
}

#[test]
fn values_are_trimmed_and_compared_without_case() {
    let action = format!(" \n{}\t", V13.action().to_uppercase());
    let binding = binding_of("b", "p", &action)
        .replace("http://schemas.xmlsoap.org/soap/http", " HTTP://Schemas.xmlsoap.org/SOAP/http ");
    let port = port("t:b", "\n\t https://s/trust?<!-- c -->client-request-id=1&amp;<![CDATA[x=y]]>\r\n");
    assert_eq!(
        found(&integrated("p"), &binding, &port).as_deref(),
        Some("https://s/trust?client-request-id=1&x=y")
    );
}

#[test]
fn all_references_and_operations_of_a_binding_count() {
    let binding = "<w:binding name='b'><p:PolicyReference URI='#none'/><p:PolicyReference URI='p'/>\
         <b:binding transport='http://schemas.xmlsoap.org/soap/http'/><w:operation/>\
         <w:operation><b:operation soapAction='urn:x'/></w:operation><w:operation><b:operation soapAction='";
    let binding = [binding, V13.action(), "'/></w:operation></w:binding>"].concat();
    assert!(found(&integrated("p"), &binding, &port("b", "https://s/")).is_some());
}

#[test]
fn duplicate_names_are_merged() {
    let policies = integrated("p") + &username("p", "sp", "sp", "SignedSupportingTokens") + &policy("p", "");
    let bindings =
        binding("b", "none", V13) + &binding("b", "p", V13) + &binding("b", "p", WsTrustVersion::V2005);
    let found = endpoints(&[policies, bindings, port("b", "https://s/")].concat());
    assert_eq!(found.integrated.unwrap().version, V13);
    assert_eq!(found.username_password.unwrap().version, V13);
}

#[test]
fn http_is_taken_on_loopback_only_and_only_if_allowed() {
    for (url, loopback) in [
        ("http://127.0.0.1:8080/trust", true),
        ("http://127.1.2.3/", true),
        ("http://[::1]:80/", true),
        ("http://localhost:1/", true),
        ("http://localhost.example.com/", false),
        ("http://10.0.0.1/", false),
        ("http://sts.contoso.com/", false),
    ] {
        let content = [integrated("p"), binding("b", "p", V13), port("b", url)].concat();
        let found = |allow| parse(definitions(&content).as_bytes(), allow).unwrap().integrated.is_some();
        assert_eq!((found(false), found(true)), (false, loopback), "{url}");
    }
}

#[test]
fn the_service_name_is_kept() {
    let named = "<i:Identity><i:Upn>x</i:Upn><i:Spn> host/s </i:Spn></i:Identity>";
    let port =
        port("b", "https://s/").replace("</a:EndpointReference>", &format!("{named}</a:EndpointReference>"));
    let content = [integrated("p"), binding("b", "p", V13), port].concat();
    assert_eq!(endpoints(&content).integrated.unwrap().spn.as_deref(), Some("host/s"));
}

#[test]
fn definitions_are_found_inside_of_an_envelope() {
    let content = [integrated("p"), binding("b", "p", V13), port("b", "https://s/")].concat();
    let wrapped = format!("\u{FEFF}<e:x xmlns:e='https://wrong'><e:y>{}</e:y></e:x>", definitions(&content));
    assert!(parse(wrapped.as_bytes(), false).unwrap().integrated.is_some());
}

#[test]
fn only_what_is_no_wsdl_is_an_error() {
    assert_eq!(parse(definitions("").as_bytes(), false), Ok(Endpoints::default()));
    assert_eq!(parse(b"<html/>", false), Err(MexError::NoDefinitions));
    assert_eq!(parse(b"<html>", false), Err(MexError::Xml(XmlError::Unclosed(6))));
    assert_eq!(parse(b"<!DOCTYPE html><html/>", false), Err(MexError::Xml(XmlError::Doctype(0))));
    let broken = definitions("<p:Policy/>").replace("</w:definitions>", "</w:definition>");
    assert!(matches!(parse(broken.as_bytes(), false), Err(MexError::Xml(XmlError::EndTag(_)))));
}
