//! Certificates: whose they are, and in which order.

use std::fmt;

use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};

use crate::error::KeyError;
use crate::key::PrivateKey;
use crate::pem::{self, Block};

/// One or more X.509 certificates, in the order in which they were given.
#[derive(Clone)]
pub struct Certificates(Vec<Parsed>);

#[derive(Clone)]
struct Parsed {
    der: Vec<u8>,
    certificate: Certificate,
}

impl Certificates {
    /// Reads the certificates of a PEM text. Blocks of other kinds are passed over, private keys excepted.
    ///
    /// # Errors
    ///
    /// If there is no certificate, if one is damaged, or if there is a private key: where certificates are due it is
    /// there by mistake, and about to be handed on.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let blocks = pem::blocks(pem)?;
        if blocks.iter().any(Block::is_private_key) {
            return Err(KeyError::PrivateKeyAsCertificate);
        }
        Self::from_blocks(&blocks)
    }

    pub(crate) fn from_blocks(blocks: &[Block<'_>]) -> Result<Self, KeyError> {
        let certificates = blocks.iter().filter(|block| block.is_certificate());
        Self::from_der(
            certificates
                .map(|block| block.decode().map(|der| der.to_vec()))
                .collect::<Result<Vec<_>, _>>()?,
        )
    }

    /// Reads certificates in DER, one a member.
    ///
    /// # Errors
    ///
    /// If there is no certificate, or if one is damaged.
    pub fn from_der(certificates: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, KeyError> {
        let parse = |(index, der): (usize, Vec<u8>)| {
            let certificate =
                Certificate::from_der(&der).map_err(|_| KeyError::MalformedCertificate { index })?;
            Ok(Parsed { der, certificate })
        };
        let parsed = certificates.into_iter().enumerate().map(parse).collect::<Result<Vec<_>, _>>()?;
        if parsed.is_empty() { Err(KeyError::NoCertificate) } else { Ok(Self(parsed)) }
    }

    /// The certificates in DER, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|parsed| &*parsed.der)
    }

    /// The certificate of a key, then that of its issuer, and so on as far as they are there.
    pub(crate) fn path(&self, key: &PrivateKey) -> Result<Vec<Vec<u8>>, KeyError> {
        let leaf = self.0.iter().position(|parsed| parsed.belongs_to(key));
        let mut path = vec![leaf.ok_or(KeyError::CertificateMismatch { count: self.0.len() })?];
        while let Some(issuer) = path.last().and_then(|last| self.issuer(*last, &path)) {
            path.push(issuer);
        }
        Ok(path.into_iter().map(|index| self.0[index].der.clone()).collect())
    }

    /// Who issued a certificate: by name; and if several bear the name, by the identifier of the key.
    fn issuer(&self, of: usize, path: &[usize]) -> Option<usize> {
        let subject = &self.0[of];
        if subject.is_self_issued() {
            return None;
        }
        let named =
            |index: &usize| !path.contains(index) && self.0[*index].has_the_name_of_the_issuer_of(subject);
        let candidates = || (0..self.0.len()).filter(named);
        candidates()
            .find(|index| self.0[*index].has_the_key_of_the_issuer_of(subject))
            .or_else(|| candidates().next())
    }
}

impl Parsed {
    /// Whether it certifies this key. RSA public keys are compared without their algorithm's parameters: NULL and
    /// absent ones mean the same.
    fn belongs_to(&self, key: &PrivateKey) -> bool {
        let public_key = &self.certificate.tbs_certificate().subject_public_key_info().subject_public_key;
        public_key.as_bytes() == Some(key.public_key())
    }

    fn is_self_issued(&self) -> bool {
        self.has_the_name_of_the_issuer_of(self)
    }

    fn has_the_name_of_the_issuer_of(&self, other: &Self) -> bool {
        self.certificate.tbs_certificate().subject() == other.certificate.tbs_certificate().issuer()
    }

    fn has_the_key_of_the_issuer_of(&self, other: &Self) -> bool {
        let own = self.certificate.tbs_certificate().get_extension::<SubjectKeyIdentifier>();
        let wanted = other.certificate.tbs_certificate().get_extension::<AuthorityKeyIdentifier>();
        match (own, wanted) {
            (Ok(Some((_, own))), Ok(Some((_, wanted)))) => {
                wanted.key_identifier.is_some_and(|wanted| wanted == own.0)
            }
            _ => false,
        }
    }
}

/// Shows how many there are.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificates({})", self.0.len())
    }
}
