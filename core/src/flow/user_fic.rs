//! A user for whom a federated identity credential vouches (agent identities).
//!
//! ```text
//! memory ──▶ (authority) ──▶ (assertion) ──▶ token ──▶ kept
//! ```
//!
//! An agent identity gets a user's token in three legs, each an ordinary call:
//!
//! 1. The blueprint application, by client credentials with `fmi_path` set to the agent's client id, for the scope
//!    `api://AzureADTokenExchange/.default`.
//! 2. The agent, whose credential is the token of the first leg as an assertion, by client credentials for the same
//!    scope.
//! 3. The agent, with the same credential, by this flow: the token of the second leg vouches for the user.
//!
//! [`AgentUser`](crate::flow::agent_user::AgentUser) does all three as one flow.

use crate::application::{ConfidentialClientApplication, RequestOptions};
use crate::context::{Context, Resolved};
use crate::error::{Error, Misuse};
use crate::preflight::FlowKind;
pub use crate::protocol::token::FederatedUser;
use crate::protocol::token::Grant;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Gets a token for a user, by a credential that vouches for that user.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UserFederatedIdentityCredential {
    /// The application, usually an agent identity.
    pub app: ConfidentialClientApplication,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// What vouches for the user: a token.
    pub credential: Secret,
    /// The user.
    pub user: FederatedUser,
    /// What else to ask for.
    pub options: RequestOptions,
}

impl UserFederatedIdentityCredential {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: ConfidentialClientApplication,
        scopes: impl IntoIterator<Item = S>,
        credential: Secret,
        user: FederatedUser,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self { app, scopes, credential, user, options: RequestOptions::default() }
    }
}

impl Flow for UserFederatedIdentityCredential {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        if self.credential.expose().trim().is_empty() {
            return Err(
                Misuse::Argument { name: "federated identity credential", reason: "it is empty" }.into()
            );
        }
        if self.user.as_str().trim().is_empty() {
            return Err(Misuse::Argument { name: "user", reason: "it is empty" }.into());
        }
        let kind = FlowKind::UserFederatedIdentityCredential;
        let cx = Context::new(kind, self.app, self.scopes, self.options, seed)?;
        let user = self.user.as_str().to_owned();
        let grant = Grant::UserFederatedIdentityCredential { credential: self.credential, user: self.user };
        Ok(resolve(cx, Subject::User(&user), ExpectAuthority { grant }))
    }
}

#[derive(Debug)]
struct ExpectAuthority {
    grant: Grant,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        redeem(resolved?, self.grant, now, ExpectRedeemed)
    }
}
