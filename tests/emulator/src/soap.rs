//! SOAP 1.2: namespaces, escaping, faults.

use hyper::StatusCode;
use uuid::Uuid;

use crate::config::TrustVersion;
use crate::reply::{self, Reply};
use crate::state::State;

/// The SOAP 1.2 envelope.
pub(crate) const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
/// WS-Addressing 1.0.
pub(crate) const WSA: &str = "http://www.w3.org/2005/08/addressing";
/// WS-Security.
pub(crate) const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// WS-Security's utilities: timestamps and identifiers.
pub(crate) const WSU: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
/// WS-Policy.
pub(crate) const WSP: &str = "http://schemas.xmlsoap.org/ws/2004/09/policy";

impl TrustVersion {
    /// The namespace of this version of WS-Trust.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            TrustVersion::V1_3 => "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
            TrustVersion::V2005 => "http://schemas.xmlsoap.org/ws/2005/02/trust",
        }
    }

    /// The action of a request.
    pub(crate) fn action(self) -> &'static str {
        match self {
            TrustVersion::V1_3 => "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue",
            TrustVersion::V2005 => "http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue",
        }
    }

    /// The action of a response.
    pub(crate) fn response_action(self) -> &'static str {
        match self {
            TrustVersion::V1_3 => "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RSTRC/IssueFinal",
            TrustVersion::V2005 => "http://schemas.xmlsoap.org/ws/2005/02/trust/RSTR/Issue",
        }
    }

    /// The request type: issue.
    pub(crate) fn request_type(self) -> String {
        format!("{}/Issue", self.namespace())
    }

    /// The key type: bearer, or as the older version says, none.
    pub(crate) fn key_type(self) -> &'static str {
        match self {
            TrustVersion::V1_3 => "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer",
            TrustVersion::V2005 => "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey",
        }
    }
}

/// A fault.
#[derive(Debug)]
pub(crate) struct Fault {
    namespace: &'static str,
    code: &'static str,
    reason: String,
    detail: Option<&'static str>,
    violation: Option<String>,
}

impl Fault {
    pub(crate) fn new(namespace: &'static str, code: &'static str, reason: impl Into<String>) -> Self {
        Fault { namespace, code, reason: reason.into(), detail: None, violation: None }
    }

    /// The client has broken a rule.
    pub(crate) fn rule(namespace: &'static str, code: &'static str, rule: impl Into<String>) -> Self {
        let rule = rule.into();
        Fault {
            violation: Some(format!("RST: {rule}")),
            ..Fault::new(namespace, code, format!("ID3035: The request was not valid: {rule}."))
        }
    }

    /// Autologon's own text, deep in the detail.
    pub(crate) fn detail(self, detail: &'static str) -> Self {
        Fault { detail: Some(detail), ..self }
    }

    /// Records the violation and writes the answer: a status of 500, as AD FS has it even for a wrong password.
    pub(crate) fn into_reply(self, state: &State) -> Reply {
        if let Some(violation) = &self.violation {
            state.violate(violation.clone());
        }
        let detail = self.detail.map_or_else(String::new, |text| {
            let passport = "http://schemas.microsoft.com/Passport/SoapServices/SOAPFault";
            format!(
                concat!(
                    "<s:Detail><psf:error xmlns:psf=\"{}\"><psf:value>0x80048821</psf:value><psf:internalerror>",
                    "<psf:code>0x80041034</psf:code><psf:text>{}</psf:text></psf:internalerror></psf:error></s:Detail>"
                ),
                passport,
                escaped(text)
            )
        });
        // The prefix `a` means something else inside the Value, and only there.
        let subcode = if self.code == "MustUnderstand" {
            "<s:Value>s:MustUnderstand</s:Value>".to_owned()
        } else {
            format!(
                "<s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:a=\"{}\">a:{}</s:Value></s:Subcode>",
                self.namespace, self.code
            )
        };
        let body = format!(
            concat!(
                "<s:Envelope xmlns:s=\"{}\" xmlns:a=\"{}\"><s:Header>",
                "<a:Action s:mustUnderstand=\"1\">http://www.w3.org/2005/08/addressing/soap/fault</a:Action>",
                "<a:RelatesTo>urn:uuid:{}</a:RelatesTo></s:Header><s:Body><s:Fault><s:Code>{}</s:Code>",
                "<s:Reason><s:Text xml:lang=\"en-US\">{}</s:Text></s:Reason>{}</s:Fault></s:Body></s:Envelope>"
            ),
            SOAP,
            WSA,
            Uuid::new_v4(),
            subcode,
            escaped(&self.reason),
            detail
        );
        reply::soap(StatusCode::INTERNAL_SERVER_ERROR, body)
    }
}

/// The text as XML has it, in content and in attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
