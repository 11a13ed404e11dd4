//! What the emulator's world is made of: tenant, applications, users, domains, faults.
//!
//! Everything has a default; [`Config::default`] is the world whose names stand in [`crate::world`].

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

use crate::app::App;
use crate::challenge::Challenge;
use crate::faults::Fault;
use crate::negotiate::Negotiate;
use crate::world;

/// The whole configuration of an emulator.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address to listen on; loopback unless changed, and it should stay so.
    pub bind: IpAddr,
    /// The port to listen on; 0 takes any free one.
    pub port: u16,
    /// Whether to speak https, with a certificate of an authority made at start.
    pub tls: bool,
    /// The host name in every URL that the emulator hands out: `127.0.0.1` or `localhost`.
    pub host: String,
    /// The tenant's identifier, a GUID.
    pub tenant_id: String,
    /// The names by which the tenant is known, the first one being that of [`crate::Emulator::authority`].
    pub tenant_names: Vec<String>,
    /// The applications that are registered.
    pub apps: Vec<App>,
    /// The users, cloud and federated.
    pub users: Vec<User>,
    /// The domains that user realm discovery knows.
    pub domains: Vec<Domain>,
    /// The `AppliesTo` addresses that the federation server knows.
    pub relying_parties: Vec<String>,
    /// The one audience whose assertions the token endpoint accepts.
    pub audience: String,
    /// How HTTP Negotiate runs at `windowstransport` and at AD FS's authorize endpoint.
    pub negotiate: Negotiate,
    /// The user agents whom AD FS's authorize endpoint asks for a ticket (`WIASupportedUserAgents`); none of them contained in
    /// the request's means its pages.
    pub wia_user_agents: Vec<String>,
    /// After how many wrong passwords an account is locked; `None` is never.
    pub lockout_threshold: Option<u32>,
    /// Seconds by which the emulator's clock is ahead of the real one.
    pub clock_offset_seconds: i64,
    /// How long an assertion is good for, in seconds; a negative value issues expired ones.
    pub assertion_lifetime_seconds: i64,
    /// How long an access token is good for, in seconds.
    pub token_lifetime_seconds: i64,
    /// How long an authorization code is good for, in seconds; a negative value issues expired ones.
    pub code_lifetime_seconds: i64,
    /// How long a refresh token is good for, in seconds; one of a single-page application lasts for a day at most.
    pub refresh_lifetime_seconds: i64,
    /// The `refresh_in` of the answers that have a refresh token or are an application's own.
    pub refresh_in_seconds: Option<i64>,
    /// Whether a refresh token is good for one use at every service, and not only at `/oidc`.
    pub one_time_refresh_tokens: bool,
    /// Whether a client assertion is good for one use at every service, and not only at `/oidc`.
    pub one_time_assertions: bool,
    /// How long a device code is good for, in seconds.
    pub device_lifetime_seconds: i64,
    /// How many seconds a client waits between two questions for a device code's tokens.
    pub device_interval_seconds: i64,
    /// Whether answers of the authorize endpoint name their issuer (RFC 9207).
    pub iss_parameter: bool,
    /// The resources that no tenant knows: AADSTS500011.
    pub unknown_resources: Vec<String>,
    /// The user flows of the B2C paths.
    pub b2c_policies: Vec<String>,
    /// What users and resources ask of a token request beyond a password.
    pub challenges: Vec<Challenge>,
    /// Faults to begin with; see [`crate::Emulator::set_faults`].
    pub faults: Vec<Fault>,
}

/// A person who can sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user principal name; compared without regard to case.
    pub upn: String,
    /// The password; compared to the character.
    pub password: String,
    /// The display name.
    #[serde(default)]
    pub name: String,
    /// What stands between the right password and a token.
    #[serde(default)]
    pub state: UserState,
    /// The agent identity that acts as this user, by its client identifier.
    #[serde(default)]
    pub agent: Option<String>,
}

/// What stands between a user with the right password and a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// Nothing does.
    #[default]
    Active,
    /// A second factor is asked for: AADSTS50076.
    MfaRequired,
    /// A second factor has to be registered first: AADSTS50079.
    MfaEnrolment,
    /// The account is locked: AADSTS50053, whatever the password.
    Locked,
    /// The password has expired: AADSTS50055.
    PasswordExpired,
    /// The account is disabled: AADSTS50057.
    Disabled,
}

/// A domain and what user realm discovery says of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The domain's name, the part of a user principal name after the `@`.
    pub name: String,
    /// Its realm.
    pub realm: Realm,
}

/// The kind of a domain.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Realm {
    /// Passwords are checked in the cloud.
    Managed,
    /// A federation server signs the users in.
    Federated(Federation),
    /// Managed, but federated to whoever sends `x-client-SKU`, `x-client-Ver` or `x-client-OS`.
    SeamlessSso,
    /// The service does not know the domain, as with any that is not listed.
    Unknown,
}

/// How a domain is federated.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Federation {
    /// The `federation_protocol`: `WSTrust`, `SAML20`.
    pub protocol: String,
    /// Whether the realm names a `federation_metadata_url`.
    pub metadata: bool,
    /// The version of the assertions issued.
    pub saml: SamlVersion,
    /// The WS-Trust versions whose endpoints exist.
    pub trust_versions: Vec<TrustVersion>,
    /// Whether the token endpoint takes the password too (`AllowCloudPasswordValidation`).
    pub cloud_password: bool,
    /// Whether assertions declare their own namespaces and stand alone, as those of AD FS do; otherwise they inherit them.
    pub self_contained: bool,
}

/// The version of a SAML assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SamlVersion {
    /// SAML 1.1, whose namespace says 1.0.
    #[serde(rename = "1.1")]
    V1_1,
    /// SAML 2.0.
    #[serde(rename = "2.0")]
    V2_0,
}

/// The version of WS-Trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum TrustVersion {
    /// WS-Trust 1.3.
    #[serde(rename = "1.3")]
    V1_3,
    /// WS-Trust of February 2005.
    #[serde(rename = "2005")]
    V2005,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            tls: false,
            host: "127.0.0.1".into(),
            tenant_id: world::TENANT_ID.into(),
            tenant_names: vec![world::TENANT.into(), world::MANAGED_DOMAIN.into()],
            apps: world::apps(),
            users: world::users(),
            domains: world::domains(),
            relying_parties: vec![world::AUDIENCE.into(), world::OTHER_RELYING_PARTY.into()],
            audience: world::AUDIENCE.into(),
            negotiate: Negotiate::default(),
            wia_user_agents: ["MSAuthHost/1.0/In-Domain", "MSIE 10.0", "Trident/7.0"]
                .map(str::to_owned)
                .into(),
            lockout_threshold: Some(10),
            clock_offset_seconds: 0,
            assertion_lifetime_seconds: 3600,
            token_lifetime_seconds: 3900,
            code_lifetime_seconds: 600,
            refresh_lifetime_seconds: 90 * 24 * 3600,
            refresh_in_seconds: None,
            one_time_refresh_tokens: false,
            one_time_assertions: false,
            device_lifetime_seconds: 900,
            device_interval_seconds: 5,
            iss_parameter: true,
            unknown_resources: vec![world::UNKNOWN_RESOURCE.into()],
            b2c_policies: vec![world::B2C_POLICY.into()],
            challenges: Vec::new(),
            faults: Vec::new(),
        }
    }
}

impl Default for Federation {
    fn default() -> Self {
        Federation {
            protocol: "WSTrust".into(),
            metadata: true,
            saml: SamlVersion::V1_1,
            trust_versions: vec![TrustVersion::V1_3, TrustVersion::V2005],
            cloud_password: false,
            self_contained: false,
        }
    }
}

impl Config {
    /// The user of this name, whatever its case.
    pub fn user(&self, upn: &str) -> Option<&User> {
        self.users.iter().find(|user| same(&user.upn, upn))
    }

    /// The domain of this name, whatever its case.
    pub fn domain(&self, name: &str) -> Option<&Domain> {
        self.domains.iter().find(|domain| same(&domain.name, name))
    }

    /// The domain of this user principal name.
    pub fn domain_of(&self, upn: &str) -> Option<&Domain> {
        self.domain(upn.rsplit_once('@')?.1)
    }

    /// The application of this client identifier.
    pub fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| same(&app.client_id, client_id))
    }

    /// Whether a path's first segment names the tenant.
    pub fn is_tenant(&self, name: &str) -> bool {
        same(&self.tenant_id, name) || self.tenant_names.iter().any(|known| same(known, name))
    }
}

/// Equality of names, which have no case.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
