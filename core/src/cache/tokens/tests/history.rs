//! Random histories, compared with a plain list.

use proptest::prelude::*;

use super::*;

/// A change or a question, over few names, so that they meet.
#[derive(Debug, Clone)]
enum Deed {
    Put(Record),
    Forget(u8),
    SignOut(u8, u8),
    Ask(TokenQuery),
}

fn deeds() -> impl Strategy<Value = Deed> {
    let home = prop_oneof![Just(""), Just("u.t"), Just("V.t")];
    let client = prop_oneof![Just("app"), Just("other")];
    let environment =
        prop_oneof![Just("login.windows.net"), Just("login.microsoftonline.com"), Just("private.example")];
    let realm = prop_oneof![Just("t"), Just("u")];
    let scopes = proptest::sample::subsequence(vec!["a", "B", "c", "openid"], 0..=3);
    let hash = prop_oneof![3 => Just(None), 1 => Just(Some("h"))];
    let parts = (home, client, environment, realm, scopes, hash, 0..1000u32);
    let text = |text: &str| Text::from(text);
    let access_token =
        parts.clone().prop_map(move |(home, client, environment, realm, scopes, hash, secret)| {
            Deed::Put(
                AccessToken {
                    client_id: text(client),
                    environment: text(environment),
                    user_assertion_hash: hash.map(Into::into),
                    ..access(home, realm, &scopes.join(" "), &secret.to_string())
                }
                .into(),
            )
        });
    let refresh_token = (parts.clone(), proptest::bool::ANY).prop_map(
        move |((home, client, environment, _, _, hash, secret), family)| {
            Deed::Put(
                RefreshToken {
                    environment: text(environment),
                    user_assertion_hash: hash.map(Into::into),
                    ..refresh(home, client, family.then_some("1"), &secret.to_string())
                }
                .into(),
            )
        },
    );
    let ask = parts.prop_map(move |(home, client, environment, realm, scopes, hash, _)| {
        let subject = match (hash, home) {
            (Some(hash), _) => TokenSubject::OnBehalfOf(text(hash)),
            (None, "") => TokenSubject::Application,
            (None, home) => user(home),
        };
        let mut query =
            TokenQuery::new(client, environment, subject, scopes.into_iter().map(str::to_owned).collect());
        query.realm = Some(text(realm));
        Deed::Ask(query)
    });
    prop_oneof![
        4 => access_token,
        3 => refresh_token,
        1 => (0..4u8).prop_map(Deed::Forget),
        1 => (0..2u8, 0..2u8).prop_map(|(home, client)| Deed::SignOut(home, client)),
        6 => ask,
    ]
}

/// The same cache, as a list that is gone through from end to end.
#[derive(Default)]
struct Naive(Vec<Record>);

impl Naive {
    fn put(&mut self, record: &Record) {
        self.0.retain(|old| !entry::replaces(record, old));
        self.0.push(record.clone());
    }

    fn sign_out(&mut self, home: &str, client: &str) {
        self.0.retain(|record| {
            let mine = entry::home_account_id(record).eq_ignore_ascii_case(home)
                && entry::same_environment(entry::environment(record), "login.windows.net")
                && entry::client_id(record) == client;
            !mine || matches!(record, Record::RefreshToken(token) if token.family_id.is_some())
        });
    }

    fn ask(&self, query: &TokenQuery) -> Vec<&Record> {
        let fold = |text: &str| text.to_ascii_lowercase();
        let api = |scopes: &str| -> Vec<String> {
            scopes.split_ascii_whitespace().map(fold).filter(|scope| scope != "openid").collect()
        };
        let (home, hash) = match &query.subject {
            TokenSubject::Account(home) => (Some(fold(home)), None),
            TokenSubject::OnBehalfOf(hash) => (None, Some(hash.as_str())),
            _ => (Some(String::new()), None),
        };
        let is_its = |record: &&Record| {
            entry::same_environment(entry::environment(record), &query.environment)
                && entry::assertion_hash(record) == hash
                && home.as_ref().is_none_or(|home| fold(entry::home_account_id(record)) == *home)
        };
        let fits = |record: &&Record| match record {
            Record::AccessToken(token) => {
                token.client_id == query.client_id
                    && Some(&token.realm) == query.realm.as_ref()
                    && api(&query.scopes.join(" ")).iter().all(|scope| api(&token.target).contains(scope))
            }
            Record::RefreshToken(token) => {
                query.subject != TokenSubject::Application
                    && (token.family_id.is_some() || token.client_id == query.client_id)
            }
            _ => false,
        };
        self.0.iter().filter(is_its).filter(fits).collect()
    }
}

proptest! {
    #[test]
    fn a_history_has_the_same_answers_as_a_plain_list(history in proptest::collection::vec(deeds(), 1..60)) {
        let mut cache = TokenCache::default();
        let mut naive = Naive::default();
        for deed in history {
            match deed {
                Deed::Put(record) => {
                    naive.put(&record);
                    put(&mut cache, record);
                }
                Deed::Forget(which) => {
                    let all: Vec<_> = naive.0.iter().filter_map(|record| match record {
                        Record::RefreshToken(token) => Some(Arc::clone(token)),
                        _ => None,
                    }).collect();
                    if let Some(token) = all.get(usize::from(which)) {
                        naive.0.retain(|record| !matches!(record, Record::RefreshToken(one) if Arc::ptr_eq(one, token)));
                        let tokens = vec![TokenChange::RemoveRefreshToken(Arc::clone(token))];
                        cache.apply(&CacheUpdate { tokens, ..CacheUpdate::default() });
                    }
                }
                Deed::SignOut(home, client) => {
                    let home = if home == 0 { "u.t" } else { "v.t" };
                    let client = if client == 0 { "app" } else { "other" };
                    naive.sign_out(home, client);
                    let tokens = vec![TokenChange::RemoveAccount {
                        home_account_id: home.to_owned(),
                        environment: "login.windows.net".to_owned(),
                        client_id: client.to_owned(),
                    }];
                    cache.apply(&CacheUpdate { tokens, ..CacheUpdate::default() });
                }
                Deed::Ask(query) => {
                    let view = cache.find(&query);
                    let mut found: Vec<String> = view.access_tokens.iter().map(|token| token.secret.expose().to_owned())
                        .chain(view.refresh_tokens.iter().map(|token| token.secret.expose().to_owned())).collect();
                    let mut expected: Vec<String> = naive.ask(&query).into_iter().map(|record| match record {
                        Record::AccessToken(token) => token.secret.expose().to_owned(),
                        Record::RefreshToken(token) => token.secret.expose().to_owned(),
                        _ => String::new(),
                    }).collect();
                    found.sort();
                    expected.sort();
                    prop_assert_eq!(found, expected, "{:?}", query);
                }
            }
            prop_assert_eq!(cache.len(), naive.0.len());
            let again = TokenCache::from_json(cache.to_json()).unwrap();
            prop_assert_eq!(again.len(), cache.len(), "two entries share a key");
        }
    }
}
