//! The on-behalf-of grant: an API goes on to another one with the token that it was called with.

use serde_json::Value;

use crate::config::same;
use crate::grants::SignIn;
use crate::issue::{Asked, Granted};
use crate::oauth::Refusal;
use crate::reply::Reply;

pub(crate) fn grant(asked: &Asked<'_>) -> Result<Reply, Refusal> {
    let scopes = asked.scopes()?;
    asked.client.confidential()?;
    if asked.form.value("requested_token_use") != Some("on_behalf_of") {
        let text = "The request body must contain the following parameter: 'requested_token_use'.";
        return Err(Refusal::request(900144, text)
            .because("on behalf of: requested_token_use is missing or another one"));
    }
    let assertion = asked.form.value("assertion").ok_or_else(|| Refusal::missing("assertion"))?;
    let sign_in = sign_in(asked, assertion)?;
    asked.grant(&Granted::plain(&sign_in, &scopes))
}

/// The sign-in behind the token that the API was called with.
fn sign_in(asked: &Asked<'_>, assertion: &str) -> Result<SignIn, Refusal> {
    let state = asked.state;
    let ours = state.own_claims(assertion);
    let claims = ours.filter(|claims| claims["iss"] == asked.service.issuer(state)).ok_or_else(|| {
        Refusal::grant(50013, "Assertion failed signature validation.")
            .because("on behalf of: the assertion is no token of this service")
    })?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if !asked.app().is_resource(text("aud")) {
        let text = "Assertion audience does not match the Client app presenting the assertion.";
        return Err(Refusal::grant(500131, text)
            .because("on behalf of: the assertion is for another audience than this client"));
    }
    if claims.get("idtyp").is_some() {
        let text = "Application is not allowed to make application on-behalf-of calls.";
        return Err(Refusal::new("unauthorized_client", 7000114, text));
    }
    if claims.get("scp").is_none() {
        let text = "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.";
        return Err(
            Refusal::request(240002, text).because("on behalf of: the assertion is an identity token")
        );
    }
    if claims.get("exp").and_then(Value::as_i64).is_none_or(|expires| expires <= state.now()) {
        return Err(Refusal::grant(500133, "Assertion is not within its valid time range."));
    }
    if state.is_revoked(text("sid")) {
        return Err(Refusal::grant(50173, "The provided grant has expired due to it being revoked."));
    }
    let methods = claims.get("amr").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let second = methods.iter().any(|method| method == "mfa");
    let upn = ["upn", "preferred_username"].map(text).into_iter().find(|upn| !upn.is_empty());
    let user = upn.and_then(|upn| state.user(upn)).or_else(|| {
        // B2C's tokens name nobody; the emulator knows whose subject it is.
        state.config.users.iter().find(|user| same(&crate::jwt::guid_of(&user.upn), text("oid"))).cloned()
    });
    let user = user.ok_or_else(|| Refusal::grant(50034, "The user account does not exist."))?;
    Ok(SignIn {
        id: text("sid").to_owned(),
        upn: user.upn,
        methods: if second { vec!["pwd", "mfa"] } else { vec!["pwd"] },
        at: claims.get("iat").and_then(Value::as_i64).unwrap_or_default(),
        claims: None,
    })
}
