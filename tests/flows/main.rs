//! The flows, each against a world that is scripted to the byte.

mod accounts;
mod adfs_integrated_auth;
mod client_assertion;
mod client_credentials;
mod device_code;
mod integrated_windows_auth;
mod oidc;
mod on_behalf_of;
mod pending_device_code;
mod preflight;
mod refresh_token;
mod refusals;
mod remembered;
mod resolve;
mod secrets;
mod sign_out;
mod silent;
mod throttling;
mod user_fic;
mod username_password;

use std::time::Duration;

use entrada_core::application::{
    Application, ClientCertificate, ClientCredential, ConfidentialClientApplication, PublicClientApplication,
};
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::flow::client_credentials::ClientCredentials;
use entrada_core::flow::integrated_windows_auth::IntegratedWindowsAuth;
use entrada_core::flow::username_password::UsernamePassword;
use entrada_core::secret::Secret;

pub(crate) const PASSWORD: &str = "p<&ss \"wörd'+%";
pub(crate) const TENANT: &str = "https://login.microsoftonline.com/contoso.com";
pub(crate) const DEFAULT: &str = "https://api.example/.default";

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn app(authority: &str) -> PublicClientApplication {
    PublicClientApplication::new("app", authority.parse().expect("the test names an authority"))
}

pub(crate) fn oidc(authority: &str) -> Authority {
    Authority::oidc(authority, AuthorityOptions::default()).expect("the test names a provider")
}

pub(crate) fn confidential(authority: &str, credential: ClientCredential) -> ConfidentialClientApplication {
    let authority = authority.parse().expect("the test names an authority");
    ConfidentialClientApplication::new("app", authority, credential)
}

pub(crate) fn client_secret() -> ClientCredential {
    ClientCredential::Secret(Secret::new("s<&cret ~+%"))
}

pub(crate) fn certificate() -> ClientCredential {
    ClientCredential::Certificate(ClientCertificate::new(*b"certificate", "the key"))
}

/// Client credentials with a certificate.
pub(crate) fn with_certificate(authority: &str) -> ClientCredentials {
    confidential(authority, certificate()).acquire_token_for_client([DEFAULT])
}

pub(crate) fn integrated() -> IntegratedWindowsAuth {
    app(TENANT).acquire_token_by_integrated_windows_auth(["user.read"], "joe@contoso.com")
}

pub(crate) fn password() -> UsernamePassword {
    password_of(app("https://login.microsoftonline.com/organizations"))
}

pub(crate) fn password_of(app: impl Into<Application>) -> UsernamePassword {
    UsernamePassword::new(app, ["user.read"], "joe@contoso.com", Secret::new(PASSWORD))
}
