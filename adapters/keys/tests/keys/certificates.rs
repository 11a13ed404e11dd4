use entrada_keys::{Certificates, KeyError, KeyPair, NotPem, PrivateKey};
use rcgen::Issuer;

use crate::support::{KEY, OTHER_KEY, PATH, Path, authority, named, pem, self_signed};

fn key() -> PrivateKey {
    PrivateKey::from_pkcs8_der(KEY.serialized_der()).unwrap()
}

fn path(certificates: &[&rcgen::Certificate]) -> Result<Vec<Vec<u8>>, KeyError> {
    let certificates = Certificates::from_der(certificates.iter().map(|one| one.der().to_vec()))?;
    let pair = KeyPair::new(key(), &certificates)?;
    Ok([vec![pair.certificate], pair.chain].concat())
}

fn ders(certificates: &[&rcgen::Certificate]) -> Vec<Vec<u8>> {
    certificates.iter().map(|one| one.der().to_vec()).collect()
}

#[test]
fn certificates_keep_their_order_and_other_blocks_are_passed_over() {
    let text = [PATH.root.pem(), KEY.public_key_pem(), PATH.leaf.pem().replace('\n', "\r\n")].concat();
    let certificates = Certificates::from_pem(text.as_bytes()).unwrap();
    assert_eq!(certificates.iter().collect::<Vec<_>>(), [&**PATH.root.der(), &**PATH.leaf.der()]);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let refused = |text: &str| Certificates::from_pem(text.as_bytes()).unwrap_err();
    assert_eq!(refused(""), KeyError::NotPem(NotPem::Empty));
    assert_eq!(refused(&KEY.public_key_pem()), KeyError::NoCertificate);
    assert_eq!(refused(&pem("PKCS7", b"x")), KeyError::NoCertificate);
    let second = PATH.leaf.pem() + &pem("CERTIFICATE", b"garbage");
    assert_eq!(refused(&second), KeyError::MalformedCertificate { index: 1 });
    let der = PATH.leaf.der();
    for damaged in [&der[..der.len() - 1], &[&**der, b"x"].concat()] {
        assert_eq!(refused(&pem("CERTIFICATE", damaged)), KeyError::MalformedCertificate { index: 0 });
    }
    assert_eq!(Certificates::from_der([]).unwrap_err(), KeyError::NoCertificate);
}

#[test]
fn a_private_key_is_refused_where_certificates_are_due() {
    let certificate = PATH.leaf.pem();
    for key in [KEY.serialize_pem(), pem("ENCRYPTED PRIVATE KEY", b"x"), pem("EC PRIVATE KEY", b"x")] {
        for text in [key.clone(), format!("{certificate}{key}"), format!("{key}{certificate}")] {
            let error = Certificates::from_pem(text.as_bytes()).unwrap_err();
            assert_eq!(error, KeyError::PrivateKeyAsCertificate);
        }
    }
}

#[test]
fn the_chain_is_ordered_from_every_order() {
    let Path { leaf, intermediate, root, .. } = &*PATH;
    for given in [
        [leaf, intermediate, root],
        [leaf, root, intermediate],
        [intermediate, leaf, root],
        [intermediate, root, leaf],
        [root, leaf, intermediate],
        [root, intermediate, leaf],
    ] {
        assert_eq!(path(&given).unwrap(), ders(&[leaf, intermediate, root]));
    }
}

#[test]
fn the_chain_ends_where_an_issuer_is_missing() {
    let Path { leaf, intermediate, root, .. } = &*PATH;
    assert_eq!(path(&[leaf]).unwrap(), ders(&[leaf]));
    assert_eq!(path(&[intermediate, leaf]).unwrap(), ders(&[leaf, intermediate]));
    assert_eq!(path(&[root, leaf]).unwrap(), ders(&[leaf]));
}

#[test]
fn unrelated_and_repeated_certificates_are_left_out() {
    let Path { leaf, intermediate, root, .. } = &*PATH;
    let unrelated = self_signed(&OTHER_KEY);
    assert_eq!(
        path(&[&unrelated, root, root, leaf, leaf, intermediate]).unwrap(),
        ders(&[leaf, intermediate, root])
    );
    let own = self_signed(&KEY);
    assert_eq!(path(&[root, &own, intermediate]).unwrap(), ders(&[&own]));
}

#[test]
fn of_several_certificates_for_the_key_the_first_is_taken() {
    let own = self_signed(&KEY);
    assert_eq!(path(&[&own, &PATH.leaf]).unwrap(), ders(&[&own]));
    assert_eq!(path(&[&PATH.leaf, &own]).unwrap(), ders(&[&PATH.leaf]));
}

#[test]
fn without_a_certificate_for_the_key_there_is_no_pair() {
    let other = self_signed(&OTHER_KEY);
    let error = path(&[&PATH.root, &other]).unwrap_err();
    assert_eq!(error, KeyError::CertificateMismatch { count: 2 });
    assert_eq!(error.to_string(), "none of the 2 certificates belongs to the private key");
}

#[test]
fn of_issuers_with_one_name_the_one_whose_key_signed_is_taken() {
    let Path { leaf, intermediate, .. } = &*PATH;
    let namesake = authority("intermediate").self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    assert_eq!(path(&[&namesake, intermediate, leaf]).unwrap(), ders(&[leaf, intermediate]));
    // And if nothing tells which key it was, the first.
    let mut plain = named("app");
    plain.use_authority_key_identifier_extension = false;
    let plain = plain.signed_by(&*KEY, &PATH.issuer).unwrap();
    assert_eq!(path(&[&namesake, intermediate, &plain]).unwrap(), ders(&[&plain, &namesake]));
}

#[test]
fn authorities_that_certify_each_other_end_the_chain() {
    let (a, b) = (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
    let a_by_b = authority("a").signed_by(&a, &Issuer::new(authority("b"), &b)).unwrap();
    let b_by_a = authority("b").signed_by(&b, &Issuer::new(authority("a"), &a)).unwrap();
    let leaf = named("app").signed_by(&*KEY, &Issuer::new(authority("a"), &a)).unwrap();
    assert_eq!(path(&[&b_by_a, &a_by_b, &leaf]).unwrap(), ders(&[&leaf, &a_by_b, &b_by_a]));
}
