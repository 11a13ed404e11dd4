use entrada_keys::core::signer::SigningAlgorithm::{Ps256, Rs256};
use entrada_keys::core::signer::{SignerErrorKind, SigningInput};
use entrada_keys::{KeyRing, PrivateKey};

use crate::support::{KEY, OTHER_KEY, verify};

fn key(made: &rcgen::KeyPair) -> PrivateKey {
    PrivateKey::from_pkcs8_der(made.serialized_der()).unwrap()
}

#[test]
fn the_key_that_is_named_signs() {
    let ring = KeyRing::new();
    assert!(ring.add("app", key(&KEY)).is_none());
    assert!(ring.add("other", key(&OTHER_KEY)).is_none());
    for algorithm in [Ps256, Rs256] {
        for (name, made) in [("app", &*KEY), ("other", &*OTHER_KEY)] {
            let signature = ring.sign(&SigningInput::new(algorithm, "input", name)).unwrap();
            verify(made, algorithm, b"input", &signature);
        }
    }
}

#[test]
fn a_name_without_a_key_is_unavailable() {
    let ring = KeyRing::new();
    let question = SigningInput::new(Ps256, "input", "app");
    assert_eq!(ring.sign(&question).unwrap_err().kind, SignerErrorKind::Unavailable);
    ring.add("app", key(&KEY));
    assert!(ring.sign(&question).is_ok());
    assert!(ring.remove("app").is_some() && ring.remove("app").is_none());
    assert_eq!(ring.sign(&question).unwrap_err().kind, SignerErrorKind::Unavailable);
}

#[test]
fn clones_share_the_keys() {
    let ring = KeyRing::new();
    let clone = ring.clone();
    ring.add("app", key(&OTHER_KEY));
    assert!(ring.add("app", key(&KEY)).is_some());
    let signature = clone.sign(&SigningInput::new(Rs256, "input", "app")).unwrap();
    verify(&KEY, Rs256, b"input", &signature);
}

#[test]
fn threads_sign_at_the_same_time() {
    let ring = KeyRing::new();
    ring.add("app", key(&KEY));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let signature = ring.sign(&SigningInput::new(Ps256, "input", "app")).unwrap();
                verify(&KEY, Ps256, b"input", &signature);
            });
        }
    });
}

#[test]
fn debug_shows_the_names_alone() {
    let ring = KeyRing::new();
    ring.add("app", key(&KEY));
    assert_eq!(format!("{ring:?}"), r#"KeyRing(["app"])"#);
}
