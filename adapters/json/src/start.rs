//! A start line, read into a flow.

use entrada_core::application::{PublicClientApplication, RequestOptions};
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::cache::CacheDocument;
use entrada_core::error::Error;
use entrada_core::flow::integrated_windows_auth::IntegratedWindowsAuth;
use entrada_core::flow::username_password::UsernamePassword;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_core::seed::Seed;
use entrada_core::step::{Flow, Step};
use entrada_core::time::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::members::{Members, Pairs, Refused};

/// What a start line says.
pub(crate) struct Start {
    /// The flow, or the core's own objection to an argument: the line was sound, so that is a failure and no refusal.
    pub(crate) flow: Result<AnyFlow, Error>,
    pub(crate) now: Timestamp,
    pub(crate) seed: Option<Seed>,
    pub(crate) cache: Option<CacheDocument>,
}

/// A flow of whichever kind.
pub(crate) enum AnyFlow {
    IntegratedWindowsAuth(IntegratedWindowsAuth),
    UsernamePassword(UsernamePassword),
}

impl AnyFlow {
    pub(crate) fn start(self, now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        match self {
            Self::IntegratedWindowsAuth(flow) => flow.start(now, seed),
            Self::UsernamePassword(flow) => flow.start(now, seed),
        }
    }
}

/// The starts that the design names and this version cannot do.
const LATER: [&str; 7] = [
    "device_code",
    "sign_in",
    "authorization_code",
    "client_credentials",
    "on_behalf_of",
    "silent",
    "refresh_token",
];

/// The members of other flows: named in the reason, as they are no slip of the pen.
const OF_OTHER_FLOWS: [&str; 14] = [
    "client_secret",
    "client_certificate",
    "client_assertion",
    "fmi_path",
    "password",
    "pending",
    "redirect_uri",
    "sign_in",
    "redirect",
    "assertion",
    "session_key",
    "account",
    "force_refresh",
    "refresh_token",
];

/// Reads the members of the start `name`.
pub(crate) fn read(name: &str, mut members: Members<'_>) -> Result<Start, Refused> {
    let password = match name {
        "integrated_windows_auth" => None,
        "username_password" => Some(members.required::<Password>("password", "a text")?),
        later if LATER.contains(&later) => {
            return Err(Refused(format!("the start {later:?} is not supported yet")));
        }
        _ => return Err("there is no start of this name".into()),
    };
    let client_id: String = members.required("client_id", "a text")?;
    let authority: String = members.required("authority", "a text")?;
    let scopes: Vec<String> = members.required("scopes", TEXTS)?;
    // Without a name, integrated authentication fails in the core, with a remedy.
    let username = match &password {
        None => members.text("username")?.unwrap_or_default(),
        Some(_) => members.required("username", "a text")?,
    };
    match members.text("login_hint")? {
        // In these flows the hint decides nothing; one that names somebody else would be ignored in silence.
        Some(hint) if !same_user(&hint, &username) => {
            return Err("the member \"login_hint\" names another user than \"username\"".into());
        }
        _ => {}
    }
    let authority_options = authority_options(&mut members)?;
    let capabilities: Option<Vec<String>> = members.optional("client_capabilities", TEXTS)?;
    let client_info_headers = members.switch("client_info_headers")?;
    let options = options(&mut members)?;
    let now = members.now()?;
    let seed = members.text("seed")?.map(|digits| seed(&Zeroizing::new(digits))).transpose()?;
    let cache = match members.optional::<Value>("cache", "an object of the unified cache schema")? {
        None => None,
        Some(document) => Some(
            CacheDocument::from_json(document)
                .map_err(|error| Refused(format!("the member \"cache\" cannot be used: {}", error.detail)))?,
        ),
    };
    for other in OF_OTHER_FLOWS {
        if members.optional::<IgnoredAny>(other, "")?.is_some() {
            return Err(Refused(format!("the start {name:?} cannot use the member {other:?}")));
        }
    }
    members.end(&format!("the start {name:?}"))?;

    let flow = Authority::parse(&authority, authority_options).map(|authority| {
        let mut app = PublicClientApplication::new(client_id, authority);
        app.client_capabilities = capabilities.unwrap_or_default();
        app.client_info_headers = client_info_headers.unwrap_or(app.client_info_headers);
        match password {
            None => {
                let mut flow = IntegratedWindowsAuth::new(app, scopes, username);
                flow.options = options;
                AnyFlow::IntegratedWindowsAuth(flow)
            }
            Some(Password(password)) => {
                let mut flow = UsernamePassword::new(app, scopes, username, password);
                flow.options = options;
                AnyFlow::UsernamePassword(flow)
            }
        }
    });
    Ok(Start { flow, now, seed, cache })
}

const TEXTS: &str = "an array of texts";

fn authority_options(members: &mut Members<'_>) -> Result<AuthorityOptions, Refused> {
    let mut options = AuthorityOptions::default();
    if let Some(allow) = members.switch("allow_http_loopback")? {
        options = options.allow_http_loopback(allow);
    }
    if let Some(discover) = members.switch("instance_discovery")? {
        options = options.instance_discovery(discover);
    }
    Ok(options)
}

fn options(members: &mut Members<'_>) -> Result<RequestOptions, Refused> {
    let mut options = RequestOptions::default();
    options.claims = members.text("claims")?;
    options.correlation_id = members.text("correlation_id")?;
    options.federation_metadata = members.text("federation_metadata")?;
    if let Some(Pairs(pairs)) = members.optional("extra_query_parameters", "an object of texts")? {
        options.extra_query_parameters = pairs;
    }
    Ok(options)
}

/// Names of users have no case.
fn same_user(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn seed(digits: &str) -> Result<Seed, Refused> {
    let refused = || Refused::from("the member \"seed\" must be 64 hexadecimal digits");
    let mut bytes = Zeroizing::new([0; 32]);
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(refused());
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| refused())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| refused())?;
    }
    Ok(Seed::new(*bytes))
}

/// A password as a line carries it.
#[derive(Deserialize)]
struct Password(#[serde(deserialize_with = "secret")] Secret);

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}
