//! The unified cache schema that every MSAL reads and writes.
//!
//! One JSON object of five sections; times are decimal strings of seconds since the epoch; empty values are
//! left out.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::cache::Record;
use crate::secret::Secret;
use crate::time::Timestamp;

/// The sections that the schema knows.
pub const SECTIONS: [&str; 5] = ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"];

/// The section, the key and the item of a record.
pub(crate) fn write(record: &Record) -> (&'static str, String, Value) {
    match record {
        Record::AccessToken(token) => {
            let target = sorted(&token.target);
            let item = Item {
                credential_type: Some("AccessToken"),
                home_account_id: token.home_account_id.as_deref(),
                environment: &token.environment,
                client_id: Some(&token.client_id),
                realm: Some(&token.realm),
                target: Some(&target),
                secret: Some(&token.secret),
                token_type: Some(&token.token_type),
                cached_at: Some(token.cached_at),
                expires_on: Some(token.expires_on),
                extended_expires_on: token.extended_expires_on,
                refresh_on: token.refresh_on,
                ..Item::default()
            };
            ("AccessToken", item.key("accesstoken", &token.client_id, &token.realm, &target), item.json())
        }
        Record::RefreshToken(token) => {
            let item = Item {
                credential_type: Some("RefreshToken"),
                home_account_id: token.home_account_id.as_deref(),
                environment: &token.environment,
                client_id: Some(&token.client_id),
                secret: Some(&token.secret),
                family_id: token.family_id.as_deref(),
                last_modification_time: Some(token.last_modification_time),
                ..Item::default()
            };
            let owner = token.family_id.as_deref().unwrap_or(&token.client_id);
            ("RefreshToken", item.key("refreshtoken", owner, "", ""), item.json())
        }
        Record::IdToken(token) => {
            let item = Item {
                credential_type: Some("IdToken"),
                home_account_id: token.home_account_id.as_deref(),
                environment: &token.environment,
                client_id: Some(&token.client_id),
                realm: Some(&token.realm),
                secret: Some(&token.secret),
                ..Item::default()
            };
            ("IdToken", item.key("idtoken", &token.client_id, &token.realm, ""), item.json())
        }
        Record::Account(record) => {
            let account = &record.account;
            let item = Item {
                home_account_id: Some(account.home_account_id.as_str()),
                environment: &account.environment,
                realm: Some(&account.tenant_id),
                local_account_id: account.local_account_id.as_deref(),
                username: Some(&account.username),
                name: account.name.as_deref(),
                given_name: record.given_name.as_deref(),
                family_name: record.family_name.as_deref(),
                client_info: record.client_info.as_deref(),
                authority_type: Some(record.authority_type),
                account_source: Some(record.account_source),
                ..Item::default()
            };
            let key = format!("{}-{}-{}", account.home_account_id, account.environment, account.tenant_id);
            ("Account", key, item.json())
        }
        Record::AppMetadata(app) => {
            let item = Item {
                environment: &app.environment,
                client_id: Some(&app.client_id),
                family_id: app.family_id.as_deref(),
                ..Item::default()
            };
            let key = format!("appmetadata-{}-{}", app.environment, app.client_id);
            ("AppMetadata", key, item.json())
        }
    }
}

/// Whether two items of a section are the same record, whatever their keys.
///
/// A refresh token of a family is one for all its applications.
pub(crate) fn same_identity(section: &str, left: &Value, right: &Value) -> bool {
    let text = |item: &Value, name: &str| {
        item.get(name).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
    };
    let same = |name: &str| text(left, name) == text(right, name);
    let owner = |item: &Value| match text(item, "family_id") {
        family if family.is_empty() => text(item, "client_id"),
        family => family,
    };
    let target = |item: &Value| {
        let target = text(item, "target");
        let mut scopes: Vec<_> = target.split_ascii_whitespace().map(str::to_owned).collect();
        scopes.sort_unstable();
        scopes
    };
    same("home_account_id")
        && same("environment")
        && match section {
            "RefreshToken" => owner(left) == owner(right),
            "Account" => same("realm"),
            "AccessToken" => {
                same("credential_type") && same("client_id") && same("realm") && target(left) == target(right)
            }
            _ => same("client_id") && same("realm"),
        }
}

fn sorted(scopes: &[String]) -> String {
    let mut scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
    scopes.sort_unstable_by_key(|scope| scope.to_ascii_lowercase());
    scopes.join(" ")
}

/// Any item of any section, its absent members left out.
#[derive(Serialize, Default)]
struct Item<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_account_id: Option<&'a str>,
    environment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "secret")]
    secret: Option<&'a Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    cached_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    expires_on: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    extended_expires_on: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    refresh_on: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    last_modification_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_info: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_source: Option<&'a str>,
}

impl Item<'_> {
    /// `home-environment-kind-client-realm-target`, in lower case.
    fn key(&self, kind: &str, client: &str, realm: &str, target: &str) -> String {
        let home = self.home_account_id.unwrap_or_default();
        format!("{home}-{}-{kind}-{client}-{realm}-{target}", self.environment).to_ascii_lowercase()
    }

    fn json(&self) -> Value {
        // Serialising strings into a `Value` has no way to fail.
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn secret<S: Serializer>(secret: &Option<&Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.map(Secret::expose).serialize(serializer)
}

fn seconds<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs().to_string()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::AccessToken;

    #[test]
    fn an_access_token_is_written_in_the_schema_of_the_family() {
        let record = Record::AccessToken(AccessToken {
            home_account_id: Some("U.T".to_owned()),
            environment: "login.windows.net".to_owned(),
            client_id: "App".to_owned(),
            realm: "tenant".to_owned(),
            target: vec!["User.Read".to_owned(), "openid".to_owned()],
            secret: Secret::new("s"),
            token_type: "Bearer".to_owned(),
            cached_at: Timestamp::from_secs(10),
            expires_on: Timestamp::from_secs(3610),
            extended_expires_on: None,
            refresh_on: None,
        });
        let (section, key, item) = write(&record);
        assert_eq!(section, "AccessToken");
        assert_eq!(key, "u.t-login.windows.net-accesstoken-app-tenant-openid user.read");
        assert_eq!(
            item,
            serde_json::json!({
                "credential_type": "AccessToken", "home_account_id": "U.T", "environment": "login.windows.net",
                "client_id": "App", "realm": "tenant", "target": "openid User.Read", "secret": "s",
                "token_type": "Bearer", "cached_at": "10", "expires_on": "3610"
            })
        );
    }
}
