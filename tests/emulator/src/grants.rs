//! What was issued and is yet to be redeemed: codes, refresh tokens, and the sign-ins behind them.

use serde_json::Value;
use uuid::Uuid;

use crate::app::Platform;
use crate::service::Service;
use crate::state::{State, lock};

/// One sign-in: what outlives its code and every refresh token that goes back to it.
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    /// Its name; `sid` in the tokens.
    pub(crate) id: String,
    pub(crate) upn: String,
    /// How the user proved who he is: `amr` in the tokens.
    pub(crate) methods: Vec<&'static str>,
    /// When he did.
    pub(crate) at: i64,
    /// The claims that the request brought.
    pub(crate) claims: Option<Value>,
}

/// An authorization code.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) sign_in: SignIn,
    pub(crate) service: Service,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) platform: Platform,
    pub(crate) challenge: Option<String>,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) expires: i64,
    pub(crate) redeemed: bool,
}

/// A refresh token.
#[derive(Debug, Clone)]
pub(crate) struct Refresh {
    pub(crate) sign_in: SignIn,
    pub(crate) service: Service,
    pub(crate) client_id: String,
    pub(crate) family: Option<String>,
    pub(crate) scope: String,
    /// Whether it was given to a single-page application.
    pub(crate) across_origins: bool,
    /// Whether the client proved who it is when it was given the token, and has to do so again.
    pub(crate) confidential: bool,
    pub(crate) expires: i64,
    pub(crate) used: bool,
}

impl SignIn {
    pub(crate) fn new(state: &State, upn: &str, methods: &[&'static str]) -> SignIn {
        let sign_in = SignIn {
            id: Uuid::new_v4().to_string(),
            upn: upn.to_owned(),
            methods: methods.to_vec(),
            at: state.now(),
            claims: None,
        };
        lock(&state.memory).sign_ins.insert(sign_in.id.clone(), (upn.to_lowercase(), false));
        sign_in
    }

    pub(crate) fn has_second_factor(&self) -> bool {
        self.methods.contains(&"mfa")
    }
}

impl State {
    /// Ends a sign-in: its refresh tokens and access tokens are dead.
    pub(crate) fn revoke(&self, sign_in: &str) {
        if let Some((_, revoked)) = lock(&self.memory).sign_ins.get_mut(sign_in) {
            *revoked = true;
        }
    }

    /// Whether a sign-in was ended, or is too long ago to be remembered.
    pub(crate) fn is_revoked(&self, sign_in: &str) -> bool {
        lock(&self.memory).sign_ins.get(sign_in).is_none_or(|(_, revoked)| *revoked)
    }

    /// Ends all sign-ins of a user.
    pub(crate) fn revoke_user(&self, upn: &str) {
        let upn = upn.to_lowercase();
        let mut memory = lock(&self.memory);
        memory.sign_ins.values_mut().filter(|(who, _)| *who == upn).for_each(|(_, revoked)| *revoked = true);
        memory.sessions.values_mut().for_each(|session| session.retain(|one| one.upn.to_lowercase() != upn));
    }
}

/// A value that nobody can guess.
pub(crate) fn unguessable(prefix: &str) -> String {
    format!("{prefix}{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
