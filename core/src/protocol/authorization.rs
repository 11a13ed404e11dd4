//! The authorization request: the address at which a person signs in (RFC 6749, section 4.1.1), with proof of possession of
//! the code (PKCE, RFC 7636) and what Entra adds.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;
use zeroize::Zeroizing;

use crate::authority::{AuthorityKind, is_loopback};
use crate::context::Resolved;
use crate::error::{Error, Misuse};
use crate::protocol::redirect::ResponseMode;
use crate::secret::Secret;
use crate::seed::Seed;

/// What the service shows a person who may be signed in already (OpenID Connect Core, section 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignInPrompt {
    /// The sign-in itself, whoever is signed in.
    Login,
    /// What the application may do, to be consented to again.
    Consent,
    /// A choice among the accounts.
    SelectAccount,
    /// Nothing: where a page would be needed, the answer is an error such as `login_required`.
    None,
    /// The page for new accounts, where the tenant lets people sign up.
    Create,
}

impl SignInPrompt {
    /// Every value.
    pub const ALL: [Self; 5] = [Self::Login, Self::Consent, Self::SelectAccount, Self::None, Self::Create];

    /// The value of `prompt` in an authorization request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::None => "none",
            Self::Create => "create",
        }
    }
}

/// What one authorization request asks for, beside what the call's options say.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest<'a> {
    pub(crate) response_type: &'static str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) response_mode: Option<ResponseMode>,
    pub(crate) state: &'a Secret,
    pub(crate) nonce: &'a Secret,
    /// The verifier of the code, of which only the hash goes out.
    pub(crate) verifier: Option<&'a Secret>,
    pub(crate) prompt: Option<SignInPrompt>,
    pub(crate) domain_hint: Option<&'a str>,
}

/// A random text of 43 characters: 32 bytes in base64url, as a verifier, a state and a nonce are.
pub(crate) fn random(seed: &Seed, label: &str) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(*Zeroizing::new(seed.bytes(label, 0))))
}

/// The challenge to a verifier, by the method `S256` (RFC 7636, section 4.2).
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// The address to open in a browser. What the endpoint's own query says is kept: B2C names the policy there.
pub(crate) fn url(at: &Resolved, request: &AuthorizationRequest<'_>) -> Result<Url, Error> {
    let cx = &at.cx;
    let kind = cx.authority().kind();
    let options = cx.options();
    let mut url = at.endpoints.authorization();
    url.set_fragment(None);
    let taken = |name: &str| url.query_pairs().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if options.extra_query_parameters.iter().any(|(name, _)| taken(name)) {
        return Err(cx.fail(TWICE));
    }
    let challenge = request.verifier.map(|verifier| challenge(verifier.expose()));
    let anchor = options.login_hint.as_deref().filter(|_| kind.routes_by_user());
    let anchor = anchor.map(|login_hint| format!("UPN:{login_hint}"));
    let is_microsoft = kind.is_microsoft_cloud();
    let told = is_microsoft && cx.app().client_info_headers();
    // A provider that is no server of Microsoft's is not asked to understand the last four.
    let correlation = (*kind != AuthorityKind::Oidc).then(|| cx.correlation_id());
    let pairs = [
        (CLIENT_ID, Some(cx.app().client_id())),
        (RESPONSE_TYPE, Some(request.response_type)),
        (REDIRECT_URI, Some(request.redirect_uri)),
        (SCOPE, Some(request.scope)),
        (RESPONSE_MODE, request.response_mode.map(ResponseMode::as_str)),
        (STATE, Some(request.state.expose())),
        (NONCE, Some(request.nonce.expose())),
        (CODE_CHALLENGE, challenge.as_deref()),
        (CODE_CHALLENGE_METHOD, challenge.is_some().then_some("S256")),
        (PROMPT, request.prompt.map(SignInPrompt::as_str)),
        (LOGIN_HINT, options.login_hint.as_deref()),
        (DOMAIN_HINT, request.domain_hint),
        (CLAIMS, cx.claims()),
        (ANCHOR, anchor.as_deref()),
        (CLIENT_INFO, is_microsoft.then_some("1")),
        (CORRELATION, correlation),
        (SKU, told.then_some("Entrada")),
        (VERSION, told.then_some(env!("CARGO_PKG_VERSION"))),
    ];
    url.query_pairs_mut()
        .extend_pairs(pairs.into_iter().filter_map(|(name, value)| Some((name, value?))))
        .extend_pairs(&options.extra_query_parameters);
    Ok(url)
}

const CLIENT_ID: &str = "client_id";
const RESPONSE_TYPE: &str = "response_type";
const REDIRECT_URI: &str = "redirect_uri";
const SCOPE: &str = "scope";
const RESPONSE_MODE: &str = "response_mode";
const STATE: &str = "state";
const NONCE: &str = "nonce";
const CODE_CHALLENGE: &str = "code_challenge";
const CODE_CHALLENGE_METHOD: &str = "code_challenge_method";
const PROMPT: &str = "prompt";
const LOGIN_HINT: &str = "login_hint";
const DOMAIN_HINT: &str = "domain_hint";
const CLAIMS: &str = "claims";
const ANCHOR: &str = "X-AnchorMailbox";
const CLIENT_INFO: &str = "client_info";
const CORRELATION: &str = "client-request-id";
const SKU: &str = "x-client-SKU";
const VERSION: &str = "x-client-Ver";

/// What a request says for itself, and no caller beside it.
const RESERVED: [&str; 18] = [
    CLIENT_ID,
    RESPONSE_TYPE,
    REDIRECT_URI,
    SCOPE,
    RESPONSE_MODE,
    STATE,
    NONCE,
    CODE_CHALLENGE,
    CODE_CHALLENGE_METHOD,
    PROMPT,
    LOGIN_HINT,
    DOMAIN_HINT,
    CLAIMS,
    ANCHOR,
    CLIENT_INFO,
    CORRELATION,
    SKU,
    VERSION,
];

const TWICE: Misuse = Misuse::Argument {
    name: "extra query parameters",
    reason: "the request has a parameter of this name already (RFC 6749, section 3.1, allows each once)",
};

/// Refuses parameters that a request would have twice.
pub(crate) fn check_extra(parameters: &[(String, String)]) -> Result<(), Misuse> {
    let mut before = RESERVED.to_vec();
    for (name, _) in parameters {
        if before.iter().any(|taken| taken.eq_ignore_ascii_case(name)) {
            return Err(TWICE);
        }
        before.push(name);
    }
    Ok(())
}

/// Reads a redirect URI that an application may use (RFC 6749, section 3.1.2; RFC 8252, section 7).
///
/// It is compared byte for byte by the service, so it goes out as it was written and not as it was read here.
pub(crate) fn redirect_uri(text: &str, is_public: bool, mode: ResponseMode) -> Result<Url, Misuse> {
    let refuse = |reason| Err(Misuse::Argument { name: "redirect URI", reason });
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return refuse("it holds white space");
    }
    let Ok(url) = Url::parse(text) else { return refuse("it is not an absolute address") };
    if url.fragment().is_some() {
        return refuse("it holds a fragment");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => refuse("it is http, which is for this machine alone: localhost, 127.0.0.1 or [::1]"),
        "localhost" => refuse("its scheme is missing"),
        // What a browser would run, or read from elsewhere, is no application.
        "about" | "blob" | "data" | "file" | "filesystem" | "ftp" | "javascript" | "vbscript" | "ws"
        | "wss" => refuse("its scheme is neither https nor an application's own"),
        _ if !is_public => refuse("a scheme of one's own is for public clients; others use https"),
        _ if mode == ResponseMode::FormPost => refuse("no form can be posted to a scheme of one's own"),
        _ => Ok(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn what_is_random_has_43_characters_of_base64url_and_depends_on_its_label() {
        let seed = Seed::new([7; 32]);
        for label in ["pkce", "state", "nonce"] {
            let text = random(&seed, label);
            assert_eq!(text.expose().len(), 43);
            assert!(text.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        }
        assert_ne!(random(&seed, "pkce"), random(&seed, "state"));
    }

    #[test]
    fn a_redirect_uri_is_https_or_this_machine_or_a_public_clients_own_scheme() {
        use ResponseMode::{FormPost, Query};
        for (text, is_public, mode) in [
            ("https://app.example/callback?x=y", false, FormPost),
            ("http://localhost:8400/", false, FormPost),
            ("http://localhost", true, Query),
            ("http://127.0.0.1:1/a", true, Query),
            ("http://[::1]:1/a", true, FormPost),
            ("msal00001111://auth", true, Query),
            ("com.example.app:/callback", true, Query),
            ("urn:ietf:wg:oauth:2.0:oob", true, Query),
        ] {
            assert!(redirect_uri(text, is_public, mode).is_ok(), "{text}");
        }
        for (text, is_public, mode) in [
            ("", true, Query),
            ("/callback", true, Query),
            ("localhost", true, Query),
            ("localhost:8400/", true, Query),
            ("http://app.example/", true, Query),
            ("http://localhost.evil.example/", true, Query),
            ("http://192.168.1.2/", true, Query),
            ("https://app.example/#", true, Query),
            ("https://app.example/#x", true, Query),
            (" https://app.example/", true, Query),
            ("https://app.example/\n", true, Query),
            ("javascript:alert(1)", true, Query),
            ("data:text/html,x", true, Query),
            ("file:///etc/passwd", true, Query),
            ("msal00001111://auth", false, Query),
            ("msal00001111://auth", true, FormPost),
        ] {
            assert!(redirect_uri(text, is_public, mode).is_err(), "{text}");
        }
    }

    #[test]
    fn a_parameter_that_the_request_has_already_is_refused() {
        let check = |names: &[&str]| {
            let extra: Vec<_> = names.iter().map(|&name| (name.to_owned(), "x".to_owned())).collect();
            check_extra(&extra)
        };
        assert!(check(&["dc", "slice"]).is_ok());
        for name in RESERVED {
            assert!(check(&["dc", name]).is_err(), "{name}");
        }
        assert!(check(&["State"]).is_err());
        assert!(check(&["dc", "slice", "dc"]).is_err());
    }
}
