//! What a status means.
#![allow(unsafe_code)]

use super::abi::{
    Buffer, CREDENTIALS_EXPIRED, DEFECTIVE_TOKEN, ERRORS, GSS_CODE, KERBEROS, MECHANISM_CODE, NO_CREDENTIAL,
    Oid, SPNEGO, Status,
};
use super::library::Gss;
use crate::error::{IdentityError, line};

/// Where the error numbers of Kerberos begin; MIT and Heimdal share the table.
const TABLE: i32 = -1_765_328_384;
const CLIENT_UNKNOWN: i32 = TABLE + 6;
const SERVICE_UNKNOWN: i32 = TABLE + 7;
const CLIENT_REVOKED: i32 = TABLE + 18;
const PREAUTH_FAILED: i32 = TABLE + 24;
const WRONG_KEY: i32 = TABLE + 31;
const TICKET_EXPIRED: i32 = TABLE + 32;
const SKEW: i32 = TABLE + 37;
const CONFIGURATION_MISSING: i32 = TABLE + 135;
const CONFIGURATION_MALFORMED: i32 = TABLE + 136;
const CACHE_NOT_FOUND: i32 = TABLE + 141;
const REALM_UNKNOWN: i32 = TABLE + 154;
const KDC_UNREACHABLE: i32 = TABLE + 156;
const NO_CACHE_FILE: i32 = TABLE + 195;
const REALM_UNRESOLVED: i32 = TABLE + 220;

/// The words of both codes.
pub(super) fn words(gss: &Gss, major: Status, minor: Status, mechanism: *const Oid) -> String {
    let mut all: Vec<String> = Vec::new();
    for (code, kind) in [(major, GSS_CODE), (minor, MECHANISM_CODE)] {
        for text in messages(gss, code, kind, mechanism) {
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    line(&all.join("; "))
}

/// The messages of one code.
fn messages(gss: &Gss, code: Status, kind: i32, mechanism: *const Oid) -> Vec<String> {
    let mut all = Vec::new();
    if code == 0 {
        return all;
    }
    let mut more = 0;
    // Some codes have several messages; four are plenty.
    for _ in 0..4 {
        let (mut ignored, mut buffer) = (0, Buffer::EMPTY);
        // SAFETY: the mechanism is null or a constant, and the library writes to locals.
        let status =
            unsafe { (gss.display_status)(&mut ignored, code, kind, mechanism, &mut more, &mut buffer) };
        let text = line(&String::from_utf8_lossy(&gss.take(&mut buffer)));
        if status & ERRORS != 0 {
            break;
        }
        if !text.is_empty() {
            all.push(text);
        }
        if more == 0 {
            break;
        }
    }
    all
}

/// Whether the server refused the token because the clocks differ; it says so in its own token.
///
/// SPNEGO numbers the errors of Kerberos anew, so that its words alone can be compared.
pub(super) fn is_skew(gss: &Gss, minor: Status) -> bool {
    let refusal = messages(gss, minor, MECHANISM_CODE, &SPNEGO);
    !refusal.is_empty() && refusal == messages(gss, SKEW as Status, MECHANISM_CODE, &KERBEROS)
}

/// What the codes of the Kerberos mechanism mean, if they mean something in particular.
pub(super) fn meaning(major: Status, minor: Status, service: &str, detail: &str) -> Option<IdentityError> {
    let (service, detail) = (service.to_owned(), detail.to_owned());
    // The library's numbers are signed where they are made.
    Some(match minor as i32 {
        SERVICE_UNKNOWN => IdentityError::ServiceUnknown { service, detail },
        TICKET_EXPIRED => IdentityError::TicketExpired { service, detail },
        KDC_UNREACHABLE => IdentityError::KdcUnreachable { service, detail },
        REALM_UNKNOWN | REALM_UNRESOLVED => IdentityError::RealmUnknown { service, detail },
        SKEW => IdentityError::ClockSkew { detail },
        CONFIGURATION_MISSING | CONFIGURATION_MALFORMED => IdentityError::ConfigurationUnusable { detail },
        CLIENT_UNKNOWN | CLIENT_REVOKED | PREAUTH_FAILED | WRONG_KEY => {
            IdentityError::KeytabRefused { detail }
        }
        CACHE_NOT_FOUND | NO_CACHE_FILE => IdentityError::TicketMissing { service, detail },
        _ => match major & ERRORS {
            CREDENTIALS_EXPIRED => IdentityError::TicketExpired { service, detail },
            NO_CREDENTIAL => IdentityError::TicketMissing { service, detail },
            DEFECTIVE_TOKEN => IdentityError::ChallengeRefused { service, detail },
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mechanisms_code_says_more_than_the_general_one() {
        let code = |major, minor: i32| {
            meaning(major, minor as u32, "HTTP/sts", "").map_or("none", |error| error.code())
        };
        assert_eq!(code(NO_CREDENTIAL, 0), "kerberos_ticket_missing");
        assert_eq!(code(NO_CREDENTIAL, KDC_UNREACHABLE), "kerberos_kdc_unreachable");
        assert_eq!(code(13 << 16, SERVICE_UNKNOWN), "kerberos_service_unknown");
        assert_eq!(code(13 << 16, 5), "none");
    }
}
