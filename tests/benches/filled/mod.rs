//! Caches with many entries, and a call that one of them answers.

use entrada_core::application::{ClientCredential, ConfidentialClientApplication};
use entrada_core::cache::{
    CacheLimits, CacheQuery, CacheUpdate, CacheView, Memory, Record, StoreError, TokenCache, TokenQuery,
    TokenSubject,
};
use entrada_core::flow::client_credentials::ClientCredentials;
use entrada_core::flow::device_code::Prompt;
use entrada_core::http::{Outcome, Request, Response};
use entrada_core::result::{AuthenticationResult, TokenSource};
use entrada_core::secret::Secret;
use entrada_core::seed::Seed;
use entrada_core::step::{Flow, Host, run};
use entrada_core::time::Timestamp;
use entrada_tests::kept::{self, CLOUD, JOE, REALM};
use entrada_tests::world::START;
use http::{HeaderMap, StatusCode};

/// Of what there are many.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Accounts, each with an access token, a refresh token and an ID token.
    Accounts,
    /// Resources that one application of one tenant has tokens for.
    Resources,
    /// Tenants that one application has a token of.
    Tenants,
    /// Assertions of one user, each with a token got on its behalf.
    Assertions,
    /// Resources that one user has a token for with some scopes, of which not all are asked for.
    Scopes,
}

fn resource(at: usize) -> String {
    format!("https://resource{at}.example/.default")
}

fn scopes(at: usize, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("https://resource{at}.example/{name}")).collect()
}

fn home(at: usize) -> String {
    format!("user{at}.tenant")
}

fn tenant(at: usize) -> String {
    format!("tenant{at}.example")
}

fn assertion(at: usize) -> String {
    format!("{at:043}")
}

impl Shape {
    fn records(self, at: usize, secret: &str) -> Vec<Record> {
        match self {
            Self::Resources => vec![kept::application(secret, &resource(at)).into()],
            Self::Tenants => {
                let mut token = kept::application(secret, &resource(0));
                token.realm = tenant(at).into();
                vec![token.into()]
            }
            Self::Assertions => {
                let mut token = kept::access(secret);
                token.user_assertion_hash = Some(assertion(at).into());
                vec![token.into()]
            }
            Self::Scopes => {
                let mut token = kept::access(secret);
                token.target =
                    scopes(at, &["files.read", "mail.read", "mail.send", "openid"]).join(" ").into();
                vec![token.into()]
            }
            Self::Accounts => {
                let home = home(at);
                let mut access = kept::access(secret);
                access.home_account_id = Some(home.as_str().into());
                let mut refresh = kept::refresh(secret, None);
                refresh.home_account_id = Some(home.as_str().into());
                let mut id_token = kept::id_token(secret);
                id_token.home_account_id = Some(home.as_str().into());
                let account = kept::account(&home, REALM, &format!("user{at}@contoso.com"));
                vec![access.into(), refresh.into(), id_token.into(), account.into()]
            }
        }
    }

    /// The question that the entry at this place answers.
    pub(crate) fn query(self, at: usize) -> TokenQuery {
        let scope = || vec!["User.Read".to_owned()];
        let (subject, scopes) = match self {
            Self::Resources => (TokenSubject::Application, vec![resource(at)]),
            Self::Tenants => (TokenSubject::Application, vec![resource(0)]),
            Self::Assertions => (TokenSubject::OnBehalfOf(assertion(at).into()), scope()),
            Self::Scopes => (TokenSubject::Account(JOE.into()), scopes(at, &["Mail.Send", "Files.Read"])),
            Self::Accounts => (TokenSubject::Account(home(at).into()), scope()),
        };
        let mut query = TokenQuery::new("app", CLOUD, subject, scopes);
        query.realm = Some(if let Self::Tenants = self { tenant(at).into() } else { REALM.into() });
        query
    }
}

/// A cache of so many.
pub(crate) fn cache(shape: Shape, size: usize) -> TokenCache {
    let mut limits = CacheLimits::default();
    limits.entries = usize::MAX;
    limits.bytes = usize::MAX;
    let mut cache = TokenCache::with_limits(limits);
    // As long as tokens are, or short, where they would be too many.
    let secret = "x".repeat(if size > 200_000 { 64 } else { 1500 });
    for at in 0..size {
        let mut update = CacheUpdate::default();
        let records = shape.records(at, &format!("{at}{secret}"));
        update.tokens = records.into_iter().map(Into::into).collect();
        cache.apply(&update);
    }
    cache
}

/// The question for the account at this place of [`Shape::Accounts`], by its user's name.
pub(crate) fn by_name(at: usize) -> TokenQuery {
    let name = TokenSubject::Username(format!("user{at}@contoso.com").into());
    let mut query = TokenQuery::new("app", CLOUD, name, vec!["User.Read".to_owned()]);
    query.realm = Some(REALM.into());
    query
}

/// What nothing of [`Shape::Resources`] answers, and a new token, which takes the place of the one before.
pub(crate) fn miss_and_store(cache: &mut TokenCache) -> usize {
    assert!(cache.find(&Shape::Resources.query(usize::MAX)).access_tokens.is_empty());
    let mut update = CacheUpdate::default();
    update.tokens = vec![Record::from(kept::application("secret", "new/.default")).into()];
    cache.apply(&update);
    cache.len()
}

fn app() -> ConfidentialClientApplication {
    let authority = "https://login.microsoftonline.com/contoso.com".parse().expect("it is an authority");
    ConfidentialClientApplication::new("app", authority, ClientCredential::Secret(Secret::new("s")))
}

/// A call that the token at this place answers.
pub(crate) fn flow(at: usize) -> ClientCredentials {
    app().acquire_token_for_client([resource(at)])
}

struct Remembering<'a>(&'a mut Memory);

impl Host for Remembering<'_> {
    fn now(&mut self) -> Timestamp {
        START
    }
    fn send(&mut self, _request: Request) -> Outcome {
        let token = "x".repeat(1500);
        let body = format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}"}}"#);
        Ok(Response::new(StatusCode::OK, HeaderMap::new(), body.into_bytes()))
    }
    fn wait(&mut self, _until: Timestamp) {}
    fn show(&mut self, _prompt: Prompt) {}
    fn load(&mut self, query: CacheQuery) -> Result<CacheView, StoreError> {
        Ok(self.0.load(&query))
    }
    fn save(&mut self, update: CacheUpdate) -> Result<(), StoreError> {
        self.0.save(&update);
        Ok(())
    }
}

fn call(memory: &mut Memory, flow: ClientCredentials) -> AuthenticationResult {
    let step = flow.start(START, Seed::new([1; 32])).expect("nothing is amiss");
    run(step, &mut Remembering(memory), |_| {}).expect("the cache or the service has it")
}

/// The whole call, from its start to its result.
pub(crate) fn hit(memory: &mut Memory, flow: &ClientCredentials) -> usize {
    let result = call(memory, flow.clone());
    assert_eq!(result.token_source, TokenSource::Cache);
    result.access_token.expose().len()
}

/// What is remembered once one application got tokens for so many resources.
pub(crate) fn acquired(size: usize) -> Memory {
    let mut memory = Memory::default();
    let app = app();
    for at in 0..size {
        let result = call(&mut memory, app.acquire_token_for_client([resource(at)]));
        assert_eq!(result.token_source, TokenSource::IdentityProvider);
    }
    memory
}
