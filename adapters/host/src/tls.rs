//! TLS, the same for every host.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_platform_verifier::Verifier;

use crate::settings::{Settings, SetupError};

/// The TLS that the settings ask for: the platform judges certificates, and the extra roots count beside its own.
///
/// # Errors
/// If an extra root cannot be used, or nothing is trusted.
pub fn tls_config(settings: &Settings) -> Result<ClientConfig, SetupError> {
    // Given, not taken from the process: another part of the application may have its own default.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let extra = settings.extra_roots()?;
    // Some platforms make an engine of their own for extra roots, be it for none.
    let verifier = match extra.is_empty() {
        true => Verifier::new(Arc::clone(&provider)),
        false => Verifier::new_with_extra_roots(extra, Arc::clone(&provider)),
    };
    let verifier = verifier.map_err(|error| SetupError::NoRoots(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Client(error.to_string()))?;
    Ok(config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}
