//! The user, by Kerberos or by the environment.

use super::cache::Default;
use super::{CurrentUser, UserSource, cache};
use crate::error::IdentityError;
use crate::gss::{Gss, default_credentials};
use crate::principal::Principal;

/// The variable that names the user where Kerberos does not.
const VARIABLE: &str = "USERPRINCIPALNAME";

pub(super) fn current_user(
    rule: &dyn Fn(&Principal) -> Option<String>,
) -> Result<CurrentUser, IdentityError> {
    first_known(
        rule,
        cache::default_cache,
        || default_credentials(&Gss::load()?).map(|found| found.principal),
        || std::env::var(VARIABLE).ok(),
    )
}

fn unknown(detail: String) -> IdentityError {
    IdentityError::UnknownUser { detail }
}

/// The first source that knows; what the first two say if none does.
fn first_known(
    rule: &dyn Fn(&Principal) -> Option<String>,
    cache: impl FnOnce() -> Result<Default, IdentityError>,
    keytab: impl FnOnce() -> Result<String, IdentityError>,
    variable: impl FnOnce() -> Option<String>,
) -> Result<CurrentUser, IdentityError> {
    let nobody = |principal: &str| unknown(format!("the principal {principal} has no user principal name"));
    let by_rule = |text: &str| {
        let principal = Principal::parse(text).ok_or_else(|| nobody(text))?;
        let upn = rule(&principal).ok_or_else(|| nobody(text))?;
        Ok((upn, principal))
    };
    let in_cache = cache().and_then(|Default { cache, principal }| {
        let (upn, principal) = by_rule(&principal)?;
        Ok(CurrentUser { upn, source: UserSource::CredentialCache { cache, principal } })
    });
    let reason = match in_cache {
        Ok(user) => return Ok(user),
        Err(reason) => reason,
    };
    let in_keytab = keytab().and_then(|text| {
        let (upn, principal) = by_rule(&text)?;
        Ok(CurrentUser { upn, source: UserSource::ClientKeytab { principal } })
    });
    if let Ok(user) = in_keytab {
        return Ok(user);
    }
    match variable().map(|upn| upn.trim().to_owned()).filter(|upn| is_upn(upn)) {
        Some(upn) => Ok(CurrentUser { upn, source: UserSource::Environment { variable: VARIABLE } }),
        None => Err(reason),
    }
}

/// Whether a text can be a user principal name at all.
fn is_upn(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    plain
        && text
            .split_once('@')
            .is_some_and(|(user, suffix)| !user.is_empty() && !suffix.is_empty() && !suffix.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = Result<&'static str, &'static str>;

    fn ask(cache: Told, keytab: Told, variable: Option<&str>) -> Result<CurrentUser, IdentityError> {
        first_known(
            &Principal::upn,
            || match cache {
                Ok(text) => Ok(Default { cache: "FILE:/c".to_owned(), principal: text.to_owned() }),
                Err(detail) => Err(unknown(detail.to_owned())),
            },
            || keytab.map(str::to_owned).map_err(|detail| unknown(detail.to_owned())),
            || variable.map(str::to_owned),
        )
    }

    #[test]
    fn the_cache_comes_before_the_keytab_and_that_before_the_environment() {
        let alice = Ok("alice@CORP.EXAMPLE");
        let user = ask(alice, Ok("bob@X"), Some("carol@x")).unwrap();
        assert_eq!(user.upn, "alice@corp.example");
        let shown = "the principal alice@CORP.EXAMPLE of the credential cache FILE:/c";
        assert_eq!(user.source.to_string(), shown);

        let user = ask(Err("no cache"), alice, Some("carol@x")).unwrap();
        assert!(matches!(user.source, UserSource::ClientKeytab { .. }), "{user:?}");

        let user = ask(Err("no cache"), Err("no keytab"), Some(" carol@contoso.com\n")).unwrap();
        assert_eq!(user.upn, "carol@contoso.com");
        assert_eq!(user.source, UserSource::Environment { variable: "USERPRINCIPALNAME" });
        assert!(!user.source.is_stated());
    }

    #[test]
    fn a_principal_that_is_no_person_does_not_count() {
        let host = Ok("host/server@CORP.EXAMPLE");
        let user = ask(host, Err("none"), Some("carol@contoso.com")).unwrap();
        assert!(matches!(user.source, UserSource::Environment { .. }), "{user:?}");
        let error = ask(host, host, None).unwrap_err();
        assert_eq!(error.code(), "unknown_user");
        assert!(error.to_string().contains("host/server@CORP.EXAMPLE"), "{error}");
    }

    #[test]
    fn without_anyone_the_cache_says_why() {
        for variable in [None, Some(""), Some("carol"), Some("@x"), Some("a@b@c"), Some("a b@c")] {
            let error = ask(Err("no cache"), Err("no keytab"), variable).unwrap_err();
            assert_eq!(error, unknown("no cache".to_owned()), "{variable:?}");
        }
    }
}
