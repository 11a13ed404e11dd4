//! Instance discovery and user realm discovery.

use hyper::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::{Federation, Realm, TrustVersion};
use crate::form;
use crate::oauth::Refusal;
use crate::reply::{self, Reply};
use crate::server::Call;
use crate::state::State;

/// `GET /common/userrealm/{upn}?api-version=1.0`.
pub(crate) fn realm(state: &State, call: &Call, segment: &str) -> Reply {
    if call.query().value("api-version") != Some("1.0") {
        return missing(state, call, "api-version");
    }
    let Some(upn) = form::decoded(segment).filter(|upn| !upn.is_empty()) else {
        state.violate("user realm: the user name is badly percent-encoded");
        return Refusal::request(90013, "Invalid input received from the user.")
            .into_reply(state, call.correlation());
    };
    reply::json(StatusCode::OK, &realm_of(state, call, &upn))
}

fn realm_of(state: &State, call: &Call, upn: &str) -> Value {
    let domain = state.config.domain_of(upn);
    let mut body = json!({
        "ver": "1.0",
        "account_type": "Unknown",
        "cloud_instance_name": state.authority_host(),
        "cloud_audience_urn": state.config.audience,
    });
    let Some(domain) = domain else { return body };
    match &domain.realm {
        Realm::Unknown => return body,
        Realm::Managed => body["account_type"] = "Managed".into(),
        Realm::SeamlessSso if !call.names_its_library() => body["account_type"] = "Managed".into(),
        Realm::SeamlessSso => {
            let trust = format!("{}/{}/winauth/trust", state.base_url, domain.name);
            body["account_type"] = "Federated".into();
            body["federation_protocol"] = "WSTrust".into();
            body["federation_metadata_url"] =
                format!("{trust}/mex?client-request-id={}", Uuid::new_v4()).into();
            body["federation_active_auth_url"] = format!("{trust}/2005/usernamemixed").into();
        }
        Realm::Federated(federation) => {
            body["account_type"] = "Federated".into();
            body["federation_protocol"] = federation.protocol.as_str().into();
            let trust = format!("{}/adfs/services/trust", state.base_url);
            let query = state.farm_query(&domain.name);
            if federation.metadata {
                body["federation_metadata_url"] = format!("{trust}/mex{query}").into();
            }
            if let Some(version) = preferred(federation) {
                body["federation_active_auth_url"] = format!("{trust}/{version}/usernamemixed{query}").into();
            }
        }
    }
    body["domain_name"] = domain.name.as_str().into();
    body
}

fn preferred(federation: &Federation) -> Option<&'static str> {
    // Real servers name the 2005 endpoint here, whatever else they offer.
    if federation.trust_versions.contains(&TrustVersion::V2005) {
        Some("2005")
    } else {
        federation.trust_versions.first().map(|version| version.segment())
    }
}

/// `GET /common/discovery/instance?api-version=…&authorization_endpoint=…`.
pub(crate) fn discovery(state: &State, call: &Call) -> Reply {
    let query = call.query();
    if !matches!(query.value("api-version"), Some("1.0" | "1.1")) {
        return missing(state, call, "api-version");
    }
    let Some(endpoint) = query.value("authorization_endpoint") else {
        return missing(state, call, "authorization_endpoint");
    };
    let Some(rest) = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://")) else {
        return missing(state, call, "authorization_endpoint");
    };
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or_default();
    let tenant = parts.next().unwrap_or_default();
    if host != state.authority_host() {
        return Refusal::new("invalid_instance", 50049, "Unknown or invalid instance.")
            .into_reply(state, call.correlation());
    }
    let body = json!({
        "tenant_discovery_endpoint": format!("{}/{tenant}/v2.0/.well-known/openid-configuration", state.base_url),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    });
    reply::json(StatusCode::OK, &body)
}

pub(crate) fn no_tenant(tenant: &str) -> Refusal {
    let shown: String = tenant.chars().take(100).collect();
    Refusal::request(90002, format!("Tenant '{shown}' not found."))
}

fn missing(state: &State, call: &Call, parameter: &str) -> Reply {
    Refusal::request(90014, format!("The required field '{parameter}' is missing from the credential."))
        .because(format!(
            "{}: the parameter {parameter} is missing or not one of the known values",
            call.path
        ))
        .into_reply(state, call.correlation())
}

impl TrustVersion {
    /// The version's segment in the endpoints' paths.
    pub(crate) fn segment(self) -> &'static str {
        match self {
            TrustVersion::V1_3 => "13",
            TrustVersion::V2005 => "2005",
        }
    }
}

impl State {
    /// The host and port of every URL handed out.
    pub(crate) fn authority_host(&self) -> &str {
        self.base_url.split_once("://").map_or("", |(_, host)| host)
    }

    /// The issuer of the tokens.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/{}/v2.0", self.base_url, self.config.tenant_id)
    }

    /// Whether a path's first segment is one that the service answers for.
    pub(crate) fn knows(&self, tenant: &str) -> bool {
        ["common", "organizations", "consumers"].iter().any(|word| tenant.eq_ignore_ascii_case(word))
            || self.config.is_tenant(tenant)
    }

    /// The query that tells one farm from another; the first federated domain's needs none.
    pub(crate) fn farm_query(&self, domain: &str) -> String {
        match self.default_farm() {
            Some(first) if first.name == domain => String::new(),
            _ => format!("?domain={domain}"),
        }
    }

    /// The first federated domain.
    pub(crate) fn default_farm(&self) -> Option<&crate::config::Domain> {
        self.config.domains.iter().find(|domain| matches!(domain.realm, Realm::Federated(_)))
    }
}
