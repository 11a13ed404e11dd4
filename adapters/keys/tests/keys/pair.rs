use entrada_keys::core::signer::SigningAlgorithm::Ps256;
use entrada_keys::{KeyError, KeyPair};

use crate::support::{KEY, OTHER_KEY, PATH, pem, verify};

#[test]
fn a_bundle_is_read_in_any_order() {
    let parts = [KEY.serialize_pem(), PATH.root.pem(), PATH.leaf.pem(), PATH.intermediate.pem()];
    for first in 0..parts.len() {
        let mut parts = parts.clone();
        parts.rotate_left(first);
        for bundle in [parts.concat(), parts.concat().replace('\n', "\r\n"), parts.join("# a comment\n")] {
            let pair = KeyPair::from_pem(bundle.as_bytes()).unwrap();
            assert_eq!(pair.certificate, **PATH.leaf.der());
            assert_eq!(pair.chain, [&**PATH.intermediate.der(), &**PATH.root.der()]);
            verify(&KEY, Ps256, b"input", &pair.key.sign(Ps256, b"input").unwrap());
        }
    }
}

#[test]
fn a_bundle_lacks_what_it_lacks() {
    let (key, leaf) = (KEY.serialize_pem(), PATH.leaf.pem());
    let refused = |parts: &[&str]| KeyPair::from_pem(parts.concat().as_bytes()).unwrap_err();
    assert_eq!(refused(&[&key]), KeyError::NoCertificate);
    assert_eq!(refused(&[&leaf]), KeyError::NoPrivateKey);
    assert_eq!(refused(&[&key, &PATH.intermediate.pem()]), KeyError::CertificateMismatch { count: 1 });
    assert_eq!(refused(&[&OTHER_KEY.serialize_pem(), &leaf]), KeyError::CertificateMismatch { count: 1 });
    assert_eq!(refused(&[&key, &leaf, &key]), KeyError::SeveralPrivateKeys { count: 2 });
    assert_eq!(refused(&[&pem("ENCRYPTED PRIVATE KEY", b"x"), &leaf]), KeyError::EncryptedPrivateKey);
    assert_eq!(refused(&[&key, &pem("CERTIFICATE", b"x")]), KeyError::MalformedCertificate { index: 0 });
}

#[test]
fn nothing_of_the_key_is_shown() {
    let pem = KEY.serialize_pem() + &PATH.leaf.pem();
    let pair = KeyPair::from_pem(pem.as_bytes()).unwrap();
    let size = pair.certificate.len();
    assert_eq!(
        format!("{pair:?}"),
        format!("KeyPair {{ key: PrivateKey(RSA, 2048 bits), certificate: {size} bytes, chain: 0 }}")
    );
}

#[test]
fn every_error_has_a_code_of_its_own_and_a_remedy() {
    use entrada_keys::{KeyKind, NotPem, PemProblem};
    let errors = [
        KeyError::NotPem(NotPem::Der),
        KeyError::MalformedPem(PemProblem::Base64),
        KeyError::NoPrivateKey,
        KeyError::SeveralPrivateKeys { count: 2 },
        KeyError::EncryptedPrivateKey,
        KeyError::UnsupportedPrivateKey(KeyKind::OpenSsh),
        KeyError::UnsupportedKeySize { bits: 1024 },
        KeyError::MalformedPrivateKey,
        KeyError::NoCertificate,
        KeyError::PrivateKeyAsCertificate,
        KeyError::MalformedCertificate { index: 0 },
        KeyError::CertificateMismatch { count: 1 },
        #[cfg(feature = "pfx")]
        KeyError::WrongPassword,
        #[cfg(feature = "pfx")]
        KeyError::MalformedPfx,
        #[cfg(feature = "pfx")]
        KeyError::UnsupportedPfx,
    ];
    let codes: std::collections::BTreeSet<_> = errors.iter().map(KeyError::code).collect();
    assert_eq!(codes.len(), errors.len());
    for error in errors {
        assert!(error.remedy().ends_with('.') && !error.remedy().contains("  "), "{}", error.remedy());
        assert!(!error.to_string().is_empty());
    }
}
