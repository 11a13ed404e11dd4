//! Signing with RSA keys held in this process, for applications that prove who they are with a certificate.
//!
//! The core holds no private key: a flow says what is to be signed, and with which key, in a
//! [`SigningInput`](core::signer::SigningInput). This crate reads keys and certificates, from PEM text or (with
//! the feature `pfx`) from PFX files, and answers such questions. It opens no file: the application reads the
//! bytes, from wherever they are kept. A key that cannot leave a vault or a token needs none of this; there, the
//! vault signs.
//!
//! ```
//! use entrada_keys::core::signer::{SigningAlgorithm, SigningInput};
//! use entrada_keys::{KeyPair, KeyRing};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)?;
//! # let certificate = rcgen::CertificateParams::new(vec!["app.contoso.com".to_owned()])?.self_signed(&key)?;
//! # let bundle = key.serialize_pem() + &certificate.pem();
//! // A private key and its certificate, in any order, perhaps with the certificates of its issuers:
//! // let bundle = std::fs::read("app.pem")?;
//! let pair = KeyPair::from_pem(bundle.as_bytes())?;
//!
//! // What the application says about itself: the certificate, and for `x5c` those of its issuers.
//! let (certificate, issuers) = (&pair.certificate, &pair.chain);
//! # assert!(certificate.starts_with(&[0x30]) && issuers.is_empty());
//!
//! // What answers the flows: keys by name.
//! let ring = KeyRing::new();
//! ring.add("app", pair.key);
//!
//! let question = SigningInput::new(SigningAlgorithm::Ps256, "eyJhbGciOi…", "app");
//! let signature = ring.sign(&question)?;
//! assert_eq!(signature.as_bytes().len(), 256);
//! # Ok(())
//! # }
//! ```
//!
//! # What is accepted
//!
//! - *Keys*: RSA of 2048 to 8192 bits, in PKCS#1 (`RSA PRIVATE KEY`) or PKCS#8 (`PRIVATE KEY`). PS256 and RS256,
//!   with which assertions are signed, take no other kind. Encrypted PEM keys are refused; [`KeyError::remedy`] tells how to
//!   make them readable.
//! - *Certificates*: X.509. The one that belongs to the key is found by its public key, and its issuers are
//!   ordered by name, so a bundle may hold them in any order. Neither dates nor signatures of certificates are
//!   judged: the service does that.
//! - *PEM*: text before, between and after the blocks, any line ends, indentation and a byte order mark are passed
//!   over.
//!
//! # What it costs
//!
//! One signature takes up to a millisecond of the processor with 2048 bits, and several with 4096; the first of a
//! process some tens, while the random generator starts. From async code call [`KeyRing::sign`] where blocking is
//! allowed: `tokio::task::spawn_blocking` or its like. Reading a key also checks it, in less time than a
//! signature takes.
//!
//! # What stays in memory
//!
//! The parsed key is wiped when its last clone is dropped. Of what is decoded on the way to it, this crate wipes
//! its own copies; the scratch buffers of the PEM decoder and of the PFX reader are beyond its reach, and the
//! bytes that the application passes in are the application's to wipe.

mod certificates;
mod error;
mod key;
mod pair;
mod pem;
#[cfg(feature = "pfx")]
mod pfx;
mod ring;

pub use certificates::Certificates;
pub use entrada_core as core;
pub use error::{KeyError, KeyKind, NotPem, PemProblem};
pub use key::PrivateKey;
pub use pair::KeyPair;
pub use ring::KeyRing;
