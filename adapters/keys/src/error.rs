//! Why a key or a certificate cannot be used, and what to do about it.

use std::fmt;

/// Why a key or a certificate cannot be used. It holds nothing of what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no PEM block in the input.
    #[error("the input is not PEM: {0}")]
    NotPem(
        /// What it looks like instead.
        NotPem,
    ),
    /// A PEM block is damaged.
    #[error("a PEM block cannot be read: {0}")]
    MalformedPem(
        /// What is wrong with it.
        PemProblem,
    ),
    /// There is PEM, and no private key in it.
    #[error("the input holds no private key")]
    NoPrivateKey,
    /// There is more than one private key, and no telling which is meant.
    #[error("the input holds {count} private keys instead of one")]
    SeveralPrivateKeys {
        /// How many there are.
        count: usize,
    },
    /// The private key is protected by a password.
    #[error("the private key is encrypted")]
    EncryptedPrivateKey,
    /// The private key is not an RSA key of the ordinary kind.
    #[error("the private key is {0}: an ordinary RSA key is needed")]
    UnsupportedPrivateKey(
        /// What it is for.
        KeyKind,
    ),
    /// The RSA key is too short to be safe, or too long to be used.
    #[error("the RSA key has {bits} bits, not 2048 to 8192")]
    UnsupportedKeySize {
        /// The length of its modulus.
        bits: usize,
    },
    /// What should be a private key is none, or its parts contradict each other.
    #[error("the private key is damaged")]
    MalformedPrivateKey,
    /// There is no certificate in the input.
    #[error("the input holds no certificate")]
    NoCertificate,
    /// A private key was given where certificates are due.
    #[error("the input holds a private key where only certificates belong")]
    PrivateKeyAsCertificate,
    /// What should be a certificate is none.
    #[error("certificate {index} cannot be read")]
    MalformedCertificate {
        /// Its place among the certificates of the input, from 0.
        index: usize,
    },
    /// No certificate belongs to the private key.
    #[error("none of the {count} certificates belongs to the private key")]
    CertificateMismatch {
        /// How many certificates there are.
        count: usize,
    },
    /// The password does not open the PFX file.
    #[cfg(feature = "pfx")]
    #[error("the password does not open the PFX file")]
    WrongPassword,
    /// The input is not a PFX file, or a damaged one.
    #[cfg(feature = "pfx")]
    #[error("the input cannot be read as a PFX file")]
    MalformedPfx,
    /// The PFX file is protected in a way that is not understood.
    #[cfg(feature = "pfx")]
    #[error("the PFX file is protected in a way that is not supported")]
    UnsupportedPfx,
}

impl KeyError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotPem(_) => "not_pem",
            Self::MalformedPem(_) => "malformed_pem",
            Self::NoPrivateKey => "no_private_key",
            Self::SeveralPrivateKeys { .. } => "several_private_keys",
            Self::EncryptedPrivateKey => "encrypted_private_key",
            Self::UnsupportedPrivateKey(_) => "unsupported_private_key",
            Self::UnsupportedKeySize { .. } => "unsupported_key_size",
            Self::MalformedPrivateKey => "malformed_private_key",
            Self::NoCertificate => "no_certificate",
            Self::PrivateKeyAsCertificate => "private_key_as_certificate",
            Self::MalformedCertificate { .. } => "malformed_certificate",
            Self::CertificateMismatch { .. } => "certificate_mismatch",
            #[cfg(feature = "pfx")]
            Self::WrongPassword => "wrong_pfx_password",
            #[cfg(feature = "pfx")]
            Self::MalformedPfx => "malformed_pfx",
            #[cfg(feature = "pfx")]
            Self::UnsupportedPfx => "unsupported_pfx",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NotPem(found) => found.remedy(),
            Self::MalformedPem(problem) => problem.remedy(),
            Self::NoPrivateKey => {
                "Add the private key that belongs to the certificate: a block that begins with `-----BEGIN \
                 PRIVATE KEY-----`. A file that is called .cer or .crt holds the certificate alone."
            }
            Self::SeveralPrivateKeys { .. } => {
                "Keep the one key that belongs to the certificate and remove the others."
            }
            Self::EncryptedPrivateKey => {
                "Decrypt the key with `openssl pkey -in encrypted.pem -out plain.pem` and keep the result \
                 where the application alone can read it; or keep key and certificate in a PFX file, which is \
                 read with its password."
            }
            Self::UnsupportedPrivateKey(KeyKind::OpenSsh) => {
                "Convert a copy of the key with `ssh-keygen -p -m PKCS8 -f key`, or better make a key and a \
                 certificate for this application: `openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem \
                 -out certificate.pem`."
            }
            Self::UnsupportedPrivateKey(_) | Self::UnsupportedKeySize { .. } => {
                "Make an RSA key of 2048 to 8192 bits and a certificate for it, for instance with `openssl \
                 req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem`, and register the \
                 certificate with the application."
            }
            Self::MalformedPrivateKey => {
                "Export the key again. `openssl pkey -in key.pem -check -noout` tells whether a file holds a \
                 sound one."
            }
            Self::NoCertificate => {
                "Add the certificate: a block that begins with `-----BEGIN CERTIFICATE-----`. A .p7b file is \
                 converted with `openssl pkcs7 -print_certs`, a DER file with `openssl x509 -inform DER`."
            }
            Self::PrivateKeyAsCertificate => {
                "Give the certificates alone here, without the private key. If the file has been handed on as \
                 if it were public, replace the key."
            }
            Self::MalformedCertificate { .. } => {
                "Export the certificate again. `openssl x509 -in certificate.pem -noout -subject` tells \
                 whether a file holds a sound one."
            }
            Self::CertificateMismatch { .. } => {
                "Give the certificate that was made for this key. The two belong together if `openssl pkey \
                 -in key.pem -pubout` and `openssl x509 -in certificate.pem -noout -pubkey` print the same."
            }
            #[cfg(feature = "pfx")]
            Self::WrongPassword => {
                "Check the password of the PFX file; for a file without one, it is the empty text."
            }
            #[cfg(feature = "pfx")]
            Self::MalformedPfx => {
                "Check that the whole file was read as bytes, not as text or base64. A PEM file is not a PFX \
                 file. Otherwise write it anew: `openssl pkcs12 -in old.pfx -nodes -out plain.pem`, then \
                 `openssl pkcs12 -export -in plain.pem -out new.pfx`; or use the PEM file."
            }
            #[cfg(feature = "pfx")]
            Self::UnsupportedPfx => {
                "Export the file again with AES256-SHA256, in Windows a choice of the export wizard; with \
                 openssl it is the default of `openssl pkcs12 -export`."
            }
        }
    }
}

/// What an input that should be PEM looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotPem {
    /// There is nothing in it.
    Empty,
    /// Binary: a key or a certificate in DER, or a PFX file.
    Der,
    /// Text in UTF-16, as some Windows tools write it.
    Utf16,
    /// Something else.
    Other,
}

impl NotPem {
    const fn remedy(self) -> &'static str {
        match self {
            Self::Empty => {
                "Check where the application reads the key from: the file or the setting is empty."
            }
            Self::Der => {
                "Convert the file to PEM: `openssl pkcs12 -in app.pfx -nodes -out app.pem` for a PFX file, \
                 `openssl x509 -inform DER` for a certificate, `openssl pkey -inform DER` for a key."
            }
            Self::Utf16 => "Save the file as UTF-8.",
            Self::Other => {
                "Give the text of a PEM file, from its first `-----BEGIN` on: its contents, not its path, and \
                 not base64 alone."
            }
        }
    }
}

impl fmt::Display for NotPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::Der => "it is binary, DER or PFX",
            Self::Utf16 => "it is text in UTF-16",
            Self::Other => "it has no line that begins a block",
        })
    }
}

/// What is wrong with a PEM block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PemProblem {
    /// The line that begins it is not whole.
    BeginLine,
    /// The line that ends it is missing, or ends another kind of block.
    EndLine,
    /// There is something else on the line that begins it: the line breaks were lost.
    LineBreaks,
    /// What is between is not base64.
    Base64,
}

impl PemProblem {
    const fn remedy(self) -> &'static str {
        match self {
            Self::BeginLine | Self::EndLine | Self::Base64 => {
                "Copy the block again, whole and unchanged, from `-----BEGIN` to the line that starts with \
                 `-----END`."
            }
            Self::LineBreaks => {
                "Keep the line breaks: settings and environment variables often turn them into spaces or into \
                 the two characters `\\n`, and these have to be turned back."
            }
        }
    }
}

impl fmt::Display for PemProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeginLine => "the line that begins it is not whole",
            Self::EndLine => "the line that ends it is missing",
            Self::LineBreaks => "its line breaks are missing",
            Self::Base64 => "it is not base64",
        })
    }
}

/// What a private key is, if it is not an RSA key of the ordinary kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// Elliptic curves: ECDSA or ECDH.
    Ec,
    /// Ed25519, Ed448, X25519 or X448.
    Edwards,
    /// DSA.
    Dsa,
    /// RSA for RSASSA-PSS alone (RFC 4055), which cannot make the RS256 that AD FS wants.
    RsaPssOnly,
    /// RSA with more than two primes.
    RsaMultiPrime,
    /// In the format of OpenSSH, whatever it is for.
    OpenSsh,
    /// Something else.
    Other,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ec => "for elliptic curves",
            Self::Edwards => "for Ed25519 or its kin",
            Self::Dsa => "for DSA",
            Self::RsaPssOnly => "restricted to RSASSA-PSS",
            Self::RsaMultiPrime => "for RSA with more than two primes",
            Self::OpenSsh => "in the format of OpenSSH",
            Self::Other => "of another kind",
        })
    }
}
