//! Before a flow's first request: what earlier ones learned, and an authority that must be asked about.
//!
//! ```text
//! memory ─┬──────────────────────────────▶ resolved
//!         ├─ unknown host ──▶ (instance) ─▶ remembered ──▶ resolved
//!         └─ OpenID ──▶ (provider metadata) ─▶ remembered ──▶ resolved
//! ```
//!
//! Hosts of the cloud table and of this machine need no request. Any other of Entra is asked about once, at the public
//! cloud. What cannot be confirmed is not used, as a credential would follow; that it could not is remembered for a
//! while, so that a network without a way to the cloud costs one time-out and not one a call.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::application::ClientCredential;
use crate::authority::{AuthorityKind, Endpoints};
use crate::cache::{
    AuthorityKnowledge, AuthorityRecord, CacheQuery, CacheUpdate, CacheView, ClockSkew, StoreError,
    StoredAssertion, ThrottleKey,
};
use crate::context::{Context, Resolved};
use crate::error::{Error, Fault, Misuse, Service};
use crate::http::Outcome;
use crate::preflight::FlowKind;
use crate::protocol::{discovery, provider};
use crate::prove::assertion_key;
use crate::retry;
use crate::step::{Expect, Step};
use crate::time::Timestamp;

/// Whose request it is, as far as throttling goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// The application's own.
    Application,
    /// A user's, by what tells users apart: a name, or a hash of a token.
    User(&'a str),
    /// One that is never the same twice, such as the redemption of a code.
    Once,
}

/// Finds out what is needed to ask the authority, and goes on with `then`, at once where there is nothing to ask.
pub(crate) fn resolve<T: 'static>(
    cx: Context,
    subject: Subject<'_>,
    then: impl Expect<Result<Resolved, Error>, T> + 'static,
) -> Step<T> {
    let throttle = match subject {
        Subject::Application => Some(throttle_key(&cx, "")),
        Subject::User(user) => Some(throttle_key(&cx, user)),
        Subject::Once => None,
    };
    let authority = cx.authority();
    let asked = authority.needs_instance_discovery() || *authority.kind() == AuthorityKind::Oidc;
    let signs = matches!(cx.app().credential(), Some(ClientCredential::Certificate(_)));
    let query = CacheQuery {
        tokens: None,
        authority: asked.then(|| authority.as_str().to_owned()),
        throttle: throttle.clone(),
        // Where the endpoint is not known yet, nothing is sent twice either.
        assertion: Endpoints::template(authority.clone()).filter(|_| signs).and_then(|endpoints| {
            let is_the_applications = cx.flow() == FlowKind::ClientCredentials;
            assertion_key(&cx, cx.token_endpoint(&endpoints, is_the_applications).as_str())
        }),
        clock: cx.app().credential().and_then(|_| authority.host()).map(str::to_owned),
    };
    Step::load(query, ExpectMemory { cx, throttle, then })
}

fn throttle_key(cx: &Context, user: &str) -> ThrottleKey {
    let mut scopes: Vec<_> = cx.scopes().iter().map(|scope| lower_case(scope)).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let user = lower_case(user);
    let client = [cx.app().client_id(), cx.authority().as_str(), &*user];
    ThrottleKey::new(client.into_iter().chain(scopes.iter().map(|scope| &**scope)))
}

/// Without a copy of what is in lower case already, as most names are.
fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        text.into()
    } else {
        text.to_lowercase().into()
    }
}

#[derive(Debug)]
struct ExpectMemory<N> {
    cx: Context,
    throttle: Option<ThrottleKey>,
    then: N,
}

impl<T: 'static, N: Expect<Result<Resolved, Error>, T> + 'static> Expect<Result<CacheView, StoreError>, T>
    for ExpectMemory<N>
{
    fn on(self: Box<Self>, reply: Result<CacheView, StoreError>, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, throttle, then } = *self;
        let then = Box::new(then);
        let (view, not_read) = match reply {
            Ok(view) => (view, None),
            Err(error) => (CacheView::default(), Some(error)),
        };
        if let Some(throttle) = &view.throttle
            && let Some(retry_after) = throttle.remaining(now)
        {
            let error = match &throttle.refusal {
                Some(refusal) => cx.fail(Fault::Refused(refusal.clone())),
                None => cx.fail(Fault::Throttled { status: throttle.status, retry_after }),
            };
            return then.on(Err(error), now);
        }
        let known = view.authority.filter(|record| {
            record.learned_at <= now
                && now < record.expires_on
                && record.knowledge.is_of(cx.authority().kind())
        });
        let memory = Memory { throttle, assertion: view.assertion, clock: view.clock, not_read };
        if let Some(record) = known {
            let resolved = memory.resolved(&cx, record.knowledge);
            return then.on(resolved.map_err(|fault| cx.fail(fault)), now);
        }
        let Some(endpoints) = Endpoints::template(cx.authority().clone()) else {
            let next = ExpectProvider { cx, memory, then };
            return Ok(retry::send(next, |state| provider::request(&state.cx)));
        };
        if !cx.authority().needs_instance_discovery() {
            return then.on(Ok(memory.with(&cx, endpoints)), now);
        }
        match discovery::address(&endpoints.authorization()) {
            Some(address) => {
                let next = ExpectInstance { cx, memory, address, then };
                Ok(retry::send(next, |state| discovery::request(&state.cx, state.address.clone())))
            }
            None => {
                let authority = cx.authority().to_string();
                let reason = "its host cannot be asked about";
                then.on(Err(cx.fail(Misuse::Authority { authority, reason })), now)
            }
        }
    }
}

impl AuthorityKnowledge {
    /// Whether it was learned of this kind of authority: the same address may be given as an Entra one and as that of an
    /// OpenID provider.
    fn is_of(&self, kind: &AuthorityKind) -> bool {
        match self {
            Self::Instance { .. } => *kind != AuthorityKind::Oidc,
            Self::Provider(_) => *kind == AuthorityKind::Oidc,
            Self::Failed(_) => true,
        }
    }
}

/// What was remembered beside the authority.
#[derive(Debug)]
struct Memory {
    throttle: Option<ThrottleKey>,
    assertion: Option<StoredAssertion>,
    clock: Option<ClockSkew>,
    not_read: Option<StoreError>,
}

impl Memory {
    fn resolved(self, cx: &Context, knowledge: AuthorityKnowledge) -> Result<Resolved, Fault> {
        match knowledge {
            AuthorityKnowledge::Failed(fault) => Err(*fault),
            AuthorityKnowledge::Provider(metadata) => Ok(self.with(cx, Endpoints::provider(metadata))),
            AuthorityKnowledge::Instance => match Endpoints::template(cx.authority().clone()) {
                Some(endpoints) => Ok(self.with(cx, endpoints)),
                None => Err(Misuse::Authority {
                    authority: cx.authority().to_string(),
                    reason: "what is remembered of it is of another kind",
                }
                .into()),
            },
        }
    }

    fn with(self, cx: &Context, endpoints: Endpoints) -> Resolved {
        let Self { throttle, assertion, clock, not_read } = self;
        Resolved { cx: cx.clone(), endpoints, throttle, assertion, clock, call_key: None, not_read }
    }
}

#[derive(Debug)]
struct ExpectInstance<N> {
    cx: Context,
    memory: Memory,
    address: Url,
    then: Box<N>,
}

impl<T: 'static, N: Expect<Result<Resolved, Error>, T> + 'static> Expect<Outcome, T> for ExpectInstance<N> {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, memory, then, .. } = *self;
        let knowledge = match outcome {
            Err(error) => Err(Fault::Transport { service: Service::InstanceDiscovery, error }),
            Ok(response) => discovery::response(&response, now).map(|()| AuthorityKnowledge::Instance),
        };
        Ok(remember(cx, memory, knowledge, now, then))
    }
}

#[derive(Debug)]
struct ExpectProvider<N> {
    cx: Context,
    memory: Memory,
    then: Box<N>,
}

impl<T: 'static, N: Expect<Result<Resolved, Error>, T> + 'static> Expect<Outcome, T> for ExpectProvider<N> {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, memory, then } = *self;
        let knowledge = match outcome {
            Err(error) => Err(Fault::Transport { service: Service::ProviderMetadata, error }),
            Ok(response) => provider::response(&response, cx.authority(), now)
                .map(|metadata| AuthorityKnowledge::Provider(Arc::new(metadata))),
        };
        Ok(remember(cx, memory, knowledge, now, then))
    }
}

/// How long what was found is believed.
const FOUND: Duration = Duration::from_secs(24 * 3600);
/// How long a failure is.
const FAILED: Duration = Duration::from_secs(60);

/// Keeps what was learned, good or bad, and then goes on with it. Only what was checked comes here.
fn remember<T: 'static, N: Expect<Result<Resolved, Error>, T> + 'static>(
    cx: Context,
    memory: Memory,
    learned: Result<AuthorityKnowledge, Fault>,
    now: Timestamp,
    then: Box<N>,
) -> Step<T> {
    let (knowledge, lifetime) = match learned {
        Ok(knowledge) => (knowledge, FOUND),
        Err(fault) => (AuthorityKnowledge::Failed(Box::new(fault)), FAILED),
    };
    let record = AuthorityRecord {
        authority: cx.authority().as_str().to_owned(),
        learned_at: now,
        expires_on: now.after(lifetime),
        knowledge: knowledge.clone(),
    };
    let update = CacheUpdate { authorities: vec![record], ..CacheUpdate::default() };
    Step::save(update, ExpectRemembered { cx, memory, knowledge, then })
}

#[derive(Debug)]
struct ExpectRemembered<N> {
    cx: Context,
    memory: Memory,
    knowledge: AuthorityKnowledge,
    then: Box<N>,
}

impl<T, N: Expect<Result<Resolved, Error>, T>> Expect<Result<(), StoreError>, T> for ExpectRemembered<N> {
    // Whether it was kept makes no difference to this flow.
    fn on(self: Box<Self>, _kept: Result<(), StoreError>, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, memory, knowledge, then } = *self;
        let resolved = memory.resolved(&cx, knowledge);
        then.on(resolved.map_err(|fault| cx.fail(fault)), now)
    }
}
