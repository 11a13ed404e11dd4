//! What to do about an error.

use super::{IdentityError, WindowsAccount};

impl IdentityError {
    /// Whose turn it is, and what to do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::UnknownUser { .. } => "The user: sign in to the domain (on Linux and macOS `kinit \
                 user@REALM`), or name the user to the application, or in the environment variable \
                 USERPRINCIPALNAME."
                .to_owned(),
            Self::UserNameFailed { account, .. } => account.remedy().to_owned(),
            Self::LibraryMissing { .. } => "The operator: install MIT Kerberos (Debian and Ubuntu: \
                 libgssapi-krb5-2; Fedora and RHEL: krb5-libs; Alpine: krb5-libs)."
                .to_owned(),
            Self::TicketMissing { .. } if cfg!(windows) => "The user: sign in to Windows with an account of \
                 the domain, and connect to the company's network or VPN, where the domain gives tickets."
                .to_owned(),
            Self::TicketMissing { .. } => "The user: get a ticket with `kinit user@REALM`. A service: name \
                 its keytab in KRB5_CLIENT_KTNAME. If `klist` shows a ticket, this process looks into \
                 another cache: compare KRB5CCNAME and KRB5_CONFIG."
                .to_owned(),
            Self::TicketExpired { .. } if cfg!(windows) => "The user: lock and unlock the session while \
                 connected to the company's network or VPN, which gets new tickets."
                .to_owned(),
            Self::TicketExpired { .. } => "The user: get a new ticket with `kinit`, or `kinit -R` while it \
                 can be renewed."
                .to_owned(),
            Self::ServiceUnknown { service, .. } => format!(
                "The administrator: register {service} on the account under which the federation server \
                 runs (`setspn -S {service} account`); `kvno {service}` then gets a ticket for it. If the \
                 server is in another realm, map its name to that realm in [domain_realm] of the file that \
                 KRB5_CONFIG names."
            ),
            Self::KdcUnreachable { .. } => {
                "The operator: connect to the company's network or VPN, and check \
                 the KDC's address in the file that KRB5_CONFIG names (usually /etc/krb5.conf), and that \
                 port 88 is open."
                    .to_owned()
            }
            Self::RealmUnknown { .. } => "The operator: name the realm's KDC in [realms] of the file that \
                 KRB5_CONFIG names (usually /etc/krb5.conf), or let it be found in DNS."
                .to_owned(),
            Self::ConfigurationUnusable { .. } => "The operator: check the file that KRB5_CONFIG names \
                 (usually /etc/krb5.conf): that it is there, can be read and is well-formed."
                .to_owned(),
            Self::ClockSkew { .. } => {
                "The operator: set this machine's clock, or that of the server if this one is right; Kerberos \
                 allows five minutes."
                    .to_owned()
            }
            Self::KeytabRefused { .. } => "The administrator: export the keytab again, as the account's key \
                 or name has changed, and put it where KRB5_CLIENT_KTNAME points."
                .to_owned(),
            Self::UserNameMalformed { .. } => "The user: write the name as user@contoso.com or \
                 CONTOSO.COM\\user; or the developer: name the realm beside it."
                .to_owned(),
            Self::KdcAddressMalformed { .. } => "The operator: name the KDC by its host and perhaps the port, \
                 such as dc1.contoso.com or 192.0.2.1:88."
                .to_owned(),
            Self::UserNotInDomain { .. } => "The user: check the name and its domain. MIT's KDC knows users as \
                 CONTOSO.COM\\user, and not by a user principal name; where the domain has another name than the \
                 part after the @, name its realm."
                .to_owned(),
            Self::PasswordRefused { .. } => "The user: enter the password again; after a few wrong ones the \
                 domain locks the account."
                .to_owned(),
            Self::PasswordExpired { .. } => {
                "The user: change the password, at a machine of the domain or where the company lets you.".to_owned()
            }
            Self::AccountUnusable { .. } => "The administrator: see whether the account is locked, disabled or \
                 expired, or restricted to certain hours or machines."
                .to_owned(),
            Self::ServiceNameMalformed { .. } => "The developer: use the name that HTTP clients derive from \
                 the address, such as HTTP/sts.contoso.com; the administrator: correct it in the \
                 federation server's metadata."
                .to_owned(),
            Self::ChallengeRefused { service, .. } | Self::ServerUnproven { service } => format!(
                "The administrator: check that {service} is registered on the account under which the \
                 federation server runs, and on no other, and that no proxy answers in its place."
            ),
            Self::NtlmRefused { service, .. } => format!(
                "The user: sign in again with the right password, or get a Kerberos ticket (`kinit user@REALM`), \
                 which is taken before NTLM. The administrator: check that the server allows NTLM, or better \
                 register {service} for Kerberos."
            ),
            Self::Failed { service, .. } => format!(
                "The operator: see what `kvno {service}` says; with KRB5_TRACE=/dev/stderr the library tells \
                 what it does."
            ),
        }
    }
}

impl WindowsAccount {
    const fn remedy(self) -> &'static str {
        match self {
            Self::Local => {
                "The user: sign in to Windows with an account of the domain, or name the user to the \
                 application; a local account has no user principal name."
            }
            Self::Domain => {
                "The user: connect to the company's network or VPN, as Windows asks a domain controller for \
                 the name; or name the user to the application. With two work accounts on this machine, \
                 disconnect the one that is not meant."
            }
            Self::Unknown => {
                "The user: name the user to the application. If the machine belongs to a domain, check that \
                 it reaches a domain controller."
            }
        }
    }
}
