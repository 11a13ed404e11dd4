//! A whole cache, held in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;

use serde_json::{Map, Value};

use super::schema::{self, Item};
use super::{CacheUpdate, StoreError};
use crate::secret::SecretMembers;

/// A token cache as a document of the unified schema, held in memory.
///
/// It keeps every member and section that it does not know. It is plain data: [`apply`](Self::apply) is all
/// that a host needs to answer a `Save`. What it holds is wiped when dropped, tokens and unknown members alike;
/// a token is shared with the record that brought it, not copied.
#[derive(Clone, Default)]
pub struct CacheDocument {
    sections: BTreeMap<&'static str, Section>,
    /// The sections that the schema does not know.
    other: SecretMembers,
}

/// A section that the schema knows.
#[derive(Clone, Default)]
struct Section {
    items: BTreeMap<String, Item>,
    /// What stands in the section and is no item.
    other: SecretMembers,
}

impl Section {
    fn new(entries: Map<String, Value>) -> Self {
        let mut section = Self::default();
        for (key, entry) in entries {
            match entry {
                Value::Object(members) => drop(section.items.insert(key, Item::new(members))),
                other => section.other.insert(key, other),
            }
        }
        section
    }

    fn to_json(&self) -> Value {
        let mut entries = self.other.to_json();
        entries.extend(self.items.iter().map(|(key, item)| (key.clone(), item.to_json())));
        Value::Object(entries)
    }
}

impl CacheDocument {
    /// Takes a document as any MSAL wrote it.
    ///
    /// # Errors
    /// If it is not a JSON object, or one of the known sections is not an object.
    pub fn from_json(mut value: Value) -> Result<Self, StoreError> {
        let Value::Object(members) = &mut value else {
            return Err(StoreError::new("the document is not a JSON object"));
        };
        let mut document = Self { sections: BTreeMap::new(), other: SecretMembers::new(mem::take(members)) };
        for name in schema::SECTIONS {
            match document.other.remove(name) {
                None => {}
                Some(Value::Object(entries)) => {
                    document.sections.insert(name, Section::new(entries));
                }
                Some(Value::Null) => document.other.insert(name.to_owned(), Value::Null),
                Some(other) => {
                    document.other.insert(name.to_owned(), other);
                    return Err(StoreError::new(format!("the section {name} is not an object")));
                }
            }
        }
        Ok(document)
    }

    /// The document. It holds the tokens in clear text, in strings that nothing wipes: write it and drop it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut document = self.other.to_json();
        document.extend(self.sections.iter().map(|(name, section)| ((*name).to_owned(), section.to_json())));
        Value::Object(document)
    }

    /// Makes a change.
    pub fn apply(&mut self, update: &CacheUpdate) {
        for record in &update.tokens {
            let (name, key, item) = schema::write(record);
            let section = self.sections.entry(name).or_default();
            // Keys differ between the libraries, so what is replaced is found by its fields.
            section.items.retain(|_, old| !schema::same_identity(name, old, &item));
            section.items.insert(key, item);
        }
    }
}

/// Shows how many items each section has.
impl fmt::Debug for CacheDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CacheDocument ")?;
        f.debug_map()
            .entries(self.sections.iter().map(|(name, section)| (name, section.items.len())))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cache::{Record, RefreshToken};
    use crate::secret::Secret;
    use crate::time::Timestamp;

    fn refresh_token(secret: &str) -> CacheUpdate {
        CacheUpdate {
            tokens: vec![Record::RefreshToken(RefreshToken {
                home_account_id: Some("u.t".to_owned()),
                environment: "login.windows.net".to_owned(),
                client_id: "app".to_owned(),
                family_id: None,
                secret: Secret::new(secret),
                last_modification_time: Timestamp::from_secs(1),
            })],
            ..CacheUpdate::default()
        }
    }

    #[test]
    fn a_record_replaces_the_same_one_under_a_foreign_key() {
        let mut cache = CacheDocument::from_json(json!({
            "RefreshToken": { "a-foreign-key": {
                "home_account_id": "U.T", "environment": "login.windows.net", "client_id": "app",
                "credential_type": "RefreshToken", "secret": "old" } },
            "Unknown": { "x": 1 }
        }))
        .unwrap();
        cache.apply(&refresh_token("new"));
        let json = cache.to_json();
        assert_eq!(json["RefreshToken"].as_object().unwrap().len(), 1);
        assert_eq!(json["RefreshToken"]["u.t-login.windows.net-refreshtoken-app--"]["secret"], "new");
        assert_eq!(json["Unknown"]["x"], 1);
    }

    #[test]
    fn a_record_of_another_application_stays() {
        let mut cache = CacheDocument::from_json(json!({
            "RefreshToken": { "k": { "home_account_id": "u.t", "environment": "login.windows.net",
                "client_id": "other", "credential_type": "RefreshToken", "secret": "old" } }
        }))
        .unwrap();
        cache.apply(&refresh_token("new"));
        assert_eq!(cache.to_json()["RefreshToken"].as_object().unwrap().len(), 2);
    }

    #[test]
    fn a_document_that_is_no_cache_is_refused() {
        assert!(CacheDocument::from_json(json!([])).is_err());
        assert!(CacheDocument::from_json(json!({ "Account": 5 })).is_err());
    }

    #[test]
    fn what_no_schema_knows_comes_back_as_it_was() {
        let document = json!({
            "AccessToken": { "k": { "secret": "s", "expires_on": 3600, "later": { "deep": ["x", null, 1.5] } },
                "no-item": 5, "nothing": null },
            "RefreshToken": { "k": { "secret": 7 }, "l": { "secret": null }, "m": {} },
            "IdToken": {}, "Account": null, "Unknown": { "secret": "t" }, "version": 3
        });
        assert_eq!(CacheDocument::from_json(document.clone()).unwrap().to_json(), document);
    }

    #[test]
    fn a_kept_token_is_the_records_own_and_not_a_copy() {
        let update = refresh_token("token");
        let mut cache = CacheDocument::default();
        cache.apply(&update);
        let Some(Record::RefreshToken(record)) = update.tokens.first() else { panic!("it is one") };
        let kept = cache.sections["RefreshToken"].items.values().next().unwrap().secret().unwrap();
        assert!(std::ptr::eq(kept.expose(), record.secret.expose()));
    }

    #[test]
    fn a_document_prints_how_much_it_holds_and_nothing_of_it() {
        let cache = CacheDocument::from_json(json!({
            "AccessToken": { "key": { "secret": "hunter2", "client_id": "hunter3" } }, "Unknown": "hunter4"
        }))
        .unwrap();
        assert_eq!(format!("{cache:?}"), r#"CacheDocument {"AccessToken": 1}"#);
    }
}
