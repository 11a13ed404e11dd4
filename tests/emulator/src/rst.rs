//! The request for a security token, read by the book.

use hyper::header::CONTENT_TYPE;
use jiff::Timestamp;
use roxmltree::{Document, Node};
use uuid::Uuid;

use crate::config::TrustVersion;
use crate::server::Call;
use crate::soap::{Fault, SOAP, WSA, WSP, WSSE, WSU};
use crate::state::State;

/// By how much a client's clock may be off, in seconds.
const SKEW: i64 = 300;
const ANONYMOUS: &str = "http://www.w3.org/2005/08/addressing/anonymous";
const PASSWORD_TEXT: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";

/// What a request that keeps the rules says.
pub(crate) struct Rst {
    pub(crate) message: String,
    pub(crate) applies_to: String,
    pub(crate) credential: Option<(String, String)>,
}

/// What a request has to match.
pub(crate) struct Expected<'a> {
    pub(crate) version: TrustVersion,
    pub(crate) to: &'a str,
    pub(crate) password: bool,
}

/// The message identifier of a body, as far as it can be found.
pub(crate) fn message_id(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let document = Document::parse(text).ok()?;
    let node = document.descendants().find(|node| node.has_tag_name((WSA, "MessageID")))?;
    Some(content(node)?.to_lowercase())
}

/// Whether the Content-Type is `application/soap+xml` in UTF-8.
pub(crate) fn content_type_is_right(call: &Call) -> bool {
    let Some(value) = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    media.eq_ignore_ascii_case("application/soap+xml")
        && charset.is_some_and(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

/// Reads and judges a request.
pub(crate) fn read(state: &State, call: &Call, expected: &Expected<'_>) -> Result<Rst, Fault> {
    let version = expected.version;
    let bad = |rule: &str| Fault::rule(version.namespace(), "InvalidRequest", rule);
    let text = std::str::from_utf8(&call.body).map_err(|_| bad("the body is not UTF-8"))?;
    let document = Document::parse(text).map_err(|error| bad(&format!("the body is not XML ({error})")))?;
    let envelope = document.root_element();
    if !envelope.has_tag_name((SOAP, "Envelope")) {
        return Err(bad("the root is not a SOAP 1.2 envelope"));
    }
    let header = only(envelope, SOAP, "Header", &bad)?;
    let body = only(envelope, SOAP, "Body", &bad)?;
    identifiers_are_unique(&document).map_err(bad)?;
    understood(header, expected.password)?;

    let action = text_of(only(header, WSA, "Action", &bad)?, &bad)?;
    let soap_action =
        call.headers.get("soapaction").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if action != version.action() || soap_action.trim_matches('"') != action {
        return Err(Fault::rule(
            WSA,
            "ActionNotSupported",
            "the SOAPAction header, wsa:Action and the endpoint's version do not agree",
        ));
    }
    let message = text_of(only(header, WSA, "MessageID", &bad)?, &bad)?;
    let uuid = message.strip_prefix("urn:uuid:").filter(|uuid| uuid.len() == 36);
    if uuid.and_then(|uuid| Uuid::parse_str(uuid).ok()).is_none() {
        return Err(Fault::rule(WSA, "InvalidAddressingHeader", "wsa:MessageID is not urn:uuid: and a UUID"));
    }
    if text_of(only(header, WSA, "To", &bad)?, &bad)? != expected.to {
        return Err(Fault::rule(WSA, "DestinationUnreachable", "wsa:To is not the endpoint's address"));
    }
    if child(header, WSA, "ReplyTo").is_some() {
        let reply_to = only(header, WSA, "ReplyTo", &bad)?;
        if text_of(only(reply_to, WSA, "Address", &bad)?, &bad)? != ANONYMOUS {
            return Err(Fault::rule(
                WSA,
                "InvalidAddressingHeader",
                "wsa:ReplyTo is not the anonymous address",
            ));
        }
    }
    let credential = if expected.password {
        Some(security(state, only(header, WSSE, "Security", &bad)?)?)
    } else if child(header, WSSE, "Security").is_some() {
        return Err(Fault::rule(WSSE, "InvalidSecurity", "windowstransport takes no wsse:Security header"));
    } else {
        None
    };

    let wst = version.namespace();
    let request = only(body, wst, "RequestSecurityToken", &bad)?;
    if body.children().filter(Node::is_element).count() != 1 {
        return Err(bad("the body has more than one element"));
    }
    if text_of(only(request, wst, "RequestType", &bad)?, &bad)? != version.request_type() {
        return Err(bad("the RequestType is not that of the version"));
    }
    if text_of(only(request, wst, "KeyType", &bad)?, &bad)? != version.key_type() {
        return Err(bad("the KeyType is not that of the version"));
    }
    let applies_to = only(request, WSP, "AppliesTo", &bad)?;
    let reference = only(applies_to, WSA, "EndpointReference", &bad)?;
    let applies_to = text_of(only(reference, WSA, "Address", &bad)?, &bad)?;
    if !state.config.relying_parties.contains(&applies_to) {
        let rule = "MSIS3020: The relying party of AppliesTo is not known";
        return Err(Fault::rule(wst, "RequestFailed", rule));
    }
    Ok(Rst { message: message.to_lowercase(), applies_to, credential })
}

/// Every header that must be understood is one that this server understands.
fn understood(header: Node<'_, '_>, password: bool) -> Result<(), Fault> {
    for node in header.children().filter(Node::is_element) {
        let must = match node.attribute((SOAP, "mustUnderstand")) {
            None | Some("0" | "false") => false,
            Some("1" | "true") => true,
            Some(_) => return Err(Fault::rule(SOAP, "MustUnderstand", "mustUnderstand is not a boolean")),
        };
        let name = node.tag_name();
        let known = match name.namespace() {
            Some(WSA) => matches!(name.name(), "Action" | "MessageID" | "ReplyTo" | "To"),
            Some(WSSE) => name.name() == "Security" && password,
            _ => false,
        };
        // The Security header at windowstransport has a rule of its own, and a better text.
        let security = name.namespace() == Some(WSSE) && name.name() == "Security";
        if must && !known && !security {
            let rule = format!("the header {} must be understood and is not", name.name());
            return Err(Fault::rule(SOAP, "MustUnderstand", rule));
        }
    }
    Ok(())
}

fn security(state: &State, security: Node<'_, '_>) -> Result<(String, String), Fault> {
    let bad = |rule: &str| Fault::rule(WSSE, "InvalidSecurity", rule);
    let timestamp = only(security, WSU, "Timestamp", &bad)?;
    let created = time(&text_of(only(timestamp, WSU, "Created", &bad)?, &bad)?)
        .ok_or_else(|| bad("Created is no UTC time"))?;
    let expires = time(&text_of(only(timestamp, WSU, "Expires", &bad)?, &bad)?)
        .ok_or_else(|| bad("Expires is no UTC time"))?;
    let now = state.now();
    if expires <= created {
        return Err(Fault::rule(WSSE, "MessageExpired", "Expires is not after Created"));
    }
    if created > now.saturating_add(SKEW) || expires <= now.saturating_sub(SKEW) {
        return Err(Fault::rule(
            WSSE,
            "MessageExpired",
            "Created and Expires are not around the server's time",
        ));
    }
    let token = only(security, WSSE, "UsernameToken", &bad)?;
    let name = text_of(only(token, WSSE, "Username", &bad)?, &bad)?;
    let password = only(token, WSSE, "Password", &bad)?;
    if password.attribute("Type").is_some_and(|kind| kind != PASSWORD_TEXT) {
        return Err(bad("the password is of a Type that is not PasswordText"));
    }
    let password = text_of(password, &bad)?;
    if name.is_empty() || password.is_empty() {
        return Err(bad("the user name or the password is empty"));
    }
    Ok((name, password))
}

fn identifiers_are_unique(document: &Document<'_>) -> Result<(), &'static str> {
    let mut seen = Vec::new();
    for id in document.descendants().filter_map(|node| node.attribute((WSU, "Id"))) {
        if id.is_empty() || seen.contains(&id) {
            return Err("a wsu:Id is empty or occurs twice");
        }
        seen.push(id);
    }
    Ok(())
}

fn time(text: &str) -> Option<i64> {
    let shaped = text.as_bytes().get(10) == Some(&b'T') && text.ends_with('Z');
    text.parse::<Timestamp>().ok().filter(|_| shaped).map(Timestamp::as_second)
}

fn child<'a, 'i>(node: Node<'a, 'i>, namespace: &str, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|node| node.is_element() && node.tag_name() == (namespace, name).into())
}

fn only<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &str,
    name: &str,
    bad: &impl Fn(&str) -> Fault,
) -> Result<Node<'a, 'i>, Fault> {
    let mut found =
        node.children().filter(|node| node.is_element() && node.tag_name() == (namespace, name).into());
    match (found.next(), found.next()) {
        (Some(node), None) => Ok(node),
        (None, _) => Err(bad(&format!("the element {name} is missing"))),
        (Some(_), Some(_)) => Err(bad(&format!("the element {name} occurs twice"))),
    }
}

fn text_of(node: Node<'_, '_>, bad: &impl Fn(&str) -> Fault) -> Result<String, Fault> {
    content(node).ok_or_else(|| bad(&format!("the element {} holds other elements", node.tag_name().name())))
}

/// The whole text of an element; `None` if there are elements in it.
fn content(node: Node<'_, '_>) -> Option<String> {
    if node.children().any(|child| child.is_element()) {
        return None;
    }
    Some(node.children().filter_map(|child| child.text().filter(|_| child.is_text())).collect())
}
