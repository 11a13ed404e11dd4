//! Keys, certificates and PEM text.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256,
    RsaKeySize,
};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use x509_cert::der::asn1::{AnyRef, OctetStringRef};
use x509_cert::der::{Encode, Reader, SliceReader};

use entrada_keys::core::signer::{Signature, SigningAlgorithm};

/// The application's key.
pub(crate) static KEY: LazyLock<KeyPair> = LazyLock::new(|| rsa(RsaKeySize::_2048));
/// Somebody else's key.
pub(crate) static OTHER_KEY: LazyLock<KeyPair> = LazyLock::new(|| rsa(RsaKeySize::_2048));

pub(crate) fn rsa(size: RsaKeySize) -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).unwrap()
}

/// PEM text, with lines of 64 characters.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The PKCS#1 key within a PKCS#8 key.
pub(crate) fn pkcs1(pkcs8: &[u8]) -> Vec<u8> {
    let mut reader = SliceReader::new(pkcs8).unwrap();
    let read = reader.sequence(|reader| {
        let _version: u8 = reader.decode()?;
        let _algorithm: AnyRef<'_> = reader.decode()?;
        reader.decode::<&OctetStringRef>().map(|key| key.as_bytes().to_vec())
    });
    read.unwrap()
}

/// A SEQUENCE of what is encoded already.
pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    AnyRef::new(x509_cert::der::Tag::Sequence, &parts.concat()).unwrap().to_der().unwrap()
}

/// Checks a signature with ring.
#[track_caller]
pub(crate) fn verify(key: &KeyPair, algorithm: SigningAlgorithm, input: &[u8], signature: &Signature) {
    let scheme = match algorithm {
        SigningAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        _ => &RSA_PKCS1_2048_8192_SHA256,
    };
    UnparsedPublicKey::new(scheme, key.public_key_raw()).verify(input, signature.as_bytes()).unwrap();
}

pub(crate) fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params
}

pub(crate) fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub(crate) fn self_signed(key: &KeyPair) -> Certificate {
    named("app").self_signed(key).unwrap()
}

/// A leaf for [`KEY`], the certificate of its issuer and that of the root.
pub(crate) struct Path {
    pub(crate) leaf: Certificate,
    pub(crate) intermediate: Certificate,
    pub(crate) root: Certificate,
    /// What issued the leaf.
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

pub(crate) static PATH: LazyLock<Path> = LazyLock::new(|| {
    // The authorities' keys are of another kind, as they may be.
    let (root_key, issuer_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let root = authority("root").self_signed(&root_key).unwrap();
    let root_issuer = Issuer::new(authority("root"), root_key);
    let intermediate = authority("intermediate").signed_by(&issuer_key, &root_issuer).unwrap();
    let issuer = Issuer::new(authority("intermediate"), issuer_key);
    let leaf = named("app").signed_by(&*KEY, &issuer).unwrap();
    Path { leaf, intermediate, root, issuer }
});
