//! Negotiate tokens with a user's name and password, for machines that belong to no domain.
//!
//! ```text
//! exchange   the rounds of one exchange, over the sspi crate
//! kdc        what the crate wants sent to the KDC, over TCP
//! reply      the error in a reply of the KDC
//! failure    what an error means
//! user       how a user is named
//! ```

mod exchange;
mod failure;
mod kdc;
mod reply;
mod user;

use std::fmt;
use std::time::Duration;

use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Negotiator};
use entrada_core::secret::Secret;

use self::exchange::Initiator;
use self::user::Account;
use crate::error::IdentityError;

/// How long one question to the KDC may take.
const KDC_TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

/// A user's name and password in a domain, which make the tokens of HTTP Negotiate.
///
/// For machines that are not joined to the domain, where nobody is signed in to it. Where somebody is,
/// [`PlatformNegotiator`](crate::PlatformNegotiator) needs no password. It goes into the `integrated` setting of a host.
///
/// ```no_run
/// use entrada_identity::DomainCredentials;
/// use entrada_identity::core::secret::Secret;
///
/// let password = Secret::new(std::env::var("PASSWORD")?);
/// let credentials = DomainCredentials::new("alice@contoso.com", password)?.kdc("dc1.contoso.com")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What happens
///
/// Each exchange asks the KDC for a ticket of the user and one for the service, and keeps neither. That takes as long as
/// the network does, so call it where blocking is allowed; the hosts do. The service must prove itself in return, and no
/// credentials are delegated. A wrong password is tried once by each exchange, and counts towards the domain's lockout. An
/// account for which the KDC wants no proof of the password beforehand is refused, as the sspi crate knows no such.
///
/// Kerberos alone is spoken unless [`allow_ntlm`](Self::allow_ntlm) is called.
///
/// # Channel bindings
///
/// NTLM sends those that the host gives. Kerberos does not: version 0.23 of the crate sends them in a form that MIT's
/// servers refuse, also where they demand none. A server that demands them (extended protection, which AD FS only allows
/// unless it is told otherwise) refuses the user. Kerberos needs them less: its token is for one service alone.
///
/// # Which KDC is asked
///
/// The one that [`kdc`](Self::kdc) names. Otherwise the sspi crate looks, in this order: at the environment variables
/// `SSPI_KDC_URL_<REALM>` and `SSPI_KDC_URL`; for the realm's first `kdc` in the files that `KRB5_CONFIG` names, or
/// `/etc/krb5.conf` (on Windows in the registry); on Windows and macOS in DNS. On Linux DNS is not asked. A KDC that a
/// referral to another realm leads to is found in this way in any case. The realm of a user is the domain in the name,
/// unless [`realm`](Self::realm) says otherwise, by `[domain_realm]` of those files or in capitals. TCP alone is used.
///
/// # What is wiped
///
/// The password here and the crate's copies of it are wiped when they are dropped. The crate does not wipe: a copy in
/// UTF-8 that NTLM makes; the keys that are derived from the password while they are computed. It logs through `tracing`:
/// not the password, but at the level `trace` keys of sessions, so do not collect what `sspi` says there.
#[derive(Clone)]
pub struct DomainCredentials {
    account: Account,
    password: Secret,
    kdc: Option<kdc::Address>,
    workstation: String,
    timeout: Duration,
    ntlm: bool,
}

impl DomainCredentials {
    /// The credentials of a user, named as `alice@contoso.com`, `CONTOSO\alice` or `CONTOSO.COM\alice`; or as `alice`,
    /// where [`realm`](Self::realm) follows.
    ///
    /// The first is a user principal name, which Active Directory knows and MIT's KDC mostly does not: that knows
    /// `CONTOSO.COM\alice`.
    ///
    /// # Errors
    /// `domain_user_name_malformed` if this is the name of no user.
    pub fn new(user: impl AsRef<str>, password: Secret) -> Result<Self, IdentityError> {
        Ok(Self {
            account: Account::parse(user.as_ref())?,
            password,
            kdc: None,
            workstation: "WORKSTATION".to_owned(),
            timeout: KDC_TIMEOUT,
            ntlm: false,
        })
    }

    /// The realm whose KDC knows the user, such as `CONTOSO.COM`, where the name does not tell it: users of one domain may
    /// have names with another suffix.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.account.realm = Some(realm.into());
        self
    }

    /// The address of the KDC: `dc1.contoso.com`, `192.0.2.1:88`, `[2001:db8::1]`. The port is 88 if there is none.
    ///
    /// # Errors
    /// `kerberos_kdc_address_malformed` if this is no such address.
    pub fn kdc(mut self, address: &str) -> Result<Self, IdentityError> {
        self.kdc = Some(kdc::Address::parse(address)?);
        Ok(self)
    }

    /// How long one question to the KDC may take, once its name is resolved: by default ten seconds, and at most an hour.
    /// There are two or three questions.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// What this machine calls itself to the domain, by default `WORKSTATION`. It matters where users may only sign in from
    /// certain machines.
    #[must_use]
    pub fn workstation(mut self, name: impl Into<String>) -> Self {
        self.workstation = name.into();
        self
    }

    /// Lets NTLM take Kerberos' place, where no KDC can be reached, the KDC does not know the service, or the server wants
    /// NTLM. Nothing proves that a KDC is silent, or what it says of a service: whoever stands between can bring NTLM about.
    ///
    /// NTLM does not prove the server: whoever stands in its place gets an answer from which weak passwords can be guessed,
    /// and may pass it on to another server to sign in as the user. TLS to the right server and channel bindings, which the
    /// server must demand, are all that prevents this. It rests on MD4 and MD5, and domains are about to give it up.
    #[must_use]
    pub fn allow_ntlm(mut self) -> Self {
        self.ntlm = true;
        self
    }
}

/// Without the password.
impl fmt::Debug for DomainCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DomainCredentials")
            .field("account", &self.account)
            .field("kdc", &self.kdc)
            .field("ntlm", &self.ntlm)
            .finish_non_exhaustive()
    }
}

impl Negotiator for DomainCredentials {
    fn begin(
        &self,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError> {
        Ok(Box::new(Initiator::new(self, service, bindings)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_shown() {
        let credentials = DomainCredentials::new("alice@contoso.com", Secret::new("hunter2")).unwrap();
        let shown = format!("{:?}", credentials.kdc("dc1.contoso.com").unwrap());
        assert!(shown.contains("alice@contoso.com") && shown.contains("dc1.contoso.com"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
