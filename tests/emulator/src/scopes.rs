//! Scopes: which resource, and what of it.

use uuid::Uuid;

use crate::app::App;
use crate::config::same;
use crate::oauth::Refusal;
use crate::service::{Kind, Service};
use crate::state::State;

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const GRAPH_URI: &str = "https://graph.microsoft.com";
const RESERVED: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The scopes of a request that asks for one resource.
#[derive(Debug, Clone)]
pub(crate) struct Scopes {
    pub(crate) asked: Vec<String>,
    /// The resource as it was named; Microsoft Graph if it was not.
    pub(crate) resource: String,
    /// The `aud` of its tokens.
    pub(crate) audience: String,
    /// What is asked of it: the `scp` of its tokens.
    pub(crate) names: Vec<String>,
}

/// Splits a scope into its resource and its name; there is no resource in `user.read`.
fn split(scope: &str) -> (Option<&str>, &str) {
    match scope.rsplit_once('/') {
        Some((base, name)) if base.contains("://") || Uuid::parse_str(base).is_ok() => (Some(base), name),
        _ => (None, scope),
    }
}

impl Scopes {
    /// Reads the scopes of a token request.
    pub(crate) fn read(state: &State, service: &Service, app: &App, text: &str) -> Result<Scopes, Refusal> {
        let scopes = Scopes::split(state, service, app, text)?;
        let asks = |name: &&String| !RESERVED.contains(&name.to_lowercase().as_str());
        let own: Vec<&String> = scopes.names.iter().filter(asks).collect();
        if own.len() > 1 && own.iter().any(|name| *name == ".default") {
            let text = ".default scope can't be combined with resource-specific scopes.";
            return Err(Refusal::new("invalid_scope", 70011, text)
                .because("scope: .default stands among other scopes"));
        }
        Ok(scopes)
    }

    fn split(state: &State, service: &Service, app: &App, text: &str) -> Result<Scopes, Refusal> {
        let asked: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let mut resource: Option<String> = None;
        let mut names = Vec::new();
        for scope in &asked {
            let reserved = RESERVED.iter().any(|known| same(known, scope));
            let (base, name) = match split(scope) {
                // B2C gives a token for the application itself by its identifier.
                (None, name) if service.kind != Kind::Entra && same(name, &app.client_id) => {
                    (Some(app.client_id.as_str()), "")
                }
                (None, name) if reserved || !service.is_microsofts() => (None, name),
                (None, name) => (Some(GRAPH), name),
                found => found,
            };
            if let Some(base) = base {
                let base = if same(base.trim_end_matches('/'), GRAPH_URI) { GRAPH } else { base };
                match &resource {
                    Some(known) if !same(known, base) => {
                        let text = "Provided value for the input parameter scope is not valid because it \
                                    contains more than one resource.";
                        return Err(Refusal::new("invalid_scope", 28000, text)
                            .because("scope: it names more than one resource"));
                    }
                    _ => resource = Some(base.to_owned()),
                }
            }
            if !name.is_empty() && !same(name, "offline_access") {
                names.push(name.to_owned());
            }
        }
        let named = resource.is_some();
        let resource = resource.unwrap_or_else(|| match service.kind {
            Kind::Entra => GRAPH.to_owned(),
            Kind::B2c => app.client_id.clone(),
            Kind::Adfs => "urn:microsoft:userinfo".to_owned(),
            Kind::Oidc => service.issuer(state),
        });
        if state.config.unknown_resources.iter().any(|known| same(known, &resource)) {
            let text = format!("The resource principal named {resource} was not found in the tenant.");
            return Err(Refusal::new("invalid_resource", 500011, text));
        }
        // At a resource of one's own there is nothing to say of the reserved scopes.
        if named && resource != GRAPH {
            names.retain(|name| !RESERVED.contains(&name.as_str()));
        }
        let api = state.config.apps.iter().find(|api| api.is_resource(&resource));
        let audience = api.map_or_else(|| resource.clone(), |api| api.client_id.clone());
        Ok(Scopes { asked, resource, audience, names })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.asked.iter().any(|scope| same(scope, name))
    }

    /// The one scope of a client that asks for itself: all that it may do at a resource.
    pub(crate) fn for_client(&self) -> Result<(), Refusal> {
        let [scope] = self.asked.as_slice() else {
            let text = "Client credential flows must have one scope value.";
            return Err(Refusal::new("invalid_scope", 1002012, text)
                .because("scope: client credentials take one scope, resource/.default"));
        };
        match split(scope) {
            (Some(_), ".default") => Ok(()),
            _ => {
                let text = format!(
                    "The provided value for scope {scope} is not valid. Client credential flows must have a \
                     scope value with /.default suffixed to the resource identifier (application ID URI)."
                );
                Err(Refusal::new("invalid_scope", 1002012, text)
                    .because("scope: client credentials take one scope, resource/.default"))
            }
        }
    }
}
