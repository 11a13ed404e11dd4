//! Both flows against a world that answers whatever it likes.
//!
//! As the random walk of the tests, with an input that learns from what it reached: a flow ends within a bound, tells
//! no secret, sends a credential once and over https alone.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use entrada_core::application::PublicClientApplication;
use entrada_core::error::Error;
use entrada_core::http::TransportErrorKind;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_core::seed::Seed;
use entrada_core::step::{Flow, Step};
use entrada_fuzz::documents::{self, ASSERTION, TOKENS};
use entrada_fuzz::walk::{Reply, Trace, walk};
use entrada_fuzz::world::START;
use libfuzzer_sys::fuzz_target;

const PASSWORD: &str = "pl&nted-<passw\"ord>'+%ü";
/// The most steps: each request of the longest flow twice with a wait between, and early answers to the waits.
const BOUND: usize = 200;

/// A flow, and what it meets.
#[derive(Debug, Arbitrary)]
struct Script<'a> {
    integrated: bool,
    unheard_of: bool,
    /// `None` is an ordinary one.
    username: Option<&'a str>,
    claims: Option<&'a str>,
    /// The application's own text, which a step may show: it is not taken from the documents with secrets.
    supplied: Option<Supplied<'a>>,
    way: Way,
    changes: Vec<Change<'a>>,
}

/// The replies to begin with: an input that had to find the right five by itself would seldom get far.
#[derive(Debug, Arbitrary)]
enum Way {
    Federated,
    Managed,
    None,
}

/// One reply more, or another.
#[derive(Debug, Arbitrary)]
struct Change<'a> {
    at: u8,
    replaces: bool,
    met: Met<'a>,
}

#[derive(Debug, Arbitrary)]
struct Met<'a> {
    outcome: Outcome<'a>,
    retry_after: Pause,
    elapsed: Elapsed,
    kept: bool,
}

#[derive(Debug, Arbitrary)]
enum Outcome<'a> {
    /// Under the status that most answers have, so that few bytes lead far.
    Ok(Body<'a>),
    Status(u16, Body<'a>),
    Failed(u8),
}

#[derive(Debug, Arbitrary)]
enum Body<'a> {
    Document(u8),
    /// One byte is another; more could make a key of a secret, which is then rightly shown.
    Broken {
        document: u8,
        at: u16,
        byte: u8,
    },
    Raw(&'a [u8]),
}

#[derive(Debug, Arbitrary)]
enum Supplied<'a> {
    Metadata,
    Broken { at: u16, byte: u8 },
    Raw(&'a str),
}

#[derive(Debug, Arbitrary)]
enum Pause {
    None,
    Seconds,
    Date,
    Forever,
    Nonsense,
}

#[derive(Debug, Arbitrary)]
enum Elapsed {
    Little(u8),
    Some(u16),
    Any(u64),
}

fuzz_target!(|script: Script<'_>| {
    if names_a_secret(&script) {
        return;
    }
    let mut replies = replies(&script);
    // A wait that is never answered in time goes on as long as it likes.
    replies.push(Reply { outcome: Ok((404, Vec::new())), retry_after: None, elapsed: 10_000, kept: true });
    check(&walk(start(&script), START, &replies, BOUND));
});

fn start(script: &Script<'_>) -> Result<Step<AuthenticationResult>, Error> {
    let authority = if script.unheard_of {
        "https://login.unheard-of.example/contoso.com"
    } else {
        "https://login.microsoftonline.com/contoso.com"
    };
    let app = PublicClientApplication::new("app", authority.parse()?);
    let (seed, scopes) = (Seed::new([9; 32]), ["user.read"]);
    let supplied = || script.supplied.as_ref().and_then(Supplied::text);
    let claims = script.claims.map(str::to_owned);
    let username = script.username.unwrap_or("joe@contoso.com");
    if script.integrated {
        let mut flow = app.acquire_token_by_integrated_windows_auth(scopes, username);
        flow.options.federation_metadata = supplied();
        flow.options.claims = claims;
        flow.start(START, seed)
    } else {
        let mut flow = app.acquire_token_by_username_password(scopes, username, Secret::new(PASSWORD));
        flow.options.federation_metadata = supplied();
        flow.options.claims = claims;
        flow.start(START, seed)
    }
}

fn replies(script: &Script<'_>) -> Vec<Reply> {
    let right = |document: &u8| Reply {
        outcome: Ok((200, pick(*document).as_bytes().to_vec())),
        retry_after: None,
        elapsed: 1500,
        kept: true,
    };
    let way: &[u8] = match script.way {
        Way::Federated => &[INSTANCE, FEDERATED, METADATA, ISSUED, TOKEN],
        Way::Managed => &[INSTANCE, MANAGED, TOKEN],
        Way::None => &[],
    };
    let mut replies: Vec<Reply> = way.iter().skip(usize::from(!script.unheard_of)).map(right).collect();
    for Change { at, replaces, met } in script.changes.iter().take(16) {
        let at = usize::from(*at) % (replies.len() + 1);
        match replies.get_mut(at) {
            Some(reply) if *replaces => *reply = met.reply(),
            _ => replies.insert(at, met.reply()),
        }
    }
    replies
}

fn check(trace: &Trace) {
    assert!(trace.ended.is_some(), "it goes on after {} steps", trace.steps);
    for shown in &trace.shown {
        for secret in SECRETS.iter() {
            assert!(!shown.contains(secret.as_str()), "{secret} is shown in {shown}");
        }
    }
    assert!(trace.requests.len() <= 8, "{} requests", trace.requests.len());
    let (mut assertions, mut tokens, mut passwords) = (0, 0, 0);
    for request in &trace.requests {
        assert_eq!(request.url.scheme(), "https", "{}", request.url);
        if request.method != "POST" {
            assert!(request.body.is_empty(), "a GET with a body");
            continue;
        }
        let body = request.body.expose();
        // An envelope, or a form.
        if body.starts_with(b"<?xml") {
            assertions += 1
        } else {
            tokens += 1
        }
        passwords += usize::from(tells(body));
    }
    assert!(assertions <= 1, "the federation server was asked {assertions} times");
    assert!(tokens <= 1, "a grant was redeemed {tokens} times");
    assert!(passwords <= 1, "the password was sent {passwords} times");
}

/// Each secret as it is, and as XML, a form and base64 would write it.
static SECRETS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut all: Vec<String> = TOKENS.iter().map(|&token| token.to_owned()).collect();
    all.push("joe&#64;contoso.com</saml:Attribute>".to_owned());
    all.push(PASSWORD.to_owned());
    all.push("pl&amp;nted-".to_owned());
    all.push(url::form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect());
    for text in [PASSWORD, ASSERTION] {
        // Neither of the last letters, which depend on what follows.
        let shorten = |encoded: String| encoded[..encoded.len() - 4].to_owned();
        all.push(shorten(STANDARD.encode(text)));
        all.push(shorten(URL_SAFE_NO_PAD.encode(text)));
    }
    all
});

/// Whether the input itself tells a secret in the clear, so that showing it would be no fault of ours.
fn names_a_secret(script: &Script<'_>) -> bool {
    let raw = |body: &Body<'_>| matches!(body, Body::Raw(bytes) if tells(bytes));
    script.username.is_some_and(|name| tells(name.as_bytes()))
        || script.claims.is_some_and(|claims| tells(claims.as_bytes()))
        || matches!(script.supplied, Some(Supplied::Raw(text)) if tells(text.as_bytes()))
        || script.changes.iter().any(|change| match &change.met.outcome {
            Outcome::Ok(body) | Outcome::Status(_, body) => raw(body),
            Outcome::Failed(_) => false,
        })
}

/// Whether a part of the password that XML and forms leave as it is stands there; each token of the documents has it too.
fn tells(bytes: &[u8]) -> bool {
    bytes.windows(5).any(|part| part == b"nted-")
}

impl Met<'_> {
    fn reply(&self) -> Reply {
        let kinds = TransportErrorKind::ALL;
        Reply {
            outcome: match &self.outcome {
                Outcome::Ok(body) => Ok((200, body.bytes())),
                Outcome::Status(status, body) => Ok((100 + status % 500, body.bytes())),
                Outcome::Failed(kind) => Err(kinds[usize::from(*kind) % kinds.len()]),
            },
            retry_after: match self.retry_after {
                Pause::None => None,
                Pause::Seconds => Some("3"),
                Pause::Date => Some("Wed, 15 Nov 2023 00:00:00 GMT"),
                Pause::Forever => Some("18446744073709551615"),
                Pause::Nonsense => Some("soon"),
            },
            elapsed: match self.elapsed {
                Elapsed::Little(millis) => millis.into(),
                Elapsed::Some(millis) => millis.into(),
                Elapsed::Any(millis) => millis,
            },
            kept: self.kept,
        }
    }
}

impl Supplied<'_> {
    /// `None` where a byte makes it no text.
    fn text(&self) -> Option<String> {
        let bytes = match self {
            Self::Metadata => Body::Document(METADATA).bytes(),
            Self::Broken { at, byte } => Body::Broken { document: METADATA, at: *at, byte: *byte }.bytes(),
            Self::Raw(text) => text.as_bytes().to_vec(),
        };
        String::from_utf8(bytes).ok()
    }
}

impl Body<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Document(document) => pick(*document).as_bytes().to_vec(),
            Self::Broken { document, at, byte } => {
                let mut bytes = pick(*document).as_bytes().to_vec();
                let at = usize::from(*at) % bytes.len();
                bytes[at] = *byte;
                bytes
            }
            Self::Raw(bytes) => bytes.to_vec(),
        }
    }
}

fn pick(document: u8) -> &'static str {
    &DOCUMENTS[usize::from(document) % DOCUMENTS.len()]
}

const INSTANCE: u8 = 0;
const FEDERATED: u8 = 1;
const METADATA: u8 = 2;
const ISSUED: u8 = 3;
const TOKEN: u8 = 4;
const MANAGED: u8 = 5;

/// In the order of the constants, then those that end a flow. None is empty.
static DOCUMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    vec![
        documents::KNOWN_INSTANCE.to_owned(),
        documents::federated_realm(),
        documents::metadata(&documents::ports()),
        documents::issued(ASSERTION),
        documents::tokens(),
        documents::MANAGED_REALM.to_owned(),
        documents::fault("FailedAuthentication", "No."),
        documents::refusal("invalid_grant", 50126, ""),
        documents::refusal("invalid_grant", 65001, r#","suberror":"consent_required""#),
        "{}".to_owned(),
        "<html>".to_owned(),
    ]
});
