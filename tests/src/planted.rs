//! The secrets that are planted in flows and answers, and what they look like in whatever holds them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use entrada_core::http::Request;

use crate::documents::{ASSERTION, TOKENS};

/// A password.
pub const PASSWORD: &str = "pl&nted-<passw\"ord>'+%ü";
/// A client's secret.
pub const CLIENT_SECRET: &str = "pl&nted-<client secret>~";
/// A client assertion, given beforehand or when asked for.
pub const CLIENT_ASSERTION: &str = "pl&nted-client.assertion.<x>";
/// The token that a user called with.
pub const USER_ASSERTION: &str = "pl&nted-user.assertion.<x>";
/// A refresh token from elsewhere.
pub const REFRESH_TOKEN: &str = "pl&nted-refresh-token/<y>";
/// An access token that an earlier flow kept.
pub const KEPT_ACCESS: &str = "pl&nted-kept<access>";
/// A refresh token of the family that an earlier flow kept.
pub const KEPT_FAMILY: &str = "pl&nted-kept<family>";
/// A refresh token of a long-running call.
pub const KEPT_SESSION: &str = "pl&nted-kept<session>";
/// What vouches for a user.
pub const FEDERATED: &str = "pl&nted-federated.credential.<x>";
/// The device code, as [`documents::device`](crate::documents::device) gives it.
pub const DEVICE_CODE: &str = "pl&nted-device<code+%";
/// An authorization code.
pub const CODE: &str = "pl&nted-code/<z>";
/// The value of the cookie that says who is signed in at AD FS.
pub const COOKIE: &str = "pl&nted-cookie/<w>==";
/// What proves that the code is redeemed by whoever began the sign-in.
pub const VERIFIER: &str = "pl&nted-verifier-of-forty-three-characters-";
/// What a signer signs with.
pub const SIGNATURE: &[u8] = b"pl&nted-signature-of-a-client-assertion";

/// Whether a request carries this text, in a form or in an envelope.
#[must_use]
pub fn carries(request: &Request, text: &str) -> bool {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let body = request.body.expose();
    url::form_urlencoded::parse(body).any(|(_, value)| value == text)
        || String::from_utf8_lossy(body).contains(&escaped)
}

/// Each secret as it is, and as XML, JSON, a form and base64 at any place would write it.
#[must_use]
pub fn secrets() -> Vec<String> {
    let mut all: Vec<String> = TOKENS.iter().map(|&token| token.to_owned()).collect();
    all.push("joe&#64;contoso.com</saml:Attribute>".to_owned());
    all.extend(encoded(ASSERTION.as_bytes()));
    all.extend(encoded(SIGNATURE));
    for secret in [
        PASSWORD,
        CLIENT_SECRET,
        CLIENT_ASSERTION,
        USER_ASSERTION,
        REFRESH_TOKEN,
        KEPT_ACCESS,
        KEPT_FAMILY,
        KEPT_SESSION,
        FEDERATED,
        DEVICE_CODE,
        CODE,
        COOKIE,
        VERIFIER,
    ] {
        all.push(secret.to_owned());
        all.push(secret.replace('&', "&amp;").replace('<', "&lt;"));
        all.push(secret.replace('"', "\\\""));
        all.push(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect());
        all.extend(encoded(secret.as_bytes()));
    }
    all
}

/// In base64 of both alphabets, wherever in a longer text the secret begins. What depends on its neighbours is left out.
fn encoded(secret: &[u8]) -> Vec<String> {
    let at = |before: usize| {
        let text = [&vec![b' '; before], secret].concat();
        [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)]
            .map(|all| all[(before * 4).div_ceil(3)..all.len() - 4].to_owned())
    };
    (0..3).flat_map(at).collect()
}
