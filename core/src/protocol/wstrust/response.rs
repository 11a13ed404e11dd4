//! The answer: a SAML assertion, or a fault.
//!
//! The assertion is signed, so it is cut out of the body byte for byte; nothing is parsed and written again. The one
//! thing added is a namespace declaration that the assertion uses and an ancestor holds: without it the cut is not a
//! document. Exclusive canonicalisation, by which assertions are signed, looks only at declarations that are used, so
//! the signature stays valid.

use std::ops::Range;

use super::fault::{self, SoapFault};
use super::request::escape;
use crate::protocol::xml::{self, Element, Event, Namespace, Reader, XmlError};
use crate::secret::SecretBytes;

/// A version of SAML, which decides the grant type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SamlVersion {
    /// SAML 1.1, whose namespace says 1.0.
    V1_1,
    /// SAML 2.0.
    V2_0,
}

/// A SAML assertion found in a response. `Debug` does not show its text.
#[derive(Debug, Clone)]
pub struct Assertion {
    version: SamlVersion,
    text: Text,
}

#[derive(Debug, Clone)]
enum Text {
    /// Where the assertion is in the body.
    Cut(Range<usize>),
    /// The assertion with the declarations that it inherited.
    Completed(SecretBytes),
}

impl Assertion {
    /// The version of SAML.
    #[must_use]
    pub const fn version(&self) -> SamlVersion {
        self.version
    }

    /// The text of the assertion, given the body that it was found in.
    ///
    /// Borrowed from the body unless declarations had to be added. Empty if `body` is not the one that was parsed and
    /// is shorter than that.
    #[must_use]
    pub fn text<'b>(&'b self, body: &'b [u8]) -> &'b [u8] {
        match &self.text {
            Text::Cut(range) => body.get(range.clone()).unwrap_or_default(),
            Text::Completed(text) => text.expose(),
        }
    }

    /// The text of the assertion, to keep, given the body that it was found in.
    #[must_use]
    pub fn bytes(&self, body: &[u8]) -> SecretBytes {
        match &self.text {
            Text::Cut(_) => SecretBytes::new(self.text(body)),
            Text::Completed(text) => text.clone(),
        }
    }
}

/// What a security token service answered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// A token to redeem.
    Assertion(Assertion),
    /// A refusal.
    Fault(SoapFault),
}

/// A response cannot be used: `parsing_wstrust_response_failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RstrError {
    /// The response is not XML, or beyond our bounds.
    #[error("the federation server's answer is not a well-formed document: {0}")]
    Xml(XmlError),
    /// The response is XML but not a SOAP envelope.
    #[error("the federation server's answer is not a soap envelope")]
    NotSoap,
    /// The response has neither a SAML assertion nor a fault.
    #[error("the federation server's answer has neither a saml assertion nor a fault")]
    NoToken,
}

// Not `#[from]`, which would make it a source: its words are in the message already.
impl From<XmlError> for RstrError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

/// Reads the response of a security token service, whatever its HTTP status was.
///
/// Of several assertions the first of SAML 1.1 is taken, else the first of SAML 2.0; tokens of other types are passed
/// over. The namespace of the assertion decides its version; only if that is not one of SAML does the token type given
/// beside it. A fault counts if there is no assertion.
///
/// # Errors
///
/// If the body is not XML, not a SOAP 1.1 or 1.2 envelope, or has neither an assertion nor a fault. No error holds any
/// of the body.
pub fn parse_response(body: &[u8]) -> Result<Answer, RstrError> {
    let mut reader = Reader::new(body)?;
    let mut found = Found { body, first: None, fault: None };
    let root = reader.root()?;
    let soap = root.namespace;
    let is_soap = matches!(soap, Namespace::Soap12 | Namespace::Soap11) && root.local == "Envelope";
    if is_soap {
        while let Some(child) = reader.child()? {
            if child.is(soap, "Body") { found.soap_body(&mut reader, soap)? } else { reader.skip()? }
        }
    }
    reader.finish()?;
    match (found.first, found.fault) {
        (Some(assertion), _) => Ok(Answer::Assertion(assertion)),
        (None, Some(fault)) => Ok(Answer::Fault(fault)),
        (None, None) if is_soap => Err(RstrError::NoToken),
        (None, None) => Err(RstrError::NotSoap),
    }
}

/// What has been found so far.
struct Found<'a> {
    body: &'a [u8],
    first: Option<Assertion>,
    fault: Option<SoapFault>,
}

impl<'a> Found<'a> {
    fn soap_body(&mut self, reader: &mut Reader<'a>, soap: Namespace) -> Result<(), XmlError> {
        while let Some(child) = reader.child()? {
            match (child.namespace, child.local) {
                (namespace, "Fault") if namespace == soap => {
                    let fault = fault::parse(reader, soap)?;
                    self.fault.get_or_insert(fault);
                }
                (
                    trust @ (Namespace::Trust13 | Namespace::Trust2005),
                    "RequestSecurityTokenResponseCollection",
                ) => {
                    while let Some(response) = reader.child()? {
                        if response.is(trust, "RequestSecurityTokenResponse") {
                            self.response(reader, trust)?;
                        } else {
                            reader.skip()?;
                        }
                    }
                }
                // WS-Trust 1.3 has its responses in a collection always.
                (Namespace::Trust2005, "RequestSecurityTokenResponse") => {
                    self.response(reader, Namespace::Trust2005)?;
                }
                _ => reader.skip()?,
            }
        }
        Ok(())
    }

    /// Reads one response; its token type may come before or after its token.
    fn response(&mut self, reader: &mut Reader<'a>, trust: Namespace) -> Result<(), XmlError> {
        let (mut declared, mut token) = (None, None);
        while let Some(child) = reader.child()? {
            if child.is(trust, "TokenType") && declared.is_none() {
                declared = Some(reader.content()?);
            } else if child.is(trust, "RequestedSecurityToken") && token.is_none() {
                while let Some(element) = reader.child()? {
                    if token.is_none() {
                        token = Some(self.token(reader, element)?);
                    } else {
                        reader.skip()?;
                    }
                }
            } else {
                reader.skip()?;
            }
        }
        let Some((kind, text)) = token else { return Ok(()) };
        let version = match kind {
            Kind::Saml(version) => Some(version),
            Kind::Undecided => declared.and_then(|uri| version_of(uri.trim())),
            Kind::Unusable => None,
        };
        if let Some(version) = version {
            let better = self.first.as_ref().is_none_or(|first| version < first.version);
            if better {
                self.first = Some(Assertion { version, text });
            }
        }
        Ok(())
    }

    /// Reads the element of a token to its end.
    fn token(&self, reader: &mut Reader<'a>, element: Element<'a>) -> Result<(Kind, Text), XmlError> {
        let kind = match (element.namespace, element.local) {
            (Namespace::Saml1, "Assertion") => Kind::Saml(SamlVersion::V1_1),
            (Namespace::Saml2, "Assertion") => Kind::Saml(SamlVersion::V2_0),
            (Namespace::Saml1 | Namespace::Saml2, _) => Kind::Unusable,
            _ => Kind::Undecided,
        };
        let mut inherited = Inherited { below: reader.inherited(), used: 0 };
        inherited.note(reader, &element);
        let mut depth = 1usize;
        while depth > 0 {
            match reader.read()? {
                Event::Start(element) => {
                    inherited.note(reader, &element);
                    depth = depth.saturating_add(1);
                }
                Event::End => depth = depth.saturating_sub(1),
                Event::Eof => break,
                Event::Text(_) | Event::Char(_) => {}
            }
        }
        let range = element.start..reader.position();
        let text = if inherited.used == 0 {
            Text::Cut(range)
        } else {
            Text::Completed(inherited.complete(reader, self.body, &element, range.end))
        };
        Ok((kind, text))
    }
}

/// What the element of a token says about the token.
enum Kind {
    Saml(SamlVersion),
    /// Nothing: the token type decides.
    Undecided,
    /// It is SAML, but not an assertion.
    Unusable,
}

/// The version for a token type URI; the profile for WS-Security has names of its own.
fn version_of(token_type: &str) -> Option<SamlVersion> {
    match token_type {
        xml::SAML_1 | "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1" => {
            Some(SamlVersion::V1_1)
        }
        xml::SAML_2 | "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0" => {
            Some(SamlVersion::V2_0)
        }
        _ => None,
    }
}

/// The declarations of ancestors that an element uses, as bits of a word: no more are ever in scope.
struct Inherited {
    /// Declarations with lower indices are of ancestors.
    below: usize,
    used: u128,
}

const _: () = assert!(xml::MAX_NAMESPACES <= u128::BITS as usize);

impl Inherited {
    /// Notes what a start tag uses: in its name, in its attributes' names, and in an `xsi:type`.
    fn note(&mut self, reader: &Reader<'_>, element: &Element<'_>) {
        self.note_binding(element.binding);
        for attribute in reader.attributes() {
            self.note_binding(attribute.binding);
            if attribute.local == "type" && attribute.namespace == Namespace::SchemaInstance {
                let value = attribute.value();
                let (prefix, _) = value.trim().split_once(':').unwrap_or_default();
                self.note_binding(reader.find(prefix));
            }
        }
    }

    #[inline]
    fn note_binding(&mut self, index: Option<usize>) {
        if let Some(index) = index.filter(|index| *index < self.below) {
            self.used |= 1u128.checked_shl(index as u32).unwrap_or_default();
        }
    }

    /// The element with the declarations put in after its name, in the order in which they were made.
    fn complete(&self, reader: &Reader<'_>, body: &[u8], element: &Element<'_>, end: usize) -> SecretBytes {
        let bindings =
            (0..self.below).filter(|index| self.used.checked_shr(*index as u32).unwrap_or_default() & 1 == 1);
        let mut declarations = String::new();
        for binding in bindings.filter_map(|index| reader.binding(index)).filter(|b| !b.uri.is_empty()) {
            declarations.push_str(" xmlns");
            if !binding.prefix.is_empty() {
                declarations.push(':');
                declarations.push_str(binding.prefix);
            }
            declarations.push_str("=\"");
            escape(&binding.uri, &mut |piece| declarations.push_str(piece));
            declarations.push('"');
        }
        let before = body.get(element.start..element.name_end).unwrap_or_default();
        let after = body.get(element.name_end..end).unwrap_or_default();
        // Allocated once: no copy of the token stays behind.
        let len = before.len().saturating_add(declarations.len()).saturating_add(after.len());
        let mut text = Vec::with_capacity(len);
        text.extend_from_slice(before);
        text.extend_from_slice(declarations.as_bytes());
        text.extend_from_slice(after);
        SecretBytes::new(text)
    }
}

#[cfg(test)]
mod tests;
