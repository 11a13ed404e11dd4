//! A record, written as an item of a document.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::item::Came;
use super::member::Member;
use super::{ACCESS_TOKEN, ACCOUNT, APP_METADATA, ID_TOKEN, REFRESH_TOKEN};
use crate::cache::{AccountSource, Record};
use crate::text::Text;
use crate::time::Timestamp;

/// The section of a record.
pub(crate) const fn section(record: &Record) -> &'static str {
    match record {
        Record::AccessToken(_) => ACCESS_TOKEN,
        Record::RefreshToken(_) => REFRESH_TOKEN,
        Record::IdToken(_) => ID_TOKEN,
        Record::Account(_) => ACCOUNT,
        Record::AppMetadata(_) => APP_METADATA,
    }
}

/// What kind of credential a record is.
pub(super) fn credential_type(record: &Record) -> Option<&'static str> {
    match record {
        Record::AccessToken(token) if is_bearer(&token.token_type) => Some("AccessToken"),
        Record::AccessToken(_) => Some("AccessToken_With_AuthScheme"),
        Record::RefreshToken(_) => Some("RefreshToken"),
        Record::IdToken(_) => Some("IdToken"),
        Record::Account(_) | Record::AppMetadata(_) => None,
    }
}

fn is_bearer(token_type: &str) -> bool {
    token_type.is_empty() || token_type.eq_ignore_ascii_case("Bearer")
}

/// An item: a record, and what a document said of it beside. It has the token in clear text.
pub(crate) struct Item<'a> {
    pub(crate) record: &'a Record,
    pub(crate) came: &'a Came,
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut item = serializer.serialize_map(None)?;
        let present = self.came.present;
        members(self.record, |member, content| match content {
            Content::Text(text) if !text.is_empty() && present.has(member) => {
                item.serialize_entry(member.name(), text)
            }
            Content::Time(time) if present.has(member) => item.serialize_entry(member.name(), &Seconds(time)),
            Content::Text(_) | Content::Time(_) => Ok(()),
        })?;
        for (name, value) in self.came.rest.iter().flat_map(|rest| rest.members.iter()) {
            item.serialize_entry(name, value)?;
        }
        item.end()
    }
}

/// A time as the schema has it: seconds since the epoch in decimal digits, as a text.
struct Seconds(Timestamp);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.as_secs())
    }
}

/// What a member of an item has to say.
enum Content<'a> {
    Text(&'a str),
    Time(Timestamp),
}

impl<'a> From<&'a str> for Content<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Text> for Content<'a> {
    fn from(text: &'a Text) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Option<Text>> for Content<'a> {
    fn from(text: &'a Option<Text>) -> Self {
        Self::Text(text.as_deref().unwrap_or_default())
    }
}

impl From<Timestamp> for Content<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl From<Option<Timestamp>> for Content<'_> {
    fn from(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Text(""), Self::Time)
    }
}

/// Gives every member of a record to `each`, in the words of the schema; what is empty is not written.
fn members<'a, E>(
    record: &'a Record,
    mut each: impl FnMut(Member, Content<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut member = |member: Member, content: Content<'a>| each(member, content);
    member(Member::CredentialType, credential_type(record).unwrap_or_default().into())?;
    match record {
        Record::AccessToken(token) => {
            member(Member::HomeAccountId, (&token.home_account_id).into())?;
            member(Member::Environment, (&token.environment).into())?;
            member(Member::ClientId, (&token.client_id).into())?;
            member(Member::Realm, (&token.realm).into())?;
            member(Member::Target, (&token.target).into())?;
            member(Member::TokenType, (&token.token_type).into())?;
            member(Member::CachedAt, token.cached_at.into())?;
            member(Member::ExpiresOn, token.expires_on.into())?;
            member(Member::ExtendedExpiresOn, token.extended_expires_on.into())?;
            member(Member::RefreshOn, token.refresh_on.into())?;
            // The libraries have a name each.
            for name in [Member::Kid, Member::Keyid, Member::KeyId] {
                member(name, (&token.key_id).into())?;
            }
            member(Member::UserAssertionHash, (&token.user_assertion_hash).into())?;
            member(Member::ExtCacheKey, (&token.ext_cache_key).into())?;
            member(Member::Secret, token.secret.expose().into())
        }
        Record::RefreshToken(token) => {
            member(Member::HomeAccountId, (&token.home_account_id).into())?;
            member(Member::Environment, (&token.environment).into())?;
            member(Member::ClientId, (&token.client_id).into())?;
            member(Member::FamilyId, (&token.family_id).into())?;
            member(Member::UserAssertionHash, (&token.user_assertion_hash).into())?;
            member(Member::LastModificationTime, token.last_modification_time.into())?;
            member(Member::Secret, token.secret.expose().into())
        }
        Record::IdToken(token) => {
            member(Member::HomeAccountId, (&token.home_account_id).into())?;
            member(Member::Environment, (&token.environment).into())?;
            member(Member::ClientId, (&token.client_id).into())?;
            member(Member::Realm, (&token.realm).into())?;
            member(Member::Secret, token.secret.expose().into())
        }
        Record::Account(record) => {
            let account = &record.account;
            member(Member::HomeAccountId, account.home_account_id.as_str().into())?;
            member(Member::Environment, (&account.environment).into())?;
            member(Member::Realm, (&account.tenant_id).into())?;
            member(Member::LocalAccountId, (&account.local_account_id).into())?;
            member(Member::Username, (&account.username).into())?;
            member(Member::Name, (&account.name).into())?;
            member(Member::GivenName, (&record.given_name).into())?;
            member(Member::FamilyName, (&record.family_name).into())?;
            member(Member::ClientInfo, (&record.client_info).into())?;
            member(Member::AuthorityType, record.authority_type.as_str().into())?;
            let source = record.account_source.as_ref().map(AccountSource::as_str);
            member(Member::AccountSource, source.unwrap_or_default().into())
        }
        Record::AppMetadata(app) => {
            member(Member::ClientId, (&app.client_id).into())?;
            member(Member::Environment, (&app.environment).into())?;
            member(Member::FamilyId, (&app.family_id).into())
        }
    }
}

fn home(id: Option<&Text>) -> &str {
    id.map_or("", Text::as_str)
}

/// Writes the key of a record into `key`, which is empty, as MSAL.NET writes it: `home-environment-kind-client-realm-target`, in lower case.
pub(crate) fn key(record: &Record, key: &mut String) {
    let mut parts = |parts: &[&str]| {
        for part in parts {
            key.push_str(part);
        }
    };

    match record {
        Record::AccessToken(token) => {
            let kind = match &token.ext_cache_key {
                Some(_) => "atext",
                None => credential_type(record).unwrap_or_default(),
            };
            parts(&[home(token.home_account_id.as_ref()), "-", &token.environment, "-", kind, "-"]);
            parts(&[&token.client_id, "-", &token.realm, "-", &token.target]);
            if !is_bearer(&token.token_type) {
                parts(&["-", &token.token_type]);
            }
            if let Some(ext) = &token.ext_cache_key {
                parts(&["-", ext]);
            }
            // The libraries have no place for it in the key; without one, two calls would share an entry.
            if let Some(hash) = &token.user_assertion_hash {
                parts(&["-", hash]);
            }
        }
        Record::RefreshToken(token) => {
            let owner = token.family_id.as_deref().unwrap_or(&token.client_id);
            parts(&[
                home(token.home_account_id.as_ref()),
                "-",
                &token.environment,
                "-refreshtoken-",
                owner,
                "--",
            ]);
            if let Some(hash) = &token.user_assertion_hash {
                parts(&["-", hash]);
            }
        }
        Record::IdToken(token) => {
            parts(&[home(token.home_account_id.as_ref()), "-", &token.environment, "-idtoken-"]);
            parts(&[&token.client_id, "-", &token.realm, "-"]);
        }
        // These two are written as they are.
        Record::Account(record) => {
            let account = &record.account;
            parts(&[account.home_account_id.as_str(), "-", &account.environment, "-", &account.tenant_id]);
            return;
        }
        Record::AppMetadata(app) => {
            parts(&["appmetadata-", &app.environment, "-", &app.client_id]);
            return;
        }
    }
    key.make_ascii_lowercase();
}

/// About how many bytes a record takes.
pub(crate) fn bytes(record: &Record) -> usize {
    const OF_AN_ENTRY: usize = 512;
    let option = |text: &Option<Text>| text.as_deref().map_or(0, str::len);
    let texts = match record {
        Record::AccessToken(token) => [
            token.secret.expose().len(),
            token.target.len(),
            token.realm.len(),
            token.client_id.len(),
            option(&token.home_account_id),
        ],
        Record::RefreshToken(token) => {
            [token.secret.expose().len(), token.client_id.len(), option(&token.home_account_id), 0, 0]
        }
        Record::IdToken(token) => {
            [token.secret.expose().len(), token.client_id.len(), option(&token.home_account_id), 0, 0]
        }
        Record::Account(record) => [
            record.account.home_account_id.as_str().len(),
            record.account.username.len(),
            option(&record.account.name),
            option(&record.client_info),
            0,
        ],
        Record::AppMetadata(app) => [app.client_id.len(), 0, 0, 0, 0],
    };
    texts.into_iter().fold(OF_AN_ENTRY, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::AccessToken;
    use crate::secret::Secret;

    #[test]
    fn an_access_token_is_written_in_the_schema_of_the_family() {
        let record = Record::from(AccessToken {
            home_account_id: Some("U.T".into()),
            environment: "login.windows.net".into(),
            client_id: "App".into(),
            realm: "tenant".into(),
            target: "openid User.Read".into(),
            secret: Secret::new("s"),
            token_type: "Bearer".into(),
            cached_at: Timestamp::from_secs(10),
            expires_on: Timestamp::from_secs(3610),
            ..AccessToken::default()
        });
        let mut name = String::new();
        key(&record, &mut name);
        assert_eq!(section(&record), "AccessToken");
        assert_eq!(name, "u.t-login.windows.net-accesstoken-app-tenant-openid user.read");
        let item = Item { record: &record, came: &Came::default() };
        assert_eq!(
            serde_json::to_value(item).unwrap(),
            serde_json::json!({
                "credential_type": "AccessToken", "home_account_id": "U.T", "environment": "login.windows.net",
                "client_id": "App", "realm": "tenant", "target": "openid User.Read", "secret": "s",
                "token_type": "Bearer", "cached_at": "10", "expires_on": "3610"
            })
        );
    }
}
