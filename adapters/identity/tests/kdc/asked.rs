//! What this program answers as a child.

use std::sync::Arc;

use entrada_blocking::{Authority, HttpHost, Proxy, PublicClientApplication, Settings};
use entrada_core::authority::AuthorityOptions;
use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Negotiator, Round};
use entrada_emulator::world::{CLIENT_ID, SCOPE};
use entrada_identity::{PlatformNegotiator, current_ticket, current_user, current_user_by};

use crate::process::{program, run};
use crate::wrapped::{Bound, Pressed, Said};

/// What the child is asked, a question a line; an environment variable.
pub(crate) const QUESTIONS: &str = "ENTRADA_IDENTITY_QUESTIONS";
/// Where the certificate is that the child trusts, if it is there; an environment variable.
pub(crate) const AUTHORITY_FILE: &str = "ENTRADA_IDENTITY_AUTHORITY";

#[test]
#[ignore = "the other tests run it, as a child with an environment of its own"]
fn is_asked() {
    for question in std::env::var(QUESTIONS).unwrap_or_default().lines() {
        println!("answer: {}", answer_to(question));
    }
}

fn answer_to(question: &str) -> String {
    let words: Vec<&str> = question.split(' ').collect();
    match words.as_slice() {
        ["token", authority, user] => token(authority, user, platform(), false),
        ["tokio", authority, user] => token(authority, user, platform(), true),
        ["bound", authority, user, file @ ..] => {
            let bindings = file.first().map(|file| ChannelBindings(std::fs::read(file).expect("a file")));
            token(authority, user, Bound { platform: platform(), bindings }, false)
        }
        ["pressed", authority, user] => {
            let said = Said::default();
            let pressed = Pressed { platform: platform(), said: Arc::clone(&said) };
            format!("{} after {:?}", token(authority, user, pressed, false), said.lock().expect("one thread"))
        }
        ["round", service] => shown(first(service).map(|(_, round)| round)),
        ["answer", service, file] => answer(service, &std::fs::read(file).expect("a file")),
        ["user"] => user(current_user()),
        ["ticket"] => match current_ticket() {
            Ok(ticket) => format!("{} for {:?}", ticket.principal, ticket.good_for),
            Err(error) => format!("{}: {error}", error.code()),
        },
        ["rule"] => user(current_user_by(|principal| {
            let [name] = principal.components.as_slice() else { return None };
            (principal.realm == "CONTOSO.COM").then(|| format!("{name}@fabrikam.com"))
        })),
        other => panic!("{other:?}"),
    }
}

fn platform() -> PlatformNegotiator {
    PlatformNegotiator::new().expect("the library is here")
}

/// A token by integrated authentication; its user, or the error's code, words and remedy.
pub(crate) fn token(
    authority: &str,
    user: &str,
    negotiator: impl Negotiator + 'static,
    tokio: bool,
) -> String {
    let authority =
        Authority::parse(authority, AuthorityOptions::default().allow_http_loopback(true)).expect("one");
    let app = PublicClientApplication::new(CLIENT_ID, authority);
    let flow = app.acquire_token_by_integrated_windows_auth([SCOPE], user);
    let settings = settings(Arc::new(negotiator));
    let result = match tokio {
        false => HttpHost::new(settings).expect("the settings hold").acquire(flow),
        true => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("one");
            let host = entrada_tokio::HttpHost::new(settings).expect("the settings hold");
            runtime.block_on(host.acquire(flow))
        }
    };
    match result {
        Ok(result) => format!("token of {}", result.account.expect("there is one").username),
        Err(error) => format!("{}: {error}. {}", error.code(), error.remedy()),
    }
}

fn settings(negotiator: Arc<dyn Negotiator>) -> Settings {
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    settings.integrated = Some(negotiator);
    let file = std::env::var(AUTHORITY_FILE).expect("the variable is set");
    settings.extra_root_certificates.extend(std::fs::read(file));
    settings
}

/// An exchange after its first round.
fn first(service: &str) -> Result<(Box<dyn Negotiation>, Round), NegotiateError> {
    let bindings = ChannelBindings(b"tls-server-end-point:0123456789abcdef0123456789abcdef".to_vec());
    let mut exchange = PlatformNegotiator::new()?.begin(&ServiceName::new(service), Some(bindings))?;
    let round = exchange.step(None)?;
    Ok((exchange, round))
}

/// What is said of a challenge, and of the same once more.
fn answer(service: &str, challenge: &[u8]) -> String {
    match first(service) {
        Ok((mut exchange, _)) => {
            let [once, again] = [(); 2].map(|()| shown(exchange.step(Some(challenge))));
            format!("{once} then {again}")
        }
        Err(error) => shown(Err(error)),
    }
}

fn shown(round: Result<Round, NegotiateError>) -> String {
    match round {
        Ok(round) => format!("{round:?}"),
        Err(NegotiateError(text)) => text,
    }
}

fn user(user: Result<entrada_identity::CurrentUser, entrada_identity::IdentityError>) -> String {
    match user {
        Ok(user) => format!("{} by {}", user.upn, user.source),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn programs_have_no_environment_but_their_own() {
    assert!(!run(&mut program("env"), "").contains("CARGO"));
}
