//! What tokens come to: what the caller gets, and what the cache keeps.

use crate::account::{Account, HomeAccountId};
use crate::authority::{AuthorityKind, Tenant};
use crate::cache::{
    AccessToken, AccountRecord, AppMetadata, AuthorityType, CacheUpdate, IdToken, Record, RefreshToken,
    TokenChange, TokenView,
};
use crate::context::{Context, RESERVED_SCOPES, Resolved};
use crate::protocol::id_token::{ClientInfo, IdTokenClaims};
use crate::protocol::token::{Grant, TokenResponse};
use crate::result::{AuthenticationResult, TokenSource};
use crate::text::Text;
use crate::time::Timestamp;

/// Tokens, and the change that keeps them.
#[derive(Debug)]
pub(crate) struct Redeemed {
    pub(crate) result: AuthenticationResult,
    pub(crate) update: CacheUpdate,
}

/// Puts together what came of `grant`; `learned` is what else there is to remember.
pub(crate) fn redeemed(
    at: &Resolved,
    mut response: TokenResponse,
    grant: &Grant,
    learned: CacheUpdate,
    now: Timestamp,
) -> Redeemed {
    let cx = &at.cx;
    if grant.is_the_applications() {
        // An application has no account, and none of what belongs to one.
        response.id_token = None;
        response.id_token_claims = None;
        response.client_info = None;
        response.client_info_text = None;
        response.refresh_token = None;
    }
    if matches!(grant, Grant::OnBehalfOf { session: false, .. }) {
        // The assertion gets another token as long as it lives; a refresh token would outlive the user's call.
        response.refresh_token = None;
    }
    let account = account(at, &response, grant.username().unwrap_or_default());
    let scopes = response.scopes.take().unwrap_or_else(|| cx.scopes().to_vec());
    let result = AuthenticationResult {
        token_type: response.token_type.clone(),
        expires_on: now.after(response.expires_in),
        extended_expires_on: response.ext_expires_in.map(|lifetime| now.after(lifetime)),
        refresh_on: response.refresh_in.map(|lifetime| now.after(lifetime)),
        declined_scopes: declined(cx.scopes(), &scopes),
        scopes,
        account,
        id_token: response.id_token.clone(),
        id_token_claims: response.id_token_claims.clone(),
        token_source: TokenSource::IdentityProvider,
        correlation_id: cx.correlation_id().to_owned(),
        not_read: at.not_read.clone(),
        not_kept: None,
        refresh: None,
        trace: Vec::new(),
        spa_code: response.spa_code.clone(),
        refresh_token: response.refresh_token.clone(),
        access_token: response.access_token.clone(),
    };
    let tokens = changes(at, response, &result, grant, now);
    Redeemed { result, update: CacheUpdate { at: now, tokens, ..learned } }
}

/// The result that a token of the cache is.
pub(crate) fn cached(cx: &Context, token: &AccessToken, view: &TokenView) -> AuthenticationResult {
    let is_its = |realm: &str| realm.eq_ignore_ascii_case(&token.realm);
    let id_token = view.id_tokens.iter().find(|id_token| is_its(&id_token.realm)).or(view.id_tokens.first());
    let claims = id_token.and_then(|id_token| IdTokenClaims::parse(id_token.secret.expose()));
    let accounts = &view.accounts;
    let of_token = accounts.iter().find(|record| is_its(&record.account.tenant_id)).or(accounts.first());
    AuthenticationResult {
        token_type: token.token_type.clone(),
        expires_on: token.expires_on,
        extended_expires_on: token.extended_expires_on,
        refresh_on: token.refresh_on,
        scopes: token.scopes().map(str::to_owned).collect(),
        declined_scopes: Vec::new(),
        account: of_token.map(|record| record.account.clone()),
        id_token: id_token.map(|id_token| id_token.secret.clone()),
        id_token_claims: claims,
        token_source: TokenSource::Cache,
        correlation_id: cx.correlation_id().to_owned(),
        not_read: None,
        not_kept: None,
        refresh: None,
        trace: Vec::new(),
        spa_code: None,
        refresh_token: None,
        access_token: token.secret.clone(),
    }
}

fn account(at: &Resolved, response: &TokenResponse, username: &str) -> Option<Account> {
    let claims = response.id_token_claims.as_ref();
    let home = response.client_info.as_ref().map(|info| info.home_account_id().clone());
    let home = home.or_else(|| claims?.text("sub").map(HomeAccountId::new))?;
    Some(Account {
        home_account_id: home,
        environment: at.cx.authority().shared_environment(),
        tenant_id: tenant_id(&at.cx, response),
        local_account_id: claims
            .and_then(|claims| claims.local_account_id())
            .or(response.client_info.as_ref().map(ClientInfo::uid))
            .map(Into::into),
        username: claims.and_then(|claims| claims.username()).unwrap_or(username).into(),
        name: claims.and_then(|claims| claims.text("name")).map(Into::into),
    })
}

/// The tenant of the token: as the ID token says, else the authority's if it names one.
fn tenant_id(cx: &Context, response: &TokenResponse) -> Text {
    let told = response.id_token_claims.as_ref().and_then(|claims| claims.text("tid"));
    match (told, cx.authority().tenant(), &response.client_info) {
        (Some(tenant), ..) => tenant.into(),
        (None, Some(Tenant::Id(tenant)), _) => tenant.clone(),
        (None, _, Some(info)) => info.utid().into(),
        (None, Some(tenant), None) => tenant.to_string().into(),
        // AD FS is its own and only one; so is a provider.
        (None, None, None) => cx.authority().path().trim_matches('/').into(),
    }
}

/// What a token is found by: the scopes granted, and those asked for that were granted under another name, such as the
/// `/.default` of their resource.
fn target(cx: &Context, result: &AuthenticationResult) -> Text {
    let mut target: Vec<&str> = result.scopes.iter().map(String::as_str).collect();
    for scope in cx.scopes() {
        let is_it = |other: &str| other.eq_ignore_ascii_case(scope);
        if !target.iter().any(|other| is_it(other))
            && !result.declined_scopes.iter().any(|other| is_it(other))
        {
            target.push(scope);
        }
    }
    // In the order of the other libraries, which make the names of their entries from it.
    fn lower(scope: &str) -> impl Iterator<Item = u8> {
        scope.bytes().map(|byte| byte.to_ascii_lowercase())
    }
    target.sort_unstable_by(|one, other| lower(one).cmp(lower(other)));
    target.join(" ").into()
}

/// What was asked for and not granted. Those of OpenID Connect are not scopes of an API and often not echoed.
fn declined(asked: &[String], granted: &[String]) -> Vec<String> {
    let is_granted = |scope: &&String| {
        RESERVED_SCOPES.iter().any(|reserved| scope.eq_ignore_ascii_case(reserved))
            || granted.iter().any(|granted| matches_scope(scope, granted))
    };
    asked.iter().filter(|scope| !is_granted(scope)).cloned().collect()
}

const GRAPH: &str = "https://graph.microsoft.com/";

/// A scope of Microsoft Graph is granted by its full address; `/.default` by any scope of its resource.
fn matches_scope(asked: &str, granted: &str) -> bool {
    fn short(scope: &str) -> &str {
        scope.strip_prefix(GRAPH).unwrap_or(scope)
    }
    match asked.strip_suffix(".default") {
        // Scopes of Graph are also granted by their short names.
        Some(GRAPH) => granted.starts_with(GRAPH) || !granted.contains('/'),
        Some(resource) => {
            granted.get(..resource.len()).is_some_and(|start| start.eq_ignore_ascii_case(resource))
        }
        None => short(asked).eq_ignore_ascii_case(short(granted)),
    }
}

fn authority_type(kind: &AuthorityKind) -> AuthorityType {
    match kind {
        AuthorityKind::AdFs => AuthorityType::AdFs,
        AuthorityKind::Oidc => AuthorityType::Other("Generic".to_owned()),
        _ => AuthorityType::MsSts,
    }
}

fn changes(
    at: &Resolved,
    response: TokenResponse,
    result: &AuthenticationResult,
    grant: &Grant,
    now: Timestamp,
) -> Vec<TokenChange> {
    let cx = &at.cx;
    let environment: Text = match &result.account {
        Some(account) => account.environment.clone(),
        None => cx.authority().shared_environment(),
    };
    let client_id = cx.app().shared_client_id();
    let home_account_id = result.account.as_ref().map(|account| account.home_account_id.shared());
    let realm = match (cx.realm(), &result.account) {
        (Some(realm), _) => realm,
        (None, Some(account)) => account.tenant_id.clone(),
        (None, None) => tenant_id(cx, &response),
    };
    let family_id = response.family_id;
    let call_key: Option<Text> = at.call_key.as_deref().map(Into::into);
    let claim = |name| response.id_token_claims.as_ref().and_then(|claims| claims.text(name)).map(Into::into);
    let mut changes = Vec::with_capacity(5);
    let mut put = |record: Record| changes.push(record.into());
    if let Some(account) = &result.account {
        put(Record::from(AccountRecord {
            account: account.clone(),
            authority_type: authority_type(cx.authority().kind()),
            given_name: claim("given_name"),
            family_name: claim("family_name"),
            client_info: response.client_info_text,
            account_source: grant.account_source(),
        }));
    }
    if let Some(secret) = response.id_token {
        put(Record::from(IdToken {
            home_account_id: home_account_id.clone(),
            environment: environment.clone(),
            client_id: client_id.clone(),
            realm: realm.clone(),
            secret,
        }));
    }
    if let Some(secret) = response.refresh_token {
        put(Record::from(RefreshToken {
            home_account_id: home_account_id.clone(),
            environment: environment.clone(),
            client_id: client_id.clone(),
            family_id: family_id.clone(),
            secret,
            last_modification_time: now,
            user_assertion_hash: call_key.clone(),
        }));
    }
    if !grant.is_the_applications() {
        put(Record::from(AppMetadata {
            client_id: client_id.clone(),
            environment: environment.clone(),
            family_id,
        }));
    }
    put(Record::from(AccessToken {
        home_account_id,
        environment,
        client_id,
        realm,
        target: target(cx, result),
        secret: response.access_token,
        token_type: response.token_type,
        cached_at: now,
        expires_on: result.expires_on,
        extended_expires_on: result.extended_expires_on,
        refresh_on: result.refresh_on,
        key_id: None,
        user_assertion_hash: call_key,
        ext_cache_key: cx.ext_cache_key().map(Into::into),
    }));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declined_is_what_was_asked_and_not_granted() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let asked = list(
            "user.read Mail.Send openid https://vault.azure.net/.default https://graph.microsoft.com/User.Read \
             https://vault.azure.ne/.default",
        );
        let granted =
            list("https://graph.microsoft.com/User.Read https://vault.azure.net/user_impersonation");
        assert_eq!(declined(&asked, &granted), ["Mail.Send", "https://vault.azure.ne/.default"]);
    }
}
