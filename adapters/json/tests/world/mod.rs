//! A scripted world on the other side of a session: lines in, lines out.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use entrada_core::seed::Seed;
use entrada_json::Session;
use serde_json::{Value, json};

pub const NOW: u64 = 1_700_000_000_000;
pub const PASSWORD: &str = "p<&>w0rd planted";
pub const ACCESS_TOKEN: &str = "planted.access.token";

/// Talks to a session in values instead of texts.
pub struct Talk {
    pub session: Session,
    /// How often the session drew a seed.
    pub drawn: Arc<AtomicUsize>,
}

impl Talk {
    pub fn new() -> Self {
        let drawn = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&drawn);
        let session = Session::new(move || {
            let ordinal = counter.fetch_add(1, Ordering::Relaxed);
            Ok(Seed::new([u8::try_from(ordinal).unwrap(); 32]))
        });
        Self { session, drawn }
    }

    pub fn say(&mut self, line: &Value) -> Value {
        self.raw(&line.to_string())
    }

    pub fn raw(&mut self, line: &str) -> Value {
        let ask = self.session.line(line);
        assert!(!ask.contains('\n'), "one line: {ask}");
        let shown = format!("{:?}", self.session);
        for secret in [PASSWORD, ACCESS_TOKEN, "planted"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        serde_json::from_str(&ask).unwrap()
    }

    /// Says a line that must be refused, and gives the reason.
    pub fn refusal(&mut self, line: &str) -> String {
        let ask = self.raw(line);
        assert_eq!(ask["step"], "refused", "{line:.300}");
        assert_eq!(ask.as_object().unwrap().len(), 2, "{ask}");
        let reason = ask["reason"].as_str().unwrap().to_owned();
        assert!(!reason.contains("planted"), "{reason}");
        reason
    }
}

pub fn password_start() -> Value {
    json!({
        "start": "username_password", "client_id": "app",
        "authority": "https://login.microsoftonline.com/contoso.com", "scopes": ["user.read"],
        "username": "ann@contoso.com", "password": PASSWORD, "now": NOW, "seed": "07".repeat(32)
    })
}

pub fn integrated_start() -> Value {
    json!({
        "start": "integrated_windows_auth", "client_id": "app",
        "authority": "https://login.microsoftonline.com/contoso.com", "scopes": ["user.read"],
        "username": "joe@contoso.com", "now": NOW, "seed": "07".repeat(32)
    })
}

/// A start with what all of them share.
fn start(name: &str) -> Value {
    json!({
        "start": name, "client_id": "app", "authority": "https://login.microsoftonline.com/contoso.com",
        "scopes": ["user.read"], "now": NOW, "seed": "07".repeat(32)
    })
}

pub fn device_start() -> Value {
    start("device_code")
}

/// The application as itself, with a secret.
pub fn application_start() -> Value {
    let start = with(start("client_credentials"), "client_secret", CLIENT_SECRET);
    with(start, "scopes", json!(["https://graph.microsoft.com/.default"]))
}

pub fn on_behalf_of_start() -> Value {
    let start = with(start("on_behalf_of"), "client_secret", CLIENT_SECRET);
    with(start, "assertion", "planted.caller.token")
}

pub fn refresh_start() -> Value {
    with(start("refresh_token"), "refresh_token", "planted.old.refresh")
}

pub fn agent_start() -> Value {
    let start = with(start("user_fic"), "client_assertion", "planted.agent.assertion");
    with(with(start, "credential", "planted.user.credential"), "user_id", "oid-1")
}

/// A token of the account that [`token`] is for, without asking anybody.
pub fn silent_start() -> Value {
    with(start("silent"), "account", json!({ "home_account_id": HOME }))
}

pub fn accounts_start() -> Value {
    without(start("accounts"), "scopes")
}

pub fn sign_out_start() -> Value {
    without(with(start("sign_out"), "account", json!({ "home_account_id": HOME })), "scopes")
}

/// The account that [`token`] is for.
pub const HOME: &str = "uid-1.utid-1";

pub fn sign_in_start() -> Value {
    with(start("sign_in"), "redirect_uri", "http://localhost:8400")
}

pub fn implicit_start() -> Value {
    let start = with(start("implicit"), "redirect_uri", "http://localhost:8400");
    with(start, "response_type", "token")
}

/// A start that takes up what a browser brought, without it.
pub fn answer_start(name: &str) -> Value {
    without(start(name), "scopes")
}

pub const CLIENT_SECRET: &str = "planted~secret+of/app";

/// A certificate whose key the other side has. What is in it does not matter.
pub fn certificate() -> Value {
    json!({ "certificate": "cGxhbnRlZCBubyBzZWNyZXQ=", "key": "the app's key" })
}

/// What a prompt held, as another process takes it up.
pub fn pending() -> Value {
    json!({
        "authority": "https://login.microsoftonline.com/contoso.com/", "client_id": "app",
        "scopes": ["user.read"], "correlation_id": "my-own-id", "device_code": "planted.device.code",
        "interval_ms": 5000, "expires_at": NOW + 900_000
    })
}

/// The answer to the request for a device code.
pub fn device_authorization() -> Value {
    let body = json!({
        "user_code": "ABCD1234", "device_code": "planted.device.code", "expires_in": 900, "interval": 5,
        "verification_uri": "https://microsoft.com/devicelogin", "message": "go there"
    });
    answer(200, "application/json", &body.to_string())
}

pub fn refusal(error: &str) -> Value {
    answer(400, "application/json", &json!({ "error": error }).to_string())
}

/// A token for an application.
pub fn application_token() -> Value {
    let body = json!({ "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3599 });
    answer(200, "application/json", &body.to_string())
}

pub fn with(mut line: Value, name: &str, value: impl Into<Value>) -> Value {
    line[name] = value.into();
    line
}

pub fn without(mut line: Value, name: &str) -> Value {
    line.as_object_mut().unwrap().remove(name);
    line
}

/// The answer to a `send`, 100 ms after the start.
pub fn answer(status: u16, content_type: &str, body: &str) -> Value {
    json!({ "answer": "send", "now": NOW + 100, "status": status,
            "headers": [["Content-Type", content_type]], "body": body })
}

pub fn managed() -> Value {
    answer(200, "application/json", r#"{"account_type":"Managed"}"#)
}

pub fn federated() -> Value {
    let realm = json!({
        "account_type": "Federated", "federation_protocol": "WSTrust", "domain_name": "contoso.com",
        "federation_metadata_url": "https://sts.contoso.com/adfs/services/trust/mex",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline"
    });
    answer(200, "application/json", &realm.to_string())
}

/// The names of an object's members.
pub fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The value of a header of a request.
pub fn header<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    let pairs = request["headers"].as_array().unwrap();
    pairs.iter().find(|pair| pair[0] == name).and_then(|pair| pair[1].as_str())
}

/// A field of a request's form, as it is encoded.
pub fn form(request: &Value, name: &str) -> Option<String> {
    let body = request["body"].as_str().unwrap();
    let value = body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.to_owned())
}

/// `{"oid":"oid-1","tid":"tid-1","preferred_username":"ann@contoso.com","name":"Ann"}`
pub const ID_TOKEN: &str = "e30.eyJvaWQiOiJvaWQtMSIsInRpZCI6InRpZC0xIiwicHJlZmVycmVkX3VzZXJuYW1lIjoiYW5uQGNvbnRvc28uY29tIiwibmFtZSI6IkFubiJ9.c2ln";

pub fn token() -> Value {
    // {"uid":"uid-1","utid":"utid-1"}
    let body = json!({
        "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3599, "scope": "user.read openid",
        "refresh_token": "planted.refresh.token", "id_token": ID_TOKEN,
        "client_info": "eyJ1aWQiOiJ1aWQtMSIsInV0aWQiOiJ1dGlkLTEifQ"
    });
    answer(200, "application/json", &body.to_string())
}

pub fn metadata() -> Value {
    answer(200, "application/soap+xml", MEX)
}

pub fn assertion() -> Value {
    answer(200, "application/soap+xml", RSTR)
}

const MEX: &str = r##"<wsdl:definitions name="SecurityTokenService" targetNamespace="http://tempuri.org/"
 xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="http://tempuri.org/"
 xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:sp="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"
 xmlns:http="http://schemas.microsoft.com/ws/06/2004/policy/http" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"
 xmlns:wsa10="http://www.w3.org/2005/08/addressing"
 xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">
<wsp:Policy wsu:Id="windows_policy"><wsp:ExactlyOne><wsp:All><http:NegotiateAuthentication/>
<sp:TransportBinding><wsp:Policy><sp:TransportToken><wsp:Policy><sp:HttpsToken/></wsp:Policy></sp:TransportToken></wsp:Policy></sp:TransportBinding>
</wsp:All></wsp:ExactlyOne></wsp:Policy>
<wsdl:binding name="windows" type="tns:IWSTrust13Async"><wsp:PolicyReference URI="#windows_policy"/>
<soap12:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<wsdl:operation name="Trust13IssueAsync"><soap12:operation soapAction="http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue" style="document"/></wsdl:operation>
</wsdl:binding>
<wsdl:service name="SecurityTokenService"><wsdl:port name="windows" binding="tns:windows">
<soap12:address location="https://sts.contoso.com/adfs/services/trust/13/windowstransport"/>
<wsa10:EndpointReference><wsa10:Address>https://sts.contoso.com/adfs/services/trust/13/windowstransport</wsa10:Address></wsa10:EndpointReference>
</wsdl:port></wsdl:service></wsdl:definitions>"##;

const RSTR: &str = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">
<s:Header><a:Action s:mustUnderstand="1">http://docs.oasis-open.org/ws-sx/ws-trust/200512/RSTRC/IssueFinal</a:Action></s:Header>
<s:Body><trust:RequestSecurityTokenResponseCollection xmlns:trust="http://docs.oasis-open.org/ws-sx/ws-trust/200512">
<trust:RequestSecurityTokenResponse><trust:RequestedSecurityToken>
<saml:Assertion MajorVersion="1" MinorVersion="1" AssertionID="_1" Issuer="http://sts.contoso.com/adfs/services/trust" IssueInstant="2023-11-14T22:13:20.000Z" xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion"><saml:AttributeStatement/></saml:Assertion>
</trust:RequestedSecurityToken><trust:TokenType>urn:oasis:names:tc:SAML:1.0:assertion</trust:TokenType>
</trust:RequestSecurityTokenResponse></trust:RequestSecurityTokenResponseCollection></s:Body></s:Envelope>"#;
