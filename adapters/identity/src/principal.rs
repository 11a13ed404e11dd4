//! The name of a Kerberos principal.

use std::fmt;

/// A Kerberos principal: `alice@CONTOSO.COM`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Principal {
    /// The parts of its name, which `/` stands between; a person's has one.
    pub components: Vec<String>,
    /// Its realm, as the KDC spells it: mostly in capitals.
    pub realm: String,
}

impl Principal {
    /// Reads the text that Kerberos tools show, in which a backslash takes the meaning from the character after it.
    ///
    /// `None` if there is no realm, or an empty part.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mut components, mut part, mut realm) = (Vec::new(), String::new(), None);
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => part.push(match characters.next()? {
                    'n' => '\n',
                    't' => '\t',
                    'b' => '\u{8}',
                    '0' => '\0',
                    other => other,
                }),
                '/' if realm.is_none() => components.push(std::mem::take(&mut part)),
                '@' if realm.is_none() => {
                    components.push(std::mem::take(&mut part));
                    realm = Some(());
                }
                '@' => return None,
                other => part.push(other),
            }
        }
        realm?;
        if part.is_empty() || components.iter().any(String::is_empty) {
            return None;
        }
        Some(Self { components, realm: part })
    }

    /// The user principal name by the usual rule: the name, `@`, and the realm in lower case.
    ///
    /// It is a guess: the realm is the Active Directory domain, and users may have another suffix in their names, in the
    /// directory or in Entra ID. A name that holds an `@` itself (an enterprise name) is taken as it is. `None` if this
    /// is not a person: a service or an instance, of more than one part, or an anonymous ticket.
    #[must_use]
    pub fn upn(&self) -> Option<String> {
        let [name] = self.components.as_slice() else { return None };
        if name.chars().any(|c| c.is_control() || c.is_whitespace()) || self.realm.starts_with("WELLKNOWN:") {
            return None;
        }
        Some(match name.split_once('@') {
            Some((user, suffix)) if !user.is_empty() && !suffix.is_empty() && !suffix.contains('@') => {
                name.clone()
            }
            Some(_) => return None,
            None => format!("{name}@{}", self.realm.to_lowercase()),
        })
    }
}

/// As Kerberos tools show it.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, component) in self.components.iter().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            escaped(f, component)?;
        }
        f.write_str("@")?;
        escaped(f, &self.realm)
    }
}

fn escaped(f: &mut fmt::Formatter<'_>, part: &str) -> fmt::Result {
    use fmt::Write as _;
    for character in part.chars() {
        match character {
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\u{8}' => f.write_str("\\b")?,
            '\0' => f.write_str("\\0")?,
            '\\' | '/' | '@' => write!(f, "\\{character}")?,
            other => f.write_char(other)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upn(text: &str) -> Option<String> {
        Principal::parse(text)?.upn()
    }

    #[test]
    fn the_realm_becomes_the_suffix_in_lower_case() {
        assert_eq!(upn("alice@CORP.EXAMPLE").as_deref(), Some("alice@corp.example"));
        assert_eq!(upn("Alice.B@CORP.EXAMPLE").as_deref(), Some("Alice.B@corp.example"));
    }

    #[test]
    fn an_enterprise_name_is_the_users_name_already() {
        assert_eq!(upn(r"bob\@example.com@CORP.EXAMPLE").as_deref(), Some("bob@example.com"));
    }

    #[test]
    fn what_is_not_a_person_has_no_user_principal_name() {
        for text in [
            "host/server.corp.example@CORP.EXAMPLE",
            "alice/admin@CORP.EXAMPLE",
            "WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS",
            "anonymous@WELLKNOWN:ANONYMOUS",
            r"a\nb@CORP.EXAMPLE",
            r"a\@b\@c@CORP.EXAMPLE",
            "alice",
            "@CORP.EXAMPLE",
            "alice@",
            "a@b@c",
            "alice@CORP\\",
        ] {
            assert_eq!(upn(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        for text in ["alice@CORP.EXAMPLE", r"bob\@example.com@CORP.EXAMPLE", r"a\/b/c\\d\n\t\b\0@R\@X"] {
            assert_eq!(Principal::parse(text).unwrap().to_string(), text);
        }
    }
}
