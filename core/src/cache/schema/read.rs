//! An item of a document, read as a record.

use std::borrow::Cow;
use std::mem;

use serde_json::{Map, Value};

use super::{ACCESS_TOKEN, ACCOUNT, APP_METADATA, ID_TOKEN, REFRESH_TOKEN, SECRET, ext_cache_key, filled};
use crate::account::{Account, HomeAccountId};
use crate::cache::{
    AccessToken, AccountRecord, AccountSource, AppMetadata, AuthorityType, IdToken, Record, RefreshToken,
};
use crate::secret::{Secret, SecretMembers};
use crate::text::Text;
use crate::time::Timestamp;

/// Reads an item of `section`, and gives its members without its token. What is no item comes back as it was.
pub(crate) fn read(section: &str, value: Value) -> Result<(Record, SecretMembers), Value> {
    let Value::Object(mut members) = value else { return Err(value) };
    let secret = match members.get_mut(SECRET) {
        Some(Value::String(text)) => filled(Secret::new(mem::take(text))),
        _ => None,
    };
    match (record(section, &members, secret.clone()), secret) {
        (Some(record), secret) => {
            if secret.is_some() {
                members.remove(SECRET);
            }
            Ok((record, SecretMembers::new(members)))
        }
        (None, secret) => {
            if let Some(secret) = secret {
                members.insert(SECRET.to_owned(), Value::from(secret.expose()));
            }
            Err(Value::Object(members))
        }
    }
}

fn record(section: &str, members: &Map<String, Value>, secret: Option<Secret>) -> Option<Record> {
    let text = |name: &str| text(members, name);
    let home_account_id = text("home_account_id");
    let environment = text("environment")?;
    let client_id = || text("client_id");
    let user_assertion_hash = || text("user_assertion_hash").or_else(|| text("userAssertionHash"));
    Some(match section {
        ACCESS_TOKEN => AccessToken {
            home_account_id,
            environment,
            client_id: client_id()?,
            realm: text("realm").unwrap_or_default(),
            target: text("target").unwrap_or_default(),
            secret: secret?,
            token_type: text("token_type").unwrap_or_else(|| "Bearer".into()),
            cached_at: time(members, "cached_at").unwrap_or_default(),
            expires_on: time(members, "expires_on").unwrap_or_default(),
            extended_expires_on: time(members, "extended_expires_on")
                .or_else(|| time(members, "ext_expires_on")),
            refresh_on: time(members, "refresh_on"),
            key_id: ["kid", "keyid", "key_id"].into_iter().find_map(text),
            user_assertion_hash: user_assertion_hash(),
            ext_cache_key: text("ext_cache_key")
                .map(|key| key.to_ascii_lowercase().into())
                .or_else(|| ext(members)),
        }
        .into(),
        REFRESH_TOKEN => RefreshToken {
            home_account_id,
            environment,
            client_id: client_id()?,
            family_id: text("family_id"),
            secret: secret?,
            last_modification_time: time(members, "last_modification_time").unwrap_or_default(),
            user_assertion_hash: user_assertion_hash(),
        }
        .into(),
        ID_TOKEN => IdToken {
            home_account_id,
            environment,
            client_id: client_id()?,
            realm: text("realm").unwrap_or_default(),
            secret: secret?,
        }
        .into(),
        ACCOUNT => AccountRecord {
            account: Account {
                home_account_id: HomeAccountId::new(home_account_id?),
                environment,
                tenant_id: text("realm").unwrap_or_default(),
                local_account_id: text("local_account_id"),
                username: text("username").unwrap_or_default(),
                name: text("name"),
            },
            authority_type: AuthorityType::from(&*text("authority_type").unwrap_or_default()),
            given_name: text("given_name"),
            family_name: text("family_name"),
            client_info: text("client_info"),
            account_source: text("account_source").as_deref().map(AccountSource::from),
        }
        .into(),
        APP_METADATA => {
            AppMetadata { client_id: client_id()?, environment, family_id: text("family_id") }.into()
        }
        _ => return None,
    })
}

/// A member that is a text and not empty.
fn text(members: &Map<String, Value>, name: &str) -> Option<Text> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Text::from)
}

/// Seconds since the epoch, as a text or as a number.
fn time(members: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let seconds = match members.get(name)? {
        Value::String(text) => text.trim().parse::<u64>().ok(),
        Value::Number(number) => number.as_u64().or_else(|| float(number.as_f64()?)),
        _ => None,
    };
    seconds.map(Timestamp::from_secs)
}

/// Whole seconds; a float has no better way down than this.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn float(seconds: f64) -> Option<u64> {
    (0.0..=1e15).contains(&seconds).then_some(seconds as u64)
}

/// What MSAL.NET writes down in full where the others write a hash. A token that is said to depend on something that is
/// not told depends on what nobody asks for.
fn ext(members: &Map<String, Value>) -> Option<Text> {
    match members.get("ext") {
        Some(Value::Object(parts)) if !parts.is_empty() => {
            let parts: Vec<(&str, &str)> = parts
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
                .collect();
            Some(ext_cache_key(&parts).into())
        }
        _ => text(members, "credential_type")
            .filter(|kind| kind.eq_ignore_ascii_case("atext"))
            .map(|_| "unknown".into()),
    }
}

/// The text of a document without the commas before a closing brace or bracket, which two old files of MSAL.NET have, and
/// without the byte order mark that an editor put before it.
///
/// JSON has neither, so a reader refuses them; this is for whoever has such a file and wants it read all the same.
#[must_use]
pub fn tolerant(document: &str) -> Cow<'_, str> {
    let document = document.strip_prefix('\u{feff}').unwrap_or(document);
    let mut kept = String::new();
    let mut start = 0;
    let mut in_text = false;
    let mut escaped = false;
    let mut comma = None;
    for (at, c) in document.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => {
                in_text = !in_text;
                comma = None;
            }
            _ if in_text => {}
            ',' => comma = Some(at),
            '}' | ']' => {
                if let Some(comma) = comma.take() {
                    kept.push_str(document.get(start..comma).unwrap_or_default());
                    start = comma.saturating_add(1);
                }
            }
            c if c.is_ascii_whitespace() => {}
            _ => comma = None,
        }
    }
    if start == 0 {
        return Cow::Borrowed(document);
    }
    kept.push_str(document.get(start..).unwrap_or_default());
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn access_token(members: &Value) -> AccessToken {
        let mut item = json!({ "environment": "login.windows.net", "client_id": "app", "secret": "s" });
        item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        match read(ACCESS_TOKEN, item) {
            Ok((Record::AccessToken(token), _)) => (*token).clone(),
            _ => panic!("it is an access token"),
        }
    }

    #[test]
    fn times_are_texts_or_numbers() {
        for time in [json!("3600"), json!(3600), json!(3600.7), json!(" 3600 ")] {
            assert_eq!(access_token(&json!({ "expires_on": time })).expires_on, Timestamp::from_secs(3600));
        }
        for time in [json!(-1), json!("soon"), json!({}), json!(1e300), json!(null)] {
            assert_eq!(access_token(&json!({ "expires_on": time })).expires_on, Timestamp::default());
        }
        let old = access_token(&json!({ "ext_expires_on": "7200" }));
        assert_eq!(old.extended_expires_on, Some(Timestamp::from_secs(7200)));
    }

    #[test]
    fn each_librarys_name_for_the_same_is_read() {
        for name in ["kid", "keyid", "key_id"] {
            assert_eq!(access_token(&json!({ name: "k" })).key_id.as_deref(), Some("k"));
        }
        for name in ["user_assertion_hash", "userAssertionHash"] {
            assert_eq!(access_token(&json!({ name: "h" })).user_assertion_hash.as_deref(), Some("h"));
        }
        let hash = ext_cache_key(&[("fmi_path", "value")]);
        for members in [
            json!({ "ext_cache_key": hash.to_ascii_uppercase() }),
            json!({ "ext": { "fmi_path": "value" }, "credential_type": "ATExt" }),
        ] {
            assert_eq!(access_token(&members).ext_cache_key.as_deref(), Some(hash.as_str()));
        }
        assert!(access_token(&json!({ "credential_type": "atext" })).ext_cache_key.is_some());
        assert_eq!(&*access_token(&json!({})).token_type, "Bearer");
    }

    #[test]
    fn what_is_no_item_comes_back_as_it_was() {
        for value in [
            json!({ "foo": "bar" }),
            json!({ "environment": "e", "client_id": "c" }),
            json!({ "environment": "e", "client_id": "c", "secret": "" }),
            json!({ "environment": "e", "client_id": "c", "secret": 5 }),
            json!({ "secret": "s" }),
            json!(5),
            json!(null),
        ] {
            assert_eq!(read(ACCESS_TOKEN, value.clone()).err(), Some(value));
        }
    }

    #[test]
    fn trailing_commas_are_forgiven_on_demand_alone() {
        let text = r#"{"a":[1,2, ],"b":"x,}","c":"\",]", }"#;
        assert!(serde_json::from_str::<Value>(text).is_err());
        let read: Value = serde_json::from_str(&tolerant(text)).unwrap();
        assert_eq!(read, json!({ "a": [1, 2], "b": "x,}", "c": "\",]" }));
        assert!(matches!(tolerant("{\"a\":1}"), Cow::Borrowed(_)));
        assert_eq!(tolerant("\u{feff}{\"a\":1,}"), "{\"a\":1}");
        assert!(serde_json::from_str::<Value>(&tolerant("{,,}")).is_err());
    }
}
