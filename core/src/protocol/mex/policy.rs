//! What the policies of a metadata document say of how the user is authenticated.

use super::WsTrustVersion;
use crate::protocol::xml::{Element, Namespace, Reader, XmlError};

/// What a policy, a binding or a port offers: a set of ways to authenticate, or of such ways in a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Offer(u8);

impl Offer {
    pub(super) const NOTHING: Self = Self(0);
    pub(super) const INTEGRATED: Self = Self(1);
    pub(super) const USERNAME: Self = Self(2);

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The same ways to authenticate, in a version.
    pub(super) fn in_version(self, version: WsTrustVersion) -> Self {
        match version {
            WsTrustVersion::V13 => self,
            WsTrustVersion::V2005 => Self(self.0 << 2),
        }
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a policy offers: the union of its alternatives, each of which is an `All`.
pub(super) fn alternatives(reader: &mut Reader<'_>) -> Result<Offer, XmlError> {
    let mut offer = Offer::NOTHING;
    while let Some(child) = reader.child()? {
        let alternative = match (child.namespace, child.local) {
            (Namespace::Policy, "All") => all(reader)?,
            (Namespace::Policy, "ExactlyOne" | "Policy") => alternatives(reader)?,
            _ => {
                reader.skip()?;
                continue;
            }
        };
        offer = offer.with(alternative);
    }
    Ok(offer)
}

/// What an `All` offers: nothing without transport security, which leaves out the variants that secure the message.
fn all(reader: &mut Reader<'_>) -> Result<Offer, XmlError> {
    let (mut own, mut nested, mut transport) = (Offer::NOTHING, Offer::NOTHING, false);
    while let Some(child) = reader.child()? {
        match (child.namespace, child.local) {
            (Namespace::Policy, "All") => nested = nested.with(all(reader)?),
            (Namespace::Policy, "ExactlyOne" | "Policy") => nested = nested.with(alternatives(reader)?),
            (Namespace::HttpPolicy, "NegotiateAuthentication") => {
                own = own.with(Offer::INTEGRATED);
                reader.skip()?;
            }
            // The policies of WS-Trust 1.3 endpoints have the transport binding of 2005, so any version will do.
            (Namespace::SecurityPolicy | Namespace::SecurityPolicy2005, "TransportBinding") => {
                transport = true;
                reader.skip()?;
            }
            (
                version @ (Namespace::SecurityPolicy | Namespace::SecurityPolicy2005),
                "SignedEncryptedSupportingTokens" | "SignedSupportingTokens",
            ) => {
                if has_username_token(reader, version)? {
                    own = own.with(Offer::USERNAME);
                }
            }
            _ => reader.skip()?,
        }
    }
    Ok(if transport { own.with(nested) } else { nested })
}

/// Whether supporting tokens have, in the namespace of the element that holds them, a `UsernameToken` in a policy, and
/// in the policy of that a WSS user name token.
fn has_username_token(reader: &mut Reader<'_>, version: Namespace) -> Result<bool, XmlError> {
    any_in_policy(reader, &mut |reader, token| {
        if !token.is(version, "UsernameToken") {
            return reader.skip().map(|()| false);
        }
        any_in_policy(reader, &mut |reader, profile| {
            reader.skip()?;
            let known = matches!(profile.local, "WssUsernameToken10" | "WssUsernameToken11");
            Ok(known && profile.namespace == version)
        })
    })
}

type Assertion<'f, 'a> = &'f mut dyn FnMut(&mut Reader<'a>, Element<'a>) -> Result<bool, XmlError>;

/// Whether a test, which leaves the element given to it, holds for an assertion in the policy of the current element.
fn any_in_policy<'a>(reader: &mut Reader<'a>, test: Assertion<'_, 'a>) -> Result<bool, XmlError> {
    let mut found = false;
    while let Some(child) = reader.child()? {
        if child.is(Namespace::Policy, "Policy") {
            found |= any_assertion(reader, test)?;
        } else {
            reader.skip()?;
        }
    }
    Ok(found)
}

fn any_assertion<'a>(reader: &mut Reader<'a>, test: Assertion<'_, 'a>) -> Result<bool, XmlError> {
    let mut found = false;
    while let Some(child) = reader.child()? {
        found |= match (child.namespace, child.local) {
            (Namespace::Policy, "Policy" | "ExactlyOne" | "All") => any_assertion(reader, test)?,
            _ => test(reader, child)?,
        };
    }
    Ok(found)
}
