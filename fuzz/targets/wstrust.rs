//! WS-Trust: an assertion comes out as it stands in the response, and a credential goes in as it was typed.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use entrada_core::protocol::mex::{WsTrustEndpoint, WsTrustVersion};
use entrada_core::protocol::wstrust::{Answer, Issue, SoapFault, UsernameToken, envelope, parse_response};
use entrada_fuzz::documents::{ASSERTION, fault, issued};
use entrada_fuzz::seeds;
use libfuzzer_sys::fuzz_target;
use roxmltree::{Document, Node};

fuzz_target!(
    init: {
        let second = ASSERTION.replace("SAML:1.0", "SAML:2.0");
        // The assertion uses a declaration of the envelope.
        let inherited = "<s:Assertion xmlns:s='urn:oasis:names:tc:SAML:1.0:assertion' t:a='&amp;'><t:x/></s:Assertion>";
        let internal = fault("FailedAuthentication", "No.").replace(
            "</s:Fault>",
            "<s:Detail><p:error xmlns:p=\"http://schemas.microsoft.com/Passport/SoapServices/SOAPFault\">\
             <p:internalerror><p:text>AADSTS50126</p:text></p:internalerror></p:error></s:Detail></s:Fault>",
        );
        seeds::plant("wstrust", &[issued(ASSERTION), issued(&second), issued(inherited), internal]);
    },
    |input: &[u8]| {
        read(input);
        // The same bytes, taken for a user and a password.
        if let Ok(asked) = Asked::arbitrary_take_rest(Unstructured::new(input)) {
            write(&asked);
        }
    }
);

fn read(body: &[u8]) {
    let Ok(answer) = parse_response(body) else { return };
    let text = std::str::from_utf8(body).expect("what is accepted is UTF-8");
    let whole = Document::parse(text).unwrap_or_else(|error| panic!("accepted, but the oracle says {error}"));
    match answer {
        Answer::Assertion(assertion) => {
            let cut = assertion.text(body);
            assert_eq!(assertion.bytes(body).expose(), cut);
            stands_for_an_element_of(&whole, text, cut);
        }
        Answer::Fault(fault) => is_bounded(&fault),
        _ => {}
    }
}

/// The cut is a document by itself, reads as one element of the whole does, and differs from it by nothing but text
/// put in at one place.
fn stands_for_an_element_of(whole: &Document<'_>, text: &str, cut: &[u8]) {
    let cut = std::str::from_utf8(cut).expect("the cut is between characters");
    let part = Document::parse(cut).unwrap_or_else(|error| panic!("{error} in the cut:\n{cut}"));
    let root = part.root_element();
    assert_eq!(root.range(), 0..cut.len(), "there is more than the element");
    let found = whole.descendants().filter(Node::is_element).any(|element| {
        let written = &text[element.range()];
        let same = |pairs: &mut dyn Iterator<Item = (u8, u8)>| pairs.take_while(|(a, b)| a == b).count();
        let before = same(&mut written.bytes().zip(cut.bytes()));
        let after = same(&mut written.bytes().rev().zip(cut.bytes().rev()));
        cut.len() >= written.len() && before + after >= written.len() && reads(element) == reads(root)
    });
    assert!(found, "no element of the response is\n{cut}");
}

/// The namespace and the local part.
type Name = (String, String);

/// What an element says.
#[derive(Debug, PartialEq)]
struct Said {
    name: Name,
    attributes: Vec<(Name, String)>,
    text: String,
}

/// What an element and those below it say.
fn reads(element: Node<'_, '_>) -> Vec<Said> {
    let name = |namespace: Option<&str>, local: &str| -> Name {
        (namespace.unwrap_or_default().to_owned(), local.to_owned())
    };
    let elements = element.descendants().filter(Node::is_element);
    elements
        .map(|node| Said {
            name: name(node.tag_name().namespace(), node.tag_name().name()),
            attributes: node
                .attributes()
                .map(|attribute| {
                    (name(attribute.namespace(), attribute.name()), attribute.value().to_owned())
                })
                .collect(),
            text: node.children().filter(Node::is_text).filter_map(|text| text.text()).collect(),
        })
        .collect()
}

fn is_bounded(fault: &SoapFault) {
    let code = fault.subcode.as_ref();
    let names = code.map(|code| &code.local).into_iter().chain(code.and_then(|code| code.namespace.as_ref()));
    for text in names.chain(&fault.reason).chain(&fault.detail) {
        assert!(!text.is_empty() && text.len() <= 4096, "{} bytes", text.len());
    }
}

#[derive(Debug, Arbitrary)]
struct Asked<'a> {
    now_ms: u64,
    is_2005: bool,
    audience: &'a str,
    username: &'a str,
    message_id: &'a str,
    password: &'a str,
}

fn write(asked: &Asked<'_>) {
    let version = if asked.is_2005 { WsTrustVersion::V2005 } else { WsTrustVersion::V13 };
    let url = "https://sts.contoso.com/adfs?a=1&b=2".parse().expect("it is an address");
    let written = envelope(&Issue {
        endpoint: &WsTrustEndpoint::new(url, version),
        applies_to: asked.audience,
        message_id: asked.message_id,
        now_ms: asked.now_ms,
        username_token: Some(UsernameToken {
            id: asked.message_id,
            username: asked.username,
            password: asked.password,
        }),
    });
    let texts = [asked.audience, asked.message_id, asked.username, asked.password];
    let Ok(written) = written else {
        // The first millisecond that cannot be written once the ten minutes are added.
        let is_late = asked.now_ms >= 253_402_300_800_000 - 600_000;
        assert!(is_late || texts.concat().contains(|c| !is_xml(c)), "refused without a reason");
        return;
    };
    assert_eq!(written.capacity(), written.len(), "an outgrown copy of the password stays in memory");
    let written = String::from_utf8(written).expect("an envelope is UTF-8");
    let document = Document::parse(&written).expect("an envelope is XML");
    let text = |name: &str| -> String {
        let mut nodes = document.descendants().filter(|node| node.tag_name().name() == name);
        let node = nodes.next().unwrap_or_else(|| panic!("there is no {name}"));
        assert!(nodes.next().is_none(), "{name} is there twice");
        assert!(node.children().all(|child| child.is_text()), "{name} holds more than text");
        node.children().filter_map(|child| child.text()).collect()
    };
    assert_eq!(text("Username"), asked.username);
    assert_eq!(text("Password"), asked.password);
    assert_eq!(text("MessageID"), format!("urn:uuid:{}", asked.message_id));
    let body = document.descendants().find(|node| node.tag_name().name() == "AppliesTo");
    let audience = body.and_then(|node| node.descendants().find(|node| node.tag_name().name() == "Address"));
    let audience: Option<String> =
        audience.map(|node| node.children().filter_map(|child| child.text()).collect());
    assert_eq!(audience.as_deref(), Some(asked.audience));
}

/// `Char` of XML 1.0, fifth edition, production 2.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
