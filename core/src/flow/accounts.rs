//! Accounts: who has signed in.
//!
//! ```text
//! tokens ──▶ done
//! ```
//!
//! No request is made. An account is listed if the application has a token for it that it could use: one of its own, or
//! a refresh token of its family. Accounts come in the order of their identifiers, and each with its tenants.

use crate::account::Account;
use crate::application::{Application, RequestOptions};
use crate::cache::{CacheQuery, CacheView, StoreError, TokenQuery, TokenSubject};
use crate::context::Context;
use crate::error::{Error, Fault};
use crate::preflight::FlowKind;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Lists the accounts of the application's cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accounts {
    /// The application.
    pub app: Application,
    /// Whether those of other clouds are listed too.
    pub every_cloud: bool,
}

impl Accounts {
    /// A list of the accounts of the application's cloud.
    #[must_use]
    pub fn new(app: impl Into<Application>) -> Self {
        Self { app: app.into(), every_cloud: false }
    }
}

/// An account, in all its tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedInAccount {
    /// The account as its home tenant knows it; where that is not known, as the first tenant does.
    pub account: Account,
    /// The account as each tenant knows it, in the order of the tenants.
    pub tenant_profiles: Vec<Account>,
}

impl Flow for Accounts {
    type Output = Vec<SignedInAccount>;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<Vec<SignedInAccount>>, Error> {
        let cx = Context::new(FlowKind::Silent, self.app, Vec::new(), RequestOptions::default(), seed)?;
        let environment = if self.every_cloud { "" } else { cx.authority().environment() };
        let query = TokenQuery::new(cx.app().client_id(), environment, TokenSubject::Accounts, Vec::new());
        let load = CacheQuery { tokens: Some(query), ..CacheQuery::default() };
        Ok(Step::load(load, ExpectAccounts { cx }))
    }
}

#[derive(Debug)]
struct ExpectAccounts {
    cx: Context,
}

impl Expect<Result<CacheView, StoreError>, Vec<SignedInAccount>> for ExpectAccounts {
    fn on(
        self: Box<Self>,
        reply: Result<CacheView, StoreError>,
        _now: Timestamp,
    ) -> Result<Step<Vec<SignedInAccount>>, Error> {
        // Nobody having signed in and a store that cannot be read are not the same.
        let view = reply.map_err(|error| self.cx.fail(Fault::Store(error)))?;
        let mut all: Vec<SignedInAccount> = Vec::new();
        for record in view.tokens.unwrap_or_default().accounts {
            let profile = record.account.clone();
            let is_same = |other: &&mut SignedInAccount| {
                other.account.home_account_id.as_str().eq_ignore_ascii_case(profile.home_account_id.as_str())
            };
            match all.last_mut().filter(is_same) {
                None => {
                    all.push(SignedInAccount { account: profile.clone(), tenant_profiles: vec![profile] })
                }
                Some(account) => {
                    if profile.is_of_home_tenant() {
                        account.account = profile.clone();
                    }
                    account.tenant_profiles.push(profile);
                }
            }
        }
        Ok(Step::Done(all))
    }
}
