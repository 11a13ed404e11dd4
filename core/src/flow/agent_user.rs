//! An agent acts for a user: three legs, from the agent's blueprint to a token of the user's (agent identities).
//!
//! ```text
//! memory ──▶ (authority) ──▶ (signature) ──▶ blueprint ──▶ agent ──▶ user ──▶ kept
//!                                            │ fmi_path    │ T1      │ T1, T2
//!                                            └▶ T1 ────────┴▶ T2 ────┘
//! ```
//!
//! 1. The *blueprint*, an application with a credential, gets the exchange token T1 for the agent, which it names by
//!    `fmi_path`.
//! 2. The *agent*, which has no credential but T1, gets the exchange token T2 for itself.
//! 3. The agent, again by T1, gets a token for the user; T2 vouches for it.
//!
//! All three go to one tenant and bear one correlation id. The first two are an application's own and are sent again once
//! if the server fails; the last is sent once. T1 and T2 live as long as the flow and are never kept. Each leg is
//! refused as its own flow would be; the remedies name the registration of the application that was refused.

use crate::application::{Application, ClientCredential, ConfidentialClientApplication, RequestOptions};
use crate::cache::{CacheUpdate, StoreError};
use crate::context::{Context, Resolved};
use crate::error::{Error, Misuse};
use crate::preflight::FlowKind;
pub use crate::protocol::token::FederatedUser;
use crate::protocol::token::Grant;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::redeemed::Redeemed;
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// The scope of the tokens that are exchanged for others.
const EXCHANGE: &str = "api://AzureADTokenExchange/.default";

/// Gets a token for a user whom an agent acts for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AgentUser {
    /// The application that the agent was made from.
    pub blueprint: ConfidentialClientApplication,
    /// The agent's client id.
    pub agent_id: String,
    /// The user.
    pub user: FederatedUser,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// What else to ask for. The claims and the login hint belong to the last leg, the rest to all; the path of the federated
    /// identity is the flow's own to set.
    pub options: RequestOptions,
}

impl AgentUser {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        blueprint: ConfidentialClientApplication,
        scopes: impl IntoIterator<Item = S>,
        agent_id: impl Into<String>,
        user: FederatedUser,
    ) -> Self {
        Self {
            blueprint,
            agent_id: agent_id.into(),
            user,
            scopes: scopes.into_iter().map(Into::into).collect(),
            options: RequestOptions::default(),
        }
    }
}

impl Flow for AgentUser {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let refuse = |name, reason| Err(Misuse::Argument { name, reason }.into());
        if self.agent_id.trim().is_empty() {
            return refuse("agent's client id", "it is empty");
        }
        if self.user.as_str().trim().is_empty() {
            return refuse("user", "it is empty");
        }
        if self.options.fmi_path.is_some() {
            return refuse("path of the federated identity", "this flow sets it to the agent");
        }
        let subject = format!("{}\n{}\n{}", self.agent_id, self.user.as_str(), self.scopes.join(" "));
        let options = RequestOptions {
            claims: None,
            login_hint: None,
            fmi_path: Some(self.agent_id.clone()),
            ..self.options.clone()
        };
        let first = exchange(self.blueprint.clone(), options, seed.derived("leg", 1))?;
        let legs = Legs {
            options: RequestOptions {
                correlation_id: Some(first.correlation_id().to_owned()),
                ..self.options
            },
            blueprint: self.blueprint,
            agent_id: self.agent_id,
            user: self.user,
            scopes: self.scopes,
            seed,
        };
        // What is wrong with the last leg is told before the first is sent.
        legs.third(&Secret::default())?;
        Ok(resolve(first, Subject::User(&subject), ExpectAuthority { legs }))
    }
}

/// The context of a leg that gets an exchange token.
fn exchange(
    app: ConfidentialClientApplication,
    options: RequestOptions,
    seed: Seed,
) -> Result<Context, Error> {
    Context::new(FlowKind::ClientCredentials, app, vec![EXCHANGE.to_owned()], options, seed)
}

/// What the later legs are made of.
#[derive(Debug)]
struct Legs {
    blueprint: ConfidentialClientApplication,
    agent_id: String,
    user: FederatedUser,
    scopes: Vec<String>,
    options: RequestOptions,
    seed: Seed,
}

impl Legs {
    /// The agent, whom the first token proves to be itself.
    fn agent(&self, first: &Secret) -> ConfidentialClientApplication {
        ConfidentialClientApplication {
            client_id: self.agent_id.as_str().into(),
            credential: ClientCredential::Assertion(first.clone()),
            ..self.blueprint.clone()
        }
    }

    fn second(&self, first: &Secret) -> Result<Context, Error> {
        let options = RequestOptions { claims: None, login_hint: None, ..self.options.clone() };
        exchange(self.agent(first), options, self.seed.derived("leg", 2))
    }

    fn third(&self, first: &Secret) -> Result<Context, Error> {
        let kind = FlowKind::UserFederatedIdentityCredential;
        let app: Application = self.agent(first).into();
        Context::new(kind, app, self.scopes.clone(), self.options.clone(), self.seed.derived("leg", 3))
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    legs: Legs,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let at = resolved?;
        redeem(at.clone(), Grant::ClientCredentials, now, ExpectFirst { legs: self.legs, at })
    }
}

/// The same place, for another leg. The assertion that was signed for the blueprint is the blueprint's.
fn next(at: Resolved, cx: Context) -> Resolved {
    Resolved { cx, assertion: None, ..at }
}

/// Keeps what an exchange taught, but not its token, and goes on.
fn keep(
    learned: CacheUpdate,
    now: Timestamp,
    then: impl Expect<Result<(), StoreError>, AuthenticationResult> + 'static,
) -> Result<Step<AuthenticationResult>, Error> {
    // Without tokens there is nothing that the time matters to.
    let learned = CacheUpdate { at: Timestamp::default(), tokens: Vec::new(), ..learned };
    if learned == CacheUpdate::default() {
        return Box::new(then).on(Ok(()), now);
    }
    Ok(Step::save(learned, then))
}

#[derive(Debug)]
struct ExpectFirst {
    legs: Legs,
    at: Resolved,
}

impl Expect<Result<Redeemed, Error>, AuthenticationResult> for ExpectFirst {
    fn on(
        self: Box<Self>,
        verdict: Result<Redeemed, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { legs, at } = *self;
        let Redeemed { result, update } = verdict?;
        keep(update, now, ExpectFirstKept { legs, at, first: result.access_token })
    }
}

#[derive(Debug)]
struct ExpectFirstKept {
    legs: Legs,
    at: Resolved,
    first: Secret,
}

impl Expect<Result<(), StoreError>, AuthenticationResult> for ExpectFirstKept {
    // Whether it was kept makes no difference to this flow.
    fn on(
        self: Box<Self>,
        _kept: Result<(), StoreError>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { legs, at, first } = *self;
        let at = next(at, legs.second(&first)?);
        redeem(at.clone(), Grant::ClientCredentials, now, ExpectSecond { legs, at, first })
    }
}

#[derive(Debug)]
struct ExpectSecond {
    legs: Legs,
    at: Resolved,
    first: Secret,
}

impl Expect<Result<Redeemed, Error>, AuthenticationResult> for ExpectSecond {
    fn on(
        self: Box<Self>,
        verdict: Result<Redeemed, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { legs, at, first } = *self;
        let Redeemed { result, update } = verdict?;
        keep(update, now, ExpectSecondKept { legs, at, first, second: result.access_token })
    }
}

#[derive(Debug)]
struct ExpectSecondKept {
    legs: Legs,
    at: Resolved,
    first: Secret,
    second: Secret,
}

impl Expect<Result<(), StoreError>, AuthenticationResult> for ExpectSecondKept {
    fn on(
        self: Box<Self>,
        _kept: Result<(), StoreError>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { legs, at, first, second } = *self;
        let at = next(at, legs.third(&first)?);
        let grant = Grant::UserFederatedIdentityCredential { credential: second, user: legs.user };
        redeem(at, grant, now, ExpectRedeemed)
    }
}

#[cfg(test)]
mod tests;
