//! What ties an exchange of Negotiate tokens to the TLS connection on which it happens (RFC 5929).

use entrada_core::negotiate::ChannelBindings;
use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use x509_cert::der::asn1::{AnyRef, ContextSpecific, ObjectIdentifier};
use x509_cert::der::{self, Reader, SliceReader, TagNumber};
use x509_cert::spki::AlgorithmIdentifierRef;

/// The bindings of type `tls-server-end-point`, which servers with extended protection ask for: the hash of the server's
/// certificate, made with the hash function of the certificate's own signature, and with SHA-256 in place of MD5 and SHA-1.
///
/// `None` if the signature has no such function, as those with Ed25519: then nothing is defined (RFC 5929, section 4.1).
#[must_use]
pub fn tls_server_end_point(certificate: &CertificateDer<'_>) -> Option<ChannelBindings> {
    let hash = match signature_hash(certificate).ok()?? {
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    };
    Some(ChannelBindings([b"tls-server-end-point:", &*hash].concat()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The function by the algorithm that stands after the signed part (RFC 5280, section 4.1); `None` for one without.
fn signature_hash(certificate: &[u8]) -> der::Result<Option<Hash>> {
    let algorithm = SliceReader::new(certificate)?.sequence(|fields| {
        let _signed: AnyRef<'_> = fields.decode()?;
        let algorithm: AlgorithmIdentifierRef<'_> = fields.decode()?;
        let _signature: AnyRef<'_> = fields.decode()?;
        Ok::<_, der::Error>(algorithm)
    })?;
    match (algorithm.oid, algorithm.parameters) {
        (RSASSA_PSS, Some(parameters)) => pss_hash(parameters),
        // SHA-1 is the default.
        (RSASSA_PSS, None) => Ok(Some(Hash::Sha256)),
        (oid, _) => Ok(SIGNATURES.iter().find_map(|&(known, hash)| (known == oid).then_some(hash))),
    }
}

/// The function that the parameters of RSASSA-PSS name (RFC 4055, section 3.1).
fn pss_hash(parameters: AnyRef<'_>) -> der::Result<Option<Hash>> {
    let named = parameters.sequence(|fields| {
        let hash = ContextSpecific::<AlgorithmIdentifierRef<'_>>::decode_explicit(fields, TagNumber(0))?;
        // The mask generation, the salt and the trailer follow.
        while !fields.is_finished() {
            fields.decode::<AnyRef<'_>>()?;
        }
        Ok::<_, der::Error>(hash)
    })?;
    let oid = named.map_or(SHA_1, |field| field.value.oid);
    Ok(HASHES.iter().find_map(|&(known, hash)| (known == oid).then_some(hash)))
}

const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// Signatures with one hash function: of RSA (RFC 8017, appendix A.2.4) and ECDSA (RFC 5758, section 3.2).
const SIGNATURES: [(ObjectIdentifier, Hash); 11] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.14"), Hash::Sha224),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"), Hash::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"), Hash::Sha512),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.1"), Hash::Sha224),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), Hash::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), Hash::Sha512),
];

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// Hash functions by themselves (RFC 4055, section 2.1; the second is MD5).
const HASHES: [(ObjectIdentifier, Hash); 6] = [
    (SHA_1, Hash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.5"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4"), Hash::Sha224),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"), Hash::Sha256),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2"), Hash::Sha384),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3"), Hash::Sha512),
];

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
        PKCS_RSA_SHA256, PKCS_RSA_SHA512, SignatureAlgorithm,
    };

    fn certificate(algorithm: &'static SignatureAlgorithm) -> CertificateDer<'static> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let params = CertificateParams::new(["sts.contoso.com".to_owned()]).unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn the_hash_is_that_of_the_certificates_signature() {
        for (algorithm, length) in [
            (&PKCS_RSA_SHA256, 32),
            (&PKCS_RSA_SHA512, 64),
            (&PKCS_ECDSA_P256_SHA256, 32),
            (&PKCS_ECDSA_P384_SHA384, 48),
        ] {
            let ChannelBindings(data) = tls_server_end_point(&certificate(algorithm)).unwrap();
            let hash = data.strip_prefix(b"tls-server-end-point:").unwrap();
            assert_eq!(hash.len(), length, "{algorithm:?}");
        }
        let certificate = certificate(&PKCS_ECDSA_P256_SHA256);
        let ChannelBindings(data) = tls_server_end_point(&certificate).unwrap();
        assert_eq!(data, [b"tls-server-end-point:", &*Sha256::digest(&certificate)].concat());
    }

    #[test]
    fn where_nothing_is_defined_nothing_is_made() {
        assert_eq!(tls_server_end_point(&certificate(&PKCS_ED25519)), None);
        for junk in [&b""[..], b"\x30\x00", b"\x30\x02\x05\x00", b"junk"] {
            assert_eq!(tls_server_end_point(&CertificateDer::from(junk)), None);
        }
    }

    /// What stands around the algorithm is as short as can be.
    fn shortest(algorithm: &[u8]) -> Vec<u8> {
        let content = [b"\x30\x00", algorithm, b"\x03\x01\x00"].concat();
        [&[0x30, content.len() as u8], &*content].concat()
    }

    #[test]
    fn sha_256_stands_in_for_what_is_broken() {
        let md5 = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00";
        let sha1 = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00";
        for algorithm in [md5, sha1] {
            assert_eq!(signature_hash(&shortest(algorithm)), Ok(Some(Hash::Sha256)));
        }
    }

    #[test]
    fn pss_names_its_hash_among_its_parameters() {
        let pss = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
        let with = |parameters: &[u8]| {
            let length = (pss.len() + parameters.len()) as u8;
            signature_hash(&shortest(&[&[0x30, length], &pss[..], parameters].concat()))
        };
        let sha384 =
            b"\x30\x14\xa0\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\xa2\x03\x02\x01\x30";
        assert_eq!(with(sha384), Ok(Some(Hash::Sha384)));
        let sha3 = b"\x30\x0f\xa0\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x08";
        assert_eq!(with(sha3), Ok(None), "nobody has said what stands in for it");
        for default in [&b""[..], b"\x30\x00", b"\x30\x05\xa2\x03\x02\x01\x14"] {
            assert_eq!(with(default), Ok(Some(Hash::Sha256)));
        }
    }
}
