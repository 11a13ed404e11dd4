//! Who is signed in.

#[cfg(unix)]
mod cache;
#[cfg(unix)]
mod unix;
#[cfg(any(windows, test))]
mod windows;
#[cfg(windows)]
mod windows_calls;

use std::fmt;

use crate::error::IdentityError;
use crate::principal::Principal;

/// The signed-in user, and how it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CurrentUser {
    /// The user principal name: `alice@contoso.com`.
    pub upn: String,
    /// Where it comes from.
    pub source: UserSource,
}

/// Where the name of a user comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserSource {
    /// Windows said so: `GetUserNameEx` with `NameUserPrincipal`. It is the directory's name, which may differ from that
    /// in Entra ID where users sign in with an alternate login id.
    Windows,
    /// The default principal of the Kerberos credential cache, by the rule.
    CredentialCache {
        /// The cache, kind and name: `FILE:/tmp/krb5cc_1000`, `KCM:1000`, `KEYRING:persistent:1000:1000`.
        cache: String,
        /// Whose tickets it holds.
        principal: Principal,
    },
    /// The principal for which a client keytab gives tickets, by the rule.
    ClientKeytab {
        /// Whose keytab it is.
        principal: Principal,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: &'static str,
    },
}

impl UserSource {
    /// Whether the directory stated the name, and not a rule or an environment variable.
    #[must_use]
    pub const fn is_stated(&self) -> bool {
        matches!(self, Self::Windows)
    }
}

impl fmt::Display for UserSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Windows => f.write_str("Windows"),
            Self::CredentialCache { cache, principal } => {
                write!(f, "the principal {principal} of the credential cache {cache}")
            }
            Self::ClientKeytab { principal } => write!(f, "the principal {principal} of the client keytab"),
            Self::Environment { variable } => write!(f, "the environment variable {variable}"),
        }
    }
}

/// Who is signed in, with [`Principal::upn`] as the rule that makes a user principal name of a Kerberos principal.
///
/// On Windows the system says it. Elsewhere these are asked, and the first that knows is taken: the default principal of
/// the credential cache, whether its tickets are good or not; the principal of the client keytab; the environment
/// variable `USERPRINCIPALNAME`. None of the three is more than a good guess, and [`CurrentUser::source`] says which it
/// was. With a client keytab and no ticket yet, this asks the KDC for one.
///
/// Where users have another suffix than their realm (`joe@contoso.com` is the account `jdoe` of `AD.CONTOSO.COM`), it
/// depends on how the ticket was got. `kinit -E joe@contoso.com` keeps that name, which is then the answer. With `-C -E`
/// the KDC puts the account's name in its place, and the rule makes `jdoe@ad.contoso.com` of it: wrong, so give a rule of
/// your own to [`current_user_by`], or name the user.
///
/// # Errors
/// `unknown_user` if nothing says who it is; `get_user_name_failed` if Windows does not tell;
/// `kerberos_library_missing` if nobody could be asked.
pub fn current_user() -> Result<CurrentUser, IdentityError> {
    current_user_by(Principal::upn)
}

/// Like [`current_user`], with a rule of the caller's.
///
/// The rule gives the user principal name of a principal, or `None` if it has none: then the next source is asked. On
/// Windows it has nothing to do.
///
/// ```no_run
/// // Users of CORP.EXAMPLE are called user@example.com in Entra ID.
/// let user = entrada_identity::current_user_by(|principal| {
///     let [name] = principal.components.as_slice() else { return None };
///     (principal.realm == "CORP.EXAMPLE").then(|| format!("{name}@example.com"))
/// })?;
/// # Ok::<(), entrada_identity::IdentityError>(())
/// ```
///
/// # Errors
/// As with [`current_user`].
#[cfg_attr(windows, allow(unused_variables))]
pub fn current_user_by(rule: impl Fn(&Principal) -> Option<String>) -> Result<CurrentUser, IdentityError> {
    #[cfg(unix)]
    return unix::current_user(&rule);
    #[cfg(windows)]
    return windows::current_user(&windows_calls::System);
}
