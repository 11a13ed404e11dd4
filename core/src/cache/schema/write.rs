//! A record, written as an item of a document.

use serde_json::{Map, Value};

use super::{ACCESS_TOKEN, ACCOUNT, APP_METADATA, ID_TOKEN, REFRESH_TOKEN, SECRET};
use crate::cache::{AccountSource, Record};
use crate::secret::{Secret, SecretMembers};
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

fn secret(record: &Record) -> Option<&Secret> {
    match record {
        Record::AccessToken(token) => Some(&token.secret),
        Record::RefreshToken(token) => Some(&token.secret),
        Record::IdToken(token) => Some(&token.secret),
        Record::Account(_) | Record::AppMetadata(_) => None,
    }
}

/// An item that nobody touched: its members as they came, and its token.
pub(crate) fn as_it_came(record: &Record, members: &SecretMembers) -> Value {
    let mut members = members.to_json();
    if let Some(secret) = secret(record) {
        members.insert(SECRET.to_owned(), Value::from(secret.expose()));
    }
    Value::Object(members)
}

/// Adds to an item what the one before it had and no schema knows.
pub(crate) fn keep_unknown(item: &mut Map<String, Value>, old: Map<String, Value>) {
    for (name, value) in old {
        if !KNOWN.contains(&name.as_str()) {
            item.entry(name).or_insert(value);
        }
    }
}

/// Every member that a record stands for, under all its names: one that is not written any more is gone.
const KNOWN: [&str; 31] = [
    "account_source",
    "authority_type",
    "cached_at",
    "client_id",
    "client_info",
    "credential_type",
    "environment",
    "expires_on",
    "ext",
    "ext_cache_key",
    "ext_expires_on",
    "extended_expires_on",
    "family_id",
    "family_name",
    "given_name",
    "home_account_id",
    "key_id",
    "keyid",
    "kid",
    "last_modification_time",
    "local_account_id",
    "name",
    "realm",
    "refresh_on",
    "requestedClaims",
    "secret",
    "target",
    "token_type",
    "user_assertion_hash",
    "userAssertionHash",
    "username",
];

/// The key and the item of a record, as MSAL.NET writes them.
pub(crate) fn write(record: &Record) -> (String, Map<String, Value>) {
    let mut item = Members(Map::new());
    let key = match record {
        Record::AccessToken(token) => {
            let target = sorted(&token.target);
            let bearer = token.token_type.is_empty() || token.token_type.eq_ignore_ascii_case("Bearer");
            let kind = if bearer { "AccessToken" } else { "AccessToken_With_AuthScheme" };
            item.text("credential_type", kind);
            item.option("home_account_id", token.home_account_id.as_deref());
            item.text("environment", &token.environment);
            item.text("client_id", &token.client_id);
            item.text("realm", &token.realm);
            item.text("target", &target);
            item.text("token_type", &token.token_type);
            item.time("cached_at", Some(token.cached_at));
            item.time("expires_on", Some(token.expires_on));
            item.time("extended_expires_on", token.extended_expires_on);
            item.time("refresh_on", token.refresh_on);
            // The libraries have a name each.
            for name in ["kid", "keyid", "key_id"] {
                item.option(name, token.key_id.as_deref());
            }
            item.option("user_assertion_hash", token.user_assertion_hash.as_deref());
            item.option("ext_cache_key", token.ext_cache_key.as_deref());
            let kind = if token.ext_cache_key.is_some() { "atext" } else { &kind.to_ascii_lowercase() };
            let mut key = key(
                token.home_account_id.as_deref(),
                &token.environment,
                kind,
                [&token.client_id, &token.realm, &target],
            );
            if !bearer {
                key = format!("{key}-{}", token.token_type.to_ascii_lowercase());
            }
            if let Some(ext) = &token.ext_cache_key {
                key = format!("{key}-{ext}");
            }
            // The libraries have no place for it in the key; without one, two calls would share an entry.
            if let Some(hash) = &token.user_assertion_hash {
                key = format!("{key}-{}", hash.to_ascii_lowercase());
            }
            key
        }
        Record::RefreshToken(token) => {
            item.text("credential_type", "RefreshToken");
            item.option("home_account_id", token.home_account_id.as_deref());
            item.text("environment", &token.environment);
            item.text("client_id", &token.client_id);
            item.option("family_id", token.family_id.as_deref());
            item.option("user_assertion_hash", token.user_assertion_hash.as_deref());
            item.time("last_modification_time", Some(token.last_modification_time));
            let owner = token.family_id.as_deref().unwrap_or(&token.client_id);
            let mut key =
                key(token.home_account_id.as_deref(), &token.environment, "refreshtoken", [owner, "", ""]);
            if let Some(hash) = &token.user_assertion_hash {
                key = format!("{key}-{}", hash.to_ascii_lowercase());
            }
            key
        }
        Record::IdToken(token) => {
            item.text("credential_type", "IdToken");
            item.option("home_account_id", token.home_account_id.as_deref());
            item.text("environment", &token.environment);
            item.text("client_id", &token.client_id);
            item.text("realm", &token.realm);
            key(
                token.home_account_id.as_deref(),
                &token.environment,
                "idtoken",
                [&token.client_id, &token.realm, ""],
            )
        }
        Record::Account(record) => {
            let account = &record.account;
            item.text("home_account_id", account.home_account_id.as_str());
            item.text("environment", &account.environment);
            item.text("realm", &account.tenant_id);
            item.option("local_account_id", account.local_account_id.as_deref());
            item.text("username", &account.username);
            item.option("name", account.name.as_deref());
            item.option("given_name", record.given_name.as_deref());
            item.option("family_name", record.family_name.as_deref());
            item.option("client_info", record.client_info.as_deref());
            item.text("authority_type", record.authority_type.as_str());
            item.option("account_source", record.account_source.as_ref().map(AccountSource::as_str));
            format!("{}-{}-{}", account.home_account_id, account.environment, account.tenant_id)
        }
        Record::AppMetadata(app) => {
            item.text("client_id", &app.client_id);
            item.text("environment", &app.environment);
            item.option("family_id", app.family_id.as_deref());
            format!("appmetadata-{}-{}", app.environment, app.client_id)
        }
    };
    item.option(SECRET, secret(record).map(Secret::expose));
    (key, item.0)
}

/// Members as they are written: what is empty is left out.
struct Members(Map<String, Value>);

impl Members {
    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.0.insert(name.to_owned(), Value::from(text));
        }
    }

    fn option(&mut self, name: &str, text: Option<&str>) {
        self.text(name, text.unwrap_or_default());
    }

    fn time(&mut self, name: &str, time: Option<Timestamp>) {
        if let Some(time) = time {
            self.0.insert(name.to_owned(), Value::from(time.as_secs().to_string()));
        }
    }
}

/// `home-environment-kind-client-realm-target`, in lower case.
fn key(home: Option<&str>, environment: &str, kind: &str, [client, realm, target]: [&str; 3]) -> String {
    let home = home.unwrap_or_default();
    format!("{home}-{environment}-{kind}-{client}-{realm}-{target}").to_ascii_lowercase()
}

fn sorted(scopes: &str) -> String {
    let mut scopes: Vec<_> = scopes.split_ascii_whitespace().collect();
    scopes.sort_unstable_by_key(|scope| scope.to_ascii_lowercase());
    scopes.join(" ")
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

    #[test]
    fn an_access_token_is_written_in_the_schema_of_the_family() {
        let record = Record::from(AccessToken {
            home_account_id: Some("U.T".into()),
            environment: "login.windows.net".into(),
            client_id: "App".into(),
            realm: "tenant".into(),
            target: "User.Read openid".into(),
            secret: Secret::new("s"),
            token_type: "Bearer".into(),
            cached_at: Timestamp::from_secs(10),
            expires_on: Timestamp::from_secs(3610),
            ..AccessToken::default()
        });
        let (key, item) = write(&record);
        assert_eq!(section(&record), "AccessToken");
        assert_eq!(key, "u.t-login.windows.net-accesstoken-app-tenant-openid user.read");
        assert_eq!(
            Value::Object(item),
            serde_json::json!({
                "credential_type": "AccessToken", "home_account_id": "U.T", "environment": "login.windows.net",
                "client_id": "App", "realm": "tenant", "target": "openid User.Read", "secret": "s",
                "token_type": "Bearer", "cached_at": "10", "expires_on": "3610"
            })
        );
    }

    #[test]
    fn what_no_schema_knows_is_kept_and_what_is_not_so_any_more_is_not() {
        let mut item = Map::from_iter([("secret".to_owned(), Value::from("new"))]);
        let old = serde_json::json!({ "secret": "old", "family_id": "1", "wam_account_ids": { "app": "x" } });
        let Value::Object(old) = old else { panic!("it is one") };
        keep_unknown(&mut item, old);
        assert_eq!(
            Value::Object(item),
            serde_json::json!({ "secret": "new", "wam_account_ids": { "app": "x" } })
        );
    }
}
