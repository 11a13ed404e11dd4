//! Who is the client: its identifier, and how it proves that it is the one.

use data_encoding::BASE64;
use hyper::header::AUTHORIZATION;

use crate::app::App;
use crate::client_assertion;
use crate::form::{Form, decoded};
use crate::oauth::Refusal;
use crate::server::Call;
use crate::service::{Kind, Service};
use crate::state::State;

/// A client that is who it says.
pub(crate) struct Client<'a> {
    pub(crate) app: &'a App,
    pub(crate) proof: Proof,
}

/// How a client proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Not at all: public clients cannot.
    None,
    Secret,
    Certificate,
    /// By a token of another issuer.
    Federated,
    /// An agent identity, by its blueprint's token.
    Blueprint,
}

impl Client<'_> {
    /// Whether the client has proved anything.
    pub(crate) fn is_confidential(&self) -> bool {
        self.proof != Proof::None
    }

    /// Refuses a client that has proved nothing.
    pub(crate) fn confidential(&self) -> Result<(), Refusal> {
        if self.is_confidential() {
            return Ok(());
        }
        Err(nothing_proved())
    }

    /// Refuses a client that has proved nothing and is not allowed to go without.
    pub(crate) fn confidential_or_public(&self) -> Result<(), Refusal> {
        if self.app.public { Ok(()) } else { self.confidential() }
    }
}

/// What is said to a client that has to prove something and does not.
pub(crate) fn nothing_proved() -> Refusal {
    let text =
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    Refusal::client(7000218, text)
}

/// The client of a request, its proof verified if it brings one.
pub(crate) fn identify<'a>(
    state: &'a State,
    call: &Call,
    service: &Service,
    form: &Form,
) -> Result<Client<'a>, Refusal> {
    let basic = basic(call)?;
    let in_header = basic.as_ref().map(|(id, _)| id.as_str());
    let client_id = form.value("client_id").or(in_header).ok_or_else(|| Refusal::missing("client_id"))?;
    let app = state.config.app(client_id).ok_or_else(|| unknown(client_id))?;
    let secret = form.value("client_secret").or(basic.as_ref().map(|(_, secret)| secret.as_str()));
    let assertion = form.value("client_assertion");
    let proof = match (secret, assertion) {
        (None, None) => Proof::None,
        (Some(_), Some(_)) => {
            let text = "Only one of 'client_secret' and 'client_assertion' may be presented.";
            return Err(
                Refusal::request(9000411, text).because("client: both a secret and an assertion were sent")
            );
        }
        _ if !app.has_credentials() => {
            let text =
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.";
            return Err(Refusal::client(700025, text)
                .because("client: a public client presented a secret or an assertion"));
        }
        (Some(secret), None) => {
            if !app.secrets.iter().any(|known| known == secret) {
                let text = "Invalid client secret provided. Ensure the secret being sent in the request is the \
                            client secret value, not the client secret ID.";
                return Err(Refusal::client(7000215, text));
            }
            Proof::Secret
        }
        (None, Some(assertion)) => client_assertion::verify(state, service, form, app, assertion)?,
    };
    Ok(Client { app, proof })
}

/// The client identifier is nobody's.
pub(crate) fn unknown(client_id: &str) -> Refusal {
    let shown: String = client_id.chars().take(100).collect();
    let text = format!("Application with identifier '{shown}' was not found in the directory.");
    Refusal::new("unauthorized_client", 700016, text)
}

/// The identifier and the secret of HTTP Basic, which are form-encoded within (RFC 6749, 2.3.1).
fn basic(call: &Call) -> Result<Option<(String, String)>, Refusal> {
    let Some(value) = call.headers.get(AUTHORIZATION) else { return Ok(None) };
    let bad = || {
        Refusal::client(900144, "The Authorization header is not valid.")
            .because("client: the Authorization header is no HTTP Basic of form-encoded parts")
    };
    let encoded = value.to_str().ok().and_then(|value| value.strip_prefix("Basic ")).ok_or_else(bad)?;
    let text = BASE64.decode(encoded.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(bad)?;
    let (id, secret) = text.split_once(':').ok_or_else(bad)?;
    let part = |text: &str| decoded(&text.replace('+', " ")).ok_or_else(bad);
    Ok(Some((part(id)?, part(secret)?)))
}

impl Service {
    /// Whether what the client sends once may not come again.
    pub(crate) fn takes_assertions_once(&self, state: &State) -> bool {
        self.kind == Kind::Oidc || state.config.one_time_assertions
    }
}
