//! The names of the default world, for tests and demonstrations.

use crate::config::{App, Domain, Federation, Realm, SamlVersion, TrustVersion, User, UserState};

/// The tenant's identifier.
pub const TENANT_ID: &str = "3c6f1c8e-5c35-4a0e-8d6f-0b1e9a5d2f47";
/// The tenant's name, which is also its federated domain.
pub const TENANT: &str = "contoso.com";
/// The tenant's managed domain.
pub const MANAGED_DOMAIN: &str = "contoso.onmicrosoft.com";
/// A domain that is nowhere listed.
pub const UNKNOWN_DOMAIN: &str = "nowhere.example";

/// A public client with consent.
pub const CLIENT_ID: &str = "8a1d5b7c-2f64-4e0b-9c3a-6d7e8f901234";
/// A public client that nobody has consented to.
pub const UNCONSENTED_CLIENT_ID: &str = "b4c0ffee-1e57-4d2a-8b9c-0a1b2c3d4e5f";
/// An application that does not allow public client flows.
pub const CONFIDENTIAL_CLIENT_ID: &str = "c0de5afe-93f1-4b7d-a2e6-5f4e3d2c1b0a";
/// A scope to ask for.
pub const SCOPE: &str = "user.read";

/// The password of every user: characters that XML, forms and eight-bit encodings stumble over.
pub const PASSWORD: &str = "correct horse & <battery> staple+ü";
/// A federated user: SAML 1.1, both versions of WS-Trust.
pub const FEDERATED_USER: &str = "joe@contoso.com";
/// A federated user whose server issues SAML 2.0.
pub const SAML2_USER: &str = "sam@fabrikam.com";
/// A federated user whose server has WS-Trust 2005 only.
pub const LEGACY_USER: &str = "lea@legacy.contoso.com";
/// A user of a domain that is federated by SAML-P alone and has no metadata.
pub const SAMLP_USER: &str = "pam@saml.contoso.com";
/// A user of a managed domain with Seamless SSO.
pub const SEAMLESS_USER: &str = "sue@seamless.contoso.com";
/// A managed user.
pub const MANAGED_USER: &str = "ann@contoso.onmicrosoft.com";
/// A managed user of whom a second factor is asked.
pub const MFA_USER: &str = "mia@contoso.onmicrosoft.com";
/// A managed user who has to register a second factor.
pub const MFA_ENROLMENT_USER: &str = "max@contoso.onmicrosoft.com";
/// A federated user of whom a second factor is asked.
pub const FEDERATED_MFA_USER: &str = "mel@contoso.com";
/// A managed user whose account is locked.
pub const LOCKED_USER: &str = "leo@contoso.onmicrosoft.com";
/// A managed user whose password has expired.
pub const EXPIRED_USER: &str = "eva@contoso.onmicrosoft.com";
/// A personal account.
pub const PERSONAL_USER: &str = "kim@live.com";
/// A managed guest, whose name must be escaped in a path.
pub const GUEST_USER: &str = "gus_example.org#EXT#@contoso.onmicrosoft.com";

/// The relying party of the cloud: what `AppliesTo` names.
pub const AUDIENCE: &str = "urn:federation:MicrosoftOnline";
/// A relying party that the federation server knows and the token endpoint is not.
pub const OTHER_RELYING_PARTY: &str = "urn:federation:SomebodyElse";

pub(crate) fn apps() -> Vec<App> {
    let app = |id: &str, public: bool, consented: bool| App { client_id: id.to_owned(), public, consented };
    vec![
        app(CLIENT_ID, true, true),
        app(UNCONSENTED_CLIENT_ID, true, false),
        app(CONFIDENTIAL_CLIENT_ID, false, true),
    ]
}

pub(crate) fn users() -> Vec<User> {
    let user = |upn: &str, name: &str, state: UserState| User {
        upn: upn.to_owned(),
        password: PASSWORD.to_owned(),
        name: name.to_owned(),
        state,
    };
    vec![
        user(FEDERATED_USER, "Joe Contoso", UserState::Active),
        user(SAML2_USER, "Sam Fabrikam", UserState::Active),
        user(LEGACY_USER, "Lea Legacy", UserState::Active),
        user(SAMLP_USER, "Pam Contoso", UserState::Active),
        user(SEAMLESS_USER, "Sue Contoso", UserState::Active),
        user(MANAGED_USER, "Ann Contoso", UserState::Active),
        user(MFA_USER, "Mia Contoso", UserState::MfaRequired),
        user(MFA_ENROLMENT_USER, "Max Contoso", UserState::MfaEnrolment),
        user(FEDERATED_MFA_USER, "Mel Contoso", UserState::MfaRequired),
        user(LOCKED_USER, "Leo Contoso", UserState::Locked),
        user(EXPIRED_USER, "Eva Contoso", UserState::PasswordExpired),
        user(GUEST_USER, "Gus & Co. \u{e9}", UserState::Active),
    ]
}

pub(crate) fn domains() -> Vec<Domain> {
    let domain = |name: &str, realm: Realm| Domain { name: name.to_owned(), realm };
    vec![
        domain(TENANT, Realm::Federated(Federation::default())),
        domain(
            "fabrikam.com",
            Realm::Federated(Federation { saml: SamlVersion::V2_0, ..Federation::default() }),
        ),
        domain(
            "legacy.contoso.com",
            Realm::Federated(Federation {
                trust_versions: vec![TrustVersion::V2005],
                ..Federation::default()
            }),
        ),
        domain(
            "saml.contoso.com",
            Realm::Federated(Federation {
                protocol: "SAML20".into(),
                metadata: false,
                trust_versions: Vec::new(),
                ..Federation::default()
            }),
        ),
        // What the service says of personal accounts: federated, with metadata that offers nothing.
        domain(
            "live.com",
            Realm::Federated(Federation { trust_versions: Vec::new(), ..Federation::default() }),
        ),
        domain("seamless.contoso.com", Realm::SeamlessSso),
        domain(MANAGED_DOMAIN, Realm::Managed),
    ]
}
