//! The WS-MetadataExchange document of a federation server: a WSDL that lists its WS-Trust endpoints.
//!
//! Three lists are joined by name: a *policy* says how the user is authenticated, a *binding* names its policies and
//! says, by its SOAP action, which version of WS-Trust is spoken, and a *port* gives the address of a binding. The
//! lists may come in any order, so they are joined once the whole document has been read. What is incomplete or
//! unusable in a list is skipped; only a document that is not XML, or no WSDL, is an error.

mod policy;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use url::Url;

use self::policy::Offer;
use super::xml::{self, Element, Namespace, Reader, XmlError};
use crate::authority;

/// A version of WS-Trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WsTrustVersion {
    /// WS-Trust 1.3, an OASIS standard.
    V13,
    /// WS-Trust of February 2005, its predecessor.
    V2005,
}

impl WsTrustVersion {
    /// The XML namespace of requests and responses.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::V13 => xml::TRUST_13,
            Self::V2005 => xml::TRUST_2005,
        }
    }

    /// The action that asks for a token: in the WSDL, in the envelope and in the `SOAPAction` header.
    pub const fn action(self) -> &'static str {
        match self {
            Self::V13 => "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue",
            Self::V2005 => "http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue",
        }
    }

    /// The key type of a bearer token, one without a proof key.
    pub const fn key_type(self) -> &'static str {
        match self {
            Self::V13 => "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer",
            Self::V2005 => "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey",
        }
    }

    /// The request type that asks for a token.
    pub const fn request_type(self) -> &'static str {
        match self {
            Self::V13 => "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue",
            Self::V2005 => "http://schemas.xmlsoap.org/ws/2005/02/trust/Issue",
        }
    }
}

/// Where and how a federation server issues tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WsTrustEndpoint {
    /// The address, query included.
    pub url: Url,
    /// The version of WS-Trust that is spoken there.
    pub version: WsTrustVersion,
    /// The Kerberos service name that the document gives for the endpoint, such as `host/sts.contoso.com`.
    pub spn: Option<String>,
}

impl WsTrustEndpoint {
    /// An endpoint that is known without a document.
    pub const fn new(url: Url, version: WsTrustVersion) -> Self {
        Self { url, version, spn: None }
    }
}

/// The endpoints of a document, for each way to authenticate the user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    /// The endpoint for Integrated Windows Authentication.
    pub integrated: Option<WsTrustEndpoint>,
    /// The endpoint for a user name and a password.
    pub username_password: Option<WsTrustEndpoint>,
}

/// The document cannot be read: `parsing_ws_metadata_exchange_failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MexError {
    /// The document is not XML, or beyond our bounds.
    #[error("the federation metadata is not a well-formed document: {0}")]
    Xml(XmlError),
    /// The document is XML but has no WSDL definitions: a page of some sort.
    #[error("the federation metadata has no wsdl definitions")]
    NoDefinitions,
}

// Not `#[from]`, which would make it a source: its words are in the message already.
impl From<XmlError> for MexError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

/// Reads the endpoints of a metadata document.
///
/// For each way to authenticate, the first WS-Trust 1.3 port in document order, else the first of WS-Trust 2005. WSDL
/// inside of a SOAP envelope is found too. Addresses must be absolute `https` URLs; with `allow_http_loopback`,
/// `http` addresses on loopback are taken as well. A document without a usable endpoint is not an error.
pub fn parse(document: &[u8], allow_http_loopback: bool) -> Result<Endpoints, MexError> {
    let mut reader = Reader::new(document)?;
    let mut metadata = Metadata::default();
    let root = reader.root()?;
    metadata.search(&mut reader, root, false)?;
    reader.finish()?;
    if !metadata.defined {
        return Err(MexError::NoDefinitions);
    }
    Ok(metadata.join(allow_http_loopback))
}

#[derive(Debug)]
struct PolicyBinding<'a> {
    name: Cow<'a, str>,
    version: WsTrustVersion,
    policies: Vec<Cow<'a, str>>,
}

#[derive(Debug)]
struct Port<'a> {
    binding: Cow<'a, str>,
    address: Cow<'a, str>,
    spn: Option<Cow<'a, str>>,
}

/// The three lists, without what can be of no use.
#[derive(Debug, Default)]
struct Metadata<'a> {
    defined: bool,
    policies: BTreeMap<Cow<'a, str>, Offer>,
    bindings: Vec<PolicyBinding<'a>>,
    ports: Vec<Port<'a>>,
}

impl<'a> Metadata<'a> {
    /// Looks through an element; `defining` in WSDL definitions, where bindings and services are children.
    fn search(
        &mut self,
        reader: &mut Reader<'a>,
        element: Element<'a>,
        defining: bool,
    ) -> Result<(), XmlError> {
        match (element.namespace, element.local) {
            (Namespace::Policy, "Policy") => {
                if let Some(id) = reader.attribute(Namespace::Utility, "Id") {
                    return self.policy(reader, id);
                }
            }
            (Namespace::Wsdl, "binding") if defining => return self.binding(reader),
            (Namespace::Wsdl, "service") if defining => return self.service(reader),
            (Namespace::Wsdl, "definitions") => self.defined = true,
            _ => {}
        }
        let defining = element.is(Namespace::Wsdl, "definitions");
        while let Some(child) = reader.child()? {
            self.search(reader, child, defining)?;
        }
        Ok(())
    }

    fn policy(&mut self, reader: &mut Reader<'a>, id: Cow<'a, str>) -> Result<(), XmlError> {
        let offer = policy::alternatives(reader)?;
        if offer != Offer::NOTHING {
            let known = self.policies.entry(id).or_default();
            *known = known.with(offer);
        }
        Ok(())
    }

    fn binding(&mut self, reader: &mut Reader<'a>) -> Result<(), XmlError> {
        let name = reader.attribute(Namespace::None, "name");
        let (mut over_http, mut version, mut policies) = (false, None, Vec::new());
        while let Some(child) = reader.child()? {
            match (child.namespace, child.local) {
                (Namespace::Policy, "PolicyReference") => {
                    if let Some(uri) = reader.attribute(Namespace::None, "URI") {
                        policies.push(reference(uri));
                    }
                    reader.skip()?;
                }
                (Namespace::WsdlSoap12, "binding") => {
                    let transport = reader.attribute(Namespace::None, "transport");
                    over_http |=
                        transport.is_some_and(|uri| is(&uri, "http://schemas.xmlsoap.org/soap/http"));
                    reader.skip()?;
                }
                (Namespace::Wsdl, "operation") => version = version.or(operation(reader)?),
                _ => reader.skip()?,
            }
        }
        if let (Some(name), true, Some(version)) = (name, over_http, version) {
            self.bindings.push(PolicyBinding { name, version, policies });
        }
        Ok(())
    }

    fn service(&mut self, reader: &mut Reader<'a>) -> Result<(), XmlError> {
        while let Some(child) = reader.child()? {
            if !child.is(Namespace::Wsdl, "port") {
                reader.skip()?;
                continue;
            }
            let binding = reader.attribute(Namespace::None, "binding").map(local_part);
            if let (Some(binding), (Some(address), spn)) = (binding, endpoint_reference(reader)?) {
                self.ports.push(Port { binding, address, spn });
            }
        }
        Ok(())
    }

    fn join(&self, allow_http_loopback: bool) -> Endpoints {
        let mut offers: BTreeMap<&str, Offer> = BTreeMap::new();
        for binding in &self.bindings {
            let policies = binding.policies.iter().filter_map(|id| self.policies.get(id));
            let offer = policies.fold(Offer::NOTHING, |all, one| all.with(*one));
            if offer != Offer::NOTHING {
                let known = offers.entry(&binding.name).or_default();
                *known = known.with(offer.in_version(binding.version));
            }
        }
        let first = |kind: Offer, version: WsTrustVersion| {
            let wanted = kind.in_version(version);
            self.ports
                .iter()
                .filter(|port| offers.get(&*port.binding).is_some_and(|offer| offer.has(wanted)))
                .find_map(|port| port.endpoint(version, allow_http_loopback))
        };
        let best = |kind| first(kind, WsTrustVersion::V13).or_else(|| first(kind, WsTrustVersion::V2005));
        Endpoints { integrated: best(Offer::INTEGRATED), username_password: best(Offer::USERNAME) }
    }
}

impl Port<'_> {
    fn endpoint(&self, version: WsTrustVersion, allow_http_loopback: bool) -> Option<WsTrustEndpoint> {
        let url = Url::parse(self.address.trim()).ok()?;
        let usable = authority::is_permitted(&url, allow_http_loopback);
        let spn = self.spn.as_deref().map(str::trim).filter(|spn| !spn.is_empty());
        usable.then(|| WsTrustEndpoint { url, version, spn: spn.map(str::to_owned) })
    }
}

/// The version that the SOAP action of an operation belongs to.
fn operation(reader: &mut Reader<'_>) -> Result<Option<WsTrustVersion>, XmlError> {
    let mut version = None;
    while let Some(child) = reader.child()? {
        if child.is(Namespace::WsdlSoap12, "operation")
            && let Some(action) = reader.attribute(Namespace::None, "soapAction")
        {
            let known = [WsTrustVersion::V13, WsTrustVersion::V2005];
            version = version.or_else(|| known.into_iter().find(|v| is(&action, v.action())));
        }
        reader.skip()?;
    }
    Ok(version)
}

type Text<'a> = Option<Cow<'a, str>>;

/// The address and the service name of a port.
fn endpoint_reference<'a>(reader: &mut Reader<'a>) -> Result<(Text<'a>, Text<'a>), XmlError> {
    let (mut address, mut spn) = (None, None);
    while let Some(child) = reader.child()? {
        if !child.is(Namespace::Addressing, "EndpointReference") || address.is_some() {
            reader.skip()?;
            continue;
        }
        while let Some(part) = reader.child()? {
            match (part.namespace, part.local) {
                (Namespace::Addressing, "Address") if address.is_none() => address = Some(reader.content()?),
                (Namespace::Identity, "Identity") => {
                    while let Some(claim) = reader.child()? {
                        if claim.is(Namespace::Identity, "Spn") && spn.is_none() {
                            spn = Some(reader.content()?);
                        } else {
                            reader.skip()?;
                        }
                    }
                }
                _ => reader.skip()?,
            }
        }
    }
    Ok((address, spn))
}

fn is(written: &str, known: &str) -> bool {
    written.trim().eq_ignore_ascii_case(known)
}

/// The identifier in a reference to the same document.
fn reference(uri: Cow<'_, str>) -> Cow<'_, str> {
    map(uri, |uri| uri.trim().strip_prefix('#').unwrap_or(uri.trim()))
}

/// The local part of a qualified name, or the name if it has no prefix.
fn local_part(name: Cow<'_, str>) -> Cow<'_, str> {
    map(name, |name| name.rsplit(':').next().unwrap_or(name).trim())
}

fn map<'a>(text: Cow<'a, str>, part: impl Fn(&str) -> &str) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(part(text)),
        Cow::Owned(text) => Cow::Owned(part(&text).to_owned()),
    }
}
