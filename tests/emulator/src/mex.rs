//! The federation server's metadata: a WSDL shaped like that of AD FS, with endpoints that must not be chosen.

use std::fmt::Write as _;

use hyper::StatusCode;

use crate::config::TrustVersion;
use crate::reply::{self, Reply};
use crate::soap::escaped;
use crate::sts::Farm;

const POLICY_2005: &str = "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy";
const POLICY_200702: &str = "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702";
const ALWAYS_2005: &str =
    "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy/IncludeToken/AlwaysToRecipient";
const ALWAYS_200702: &str =
    "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702/IncludeToken/AlwaysToRecipient";

/// What a policy asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// HTTP Negotiate, over TLS.
    Negotiate,
    /// A password in the message, over TLS.
    Password,
    /// A certificate that signs the message, over TLS.
    Certificate,
    /// A password in a message that is itself encrypted, over plain http.
    EncryptedPassword,
    /// HTTP basic authentication, over TLS.
    Basic,
}

struct Endpoint {
    version: TrustVersion,
    path: &'static str,
    asks: Asks,
}

/// `GET …/mex`.
pub(crate) fn metadata(farm: &Farm) -> Reply {
    let endpoints = endpoints(farm);
    let mut text = String::from(concat!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n",
        "<wsdl:definitions name=\"SecurityTokenService\" targetNamespace=\"http://tempuri.org/\"",
        " xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\"",
        " xmlns:wsp=\"http://schemas.xmlsoap.org/ws/2004/09/policy\"",
        " xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\"",
        " xmlns:wsa10=\"http://www.w3.org/2005/08/addressing\"",
        " xmlns:wsaw=\"http://www.w3.org/2006/05/addressing/wsdl\"",
        " xmlns:soap12=\"http://schemas.xmlsoap.org/wsdl/soap12/\"",
        " xmlns:tns=\"http://schemas.microsoft.com/ws/2008/06/identity/securitytokenservice\">\r\n",
    ));
    // Writing to a String cannot fail.
    for endpoint in &endpoints {
        let _ = write!(text, "{}", policy(endpoint));
    }
    for endpoint in &endpoints {
        let _ = write!(text, "{}", binding(endpoint));
    }
    text.push_str("  <wsdl:service name=\"SecurityTokenService\">\r\n");
    for endpoint in &endpoints {
        let _ = write!(text, "{}", port(farm, endpoint));
    }
    text.push_str("  </wsdl:service>\r\n</wsdl:definitions>\r\n");
    reply::reply(StatusCode::OK, "text/xml; charset=utf-8", text)
}

fn endpoints(farm: &Farm) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for version in [TrustVersion::V2005, TrustVersion::V1_3] {
        let add =
            |endpoints: &mut Vec<Endpoint>, path, asks| endpoints.push(Endpoint { version, path, asks });
        if !farm.autologon {
            add(&mut endpoints, "certificatemixed", Asks::Certificate);
            add(&mut endpoints, "username", Asks::EncryptedPassword);
            add(&mut endpoints, "usernamebasictransport", Asks::Basic);
        }
        if farm.versions.contains(&version) {
            add(&mut endpoints, "windowstransport", Asks::Negotiate);
            add(&mut endpoints, "usernamemixed", Asks::Password);
        }
    }
    endpoints
}

impl Endpoint {
    fn name(&self) -> String {
        format!("{}Binding_IWSTrust{}Async", self.path, self.version.segment())
    }

    /// The security policy's namespace; the Negotiate policy of 1.3 keeps the old one, as in AD FS.
    fn namespace(&self) -> &'static str {
        match (self.version, self.asks) {
            (TrustVersion::V2005, _) | (_, Asks::Negotiate) => POLICY_2005,
            (TrustVersion::V1_3, _) => POLICY_200702,
        }
    }

    fn always(&self) -> &'static str {
        if self.namespace() == POLICY_2005 { ALWAYS_2005 } else { ALWAYS_200702 }
    }
}

fn policy(endpoint: &Endpoint) -> String {
    let sp = endpoint.namespace();
    let tls = format!(
        concat!(
            "        <sp:TransportBinding xmlns:sp=\"{}\"><wsp:Policy>",
            "<sp:TransportToken><wsp:Policy><sp:HttpsToken RequireClientCertificate=\"false\"/></wsp:Policy></sp:TransportToken>",
            "<sp:AlgorithmSuite><wsp:Policy><sp:Basic256/></wsp:Policy></sp:AlgorithmSuite>",
            "<sp:Layout><wsp:Policy><sp:Strict/></wsp:Policy></sp:Layout><sp:IncludeTimestamp/>",
            "</wsp:Policy></sp:TransportBinding>\r\n"
        ),
        sp
    );
    let http = "xmlns:http=\"http://schemas.microsoft.com/ws/06/2004/policy/http\"";
    // What carries a password has another name in each version.
    let tokens = match endpoint.version {
        TrustVersion::V2005 => "SignedSupportingTokens",
        TrustVersion::V1_3 => "SignedEncryptedSupportingTokens",
    };
    let password = format!(
        concat!(
            "        <sp:{tokens} xmlns:sp=\"{sp}\"><wsp:Policy>",
            "<sp:UsernameToken sp:IncludeToken=\"{always}\"><wsp:Policy><sp:WssUsernameToken10/></wsp:Policy></sp:UsernameToken>",
            "</wsp:Policy></sp:{tokens}>\r\n"
        ),
        tokens = tokens,
        sp = sp,
        always = endpoint.always()
    );
    let content = match endpoint.asks {
        Asks::Negotiate => format!("        <http:NegotiateAuthentication {http}/>\r\n{tls}"),
        Asks::Basic => format!("        <http:BasicAuthentication {http}/>\r\n{tls}"),
        Asks::Password => format!("{tls}{password}"),
        Asks::Certificate => format!(
            concat!(
                "{}        <sp:EndorsingSupportingTokens xmlns:sp=\"{}\"><wsp:Policy>",
                "<sp:X509Token sp:IncludeToken=\"{}\"><wsp:Policy><sp:WssX509V3Token10/></wsp:Policy></sp:X509Token>",
                "</wsp:Policy></sp:EndorsingSupportingTokens>\r\n"
            ),
            tls,
            sp,
            endpoint.always()
        ),
        Asks::EncryptedPassword => format!(
            concat!(
                "        <sp:SymmetricBinding xmlns:sp=\"{}\"><wsp:Policy>",
                "<sp:ProtectionToken><wsp:Policy><sp:X509Token/></wsp:Policy></sp:ProtectionToken>",
                "</wsp:Policy></sp:SymmetricBinding>\r\n{}"
            ),
            sp, password
        ),
    };
    format!(
        concat!(
            "  <wsp:Policy wsu:Id=\"{}_policy\">\r\n    <wsp:ExactlyOne>\r\n      <wsp:All>\r\n",
            "{}        <wsaw:UsingAddressing/>\r\n      </wsp:All>\r\n    </wsp:ExactlyOne>\r\n  </wsp:Policy>\r\n"
        ),
        endpoint.name(),
        content
    )
}

fn binding(endpoint: &Endpoint) -> String {
    format!(
        concat!(
            "  <wsdl:binding name=\"{name}\" type=\"tns:IWSTrust{version}Async\">\r\n",
            "    <wsp:PolicyReference URI=\"#{name}_policy\"/>\r\n",
            "    <soap12:binding transport=\"http://schemas.xmlsoap.org/soap/http\"/>\r\n",
            "    <wsdl:operation name=\"Trust{version}IssueAsync\">\r\n",
            "      <soap12:operation soapAction=\"{action}\" style=\"document\"/>\r\n",
            "      <wsdl:input><soap12:body use=\"literal\"/></wsdl:input>",
            "<wsdl:output><soap12:body use=\"literal\"/></wsdl:output>\r\n",
            "    </wsdl:operation>\r\n  </wsdl:binding>\r\n"
        ),
        name = endpoint.name(),
        version = endpoint.version.segment(),
        action = endpoint.version.action()
    )
}

fn port(farm: &Farm, endpoint: &Endpoint) -> String {
    let mut address = farm.url(endpoint.version, endpoint.path);
    if endpoint.asks == Asks::EncryptedPassword {
        address = address.replacen("https://", "http://", 1);
    }
    let address = escaped(&address);
    // Real documents wrap their addresses now and then.
    let blank = if endpoint.version == TrustVersion::V2005 { "\r\n        " } else { "" };
    format!(
        concat!(
            "    <wsdl:port name=\"{name}\" binding=\"tns:{name}\">\r\n",
            "      <soap12:address location=\"{address}\"/>\r\n",
            "      <wsa10:EndpointReference><wsa10:Address>{blank}{address}{blank}</wsa10:Address></wsa10:EndpointReference>\r\n",
            "    </wsdl:port>\r\n"
        ),
        name = endpoint.name(),
        address = address,
        blank = blank
    )
}
