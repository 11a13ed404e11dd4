//! The last of an agent identity's three steps: a token for the user as whom it acts.
//!
//! ```text
//!   T1  blueprint  client_credentials, fmi_path = the agent       → a token for the exchange
//!   T2  agent      client_credentials, client_assertion = T1      → a token for the exchange
//!   T3  agent      user_fic, client_assertion = T1, credential T2 → the user's token
//! ```

use serde_json::Value;

use crate::client::Proof;
use crate::client_assertion::principal_of;
use crate::config::same;
use crate::grants::SignIn;
use crate::issue::{Asked, Granted};
use crate::jwt::guid_of;
use crate::oauth::Refusal;
use crate::reply::Reply;
use crate::world::EXCHANGE_RESOURCE;

pub(crate) fn grant(asked: &Asked<'_>) -> Result<Reply, Refusal> {
    let (state, form) = (asked.state, asked.form);
    let scopes = asked.scopes()?;
    if asked.client.proof != Proof::Blueprint {
        asked.client.confidential()?;
        return Err(Refusal::client(700213, "The client is no agent identity.")
            .because("user_fic: the client assertion is not the blueprint's token"));
    }
    let credential = form
        .value("user_federated_identity_credential")
        .ok_or_else(|| Refusal::missing("user_federated_identity_credential"))?;
    let invalid = |rule: &str| {
        Refusal::grant(50013, "The user federated identity credential is not valid.")
            .because(format!("user_fic: {rule}"))
    };
    let claims = state.own_claims(credential);
    let claims = claims.ok_or_else(|| invalid("the credential is no token of this service"))?;
    let is = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
    if !is("aud", EXCHANGE_RESOURCE) || !is("sub", &principal_of(asked.app())) {
        return Err(invalid("the credential is not the agent identity's own token for the exchange"));
    }
    if claims.get("exp").and_then(Value::as_i64).is_none_or(|expires| expires <= state.now()) {
        return Err(Refusal::grant(500133, "Assertion is not within its valid time range."));
    }
    let user = match (form.value("user_id"), form.value("username")) {
        (Some(id), None) => state.config.users.iter().find(|user| same(&guid_of(&user.upn), id)),
        (None, Some(name)) => state.config.user(name),
        _ => {
            return Err(Refusal::missing("user_id")
                .because("user_fic: there has to be either a user_id or a username"));
        }
    };
    let agents = |agent: &String| same(agent, &asked.app().client_id);
    let user = user.filter(|user| user.agent.as_ref().is_some_and(agents)).ok_or_else(|| {
        Refusal::grant(50034, "The user account does not exist, or is not the agent identity's.")
    })?;
    let sign_in = SignIn::new(state, &user.upn, &["fic"]);
    asked.grant(&Granted::plain(&sign_in, &scopes))
}
