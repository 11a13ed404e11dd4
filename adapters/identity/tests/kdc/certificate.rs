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

/// Makes an authority, and a certificate of it for `localhost`.
pub(crate) fn issue(folder: &Folder) {
    let mut params = named("The tests' authority", &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("one");
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
