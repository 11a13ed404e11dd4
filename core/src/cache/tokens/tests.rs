mod document;
mod history;
mod pieces;

use serde_json::json;

use super::*;
use crate::account::{Account, HomeAccountId};
use crate::cache::{
    AccessToken, AccountRecord, AppMetadata, IdToken, Reason, TokenChange, TokenQuery, TokenSubject,
};
use crate::secret::Secret;

fn access(home: &str, realm: &str, target: &str, secret: &str) -> AccessToken {
    AccessToken {
        home_account_id: (!home.is_empty()).then(|| home.into()),
        environment: "login.windows.net".into(),
        client_id: "app".into(),
        realm: realm.into(),
        target: target.into(),
        secret: Secret::new(secret),
        token_type: "Bearer".into(),
        cached_at: Timestamp::from_secs(1000),
        expires_on: Timestamp::from_secs(4600),
        ..AccessToken::default()
    }
}

fn refresh(home: &str, client_id: &str, family: Option<&str>, secret: &str) -> RefreshToken {
    RefreshToken {
        home_account_id: Some(home.into()),
        environment: "login.windows.net".into(),
        client_id: client_id.into(),
        family_id: family.map(Into::into),
        secret: Secret::new(secret),
        last_modification_time: Timestamp::from_secs(1000),
        user_assertion_hash: None,
    }
}

fn account(home: &str, realm: &str, username: &str) -> AccountRecord {
    AccountRecord {
        account: Account {
            home_account_id: HomeAccountId::new(home),
            environment: "login.windows.net".into(),
            tenant_id: realm.into(),
            username: username.into(),
            ..Account::default()
        },
        ..AccountRecord::default()
    }
}

fn put(cache: &mut TokenCache, record: impl Into<Record>) {
    put_at(cache, record, 1000);
}

fn put_at(cache: &mut TokenCache, record: impl Into<Record>, at: u64) {
    let tokens = vec![TokenChange::Put(record.into())];
    cache.apply(&CacheUpdate { at: Timestamp::from_secs(at), tokens, ..CacheUpdate::default() });
}

fn query(subject: TokenSubject, realm: &str, scopes: &str) -> TokenQuery {
    let scopes = scopes.split_whitespace().map(str::to_owned).collect();
    let mut query = TokenQuery::new("APP", "login.microsoftonline.com", subject, scopes);
    query.realm = Some(realm.into());
    query
}

fn user(home: &str) -> TokenSubject {
    TokenSubject::Account(home.into())
}

fn found(cache: &mut TokenCache, query: &TokenQuery) -> Vec<String> {
    cache.find(query).access_tokens.iter().map(|token| token.secret.expose().to_owned()).collect()
}

#[test]
fn a_token_is_found_by_any_of_its_scopes_in_any_order_and_case() {
    let mut cache = TokenCache::default();
    put(&mut cache, access("u.t", "t", "User.Read Mail.Send openid", "one"));
    for scopes in
        ["user.read", "MAIL.SEND user.read", "openid profile User.Read offline_access", "", "openid"]
    {
        assert_eq!(found(&mut cache, &query(user("U.T"), "T", scopes)), ["one"], "{scopes}");
    }
    for scopes in ["User.Write", "User.Read User.Write"] {
        let view = cache.find(&query(user("u.t"), "t", scopes));
        assert!(view.access_tokens.is_empty());
        assert_eq!(view.considered[0].reason, Reason::MissingScope);
    }
}

#[test]
fn nobody_gets_what_is_for_somebody_else() {
    let mut cache = TokenCache::default();
    put(&mut cache, access("u.t", "t", "s/.default", "user"));
    put(&mut cache, access("", "t", "s/.default", "app"));
    put(
        &mut cache,
        AccessToken { user_assertion_hash: Some("h".into()), ..access("u.t", "t", "s/.default", "obo") },
    );
    put(&mut cache, AccessToken { ext_cache_key: Some("x".into()), ..access("", "t", "s/.default", "fmi") });
    put(
        &mut cache,
        AccessToken {
            token_type: "pop".into(),
            key_id: Some("k".into()),
            ..access("u.t", "t", "s/.default", "pop")
        },
    );
    let scope = "s/.default";
    assert_eq!(found(&mut cache, &query(user("u.t"), "t", scope)), ["user"]);
    assert_eq!(found(&mut cache, &query(TokenSubject::Application, "t", scope)), ["app"]);
    assert_eq!(found(&mut cache, &query(TokenSubject::OnBehalfOf("h".into()), "t", scope)), ["obo"]);
    let no_tenant = TokenQuery { realm: None, ..query(TokenSubject::OnBehalfOf("h".into()), "t", scope) };
    assert_eq!(found(&mut cache, &no_tenant), ["obo"]);
    let ext = TokenQuery { ext_cache_key: Some("X".into()), ..query(TokenSubject::Application, "t", scope) };
    assert_eq!(found(&mut cache, &ext), ["fmi"]);
    let pop =
        TokenQuery { token_type: "PoP".into(), key_id: Some("k".into()), ..query(user("u.t"), "t", scope) };
    assert_eq!(found(&mut cache, &pop), ["pop"]);
    for other in [
        query(user("v.t"), "t", scope),
        query(user("u.t"), "u", scope),
        query(user(""), "t", "other"),
        query(TokenSubject::OnBehalfOf("H".into()), "t", scope),
        TokenQuery { client_id: "other".into(), ..query(user("u.t"), "t", scope) },
        TokenQuery { environment: "login.microsoftonline.us".into(), ..query(user("u.t"), "t", scope) },
        TokenQuery { key_id: Some("l".into()), ..pop },
    ] {
        assert!(found(&mut cache, &other).is_empty(), "{other:?}");
    }
}

#[test]
fn the_name_of_many_tenants_stands_for_the_accounts_own_as_other_libraries_write_it() {
    let mut cache = TokenCache::default();
    put(&mut cache, access("u.t", "organizations", "a", "one"));
    put(&mut cache, access("u.t", "adfs", "b", "two"));
    assert_eq!(found(&mut cache, &query(user("u.t"), "t", "a")), ["one"]);
    assert_eq!(found(&mut cache, &query(user("u.t"), "", "b")), ["two"]);
    put(&mut cache, access("u.t", "t", "a", "new"));
    assert_eq!(found(&mut cache, &query(user("u.t"), "t", "a")), ["new"]);
    assert_eq!(cache.len(), 2);
}

#[test]
fn a_token_takes_the_place_of_those_that_share_a_scope() {
    let mut cache = TokenCache::default();
    put(&mut cache, access("u.t", "t", "a b", "one"));
    put(&mut cache, access("u.t", "t", "c", "two"));
    put(&mut cache, access("u.t", "u", "a", "other tenant"));
    put(
        &mut cache,
        AccessToken { environment: "login.microsoft.com".into(), ..access("u.t", "t", "B c d", "three") },
    );
    assert_eq!(cache.len(), 2);
    assert_eq!(found(&mut cache, &query(user("u.t"), "t", "b")), ["three"]);
    assert!(found(&mut cache, &query(user("u.t"), "t", "a")).is_empty());
}

#[test]
fn the_newest_refresh_token_is_the_first_to_be_tried_and_the_familys_the_last() {
    let mut cache = TokenCache::from_json(json!({ "RefreshToken": {
        "old": { "home_account_id": "u.t", "environment": "login.windows.net", "client_id": "app", "secret": "old",
            "credential_type": "RefreshToken" },
        "older-dash": { "home_account_id": "u.t", "environment": "login.microsoftonline.com", "client_id": "app",
            "secret": "newer", "credential_type": "RefreshToken", "last_modification_time": "900" },
    } }))
    .unwrap();
    put(&mut cache, refresh("u.t", "another", Some("1"), "family"));
    let secrets = |cache: &mut TokenCache| {
        let view = cache.find(&query(user("u.t"), "t", "s"));
        view.refresh_tokens.iter().map(|token| token.secret.expose().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(secrets(&mut cache), ["newer", "old", "family"]);
    // A new one takes the place of all that are the same, whatever their keys.
    put(&mut cache, refresh("u.t", "app", None, "new"));
    assert_eq!(secrets(&mut cache), ["new", "family"]);
    // An application that is known to be in no family has no use for the family's.
    let metadata =
        AppMetadata { client_id: "app".into(), environment: "login.windows.net".into(), family_id: None };
    put(&mut cache, metadata);
    assert_eq!(secrets(&mut cache), ["new"]);
}

#[test]
fn a_refresh_token_that_was_replaced_meanwhile_is_not_removed() {
    let mut cache = TokenCache::default();
    put(&mut cache, refresh("u.t", "app", None, "old"));
    let old = cache.find(&query(user("u.t"), "t", "s")).refresh_tokens.remove(0);
    put(&mut cache, refresh("u.t", "app", None, "new"));
    let remove = |token| CacheUpdate {
        tokens: vec![TokenChange::RemoveRefreshToken(token)],
        ..CacheUpdate::default()
    };
    cache.apply(&remove(old));
    assert_eq!(cache.len(), 1);
    let new = cache.find(&query(user("u.t"), "t", "s")).refresh_tokens.remove(0);
    cache.apply(&remove(new));
    assert!(cache.is_empty());
}

#[test]
fn accounts_are_found_by_id_by_name_and_in_order() {
    let mut cache = TokenCache::default();
    put(&mut cache, account("v.t", "t", "joe@contoso.com"));
    put(&mut cache, account("u.t", "u", "Joe@contoso.com"));
    put(&mut cache, account("u.t", "t", "joe@contoso.com"));
    put(
        &mut cache,
        AccountRecord {
            account: Account {
                environment: "login.partner.microsoftonline.cn".into(),
                ..account("w.t", "t", "joe@contoso.com").account
            },
            ..AccountRecord::default()
        },
    );
    let mut ids = |subject| {
        let view = cache.find(&query(subject, "t", ""));
        let id = |record: &AccountRecord| {
            format!("{} {}", record.account.home_account_id, record.account.tenant_id)
        };
        view.accounts.iter().map(|record| id(record)).collect::<Vec<_>>()
    };
    assert_eq!(ids(TokenSubject::Username("JOE@contoso.com".into())), ["u.t t", "u.t u", "v.t t"]);
    assert_eq!(ids(user("U.T")), ["u.t t", "u.t u"]);
    assert!(ids(TokenSubject::Username("jo".into())).is_empty());
    put(&mut cache, account("x.t", "t", "Änne@contoso.com"));
    put(&mut cache, account("y.t", "t", "änne@contoso.com"));
    let view = cache.find(&query(TokenSubject::Username("ÄNNE@contoso.com".into()), "t", ""));
    assert_eq!(view.accounts.len(), 2);
}

#[test]
fn accounts_are_listed_that_the_application_has_a_token_for() {
    let mut cache = TokenCache::default();
    for home in ["own.t", "family.t", "others.t", "none.t"] {
        put(&mut cache, account(home, "t", "joe"));
    }
    put(&mut cache, refresh("own.t", "app", None, "rt"));
    put(&mut cache, refresh("family.t", "another", Some("1"), "rt"));
    put(&mut cache, refresh("others.t", "another", None, "rt"));
    let abroad = "login.partner.microsoftonline.cn";
    let mut far = account("far.t", "t", "joe");
    far.account.environment = abroad.into();
    put(&mut cache, far);
    put(&mut cache, AccessToken { environment: abroad.into(), ..access("far.t", "t", "s", "at") });
    let mut listed = |environment: &str| {
        let mut query = query(TokenSubject::Accounts, "t", "");
        query.environment = environment.into();
        let accounts = cache.find(&query).accounts;
        accounts.iter().map(|record| record.account.home_account_id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed("login.microsoft.com"), ["family.t", "own.t"]);
    assert_eq!(listed(abroad), ["far.t"]);
    assert_eq!(listed(""), ["family.t", "far.t", "own.t"]);
}

#[test]
fn who_signs_out_takes_the_applications_tokens_and_leaves_others() {
    let mut cache = TokenCache::default();
    put(&mut cache, account("u.t", "t", "joe"));
    put(&mut cache, account("v.t", "t", "ann"));
    put(&mut cache, access("u.t", "t", "s", "at"));
    put(&mut cache, access("v.t", "t", "s", "ann's"));
    put(&mut cache, refresh("u.t", "app", None, "rt"));
    put(&mut cache, refresh("u.t", "another", None, "another's"));
    put(
        &mut cache,
        IdToken {
            home_account_id: Some("u.t".into()),
            environment: "login.windows.net".into(),
            client_id: "app".into(),
            realm: "t".into(),
            secret: Secret::new("id"),
        },
    );
    let tokens = vec![TokenChange::RemoveAccount {
        home_account_id: "U.t".to_owned(),
        environment: "login.microsoftonline.com".to_owned(),
        client_id: "app".to_owned(),
    }];
    cache.apply(&CacheUpdate { tokens, ..CacheUpdate::default() });
    let left: Vec<_> = cache
        .records()
        .map(|record| format!("{} {}", schema::section(record), entry::home_account_id(record)))
        .collect();
    assert_eq!(left, ["Account v.t", "AccessToken v.t", "RefreshToken u.t"]);
    // A refresh that was on its way does not bring back who has gone.
    let late = CacheUpdate {
        only_if_account: Some("x.t".to_owned()),
        tokens: vec![TokenChange::Put(access("x.t", "t", "s", "late").into())],
        ..CacheUpdate::default()
    };
    cache.apply(&late);
    assert_eq!(cache.len(), 3);
}

#[test]
fn what_there_is_no_room_for_goes_and_the_last_refresh_token_stays() {
    let mut cache = TokenCache::with_limits(CacheLimits { entries: 4, bytes: usize::MAX });
    put(&mut cache, refresh("u.t", "app", None, "rt"));
    for scope in ["a", "b", "c"] {
        put(&mut cache, access("u.t", "t", scope, scope));
    }
    // What was of use lately stays.
    assert_eq!(found(&mut cache, &query(user("u.t"), "t", "a")), ["a"]);
    put(&mut cache, access("u.t", "t", "d", "d"));
    assert!(found(&mut cache, &query(user("u.t"), "t", "b")).is_empty());
    assert_eq!(found(&mut cache, &query(user("u.t"), "t", "a")), ["a"]);
    for home in ["v.t", "w.t", "x.t", "y.t", "z.t"] {
        put(&mut cache, refresh(home, "app", None, home));
    }
    assert_eq!(cache.records().filter(|record| matches!(record, Record::RefreshToken(_))).count(), 6);
    assert_eq!((cache.len(), cache.stats().evicted), (6, 4));
    // Of two of one account, one can go.
    put(&mut cache, refresh("u.t", "another", None, "second"));
    assert_eq!(cache.len(), 6);
}

#[test]
fn among_many_that_have_to_stay_one_that_can_go_is_found_in_a_few_changes() {
    let mut cache = TokenCache::with_limits(CacheLimits { entries: 1, bytes: usize::MAX });
    for at in 0..100 {
        put(&mut cache, refresh(&format!("{at}.t"), "app", None, "rt"));
    }
    put(&mut cache, refresh("99.t", "another", None, "second"));
    let mut changes = 0;
    while cache.len() > 100 {
        cache.apply(&CacheUpdate::default());
        changes += 1;
        assert!(changes < 10);
    }
    assert_ne!(changes, 0, "no change looks at them all");
}

#[test]
fn among_many_that_never_go_the_access_token_of_latest_use_stays() {
    let mut cache = TokenCache::with_limits(CacheLimits { entries: 8, bytes: usize::MAX });
    for home in ["a.t", "b.t", "c.t", "d.t", "e.t", "f.t"] {
        put(&mut cache, refresh(home, "app", None, home));
    }
    put(&mut cache, access("u.t", "t", "a", "a"));
    put(&mut cache, access("u.t", "t", "b", "b"));
    assert_eq!(found(&mut cache, &query(user("u.t"), "t", "a")), ["a"]);
    put(&mut cache, access("u.t", "t", "c", "c"));
    assert_eq!(found(&mut cache, &query(user("u.t"), "t", "a")), ["a"]);
    assert!(found(&mut cache, &query(user("u.t"), "t", "b")).is_empty());
}

fn secret(record: &Record) -> &str {
    match record {
        Record::AccessToken(token) => token.secret.expose(),
        Record::RefreshToken(token) => token.secret.expose(),
        Record::IdToken(token) => token.secret.expose(),
        Record::Account(_) | Record::AppMetadata(_) => "",
    }
}

#[test]
fn what_has_expired_goes() {
    let mut cache = TokenCache::default();
    put(&mut cache, access("u.t", "t", "a", "a"));
    put(
        &mut cache,
        AccessToken { extended_expires_on: Some(Timestamp::from_secs(9000)), ..access("u.t", "t", "b", "b") },
    );
    put_at(
        &mut cache,
        AccessToken { expires_on: Timestamp::from_secs(9000), ..access("u.t", "t", "c", "c") },
        4600,
    );
    let left: Vec<_> = cache.records().map(secret).collect();
    assert_eq!((left, cache.stats().expired), (vec!["b", "c"], 1));
}

#[test]
fn a_cache_prints_how_much_it_holds_and_nothing_of_it() {
    let mut cache = TokenCache::default();
    put(&mut cache, access("u.t", "t", "s", "hunter2"));
    assert_eq!(format!("{cache:?}"), r#"TokenCache {"AccessToken": 1}"#);
}
