//! A certificate authority of the tests' own, and the certificates of its servers.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::folder::Folder;

/// Where the authority's certificate is; a child trusts it if it is there.
pub(crate) const AUTHORITY: &str = "authority.pem";
/// Where a server's certificate is, and its key.
pub(crate) const CERTIFICATE: &str = "server.pem";
pub(crate) const KEY: &str = "server.key";

/// How the authority signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Signature {
    #[default]
    EcdsaSha256,
    EcdsaSha384,
    RsaSha256,
    RsaSha512,
}

impl Signature {
    pub(crate) const ALL: [Self; 4] =
        [Self::EcdsaSha256, Self::EcdsaSha384, Self::RsaSha256, Self::RsaSha512];

    fn key(self) -> KeyPair {
        let algorithm = match self {
            Self::EcdsaSha256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::EcdsaSha384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::RsaSha256 => &rcgen::PKCS_RSA_SHA256,
            Self::RsaSha512 => &rcgen::PKCS_RSA_SHA512,
        };
        KeyPair::generate_for(algorithm).expect("a key")
    }

    /// What others call its hash.
    pub(crate) const fn hash(self) -> &'static str {
        match self {
            Self::EcdsaSha256 | Self::RsaSha256 => "sha256",
            Self::EcdsaSha384 => "sha384",
            Self::RsaSha512 => "sha512",
        }
    }
}

/// Makes an authority, and a certificate of it for `localhost`.
pub(crate) fn issue(folder: &Folder, signature: Signature) {
    let mut params = named("The tests' authority", &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let issuer = CertifiedIssuer::self_signed(params, signature.key()).expect("one");
    let key = KeyPair::generate().expect("a key");
    let mut params = named("localhost", &["localhost"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    folder.write(AUTHORITY, &issuer.pem());
    folder.write(CERTIFICATE, &certificate.pem());
    folder.write(KEY, &key.serialize_pem());
}

/// A subject of its own for each: OpenSSL takes a certificate with its issuer's name for a self-signed one.
fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("names of hosts");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
