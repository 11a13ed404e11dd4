//! This program once more, with an environment in which Kerberos finds what a test has prepared.

use entrada_blocking::{Authority, HttpHost, Proxy, PublicClientApplication, Settings};
use entrada_core::authority::AuthorityOptions;
use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiator, Round};
use entrada_emulator::world::{CLIENT_ID, FEDERATED_USER, SCOPE};
use entrada_identity::{PlatformNegotiator, current_ticket, current_user, current_user_by};

use std::sync::Arc;

use crate::process::{program, run};
use crate::realm::Realm;

/// What the child is asked; an environment variable.
const QUESTION: &str = "ENTRADA_IDENTITY_QUESTION";

/// A child to be asked.
pub(crate) struct Child<'a> {
    realm: &'a Realm,
    environment: Vec<(&'static str, String)>,
}

impl<'a> Child<'a> {
    pub(crate) fn of(realm: &'a Realm) -> Self {
        Self { realm, environment: Vec::new() }
    }

    pub(crate) fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((variable, value.into()));
        self
    }

    /// With the keytab of a principal as the client's.
    pub(crate) fn with_keytab(self, name: &str) -> Self {
        let path = self.realm.path(name).display().to_string();
        self.with("KRB5_CLIENT_KTNAME", path)
    }

    /// With another configuration of Kerberos.
    pub(crate) fn with_configuration(self, name: &str) -> Self {
        let path = self.realm.path(name).display().to_string();
        self.with("KRB5_CONFIG", path)
    }

    /// A token by integrated authentication; its user, or the error's code and words.
    pub(crate) fn token(&self, authority: &str) -> String {
        self.ask(&format!("token {authority}"))
    }

    /// The same over tokio.
    pub(crate) fn token_over_tokio(&self, authority: &str) -> String {
        self.ask(&format!("tokio {authority}"))
    }

    /// The first round with a service, or why there is none.
    pub(crate) fn round(&self, service: &str) -> String {
        self.ask(&format!("round {service}"))
    }

    /// What is said of a challenge after the first round.
    pub(crate) fn answer(&self, service: &str, challenge: &str) -> String {
        self.ask(&format!("answer {service} {challenge}"))
    }

    pub(crate) fn user(&self) -> String {
        self.ask("user")
    }

    pub(crate) fn ticket(&self) -> String {
        self.ask("ticket")
    }

    pub(crate) fn user_by_a_rule(&self) -> String {
        self.ask("rule")
    }

    fn ask(&self, question: &str) -> String {
        let own = std::env::current_exe().expect("a program");
        let mut command = self.realm.client(own.to_str().expect("text"));
        command.args(["child::is_asked", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env(QUESTION, question);
        for (variable, value) in &self.environment {
            command.env(variable, value);
        }
        let output = run(&mut command, "");
        let answer = output.lines().find_map(|line| line.split_once("answer: "));
        answer.unwrap_or_else(|| panic!("no answer: {output}")).1.to_owned()
    }
}

#[test]
#[ignore = "the other tests run it, as a child with an environment of its own"]
fn is_asked() {
    let Ok(question) = std::env::var(QUESTION) else { return };
    let words: Vec<&str> = question.split(' ').collect();
    let answer = match words.as_slice() {
        ["token", authority] => token(authority, false),
        ["tokio", authority] => token(authority, true),
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

fn token(authority: &str, tokio: bool) -> String {
    let authority =
        Authority::parse(authority, AuthorityOptions::default().allow_http_loopback(true)).expect("one");
    let app = PublicClientApplication::new(CLIENT_ID, authority);
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    settings.integrated = Some(Arc::new(PlatformNegotiator::new().expect("the library is here")));
    let flow = app.acquire_token_by_integrated_windows_auth([SCOPE], FEDERATED_USER);
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
        Err(error) => format!("{}: {error}", error.code()),
    }
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
