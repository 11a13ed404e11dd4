//! The client assertion: a JWT by which an application proves who it is (RFC 7523, section 3).
//!
//! | authority | `alg` | thumbprint in the header |
//! |---|---|---|
//! | Entra, B2C, External ID | `PS256` | `x5t#S256`, of SHA-256 |
//! | AD FS, dSTS, OpenID providers, and where the signer cannot do PS256 | `RS256` | `x5t`, of SHA-1 |

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::application::ClientCertificate;
use crate::context::Resolved;
use crate::secret::Secret;
use crate::signer::{Signature, SigningAlgorithm};
use crate::time::Timestamp;

/// How long an assertion is valid: ten minutes, as MSAL's are.
const LIFETIME: Duration = Duration::from_secs(600);
/// How long it is sent again: the last minute is left out.
const REUSE: Duration = Duration::from_secs(540);

/// An assertion without its signature.
#[derive(Debug)]
pub(crate) struct Unsigned {
    /// What is signed: header and claims (RFC 7515, section 5.1).
    pub(crate) input: String,
    pub(crate) reusable_until: Timestamp,
}

impl Unsigned {
    pub(crate) fn new(
        at: &Resolved,
        certificate: &ClientCertificate,
        audience: &str,
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Self {
        let mut header = Map::new();
        header.insert("alg".to_owned(), algorithm.as_str().into());
        header.insert("typ".to_owned(), "JWT".into());
        match algorithm {
            SigningAlgorithm::Ps256 => {
                header.insert("x5t#S256".to_owned(), thumbprint(&certificate.certificate).into());
            }
            SigningAlgorithm::Rs256 => {
                let sha1 = URL_SAFE_NO_PAD.encode(Sha1::digest(&certificate.certificate));
                header.insert("x5t".to_owned(), sha1.into());
            }
        }
        if certificate.send_x5c {
            let all = std::iter::once(&certificate.certificate).chain(&certificate.chain);
            let encoded: Vec<Value> = all.map(|der| STANDARD.encode(der).into()).collect();
            header.insert("x5c".to_owned(), encoded.into());
        }
        // Numbers, not texts; and `nbf` always, as without it the service takes the assertion to be of 1970.
        let begin = at.server_time(now);
        let client_id = at.cx.app().client_id();
        let claims = json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": at.cx.seed().uuid("jti", u32::from(algorithm == SigningAlgorithm::Rs256)),
            "iat": begin.as_secs(),
            "nbf": begin.as_secs(),
            "exp": begin.after(LIFETIME).as_secs(),
        });
        let encode = |value: String| URL_SAFE_NO_PAD.encode(value);
        let input = format!("{}.{}", encode(Value::Object(header).to_string()), encode(claims.to_string()));
        Self { input, reusable_until: now.after(REUSE) }
    }

    /// The whole assertion.
    pub(crate) fn with(&self, signature: &Signature) -> Secret {
        Secret::new(format!("{}.{}", self.input, URL_SAFE_NO_PAD.encode(signature.as_bytes())))
    }
}

/// The SHA-256 thumbprint of a certificate in DER (RFC 7515, section 4.1.8).
pub(crate) fn thumbprint(certificate: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(certificate))
}
