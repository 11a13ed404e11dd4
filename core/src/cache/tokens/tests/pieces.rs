use serde_json::Value;

use super::document::REFUSED;
use crate::cache::schema::DocumentError;
use crate::cache::{DocumentReader, TokenCache};

const PLENTY: usize = 1000;

/// What becomes of a document that comes in these pieces.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, most: usize) -> Result<TokenCache, DocumentError> {
    let mut reader = DocumentReader::new(0, most);
    for piece in pieces {
        reader = reader.push(piece)?;
    }
    reader.finish()
}

fn json(read: Result<TokenCache, DocumentError>) -> Result<Value, DocumentError> {
    read.map(|cache| cache.to_json())
}

const DOCUMENT: &str = r#" {"AccessToken" : {"k\u00e9" :{"environment":"e","client_id":"é🔑","secret":"s\n",
    "expires_on":12345, "later":[1,null,{"a":-1.5e3}]} , "no-item":1234 ,"nothing":null, "text":"" },
    "RefreshToken":null,"Account":{},"Unknown":[true, 12],"version":345} "#;
const VALUES: usize = 21;

#[test]
fn it_comes_to_the_same_wherever_a_document_is_parted() {
    let bytes = DOCUMENT.as_bytes();
    let whole = json(TokenCache::read(bytes, PLENTY));
    assert_eq!(whole.as_ref().unwrap(), &serde_json::from_str::<Value>(DOCUMENT).unwrap());
    for at in 0..=bytes.len() {
        let (before, after) = bytes.split_at(at);
        assert_eq!(json(read([before, after], PLENTY)), whole, "{at}");
        // Values that are read again take no more room.
        assert_eq!(read([before, after], VALUES).map(|cache| cache.len()), Ok(1), "{at}");
        assert_eq!(read([before, after], VALUES - 1).err(), Some(DocumentError::TooManyValues), "{at}");
    }
    for length in 1..bytes.len() {
        assert_eq!(json(read(bytes.chunks(length), PLENTY)), whole, "{length}");
    }
}

#[test]
fn what_ends_too_early_is_incomplete_wherever_it_ends() {
    let bytes = DOCUMENT.trim_end().as_bytes();
    for end in 0..bytes.len() {
        let part = &bytes[..end];
        assert_eq!(TokenCache::read(part, PLENTY).err(), Some(DocumentError::Incomplete), "{end}");
        assert_eq!(read(part.chunks(1), PLENTY).err(), Some(DocumentError::Incomplete), "{end}");
    }
}

#[test]
fn what_is_no_document_is_told_apart_in_pieces_too() {
    for (text, error) in REFUSED {
        for length in 1..=text.len() {
            let read = read(text.as_bytes().chunks(length), PLENTY);
            assert_eq!(read.err(), Some(error), "{text} by {length}");
        }
    }
    assert_eq!(read([&b"{\"a\":\"\xc3"[..], b"\xc3\"}"], PLENTY).err(), Some(DocumentError::NotJson));
}
