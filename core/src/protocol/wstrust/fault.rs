//! The SOAP fault with which a service refuses.

use crate::protocol::xml::{Namespace, Reader, XmlError};

/// The longest text of a fault that is kept, in bytes.
const MAX_TEXT: usize = 4096;

/// A name with the namespace that its prefix stood for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QName {
    /// The namespace; `None` if the name is in no namespace or its prefix is not declared.
    pub namespace: Option<String>,
    /// The local part, such as `FailedAuthentication`.
    pub local: String,
}

/// A SOAP 1.2 or 1.1 fault.
///
/// Each text is the server's own, without white space around it, cut after 4096 bytes, and `None` if it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SoapFault {
    /// The innermost subcode, or the code of a SOAP 1.1 fault.
    pub subcode: Option<QName>,
    /// All subcodes, from the outermost to the innermost, or the code of a SOAP 1.1 fault.
    pub subcodes: Vec<QName>,
    /// The first text of the reason.
    pub reason: Option<String>,
    /// The text of the internal error in the detail: Microsoft's cloud puts its `AADSTS` message there.
    pub detail: Option<String>,
}

/// Reads the `Fault` that was last entered, of the SOAP version with a namespace.
pub(super) fn parse(reader: &mut Reader<'_>, soap: Namespace) -> Result<SoapFault, XmlError> {
    let mut fault = SoapFault::default();
    while let Some(child) = reader.child()? {
        let local = if matches!(child.namespace, Namespace::None) || child.namespace == soap {
            child.local
        } else {
            ""
        };
        match local {
            "Code" => fault.subcodes = code(reader, soap)?,
            "Reason" => {
                while let Some(text) = reader.child()? {
                    if text.is(soap, "Text") && fault.reason.is_none() {
                        fault.reason = text_of(&reader.content()?);
                    } else {
                        reader.skip()?;
                    }
                }
            }
            "faultcode" => fault.subcodes = qname(reader)?.into_iter().collect(),
            "faultstring" => fault.reason = text_of(&reader.content()?),
            "Detail" | "detail" => internal_error(reader, false, &mut fault.detail)?,
            _ => reader.skip()?,
        }
    }
    fault.subcode = fault.subcodes.last().cloned();
    Ok(fault)
}

/// The values of the subcodes of the `Code` just entered.
fn code(reader: &mut Reader<'_>, soap: Namespace) -> Result<Vec<QName>, XmlError> {
    let mut codes = Vec::new();
    while let Some(child) = reader.child()? {
        if child.is(soap, "Subcode") && codes.is_empty() {
            subcode(reader, soap, &mut codes)?;
        } else {
            reader.skip()?;
        }
    }
    Ok(codes)
}

/// Adds the value of the `Subcode` just entered, then those of the ones inside of it, wherever each has its value.
fn subcode(reader: &mut Reader<'_>, soap: Namespace, codes: &mut Vec<QName>) -> Result<(), XmlError> {
    let (mut valued, mut inner) = (false, Vec::new());
    while let Some(child) = reader.child()? {
        if child.is(soap, "Value") && !valued {
            let value = qname(reader)?;
            valued = value.is_some();
            codes.extend(value);
        } else if child.is(soap, "Subcode") && inner.is_empty() {
            subcode(reader, soap, &mut inner)?;
        } else {
            reader.skip()?;
        }
    }
    codes.extend(inner);
    Ok(())
}

/// The text of the element just entered as a name, resolved where it stands.
fn qname(reader: &mut Reader<'_>) -> Result<Option<QName>, XmlError> {
    let text = reader.content()?;
    let text = text.trim();
    let (prefix, local) = text.split_once(':').unwrap_or(("", text));
    // `content` has just left the element, so its own declarations still count.
    let binding = reader.find(prefix).and_then(|index| reader.binding(index));
    let namespace = binding.map(|binding| cut(&binding.uri)).filter(|uri| !uri.is_empty());
    Ok(text_of(local).map(|local| QName { namespace, local }))
}

/// Looks in the element just entered for an `internalerror`, and for the `text` in that.
fn internal_error(
    reader: &mut Reader<'_>,
    inside: bool,
    detail: &mut Option<String>,
) -> Result<(), XmlError> {
    while let Some(child) = reader.child()? {
        if inside && detail.is_none() && child.is(Namespace::SoapFault, "text") {
            *detail = text_of(&reader.content()?);
        } else {
            internal_error(reader, child.is(Namespace::SoapFault, "internalerror"), detail)?;
        }
    }
    Ok(())
}

fn text_of(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| cut(text))
}

/// The text up to [`MAX_TEXT`], cut between characters.
fn cut(text: &str) -> String {
    let end = (0..=text.len().min(MAX_TEXT)).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default().to_owned()
}
