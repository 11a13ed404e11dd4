//! Keys made at start, and the tokens signed with them.

use std::io;
use std::sync::OnceLock;

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
    /// The process's one key: a key takes long to make, and the issuer tells the emulators apart.
    pub(crate) fn get() -> io::Result<&'static Keys> {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        match KEYS.get() {
            Some(keys) => Ok(keys),
            None => {
                let keys = Keys::generate()?;
                Ok(KEYS.get_or_init(|| keys))
            }
        }
    }

    fn generate() -> io::Result<Keys> {
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

    /// The claims of a token that was signed with this key.
    pub(crate) fn claims_of(&self, token: &str) -> Option<Value> {
        let (input, signature) = token.rsplit_once('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        let public = ring::signature::RsaPublicKeyComponents {
            n: self.pair.public_key().modulus().big_endian_without_leading_zero(),
            e: self.pair.public_key().exponent().big_endian_without_leading_zero(),
        };
        public.verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &signature).ok()?;
        let (_, claims) = input.split_once('.')?;
        serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?).ok()
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

/// The left half of a SHA-256 hash in base64url: `at_hash` and `c_hash`.
pub(crate) fn half_hash(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    BASE64URL_NOPAD.encode(&hash.as_ref()[..16])
}

/// The SHA-256 hash of a text in base64url: PKCE's `S256`.
pub(crate) fn hash(text: &str) -> String {
    BASE64URL_NOPAD.encode(digest(&SHA256, text.as_bytes()).as_ref())
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
