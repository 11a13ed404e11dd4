//! The members of an item that the schema knows.

/// Makes the members and their names one list.
macro_rules! members {
    ($($member:ident = $name:literal,)*) => {
        /// A member that a record stands for, under one of its names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Member {
            $($member,)*
        }

        impl Member {
            pub(super) const ALL: [Self; [$($name),*].len()] = [$(Self::$member),*];

            pub(super) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$member),)*
                    _ => None,
                }
            }

            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$member => $name,)*
                }
            }
        }
    };
}

members! {
    AccountSource = "account_source",
    AuthorityType = "authority_type",
    CachedAt = "cached_at",
    ClientId = "client_id",
    ClientInfo = "client_info",
    CredentialType = "credential_type",
    Environment = "environment",
    ExpiresOn = "expires_on",
    Ext = "ext",
    ExtCacheKey = "ext_cache_key",
    ExtExpiresOn = "ext_expires_on",
    ExtendedExpiresOn = "extended_expires_on",
    FamilyId = "family_id",
    FamilyName = "family_name",
    GivenName = "given_name",
    HomeAccountId = "home_account_id",
    KeyId = "key_id",
    Keyid = "keyid",
    Kid = "kid",
    LastModificationTime = "last_modification_time",
    LocalAccountId = "local_account_id",
    Name = "name",
    Realm = "realm",
    RefreshOn = "refresh_on",
    RequestedClaims = "requestedClaims",
    Secret = "secret",
    Target = "target",
    TokenType = "token_type",
    UserAssertionHash = "user_assertion_hash",
    UserAssertionHashOfNode = "userAssertionHash",
    Username = "username",
}

/// They fit in a [`Present`].
const _: () = assert!(Member::ALL.len() <= 32);

/// A set of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Present(u32);

impl Present {
    /// All that a record has something for.
    pub(crate) const ALL: Self = Self(u32::MAX);
    pub(super) const NONE: Self = Self(0);

    pub(super) const fn has(self, member: Member) -> bool {
        self.0 & (1 << member as u32) != 0
    }

    pub(super) const fn add(&mut self, member: Member) {
        self.0 |= 1 << member as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_has_a_name_and_a_place_of_its_own() {
        for member in Member::ALL {
            assert_eq!(Member::named(member.name()), Some(member));
            let mut present = Present::NONE;
            present.add(member);
            let others = Member::ALL.into_iter().filter(|other| present.has(*other));
            assert_eq!(others.collect::<Vec<_>>(), [member]);
        }
        assert_eq!(Member::named("wam_account_ids"), None);
    }
}
