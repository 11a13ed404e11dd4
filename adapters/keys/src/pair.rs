//! A key with its certificate.

use std::fmt;

use crate::certificates::Certificates;
use crate::error::KeyError;
use crate::key::PrivateKey;
use crate::pem;

/// A private key, the certificate that belongs to it, and those of its issuers.
#[derive(Clone)]
#[non_exhaustive]
pub struct KeyPair {
    /// The key.
    pub key: PrivateKey,
    /// Its certificate, in DER.
    pub certificate: Vec<u8>,
    /// What follows the certificate in `x5c` (RFC 7515, section 4.1.6), in DER: that of its issuer, then that of the
    /// issuer's issuer, and so on as far as they were given. Empty if the certificate is self-signed or alone.
    pub chain: Vec<Vec<u8>>,
}

impl KeyPair {
    /// Finds the certificate of a key, by its public key, and orders those of its issuers.
    ///
    /// If several certificates belong to the key, the first is taken. Certificates that belong to none of these are
    /// left out.
    ///
    /// # Errors
    ///
    /// If no certificate belongs to the key.
    pub fn new(key: PrivateKey, certificates: &Certificates) -> Result<Self, KeyError> {
        let mut chain = certificates.path(&key)?;
        let certificate = chain.remove(0);
        Ok(Self { key, certificate, chain })
    }

    /// Reads a PEM bundle: one private key and its certificate, perhaps with those of its issuers, in any order.
    ///
    /// # Errors
    ///
    /// As [`PrivateKey::from_pem`]; or if there is no certificate, one is damaged or none belongs to the key.
    pub fn from_pem(bundle: &[u8]) -> Result<Self, KeyError> {
        let blocks = pem::blocks(bundle)?;
        let key = PrivateKey::from_blocks(&blocks)?;
        Self::new(key, &Certificates::from_blocks(&blocks)?)
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("key", &self.key)
            .field("certificate", &format_args!("{} bytes", self.certificate.len()))
            .field("chain", &self.chain.len())
            .finish()
    }
}
