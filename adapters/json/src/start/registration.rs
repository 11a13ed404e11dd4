//! What a start line says of the application: its registration, its authority and how it proves who it is.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entrada_core::application::{
    Application, ClientCertificate, ClientCredential, ConfidentialClientApplication, PublicClientApplication,
};
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::error::Error;
use entrada_core::secret::Secret;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

use super::TEXTS;
use crate::members::{Members, Refused};

/// The application as the line has it.
pub(super) struct Registration {
    client_id: String,
    authority: String,
    oidc: bool,
    authority_options: AuthorityOptions,
    client_capabilities: Option<Vec<String>>,
    client_info_headers: Option<bool>,
    credential: Option<ClientCredential>,
}

impl Registration {
    pub(super) fn read(members: &mut Members<'_>) -> Result<Self, Refused> {
        Ok(Self {
            client_id: members.required("client_id", "a text")?,
            authority: members.required("authority", "a text")?,
            oidc: match members.text("authority_kind")?.as_deref() {
                None => false,
                Some("oidc") => true,
                Some(_) => return Err("the member \"authority_kind\" must be \"oidc\" or absent".into()),
            },
            authority_options: authority_options(members)?,
            client_capabilities: members.optional("client_capabilities", TEXTS)?,
            client_info_headers: members.switch("client_info_headers")?,
            credential: credential(members)?,
        })
    }

    /// The application: a confidential one if it has a credential.
    pub(super) fn application(self) -> Result<Application, Error> {
        let parse = if self.oidc { Authority::oidc } else { Authority::parse };
        let authority = parse(&self.authority, self.authority_options)?;
        let capabilities = self.client_capabilities.unwrap_or_default();
        Ok(match self.credential {
            None => {
                let mut app = PublicClientApplication::new(self.client_id, authority);
                app.client_capabilities = capabilities;
                app.client_info_headers = self.client_info_headers.unwrap_or(app.client_info_headers);
                app.into()
            }
            Some(credential) => {
                let mut app = ConfidentialClientApplication::new(self.client_id, authority, credential);
                app.client_capabilities = capabilities;
                app.client_info_headers = self.client_info_headers.unwrap_or(app.client_info_headers);
                app.into()
            }
        })
    }
}

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

/// The credential, of which there may be one.
fn credential(members: &mut Members<'_>) -> Result<Option<ClientCredential>, Refused> {
    const CERTIFICATE: &str =
        "an object with \"certificate\" and \"key\", and perhaps \"send_x5c\" and \"chain\"";
    let secret = members.secret("client_secret")?.map(ClientCredential::Secret);
    let certificate = members
        .optional::<Certificate>("client_certificate", CERTIFICATE)?
        .map(|certificate| ClientCredential::Certificate(certificate.0));
    let assertion = members
        .optional::<Assertion>("client_assertion", "a text, or true to be asked for one")?
        .map(|Assertion(credential)| credential);
    let mut given =
        [("client_secret", secret), ("client_certificate", certificate), ("client_assertion", assertion)]
            .into_iter()
            .filter_map(|(name, credential)| credential.map(|credential| (name, credential)));
    match (given.next(), given.next()) {
        (Some((one, _)), Some((other, _))) => {
            Err(Refused(format!("the members {one:?} and {other:?} exclude each other")))
        }
        (first, _) => Ok(first.map(|(_, credential)| credential)),
    }
}

/// A certificate, and the name of its key, with which the other side signs.
struct Certificate(ClientCertificate);

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            certificate: String,
            key: String,
            send_x5c: Option<bool>,
            chain: Option<Vec<String>>,
        }
        let written = Written::deserialize(deserializer)?;
        let der = |text: &String| {
            STANDARD.decode(text).ok().filter(|der| !der.is_empty()).ok_or(D::Error::custom("no base64"))
        };
        let mut certificate = ClientCertificate::new(der(&written.certificate)?, written.key);
        certificate.send_x5c = written.send_x5c.unwrap_or_default();
        certificate.chain = written.chain.unwrap_or_default().iter().map(der).collect::<Result<_, _>>()?;
        Ok(Self(certificate))
    }
}

/// An assertion that is at hand, or `true` where the other side is to be asked for one.
struct Assertion(ClientCredential);

impl<'de> Deserialize<'de> for Assertion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTrue;

        impl Visitor<'_> for TextOrTrue {
            type Value = Assertion;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or true")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Assertion, E> {
                Ok(Assertion(ClientCredential::Assertion(Secret::new(text))))
            }

            fn visit_bool<E: serde::de::Error>(self, ask: bool) -> Result<Assertion, E> {
                if ask {
                    Ok(Assertion(ClientCredential::AskForAssertion))
                } else {
                    Err(E::custom("it is false"))
                }
            }
        }

        // Not through `untagged`, which would leave a copy of the assertion behind.
        deserializer.deserialize_any(TextOrTrue)
    }
}
