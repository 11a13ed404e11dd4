use entrada_keys::PrivateKey;
use entrada_keys::core::signer::SigningAlgorithm::{Ps256, Rs256};
use rcgen::RsaKeySize;

use crate::support::{KEY, OTHER_KEY, pem, pkcs1, rsa, verify};

const INPUT: &[u8] = b"eyJhbGciOiJQUzI1NiJ9.eyJhdWQiOiJhIn0";

#[test]
fn another_library_accepts_the_signatures_of_every_size() {
    for size in [RsaKeySize::_2048, RsaKeySize::_3072, RsaKeySize::_4096] {
        let made = rsa(size);
        let key = PrivateKey::from_pkcs8_der(made.serialized_der()).unwrap();
        for algorithm in [Ps256, Rs256] {
            for input in [INPUT, b"", &[7; 100_000]] {
                let signature = key.sign(algorithm, input).unwrap();
                verify(&made, algorithm, input, &signature);
            }
        }
    }
}

#[test]
fn both_formats_hold_the_same_key() {
    let der = KEY.serialized_der();
    for key in [
        PrivateKey::from_pem(KEY.serialize_pem().as_bytes()),
        PrivateKey::from_pkcs8_der(der),
        PrivateKey::from_pkcs1_der(&pkcs1(der)),
        PrivateKey::from_pem(pem("RSA PRIVATE KEY", &pkcs1(der)).as_bytes()),
    ] {
        let signature = key.unwrap().sign(Rs256, INPUT).unwrap();
        verify(&KEY, Rs256, INPUT, &signature);
    }
}

#[test]
fn rs256_is_the_same_each_time_and_ps256_is_not() {
    let key = PrivateKey::from_pkcs8_der(KEY.serialized_der()).unwrap();
    assert_eq!(key.sign(Rs256, INPUT), key.sign(Rs256, INPUT));
    assert_ne!(key.sign(Ps256, INPUT), key.sign(Ps256, INPUT));
}

#[test]
#[should_panic(expected = "Unspecified")]
fn the_check_itself_notices_another_key() {
    let key = PrivateKey::from_pkcs8_der(KEY.serialized_der()).unwrap();
    verify(&OTHER_KEY, Ps256, INPUT, &key.sign(Ps256, INPUT).unwrap());
}
