//! How a user is named.

use crate::error::IdentityError;

/// A user of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// The user principal name, or the name within the domain.
    pub(super) name: String,
    /// The domain before a backslash.
    pub(super) domain: Option<String>,
    /// The realm that the caller named, which counts before the domain.
    pub(super) realm: Option<String>,
}

impl Account {
    /// Reads `alice@contoso.com`, `CONTOSO\alice` or `alice`.
    pub(super) fn parse(text: &str) -> Result<Self, IdentityError> {
        let malformed = || IdentityError::UserNameMalformed { user: text.escape_default().to_string() };
        let (domain, name) = match text.split_once('\\') {
            Some((domain, name)) => (Some(domain), name),
            None => (None, text),
        };
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        // Kerberos takes a slash for the end of a part of the name.
        let whole = |part: &str| plain(part) && !part.contains(['/', '\\']);
        let at = name.split_once('@');
        let upn = at.is_none_or(|(user, suffix)| whole(user) && whole(suffix) && !suffix.contains('@'));
        if !whole(name) || !upn || domain.is_some_and(|domain| !whole(domain) || domain.contains('@')) {
            return Err(malformed());
        }
        Ok(Self { name: name.to_owned(), domain: domain.map(str::to_owned), realm: None })
    }

    /// The domain that the KDC or NTLM is told beside the name: empty where the name itself tells it.
    pub(super) fn qualifier(&self) -> Result<&str, IdentityError> {
        match self.realm.as_deref().or(self.domain.as_deref()) {
            Some(realm)
                if realm.is_ascii() && !realm.is_empty() && !realm.contains(['@', '/', '\\', ' ']) =>
            {
                Ok(realm)
            }
            None if self.name.contains('@') => Ok(""),
            _ => Err(IdentityError::UserNameMalformed { user: self.name.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, realm: Option<&str>) -> Option<(String, String)> {
        let account = Account { realm: realm.map(str::to_owned), ..Account::parse(text).ok()? };
        let qualifier = account.qualifier().ok()?.to_owned();
        Some((account.name, qualifier))
    }

    #[test]
    fn a_name_tells_its_domain_unless_the_realm_is_named() {
        let told = |text, realm| parts(text, realm).map(|(name, qualifier)| format!("{name} of {qualifier}"));
        for (text, realm, expected) in [
            ("alice@contoso.com", None, "alice@contoso.com of "),
            ("alice@contoso.com", Some("CORP.EXAMPLE"), "alice@contoso.com of CORP.EXAMPLE"),
            ("CONTOSO\\alice", None, "alice of CONTOSO"),
            ("CONTOSO\\alice", Some("CONTOSO.COM"), "alice of CONTOSO.COM"),
            ("alice", Some("CONTOSO.COM"), "alice of CONTOSO.COM"),
            ("Mary Ann", Some("CONTOSO.COM"), "Mary Ann of CONTOSO.COM"),
        ] {
            assert_eq!(told(text, realm).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_user_of_a_domain_is_refused() {
        for text in
            ["", "alice", "@x", "a@", "a@b@c", "\\a", "A\\", "A\\b\\c", "a/b@c", "é@c", "a\0@c", "A@B\\c"]
        {
            assert_eq!(parts(text, None), None, "{text}");
        }
        for realm in ["", "A B", "A@B", "Ä"] {
            assert_eq!(parts("alice", Some(realm)), None, "{realm}");
        }
    }
}
