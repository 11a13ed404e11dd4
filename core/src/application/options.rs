//! What one call may ask for beyond its scopes.

use std::fmt;

use super::{Application, ClientCredential};
use crate::flights::FlightKey;

/// What one call may ask for beyond its scopes.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RequestOptions {
    /// The claims of a challenge, or other demands on the token: JSON (OpenID Connect Core, section 5.5).
    pub claims: Option<String>,
    /// Added to the query of the endpoints that are asked for tokens or codes, in this order.
    pub extra_query_parameters: Vec<(String, String)>,
    /// The identifier under which the service logs the call. Drawn from the seed if absent.
    pub correlation_id: Option<String>,
    /// The tenant to ask instead of the application's: a GUID or a domain name.
    pub tenant: Option<String>,
    /// The user's name, where the grant does not say it: shown on sign-in pages, and a hint where the user's data is.
    pub login_hint: Option<String>,
    /// The path of the federated managed identity that the token is for (agent identities).
    pub fmi_path: Option<String>,
    /// The federation server's metadata document, where the server publishes none; skips the fetch.
    pub federation_metadata: Option<String>,
}

/// Shows of the metadata document its length alone: it fills pages.
impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            claims,
            extra_query_parameters,
            correlation_id,
            tenant,
            login_hint,
            fmi_path,
            federation_metadata,
        } = self;
        f.debug_struct("RequestOptions")
            .field("claims", claims)
            .field("extra_query_parameters", extra_query_parameters)
            .field("correlation_id", correlation_id)
            .field("tenant", tenant)
            .field("login_hint", login_hint)
            .field("fmi_path", fmi_path)
            .field("federation_metadata_bytes", &federation_metadata.as_ref().map(String::len))
            .finish()
    }
}

impl RequestOptions {
    /// Everything of these options that an answer depends on.
    pub(crate) fn flight_parts(&self) -> Vec<&str> {
        let Self {
            claims,
            extra_query_parameters,
            correlation_id: _,
            tenant,
            login_hint,
            fmi_path,
            federation_metadata,
        } = self;
        let mut parts = Vec::new();
        for option in [claims, tenant, login_hint, fmi_path, federation_metadata] {
            // An absent part is not an empty one.
            parts.push(if option.is_some() { "+" } else { "-" });
            parts.push(option.as_deref().unwrap_or_default());
        }
        parts.extend(extra_query_parameters.iter().flat_map(|(name, value)| [name.as_str(), value]));
        parts
    }
}

/// The key of a call that reads the cache: the application, what it asks for, for whom, and how.
pub(crate) fn flight_key(
    app: &Application,
    scopes: &[String],
    subject: &str,
    force_refresh: bool,
    options: &RequestOptions,
) -> FlightKey {
    let mut sorted: Vec<_> = scopes.iter().map(|scope| scope.to_ascii_lowercase()).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let scopes = sorted.join(" ");
    let capabilities = app.client_capabilities().join(" ");
    let force = if force_refresh { "new" } else { "any" };
    let credential = app.credential().map_or("public", ClientCredential::kind);
    let parts =
        [app.client_id(), app.authority().as_str(), credential, &capabilities, &scopes, subject, force];
    FlightKey::new(parts.into_iter().chain(options.flight_parts()))
}
