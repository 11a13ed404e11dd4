//! The unified cache schema that every MSAL reads and writes.
//!
//! One JSON object of five sections; times are decimal strings of seconds since the epoch; empty values are left out.
//! Keys are written as MSAL.NET writes them, and never read: the libraries differ in them, and agree in the members.
//!
//! What is read tolerantly: times as texts or numbers, `keyid`, `key_id` or `kid`, `userAssertionHash`, `ext` in place of
//! `ext_cache_key`, `ext_expires_on`, an absent `token_type`. What no MSAL writes is refused: trailing commas, unless the
//! text is read with [`tolerant`].

mod read;
mod write;

pub(crate) use self::read::read;
pub use self::read::tolerant;
pub(crate) use self::write::{as_it_came, bytes, keep_unknown, section, write};
use crate::fingerprint;
use crate::secret::Secret;

/// The sections that the schema knows.
pub const SECTIONS: [&str; 5] = [ACCESS_TOKEN, REFRESH_TOKEN, ID_TOKEN, ACCOUNT, APP_METADATA];

const ACCESS_TOKEN: &str = "AccessToken";
const REFRESH_TOKEN: &str = "RefreshToken";
const ID_TOKEN: &str = "IdToken";
const ACCOUNT: &str = "Account";
const APP_METADATA: &str = "AppMetadata";

/// The member that holds the token.
const SECRET: &str = "secret";

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

/// A secret that is there.
fn filled(secret: Secret) -> Option<Secret> {
    (!secret.expose().is_empty()).then_some(secret)
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
