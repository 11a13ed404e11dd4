//! Registered applications: what the directory knows of a client.

use serde::Deserialize;

use crate::config::same;

/// A registered application.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The client identifier.
    pub client_id: String,
    /// The name that the pages show.
    #[serde(default)]
    pub name: String,
    /// Whether public client flows are allowed; AADSTS7000218 otherwise.
    #[serde(default = "yes")]
    pub public: bool,
    /// Whether consent was given beforehand; AADSTS65001 otherwise, or a page that asks for it.
    #[serde(default = "yes")]
    pub consented: bool,
    /// The redirect URIs, each with the platform that it was registered for.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUri>,
    /// The client secrets.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The certificates that are registered by their thumbprints, in base64 of DER.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Whether the emulator's own test certificate is registered too; see [`crate::Emulator::daemon_credential`].
    #[serde(default)]
    pub test_certificate: bool,
    /// The common name of certificates that are trusted by subject name and issuer, whatever their thumbprint.
    #[serde(default)]
    pub subject_name: Option<String>,
    /// Tokens of other issuers that are taken as client assertions.
    #[serde(default)]
    pub federated_credentials: Vec<FederatedCredential>,
    /// The family of clients that share refresh tokens; Microsoft's only one is `1`.
    #[serde(default)]
    pub family: Option<String>,
    /// Whether the authorize endpoint gives identity tokens.
    #[serde(default)]
    pub implicit_id_tokens: bool,
    /// Whether the authorize endpoint gives access tokens.
    #[serde(default)]
    pub implicit_access_tokens: bool,
    /// The blueprint that this agent identity was made from, by its client identifier.
    #[serde(default)]
    pub blueprint: Option<String>,
}

/// A redirect URI and its platform.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedirectUri {
    /// The platform, which decides how a code is redeemed.
    pub platform: Platform,
    /// The address; on `http://localhost` and `http://127.0.0.1` the port does not count.
    pub uri: String,
}

/// The platform that a redirect URI was registered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Mobile and desktop: codes are redeemed without a secret, with PKCE.
    Native,
    /// Single-page application: codes are redeemed across origins, and refresh tokens last for a day.
    Spa,
    /// Web: codes are redeemed with the application's credential.
    Web,
}

/// A token of another issuer that is taken as a client assertion.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedCredential {
    /// The issuer; `{base}` stands for the emulator's own base URL.
    pub issuer: String,
    /// The subject.
    pub subject: String,
    /// The audience.
    pub audience: String,
}

impl Default for App {
    /// A public client with consent and without a redirect URI.
    fn default() -> Self {
        App {
            client_id: String::new(),
            name: String::new(),
            public: true,
            consented: true,
            redirect_uris: Vec::new(),
            secrets: Vec::new(),
            certificates: Vec::new(),
            test_certificate: false,
            subject_name: None,
            federated_credentials: Vec::new(),
            family: None,
            implicit_id_tokens: false,
            implicit_access_tokens: false,
            blueprint: None,
        }
    }
}

impl App {
    /// Whether the application has anything to prove itself with.
    pub(crate) fn has_credentials(&self) -> bool {
        self.test_certificate
            || self.subject_name.is_some()
            || self.blueprint.is_some()
            || !(self.secrets.is_empty()
                && self.certificates.is_empty()
                && self.federated_credentials.is_empty())
    }

    /// The platform of a redirect URI, if it is registered.
    pub(crate) fn platform(&self, uri: &str) -> Option<Platform> {
        self.redirect_uris.iter().find(|known| known.matches(uri)).map(|known| known.platform)
    }

    /// The name that the pages show.
    pub(crate) fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.client_id } else { &self.name }
    }

    /// Whether this text names the application as an API.
    pub(crate) fn is_resource(&self, resource: &str) -> bool {
        same(resource.strip_prefix("api://").unwrap_or(resource), &self.client_id)
    }
}

impl RedirectUri {
    /// Compares as Entra does: to the character, but for the port on loopback and a slash for no path at all.
    fn matches(&self, uri: &str) -> bool {
        if uri.contains('#') {
            return false;
        }
        match (loopback(&self.uri), loopback(uri)) {
            (Some(known), Some(asked)) => known == asked,
            (None, None) => slashed(&self.uri) == slashed(uri),
            _ => false,
        }
    }
}

/// The host and the path of a loopback address over plain http, without its port.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let known = matches!(host, "localhost" | "127.0.0.1") && port.bytes().all(|digit| digit.is_ascii_digit());
    known.then_some((host, if path.is_empty() { "/" } else { path }))
}

/// The address with a slash where it has no path.
fn slashed(uri: &str) -> String {
    match uri.split_once("://") {
        Some((_, rest)) if !rest.contains('/') => format!("{uri}/"),
        _ => uri.to_owned(),
    }
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(known: &str, asked: &str) -> bool {
        RedirectUri { platform: Platform::Native, uri: known.into() }.matches(asked)
    }

    #[test]
    fn a_loopback_redirect_may_have_any_port_but_its_own_path() {
        for asked in ["http://localhost", "http://localhost/", "http://localhost:8400", "http://localhost:1/"]
        {
            assert!(matches("http://localhost", asked), "{asked}");
        }
        for asked in [
            "http://localhost/elsewhere",
            "https://localhost",
            "http://localhost.example",
            "http://localhost:80@elsewhere.example/",
            "http://127.0.0.1",
            "http://localhost/#",
        ] {
            assert!(!matches("http://localhost", asked), "{asked}");
        }
        assert!(matches("http://localhost:3000/signin", "http://localhost:4000/signin"));
    }

    #[test]
    fn any_other_redirect_is_compared_to_the_character() {
        assert!(matches("https://app.contoso.com", "https://app.contoso.com/"));
        assert!(matches("msalid://auth", "msalid://auth"));
        assert!(!matches("https://app.contoso.com/a", "https://app.contoso.com/A"));
        assert!(!matches("https://app.contoso.com/a", "https://app.contoso.com/a/"));
        assert!(!matches("https://app.contoso.com", "https://app.contoso.com:8443/"));
    }
}
