//! What the module exports: functions without arguments that return 1 for the end that was expected, and trap or
//! return 0 for any other.
#![allow(
    unsafe_code,
    reason = "an unmangled name counts as unsafe, as it may clash; there is no unsafe block"
)]

use std::sync::Arc;

use entrada_core::application::PublicClientApplication;
use entrada_core::error::Error;
use entrada_core::http::ServiceName;
use entrada_core::negotiate::{
    ChannelBindings, Exchange, NegotiateError, Negotiation, Negotiator, Next, Round,
};
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::documents::{
    ASSERTION, KNOWN_INSTANCE, MANAGED_REALM, TOKENS, fault, federated_realm, issued, metadata, ports,
    refusal, tokens,
};
use crate::world::World;

/// An export.
pub type Export = extern "C" fn() -> u32;

/// The exports by name. The names begin with that of the flow that is driven.
pub const EXPORTS: [(&str, Export); 6] = [
    ("integrated_windows_auth", integrated_windows_auth),
    ("integrated_windows_auth_refused", integrated_windows_auth_refused),
    ("username_password_federated", username_password_federated),
    ("username_password_managed", username_password_managed),
    ("username_password_refused", username_password_refused),
    ("negotiate", negotiate),
];

const USER: &str = "joe@contoso.com";

/// Also through a pause, and for an authority that has to be confirmed.
#[unsafe(no_mangle)]
pub extern "C" fn integrated_windows_auth() -> u32 {
    let mut world = World::default()
        .answer("/common/discovery/instance", 503, "")
        .answer("/common/discovery/instance", 200, KNOWN_INSTANCE)
        .answer("/common/userrealm/", 200, federated_realm())
        .answer("/trust/mex", 200, metadata(&ports()))
        .answer("/trust/13/windowstransport", 200, issued(ASSERTION))
        .answer("/oauth2/v2.0/token", 200, tokens());
    let result = app("https://login.unheard-of.example/contoso.com")
        .and_then(|app| world.run(app.acquire_token_by_integrated_windows_auth(["user.read"], USER)));
    got_tokens(&world, &result)
}

/// A refusal of the federation server.
#[unsafe(no_mangle)]
pub extern "C" fn integrated_windows_auth_refused() -> u32 {
    let mut world = World::default()
        .answer("/common/userrealm/", 200, federated_realm())
        .answer("/trust/mex", 200, metadata(&ports()))
        .answer("/trust/13/windowstransport", 500, fault("FailedAuthentication", "No."));
    let result = app("https://login.microsoftonline.com/contoso.com")
        .and_then(|app| world.run(app.acquire_token_by_integrated_windows_auth(["user.read"], USER)));
    was_refused(&result, "federated_service_returned_error")
}

/// A password, for the federation server.
#[unsafe(no_mangle)]
pub extern "C" fn username_password_federated() -> u32 {
    let mut world = World::default()
        .answer("/common/userrealm/", 200, federated_realm())
        .answer("/trust/mex", 200, metadata(&ports()))
        .answer("/trust/13/usernamemixed", 200, issued(ASSERTION))
        .answer("/oauth2/v2.0/token", 200, tokens());
    let result = with_password(&mut world);
    got_tokens(&world, &result)
}

/// A password, for the token endpoint.
#[unsafe(no_mangle)]
pub extern "C" fn username_password_managed() -> u32 {
    let mut world = World::default().answer("/common/userrealm/", 200, MANAGED_REALM).answer(
        "/oauth2/v2.0/token",
        200,
        tokens(),
    );
    let result = with_password(&mut world);
    got_tokens(&world, &result)
}

/// A refusal of the token endpoint, with a date to read.
#[unsafe(no_mangle)]
pub extern "C" fn username_password_refused() -> u32 {
    let mut world = World::default().answer("/common/userrealm/", 200, MANAGED_REALM).answer_with(
        "/oauth2/v2.0/token",
        400,
        &[("retry-after", "Sun, 06 Nov 2044 08:49:37 GMT")],
        refusal("invalid_grant", 50126, ""),
    );
    was_refused(&with_password(&mut world), "invalid_grant")
}

/// One round of Negotiate with a platform that is a script.
#[unsafe(no_mangle)]
pub extern "C" fn negotiate() -> u32 {
    let offer = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static("Negotiate"))]);
    let proof = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static("Negotiate cHJvb2Y="))]);
    let mut exchange = Exchange::new(Arc::new(Platform), ServiceName::new("HTTP/sts.contoso.com"));
    let asked = matches!(exchange.on(StatusCode::UNAUTHORIZED, &offer), Ok(Next::SendAgain(_)));
    u32::from(asked && exchange.on(StatusCode::OK, &proof) == Ok(Next::Accept))
}

fn app(authority: &str) -> Result<PublicClientApplication, Error> {
    Ok(PublicClientApplication::new("app", authority.parse()?))
}

fn with_password(world: &mut World) -> Result<AuthenticationResult, Error> {
    let app = app("https://login.microsoftonline.com/organizations")?;
    world.run(app.acquire_token_by_username_password(["user.read"], USER, Secret::new("p<&ss")))
}

fn got_tokens(world: &World, result: &Result<AuthenticationResult, Error>) -> u32 {
    let Ok(result) = result else { return 0 };
    let kept = world.cache.to_json().to_string();
    // Debug too is code of the core, and what a host's log runs.
    let shown = format!("{result:?}");
    u32::from(
        result.access_token.expose() == TOKENS[0] && kept.contains(TOKENS[0]) && !shown.contains(TOKENS[0]),
    )
}

fn was_refused(result: &Result<AuthenticationResult, Error>, code: &str) -> u32 {
    let Err(error) = result else { return 0 };
    let told = format!("{error} {error:?} {}", error.remedy());
    u32::from(error.code() == code && told.contains(code))
}

struct Platform;

impl Negotiator for Platform {
    fn begin(
        &self,
        _service: &ServiceName,
        _bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError> {
        Ok(Box::new(Self))
    }
}

impl Negotiation for Platform {
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError> {
        let proven = challenge == Some(b"proof");
        Ok(Round { token: (!proven).then(|| b"ticket".to_vec()), complete: proven })
    }
}
