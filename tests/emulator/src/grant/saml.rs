//! The grants of SAML assertions.

use data_encoding::BASE64_NOPAD;

use crate::assertion;
use crate::config::SamlVersion;
use crate::grants::SignIn;
use crate::issue::{Asked, Granted};
use crate::oauth::Refusal;
use crate::reply::Reply;
use crate::state::lock;

pub(crate) fn grant(asked: &Asked<'_>, version: SamlVersion) -> Result<Reply, Refusal> {
    let (state, form) = (asked.state, asked.form);
    let scopes = asked.scopes()?;
    asked.client.confidential_or_public()?;
    if form.has("username") || form.has("password") {
        return Err(Refusal::request(90013, "Invalid input received from the user.")
            .because("token request: a user name or password accompanies an assertion"));
    }
    let encoded = form.value("assertion").ok_or_else(|| Refusal::missing("assertion"))?;
    let invalid =
        |text: &str, rule: String| Refusal::grant(50008, text).because(format!("token request: {rule}"));
    // Both alphabets are taken, with padding or without, as by the service.
    let plain = encoded.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let bytes = BASE64_NOPAD.decode(plain.as_bytes()).map_err(|_| {
        Refusal::grant(70000, "The provided assertion is not valid.")
            .because("token request: the assertion is not base64")
    })?;
    let issued = assertion::recognise(&lock(&state.memory).assertions, &bytes).cloned();
    let issued = issued
        .map_err(|rule| invalid("Unable to verify token signature. The signature is invalid.", rule))?;
    if issued.version != version {
        return Err(Refusal::request(7500514, "A supported type of SAML response was not found.")
            .because("token request: the grant is not that of the assertion's version"));
    }
    if issued.audience != state.config.audience {
        return Err(Refusal::grant(50008, "SAML token is invalid: the audience is not this service.")
            .because("token request: the assertion is for another audience"));
    }
    if issued.expires <= state.now() {
        return Err(Refusal::grant(50008, "SAML token is invalid: it has expired."));
    }
    let sign_in = SignIn::new(state, &issued.upn, &["fed"]);
    asked.grant(&Granted::plain(&sign_in, &scopes))
}
