//! A cache that anybody wrote: read or refused, asked anything, never more than it was given, and never a secret shown.
#![no_main]

use entrada_core::cache::schema::DocumentError;
use entrada_core::cache::{
    CacheUpdate, DocumentReader, TokenCache, TokenChange, TokenQuery, TokenSubject, TokenView, schema,
};
use entrada_core::time::Timestamp;
use entrada_fuzz::kept::{self, CLOUD, JOE};
use entrada_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: {
        let filled = kept::memory([
            kept::access("a").into(),
            kept::application("b", "s/.default").into(),
            kept::refresh("c", None).into(),
            kept::refresh("d", Some("1")).into(),
            kept::id_token("e.f.g").into(),
            kept::joe().into(),
            kept::metadata(Some("1")).into(),
        ]);
        seeds::plant("cache", &[
            filled.tokens().to_json().to_string(),
            r#"{"AccessToken":{"an-entry":{"foo":"bar"},},"unknownEntity":[1,],}"#.to_owned(),
            r#"{"AccessToken":{"x":{"environment":"e","client_id":"app","secret":"s","ext":{"fmi_path":"p"},
                "expires_on":99999999999999999999,"target":"a b a"}},"RefreshToken":null}"#.to_owned(),
        ]);
    },
    |bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let text = schema::tolerant(text);
        let most = bytes.len();
        let value = serde_json::from_str(&text).ok().and_then(|value| TokenCache::from_json(value).ok());
        let mut cache = match (TokenCache::read(text.as_bytes(), most), value) {
            (Ok(cache), Some(value)) => {
                assert!(cache.to_json() == value.to_json(), "both ways to read come to the same");
                cache
            }
            // The value has the last of them, a text is refused.
            (Err(DocumentError::NameTwice), Some(value)) => value,
            (Err(_), None) => return,
            (Ok(_), None) => panic!("what is read is a value"),
            (Err(error), Some(_)) => panic!("a value is read: {error}"),
        };
        let mut parted = Ok(DocumentReader::new(0, most));
        for piece in text.as_bytes().chunks(1 + bytes.len() % 61) {
            parted = parted.and_then(|reader| reader.push(piece));
        }
        let parted = parted.and_then(DocumentReader::finish).map(|cache| cache.to_json());
        let whole = TokenCache::read(text.as_bytes(), most).map(|cache| cache.to_json());
        assert!(parted == whole, "pieces come to the same");
        assert!(cache.len() <= most && cache.bytes() <= 4 * most + 1024, "{} of {most}", cache.bytes());
        let before = cache.to_json();
        for query in queries(&cache) {
            let view = cache.find(&query);
            check(&query, &view);
            assert!(!format!("{query:?}").is_empty());
        }
        assert!(cache.to_json() == before, "a question changes nothing");
        let records: Vec<_> = cache.records().cloned().collect();
        let mut update = CacheUpdate::default();
        update.at = Timestamp::from_secs(1_700_000_000);
        update.tokens = records.into_iter().map(TokenChange::from).collect();
        cache.apply(&update);
        assert!(cache.len() <= most);
        for query in queries(&cache) {
            check(&query, &cache.find(&query));
        }
        let mut sign_out = CacheUpdate::default();
        sign_out.tokens = vec![TokenChange::RemoveAccount {
            home_account_id: JOE.to_owned(),
            environment: CLOUD.to_owned(),
            client_id: "app".to_owned(),
        }];
        cache.apply(&sign_out);
        let view = cache.find(&query(TokenSubject::Account(JOE.into()), "app", CLOUD));
        assert!(view.access_tokens.is_empty() && view.accounts.is_empty());
    }
);

fn query(subject: TokenSubject, client_id: &str, environment: &str) -> TokenQuery {
    TokenQuery::new(client_id, environment, subject, vec!["User.Read".to_owned()])
}

/// What is certain to be asked, and what the first records themselves suggest.
fn queries(cache: &TokenCache) -> Vec<TokenQuery> {
    use entrada_core::cache::Record;
    let mut queries = vec![
        query(TokenSubject::Application, "app", CLOUD),
        query(TokenSubject::Account("".into()), "app", CLOUD),
        query(TokenSubject::Account(JOE.into()), "app", CLOUD),
        query(TokenSubject::Username("joe@contoso.com".into()), "app", CLOUD),
        query(TokenSubject::Accounts, "app", ""),
    ];
    for record in cache.records().take(8) {
        match record {
            Record::AccessToken(token) => {
                let home = token.home_account_id.clone().unwrap_or_default();
                let subject = match &token.user_assertion_hash {
                    Some(hash) => TokenSubject::OnBehalfOf(hash.clone()),
                    None if home.is_empty() => TokenSubject::Application,
                    None => TokenSubject::Account(home),
                };
                let mut query = query(subject, &token.client_id, &token.environment);
                query.realm = Some(token.realm.clone());
                query.scopes = token.scopes().map(str::to_owned).collect();
                query.ext_cache_key.clone_from(&token.ext_cache_key);
                queries.push(query);
            }
            Record::Account(record) => {
                let name = record.account.username.clone();
                queries.push(query(TokenSubject::Username(name), "app", &record.account.environment));
            }
            _ => {}
        }
    }
    queries
}

fn check(query: &TokenQuery, view: &TokenView) {
    assert!(view.considered.len() <= TokenView::MOST_CONSIDERED && view.access_tokens.len() <= 64);
    for token in &view.access_tokens {
        assert!(token.client_id.eq_ignore_ascii_case(&query.client_id));
        let home = token.home_account_id.as_deref().unwrap_or_default();
        match &query.subject {
            TokenSubject::Application => assert!(home.is_empty() && token.user_assertion_hash.is_none()),
            TokenSubject::Account(of) => assert!(!of.is_empty() && home.eq_ignore_ascii_case(of)),
            TokenSubject::OnBehalfOf(hash) => assert_eq!(token.user_assertion_hash.as_ref(), Some(hash)),
            _ => {}
        }
    }
    assert!(query.subject != TokenSubject::Application || view.refresh_tokens.is_empty());
}
