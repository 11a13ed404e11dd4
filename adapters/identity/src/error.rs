//! What can go wrong, and what to do about it.

mod remedy;

use entrada_core::negotiate::NegotiateError;

/// Why the user is not known, or no token could be made.
///
/// `detail` holds the platform's own words, cut to a line; nothing here is secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Nothing on this machine says who is signed in.
    #[error("could not identify the user logged into the OS: {detail}")]
    UnknownUser {
        /// What was looked for in vain.
        detail: String,
    },
    /// Windows knows the user and has no user principal name for the account.
    #[error("failed to get user name: {} ({account})", windows_words(*.os_error))]
    UserNameFailed {
        /// The code of the Windows error.
        os_error: u32,
        /// Whose account it is.
        account: WindowsAccount,
    },
    /// The library that makes Kerberos tokens is not on this machine, or is too old.
    #[error("the Kerberos library {library} cannot be used: {detail}")]
    LibraryMissing {
        /// What it is called.
        library: &'static str,
        /// The loader's own words.
        detail: String,
    },
    /// There is no ticket, and no client keytab to get one with.
    #[error("there is no Kerberos ticket to ask for {service} with: {detail}")]
    TicketMissing {
        /// The service that was asked for.
        service: String,
        /// The library's own words.
        detail: String,
    },
    /// There is a ticket, of no use any more.
    #[error("the Kerberos ticket to ask for {service} with has expired: {detail}")]
    TicketExpired {
        /// The service that was asked for.
        service: String,
        /// The library's own words.
        detail: String,
    },
    /// The directory does not know the service.
    #[error("Kerberos does not know the service {service}: {detail}")]
    ServiceUnknown {
        /// The service that was asked for.
        service: String,
        /// The library's own words.
        detail: String,
    },
    /// No KDC answers.
    #[error("no KDC could be reached, which {service} needs: {detail}")]
    KdcUnreachable {
        /// The service that was asked for.
        service: String,
        /// The library's own words.
        detail: String,
    },
    /// Nothing says which KDC is responsible.
    #[error("no KDC is known for the realm of {service}: {detail}")]
    RealmUnknown {
        /// The service that was asked for.
        service: String,
        /// The library's own words.
        detail: String,
    },
    /// The configuration of Kerberos cannot be read.
    #[error("the configuration of Kerberos cannot be used: {detail}")]
    ConfigurationUnusable {
        /// The library's own words.
        detail: String,
    },
    /// The clocks of this machine and of the KDC, or of the service, differ too much.
    #[error("the clock of this machine is too far from that of the KDC or the service: {detail}")]
    ClockSkew {
        /// The library's own words.
        detail: String,
    },
    /// The KDC does not accept what the client keytab holds.
    #[error("the KDC does not accept the client keytab: {detail}")]
    KeytabRefused {
        /// The library's own words.
        detail: String,
    },
    /// This is not the name of a user in a domain.
    #[error("`{user}` does not name a user and the domain")]
    UserNameMalformed {
        /// The name that was given.
        user: String,
    },
    /// This is not the address of a KDC.
    #[error("`{address}` is not the address of a KDC")]
    KdcAddressMalformed {
        /// The address that was given.
        address: String,
    },
    /// The domain does not know the user.
    #[error("the domain does not know the user: {detail}")]
    UserNotInDomain {
        /// The words of the KDC's error.
        detail: String,
    },
    /// The password is wrong.
    #[error("the domain does not accept the password: {detail}")]
    PasswordRefused {
        /// The words of the KDC's error.
        detail: String,
    },
    /// The password is too old, and has to be changed.
    #[error("the password has expired: {detail}")]
    PasswordExpired {
        /// The words of the KDC's error.
        detail: String,
    },
    /// The account is locked, disabled or expired, or may not sign in here and now.
    #[error("the domain does not let the account sign in: {detail}")]
    AccountUnusable {
        /// The words of the KDC's error.
        detail: String,
    },
    /// The service's name is not one that a token can be asked for.
    #[error("`{service}` is not the name of a service")]
    ServiceNameMalformed {
        /// The service that was asked for.
        service: String,
    },
    /// The server's token is damaged, or says that ours was refused.
    #[error("the answer of {service} was not accepted: {detail}")]
    ChallengeRefused {
        /// The service that was asked for.
        service: String,
        /// The platform's own words.
        detail: String,
    },
    /// There was no ticket, and the server did not take the user's NTLM credentials instead.
    #[error("{service} did not accept the user's NTLM credentials: {detail}")]
    NtlmRefused {
        /// The service that was asked for.
        service: String,
        /// The platform's own words.
        detail: String,
    },
    /// The server did not prove that it is the service.
    #[error("{service} did not prove who it is")]
    ServerUnproven {
        /// The service that was asked for.
        service: String,
    },
    /// Something else.
    #[error("no token could be made for {service}: {detail}")]
    Failed {
        /// The service that was asked for.
        service: String,
        /// The platform's own words.
        detail: String,
    },
}

impl IdentityError {
    /// The error with this code, as it is where nothing is known of a call: for tools that explain errors.
    #[must_use]
    pub fn by_code(code: &str) -> Option<Self> {
        let (service, detail) = ("the service".to_owned(), "the error says why".to_owned());
        let account = WindowsAccount::Unknown;
        [
            Self::UnknownUser { detail: detail.clone() },
            Self::UserNameFailed { os_error: 1332, account },
            Self::LibraryMissing { library: "of this system", detail: detail.clone() },
            Self::TicketMissing { service: service.clone(), detail: detail.clone() },
            Self::TicketExpired { service: service.clone(), detail: detail.clone() },
            Self::ServiceUnknown { service: service.clone(), detail: detail.clone() },
            Self::KdcUnreachable { service: service.clone(), detail: detail.clone() },
            Self::RealmUnknown { service: service.clone(), detail: detail.clone() },
            Self::ConfigurationUnusable { detail: detail.clone() },
            Self::ClockSkew { detail: detail.clone() },
            Self::KeytabRefused { detail: detail.clone() },
            Self::UserNameMalformed { user: "the name".to_owned() },
            Self::KdcAddressMalformed { address: "the address".to_owned() },
            Self::UserNotInDomain { detail: detail.clone() },
            Self::PasswordRefused { detail: detail.clone() },
            Self::PasswordExpired { detail: detail.clone() },
            Self::AccountUnusable { detail: detail.clone() },
            Self::ServiceNameMalformed { service: service.clone() },
            Self::ChallengeRefused { service: service.clone(), detail: detail.clone() },
            Self::NtlmRefused { service: service.clone(), detail: detail.clone() },
            Self::ServerUnproven { service: service.clone() },
            Self::Failed { service, detail },
        ]
        .into_iter()
        .find(|error| error.code() == code)
    }

    /// The stable code; where MSAL has one, MSAL's.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownUser { .. } => "unknown_user",
            Self::UserNameFailed { .. } => "get_user_name_failed",
            Self::LibraryMissing { .. } => "kerberos_library_missing",
            Self::TicketMissing { .. } => "kerberos_ticket_missing",
            Self::TicketExpired { .. } => "kerberos_ticket_expired",
            Self::ServiceUnknown { .. } => "kerberos_service_unknown",
            Self::KdcUnreachable { .. } => "kerberos_kdc_unreachable",
            Self::RealmUnknown { .. } => "kerberos_realm_unknown",
            Self::ConfigurationUnusable { .. } => "kerberos_configuration_unusable",
            Self::ClockSkew { .. } => "kerberos_clock_skew",
            Self::KeytabRefused { .. } => "kerberos_keytab_refused",
            Self::UserNameMalformed { .. } => "domain_user_name_malformed",
            Self::KdcAddressMalformed { .. } => "kerberos_kdc_address_malformed",
            Self::UserNotInDomain { .. } => "domain_user_unknown",
            Self::PasswordRefused { .. } => "domain_password_refused",
            Self::PasswordExpired { .. } => "domain_password_expired",
            Self::AccountUnusable { .. } => "domain_account_unusable",
            Self::ServiceNameMalformed { .. } => "negotiate_service_name_malformed",
            Self::ChallengeRefused { .. } => "negotiate_challenge_refused",
            Self::NtlmRefused { .. } => "negotiate_ntlm_refused",
            Self::ServerUnproven { .. } => "negotiate_server_unproven",
            Self::Failed { .. } => "negotiate_failed",
        }
    }
}

/// Words, code and remedy in one line, as a host has room for one text.
impl From<IdentityError> for NegotiateError {
    fn from(error: IdentityError) -> Self {
        Self(format!("{error} ({}). {}", error.code(), error.remedy()))
    }
}

/// What kind of account has no user principal name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum WindowsAccount {
    /// One of this machine alone, in a workgroup or beside a domain.
    #[error("it is a local account of this machine")]
    Local,
    /// One of a domain, whose controller did not tell the name.
    #[error("it is an account of a domain")]
    Domain,
    /// There is no telling.
    #[error("what kind of account it is cannot be found out")]
    Unknown,
}

/// What Windows says of an error, in whatever language it speaks.
fn windows_words(os_error: u32) -> String {
    match os_error {
        1332 => "No mapping between account names and security IDs was done".to_owned(),
        1355 => "The specified domain either does not exist or could not be contacted".to_owned(),
        other => format!("Windows error {other}"),
    }
}

/// The platform's words on one line, without control characters, of bounded length.
pub(crate) fn line(text: &str) -> String {
    let one = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    one.collect::<Vec<_>>().join(" ").chars().take(LONGEST_DETAIL).collect()
}

const LONGEST_DETAIL: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_hears_words_code_and_remedy() {
        let error = IdentityError::ServiceUnknown {
            service: "HTTP/sts.contoso.com".to_owned(),
            detail: "Server not found in Kerberos database".to_owned(),
        };
        let NegotiateError(text) = error.into();
        for part in ["Server not found", "(kerberos_service_unknown)", "setspn -S HTTP/sts.contoso.com"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn an_error_is_found_by_its_code_and_says_whose_turn_it_is() {
        for code in [
            "unknown_user",
            "get_user_name_failed",
            "kerberos_library_missing",
            "kerberos_ticket_missing",
            "kerberos_ticket_expired",
            "kerberos_service_unknown",
            "kerberos_kdc_unreachable",
            "kerberos_realm_unknown",
            "kerberos_configuration_unusable",
            "kerberos_clock_skew",
            "kerberos_keytab_refused",
            "domain_user_name_malformed",
            "kerberos_kdc_address_malformed",
            "domain_user_unknown",
            "domain_password_refused",
            "domain_password_expired",
            "domain_account_unusable",
            "negotiate_service_name_malformed",
            "negotiate_challenge_refused",
            "negotiate_ntlm_refused",
            "negotiate_server_unproven",
            "negotiate_failed",
        ] {
            let error = IdentityError::by_code(code).unwrap();
            assert_eq!(error.code(), code);
            assert!(error.remedy().starts_with("The ") && error.remedy().contains(": "), "{code}");
        }
        assert_eq!(IdentityError::by_code("magic"), None);
    }

    #[test]
    fn the_platforms_words_are_one_bounded_line() {
        assert_eq!(line(" no\r\n\tticket\u{1b}[0m "), "no ticket [0m");
        assert_eq!(line(&"x".repeat(1000)).len(), LONGEST_DETAIL);
    }

    #[test]
    fn a_local_account_is_told_from_one_of_a_domain() {
        let remedy = |account| {
            let error = IdentityError::UserNameFailed { os_error: 1332, account };
            assert!(error.to_string().contains("No mapping between account names and security IDs"));
            error.remedy()
        };
        assert!(remedy(WindowsAccount::Local).contains("local account"));
        assert!(remedy(WindowsAccount::Domain).contains("domain controller"));
    }
}
