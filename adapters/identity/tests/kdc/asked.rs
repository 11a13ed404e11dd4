//! What this program answers as a child.

use std::sync::Arc;

use entrada_blocking::{Authority, HttpHost, Proxy, PublicClientApplication, Settings};
use entrada_core::authority::AuthorityOptions;
use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiator, Round};
use entrada_emulator::world::{CLIENT_ID, SCOPE};
use entrada_identity::{PlatformNegotiator, current_ticket, current_user, current_user_by};

use crate::process::{program, run};

/// What the child is asked; an environment variable.
pub(crate) const QUESTION: &str = "ENTRADA_IDENTITY_QUESTION";
/// Where the certificate is that the child trusts, if it is there; an environment variable.
pub(crate) const AUTHORITY_FILE: &str = "ENTRADA_IDENTITY_AUTHORITY";

#[test]
#[ignore = "the other tests run it, as a child with an environment of its own"]
fn is_asked() {
    let Ok(question) = std::env::var(QUESTION) else { return };
    let words: Vec<&str> = question.split(' ').collect();
    let answer = match words.as_slice() {
        ["token", authority, user] => token(authority, user, false),
        ["tokio", authority, user] => token(authority, user, true),
        ["round", service] => rounds(service, None),
        ["answer", service, challenge] => rounds(service, Some(challenge)),
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
    };
    println!("answer: {answer}");
}

fn token(authority: &str, user: &str, tokio: bool) -> String {
    let authority =
        Authority::parse(authority, AuthorityOptions::default().allow_http_loopback(true)).expect("one");
    let app = PublicClientApplication::new(CLIENT_ID, authority);
    let flow = app.acquire_token_by_integrated_windows_auth([SCOPE], user);
    let settings = settings();
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

fn settings() -> Settings {
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    settings.integrated = Some(Arc::new(PlatformNegotiator::new().expect("the library is here")));
    let file = std::env::var(AUTHORITY_FILE).expect("the variable is set");
    settings.extra_root_certificates.extend(std::fs::read(file));
    settings
}

fn rounds(service: &str, challenge: Option<&str>) -> String {
    let exchange = || -> Result<Round, NegotiateError> {
        let negotiator = PlatformNegotiator::new()?;
        let bindings = ChannelBindings(b"tls-server-end-point:0123456789abcdef0123456789abcdef".to_vec());
        let mut negotiation = negotiator.begin(&ServiceName::new(service), Some(bindings))?;
        let first = negotiation.step(None)?;
        match challenge {
            Some(challenge) => negotiation.step(Some(challenge.as_bytes())),
            None => Ok(first),
        }
    };
    match exchange() {
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
