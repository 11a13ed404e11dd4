use entrada_keys::core::secret::Secret;
use entrada_keys::core::signer::SigningAlgorithm::Ps256;
use entrada_keys::{KeyError, KeyPair};
use p12_keystore::{Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use x509_cert::der::{Reader, SliceReader};

use crate::support::{KEY, OTHER_KEY, PATH, self_signed, sequence, verify};

const SCHEMES: [EncryptionAlgorithm; 3] = [
    EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
    EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
    EncryptionAlgorithm::PbeWithShaAnd40BitRc4Cbc,
];

fn entry(key: &rcgen::KeyPair, certificates: &[&rcgen::Certificate]) -> KeyStoreEntry {
    let id = key.public_key_raw()[..20].to_vec();
    let certificates = certificates.iter().map(|one| Certificate::from_der(one.der()).unwrap());
    let key = PrivateKey::from_der(key.serialized_der()).unwrap();
    KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(id, key, certificates))
}

fn write(entries: Vec<KeyStoreEntry>, password: &str, scheme: EncryptionAlgorithm) -> Vec<u8> {
    let mut store = KeyStore::new();
    for (index, entry) in entries.into_iter().enumerate() {
        store.add_entry(&index.to_string(), entry);
    }
    let writer = store.writer(password).encryption_algorithm(scheme);
    writer.encryption_iterations(10).mac_iterations(10).write().unwrap()
}

/// The key with its chain, protected with AES.
fn file(password: &str) -> Vec<u8> {
    write(vec![entry(&KEY, &[&PATH.leaf, &PATH.intermediate, &PATH.root])], password, SCHEMES[0])
}

/// The file without its MAC.
fn without_mac(pfx: &[u8]) -> Vec<u8> {
    let mut reader = SliceReader::new(pfx).unwrap();
    let parts = reader.sequence(|reader| {
        let parts = [reader.tlv_bytes()?.to_vec(), reader.tlv_bytes()?.to_vec()];
        reader.drain(reader.remaining_len())?;
        x509_cert::der::Result::Ok(parts)
    });
    sequence(&parts.unwrap())
}

fn read(pfx: &[u8], password: &str) -> Result<KeyPair, KeyError> {
    KeyPair::from_pfx(pfx, &Secret::new(password))
}

#[test]
fn a_file_is_read_with_its_password_whatever_protects_it() {
    for scheme in SCHEMES {
        for password in ["", "secret", "Geheimnis äöü €"] {
            let pfx =
                write(vec![entry(&KEY, &[&PATH.leaf, &PATH.intermediate, &PATH.root])], password, scheme);
            let pair = read(&pfx, password).unwrap();
            assert_eq!(pair.certificate, **PATH.leaf.der());
            assert_eq!(pair.chain, [&**PATH.intermediate.der(), &**PATH.root.der()]);
            verify(&KEY, Ps256, b"input", &pair.key.sign(Ps256, b"input").unwrap());
        }
    }
}

#[test]
fn a_wrong_password_is_told_apart() {
    for scheme in SCHEMES {
        let pfx = write(vec![entry(&KEY, &[&PATH.leaf])], "secret", scheme);
        for password in ["", "Secret", "secret "] {
            assert_eq!(read(&pfx, password).unwrap_err(), KeyError::WrongPassword);
        }
    }
    assert_eq!(read(&file(""), "secret").unwrap_err(), KeyError::WrongPassword);
}

#[test]
fn a_file_without_a_mac_is_read_too() {
    let pfx = without_mac(&file("secret"));
    assert_eq!(read(&pfx, "secret").unwrap().certificate, **PATH.leaf.der());
    // One wrong password in 256 passes for a padding, and then what comes out is no structure.
    let error = read(&pfx, "wrong").unwrap_err();
    assert!(matches!(error, KeyError::WrongPassword | KeyError::MalformedPfx), "{error}");
}

#[test]
fn a_file_must_hold_one_key_and_its_certificate() {
    let refused = |entries| read(&write(entries, "secret", SCHEMES[0]), "secret").unwrap_err();
    let certificate = Certificate::from_der(PATH.leaf.der()).unwrap();
    assert_eq!(refused(vec![KeyStoreEntry::Certificate(certificate)]), KeyError::NoPrivateKey);
    let other = entry(&OTHER_KEY, &[&self_signed(&OTHER_KEY)]);
    assert_eq!(refused(vec![entry(&KEY, &[&PATH.leaf]), other]), KeyError::SeveralPrivateKeys { count: 2 });
    assert_eq!(refused(vec![entry(&KEY, &[])]), KeyError::NoCertificate);
    assert_eq!(refused(vec![entry(&KEY, &[&PATH.root])]), KeyError::CertificateMismatch { count: 1 });
    let ec = rcgen::KeyPair::generate().unwrap();
    let error = refused(vec![entry(&ec, &[&self_signed(&ec)])]);
    assert_eq!(error.code(), "unsupported_private_key");
}

#[test]
fn what_is_not_a_pfx_file_is_refused() {
    let pem = KEY.serialize_pem();
    let pfx = file("secret");
    for bytes in
        [&b""[..], b"garbage", pem.as_bytes(), KEY.serialized_der(), PATH.leaf.der(), &pfx[..pfx.len() - 1]]
    {
        assert_eq!(read(bytes, "secret").unwrap_err(), KeyError::MalformedPfx);
    }
}

#[test]
fn no_cut_and_no_change_makes_it_panic() {
    let pfx = without_mac(&file("secret"));
    for place in (0..pfx.len()).step_by(7) {
        assert!(read(&pfx[..place], "secret").is_err());
        let mut changed = pfx.clone();
        changed[place] ^= 0x55;
        let _ = read(&changed, "secret");
    }
}
