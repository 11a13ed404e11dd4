//! The grant of client credentials: an application asks for itself.

use serde_json::Value;

use crate::config::same;
use crate::issue::Asked;
use crate::oauth::Refusal;
use crate::reply::Reply;
use crate::world::EXCHANGE_RESOURCE;

pub(crate) fn grant(asked: &Asked<'_>) -> Result<Reply, Refusal> {
    let scopes = asked.scopes()?;
    asked.client.confidential()?;
    scopes.for_client()?;
    let mut more: Vec<(&str, Value)> = Vec::new();
    if let Some(path) = asked.form.value("fmi_path") {
        fmi_path(asked, path)?;
        if !same(&scopes.resource, EXCHANGE_RESOURCE) {
            return Err(Refusal::new("invalid_scope", 70011, "fmi_path is only for the token exchange.")
                .because("fmi_path: the scope is not that of the token exchange"));
        }
        let (tenant, client) = (&asked.state.config.tenant_id, &asked.app().client_id);
        more.push(("fmi_path", path.into()));
        more.push(("sub", format!("/eid1/c/pub/t/{tenant}/a/{client}/{path}").into()));
    }
    asked.grant_to_client(&scopes, &more)
}

/// A blueprint may ask for its own agent identities, and nobody for anybody else's.
fn fmi_path(asked: &Asked<'_>, path: &str) -> Result<(), Refusal> {
    let agent = asked.state.config.app(path);
    if agent.and_then(|agent| agent.blueprint.as_ref()).is_some_and(|one| same(one, &asked.app().client_id)) {
        return Ok(());
    }
    let text = "The fmi_path is not that of an agent identity of this application.";
    Err(Refusal::request(700231, text).because("fmi_path: it names no agent identity of this blueprint"))
}
