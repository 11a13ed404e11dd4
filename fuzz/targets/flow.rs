//! Every flow against a world that answers whatever it likes.
//!
//! As the random walk of the tests, with an input that learns from what it reached: a flow ends within a bound, tells
//! no secret, sends a user's credential once and over https alone, and waits as long as it is asked to.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use entrada_core::application::RequestOptions;
use entrada_core::http::TransportErrorKind;
use entrada_core::signer::SignerErrorKind;
use entrada_fuzz::catalogue::{Case, FlowCase, OIDC};
use entrada_fuzz::documents::{self, ASSERTION};
use entrada_fuzz::planted::{carries, secrets};
use entrada_fuzz::walk::{Reply, Trace};
use entrada_fuzz::way::way;
use entrada_fuzz::world::START;
use libfuzzer_sys::fuzz_target;

/// The most steps: each request of the longest flow twice with a wait between, early answers to the waits, and a device
/// that is polled as long as its code is good.
const BOUND: usize = 6_000;

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| Case::that_start().collect());
static SECRETS: LazyLock<Vec<String>> = LazyLock::new(secrets);

/// A flow, and what it meets.
#[derive(Debug, Arbitrary)]
struct Script<'a> {
    case: u16,
    federated: bool,
    claims: Option<&'a str>,
    /// The application's own text, which a step may show: it is not taken from the documents with secrets.
    supplied: Option<Supplied<'a>>,
    /// Of each call, how its way differs from the right one. The second remembers what the first learned.
    first: Vec<Change<'a>>,
    second: Option<Vec<Change<'a>>>,
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
    place: Place,
    cookie: bool,
    retry_after: Pause,
    date: bool,
    elapsed: Elapsed,
    on_time: bool,
    kept: bool,
    read: bool,
    signer: Option<bool>,
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

/// Where an answer redirects to.
#[derive(Debug, Arbitrary)]
enum Place {
    Nowhere,
    On,
    Answer,
    Refusal,
    Elsewhere,
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
    let case = CASES[usize::from(script.case) % CASES.len()];
    let mut options = RequestOptions::default();
    options.claims = script.claims.map(str::to_owned);
    options.federation_metadata = script.supplied.as_ref().and_then(Supplied::text);
    let (mut memory, mut now) = (case.memory(), START);
    for (seed, changes) in (0..).zip([Some(&script.first), script.second.as_ref()].into_iter().flatten()) {
        let replies = replies(case, script.federated, changes);
        // What the caller brought may be refused beforehand.
        let Ok(started) = case.start(now, seed, &options) else { return };
        let trace = started.walk(now, &replies, &mut memory, BOUND);
        check(case, &trace);
        now = trace.now;
    }
});

fn replies(case: Case, federated: bool, changes: &[Change<'_>]) -> Vec<Reply> {
    let mut replies = way(case, federated);
    for Change { at, replaces, met } in changes.iter().take(16) {
        let at = usize::from(*at) % (replies.len() + 1);
        match replies.get_mut(at) {
            Some(reply) if *replaces => *reply = met.reply(),
            _ => replies.insert(at, met.reply()),
        }
    }
    // A wait that is never answered in time goes on as long as it likes.
    replies.push(Reply { outcome: Ok((404, Vec::new())), elapsed: 100_000, ..Reply::right("") });
    replies
}

fn check(case: Case, trace: &Trace) {
    assert!(trace.ended.is_some(), "it goes on after {} steps", trace.steps);
    for shown in &trace.shown {
        for secret in SECRETS.iter() {
            assert!(!shown.contains(secret.as_str()), "{secret} is shown in {shown}");
        }
    }
    assert!(case.flow.polls() || trace.requests.len() <= 8, "{} requests", trace.requests.len());
    for request in &trace.requests {
        assert_eq!(request.url.scheme(), "https", "{}", request.url);
        assert!(request.method == "POST" || request.body.is_empty(), "a GET with a body");
    }
    if let Some(credential) = case.flow.credential() {
        let sent = trace.requests.iter().filter(|request| carries(request, credential)).count();
        assert!(sent <= 1, "a user's credential was sent {sent} times");
    }
    if case.flow == FlowCase::Integrated {
        let asked =
            trace.requests.iter().filter(|request| request.body.expose().starts_with(b"<?xml")).count();
        assert!(asked <= 1, "the federation server was asked {asked} times");
    }
    // For each refresh token that is tried.
    let proofs = if case.flow.is_of_the_cache() { 3 } else { 1 };
    assert!(trace.signed.len() <= 2 * proofs && trace.asserted.len() <= proofs);
}

/// Whether the input itself tells a secret in the clear, so that showing it would be no fault of ours.
fn names_a_secret(script: &Script<'_>) -> bool {
    let raw = |body: &Body<'_>| matches!(body, Body::Raw(bytes) if tells(bytes));
    script.claims.is_some_and(|claims| tells(claims.as_bytes()))
        || matches!(script.supplied, Some(Supplied::Raw(text)) if tells(text.as_bytes()))
        || script.first.iter().chain(script.second.iter().flatten()).any(|change| match &change.met.outcome {
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
            location: match self.place {
                Place::Nowhere => None,
                Place::On => Some("/adfs/oauth2/authorize/wia"),
                Place::Answer => Some("http://localhost/?code=x&state={state}"),
                Place::Refusal => Some("http://localhost/?error=access_denied&state={state}"),
                Place::Elsewhere => Some("https://login.fabrikam.com/adfs/oauth2/authorize/wia"),
            },
            cookie: self.cookie.then_some("MSISAuth=x; Secure"),
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
            date: self.date.then_some("Fri, 31 Dec 9999 23:59:59 GMT"),
            on_time: self.on_time,
            kept: self.kept,
            read: self.read,
            signer: self.signer.map(|unsupported| {
                if unsupported { SignerErrorKind::Unsupported } else { SignerErrorKind::Denied }
            }),
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

const METADATA: u8 = 2;

/// None is empty, and the metadata is in its place.
static DOCUMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let post = r#","token_endpoint_auth_methods_supported":["client_secret_post"]"#;
    vec![
        documents::KNOWN_INSTANCE.to_owned(),
        documents::federated_realm(),
        documents::metadata(&documents::ports()),
        documents::issued(ASSERTION),
        documents::tokens(),
        documents::MANAGED_REALM.to_owned(),
        documents::provider(OIDC, ""),
        documents::provider(OIDC, post),
        documents::device(r#","expires_in":60,"interval":7"#),
        documents::told("authorization_pending"),
        documents::told("slow_down"),
        documents::told("invalid_client"),
        documents::told("temporarily_unavailable"),
        documents::fault("FailedAuthentication", "No."),
        documents::refusal("invalid_grant", 50126, ""),
        documents::refusal("invalid_grant", 65001, r#","suberror":"consent_required""#),
        "{}".to_owned(),
        "<html>".to_owned(),
    ]
});
