//! A start line, read into a flow.

mod account;
mod arguments;
mod browser;
mod registration;

use entrada_core::application::RequestOptions;
use entrada_core::cache::TokenCache;
use entrada_core::error::Error;
use entrada_core::seed::Seed;
use entrada_core::time::Timestamp;
use serde::de::IgnoredAny;
use serde_json::Value;
use zeroize::Zeroizing;

use self::arguments::Arguments;
use self::registration::Registration;
use crate::conversation::AnyFlow;
use crate::members::{Members, Pairs, Refused};

/// What a start line says.
pub(crate) struct Start {
    /// The flow, or the core's own objection to an argument: the line was sound, so that is a failure and no refusal.
    pub(crate) flow: Result<AnyFlow, Error>,
    pub(crate) now: Timestamp,
    pub(crate) seed: Option<Seed>,
    pub(crate) cache: Option<TokenCache>,
}

/// The members that some starts cannot use: named in the reason, as they are no slip of the pen.
const OF_SOME_STARTS: [&str; 26] = [
    "tenant",
    "fmi_path",
    "region",
    "username",
    "password",
    "pending",
    "redirect_uri",
    "user_agent",
    "prompt",
    "domain_hint",
    "response_mode",
    "response_type",
    "spa",
    "extra_scopes_to_consent",
    "sign_in",
    "redirect",
    "assertion",
    "session_key",
    "credential",
    "user_id",
    "agent_id",
    "account",
    "force_refresh",
    "every_cloud",
    "revoke",
    "refresh_token",
];

/// Reads the members of the start `name`.
pub(crate) fn read(name: &str, mut members: Members<'_>) -> Result<Start, Refused> {
    let arguments = Arguments::read(name, &mut members)?;
    let registration = Registration::read(&mut members)?;
    let scopes: Vec<String> = if arguments.takes("scopes") {
        members.required("scopes", TEXTS)?
    } else {
        members.optional::<Vec<String>>("scopes", TEXTS)?;
        Vec::new()
    };
    let options = options(&arguments, &mut members)?;
    let now = members.now()?;
    let seed = members.text("seed")?.map(|digits| seed(&Zeroizing::new(digits))).transpose()?;
    let cache = match members.optional::<Value>("cache", "an object of the unified cache schema")? {
        None => None,
        Some(document) => Some(
            TokenCache::from_json(document)
                .map_err(|error| Refused(format!("the member \"cache\" cannot be used: {error}")))?,
        ),
    };
    for other in OF_SOME_STARTS {
        if members.optional::<IgnoredAny>(other, "")?.is_some() {
            return Err(Refused(format!("the start {name:?} cannot use the member {other:?}")));
        }
    }
    members.end(&format!("the start {name:?}"))?;

    let flow = registration.application().and_then(|app| arguments.flow(app, scopes, options, now));
    Ok(Start { flow, now, seed, cache })
}

const TEXTS: &str = "an array of texts";

/// The common options. Any start may have them; those that it has no use for, as what was put down holds its own, are left
/// out. The others stay behind, to be refused.
fn options(arguments: &Arguments, members: &mut Members<'_>) -> Result<RequestOptions, Refused> {
    let mut common = |name: &str| -> Result<Option<String>, Refused> {
        Ok(members.text(name)?.filter(|_| arguments.takes(name)))
    };
    let mut options = RequestOptions::default();
    options.claims = common("claims")?;
    options.correlation_id = common("correlation_id")?;
    options.login_hint = common("login_hint")?;
    options.federation_metadata = common("federation_metadata")?;
    if let Some(Pairs(pairs)) = members.optional("extra_query_parameters", "an object of texts")?
        && arguments.takes("extra_query_parameters")
    {
        options.extra_query_parameters = pairs;
    }
    let mut text = |name: &str| if arguments.takes(name) { members.text(name) } else { Ok(None) };
    options.tenant = text("tenant")?;
    options.fmi_path = text("fmi_path")?;
    Ok(options)
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
