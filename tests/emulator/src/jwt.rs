//! Keys made at start, and the tokens signed with them.

use std::io;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use uuid::Builder;

/// The token-signing key.
pub(crate) struct Keys {
    pair: KeyPair,
    id: String,
}

impl Keys {
    pub(crate) fn generate() -> io::Result<Keys> {
        let pair =
            KeyPair::generate(KeySize::Rsa2048).map_err(|_| io::Error::other("no RSA key could be made"))?;
        let thumbprint = digest(&SHA256, pair.public_key().as_ref());
        let id = BASE64URL_NOPAD.encode(&thumbprint.as_ref()[..20]);
        Ok(Keys { pair, id })
    }

    /// The public key as a JSON Web Key Set.
    pub(crate) fn jwks(&self, issuer: &str) -> Value {
        let public = self.pair.public_key();
        let modulus = public.modulus().big_endian_without_leading_zero();
        let exponent = public.exponent().big_endian_without_leading_zero();
        json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "issuer": issuer,
            "n": BASE64URL_NOPAD.encode(modulus), "e": BASE64URL_NOPAD.encode(exponent),
        }] })
    }

    /// The claims as a signed JSON Web Token.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.id });
        let input = format!("{}.{}", url_safe(&header.to_string()), url_safe(&claims.to_string()));
        let signature = self.sign(input.as_bytes());
        format!("{input}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    /// An RSA signature with SHA-256.
    pub(crate) fn sign(&self, input: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        match self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature) {
            Ok(()) => signature,
            // A token without a signature fails where it is verified, and says so there.
            Err(_) => Vec::new(),
        }
    }
}

/// Text in base64url, without padding.
pub(crate) fn url_safe(text: &str) -> String {
    BASE64URL_NOPAD.encode(text.as_bytes())
}

/// A GUID that belongs to a text: always the same one.
pub(crate) fn guid_of(text: &str) -> String {
    let hash = digest(&SHA256, text.to_lowercase().as_bytes());
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A pairwise subject: opaque, the same for a user and an application.
pub(crate) fn subject_of(upn: &str, client_id: &str) -> String {
    BASE64URL_NOPAD
        .encode(digest(&SHA256, format!("{}\n{client_id}", upn.to_lowercase()).as_bytes()).as_ref())
}
