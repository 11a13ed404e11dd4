//! The grant of an authorization code: once, by the same client, for the same redirect URI, with the verifier.

use hyper::header::ORIGIN;

use crate::app::Platform;
use crate::config::same;
use crate::grants::{Code, unguessable};
use crate::issue::{Asked, Granted};
use crate::jwt::hash;
use crate::oauth::Refusal;
use crate::reply::Reply;
use crate::server::Call;
use crate::state::lock;

pub(crate) fn redeem(asked: &Asked<'_>, call: &Call) -> Result<Reply, Refusal> {
    let (state, form) = (asked.state, asked.form);
    let text = form.value("code").ok_or_else(|| Refusal::missing("code"))?;
    let code = lock(&state.memory).codes.get(text).cloned();
    let code = code.filter(|code| code.service.is(asked.service)).ok_or_else(|| {
        Refusal::grant(70000, "The provided value for the 'code' parameter is not valid.")
            .because("code: it was never issued by this service")
    })?;
    if !same(&code.client_id, &asked.app().client_id) {
        return Err(Refusal::grant(70000, "The code was issued to another client.")
            .because("code: it was issued to another client"));
    }
    if code.redeemed {
        // Whoever it was that had the code first: nobody keeps what was got for it (RFC 9700, 2.1.1).
        state.revoke(&code.sign_in.id);
        return Err(Refusal::grant(
            54005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an \
             existing refresh token.",
        )
        .because("code: it was redeemed before"));
    }
    if code.expires <= state.now() {
        let text = "The provided authorization code or refresh token has expired due to inactivity. Send a new \
                    interactive authorization request for this user and resource.";
        return Err(Refusal::grant(70008, text).suberror("bad_token"));
    }
    let redirect_uri = form.value("redirect_uri").ok_or_else(|| Refusal::missing("redirect_uri"))?;
    if redirect_uri != code.redirect_uri {
        let text =
            "The reply address does not match the reply address provided when requesting Authorization code.";
        return Err(Refusal::grant(500112, text)
            .because("code: the redirect_uri is not that of the authorization request"));
    }
    platform(asked, call, &code)?;
    verify(asked, &code)?;
    // From here on the code is spent, whatever becomes of the request.
    if let Some(code) = lock(&state.memory).codes.get_mut(text) {
        code.redeemed = true;
    }
    let scopes = asked.scopes_or(&code.scope)?;
    let page =
        (form.value("return_spa_code") == Some("1")).then(|| for_the_page(asked, &code)).transpose()?;
    asked.grant(&Granted {
        nonce: code.nonce.as_deref(),
        across_origins: (code.platform == Platform::Spa).then_some(None),
        page_code: page.as_deref(),
        ..Granted::plain(&code.sign_in, &scopes)
    })
}

/// A code for the page of a web application, redeemed across origins and without a verifier: the server has proved itself.
fn for_the_page(asked: &Asked<'_>, code: &Code) -> Result<String, Refusal> {
    let page = asked.app().redirect_uris.iter().find(|one| one.platform == Platform::Spa);
    let page = page.filter(|_| code.platform == Platform::Web).ok_or_else(|| {
        Refusal::request(
            9002327,
            "The application has no redirect URI of the 'Single-Page Application' type.",
        )
        .because("code: return_spa_code is for web applications that have a page too")
    })?;
    let code = Code {
        platform: Platform::Spa,
        redirect_uri: page.uri.clone(),
        challenge: None,
        expires: asked.state.now().saturating_add(asked.state.config.code_lifetime_seconds),
        redeemed: false,
        ..code.clone()
    };
    let text = unguessable("1.S");
    lock(&asked.state.memory).codes.insert(text.clone(), code);
    Ok(text)
}

/// How the client has to come, by the platform of its redirect URI.
fn platform(asked: &Asked<'_>, call: &Call, code: &Code) -> Result<(), Refusal> {
    let across_origins = call.headers.contains_key(ORIGIN);
    match code.platform {
        Platform::Spa if !across_origins => {
            let text = "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via \
                        cross-origin requests.";
            Err(Refusal::request(9002327, text)
                .because("code: a single-page application's code came without an Origin"))
        }
        Platform::Native | Platform::Web if across_origins => {
            let text = "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.";
            Err(Refusal::request(9002326, text)
                .because("code: the code of no single-page application came with an Origin"))
        }
        Platform::Web => asked.client.confidential(),
        Platform::Native | Platform::Spa => Ok(()),
    }
}

/// PKCE (RFC 7636): a verifier where there was a challenge, and none where there was none.
fn verify(asked: &Asked<'_>, code: &Code) -> Result<(), Refusal> {
    let wrong =
        |code: u32, text: &str, rule: &str| Err(Refusal::grant(code, text).because(format!("PKCE: {rule}")));
    match (&code.challenge, asked.form.value("code_verifier")) {
        (None, None) => Ok(()),
        (None, Some(_)) => wrong(
            501491,
            "A code_verifier was sent, and the authorization request had no code_challenge.",
            "a verifier came where there was no challenge",
        ),
        (Some(_), None) => wrong(
            50148,
            "The code_verifier is missing.",
            "the authorization request had a challenge, and the verifier is missing",
        ),
        (Some(challenge), Some(verifier)) => {
            let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
                return wrong(
                    501451,
                    "The code_verifier is malformed.",
                    "the verifier is not 43 to 128 unreserved characters",
                );
            }
            if hash(verifier) == *challenge {
                return Ok(());
            }
            wrong(
                501481,
                "The code_verifier does not match the code_challenge supplied in the authorization request.",
                "the verifier is not that of the challenge",
            )
        }
    }
}
