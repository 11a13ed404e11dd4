//! Documents as the service and a federation server write them, made up for these tests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A federated domain.
#[must_use]
pub fn federated_realm() -> String {
    r#"{"ver":"1.0","account_type":"Federated","domain_name":"contoso.com","federation_protocol":"WSTrust",
        "federation_metadata_url":"https://sts.contoso.com/adfs/services/trust/mex?client-request-id=1",
        "federation_active_auth_url":"https://sts.contoso.com/adfs/services/trust/2005/usernamemixed",
        "cloud_instance_name":"microsoftonline.com","cloud_audience_urn":"urn:federation:MicrosoftOnline"}"#
        .to_owned()
}

/// What instance discovery says of a host that it knows.
pub const KNOWN_INSTANCE: &str = r#"{"tenant_discovery_endpoint":"https://x.example/t/v2.0","metadata":[]}"#;

/// A domain whose passwords are checked in the cloud.
pub const MANAGED_REALM: &str = r#"{"ver":"1.0","account_type":"Managed","domain_name":"contoso.com"}"#;

/// One way to authenticate at a federation server.
#[derive(Debug, Clone, Copy)]
pub struct Port {
    /// Also the names of its policy and binding.
    pub name: &'static str,
    /// 1.3 or 2005.
    pub v13: bool,
    /// Integrated or with a password.
    pub integrated: bool,
    /// The address.
    pub address: &'static str,
    /// The Kerberos name of the service.
    pub spn: Option<&'static str>,
}

/// The four ports of an AD FS.
#[must_use]
pub fn ports() -> Vec<Port> {
    let port = |name, v13, integrated, address| Port { name, v13, integrated, address, spn: None };
    vec![
        port(
            "UserNameMixed2005",
            false,
            false,
            "https://sts.contoso.com/adfs/services/trust/2005/usernamemixed",
        ),
        port("UserNameMixed13", true, false, "https://sts.contoso.com/adfs/services/trust/13/usernamemixed"),
        port("Windows2005", false, true, "https://sts.contoso.com/adfs/services/trust/2005/windowstransport"),
        port(
            "Windows13",
            true,
            true,
            "\n      https://sts.contoso.com/adfs/services/trust/13/windowstransport\n",
        ),
    ]
}

/// A metadata document with these ports.
#[must_use]
pub fn metadata(ports: &[Port]) -> String {
    let mut policies = String::new();
    let mut bindings = String::new();
    let mut services = String::new();
    for Port { name, v13, integrated, address, spn } in ports {
        let sp = if *v13 && !integrated { "sp" } else { "sp05" };
        let credential = if *integrated {
            "<http:NegotiateAuthentication/>".to_owned()
        } else {
            let tokens = if *v13 { "SignedEncryptedSupportingTokens" } else { "SignedSupportingTokens" };
            format!(
                "<{sp}:{tokens}><wsp:Policy><{sp}:UsernameToken><wsp:Policy><{sp}:WssUsernameToken10/></wsp:Policy>\
                 </{sp}:UsernameToken></wsp:Policy></{sp}:{tokens}>"
            )
        };
        policies += &format!(
            "<wsp:Policy wsu:Id=\"{name}_policy\"><wsp:ExactlyOne><wsp:All>{credential}<{sp}:TransportBinding/>\
             </wsp:All></wsp:ExactlyOne></wsp:Policy>"
        );
        let action = if *v13 {
            "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue"
        } else {
            "http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue"
        };
        bindings += &format!(
            "<wsdl:binding name=\"{name}_binding\" type=\"tns:x\"><wsp:PolicyReference URI=\"#{name}_policy\"/>\
             <soap12:binding transport=\"http://schemas.xmlsoap.org/soap/http\"/><wsdl:operation name=\"TrustIssue\">\
             <soap12:operation soapAction=\"{action}\" style=\"document\"/></wsdl:operation></wsdl:binding>"
        );
        let identity = spn.map_or_else(String::new, |spn| {
            format!(
                "<Identity xmlns=\"http://schemas.xmlsoap.org/ws/2006/02/addressingidentity\"><Spn>{spn}</Spn></Identity>"
            )
        });
        services += &format!(
            "<wsdl:port name=\"{name}\" binding=\"tns:{name}_binding\"><wsa10:EndpointReference><wsa10:Address>{address}\
             </wsa10:Address>{identity}</wsa10:EndpointReference></wsdl:port>"
        );
    }
    format!(
        "<wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\" \
         xmlns:wsp=\"http://schemas.xmlsoap.org/ws/2004/09/policy\" xmlns:tns=\"urn:x\" \
         xmlns:http=\"http://schemas.microsoft.com/ws/06/2004/policy/http\" \
         xmlns:sp=\"http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702\" \
         xmlns:sp05=\"http://schemas.xmlsoap.org/ws/2005/07/securitypolicy\" \
         xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\" \
         xmlns:soap12=\"http://schemas.xmlsoap.org/wsdl/soap12/\" xmlns:wsa10=\"http://www.w3.org/2005/08/addressing\">\
         {policies}{bindings}<wsdl:service name=\"s\">{services}</wsdl:service></wsdl:definitions>"
    )
}

/// A SAML 1.1 assertion that stands on its own, with what a second serialisation would change.
pub const ASSERTION: &str = "<saml:Assertion xmlns:saml='urn:oasis:names:tc:SAML:1.0:assertion'  AssertionID=\"_1\"\n \
     Issuer='http://sts.contoso.com/'><saml:Attribute  a = '&#x31;&quot;'>joe&#64;contoso.com</saml:Attribute> <x/>\
     </saml:Assertion>";

/// The answer to a request of WS-Trust 1.3 that holds this assertion.
#[must_use]
pub fn issued(assertion: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\
         <t:RequestSecurityTokenResponseCollection xmlns:t=\"http://docs.oasis-open.org/ws-sx/ws-trust/200512\">\
         <t:RequestSecurityTokenResponse><t:RequestedSecurityToken>\n{assertion}\n</t:RequestedSecurityToken>\
         <t:TokenType>urn:oasis:names:tc:SAML:1.0:assertion</t:TokenType></t:RequestSecurityTokenResponse>\
         </t:RequestSecurityTokenResponseCollection></s:Body></s:Envelope>"
    )
}

/// What AD FS says to a wrong password: the prefix of the subcode is declared on the element itself.
#[must_use]
pub fn fault(subcode: &str, reason: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"http://www.w3.org/2005/08/addressing\">\
         <s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode>\
         <s:Value xmlns:a=\"http://docs.oasis-open.org/ws-sx/ws-trust/200512\">a:{subcode}</s:Value></s:Subcode></s:Code>\
         <s:Reason><s:Text xml:lang=\"en-US\">{reason}</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
    )
}

/// The secrets that [`tokens`] gives away.
pub const TOKENS: [&str; 3] = ["planted-access-token", "planted-refresh-token", "planted-signature"];

/// What ties the ID token of [`tokens`] to a sign-in.
pub const NONCE: &str = "nonce";

/// A success of the token endpoint.
#[must_use]
pub fn tokens() -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims = r#"{"oid":"11111111-1111-1111-1111-111111111111","tid":"22222222-2222-2222-2222-222222222222",
        "sub":"s","nonce":"nonce","preferred_username":"joe@contoso.com","name":"Joe Doe","given_name":"Joe","family_name":"Doe"}"#;
    let client_info =
        r#"{"uid":"11111111-1111-1111-1111-111111111111","utid":"22222222-2222-2222-2222-222222222222"}"#;
    format!(
        r#"{{"token_type":"Bearer","scope":"User.Read openid profile","expires_in":"3599","ext_expires_in":7199,
            "access_token":"planted-access-token","refresh_token":"planted-refresh-token","foci":"1",
            "id_token":"{}.{}.planted-signature","client_info":"{}"}}"#,
        encode(r#"{"alg":"RS256"}"#),
        encode(claims),
        encode(client_info)
    )
}

/// A success of an AD FS without OpenID Connect: there is no ID token, and so no nonce to compare.
pub const AD_FS_TOKENS: &str = r#"{"token_type":"bearer","expires_in":3600,"access_token":"planted-access-token","refresh_token":"planted-refresh-token"}"#;

/// A success of the token endpoint for an application: no scope is echoed, and there is no user.
pub const APPLICATION_TOKENS: &str = r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"planted-access-token"}"#;

/// A refusal of the token endpoint.
#[must_use]
pub fn refusal(error: &str, code: u32, more: &str) -> String {
    format!(
        r#"{{"error":"{error}","error_description":"AADSTS{code}: No.\r\nTrace ID: x","error_codes":[{code}],
            "timestamp":"2026-01-01 00:00:00Z","trace_id":"t","correlation_id":"c"{more}}}"#
    )
}

/// What a device polls with in [`device`], as JSON spells it.
pub const DEVICE_CODE: &str = "pl&nted-device\\u003ccode+%";

/// A code for a device; `more` begins with a comma.
#[must_use]
pub fn device(more: &str) -> String {
    format!(
        r#"{{"device_code":"{DEVICE_CODE}","user_code":"AB12CD","verification_uri":"https://microsoft.com/devicelogin",
            "message":"Open the page and enter AB12CD."{more}}}"#
    )
}

/// A refusal of the token endpoint that is a code and nothing else, as RFC 8628 has them.
#[must_use]
pub fn told(error: &str) -> String {
    format!(r#"{{"error":"{error}"}}"#)
}

/// What an OpenID provider says of itself; `more` begins with a comma.
#[must_use]
pub fn provider(issuer: &str, more: &str) -> String {
    format!(
        r#"{{"issuer":"{issuer}","authorization_endpoint":"https://idp.example/as/authorize",
            "token_endpoint":"https://idp.example/as/token",
            "device_authorization_endpoint":"https://idp.example/as/device"{more}}}"#
    )
}
