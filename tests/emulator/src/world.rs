//! The names of the default world, for tests and demonstrations.

use crate::app::{App, FederatedCredential, Platform, RedirectUri};
use crate::config::{Domain, Federation, Realm, SamlVersion, TrustVersion, User, UserState};
use crate::jwt::guid_of;

/// The tenant's identifier.
pub const TENANT_ID: &str = "3c6f1c8e-5c35-4a0e-8d6f-0b1e9a5d2f47";
/// The tenant's name, which is also its federated domain.
pub const TENANT: &str = "contoso.com";
/// The tenant's managed domain.
pub const MANAGED_DOMAIN: &str = "contoso.onmicrosoft.com";
/// A domain that is nowhere listed.
pub const UNKNOWN_DOMAIN: &str = "nowhere.example";

/// A public client with consent; it redirects to [`NATIVE_REDIRECT_URI`].
pub const CLIENT_ID: &str = "8a1d5b7c-2f64-4e0b-9c3a-6d7e8f901234";
/// A public client that nobody has consented to; it redirects to [`NATIVE_REDIRECT_URI`].
pub const UNCONSENTED_CLIENT_ID: &str = "b4c0ffee-1e57-4d2a-8b9c-0a1b2c3d4e5f";
/// A web application and API with [`CLIENT_SECRET`] and the test certificate, which does not allow public client flows. It
/// redirects to [`WEB_REDIRECT_URI`], its scopes begin with [`API`], and it may act on behalf of its callers.
pub const CONFIDENTIAL_CLIENT_ID: &str = "c0de5afe-93f1-4b7d-a2e6-5f4e3d2c1b0a";
/// A single-page application; it redirects to [`SPA_REDIRECT_URI`], and the implicit grant is allowed to it.
pub const SPA_CLIENT_ID: &str = "5fa0c1de-77b4-4a3f-9e21-3c2b1a0f9e8d";
/// A service without users, with [`CLIENT_SECRET`] and the test certificate.
pub const DAEMON_CLIENT_ID: &str = "dae304c1-6a2b-4f5e-8d9c-1b2a3c4d5e6f";
/// A service whose certificates are trusted by subject name and issuer.
pub const SUBJECT_NAME_CLIENT_ID: &str = "51b3ec70-8d1e-4c6a-b5f4-0e9d8c7b6a59";
/// A service that proves itself with a token of [`DAEMON_CLIENT_ID`] for [`EXCHANGE_RESOURCE`].
pub const FEDERATED_CLIENT_ID: &str = "fede4a7e-0c1d-4b2e-9f3a-5d6c7b8a9e0f";
/// A public client of the family of Microsoft's own.
pub const FAMILY_CLIENT_ID: &str = "fa311e50-1a2b-4c3d-8e4f-5a6b7c8d9e01";
/// Another public client of the same family.
pub const OTHER_FAMILY_CLIENT_ID: &str = "fa311e50-2b3c-4d4e-9f5a-6b7c8d9e0f12";
/// The blueprint of an agent identity, with [`CLIENT_SECRET`] and the test certificate.
pub const BLUEPRINT_CLIENT_ID: &str = "b10e9417-3d4c-4e5f-8a6b-7c8d9e0f1a23";
/// An agent identity made from the blueprint; it acts as [`AGENT_USER`].
pub const AGENT_CLIENT_ID: &str = "a6e47000-4e5d-4f6a-9b7c-8d9e0f1a2b34";

/// The secret of every application that has one: characters that forms stumble over.
pub const CLIENT_SECRET: &str = "s3cret & ~more+%~";
/// Where public clients are redirected to; the port does not count.
pub const NATIVE_REDIRECT_URI: &str = "http://localhost";
/// Where public clients with a browser of their own are redirected to.
pub const NATIVE_CLIENT_REDIRECT_URI: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";
/// Where the web application is redirected to; the port does not count.
pub const WEB_REDIRECT_URI: &str = "http://localhost:5000/signin-oidc";
/// Where the web application's page is redirected to, which redeems the code that its server hands on.
pub const WEB_PAGE_REDIRECT_URI: &str = "http://localhost:5000/page";
/// Where the single-page application is redirected to; the port does not count.
pub const SPA_REDIRECT_URI: &str = "http://localhost:4200/app";
/// The common name of the test certificate and of those that are trusted by subject name.
pub const CERTIFICATE_NAME: &str = "daemon.contoso.com";

/// A scope of the web API, [`CONFIDENTIAL_CLIENT_ID`].
pub const API_SCOPE: &str = "api://c0de5afe-93f1-4b7d-a2e6-5f4e3d2c1b0a/Files.Read";
/// The identifier of the web API.
pub const API: &str = "api://c0de5afe-93f1-4b7d-a2e6-5f4e3d2c1b0a";
/// All that a service may do at Microsoft Graph.
pub const GRAPH_DEFAULT_SCOPE: &str = "https://graph.microsoft.com/.default";
/// The resource whose tokens are client assertions.
pub const EXCHANGE_RESOURCE: &str = "api://AzureADTokenExchange";
/// A resource that no tenant knows.
pub const UNKNOWN_RESOURCE: &str = "https://unknown.example";
/// A user flow of the B2C paths: `/contoso.com/B2C_1_signin`, `/tfp/contoso.com/B2C_1_signin`.
pub const B2C_POLICY: &str = "B2C_1_signin";
/// The code that the second factor's page asks for.
pub const MFA_CODE: &str = "246810";
/// A scope to ask for.
pub const SCOPE: &str = "user.read";

/// The password of every user but [`PLAIN_PASSWORD_USER`]: characters that XML, forms and eight-bit encodings stumble over.
pub const PASSWORD: &str = "correct horse & <battery> staple+ü";
/// A federated user: SAML 1.1, both versions of WS-Trust.
pub const FEDERATED_USER: &str = "joe@contoso.com";
/// A federated user whose server issues SAML 2.0.
pub const SAML2_USER: &str = "sam@fabrikam.com";
/// A federated user whose server has WS-Trust 2005 only.
pub const LEGACY_USER: &str = "lea@legacy.contoso.com";
/// A federated user whose server writes assertions that stand alone, as AD FS does, with nothing around them.
pub const SELF_CONTAINED_USER: &str = "fay@plain.contoso.com";
/// A user of a domain that is federated by SAML-P alone and has no metadata.
pub const SAMLP_USER: &str = "pam@saml.contoso.com";
/// A user of a managed domain with Seamless SSO.
pub const SEAMLESS_USER: &str = "sue@seamless.contoso.com";
/// A managed user.
pub const MANAGED_USER: &str = "ann@contoso.onmicrosoft.com";
/// A managed user with [`PLAIN_PASSWORD`], for libraries that name a charset where passwords suffer from it.
pub const PLAIN_PASSWORD_USER: &str = "pat@contoso.onmicrosoft.com";
/// The password of [`PLAIN_PASSWORD_USER`].
pub const PLAIN_PASSWORD: &str = "plain-password-1";
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
/// The user as whom the agent identity acts.
pub const AGENT_USER: &str = "agent007@contoso.onmicrosoft.com";
/// A managed guest, whose name must be escaped in a path.
pub const GUEST_USER: &str = "gus_example.org#EXT#@contoso.onmicrosoft.com";

/// The relying party of the cloud: what `AppliesTo` names.
pub const AUDIENCE: &str = "urn:federation:MicrosoftOnline";
/// A relying party that the federation server knows and the token endpoint is not.
pub const OTHER_RELYING_PARTY: &str = "urn:federation:SomebodyElse";

pub(crate) fn apps() -> Vec<App> {
    let app = |id: &str, name: &str| App { client_id: id.into(), name: name.into(), ..App::default() };
    let native = || {
        let redirect = |uri: &str| RedirectUri { platform: Platform::Native, uri: uri.into() };
        vec![
            redirect(NATIVE_REDIRECT_URI),
            redirect("http://127.0.0.1"),
            redirect(NATIVE_CLIENT_REDIRECT_URI),
        ]
    };
    let confidential = |id: &str, name: &str| App {
        public: false,
        secrets: vec![CLIENT_SECRET.into()],
        test_certificate: true,
        ..app(id, name)
    };
    let family = || Some("1".to_owned());
    vec![
        App { redirect_uris: native(), ..app(CLIENT_ID, "Contoso Desktop") },
        App { redirect_uris: native(), consented: false, ..app(UNCONSENTED_CLIENT_ID, "Unheard-of Desktop") },
        App {
            redirect_uris: vec![
                RedirectUri { platform: Platform::Web, uri: WEB_REDIRECT_URI.into() },
                RedirectUri { platform: Platform::Spa, uri: WEB_PAGE_REDIRECT_URI.into() },
            ],
            implicit_id_tokens: true,
            ..confidential(CONFIDENTIAL_CLIENT_ID, "Contoso Web")
        },
        App {
            public: false,
            redirect_uris: vec![RedirectUri { platform: Platform::Spa, uri: SPA_REDIRECT_URI.into() }],
            implicit_id_tokens: true,
            implicit_access_tokens: true,
            ..app(SPA_CLIENT_ID, "Contoso Single Page")
        },
        confidential(DAEMON_CLIENT_ID, "Contoso Daemon"),
        App {
            public: false,
            subject_name: Some(CERTIFICATE_NAME.into()),
            ..app(SUBJECT_NAME_CLIENT_ID, "Contoso Rotating Daemon")
        },
        App {
            public: false,
            federated_credentials: vec![FederatedCredential {
                issuer: format!("{{base}}/{TENANT_ID}/v2.0"),
                subject: guid_of(DAEMON_CLIENT_ID),
                audience: EXCHANGE_RESOURCE.into(),
            }],
            ..app(FEDERATED_CLIENT_ID, "Contoso Workload")
        },
        App { redirect_uris: native(), family: family(), ..app(FAMILY_CLIENT_ID, "Family One") },
        App { redirect_uris: native(), family: family(), ..app(OTHER_FAMILY_CLIENT_ID, "Family Two") },
        confidential(BLUEPRINT_CLIENT_ID, "Contoso Agent Blueprint"),
        App {
            public: false,
            blueprint: Some(BLUEPRINT_CLIENT_ID.into()),
            ..app(AGENT_CLIENT_ID, "Contoso Agent")
        },
    ]
}

pub(crate) fn users() -> Vec<User> {
    let user = |upn: &str, name: &str, state: UserState| User {
        upn: upn.to_owned(),
        password: if upn == PLAIN_PASSWORD_USER { PLAIN_PASSWORD } else { PASSWORD }.to_owned(),
        name: name.to_owned(),
        state,
        agent: (upn == AGENT_USER).then(|| AGENT_CLIENT_ID.to_owned()),
    };
    vec![
        user(FEDERATED_USER, "Joe Contoso", UserState::Active),
        user(SAML2_USER, "Sam Fabrikam", UserState::Active),
        user(LEGACY_USER, "Lea Legacy", UserState::Active),
        user(SELF_CONTAINED_USER, "Fay Contoso", UserState::Active),
        user(SAMLP_USER, "Pam Contoso", UserState::Active),
        user(SEAMLESS_USER, "Sue Contoso", UserState::Active),
        user(MANAGED_USER, "Ann Contoso", UserState::Active),
        user(PLAIN_PASSWORD_USER, "Pat Contoso", UserState::Active),
        user(MFA_USER, "Mia Contoso", UserState::MfaRequired),
        user(MFA_ENROLMENT_USER, "Max Contoso", UserState::MfaEnrolment),
        user(FEDERATED_MFA_USER, "Mel Contoso", UserState::MfaRequired),
        user(LOCKED_USER, "Leo Contoso", UserState::Locked),
        user(EXPIRED_USER, "Eva Contoso", UserState::PasswordExpired),
        user(AGENT_USER, "Agent Contoso", UserState::Active),
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
            "plain.contoso.com",
            Realm::Federated(Federation { self_contained: true, ..Federation::default() }),
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
