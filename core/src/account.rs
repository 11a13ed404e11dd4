//! Who the tokens are for.

use std::fmt;

use crate::text::Text;

/// The identifier of an account in its home tenant: `{uid}.{utid}`, or the token's `sub` where the service gives no more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HomeAccountId(Text);

impl HomeAccountId {
    /// Takes an identifier as an earlier result gave it.
    #[must_use]
    pub fn new(id: impl Into<Text>) -> Self {
        Self(id.into())
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text, shared.
    pub(crate) fn shared(&self) -> Text {
        self.0.clone()
    }
}

impl fmt::Display for HomeAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account, as it is known in one tenant.
///
/// Results bring accounts. Whoever builds one begins with the `Default`, all empty, and sets the fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Account {
    /// The same for the account in whatever tenant it acts.
    pub home_account_id: HomeAccountId,
    /// The host name that stands for the cloud.
    pub environment: Text,
    /// The tenant of the token.
    pub tenant_id: Text,
    /// The account's identifier in that tenant: the `oid` claim, else `sub`.
    pub local_account_id: Option<Text>,
    /// The name to show and to sign in with: usually the UPN.
    pub username: Text,
    /// The person's full name.
    pub name: Option<Text>,
}

impl Account {
    /// Whether this is the account as its home tenant knows it.
    #[must_use]
    pub fn is_of_home_tenant(&self) -> bool {
        let home = self.home_account_id.as_str().rsplit_once('.').map(|(_, tenant)| tenant);
        home.is_none_or(|tenant| tenant.eq_ignore_ascii_case(&self.tenant_id))
    }
}
