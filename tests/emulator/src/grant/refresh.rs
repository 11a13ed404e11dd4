//! The grant of a refresh token. Each use gives a new one; the old one stays good at Entra ID, and is spent at `/oidc`.

use hyper::header::ORIGIN;

use crate::app::App;
use crate::client;
use crate::config::same;
use crate::grants::Refresh;
use crate::issue::{Asked, Granted};
use crate::oauth::Refusal;
use crate::reply::Reply;
use crate::server::Call;
use crate::service::Kind;
use crate::state::lock;

pub(crate) fn redeem(asked: &Asked<'_>, call: &Call) -> Result<Reply, Refusal> {
    let state = asked.state;
    let text = asked.form.value("refresh_token").ok_or_else(|| Refusal::missing("refresh_token"))?;
    let token = lock(&state.memory).refresh.get(text).cloned();
    let token = token.filter(|token| token.service.is(asked.service)).ok_or_else(|| {
        Refusal::grant(70000, "The provided value for the input parameter 'refresh_token' is not valid.")
            .suberror("bad_token")
    })?;
    if !belongs(&token, asked.app()) {
        let text = "The refresh token was issued to another client, and the two are of no family.";
        return Err(Refusal::grant(70000, text).suberror("client_mismatch"));
    }
    if state.is_revoked(&token.sign_in.id) {
        let text = "The provided grant has expired due to it being revoked, a fresh auth token is needed. The \
                    user might have changed or reset their password.";
        return Err(Refusal::grant(50173, text).suberror("bad_token"));
    }
    if token.expires <= state.now() {
        return Err(expired(&token));
    }
    if token.confidential && !asked.client.is_confidential() {
        return Err(client::nothing_proved());
    }
    if token.across_origins != call.headers.contains_key(ORIGIN) {
        let text = "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via \
                    cross-origin requests.";
        return Err(Refusal::request(9002327, text).because(
            "refresh token: Origin has to be there for a single-page application and for no other",
        ));
    }
    let scopes = asked.scopes_or(&token.scope)?;
    let had = |scope: &String| token.scope.split_whitespace().any(|one| one == scope);
    if asked.service.kind == Kind::Oidc && !scopes.asked.iter().all(had) {
        // RFC 6749, 6. Entra ID differs: its refresh tokens are good for every resource.
        return Err(Refusal::new("invalid_scope", 70011, "The scope exceeds what was granted.")
            .because("refresh token: the scope was never granted"));
    }
    if asked.service.kind == Kind::Oidc || state.config.one_time_refresh_tokens {
        spend(asked, text, &token)?;
    }
    // Whoever asks for less than he has is not to lose the rest with the token that he gives up.
    let mut scopes = scopes;
    if !scopes.has("offline_access") {
        scopes.asked.push("offline_access".into());
    }
    asked.grant(&Granted {
        across_origins: token.across_origins.then_some(Some(token.expires)),
        ..Granted::plain(&token.sign_in, &scopes)
    })
}

/// Whether a client may use the token: its own, or one of its family's.
fn belongs(token: &Refresh, app: &App) -> bool {
    same(&token.client_id, &app.client_id) || token.family.is_some() && token.family == app.family
}

fn expired(token: &Refresh) -> Refusal {
    let (code, text) = if token.across_origins {
        (
            700084,
            "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime.",
        )
    } else {
        (700082, "The refresh token has expired due to inactivity. The token was inactive for too long.")
    };
    Refusal::grant(code, text).suberror("bad_token")
}

/// A token that is good for one use: a second use means that there are two who have it.
fn spend(asked: &Asked<'_>, text: &str, token: &Refresh) -> Result<(), Refusal> {
    if token.used {
        asked.state.revoke(&token.sign_in.id);
        return Err(Refusal::grant(70000, "The refresh token was used before.")
            .suberror("bad_token")
            .because("refresh token: it was used before, and is good once"));
    }
    if let Some(token) = lock(&asked.state.memory).refresh.get_mut(text) {
        token.used = true;
    }
    Ok(())
}
