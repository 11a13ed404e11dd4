//! Assertions: issued once, recognised to the byte.
//!
//! They are written so that a client which reads and writes them anew gives itself away: carriage returns, tabs, both kinds of
//! quotes, character references, a CDATA section. They use prefixes that the response declares further out; a client adds
//! these declarations, and no others, to the start tag.

use data_encoding::BASE64;
use roxmltree::Document;
use uuid::Uuid;

use crate::config::{SamlVersion, User};
use crate::jwt::guid_of;
use crate::ledger::Ledger;
use crate::soap::escaped;
use crate::state::{State, xml_time};

pub(crate) const SAML1: &str = "urn:oasis:names:tc:SAML:1.0:assertion";
pub(crate) const SAML2: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// An assertion that was issued.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    /// Its very bytes in the response.
    pub(crate) raw: String,
    pub(crate) id: String,
    pub(crate) version: SamlVersion,
    pub(crate) upn: String,
    pub(crate) audience: String,
    pub(crate) issued: i64,
    pub(crate) expires: i64,
    /// Whether it declares its own namespaces.
    pub(crate) self_contained: bool,
}

impl Issued {
    /// The assertion with the declarations that it would otherwise inherit.
    pub(crate) fn self_contained(mut self) -> Issued {
        let end = self.raw.find(char::is_whitespace).unwrap_or(0);
        for (prefix, namespace) in self.version.inherited() {
            let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            self.raw.insert_str(end, &format!(" {name}=\"{namespace}\""));
        }
        Issued { self_contained: true, ..self }
    }
}

impl SamlVersion {
    /// The declarations that an assertion inherits and uses: prefix and namespace.
    pub(crate) fn inherited(self) -> [(&'static str, &'static str); 2] {
        match self {
            SamlVersion::V1_1 => [("saml", SAML1), ("ds", DSIG)],
            // The assertion's own name has no prefix: it inherits a default namespace.
            SamlVersion::V2_0 => [("", SAML2), ("ds", DSIG)],
        }
    }

    /// The token type.
    pub(crate) fn token_type(self) -> &'static str {
        match self {
            SamlVersion::V1_1 => SAML1,
            SamlVersion::V2_0 => SAML2,
        }
    }
}

/// Writes an assertion, and does not yet remember it.
pub(crate) fn issue(
    state: &State,
    user: &User,
    version: SamlVersion,
    audience: &str,
    autologon: bool,
) -> Issued {
    let issued = state.now();
    let expires = issued.saturating_add(state.config.assertion_lifetime_seconds);
    let id = format!("_{}", Uuid::new_v4());
    let parts = Parts {
        id: &id,
        issuer: escaped(&format!("{}/adfs/services/trust", state.base_url)),
        now: xml_time(issued),
        until: xml_time(expires),
        audience: escaped(audience),
        upn: escaped(&user.upn),
        name: escaped(&user.name),
        immutable: BASE64.encode(guid_of(&user.upn).as_bytes()),
        signature: signature(state, &id),
    };
    let raw = match version {
        _ if autologon => parts.desktop(),
        SamlVersion::V1_1 => parts.saml1(),
        SamlVersion::V2_0 => parts.saml2(),
    };
    Issued {
        raw,
        id,
        version,
        upn: user.upn.clone(),
        audience: audience.to_owned(),
        issued,
        expires,
        self_contained: false,
    }
}

struct Parts<'a> {
    id: &'a str,
    issuer: String,
    now: String,
    until: String,
    audience: String,
    upn: String,
    name: String,
    immutable: String,
    signature: String,
}

impl Parts<'_> {
    fn saml1(&self) -> String {
        let Parts { id, issuer, now, until, audience, upn, name, immutable, signature } = self;
        format!(
            "<saml:Assertion MajorVersion=\"1\" MinorVersion='1' AssertionID=\"{id}\"\r\n    \
             Issuer=\"{issuer}\" IssueInstant=\"{now}\" >\r\n\
             \t<saml:Conditions NotBefore=\"{now}\" NotOnOrAfter=\"{until}\"><saml:AudienceRestrictionCondition>\
             <saml:Audience>{audience}</saml:Audience></saml:AudienceRestrictionCondition></saml:Conditions>\r\n\
             \t<saml:AttributeStatement><saml:Subject><saml:NameIdentifier \
             Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">{immutable}</saml:NameIdentifier></saml:Subject>\
             <saml:Attribute AttributeName=\"UPN\" AttributeNamespace='http://schemas.xmlsoap.org/claims'>\
             <saml:AttributeValue>{upn}</saml:AttributeValue></saml:Attribute>\r\n\
             <saml:Attribute AttributeName=\"note\" AttributeNamespace=\"urn:entrada:\u{e9}mulateur\">\
             <saml:AttributeValue>{name} &#x2F;&#233;&gt; \u{1f511}\t<![CDATA[<b>&]]>  </saml:AttributeValue></saml:Attribute>\
             </saml:AttributeStatement>\r\n{signature}</saml:Assertion>"
        )
    }

    fn saml2(&self) -> String {
        let Parts { id, issuer, now, until, audience, upn, name, immutable, signature } = self;
        format!(
            "<Assertion ID='{id}' IssueInstant=\"{now}\"   Version=\"2.0\">\r\n\
             \t<Issuer>{issuer}</Issuer>{signature}<Subject><NameID>{immutable}</NameID></Subject>\r\n\
             \t<Conditions NotBefore=\"{now}\" NotOnOrAfter=\"{until}\" ><AudienceRestriction><Audience>{audience}</Audience>\
             </AudienceRestriction></Conditions>\r\n\
             <AttributeStatement><Attribute Name=\"http://schemas.xmlsoap.org/claims/UPN\"><AttributeValue>{upn}\
             </AttributeValue></Attribute><Attribute Name='urn:entrada:&quot;note&quot;'><AttributeValue>{name} &#xE9;\u{e9}&#13; \
             </AttributeValue></Attribute></AttributeStatement><AuthnStatement AuthnInstant=\"{now}\"/></Assertion>"
        )
    }

    /// The opaque token of Seamless SSO: an assertion only in name.
    fn desktop(&self) -> String {
        let Parts { id, immutable, signature, .. } = self;
        format!(
            "<saml:Assertion ID=\"{id}\">\r\n<DesktopSsoToken xmlns=''>{immutable}</DesktopSsoToken>{signature}</saml:Assertion>"
        )
    }
}

/// Something that looks like a signature. Nobody verifies it: the emulator compares bytes.
fn signature(state: &State, id: &str) -> String {
    let value = BASE64.encode(&state.keys.sign(id.as_bytes()));
    let (first, second) = value.split_at_checked(76).unwrap_or((&value, ""));
    format!(
        "<ds:Signature><ds:SignedInfo><ds:Reference URI=\"#{id}\" /></ds:SignedInfo>\
         <ds:SignatureValue>\r\n{first}\r\n{second}\r\n</ds:SignatureValue></ds:Signature>"
    )
}

/// Finds the issued assertion that these bytes are, or says how they differ.
pub(crate) fn recognise<'a>(known: &'a Ledger<Issued>, bytes: &[u8]) -> Result<&'a Issued, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the assertion is not UTF-8".to_owned())?;
    let issued = known
        .newest()
        .find(|issued| text.contains(&issued.id))
        .ok_or_else(|| "the assertion was never issued".to_owned())?;
    if let Err(error) = Document::parse(text) {
        return Err(format!("the assertion does not stand alone as XML ({error})"));
    }
    let stripped = without_inherited(text, issued.version);
    if text == issued.raw || !issued.self_contained && stripped == issued.raw {
        return Ok(issued);
    }
    let same = stripped.bytes().zip(issued.raw.bytes()).take_while(|(one, other)| one == other).count();
    Err(format!(
        "the assertion is not the one issued: it differs from byte {same} on, inherited declarations aside"
    ))
}

/// The text without the declarations that a client may have added to the start tag.
fn without_inherited(text: &str, version: SamlVersion) -> String {
    let mut quote = None;
    let end = text.find(|character| match quote {
        Some(open) if character == open => {
            quote = None;
            false
        }
        Some(_) => false,
        None if character == '"' || character == '\'' => {
            quote = Some(character);
            false
        }
        None => character == '>',
    });
    let (tag, rest) = text.split_at(end.unwrap_or(text.len()));
    let mut tag = tag.to_owned();
    for (prefix, namespace) in version.inherited() {
        let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
        for quote in ['"', '\''] {
            tag = tag.replacen(&format!(" {name}={quote}{namespace}{quote}"), "", 1);
        }
    }
    tag + rest
}
