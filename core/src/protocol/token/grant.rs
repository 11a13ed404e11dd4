//! What is exchanged for a token, and the request that carries it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use url::form_urlencoded;

use crate::cache::AccountSource;
use crate::context::Context;
use crate::http::Request;
use crate::protocol::wstrust::SamlVersion;
use crate::secret::{Secret, SecretBytes};

/// What is exchanged for a token.
#[derive(Debug, Clone)]
pub(crate) enum Grant {
    /// The user's password (RFC 6749, section 4.3).
    Password { username: String, password: Secret },
    /// The federation server's assertion (RFC 7522), byte for byte. Nothing else of the user goes with it.
    Saml { version: SamlVersion, assertion: SecretBytes, username: String },
}

impl Grant {
    /// How the cache remembers where an account came from; its name is the grant type.
    pub(crate) const fn account_source(&self) -> AccountSource {
        match self {
            Self::Password { .. } => AccountSource::Password,
            Self::Saml { version: SamlVersion::V1_1, .. } => AccountSource::Saml11,
            Self::Saml { version: SamlVersion::V2_0, .. } => AccountSource::Saml20,
        }
    }

    pub(crate) fn username(&self) -> &str {
        match self {
            Self::Password { username, .. } | Self::Saml { username, .. } => username,
        }
    }
}

pub(crate) fn request(cx: &Context, grant: &Grant) -> Request {
    let mut url = cx.app().authority.token_endpoint();
    if !cx.options().extra_query_parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(&cx.options().extra_query_parameters);
    }
    let request = Request::post(url, form(cx, grant).into_bytes())
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        // Without a charset: with one the service misreads passwords that hold `<` or `&`.
        .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
        // Routes the request to where the user's data is.
        .hint(HeaderName::from_static("x-anchormailbox"), &format!("UPN:{}", grant.username()));
    cx.identify(request)
}

/// The body, as `application/x-www-form-urlencoded`.
fn form(cx: &Context, grant: &Grant) -> String {
    let scope = cx.user_scopes();
    let source = grant.account_source();
    let encoded = match grant {
        Grant::Password { .. } => Secret::default(),
        Grant::Saml { assertion, .. } => Secret::new(STANDARD.encode(assertion.expose())),
    };
    let mut pairs = Vec::with_capacity(8);
    pairs.extend([
        ("client_id", cx.app().client_id.as_str()),
        ("scope", &scope),
        ("grant_type", source.as_str()),
    ]);
    match grant {
        Grant::Password { username, password } => {
            pairs.extend([("username", username.as_str()), ("password", password.expose())]);
        }
        Grant::Saml { .. } => pairs.push(("assertion", encoded.expose())),
    }
    pairs.push(("client_info", "1"));
    pairs.extend(cx.claims().map(|claims| ("claims", claims)));
    // Room for every byte to be escaped: a string that grows leaves its outgrown copies behind.
    let room = pairs.iter().fold(0, |room: usize, (name, value)| {
        room.saturating_add(name.len()).saturating_add(value.len().saturating_mul(3)).saturating_add(2)
    });
    form_urlencoded::Serializer::new(String::with_capacity(room)).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{PublicClientApplication, RequestOptions};
    use crate::seed::Seed;

    #[test]
    fn a_body_that_is_escaped_throughout_outgrows_nothing() {
        let text = "ü&".repeat(10_000);
        let authority = "https://login.microsoftonline.com/t".parse().unwrap();
        let app = PublicClientApplication::new(text.clone(), authority);
        let options =
            RequestOptions { claims: Some(r#"{"a":"%%%"}"#.to_owned()), ..RequestOptions::default() };
        let cx = Context::new(app, vec![text.clone()], options, Seed::new([0; 32])).unwrap();
        let password = Grant::Password { username: text.clone(), password: Secret::new(text.as_str()) };
        let assertion = SecretBytes::new(vec![0xff; 10_000]);
        let saml = Grant::Saml { version: SamlVersion::V2_0, assertion, username: text };
        for grant in [password, saml] {
            let form = form(&cx, &grant);
            // A string that had to grow has room for twice what it held before.
            assert!(form.len() > 90_000);
            assert!(form.capacity() - form.len() < 500, "{} for {}", form.capacity(), form.len());
        }
    }
}
