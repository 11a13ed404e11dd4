use serde_json::{Value, json};

use super::{access, found, put, query, refresh, secret, user};
use crate::cache::schema::{DocumentError, ext_cache_key};
use crate::cache::{AccessToken, DocumentReader, Record, TokenCache};
use crate::time::Timestamp;

const PLENTY: usize = 1000;

fn text(cache: &TokenCache) -> String {
    let mut text = Vec::new();
    cache.write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The access token that these members make with the least that one needs.
fn access_token(members: &Value) -> AccessToken {
    let mut item = json!({ "environment": "login.windows.net", "client_id": "app", "secret": "s" });
    item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let document = json!({ "AccessToken": { "k": item } });
    let cache = TokenCache::from_json(document.clone()).unwrap();
    assert_eq!(cache.to_json(), document);
    match cache.records().next() {
        Some(Record::AccessToken(token)) => (**token).clone(),
        _ => panic!("it is an access token"),
    }
}

#[test]
fn times_are_texts_or_numbers() {
    for time in [json!("3600"), json!(3600), json!(3600.7), json!(" 3600 "), json!("03600"), json!("+3600")] {
        assert_eq!(access_token(&json!({ "expires_on": time })).expires_on, Timestamp::from_secs(3600));
    }
    for time in [json!(-1), json!("soon"), json!({}), json!(1e300), json!(null), json!("0"), json!("")] {
        assert_eq!(access_token(&json!({ "expires_on": time })).expires_on, Timestamp::default());
    }
    let last = access_token(&json!({ "expires_on": u64::MAX.to_string() })).expires_on;
    assert_eq!(last, Timestamp::from_secs(u64::MAX));
    let old = access_token(&json!({ "ext_expires_on": "7200" }));
    assert_eq!(old.extended_expires_on, Some(Timestamp::from_secs(7200)));
}

#[test]
fn each_librarys_name_for_the_same_is_read() {
    for name in ["kid", "keyid", "key_id"] {
        assert_eq!(access_token(&json!({ name: "k" })).key_id.as_deref(), Some("k"));
    }
    let all = access_token(&json!({ "kid": "k", "keyid": "l", "key_id": "k" }));
    assert_eq!(all.key_id.as_deref(), Some("k"));
    for name in ["user_assertion_hash", "userAssertionHash"] {
        assert_eq!(access_token(&json!({ name: "h" })).user_assertion_hash.as_deref(), Some("h"));
    }
    let hash = ext_cache_key(&[("fmi_path", "value")]);
    for members in [
        json!({ "ext_cache_key": hash.to_ascii_uppercase() }),
        json!({ "ext_cache_key": hash }),
        json!({ "ext": { "fmi_path": "value" }, "credential_type": "ATExt" }),
    ] {
        assert_eq!(access_token(&members).ext_cache_key.as_deref(), Some(hash.as_str()));
    }
    assert!(access_token(&json!({ "credential_type": "atext" })).ext_cache_key.is_some());
    assert_eq!(access_token(&json!({})).token_type, "Bearer");
    let empty = access_token(&json!({ "token_type": "", "realm": "", "target": "", "username": "u" }));
    assert_eq!((&*empty.token_type, &*empty.realm), ("Bearer", ""));
}

#[test]
fn what_is_no_item_is_kept_and_is_no_record() {
    let items = [
        json!({ "foo": "bar" }),
        json!({ "environment": "e", "client_id": "c" }),
        json!({ "environment": "e", "client_id": "c", "secret": "" }),
        json!({ "environment": "e", "client_id": "c", "secret": 5 }),
        json!({ "environment": "", "client_id": "c", "secret": "s" }),
        json!({ "secret": "s" }),
        json!(5),
        json!(1.5),
        json!(-5),
        json!(true),
        json!("text"),
        json!([1, { "a": "b" }]),
        json!(null),
    ];
    for section in ["AccessToken", "RefreshToken", "IdToken"] {
        for item in &items {
            let document = json!({ section: { "k": item } });
            let cache = TokenCache::from_json(document.clone()).unwrap();
            assert_eq!((cache.to_json(), cache.len()), (document, 0));
        }
    }
    let account =
        json!({ "Account": { "k": { "environment": "e" } }, "AppMetadata": { "k": { "client_id": "c" } } });
    assert_eq!(TokenCache::from_json(account).unwrap().len(), 0);
}

#[test]
fn a_document_that_nobody_touched_comes_back_as_it_was() {
    let document = json!({
        "AccessToken": {
            "A-KEY-of-its-own": { "home_account_id": "u.t", "environment": "login.windows.net", "client_id": "app",
                "secret": "s", "credential_type": "AccessToken", "realm": "t", "target": "b a", "expires_on": 4600,
                "cached_at": "1000", "later": { "deep": ["x", null, 1.5, 2.9926130004120793e-41] } },
            "escaped \"key\"": { "environment": "e\n", "client_id": "\u{e9}\u{7}", "secret": "\"", "na\"me": "\\" },
            "an-entry": { "foo": "bar" }, "no-item": 5, "nothing": null },
        "RefreshToken": { "k": { "secret": 7 }, "l": { "secret": null }, "m": {} },
        "IdToken": {}, "Account": null, "Unknown": { "secret": "t" }, "version": 3
    });
    let cache = TokenCache::from_json(document.clone()).unwrap();
    assert_eq!((cache.to_json(), cache.len()), (document.clone(), 2));
    let read = TokenCache::read(document.to_string().as_bytes(), PLENTY).unwrap();
    assert_eq!((read.to_json(), read.len()), (document.clone(), 2));
    assert_eq!(serde_json::from_str::<Value>(&text(&read)).unwrap(), document);
}

#[test]
fn what_the_cache_wrote_is_read_without_a_rest() {
    let mut cache = TokenCache::default();
    put(&mut cache, access("u.t", "t", "openid User.Read", "a"));
    put(
        &mut cache,
        AccessToken { key_id: Some("k".into()), token_type: "pop".into(), ..access("u.t", "t", "a", "b") },
    );
    let text = text(&cache);
    let again = TokenCache::read(text.as_bytes(), PLENTY).unwrap();
    assert_eq!(self::text(&again), text);
    assert!(again.in_order().all(|entry| entry.came.rest.is_none()));
}

#[test]
fn what_was_read_expires_and_makes_room_as_what_was_got() {
    let mut cache = TokenCache::default();
    put(&mut cache, refresh("u.t", "app", None, "rt"));
    for scope in ["a", "b", "c", "d"] {
        put(&mut cache, access("u.t", "t", scope, scope));
    }
    let later = AccessToken { expires_on: Timestamp::from_secs(9000), ..access("u.t", "t", "e", "e") };
    put(&mut cache, later);
    let mut read = TokenCache::read(text(&cache).as_bytes(), PLENTY).unwrap();
    read.limits.entries = 5;
    assert_eq!(found(&mut read, &query(user("u.t"), "t", "a")), ["a"]);
    read.make_room(Timestamp::default());
    let left: Vec<_> = read.records().map(secret).collect();
    assert_eq!(left, ["a", "c", "d", "e", "rt"], "the one of least use has gone");
    read.make_room(Timestamp::from_secs(5000));
    let left: Vec<_> = read.records().map(secret).collect();
    assert_eq!((left, read.stats().expired), (vec!["e", "rt"], 3));
}

#[test]
fn a_section_that_was_null_is_written_once() {
    let mut cache = TokenCache::read(br#"{"AccessToken":null,"Account":null}"#, PLENTY).unwrap();
    put(&mut cache, access("u.t", "t", "a", "s"));
    let again = TokenCache::read(text(&cache).as_bytes(), PLENTY).unwrap();
    assert_eq!((again.len(), &again.to_json()["Account"]), (1, &Value::Null));
    assert_eq!(text(&again), text(&cache));
}

#[test]
fn an_entry_that_nobody_touched_keeps_its_name() {
    let name = "u.t-login.windows.net-accesstoken-app-t-a";
    for theirs in [
        json!({ "secret": 7 }),
        json!({ "environment": "e", "client_id": "c", "secret": "t", "expires_on": "9000" }),
    ] {
        let document = json!({ "AccessToken": { name: theirs.clone() } });
        let mut cache = TokenCache::from_json(document).unwrap();
        put(&mut cache, access("u.t", "t", "a", "s"));
        let written = cache.to_json();
        assert_eq!(written["AccessToken"][name], theirs);
        assert_eq!(written["AccessToken"][format!("{name}-2")]["secret"], "s");
    }
}

#[test]
fn two_entries_that_would_share_a_name_are_both_written() {
    let mut cache = TokenCache::default();
    let bound = |key: &str, secret| AccessToken {
        key_id: Some(key.into()),
        token_type: "pop".into(),
        ..access("u.t", "t", "a", secret)
    };
    put(&mut cache, bound("one", "1"));
    put(&mut cache, bound("two", "2"));
    assert_eq!(cache.len(), 2);
    let again = TokenCache::read(text(&cache).as_bytes(), PLENTY).unwrap();
    assert_eq!(again.len(), 2);
    assert_eq!(again.to_json(), cache.to_json());
}

/// What is no document, and why.
pub(super) const REFUSED: [(&str, DocumentError); 27] = [
    (r#"{"a":1,"a":2}"#, DocumentError::NameTwice),
    (r#"{"x":[{"a":1,"b":2,"a":1}]}"#, DocumentError::NameTwice),
    (r#"{"Account":{},"Account":{}}"#, DocumentError::NameTwice),
    (r#"{"Account":{"k":{},"l":{},"k":{}}}"#, DocumentError::NameTwice),
    (r#"{"Account":{"k":{"name":"a","name":"b"}}}"#, DocumentError::NameTwice),
    (r#"{"Account":{"k":{"name":5,"name":"b"}}}"#, DocumentError::NameTwice),
    (r#"{"Account":{"k":{"x":"a","x":"b"}}}"#, DocumentError::NameTwice),
    (r#"{"a":1,"b""#, DocumentError::Incomplete),
    (r#"{"Account":{"unfin"#, DocumentError::Incomplete),
    (r#"{"Account":"#, DocumentError::Incomplete),
    (r#"{"Account":{]"#, DocumentError::NotJson),
    (r#"{"Account":@"#, DocumentError::NotJson),
    ("not json", DocumentError::NotJson),
    ("{} {}", DocumentError::NotJson),
    ("\u{fffd}", DocumentError::NotJson),
    ("", DocumentError::Incomplete),
    ("[]", DocumentError::NotAnObject),
    ("null", DocumentError::NotAnObject),
    ("5", DocumentError::NotAnObject),
    (r#""text""#, DocumentError::NotAnObject),
    (r#"{"Account":5}"#, DocumentError::Section("Account")),
    (r#"{"Account":["x"]}"#, DocumentError::Section("Account")),
    ("[1.5]", DocumentError::NotAnObject),
    ("-1 ", DocumentError::NotAnObject),
    (r#"{"Account":-2.5e1}"#, DocumentError::Section("Account")),
    (r#"{"a":1,"a":{"s":"t"}}"#, DocumentError::NameTwice),
    (r#"{"AppMetadata":"x"}"#, DocumentError::Section("AppMetadata")),
];

#[test]
fn what_is_no_document_is_told_apart() {
    for (text, error) in REFUSED {
        assert_eq!(
            TokenCache::read(text.as_bytes(), PLENTY).map(|cache| cache.to_json()),
            Err(error),
            "{text}"
        );
        if let Ok(value) = serde_json::from_str(text)
            && error != DocumentError::NameTwice
        {
            assert_eq!(TokenCache::from_json(value).map(|cache| cache.to_json()), Err(error), "{text}");
        }
    }
    let read = |text: &[u8]| TokenCache::read(text, PLENTY).map(|cache| cache.len());
    for text in [&b"{\"a\":\"\xff\"}"[..], b"{}\xc3", b"{} \xf0\x9f", b"\xff{}", b"{}\xff"] {
        assert_eq!(read(text), Err(DocumentError::NotJson), "{text:?}");
    }
    assert_eq!(read(b"{\"a\":1,\"a\":1}\xff"), Err(DocumentError::NameTwice));
    assert_eq!(read(format!("{{\"a\":{}", "[".repeat(100_000)).as_bytes()), Err(DocumentError::NotJson));
}

#[test]
fn a_document_is_as_deep_as_json_is_read_elsewhere() {
    let arrays = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
    for (before, outer, after) in
        [(r#"{"x":"#, 1, "}"), (r#"{"Account":{"k":"#, 2, "}}"), (r#"{"Account":{"k":{"x":"#, 3, "}}}")]
    {
        for inner in [127 - outer, 128 - outer] {
            let text = [before, &arrays(inner), after].concat();
            let read = TokenCache::read(text.as_bytes(), PLENTY).is_ok();
            assert_eq!(read, serde_json::from_str::<Value>(&text).is_ok(), "{text}");
            assert_eq!(read, inner + outer == 127, "{text}");
        }
    }
}

#[test]
fn an_object_that_has_a_number_in_the_way_of_serde_json_does_not_leak() {
    let text = r#"{"AccessToken":{
        "a":{"environment":"evil","x":1,"$serde_json::private::Number":"5"},
        "b":{"client_id":"c","secret":"s"}}}"#;
    let read = TokenCache::read(text.as_bytes(), PLENTY).unwrap();
    assert_eq!(read.len(), 0);
    assert_eq!(read.to_json(), serde_json::from_str::<Value>(text).unwrap());
}

#[test]
fn a_length_that_is_not_true_does_no_harm() {
    let reader = DocumentReader::new(usize::MAX, PLENTY).push(b"{}").unwrap();
    assert!(reader.finish().unwrap().is_empty());
}

#[test]
fn every_value_takes_room() {
    // The document; a section, an item and its member; a list, a number, an object and its member.
    let text = r#"{"Account":{"k":{"name":"n"}},"theirs":[1,{"a":null}]}"#;
    assert!(TokenCache::read(text.as_bytes(), 8).is_ok());
    let refused = TokenCache::read(text.as_bytes(), 7).map(|cache| cache.len());
    assert_eq!(refused, Err(DocumentError::TooManyValues));
}
