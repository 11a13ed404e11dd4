//! The unified cache schema that every MSAL reads and writes.
//!
//! One JSON object of five sections; times are decimal strings of seconds since the epoch; empty values are
//! left out.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::cache::{AccountSource, Record};
use crate::secret::{Secret, SecretMembers};
use crate::time::Timestamp;

/// The sections that the schema knows.
pub const SECTIONS: [&str; 5] = ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"];

/// An item of a section as it stands in a document: its secret apart, the rest as it came.
#[derive(Clone)]
pub(crate) struct Item {
    secret: Option<Secret>,
    members: SecretMembers,
}

const SECRET: &str = "secret";

impl Item {
    /// Takes the members of an item. A secret that is no text stays among them.
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        let mut members = SecretMembers::new(members);
        let secret = match members.remove(SECRET) {
            Some(Value::String(text)) => Some(Secret::new(text)),
            Some(other) => {
                members.insert(SECRET.to_owned(), other);
                None
            }
            None => None,
        };
        Self { secret, members }
    }

    /// The item, its secret in clear text.
    pub(crate) fn to_json(&self) -> Value {
        let mut members = self.members.to_json();
        if let Some(secret) = &self.secret {
            members.insert(SECRET.to_owned(), Value::from(secret.expose()));
        }
        Value::Object(members)
    }

    #[cfg(test)]
    pub(crate) const fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// A member that is a text; the empty text if there is none.
    fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The section, the key and the item of a record.
pub(crate) fn write(record: &Record) -> (&'static str, String, Item) {
    match record {
        Record::AccessToken(token) => {
            let target = sorted(&token.target);
            let known = Known {
                credential_type: Some("AccessToken"),
                home_account_id: token.home_account_id.as_deref(),
                environment: &token.environment,
                client_id: Some(&token.client_id),
                realm: Some(&token.realm),
                target: Some(&target),
                token_type: Some(&token.token_type),
                cached_at: Some(token.cached_at),
                expires_on: Some(token.expires_on),
                extended_expires_on: token.extended_expires_on,
                refresh_on: token.refresh_on,
                ..Known::default()
            };
            (
                "AccessToken",
                known.key("accesstoken", &token.client_id, &token.realm, &target),
                known.item(Some(&token.secret)),
            )
        }
        Record::RefreshToken(token) => {
            let known = Known {
                credential_type: Some("RefreshToken"),
                home_account_id: token.home_account_id.as_deref(),
                environment: &token.environment,
                client_id: Some(&token.client_id),
                family_id: token.family_id.as_deref(),
                last_modification_time: Some(token.last_modification_time),
                ..Known::default()
            };
            let owner = token.family_id.as_deref().unwrap_or(&token.client_id);
            ("RefreshToken", known.key("refreshtoken", owner, "", ""), known.item(Some(&token.secret)))
        }
        Record::IdToken(token) => {
            let known = Known {
                credential_type: Some("IdToken"),
                home_account_id: token.home_account_id.as_deref(),
                environment: &token.environment,
                client_id: Some(&token.client_id),
                realm: Some(&token.realm),
                ..Known::default()
            };
            (
                "IdToken",
                known.key("idtoken", &token.client_id, &token.realm, ""),
                known.item(Some(&token.secret)),
            )
        }
        Record::Account(record) => {
            let account = &record.account;
            let known = Known {
                home_account_id: Some(account.home_account_id.as_str()),
                environment: &account.environment,
                realm: Some(&account.tenant_id),
                local_account_id: account.local_account_id.as_deref(),
                username: Some(&account.username),
                name: account.name.as_deref(),
                given_name: record.given_name.as_deref(),
                family_name: record.family_name.as_deref(),
                client_info: record.client_info.as_deref(),
                authority_type: Some(record.authority_type.as_str()),
                account_source: record.account_source.as_ref().map(AccountSource::as_str),
                ..Known::default()
            };
            let key = format!("{}-{}-{}", account.home_account_id, account.environment, account.tenant_id);
            ("Account", key, known.item(None))
        }
        Record::AppMetadata(app) => {
            let known = Known {
                environment: &app.environment,
                client_id: Some(&app.client_id),
                family_id: app.family_id.as_deref(),
                ..Known::default()
            };
            let key = format!("appmetadata-{}-{}", app.environment, app.client_id);
            ("AppMetadata", key, known.item(None))
        }
    }
}

/// Whether two items of a section are the same record, whatever their keys.
///
/// A refresh token of a family is one for all its applications.
pub(crate) fn same_identity(section: &str, left: &Item, right: &Item) -> bool {
    let text = |item: &Item, name: &str| item.text(name).to_ascii_lowercase();
    let same = |name: &str| text(left, name) == text(right, name);
    let owner = |item: &Item| match text(item, "family_id") {
        family if family.is_empty() => text(item, "client_id"),
        family => family,
    };
    let target = |item: &Item| {
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

/// The members of any item of any section, absent ones left out and the secret apart.
#[derive(Serialize, Default)]
struct Known<'a> {
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

impl Known<'_> {
    /// `home-environment-kind-client-realm-target`, in lower case.
    fn key(&self, kind: &str, client: &str, realm: &str, target: &str) -> String {
        let home = self.home_account_id.unwrap_or_default();
        format!("{home}-{}-{kind}-{client}-{realm}-{target}", self.environment).to_ascii_lowercase()
    }

    fn item(&self, secret: Option<&Secret>) -> Item {
        let members = match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            // Texts always are a `Value`, and a struct always is an object.
            _ => Map::new(),
        };
        Item { secret: secret.cloned(), members: SecretMembers::new(members) }
    }
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
            item.to_json(),
            serde_json::json!({
                "credential_type": "AccessToken", "home_account_id": "U.T", "environment": "login.windows.net",
                "client_id": "App", "realm": "tenant", "target": "openid User.Read", "secret": "s",
                "token_type": "Bearer", "cached_at": "10", "expires_on": "3610"
            })
        );
    }
}
