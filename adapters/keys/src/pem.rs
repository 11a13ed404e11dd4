//! The blocks of a PEM text (RFC 7468): which there are, and what is wrong with those that cannot be read.
//!
//! The decoding is rustls-pki-types'. It passes over labels that it does not know, so that an encrypted key would
//! look like no key at all; therefore the blocks are told apart here.

use rustls_pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use crate::error::{KeyError, NotPem, PemProblem};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// One block, not decoded.
pub(crate) struct Block<'a> {
    /// The words after `BEGIN`.
    pub(crate) label: &'a [u8],
    /// The block with its first and last line.
    text: &'a [u8],
}

impl Block<'_> {
    pub(crate) fn is_certificate(&self) -> bool {
        self.label == b"CERTIFICATE"
    }

    pub(crate) fn is_private_key(&self) -> bool {
        self.label.ends_with(b"PRIVATE KEY")
    }

    /// Whether it is encrypted, in PKCS#8 or in OpenSSL's old way (RFC 1421 headers).
    pub(crate) fn is_encrypted(&self) -> bool {
        self.label == b"ENCRYPTED PRIVATE KEY"
            || [&b"DEK-Info:"[..], b"Proc-Type:"].iter().any(|h| find(self.text, h).is_some())
    }

    /// The bytes that the block stands for.
    pub(crate) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        // One line end a line and no indentation, as the decoder wants it.
        let mut text = Zeroizing::new(Vec::with_capacity(self.text.len() + 1));
        for line in self.text.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii) {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        match <(SectionKind, Vec<u8>)>::from_pem_slice(&text) {
            Ok((_, der)) if !der.is_empty() => Ok(Zeroizing::new(der)),
            _ => Err(KeyError::MalformedPem(PemProblem::Base64)),
        }
    }
}

/// The blocks of a text, at least one.
pub(crate) fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, KeyError> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(start) = find(rest, BEGIN) {
        let (block, after) = split(&rest[start..]).map_err(KeyError::MalformedPem)?;
        blocks.push(block);
        rest = after;
    }
    if blocks.is_empty() { Err(KeyError::NotPem(look(text))) } else { Ok(blocks) }
}

/// Splits a text that starts with `BEGIN` after its first block.
fn split(text: &[u8]) -> Result<(Block<'_>, &[u8]), PemProblem> {
    let words = &text[BEGIN.len()..];
    let line = words.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let label = &line[..find(line, DASHES).ok_or(PemProblem::BeginLine)?];
    if !line[label.len() + DASHES.len()..].trim_ascii().is_empty() {
        return Err(PemProblem::LineBreaks);
    }
    let body = &words[line.len()..];
    let end = find(body, END).ok_or(PemProblem::EndLine)?;
    let last = body[end + END.len()..].strip_prefix(label).and_then(|rest| rest.strip_prefix(DASHES));
    let after = last.ok_or(PemProblem::EndLine)?;
    if find(&body[..end], BEGIN).is_some() {
        return Err(PemProblem::EndLine);
    }
    Ok((Block { label, text: &text[..text.len() - after.len()] }, after))
}

/// What a text without blocks is.
fn look(text: &[u8]) -> NotPem {
    match text {
        _ if text.trim_ascii().is_empty() => NotPem::Empty,
        // A SEQUENCE with a length of two bytes, as every key, certificate and PFX file is.
        [0x30, 0x82, ..] => NotPem::Der,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => NotPem::Utf16,
        _ if text.windows(4).any(|window| window == b"-\0-\0") => NotPem::Utf16,
        _ => NotPem::Other,
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> KeyError {
        blocks(text.as_bytes())
            .and_then(|blocks| blocks.iter().try_for_each(|b| b.decode().map(drop)))
            .unwrap_err()
    }

    #[test]
    fn blocks_are_found_between_other_text_and_whatever_the_line_ends() {
        let unix = "Bag Attributes\n    localKeyID: 01\n-----BEGIN CERTIFICATE-----\nAAEC\nAw==\n\
                    -----END CERTIFICATE-----\nsubject=x\n\
                    -----BEGIN PRIVATE KEY-----\nBAUG\n-----END PRIVATE KEY-----";
        let indented = unix.replace('\n', "\n    ");
        let marked = format!("\u{feff}{}", &unix[unix.find("-----").unwrap()..]);
        for text in [unix, &unix.replace('\n', "\r\n"), &unix.replace('\n', "\r"), &indented, &marked] {
            let blocks = blocks(text.as_bytes()).unwrap();
            let decoded: Vec<_> =
                blocks.iter().map(|block| (block.label, block.decode().unwrap().to_vec())).collect();
            assert_eq!(
                decoded,
                [(&b"CERTIFICATE"[..], vec![0, 1, 2, 3]), (b"PRIVATE KEY", vec![4, 5, 6])],
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_pem_is_named() {
        let utf16: Vec<u8> =
            "-----BEGIN CERTIFICATE-----".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (text, found) in [
            (&b""[..], NotPem::Empty),
            (b" \r\n\t", NotPem::Empty),
            (b"\x30\x82\x04\xa4\x02", NotPem::Der),
            (&utf16, NotPem::Utf16),
            (b"/etc/app.pem", NotPem::Other),
            (b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", NotPem::Other),
        ] {
            assert_eq!(blocks(text).err(), Some(KeyError::NotPem(found)));
        }
    }

    #[test]
    fn what_is_wrong_with_a_block_is_named() {
        for (text, expected) in [
            ("-----BEGIN CERTIFICATE", PemProblem::BeginLine),
            ("-----BEGIN CERTIFICATE\nAAEC\n-----END CERTIFICATE-----", PemProblem::BeginLine),
            ("-----BEGIN CERTIFICATE-----", PemProblem::EndLine),
            ("-----BEGIN CERTIFICATE-----\nAAEC\n", PemProblem::EndLine),
            ("-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFI", PemProblem::EndLine),
            ("-----BEGIN CERTIFICATE-----\nAAEC\n-----END PRIVATE KEY-----", PemProblem::EndLine),
            (
                "-----BEGIN CERTIFICATE-----\nAA\n-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----",
                PemProblem::EndLine,
            ),
            ("-----BEGIN CERTIFICATE-----\\nAAEC\\n-----END CERTIFICATE-----", PemProblem::LineBreaks),
            ("-----BEGIN CERTIFICATE----- AAEC -----END CERTIFICATE-----", PemProblem::LineBreaks),
            ("-----BEGIN CERTIFICATE-----\nAA!C\n-----END CERTIFICATE-----", PemProblem::Base64),
            ("-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----", PemProblem::Base64),
            ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", PemProblem::Base64),
        ] {
            assert_eq!(problem(text), KeyError::MalformedPem(expected), "{text}");
        }
    }

    #[test]
    fn encrypted_keys_are_known_by_label_or_by_headers() {
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAEC\n-----END ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n\
             AAEC\n-----END RSA PRIVATE KEY-----",
        ] {
            assert!(blocks(text.as_bytes()).unwrap()[0].is_encrypted());
        }
        let plain = blocks(b"-----BEGIN RSA PRIVATE KEY-----\nAAEC\n-----END RSA PRIVATE KEY-----").unwrap();
        assert!(!plain[0].is_encrypted());
    }
}
