use entrada_keys::{KeyError, KeyKind, NotPem, PemProblem, PrivateKey};
use rcgen::{KeyPair, PKCS_ED25519};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{ObjectIdentifier, OctetStringRef, UintRef};

use crate::support::{KEY, OTHER_KEY, PATH, pem, pkcs1, self_signed, sequence};

#[track_caller]
fn refused(text: impl AsRef<[u8]>) -> KeyError {
    PrivateKey::from_pem(text.as_ref()).unwrap_err()
}

#[test]
fn a_key_is_found_among_other_text_and_blocks() {
    let key = KEY.serialize_pem();
    let certificate = PATH.leaf.pem();
    for text in [
        key.clone(),
        key.replace('\n', "\r\n"),
        key.replace('\n', "\n    "),
        format!("Bag Attributes\n    localKeyID: 01 02\nKey Attributes: <No Attributes>\n{key}"),
        format!("{certificate}{key}{certificate}"),
        format!("\u{feff}{key}"),
        key.trim_end().to_owned(),
    ] {
        PrivateKey::from_pem(text.as_bytes()).unwrap();
    }
}

#[test]
fn what_holds_no_single_key_is_refused() {
    let (key, other) = (KEY.serialize_pem(), OTHER_KEY.serialize_pem());
    assert_eq!(refused(""), KeyError::NotPem(NotPem::Empty));
    assert_eq!(refused("garbage"), KeyError::NotPem(NotPem::Other));
    assert_eq!(refused(KEY.serialized_der()), KeyError::NotPem(NotPem::Der));
    assert_eq!(refused(self_signed(&KEY).pem()), KeyError::NoPrivateKey);
    assert_eq!(refused(KEY.public_key_pem()), KeyError::NoPrivateKey);
    assert_eq!(refused(format!("{key}{other}")), KeyError::SeveralPrivateKeys { count: 2 });
    assert_eq!(refused(format!("{key}{other}{key}")), KeyError::SeveralPrivateKeys { count: 3 });
}

#[test]
fn a_damaged_key_is_refused() {
    let text = KEY.serialize_pem();
    assert_eq!(refused(&text[..text.len() / 2]), KeyError::MalformedPem(PemProblem::EndLine));
    assert_eq!(refused(text.replace('\n', "\\n")), KeyError::MalformedPem(PemProblem::LineBreaks));
    assert_eq!(refused(text.replace('\n', " ")), KeyError::MalformedPem(PemProblem::LineBreaks));
    assert_eq!(refused(pem("PRIVATE KEY", b"garbage")), KeyError::MalformedPrivateKey);
    let der = KEY.serialized_der();
    assert_eq!(refused(pem("PRIVATE KEY", &der[..der.len() - 1])), KeyError::MalformedPrivateKey);
    assert_eq!(refused(pem("PRIVATE KEY", &pkcs1(der))), KeyError::MalformedPrivateKey);
    assert_eq!(refused(pem("RSA PRIVATE KEY", der)), KeyError::MalformedPrivateKey);
    // Well-formed, but its parts contradict each other.
    let mut contradictory = der.to_vec();
    contradictory[der.len() / 2] ^= 1;
    assert_eq!(refused(pem("PRIVATE KEY", &contradictory)), KeyError::MalformedPrivateKey);
}

#[test]
fn encrypted_keys_are_refused_as_such() {
    let encrypted = pem("ENCRYPTED PRIVATE KEY", &[0x30; 64]);
    let old = pem("RSA PRIVATE KEY", &[0; 64]).replacen(
        "KEY-----\n",
        "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0011\n\n",
        1,
    );
    for text in [encrypted, old] {
        let error = refused(text);
        assert_eq!(error, KeyError::EncryptedPrivateKey);
        assert!(error.remedy().contains("openssl pkey"));
    }
}

#[test]
fn keys_of_other_kinds_are_refused_by_name() {
    let ec = KeyPair::generate().unwrap();
    let ed25519 = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    for (text, kind) in [
        (ec.serialize_pem(), KeyKind::Ec),
        (pem("EC PRIVATE KEY", &pkcs1(ec.serialized_der())), KeyKind::Ec),
        (ed25519.serialize_pem(), KeyKind::Edwards),
        (pem("RSA PRIVATE KEY", &with_modulus_of(3072, 1)), KeyKind::RsaMultiPrime),
        (pem("DSA PRIVATE KEY", b"x"), KeyKind::Dsa),
        (pem("OPENSSH PRIVATE KEY", b"openssh-key-v1"), KeyKind::OpenSsh),
        (pem("PRIVATE KEY", &private_key_info("1.2.840.113549.1.1.10")), KeyKind::RsaPssOnly),
        (pem("PRIVATE KEY", &private_key_info("1.2.840.10040.4.1")), KeyKind::Dsa),
        (pem("PRIVATE KEY", &private_key_info("2.16.840.1.101.3.4.3.18")), KeyKind::Other),
    ] {
        assert_eq!(refused(text), KeyError::UnsupportedPrivateKey(kind));
    }
}

/// A PKCS#8 key of this algorithm.
fn private_key_info(algorithm: &str) -> Vec<u8> {
    let algorithm = ObjectIdentifier::new(algorithm).unwrap().to_der().unwrap();
    let key = OctetStringRef::new(b"key").unwrap().to_der().unwrap();
    sequence(&[0_u8.to_der().unwrap(), sequence(&[algorithm]), key])
}

#[test]
fn keys_too_short_or_too_long_are_refused_with_their_size() {
    for bits in [512, 1024, 2047, 8193, 16_384] {
        let text = pem("RSA PRIVATE KEY", &with_modulus_of(bits, 0));
        let error = refused(text);
        assert_eq!(error, KeyError::UnsupportedKeySize { bits });
        assert!(error.to_string().contains(&bits.to_string()));
    }
    // Of the right size, and nonsense otherwise.
    assert_eq!(refused(pem("RSA PRIVATE KEY", &with_modulus_of(2048, 0))), KeyError::MalformedPrivateKey);
}

/// A PKCS#1 key in form, with a modulus of this length.
fn with_modulus_of(bits: usize, version: u8) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= (8 - bits % 8) % 8;
    let number = |bytes: &[u8]| UintRef::new(bytes).unwrap().to_der().unwrap();
    let rest = std::iter::repeat_n(number(&[3]), 7);
    sequence(&[vec![number(&[version]), number(&modulus)], rest.collect()].concat())
}

#[test]
fn no_cut_and_no_change_makes_it_panic() {
    let text = pem("RSA PRIVATE KEY", &pkcs1(KEY.serialized_der()));
    for cut in 0..text.len() {
        let _ = PrivateKey::from_pem(&text.as_bytes()[cut..]);
        let _ = PrivateKey::from_pem(&text.as_bytes()[..cut]);
    }
    let der = KEY.serialized_der();
    for place in 0..40 {
        for value in [0, 1, 0x7f, 0x80, 0x84, 0xff] {
            let mut changed = der.to_vec();
            changed[place] = value;
            let _ = PrivateKey::from_pkcs8_der(&changed);
            let _ = PrivateKey::from_pkcs1_der(&changed);
        }
    }
}
