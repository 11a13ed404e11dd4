//! What each demonstration shows, act by act.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use entrada_core::application::{
    ClientCertificate, ClientCredential, ConfidentialClientApplication, PublicClientApplication,
};
use entrada_core::authority::Authority;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_emulator::{Emulator, world};
use entrada_host::Interactive;
use entrada_keys::{KeyPair, KeyRing};

use super::{Stage, silent};
use crate::args::FlowKind;
use crate::report::Failure;

/// Plays the demonstration of a flow.
pub(super) fn play(stage: &mut Stage, flow: FlowKind) -> Result<(), Failure> {
    match flow {
        FlowKind::Iwa => integrated(stage),
        FlowKind::UsernamePassword => password(stage),
        FlowKind::DeviceCode => device(stage),
        FlowKind::Interactive => interactive(stage),
        FlowKind::ClientCredentials => application(stage),
        FlowKind::OnBehalfOf => on_behalf_of(stage),
        FlowKind::RefreshToken => refresh(stage),
        FlowKind::Silent => silent::play(stage),
    }
}

fn authority(stage: &Stage) -> Result<Authority, Failure> {
    stage.emulator.authority().parse().map_err(Failure::Flow)
}

pub(super) fn native(stage: &Stage) -> Result<PublicClientApplication, Failure> {
    Ok(PublicClientApplication::new(world::CLIENT_ID, authority(stage)?))
}

fn with_secret(stage: &Stage, client_id: &str) -> Result<ConfidentialClientApplication, Failure> {
    let secret = ClientCredential::Secret(Secret::new(world::CLIENT_SECRET));
    Ok(ConfidentialClientApplication::new(client_id, authority(stage)?, secret))
}

fn integrated(stage: &mut Stage) -> Result<(), Failure> {
    let user = world::FEDERATED_USER;
    stage.announce(&format!("{user} signs in by integrated Windows authentication, with no prompt."))?;
    let flow = native(stage)?.acquire_token_by_integrated_windows_auth([world::SCOPE], user);
    let result = stage.run(flow)?;
    stage.show(&result)
}

fn password(stage: &mut Stage) -> Result<(), Failure> {
    let user = world::FEDERATED_USER;
    stage.announce(&format!("{user} signs in by user name and password."))?;
    let result = sign_in(stage, world::SCOPE, user)?;
    stage.show(&result)
}

/// A user's token, by password.
pub(super) fn sign_in(stage: &Stage, scope: &str, user: &str) -> Result<AuthenticationResult, Failure> {
    let password = Secret::new(world::PASSWORD);
    stage.run(native(stage)?.acquire_token_by_username_password([scope], user, password))
}

fn device(stage: &mut Stage) -> Result<(), Failure> {
    let user = world::MANAGED_USER;
    stage.announce(&format!("{user} signs in on another device, with a code to type there."))?;
    let emulator = Arc::clone(&stage.emulator);
    stage.settings.show = Arc::new(move |prompt| {
        let mut out = io::stdout();
        let _ = writeln!(out, "   address: {}", prompt.verification_uri);
        let _ = writeln!(out, "   code:    {}", prompt.user_code);
        approve(Arc::clone(&emulator), prompt.user_code.clone());
    });
    let result = stage.run(native(stage)?.acquire_token_by_device_code([world::SCOPE]))?;
    stage.show(&result)
}

/// The person at the other device. If the pages do not let the person on, the code expires, and the flow tells.
fn approve(emulator: Arc<Emulator>, code: String) {
    thread::spawn(move || {
        if let Err(error) = emulator.approve_device(&code, world::MANAGED_USER) {
            eprintln!("error: the code cannot be approved: {error}");
        }
    });
}

fn interactive(stage: &mut Stage) -> Result<(), Failure> {
    let user = world::MANAGED_USER;
    stage.announce(&format!("{user} signs in with a browser."))?;
    let emulator = Arc::clone(&stage.emulator);
    let mut browser = Interactive::new();
    // The person at the browser. If the pages do not lead back, the time runs out, and the flow tells.
    browser.open = Arc::new(move |url| {
        let mut out = io::stdout();
        let _ = writeln!(out, "   the browser opens {}{}?…", url.origin().ascii_serialization(), url.path());
        let redirect = emulator.sign_in(url.as_str(), user)?;
        let back = redirect.url.split(['?', '#']).next().unwrap_or_default();
        let _ = writeln!(out, "   the user signs in; the browser goes back to {back}");
        redirect.deliver().map(drop)
    });
    browser.timeout = Duration::from_secs(30);
    let flow = native(stage)?.sign_in([world::SCOPE], world::NATIVE_REDIRECT_URI);
    let result = stage.run_interactive(flow, &browser)?;
    stage.show(&result)
}

fn application(stage: &mut Stage) -> Result<(), Failure> {
    stage.announce("An application gets a token for itself, with its secret.")?;
    let app = with_secret(stage, world::DAEMON_CLIENT_ID)?;
    let result = stage.run(app.acquire_token_for_client([world::GRAPH_DEFAULT_SCOPE]))?;
    stage.show(&result)?;

    stage.announce("It does so with its certificate, whose key signs and goes nowhere.")?;
    let pem = [Emulator::daemon_key_pem(), Emulator::daemon_certificate_pem()].concat();
    let pair = KeyPair::from_pem(pem.as_bytes()).map_err(|error| Failure::Other(error.to_string()))?;
    let ring = KeyRing::new();
    ring.add("daemon", pair.key);
    stage.settings.signer = Some(Arc::new(ring));
    let certificate = ClientCredential::Certificate(ClientCertificate::new(pair.certificate, "daemon"));
    let app = ConfidentialClientApplication::new(world::DAEMON_CLIENT_ID, authority(stage)?, certificate);
    let result = stage.run(app.acquire_token_for_client([world::GRAPH_DEFAULT_SCOPE]))?;
    stage.show(&result)
}

fn on_behalf_of(stage: &mut Stage) -> Result<(), Failure> {
    let user = world::MANAGED_USER;
    stage.announce(&format!("{user} signs in to a web API by user name and password."))?;
    let caller = sign_in(stage, world::API_SCOPE, user)?;
    stage
        .announce("The API is called with that token, and gets one for another API on behalf of the user.")?;
    let app = with_secret(stage, world::CONFIDENTIAL_CLIENT_ID)?;
    let flow = app.acquire_token_on_behalf_of([world::SCOPE], caller.access_token);
    let result = stage.run(flow)?;
    stage.show(&result)
}

fn refresh(stage: &mut Stage) -> Result<(), Failure> {
    let user = world::MANAGED_USER;
    stage.announce(&format!("{user} signed in earlier, with another library."))?;
    let earlier = sign_in(stage, world::SCOPE, user)?;
    let token = earlier
        .refresh_token()
        .cloned()
        .ok_or_else(|| Failure::Other("the emulator gave no refresh token".to_owned()))?;
    stage.announce("Its refresh token moves in here.")?;
    let result = stage.run(native(stage)?.acquire_token_by_refresh_token([world::SCOPE], token))?;
    stage.show(&result)
}
