//! What the answers of Windows mean.

use super::{CurrentUser, UserSource};
use crate::error::{IdentityError, WindowsAccount};

/// What Windows is asked; an error is its code.
pub(super) trait Calls {
    /// `GetUserNameExW(NameUserPrincipal)`
    fn user_principal(&self) -> Result<String, u32>;
    /// `GetUserNameExW(NameSamCompatible)`: `DOMAIN\user`
    fn sam_compatible(&self) -> Result<String, u32>;
    /// `GetComputerNameW`
    fn computer(&self) -> Result<String, u32>;
}

pub(super) fn current_user(calls: &impl Calls) -> Result<CurrentUser, IdentityError> {
    match calls.user_principal() {
        Ok(upn) if upn.trim().is_empty() => {
            Err(IdentityError::UnknownUser { detail: "Windows gave an empty name".to_owned() })
        }
        Ok(upn) => Ok(CurrentUser { upn, source: UserSource::Windows }),
        Err(os_error) => Err(IdentityError::UserNameFailed { os_error, account: account(calls) }),
    }
}

/// Whose account it is: that of a machine stands under the machine's name.
fn account(calls: &impl Calls) -> WindowsAccount {
    let (Ok(name), Ok(computer)) = (calls.sam_compatible(), calls.computer()) else {
        return WindowsAccount::Unknown;
    };
    match name.split_once('\\') {
        Some((domain, _)) if domain.to_uppercase() == computer.to_uppercase() => WindowsAccount::Local,
        // Services of the system have no name of their own, and are the machine to others.
        Some(("NT AUTHORITY" | "NT SERVICE", _)) => WindowsAccount::Unknown,
        Some((domain, _)) if !domain.is_empty() => WindowsAccount::Domain,
        _ => WindowsAccount::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ERROR_NONE_MAPPED`: "No mapping between account names and security IDs was done."
    const NONE_MAPPED: u32 = 1332;

    struct Script {
        upn: Result<&'static str, u32>,
        sam: Result<&'static str, u32>,
    }

    impl Calls for Script {
        fn user_principal(&self) -> Result<String, u32> {
            self.upn.map(str::to_owned)
        }

        fn sam_compatible(&self) -> Result<String, u32> {
            self.sam.map(str::to_owned)
        }

        fn computer(&self) -> Result<String, u32> {
            Ok("DESKTOP-1".to_owned())
        }
    }

    #[test]
    fn what_windows_says_is_stated() {
        let script = Script { upn: Ok("alice@contoso.com"), sam: Ok("CONTOSO\\alice") };
        let user = current_user(&script).unwrap();
        assert_eq!((user.upn.as_str(), user.source.is_stated()), ("alice@contoso.com", true));
    }

    #[test]
    fn a_local_account_is_not_one_of_a_domain() {
        for (sam, expected) in [
            (Ok("desktop-1\\alice"), WindowsAccount::Local),
            (Ok("NT AUTHORITY\\SYSTEM"), WindowsAccount::Unknown),
            (Ok("CONTOSO\\alice"), WindowsAccount::Domain),
            (Ok("alice"), WindowsAccount::Unknown),
            (Err(5), WindowsAccount::Unknown),
        ] {
            let error = current_user(&Script { upn: Err(NONE_MAPPED), sam }).unwrap_err();
            assert_eq!(error.code(), "get_user_name_failed");
            assert_eq!(error, IdentityError::UserNameFailed { os_error: NONE_MAPPED, account: expected });
        }
    }

    #[test]
    fn an_empty_name_is_an_unknown_user() {
        let error = current_user(&Script { upn: Ok(" "), sam: Err(5) }).unwrap_err();
        assert_eq!(error.code(), "unknown_user");
    }
}
