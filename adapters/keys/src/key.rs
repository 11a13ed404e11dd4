//! One RSA private key.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use entrada_core::signer::{Signature, SignerError, SignerErrorKind, SigningAlgorithm};
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef};
use x509_cert::der::{self, Reader, SliceReader};
use x509_cert::spki::AlgorithmIdentifier;

use crate::error::{KeyError, KeyKind};
use crate::pem::{self, Block};

/// A private RSA key of 2048 to 8192 bits. Cheap to clone: the clones share the key, and it is wiped with the last.
#[derive(Clone)]
pub struct PrivateKey(Arc<RsaKeyPair>);

impl PrivateKey {
    /// Reads the one private key of a PEM text: PKCS#1 (`RSA PRIVATE KEY`) or PKCS#8 (`PRIVATE KEY`).
    ///
    /// Blocks of other kinds, such as certificates, are passed over.
    ///
    /// # Errors
    ///
    /// If there is no private key or more than one, or if it is damaged, encrypted, not RSA or too short.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        Self::from_blocks(&pem::blocks(pem)?)
    }

    pub(crate) fn from_blocks(blocks: &[Block<'_>]) -> Result<Self, KeyError> {
        let mut keys = blocks.iter().filter(|block| block.is_private_key());
        let block = keys.next().ok_or(KeyError::NoPrivateKey)?;
        match keys.count() {
            0 => {}
            others => return Err(KeyError::SeveralPrivateKeys { count: others + 1 }),
        }
        if block.is_encrypted() {
            return Err(KeyError::EncryptedPrivateKey);
        }
        match block.label {
            b"PRIVATE KEY" => Self::from_pkcs8_der(&block.decode()?),
            b"RSA PRIVATE KEY" => Self::from_pkcs1_der(&block.decode()?),
            b"EC PRIVATE KEY" => Err(KeyError::UnsupportedPrivateKey(KeyKind::Ec)),
            b"DSA PRIVATE KEY" => Err(KeyError::UnsupportedPrivateKey(KeyKind::Dsa)),
            b"OPENSSH PRIVATE KEY" => Err(KeyError::UnsupportedPrivateKey(KeyKind::OpenSsh)),
            _ => Err(KeyError::UnsupportedPrivateKey(KeyKind::Other)),
        }
    }

    /// Reads a PKCS#8 `PrivateKeyInfo` (RFC 5208, RFC 5958) that is not encrypted.
    ///
    /// # Errors
    ///
    /// If it is damaged, not RSA or too short.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let (algorithm, key) = private_key_info(der).map_err(|_| KeyError::MalformedPrivateKey)?;
        if let Some(kind) = other_kind(algorithm) {
            return Err(KeyError::UnsupportedPrivateKey(kind));
        }
        check(key)?;
        RsaKeyPair::from_pkcs8(der).map(Self::new).map_err(|_| KeyError::MalformedPrivateKey)
    }

    /// Reads a PKCS#1 `RSAPrivateKey` (RFC 8017, appendix A.1.2).
    ///
    /// # Errors
    ///
    /// If it is damaged or too short.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        check(der)?;
        RsaKeyPair::from_der(der).map(Self::new).map_err(|_| KeyError::MalformedPrivateKey)
    }

    fn new(pair: RsaKeyPair) -> Self {
        Self(Arc::new(pair))
    }

    /// Signs bytes that are not hashed yet: about a millisecond of the processor with a key of 2048 bits.
    ///
    /// The signature is as long as the modulus.
    ///
    /// # Errors
    ///
    /// [`SignerErrorKind::Unsupported`] for algorithms other than PS256 and RS256.
    pub fn sign(&self, algorithm: SigningAlgorithm, input: &[u8]) -> Result<Signature, SignerError> {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            SigningAlgorithm::Ps256 => &RSA_PSS_SHA256,
            SigningAlgorithm::Rs256 => &RSA_PKCS1_SHA256,
            _ => return Err(SignerErrorKind::Unsupported.into()),
        };
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(encoding, &SystemRandom::new(), input, &mut signature)
            .map_err(|_| SignerError::new(SignerErrorKind::Other, "the RSA operation failed"))?;
        Ok(Signature::new(signature))
    }

    /// The public key as PKCS#1 `RSAPublicKey`, which is what a certificate for it holds.
    pub(crate) fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
}

/// Shows the length of the modulus alone.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(RSA, {} bits)", self.0.public_modulus_len() * 8)
    }
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// What a key is for, if not for RSA as such.
fn other_kind(algorithm: ObjectIdentifier) -> Option<KeyKind> {
    const KINDS: [(ObjectIdentifier, KeyKind); 7] = [
        (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"), KeyKind::RsaPssOnly),
        (ObjectIdentifier::new_unwrap("1.2.840.10045.2.1"), KeyKind::Ec),
        (ObjectIdentifier::new_unwrap("1.2.840.10040.4.1"), KeyKind::Dsa),
        (ObjectIdentifier::new_unwrap("1.3.101.110"), KeyKind::Edwards),
        (ObjectIdentifier::new_unwrap("1.3.101.111"), KeyKind::Edwards),
        (ObjectIdentifier::new_unwrap("1.3.101.112"), KeyKind::Edwards),
        (ObjectIdentifier::new_unwrap("1.3.101.113"), KeyKind::Edwards),
    ];
    if algorithm == RSA_ENCRYPTION {
        return None;
    }
    Some(KINDS.iter().find(|(known, _)| *known == algorithm).map_or(KeyKind::Other, |(_, kind)| *kind))
}

/// The algorithm of a PKCS#8 key, and the key itself.
fn private_key_info(der: &[u8]) -> der::Result<(ObjectIdentifier, &[u8])> {
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|reader| {
        let _version: u8 = reader.decode()?;
        let algorithm: AlgorithmIdentifier<AnyRef<'_>> = reader.decode()?;
        let key: &OctetStringRef = reader.decode()?;
        reader.drain(reader.remaining_len())?;
        Ok((algorithm.oid, key.as_bytes()))
    })
}

/// Looks into a PKCS#1 key: what is too short, or has many primes, deserves to be told so.
fn check(pkcs1: &[u8]) -> Result<(), KeyError> {
    let (version, bits) = version_and_size(pkcs1).map_err(|_| KeyError::MalformedPrivateKey)?;
    match (version, bits) {
        (0, 2048..=8192) => Ok(()),
        (0, _) => Err(KeyError::UnsupportedKeySize { bits }),
        (1, _) => Err(KeyError::UnsupportedPrivateKey(KeyKind::RsaMultiPrime)),
        _ => Err(KeyError::MalformedPrivateKey),
    }
}

/// The version of a PKCS#1 key, and the length of its modulus in bits.
fn version_and_size(pkcs1: &[u8]) -> der::Result<(u8, usize)> {
    let mut reader = SliceReader::new(pkcs1)?;
    reader.sequence(|reader| {
        let version: u8 = reader.decode()?;
        let modulus: UintRef<'_> = reader.decode()?;
        reader.drain(reader.remaining_len())?;
        let bytes = modulus.as_bytes();
        Ok((version, bytes.len() * 8 - bytes.first().map_or(0, |first| first.leading_zeros() as usize)))
    })
}
