//! The emulator's own pages for programs in other languages: its world, and the rules that were broken.
//!
//! They give keys and passwords to whoever asks. This is no security boundary.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::credential;
use crate::reply::{self, Reply};
use crate::state::{State, lock};
use crate::world;

/// `GET /.emulator/world`: users, applications by what they are for, and the test certificate with its key.
pub(crate) fn world(state: &State) -> Reply {
    let users: Vec<Value> = state
        .config
        .users
        .iter()
        .map(|user| json!({ "upn": user.upn, "password": user.password, "name": user.name }))
        .collect();
    let test = credential::registered();
    let body = json!({
        "base_url": state.base_url,
        "tenant_id": state.config.tenant_id,
        "tenant": state.config.tenant_names.first(),
        "users": users,
        "mfa_code": world::MFA_CODE,
        "client_secret": world::CLIENT_SECRET,
        "clients": {
            "native": world::CLIENT_ID,
            "unconsented": world::UNCONSENTED_CLIENT_ID,
            "web": world::CONFIDENTIAL_CLIENT_ID,
            "single_page": world::SPA_CLIENT_ID,
            "daemon": world::DAEMON_CLIENT_ID,
            "subject_name": world::SUBJECT_NAME_CLIENT_ID,
            "federated": world::FEDERATED_CLIENT_ID,
            "family": world::FAMILY_CLIENT_ID,
            "other_family": world::OTHER_FAMILY_CLIENT_ID,
            "blueprint": world::BLUEPRINT_CLIENT_ID,
            "agent": world::AGENT_CLIENT_ID,
        },
        "api_scope": world::API_SCOPE,
        "web_redirect_uri": world::WEB_REDIRECT_URI,
        "single_page_redirect_uri": world::SPA_REDIRECT_URI,
        "managed_user": world::MANAGED_USER,
        "plain_password_user": world::PLAIN_PASSWORD_USER,
        "federated_user": world::FEDERATED_USER,
        "self_contained_user": world::SELF_CONTAINED_USER,
        "agent_user": world::AGENT_USER,
        "b2c_policy": world::B2C_POLICY,
        "certificate": {
            "key_pem": test.key_pem,
            "certificate_pem": test.certificate_pem,
            "chain_pem": test.chain_pem,
            "sha1": hex(credential::sha1(&test.certificate_der).as_ref()),
            "sha256": hex(credential::sha256(&test.certificate_der).as_ref()),
        },
    });
    reply::json(StatusCode::OK, &body)
}

/// `GET /.emulator/violations`: the rules that were broken. `DELETE` forgets them.
pub(crate) fn violations(state: &State, forget: bool) -> Reply {
    let mut violations = lock(&state.violations);
    let body = json!(*violations);
    if forget {
        violations.clear();
    }
    reply::json(StatusCode::OK, &body)
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
