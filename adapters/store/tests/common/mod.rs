//! What the tests share: tokens to keep, and a look at what is kept.
#![allow(dead_code, reason = "each test file uses some of it")]

use entrada_store::core::account::{Account, HomeAccountId};
use entrada_store::core::cache::{
    AccessToken, AccountRecord, CacheUpdate, Record, RefreshToken, TokenCache, TokenChange, TokenQuery,
    TokenStore, TokenSubject,
};
use entrada_store::core::secret::Secret;
use entrada_store::core::time::Timestamp;

pub(crate) const CLOUD: &str = "login.microsoftonline.com";
pub(crate) const CLIENT: &str = "my_client_id";
/// A time that every fixture's tokens are of.
pub(crate) const NOW: u64 = 1_700_000_000;

pub(crate) fn update(records: Vec<Record>) -> CacheUpdate {
    let mut update = CacheUpdate::default();
    update.at = Timestamp::from_secs(NOW);
    update.tokens = records.into_iter().map(TokenChange::from).collect();
    update
}

/// What a sign-in brings: an account and a refresh token.
pub(crate) fn sign_in(home: &str, secret: &str) -> CacheUpdate {
    let mut token = RefreshToken::default();
    token.home_account_id = Some(home.into());
    token.environment = CLOUD.into();
    token.client_id = CLIENT.into();
    token.secret = Secret::new(secret);
    token.last_modification_time = Timestamp::from_secs(NOW);
    let mut account = AccountRecord::default();
    account.account = Account::default();
    account.account.home_account_id = HomeAccountId::new(home);
    account.account.environment = CLOUD.into();
    account.account.tenant_id = "t".into();
    account.account.username = format!("{home}@contoso.com").into();
    // The library for Node knows no account without one.
    account.account.local_account_id = Some("local".into());
    update(vec![token.into(), account.into()])
}

/// An access token of an hour; of the application without a home.
pub(crate) fn access_token(home: Option<&str>, hash: Option<&str>, secret: &str) -> Record {
    let mut token = AccessToken::default();
    token.home_account_id = home.map(Into::into);
    token.user_assertion_hash = hash.map(Into::into);
    token.environment = CLOUD.into();
    token.client_id = CLIENT.into();
    token.realm = "tenant".into();
    token.target = "user.read".into();
    token.secret = Secret::new(secret);
    token.token_type = "Bearer".into();
    token.cached_at = Timestamp::from_secs(NOW);
    token.expires_on = Timestamp::from_secs(NOW + 3600);
    token.into()
}

pub(crate) fn query(subject: TokenSubject) -> TokenQuery {
    let mut query = TokenQuery::new(CLIENT, CLOUD, subject, vec!["user.read".to_owned()]);
    query.realm = Some("tenant".into());
    query
}

/// The refresh token that the store has for an account.
pub(crate) fn refresh_token(store: &impl TokenStore, home: &str) -> Option<String> {
    let view = store.find(&query(TokenSubject::Account(home.into()))).unwrap();
    view.refresh_tokens.first().map(|token| token.secret.expose().to_owned())
}

/// Every refresh token in a cache, in order.
pub(crate) fn refresh_tokens(tokens: &TokenCache) -> Vec<String> {
    let mut secrets: Vec<String> = tokens
        .records()
        .filter_map(|record| match record {
            Record::RefreshToken(token) => Some(token.secret.expose().to_owned()),
            _ => None,
        })
        .collect();
    secrets.sort();
    secrets
}
