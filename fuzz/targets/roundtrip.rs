//! A cache that is written and read again is the same one: whatever was in it, and whatever flows did to it.
#![no_main]

use arbitrary::Arbitrary;
use entrada_core::cache::{
    CacheUpdate, Record, TokenCache, TokenChange, TokenQuery, TokenSubject, TokenView,
};
use entrada_core::text::Text;
use entrada_core::time::Timestamp;
use entrada_fuzz::kept::{self, CLOUD, JOE};
use libfuzzer_sys::fuzz_target;

/// A document of known sections with anything in them, and what flows then do.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    changes: Vec<Change>,
    items: Vec<(u8, &'a str, Vec<(u8, Value<'a>)>)>,
    other: Vec<(&'a str, Value<'a>)>,
}

#[derive(Arbitrary, Debug)]
enum Value<'a> {
    Text(&'a str),
    Number(u32),
    Float(f32),
    Known(u8),
    Null,
    List(Vec<bool>),
}

#[derive(Arbitrary, Debug)]
struct Change {
    kind: u8,
    home: u8,
    realm: u8,
    scope: u8,
    client: u8,
    secret: u8,
    ends: u16,
}

const NAMES: [&str; 16] = [
    "home_account_id",
    "environment",
    "client_id",
    "secret",
    "realm",
    "target",
    "expires_on",
    "username",
    "family_id",
    "user_assertion_hash",
    "ext",
    "ext_cache_key",
    "token_type",
    "kid",
    "refresh_on",
    "wam_account_ids",
];
const TEXTS: [&str; 8] =
    [JOE, CLOUD, "app", "contoso.com", "User.Read Mail.Read", "1", "joe@contoso.com", "secret"];
const SECTIONS: [&str; 5] = ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"];
const HOMES: [&str; 3] = [JOE, "ann.t", ""];
const REALMS: [&str; 3] = ["contoso.com", "fabrikam.com", ""];
const SCOPES: [&str; 4] = ["User.Read", "Mail.Read User.Read", "s/.default", ""];
const CLIENTS: [&str; 2] = ["app", "another"];

fn json(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Text(text) => (*text).into(),
        Value::Number(number) => (*number).into(),
        Value::Float(number) => f64::from(*number).into(),
        Value::Known(at) => TEXTS[usize::from(*at) % TEXTS.len()].into(),
        Value::Null => serde_json::Value::Null,
        Value::List(list) => list.clone().into(),
    }
}

fn record(change: &Change) -> Record {
    let at = |list: &[&'static str], index: u8| Text::from(list[usize::from(index) % list.len()]);
    let home = Some(at(&HOMES, change.home)).filter(|home| !home.is_empty());
    let secret = change.secret.to_string();
    let time = Timestamp::from_secs(1_700_000_000 + u64::from(change.ends));
    match change.kind % 6 {
        0 => {
            let mut token = kept::access(&secret);
            token.home_account_id = home;
            token.client_id = at(&CLIENTS, change.client);
            token.realm = at(&REALMS, change.realm);
            token.target = at(&SCOPES, change.scope);
            token.expires_on = time;
            token.user_assertion_hash = (change.client % 3 == 2).then(|| "hash".into());
            token.into()
        }
        1 | 2 => {
            let mut token = kept::refresh(&secret, (change.kind % 2 == 0).then_some("1"));
            token.home_account_id = home;
            token.client_id = at(&CLIENTS, change.client);
            token.last_modification_time = time;
            token.into()
        }
        3 => {
            let mut token = kept::id_token(&secret);
            token.home_account_id = home;
            token.realm = at(&REALMS, change.realm);
            token.into()
        }
        4 => kept::account(home.as_deref().unwrap_or("x.y"), &at(&REALMS, change.realm), "joe@contoso.com")
            .into(),
        _ => kept::metadata((change.scope % 2 == 0).then_some("1")).into(),
    }
}

fn answers(cache: &mut TokenCache) -> Vec<TokenView> {
    let mut answers = Vec::new();
    let homes = HOMES.iter().map(|home| TokenSubject::Account((*home).into()));
    let others = [
        TokenSubject::Application,
        TokenSubject::OnBehalfOf("hash".into()),
        TokenSubject::Username("JOE@contoso.com".into()),
        TokenSubject::Accounts,
    ];
    for subject in homes.chain(others) {
        for client in CLIENTS {
            for scope in SCOPES {
                let scopes = scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
                let mut query = TokenQuery::new(client, CLOUD, subject.clone(), scopes);
                query.realm = Some("contoso.com".into());
                answers.push(cache.find(&query));
            }
        }
    }
    answers
}

/// The order of entries of the same rank is the order of their keys once they were written.
fn sorted(mut answers: Vec<TokenView>) -> Vec<TokenView> {
    for view in &mut answers {
        view.access_tokens.sort_by_key(|token| format!("{token:?}{}", token.secret.expose()));
        view.refresh_tokens.sort_by_key(|token| format!("{token:?}{}", token.secret.expose()));
        view.id_tokens.sort_by_key(|token| format!("{token:?}{}", token.secret.expose()));
        view.accounts.sort_by_key(|account| format!("{account:?}"));
        view.considered.sort_by_key(|considered| format!("{considered:?}"));
    }
    answers
}

fuzz_target!(|input: Input<'_>| {
    if input.items.len() > 32 || input.changes.len() > 64 {
        return;
    }
    let mut document = serde_json::Map::new();
    for (name, value) in &input.other {
        document.insert((*name).to_owned(), json(value));
    }
    for (section, key, members) in &input.items {
        let section = SECTIONS[usize::from(*section) % SECTIONS.len()];
        let members = members
            .iter()
            .map(|(name, value)| (NAMES[usize::from(*name) % NAMES.len()].to_owned(), json(value)));
        let entries = document.entry(section).or_insert_with(|| serde_json::json!({}));
        if let Some(entries) = entries.as_object_mut() {
            entries.insert((*key).to_owned(), members.collect::<serde_json::Map<_, _>>().into());
        }
    }
    let document = serde_json::Value::Object(document);
    let Ok(mut cache) = TokenCache::from_json(document.clone()) else { return };
    assert_eq!(cache.to_json(), document, "what nobody touched is written as it came");
    for change in &input.changes {
        let mut update = CacheUpdate::default();
        update.at = Timestamp::from_secs(1_700_000_000);
        update.tokens = vec![TokenChange::Put(record(change))];
        cache.apply(&update);
    }
    let written = cache.to_json();
    let mut again = TokenCache::from_json(written.clone()).expect("what was written can be read");
    assert_eq!(again.to_json(), written);
    let mut text = Vec::new();
    cache.write(&mut text).expect("memory takes it");
    let read = TokenCache::read(&text, usize::MAX).expect("what was written can be read");
    assert_eq!(read.to_json(), written);
    if input.items.is_empty() {
        assert_eq!(again.len(), cache.len(), "no two entries have the same key");
        assert_eq!(sorted(answers(&mut again)), sorted(answers(&mut cache)));
    }
});
