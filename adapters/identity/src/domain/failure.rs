//! What an error means.

use entrada_core::http::ServiceName;
use sspi::ErrorKind;

use super::kdc::Kdc;
use crate::error::{IdentityError, line};

// The codes of the KDC, RFC 4120, section 7.5.9.
const NAME_EXPIRED: u32 = 1;
const CLIENT_UNKNOWN: u32 = 6;
const SERVICE_UNKNOWN: u32 = 7;
const POLICY: u32 = 12;
const CLIENT_REVOKED: u32 = 18;
const PASSWORD_EXPIRED: u32 = 23;
const PREAUTH_FAILED: u32 = 24;
const WRONG_KEY: u32 = 31;
const SKEW: u32 = 37;
const WRONG_REALM: u32 = 68;

/// Why there is no first token: by the KDC's last word, or its silence.
pub(super) fn meaning(error: &sspi::Error, kdc: &Kdc, service: &ServiceName) -> IdentityError {
    let (service, detail) = (service.to_string(), line(&error.to_string()));
    match kdc.refusal {
        Some(CLIENT_UNKNOWN) => return IdentityError::UserNotInDomain { detail },
        Some(PREAUTH_FAILED | WRONG_KEY) => return IdentityError::PasswordRefused { detail },
        Some(PASSWORD_EXPIRED) => return IdentityError::PasswordExpired { detail },
        Some(NAME_EXPIRED | POLICY | CLIENT_REVOKED) => return IdentityError::AccountUnusable { detail },
        Some(SERVICE_UNKNOWN) => return IdentityError::ServiceUnknown { service, detail },
        Some(SKEW) => return IdentityError::ClockSkew { detail },
        Some(WRONG_REALM) => return IdentityError::RealmUnknown { service, detail },
        Some(_) => return IdentityError::Failed { service, detail },
        None => {}
    }
    if let Some(silence) = &kdc.silence {
        return IdentityError::KdcUnreachable { service, detail: silence.clone() };
    }
    match error.error_type {
        ErrorKind::NoAuthenticatingAuthority => IdentityError::RealmUnknown { service, detail },
        ErrorKind::TimeSkew => IdentityError::ClockSkew { detail },
        _ => IdentityError::Failed { service, detail },
    }
}

/// What the KDC refused, unless it only does not know the service: then NTLM may do.
pub(super) fn of_the_user(kdc: &Kdc) -> Option<IdentityError> {
    match kdc.refusal {
        None | Some(SERVICE_UNKNOWN) => None,
        Some(code) => {
            let error = sspi::Error::new(ErrorKind::LogonDenied, format!("the KDC's error is {code}"));
            Some(meaning(&error, kdc, &ServiceName::new("the service")))
        }
    }
}

/// What is wrong with the server's answer.
pub(super) fn of_the_answer(error: &sspi::Error, service: &ServiceName) -> IdentityError {
    match error.error_type {
        // The proof was not made with the key of the session.
        ErrorKind::MessageAltered | ErrorKind::DecryptFailure => {
            IdentityError::ServerUnproven { service: service.to_string() }
        }
        _ => refused(service, &line(&error.to_string())),
    }
}

pub(super) fn refused(service: &ServiceName, detail: &str) -> IdentityError {
    IdentityError::ChallengeRefused { service: service.to_string(), detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_the_kdc_says_of_the_user_is_no_reason_for_ntlm() {
        let refusal = |code| {
            let mut kdc = Kdc::new(Duration::ZERO);
            kdc.refusal = code;
            of_the_user(&kdc).map(|error| error.code())
        };
        assert_eq!(refusal(Some(18)), Some("domain_account_unusable"));
        assert_eq!(refusal(Some(37)), Some("kerberos_clock_skew"));
        assert_eq!((refusal(Some(7)), refusal(None)), (None, None));
    }

    #[test]
    fn the_kdcs_word_counts_before_the_crates() {
        let service = ServiceName::new("HTTP/sts.contoso.com");
        let code = |refusal, silence: Option<&str>, kind| {
            let mut kdc = Kdc::new(Duration::ZERO);
            (kdc.refusal, kdc.silence) = (refusal, silence.map(str::to_owned));
            meaning(&sspi::Error::new(kind, "words"), &kdc, &service).code()
        };
        for (refusal, expected) in [
            (1, "domain_account_unusable"),
            (6, "domain_user_unknown"),
            (7, "kerberos_service_unknown"),
            (12, "domain_account_unusable"),
            (14, "negotiate_failed"),
            (18, "domain_account_unusable"),
            (23, "domain_password_expired"),
            (24, "domain_password_refused"),
            (31, "domain_password_refused"),
            (37, "kerberos_clock_skew"),
            (68, "kerberos_realm_unknown"),
        ] {
            assert_eq!(code(Some(refusal), None, ErrorKind::UnknownCredentials), expected, "{refusal}");
        }
        let nobody = ErrorKind::NoAuthenticatingAuthority;
        assert_eq!(code(None, Some("timed out"), nobody), "kerberos_kdc_unreachable");
        assert_eq!(code(None, None, nobody), "kerberos_realm_unknown");
        assert_eq!(code(None, None, ErrorKind::InternalError), "negotiate_failed");
    }
}
