//! How a flow ended: a result or an error, with the members that the design fixes and no others.

use entrada_core::account::Account;
use entrada_core::error::Error;
use entrada_core::flow::accounts::SignedInAccount;
use entrada_core::flow::implicit::ImplicitTokens;
use entrada_core::flow::sign_out::SignedOut;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// A token.
#[derive(Serialize)]
pub(crate) struct Success<'a> {
    #[serde(serialize_with = "exposed")]
    access_token: &'a Secret,
    token_type: &'a str,
    expires_on: u64,
    scopes: &'a [String],
    account: Option<Who<'a>>,
    id_token_claims: Option<&'a Map<String, Value>>,
    token_source: &'static str,
    correlation_id: &'a str,
}

/// What a browser brought: either token may be absent, and no cache keeps them.
#[derive(Serialize)]
pub(crate) struct Brought<'a> {
    #[serde(serialize_with = "exposed_if_there")]
    access_token: Option<&'a Secret>,
    token_type: &'static str,
    expires_on: Option<u64>,
    scopes: &'a [String],
    #[serde(serialize_with = "exposed_if_there")]
    id_token: Option<&'a Secret>,
    id_token_claims: Option<&'a Map<String, Value>>,
    correlation_id: &'a str,
}

impl<'a> From<&'a ImplicitTokens> for Brought<'a> {
    fn from(tokens: &'a ImplicitTokens) -> Self {
        Self {
            access_token: tokens.access_token.as_ref(),
            token_type: "Bearer",
            expires_on: tokens.expires_on.map(|time| time.as_millis()),
            scopes: &tokens.scopes,
            id_token: tokens.id_token.as_ref(),
            id_token_claims: tokens.id_token_claims.as_ref().map(|claims| claims.as_map()),
            correlation_id: &tokens.correlation_id,
        }
    }
}

/// The account of a token.
#[derive(Serialize)]
struct Who<'a> {
    home_account_id: &'a str,
    environment: &'a str,
    tenant_id: &'a str,
    local_account_id: Option<&'a str>,
    username: &'a str,
    name: Option<&'a str>,
}

impl<'a> From<&'a AuthenticationResult> for Success<'a> {
    fn from(result: &'a AuthenticationResult) -> Self {
        Self {
            access_token: &result.access_token,
            token_type: &result.token_type,
            expires_on: result.expires_on.as_millis(),
            scopes: &result.scopes,
            account: result.account.as_ref().map(Who::from),
            id_token_claims: result.id_token_claims.as_ref().map(|claims| claims.as_map()),
            token_source: result.token_source.as_str(),
            correlation_id: &result.correlation_id,
        }
    }
}

impl<'a> From<&'a Account> for Who<'a> {
    fn from(account: &'a Account) -> Self {
        Self {
            home_account_id: account.home_account_id.as_str(),
            environment: &account.environment,
            tenant_id: &account.tenant_id,
            local_account_id: account.local_account_id.as_deref(),
            username: &account.username,
            name: account.name.as_deref(),
        }
    }
}

/// Who has signed in.
#[derive(Serialize)]
pub(crate) struct SignedIn<'a> {
    accounts: Vec<Everywhere<'a>>,
}

/// An account, in all its tenants.
#[derive(Serialize)]
struct Everywhere<'a> {
    #[serde(flatten)]
    account: Who<'a>,
    tenant_profiles: Vec<Who<'a>>,
}

impl<'a> From<&'a [SignedInAccount]> for SignedIn<'a> {
    fn from(accounts: &'a [SignedInAccount]) -> Self {
        let everywhere = |one: &'a SignedInAccount| Everywhere {
            account: Who::from(&one.account),
            tenant_profiles: one.tenant_profiles.iter().map(Who::from).collect(),
        };
        Self { accounts: accounts.iter().map(everywhere).collect() }
    }
}

/// What came of a sign-out.
#[derive(Serialize)]
pub(crate) struct Left<'a> {
    end_session_url: Option<&'a str>,
    revoked: usize,
    not_revoked: usize,
}

impl<'a> From<&'a SignedOut> for Left<'a> {
    fn from(done: &'a SignedOut) -> Self {
        Self {
            end_session_url: done.end_session_url.as_ref().map(|url| url.as_str()),
            revoked: done.revoked,
            not_revoked: done.not_revoked,
        }
    }
}

/// A failure.
#[derive(Serialize)]
pub(crate) struct Failure<'a> {
    code: &'a str,
    kind: &'static str,
    message: String,
    remedy: &'a str,
    status: Option<u16>,
    error_codes: &'a [u32],
    suberror: Option<&'a str>,
    claims: Option<&'a str>,
    correlation_id: Option<&'a str>,
}

impl<'a> From<&'a Error> for Failure<'a> {
    fn from(error: &'a Error) -> Self {
        let refusal = error.refusal();
        Self {
            code: error.code(),
            kind: error.kind().as_str(),
            message: error.to_string(),
            remedy: error.remedy(),
            status: error.status().map(|status| status.as_u16()),
            error_codes: error.error_codes(),
            suberror: refusal.and_then(|refusal| refusal.suberror.as_deref()),
            claims: refusal.and_then(|refusal| refusal.claims.as_deref()),
            correlation_id: error.correlation_id(),
        }
    }
}

fn exposed<S: Serializer>(secret: &&Secret, serializer: S) -> Result<S::Ok, S::Error> {
    secret.expose().serialize(serializer)
}

fn exposed_if_there<S: Serializer>(secret: &Option<&Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.map(Secret::expose).serialize(serializer)
}
