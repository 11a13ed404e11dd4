//! What says where tokens are kept: `file`, `plain:PATH`, `redis://HOST/` and so on.

use std::path::PathBuf;

use entrada_core::secret::Secret;
use url::Url;

/// A place for tokens.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An encrypted file, or the one that goes without saying.
    File(Option<PathBuf>),
    /// A file in plain text, or the one that goes without saying.
    Plain(Option<PathBuf>),
    /// Redis, by an address that may hold a password.
    Redis(Secret),
    /// Nowhere but in memory.
    Memory,
}

impl Place {
    /// Reads one. The reason names no value, as that may hold a password.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let path = |path: &str| match path {
            "" => Err("the path is empty".to_owned()),
            path => Ok(Some(PathBuf::from(path))),
        };
        match text {
            "file" => Ok(Self::File(None)),
            "plain" => Ok(Self::Plain(None)),
            "memory" => Ok(Self::Memory),
            _ if text.starts_with("redis://") || text.starts_with("rediss://") => match Url::parse(text) {
                Ok(url) if url.has_host() => Ok(Self::Redis(Secret::new(text))),
                _ => Err("this is no address of a Redis".to_owned()),
            },
            _ if text.contains("://") => Err(NONE.to_owned()),
            _ => match text.split_once(':') {
                Some(("file", rest)) => path(rest).map(Self::File),
                Some(("plain", rest)) => path(rest).map(Self::Plain),
                _ if text.contains(['/', '\\']) => path(text).map(Self::File),
                _ => Err(NONE.to_owned()),
            },
        }
    }

    /// Whether a password stands in it.
    pub(super) fn has_password(&self) -> bool {
        match self {
            Self::Redis(url) => Url::parse(url.expose()).is_ok_and(|url| url.password().is_some()),
            Self::File(_) | Self::Plain(_) | Self::Memory => false,
        }
    }
}

const NONE: &str = "this is none of file, file:PATH, plain, plain:PATH, redis://HOST/, rediss://HOST/, memory, and no \
                    path with a slash";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_word_a_path_or_an_address() {
        let path = |text: &str| Some(PathBuf::from(text));
        for (text, place) in [
            ("file", Place::File(None)),
            ("file:tokens", Place::File(path("tokens"))),
            ("file:/a/b", Place::File(path("/a/b"))),
            ("./tokens", Place::File(path("./tokens"))),
            ("/a/plain:b", Place::File(path("/a/plain:b"))),
            ("C:\\a\\b", Place::File(path("C:\\a\\b"))),
            ("plain", Place::Plain(None)),
            ("plain:C:\\a\\b", Place::Plain(path("C:\\a\\b"))),
            ("plain:tokens.json", Place::Plain(path("tokens.json"))),
            ("redis://127.0.0.1/2", Place::Redis(Secret::new("redis://127.0.0.1/2"))),
            ("rediss://u@cache.example:6380/", Place::Redis(Secret::new("rediss://u@cache.example:6380/"))),
            ("memory", Place::Memory),
        ] {
            assert_eq!(Place::parse(text).as_ref(), Ok(&place), "{text}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused_and_not_told() {
        for text in [
            "",
            "planted",
            "file:",
            "plain:",
            "redis://",
            "redis:planted",
            "https://planted/",
            "redis://:planted@",
        ] {
            let reason = Place::parse(text).unwrap_err();
            assert!(!reason.contains("planted"), "{text}: {reason}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_seen() {
        for (text, has) in [
            ("redis://:secret@host/", true),
            ("rediss://user:secret@host/", true),
            ("redis://user@host/", false),
            ("redis://host/", false),
            ("plain:a:b@c", false),
        ] {
            assert_eq!(Place::parse(text).unwrap().has_password(), has, "{text}");
        }
    }
}
