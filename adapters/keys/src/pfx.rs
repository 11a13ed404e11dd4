//! Keys and certificates in PFX files (PKCS#12, RFC 7292).

use entrada_core::secret::Secret;
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;

use crate::certificates::Certificates;
use crate::error::KeyError;
use crate::key::PrivateKey;
use crate::pair::KeyPair;

impl KeyPair {
    /// Reads a PFX file with one private key and its certificate, perhaps with those of its issuers.
    ///
    /// Files with and without a password are read, protected with AES (the default of OpenSSL 3 and of current
    /// Windows) or with 3DES or RC2 as older tools do. Deriving the keys from the password is slow by design:
    /// expect 1 to 100 milliseconds, and a second at most.
    ///
    /// # Errors
    ///
    /// [`KeyError::WrongPassword`] if the password is not the file's; otherwise if the file is damaged or
    /// protected in another way, and as [`KeyPair::from_pem`].
    pub fn from_pfx(pfx: &[u8], password: &Secret) -> Result<Self, KeyError> {
        let archive = Pkcs12Archive::from_pkcs12(pfx, password.expose()).map_err(|error| reason(&error))?;
        let key = match &*archive.keys {
            [] => return Err(KeyError::NoPrivateKey),
            [bag] => PrivateKey::from_pkcs8_der(bag.key.as_der())?,
            keys => return Err(KeyError::SeveralPrivateKeys { count: keys.len() }),
        };
        let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec());
        Self::new(key, &Certificates::from_der(certificates)?)
    }
}

fn reason(error: &Error) -> KeyError {
    match error {
        // Without a MAC, a wrong password shows only in what comes out of the decryption.
        Error::MacError(_) | Error::UnpadError => KeyError::WrongPassword,
        Error::Pkcs5Error(text) if text.ends_with("decryption failed") => KeyError::WrongPassword,
        Error::Pkcs5Error(_)
        | Error::InvalidParameters
        | Error::UnsupportedCertificateType
        | Error::UnsupportedContentType
        | Error::UnsupportedEncryptionScheme
        | Error::UnsupportedMacAlgorithm => KeyError::UnsupportedPfx,
        _ => KeyError::MalformedPfx,
    }
}
