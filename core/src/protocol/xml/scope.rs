//! Which prefix means which namespace, where.

use std::borrow::Cow;

/// Namespaces that the protocols use, told apart once, where they are declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// No namespace.
    None,
    /// One that no rule of ours names.
    Other,
    Xml,
    Soap11,
    Soap12,
    SoapFault,
    Wsdl,
    WsdlSoap12,
    Policy,
    HttpPolicy,
    SecurityPolicy,
    SecurityPolicy2005,
    Utility,
    Addressing,
    Identity,
    Trust13,
    Trust2005,
    Saml1,
    Saml2,
    SchemaInstance,
}

pub(crate) const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";
pub(crate) const POLICY: &str = "http://schemas.xmlsoap.org/ws/2004/09/policy";
pub(crate) const SECURITY: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
pub(crate) const UTILITY: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
pub(crate) const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
pub(crate) const TRUST_13: &str = "http://docs.oasis-open.org/ws-sx/ws-trust/200512";
pub(crate) const TRUST_2005: &str = "http://schemas.xmlsoap.org/ws/2005/02/trust";
pub(crate) const SAML_1: &str = "urn:oasis:names:tc:SAML:1.0:assertion";
pub(crate) const SAML_2: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";
pub(super) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

impl Namespace {
    fn of(uri: &str) -> Self {
        match uri {
            "" => Self::None,
            XML => Self::Xml,
            "http://schemas.xmlsoap.org/soap/envelope/" => Self::Soap11,
            SOAP_12 => Self::Soap12,
            "http://schemas.microsoft.com/Passport/SoapServices/SOAPFault" => Self::SoapFault,
            "http://schemas.xmlsoap.org/wsdl/" => Self::Wsdl,
            "http://schemas.xmlsoap.org/wsdl/soap12/" => Self::WsdlSoap12,
            POLICY => Self::Policy,
            "http://schemas.microsoft.com/ws/06/2004/policy/http" => Self::HttpPolicy,
            "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702" => Self::SecurityPolicy,
            "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy" => Self::SecurityPolicy2005,
            UTILITY => Self::Utility,
            ADDRESSING => Self::Addressing,
            "http://schemas.xmlsoap.org/ws/2006/02/addressingidentity" => Self::Identity,
            TRUST_13 => Self::Trust13,
            TRUST_2005 => Self::Trust2005,
            SAML_1 => Self::Saml1,
            SAML_2 => Self::Saml2,
            "http://www.w3.org/2001/XMLSchema-instance" => Self::SchemaInstance,
            _ => Self::Other,
        }
    }
}

/// A namespace declaration. The empty prefix is the default namespace, the empty URI undeclares it.
#[derive(Debug)]
pub(crate) struct Binding<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) uri: Cow<'a, str>,
    pub(super) namespace: Namespace,
}

/// The declarations in scope, the innermost last.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    /// The prefixes packed into words, since prefixes are compared far more often than declared.
    keys: Vec<u64>,
    bindings: Vec<Binding<'a>>,
}

impl<'a> Scopes<'a> {
    pub(super) fn new() -> Self {
        Self { keys: Vec::with_capacity(32), bindings: Vec::with_capacity(32) }
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if len < self.keys.len() {
            self.keys.truncate(len);
            self.bindings.truncate(len);
        }
    }

    /// Declares a prefix; false if the element, whose declarations begin at `own`, has declared it already.
    pub(super) fn declare(&mut self, prefix: &'a str, uri: Cow<'a, str>, own: usize) -> bool {
        if self.find(prefix).is_some_and(|index| index >= own) {
            return false;
        }
        self.keys.push(key(prefix));
        let namespace = Namespace::of(&uri);
        self.bindings.push(Binding { prefix, uri, namespace });
        true
    }

    /// The index of the declaration that a prefix refers to here.
    #[inline]
    pub(super) fn find(&self, prefix: &str) -> Option<usize> {
        let wanted = key(prefix);
        if prefix.len() < WHOLE {
            return self.keys.iter().rposition(|key| *key == wanted);
        }
        self.bindings.iter().rposition(|binding| binding.prefix == prefix)
    }

    #[inline]
    pub(super) fn namespace(&self, index: Option<usize>) -> Namespace {
        index.and_then(|index| self.bindings.get(index)).map_or(Namespace::None, |binding| binding.namespace)
    }

    /// Whether two declarations are of one namespace.
    pub(super) fn same(&self, one: Option<usize>, other: Option<usize>) -> bool {
        let uri = |index: Option<usize>| self.bindings.get(index?).map(|binding| &binding.uri);
        uri(one) == uri(other)
    }

    pub(super) fn binding(&self, index: usize) -> Option<&Binding<'a>> {
        self.bindings.get(index)
    }
}

/// Prefixes shorter than this fit into a word, length included.
const WHOLE: usize = 8;

#[inline]
fn key(prefix: &str) -> u64 {
    prefix.bytes().take(WHOLE).fold(prefix.len() as u64, |key, byte| key << 8 | u64::from(byte))
}
