//! The password grant.

use crate::config::{Realm, User, UserState};
use crate::grants::SignIn;
use crate::issue::{Asked, Granted, locked};
use crate::oauth::Refusal;
use crate::reply::Reply;
use crate::server::Call;
use crate::service::Kind;
use crate::state::State;

pub(crate) fn grant(asked: &Asked<'_>, call: &Call) -> Result<Reply, Refusal> {
    let scopes = asked.scopes()?;
    asked.client.confidential_or_public()?;
    let upn = asked.form.value("username").ok_or_else(|| Refusal::missing("username"))?;
    let password = asked.form.value("password").ok_or_else(|| Refusal::missing("password"))?;
    if call.repeated {
        return Err(Refusal::request(90013, "The same credential was sent before.")
            .because("token request: a password was sent twice under one client-request-id"));
    }
    if asked.service.kind == Kind::Entra
        && let Some(Realm::Federated(federation)) = asked.state.config.domain_of(upn).map(|one| &one.realm)
        && asked.state.user(upn).is_some()
        && !federation.cloud_password
    {
        // The cloud has no password to compare with.
        return Err(wrong());
    }
    let user = check(asked.state, upn, password)?;
    let sign_in = SignIn::new(asked.state, &user.upn, &["pwd"]);
    asked.grant(&Granted::plain(&sign_in, &scopes))
}

fn wrong() -> Refusal {
    Refusal::grant(50126, "Error validating credentials due to invalid username or password.")
}

/// The user whose password this is; a wrong one is counted.
pub(crate) fn check(state: &State, upn: &str, password: &str) -> Result<User, Refusal> {
    let user = state.user(upn).ok_or_else(|| {
        Refusal::grant(
            50034,
            "The user account does not exist in the directory. To sign into this application, \
             the account must be added to the directory.",
        )
    })?;
    if user.state == UserState::Locked || state.locked(upn) {
        return Err(locked());
    }
    if !state.password_is_right(upn, password) {
        return Err(if state.locked(upn) { locked() } else { wrong() });
    }
    Ok(user)
}
