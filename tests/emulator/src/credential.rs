//! Test certificates and their keys, made once a process.

use std::sync::OnceLock;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
};
use ring::digest::{Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use crate::world::CERTIFICATE_NAME;

/// A certificate for client assertions, its key and the certificate of its issuer.
#[derive(Clone)]
pub struct TestCredential {
    /// The private key: RSA of 2048 bits, PKCS #8 in PEM.
    pub key_pem: String,
    /// The private key: RSA of 2048 bits, PKCS #8 in DER.
    pub key_der: Vec<u8>,
    /// The certificate in DER.
    pub certificate_der: Vec<u8>,
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// The certificate of its issuer in DER.
    pub issuer_der: Vec<u8>,
    /// The certificate and that of its issuer in PEM, one after the other.
    pub chain_pem: String,
}

impl std::fmt::Debug for TestCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestCredential")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

struct Made {
    registered: TestCredential,
    rotated: TestCredential,
    stranger: TestCredential,
}

/// The certificate that applications with `test_certificate` have registered.
pub(crate) fn registered() -> &'static TestCredential {
    &made().registered
}

/// A certificate of the same name and issuer that nobody has registered.
pub(crate) fn rotated() -> &'static TestCredential {
    &made().rotated
}

/// A certificate of the same name and of an issuer that nobody trusts.
pub(crate) fn stranger() -> &'static TestCredential {
    &made().stranger
}

/// The thumbprint that older services know.
pub(crate) fn sha1(der: &[u8]) -> Digest {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, der)
}

/// The thumbprint.
pub(crate) fn sha256(der: &[u8]) -> Digest {
    digest(&SHA256, der)
}

/// Three RSA keys take a second: they are made when the first of them is asked for.
fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        // There is no way on without them, and no input that could make this fail.
        let made = || -> Result<Made, rcgen::Error> {
            let (trusted, other) = (Authority::make()?, Authority::make()?);
            Ok(Made { registered: trusted.issue()?, rotated: trusted.issue()?, stranger: other.issue()? })
        };
        made().expect("certificates can be made")
    })
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: Vec<u8>,
}

impl Authority {
    fn make() -> Result<Authority, rcgen::Error> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        parameters.distinguished_name.push(DnType::CommonName, "Contoso Test Issuing Authority");
        let key = KeyPair::generate()?;
        let certificate = parameters.self_signed(&key)?;
        let (pem, der) = (certificate.pem(), certificate.der().to_vec());
        Ok(Authority { issuer: Issuer::new(parameters, key), pem, der })
    }

    fn issue(&self) -> Result<TestCredential, rcgen::Error> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.distinguished_name.push(DnType::CommonName, CERTIFICATE_NAME);
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256)?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        let certificate_pem = certificate.pem();
        Ok(TestCredential {
            key_pem: key.serialize_pem(),
            key_der: key.serialize_der(),
            certificate_der: certificate.der().to_vec(),
            chain_pem: format!("{certificate_pem}{}", self.pem),
            certificate_pem,
            issuer_der: self.der.clone(),
        })
    }
}
