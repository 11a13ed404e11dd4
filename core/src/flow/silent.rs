//! Silent: a token without asking anybody, from what earlier flows got.
//!
//! ```text
//! tokens ─┬─ good, or ageing ──▶ done
//!         └─ none good ──▶ memory ──▶ (authority) ──▶ ┌▶ token ─┬─ tokens ──▶ kept
//!                                                     │         ├─ dead, or not of the family ──▶ forgotten ─┐
//!                                                     └─────────◀──────────────────────────────────────────┘
//!                                                               └─ service down ──▶ the old token, while it may be used
//! ```
//!
//! An ageing token is returned at once, with a [`Refresh`] to run when it suits. A refresh token that the service calls
//! dead is forgotten, and the next one tried: the application's own, the newest first, then those of its family. One that
//! the service refuses for another reason, such as a second factor that is due, is kept, as it is good again once the
//! user has acted. Every token that was looked at, and why it was not used, stands in the result and in the error.

mod refresh;

use self::refresh::ExpectAuthority;
pub use self::refresh::is_dead;
use crate::application::{Application, RequestOptions, flight_key};
use crate::cache::{TokenSubject, TokenView};
use crate::context::Context;
use crate::error::{Error, Fault, NoToken};
use crate::fingerprint;
use crate::flights::Flight;
use crate::preflight::FlowKind;
use crate::recall::{Recalled, recall};
use crate::resolve::{Subject, resolve};
use crate::result::{AuthenticationResult, Refresh};
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

/// Gets a token for an account that signed in before, without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Silent {
    /// The application.
    pub app: Application,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// Whose.
    pub account: AccountId,
    /// Whether a new token is got though there is a good one.
    pub force_refresh: bool,
    /// What else to ask for.
    pub options: RequestOptions,
}

/// Which account a silent call is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountId {
    /// By its home account id, as [`Account`](crate::account::Account) has it.
    Home(String),
    /// By the user's name. It is an error if nobody, or more than one account, has it.
    Username(String),
}

impl Silent {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(
        app: impl Into<Application>,
        scopes: impl IntoIterator<Item = S>,
        account: AccountId,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self { app: app.into(), scopes, account, force_refresh: false, options: RequestOptions::default() }
    }
}

impl Flow for Silent {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let again = Refresh::from(Self { force_refresh: true, ..self.clone() });
        let cx = Context::new(FlowKind::Silent, self.app, self.scopes, self.options, seed)?;
        let subject = match &self.account {
            AccountId::Home(home) => TokenSubject::Account(home.as_str().into()),
            AccountId::Username(name) => TokenSubject::Username(name.as_str().into()),
        };
        let then = ExpectRecalled { cx: cx.clone(), account: self.account };
        Ok(recall(cx, subject, self.force_refresh, again, then))
    }

    fn flight(&self) -> Option<Flight<AuthenticationResult>> {
        let subject = match &self.account {
            AccountId::Home(home) => format!("home {}", home.to_ascii_lowercase()),
            AccountId::Username(name) => format!("name {}", name.to_lowercase()),
        };
        Some(flight_key(&self.app, &self.scopes, &subject, self.force_refresh, &self.options).into())
    }
}

#[derive(Debug)]
struct ExpectRecalled {
    cx: Context,
    account: AccountId,
}

impl Expect<Recalled, AuthenticationResult> for ExpectRecalled {
    fn on(self: Box<Self>, recalled: Recalled, _now: Timestamp) -> Result<Step<AuthenticationResult>, Error> {
        let Self { cx, account } = *self;
        let miss = match recalled {
            Recalled::Hit(result) => return Ok(Step::Done(*result)),
            Recalled::Miss(miss) => miss,
        };
        let home = match whose(&account, &miss.view) {
            Ok(home) => home,
            Err(reason) => return Err(cx.fail(Fault::NoToken(reason)).with_trace(miss.trace)),
        };
        let Some(first) = miss.view.refresh_tokens.first() else {
            return Err(cx.fail(Fault::NoToken(NoToken::NoTokens)).with_trace(miss.trace));
        };
        // A new sign-in brings a new refresh token, and with it a new start; other claims are another question.
        let claims = cx.options().claims.as_deref().unwrap_or_default();
        let subject = format!("{home} {} {claims}", fingerprint::of(first.secret.expose()));
        Ok(resolve(cx.clone(), Subject::User(&subject), ExpectAuthority::new(cx, home, *miss)))
    }
}

/// The account that is meant.
fn whose(account: &AccountId, view: &TokenView) -> Result<String, NoToken> {
    match account {
        AccountId::Home(home) => Ok(home.clone()),
        AccountId::Username(_) => {
            let mut homes: Vec<_> =
                view.accounts.iter().map(|record| record.account.home_account_id.as_str()).collect();
            homes.dedup_by(|left, right| left.eq_ignore_ascii_case(right));
            match homes.as_slice() {
                [] => Err(NoToken::NoAccount),
                [home] => Ok((*home).to_owned()),
                _ => Err(NoToken::ManyAccounts),
            }
        }
    }
}
