//! The unified cache schema that every MSAL reads and writes.
//!
//! One JSON object of five sections; times are decimal strings of seconds since the epoch; empty values are left out.
//! Keys are written as MSAL.NET writes them, and never read: the libraries differ in them, and agree in the members.
//!
//! What is read tolerantly: times as texts or numbers, `keyid`, `key_id` or `kid`, `userAssertionHash`, `ext` in place of
//! `ext_cache_key`, `ext_expires_on`, an absent `token_type`. What no MSAL writes is refused: trailing commas, unless the
//! text is read with [`tolerant`](fn@tolerant).

mod cursor;
mod item;
mod member;
mod read;
mod strict;
mod tolerant;
mod write;

pub(crate) use self::item::Came;
pub(crate) use self::read::{Reader, Sink};
pub use self::tolerant::tolerant;
pub(crate) use self::write::{Item, bytes, key, section};
use crate::fingerprint;

/// The sections that the schema knows.
pub const SECTIONS: [&str; 5] = [ACCESS_TOKEN, REFRESH_TOKEN, ID_TOKEN, ACCOUNT, APP_METADATA];

const ACCESS_TOKEN: &str = "AccessToken";
const REFRESH_TOKEN: &str = "RefreshToken";
const ID_TOKEN: &str = "IdToken";
const ACCOUNT: &str = "Account";
const APP_METADATA: &str = "AppMetadata";

/// What a token depends on beside its scopes, as all libraries hash it: SHA-256 over the pairs in the order of their names,
/// each text after its length, in base64url and lower case.
///
/// ```
/// use entrada_core::cache::ext_cache_key;
///
/// let key = ext_cache_key(&[("fmi_path", "SomeFmiPath/FmiCredentialPath")]);
/// assert_eq!(key, "cojvfy5tzae3njpkvcebguvvx5vvmnj8hphqrbogjoi");
/// ```
#[must_use]
pub fn ext_cache_key(parts: &[(&str, &str)]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    fingerprint::of_parts(parts.iter().flat_map(|&(name, value)| [name, value])).to_ascii_lowercase()
}

/// Why a document is no token cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Its end is missing.
    #[error("its end is missing")]
    Incomplete,
    /// It is no JSON.
    #[error("it is not JSON")]
    NotJson,
    /// It is JSON, and no object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// One of the known sections is no object.
    #[error("its section {0} is not an object")]
    Section(
        /// Which.
        &'static str,
    ),
    /// An object has the same name twice, so that readers disagree.
    #[error("a name stands twice in an object")]
    NameTwice,
    /// It has more values than there is room for.
    #[error("it has too many values")]
    TooManyValues,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_depends_on_is_hashed_as_in_the_other_libraries() {
        assert_eq!(
            ext_cache_key(&[("key2", "val2"), ("key1", "val1")]),
            "Kr19qyOIphQll5SzrwR9G4nPyjIqGibmmc_WFo89Qh4".to_ascii_lowercase()
        );
        assert_eq!(
            ext_cache_key(&[("fmi_path", "value")]),
            "N_lUCEwKadZV_NYbtG-2WTOrGF2nRNS6ihlfA7vbuzg".to_ascii_lowercase()
        );
        assert_eq!(
            ext_cache_key(&[("fmi_pat", "hvalue")]),
            "tJtm16M-SUK2_BKnibLr25lyUKI40qYcECO7KNuyU0k".to_ascii_lowercase()
        );
    }
}
