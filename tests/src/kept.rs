//! What earlier flows left in the token cache, made up for these tests.

use std::time::Duration;

use entrada_core::account::{Account, HomeAccountId};
use entrada_core::cache::{
    AccessToken, AccountRecord, AppMetadata, CacheUpdate, IdToken, Memory, Record, RefreshToken,
};
use entrada_core::secret::Secret;

use crate::world::START;

/// The account of [`documents::tokens`](crate::documents::tokens).
pub const JOE: &str = "11111111-1111-1111-1111-111111111111.22222222-2222-2222-2222-222222222222";
/// The home tenant of [`JOE`].
pub const HOME: &str = "22222222-2222-2222-2222-222222222222";
/// The tenant that the flows of the tests ask.
pub const REALM: &str = "contoso.com";
/// The name that stands for the public cloud.
pub const CLOUD: &str = "login.windows.net";

/// A good access token of [`JOE`] for `User.Read`, got at [`START`] for an hour, and for two while the service is down.
#[must_use]
pub fn access(secret: &str) -> AccessToken {
    let mut token = AccessToken::default();
    token.home_account_id = Some(JOE.into());
    token.environment = CLOUD.into();
    token.client_id = "app".into();
    token.realm = REALM.into();
    token.target = "User.Read".into();
    token.secret = Secret::new(secret);
    token.token_type = "Bearer".into();
    token.cached_at = START;
    token.expires_on = START.after(Duration::from_secs(3600));
    token.extended_expires_on = Some(START.after(Duration::from_secs(7200)));
    token
}

/// A good access token of the application itself.
#[must_use]
pub fn application(secret: &str, scope: &str) -> AccessToken {
    let mut token = access(secret);
    token.home_account_id = None;
    token.target = scope.into();
    token
}

/// A refresh token of [`JOE`]: the application's own, or of its family.
#[must_use]
pub fn refresh(secret: &str, family: Option<&str>) -> RefreshToken {
    let mut token = RefreshToken::default();
    token.home_account_id = Some(JOE.into());
    token.environment = CLOUD.into();
    token.client_id = "app".into();
    token.family_id = family.map(Into::into);
    token.secret = Secret::new(secret);
    token.last_modification_time = START;
    token
}

/// An account as a tenant knows it.
#[must_use]
pub fn account(home: &str, realm: &str, username: &str) -> AccountRecord {
    let mut account = Account::default();
    account.home_account_id = HomeAccountId::new(home);
    account.environment = CLOUD.into();
    account.tenant_id = realm.into();
    account.username = username.into();
    let mut record = AccountRecord::default();
    record.account = account;
    record
}

/// [`JOE`] in the tenant that is asked.
#[must_use]
pub fn joe() -> AccountRecord {
    account(JOE, REALM, "joe@contoso.com")
}

/// An ID token of [`JOE`].
#[must_use]
pub fn id_token(secret: &str) -> IdToken {
    let mut token = IdToken::default();
    token.home_account_id = Some(JOE.into());
    token.environment = CLOUD.into();
    token.client_id = "app".into();
    token.realm = REALM.into();
    token.secret = Secret::new(secret);
    token
}

/// Whether the application is in a family.
#[must_use]
pub fn metadata(family: Option<&str>) -> AppMetadata {
    let mut metadata = AppMetadata::default();
    metadata.client_id = "app".into();
    metadata.environment = CLOUD.into();
    metadata.family_id = family.map(Into::into);
    metadata
}

/// Keeps these.
pub fn keep(memory: &mut Memory, records: impl IntoIterator<Item = Record>) {
    let mut update = CacheUpdate::default();
    update.tokens = records.into_iter().map(Into::into).collect();
    memory.save(&update);
}

/// A memory of these.
#[must_use]
pub fn memory(records: impl IntoIterator<Item = Record>) -> Memory {
    let mut memory = Memory::default();
    keep(&mut memory, records);
    memory
}
