//! What the module exports: functions without arguments that return 1 for the end that was expected, and trap or
//! return 0 for any other.
#![allow(
    unsafe_code,
    reason = "an unmangled name counts as unsafe, as it may clash; there is no unsafe block"
)]

use std::sync::Arc;

use entrada_core::application::{
    ClientCertificate, ClientCredential, ConfidentialClientApplication, PublicClientApplication,
};
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::error::Error;
use entrada_core::flow::device_code::PendingDeviceCode;
use entrada_core::flow::implicit::{ImplicitResponse, StartImplicit};
use entrada_core::flow::silent::AccountId;
use entrada_core::flow::user_fic::{FederatedUser, UserFederatedIdentityCredential};
use entrada_core::http::ServiceName;
use entrada_core::negotiate::{
    ChannelBindings, Exchange, NegotiateError, Negotiation, Negotiator, Next, Round,
};
use entrada_core::result::{AuthenticationResult, TokenSource};
use entrada_core::secret::Secret;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::documents::{
    AD_FS_TOKENS, ASSERTION, KNOWN_INSTANCE, MANAGED_REALM, TOKENS, device, fault, federated_realm, issued,
    metadata, ports, provider, refusal, tokens, told,
};
use crate::world::World;

/// An export.
pub type Export = extern "C" fn() -> u32;

/// The exports by name. The names begin with that of the flow that is driven.
pub const EXPORTS: [(&str, Export); 20] = [
    ("adfs_integrated_auth", adfs_integrated_auth),
    ("agent_user", agent_user),
    ("authorization_code", authorization_code),
    ("client_credentials", client_credentials),
    ("client_credentials_throttled", client_credentials_throttled),
    ("device_code", device_code),
    ("device_code_resumed", device_code_resumed),
    ("implicit", implicit),
    ("on_behalf_of", on_behalf_of),
    ("refresh_token", refresh_token),
    ("silent", silent),
    ("accounts", accounts),
    ("sign_out", sign_out),
    ("user_fic", user_fic),
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

/// By way of AD FS's own page for tickets, with the cookies that it sets.
#[unsafe(no_mangle)]
pub extern "C" fn adfs_integrated_auth() -> u32 {
    const APP: &str = "http://localhost:8400/";
    let cookie = ("set-cookie", "MSISAuth=x; Path=/adfs; Secure");
    let mut world = World::default()
        .answer_with("/adfs/oauth2/authorize?", 302, &[("location", "/adfs/oauth2/authorize/wia")], "")
        .answer_with("/authorize/wia", 302, &[("location", "/adfs/oauth2/authorize"), cookie], "")
        .answer_with("/authorize", 302, &[("location", "http://localhost:8400/?code=c&state={state}")], "")
        .answer("/adfs/oauth2/token", 200, AD_FS_TOKENS);
    let result = app("https://sts.contoso.com/adfs")
        .and_then(|app| world.run(app.acquire_token_by_adfs_integrated_auth(["user.read"], APP)));
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

/// From the cache, then with the refresh token that it has; then with one that is dead.
#[unsafe(no_mangle)]
pub extern "C" fn silent() -> u32 {
    let Ok((mut world, app)) = signed_in() else { return 0 };
    let ask = |force_refresh| {
        let mut flow = app.acquire_token_silent(["user.read"], AccountId::Username(USER.to_owned()));
        flow.force_refresh = force_refresh;
        flow
    };
    let hit = world.run(ask(false)).is_ok_and(|result| result.token_source == TokenSource::Cache);
    let mut world = world.answer("/oauth2/v2.0/token", 200, tokens());
    let result = world.run(ask(true));
    let refreshed = got_tokens(&world, &result);
    let mut world = world.answer("/oauth2/v2.0/token", 400, refusal("invalid_grant", 700_082, ""));
    let dead = was_refused(&world.run(ask(true)), "invalid_grant");
    u32::from(hit) & refreshed & dead & was_refused(&world.run(ask(true)), "no_tokens_found")
}

/// Who has signed in.
#[unsafe(no_mangle)]
pub extern "C" fn accounts() -> u32 {
    let Ok((mut world, app)) = signed_in() else { return 0 };
    u32::from(world.run(app.accounts()).is_ok_and(|accounts| accounts.len() == 1))
}

/// And nobody any more.
#[unsafe(no_mangle)]
pub extern "C" fn sign_out() -> u32 {
    let Ok((mut world, app)) = signed_in() else { return 0 };
    let home = world.run(app.accounts()).ok().and_then(|mut accounts| accounts.pop());
    let Some(home) = home.map(|account| account.account.home_account_id.to_string()) else { return 0 };
    let done = world.run(app.sign_out(home)).is_ok();
    u32::from(done && world.run(app.accounts()).is_ok_and(|accounts| accounts.is_empty()))
}

fn signed_in() -> Result<(World, PublicClientApplication), Error> {
    let mut world = World::default().answer("/oauth2/v2.0/token", 200, tokens());
    let app = app("https://login.microsoftonline.com/contoso.com")?;
    world.run(app.acquire_token_by_refresh_token(["user.read"], Secret::new("r")))?;
    Ok((world, app))
}

/// Three legs, the first with a signature.
#[unsafe(no_mangle)]
pub extern "C" fn agent_user() -> u32 {
    let mut world = World::default()
        .answer("/oauth2/v2.0/token", 200, tokens())
        .answer("/oauth2/v2.0/token", 200, tokens())
        .answer("/oauth2/v2.0/token", 200, tokens());
    let user = FederatedUser::Username(USER.to_owned());
    let result =
        with_certificate().and_then(|app| world.run(app.acquire_token_for_agent_user(["s"], "agent", user)));
    got_tokens(&world, &result)
}

/// At a provider that has to be discovered; the answer is refused for its nonce, the last thing that is checked.
#[unsafe(no_mangle)]
pub extern "C" fn authorization_code() -> u32 {
    let issuer = "https://idp.example";
    let mut world = World::default().answer("/.well-known/openid-configuration", 200, provider(issuer, ""));
    let code = Authority::oidc(issuer, AuthorityOptions::default()).and_then(|authority| {
        let app = PublicClientApplication::new("app", authority);
        let sign_in = world.run(app.sign_in(["user.read"], "http://localhost/"))?;
        let redirect = format!("http://localhost/?code=c&state={}", sign_in.state().expose());
        Ok(app.acquire_token_by_authorization_code(sign_in.accept(&redirect)?))
    });
    let mut world = world.answer("/as/token", 200, tokens());
    was_refused(&code.and_then(|flow| world.run(flow)), "nonce_mismatch")
}

/// With a certificate: what is signed holds the time and a hash.
#[unsafe(no_mangle)]
pub extern "C" fn client_credentials() -> u32 {
    let mut world =
        World::default().answer("/oauth2/v2.0/token", 503, "").answer("/oauth2/v2.0/token", 200, tokens());
    let result = with_certificate().and_then(|app| world.run(app.acquire_token_for_client(["s/.default"])));
    got_tokens(&world, &result)
}

/// Left alone until a date.
#[unsafe(no_mangle)]
pub extern "C" fn client_credentials_throttled() -> u32 {
    let date = [("retry-after", "Sun, 06 Nov 2044 08:49:37 GMT"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let mut world = World::default().answer_with("/oauth2/v2.0/token", 429, &date, "");
    let mut ask =
        || with_certificate().and_then(|app| world.run(app.acquire_token_for_client(["s/.default"])));
    let first = ask();
    was_refused(&first, "request_throttled") & was_refused(&ask(), "request_throttled")
}

/// Through a wait.
#[unsafe(no_mangle)]
pub extern "C" fn device_code() -> u32 {
    let mut world = World::default()
        .answer("/oauth2/v2.0/devicecode", 200, device(""))
        .answer("/oauth2/v2.0/token", 400, told("authorization_pending"))
        .answer("/oauth2/v2.0/token", 200, tokens());
    let result = app("https://login.microsoftonline.com/common")
        .and_then(|app| world.run(app.acquire_token_by_device_code(["user.read"])));
    got_tokens(&world, &result)
}

/// Put down as JSON and taken up again.
#[unsafe(no_mangle)]
pub extern "C" fn device_code_resumed() -> u32 {
    let mut world = World::default().answer("/oauth2/v2.0/devicecode", 200, device("")).answer(
        "/oauth2/v2.0/token",
        400,
        told("expired_token"),
    );
    let Ok(app) = app("https://login.microsoftonline.com/common") else { return 0 };
    let ended = was_refused(&world.run(app.acquire_token_by_device_code(["user.read"])), "expired_token");
    let json = world.shown.first().and_then(|prompt| serde_json::to_string(&prompt.pending).ok());
    let pending: Option<PendingDeviceCode> = json.and_then(|json| serde_json::from_str(&json).ok());
    let mut world = world.answer("/oauth2/v2.0/token", 200, tokens());
    let Some(pending) = pending else { return 0 };
    let result = world.run(pending.resume(app));
    ended & got_tokens(&world, &result)
}

/// A redirect that is not the answer to this sign-in.
#[unsafe(no_mangle)]
pub extern "C" fn implicit() -> u32 {
    let mut world = World::default();
    let tokens = app("https://login.microsoftonline.com/contoso.com").and_then(|app| {
        let response = ImplicitResponse::IdTokenAndToken;
        let sign_in = world.run(StartImplicit::new(app, ["user.read"], "https://app.example/", response))?;
        sign_in.accept("https://app.example/#id_token=a.b.c&state=another", world.now)
    });
    was_refused(&tokens, "state_mismatch")
}

/// A refusal that demands more of the user.
#[unsafe(no_mangle)]
pub extern "C" fn on_behalf_of() -> u32 {
    let claims = r#","claims":"{\"access_token\":{}}""#;
    let mut world =
        World::default().answer("/oauth2/v2.0/token", 400, refusal("interaction_required", 50079, claims));
    let result = with_certificate()
        .and_then(|app| world.run(app.acquire_token_on_behalf_of(["s"], Secret::new("assertion"))));
    was_refused(&result, "interaction_required")
}

/// A refresh token, at AD FS.
#[unsafe(no_mangle)]
pub extern "C" fn refresh_token() -> u32 {
    let mut world = World::default().answer("/adfs/oauth2/token", 200, tokens());
    let result = app("https://sts.contoso.com/adfs")
        .and_then(|app| world.run(app.acquire_token_by_refresh_token(["user.read"], Secret::new("r"))));
    got_tokens(&world, &result)
}

/// A credential that vouches for a user.
#[unsafe(no_mangle)]
pub extern "C" fn user_fic() -> u32 {
    let mut world = World::default().answer("/oauth2/v2.0/token", 200, tokens());
    let user = FederatedUser::ObjectId("1".to_owned());
    let result = with_certificate().and_then(|app| {
        world.run(UserFederatedIdentityCredential::new(app, ["s"], Secret::new("credential"), user))
    });
    got_tokens(&world, &result)
}

fn with_certificate() -> Result<ConfidentialClientApplication, Error> {
    let certificate = ClientCertificate::new(*b"certificate", "the key");
    let authority = "https://login.microsoftonline.com/contoso.com".parse()?;
    Ok(ConfidentialClientApplication::new("app", authority, ClientCredential::Certificate(certificate)))
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
    let kept = world.memory.tokens().to_json().to_string();
    // Debug too is code of the core, and what a host's log runs.
    let shown = format!("{result:?}");
    u32::from(
        result.access_token.expose() == TOKENS[0] && kept.contains(TOKENS[0]) && !shown.contains(TOKENS[0]),
    )
}

fn was_refused<T>(result: &Result<T, Error>, code: &str) -> u32 {
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
