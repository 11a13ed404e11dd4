//! What to do about an error: one table, codes matched whole.

use url::Url;

use super::{Fault, FederationFault, Misuse, Refusal, Service, Unsupported, Violation};
use crate::http::TransportErrorKind;
use crate::protocol::wstrust::EnvelopeError;

/// What a remedy may name of the call that failed.
#[derive(Debug, Default)]
pub(crate) struct RemedyContext<'a> {
    /// Where the user, or an administrator, grants what was asked for.
    pub(crate) consent_url: Option<&'a Url>,
}

/// Whose turn it is and what to do.
pub(super) fn remedy(fault: &Fault, context: &RemedyContext<'_>) -> String {
    match fault {
        Fault::Refused(refusal) => refused(refusal, context),
        Fault::Federation(fault) => federation(fault),
        Fault::IntegratedRefused { schemes } => {
            let hint = if schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("Negotiate")) {
                "The user: get a Kerberos ticket (sign in to the domain, or kinit). The administrator: check the \
                 server's service principal name, and that no proxy or policy blocks Negotiate"
            } else {
                "The administrator: enable integrated Windows authentication at the federation server; it does not \
                 offer Negotiate here"
            };
            format!("{hint}. Else sign in with user name and password or with a device code.")
        }
        Fault::Status { service: Service::InstanceDiscovery, .. } => NOT_CONFIRMED.to_owned(),
        Fault::Status { service: Service::UserRealm, .. } => {
            "The operator: check that the authority's host is right and reachable, and try again later.".to_owned()
        }
        Fault::Status { service: Service::FederationMetadata, .. } => {
            "The federation server's administrator: publish the metadata exchange endpoint (MEX); until then the \
             application can supply the document itself."
                .to_owned()
        }
        Fault::Status { service: Service::Federation, .. } => {
            "The federation server's administrator: look for this call in the server's own log; its answer was no \
             SOAP envelope."
                .to_owned()
        }
        Fault::Status { service: Service::Token, retry_after, .. } => match retry_after {
            Some(pause) => format!("The application: try again in {} seconds.", pause.as_secs()),
            None => "The operator: check the authority, and any proxy between; then try again later.".to_owned(),
        },
        Fault::Violation { rule, .. } => violation(rule).to_owned(),
        Fault::Unsupported(reason) => unsupported(reason).to_owned(),
        Fault::Transport { service, error } => transport(*service, error.kind),
        Fault::Envelope(error) => envelope(error).to_owned(),
        Fault::Misuse(misuse) => misused(misuse).to_owned(),
    }
}

fn refused(refusal: &Refusal, context: &RemedyContext<'_>) -> String {
    if refusal.kind() == super::ErrorKind::Throttled {
        // Whatever its text is about, the answer is that there were too many requests.
        return by_name(refusal).to_owned();
    }
    let known = explained(&refusal.error_codes).filter(|(code, _)| {
        // On a grant these two only say that it was not accepted.
        !(WRAPPERS.contains(code) && refusal.error.eq_ignore_ascii_case("invalid_grant"))
    });
    let consent =
        refusal.suberror.as_deref().is_some_and(|suberror| suberror.eq_ignore_ascii_case("consent_required"));
    match (known, explain(65001), context.consent_url) {
        (Some((65001, text)), _, Some(url)) => format!("{text} The consent page is {url}"),
        (None, Some(text), Some(url)) if consent => format!("{text} The consent page is {url}"),
        (Some((_, text)), ..) => text.to_owned(),
        (None, ..) => by_name(refusal).to_owned(),
    }
}

/// Numbers that often stand before the one that says what is wrong.
const WRAPPERS: [u32; 2] = [70000, 70002];

/// The first number that says something, a wrapper only if there is nothing else.
fn explained(codes: &[u32]) -> Option<(u32, &'static str)> {
    let wrappers_last = codes.iter().filter(|code| !WRAPPERS.contains(code)).chain(codes);
    wrappers_last.copied().find_map(|code| explain(code).map(|text| (code, text)))
}

fn by_name(refusal: &Refusal) -> &'static str {
    match (refusal.kind(), refusal.error.to_ascii_lowercase().as_str()) {
        (super::ErrorKind::Throttled, _) => {
            "The application: stop, and try again after the time that the service names."
        }
        (super::ErrorKind::ClaimsChallenge, _) => {
            "The user: sign in interactively; the application passes the claims of this error along."
        }
        (super::ErrorKind::UiRequired, _) => {
            "The user: sign in interactively or with a device code; the service wants more than this flow can give."
        }
        (_, "invalid_instance") => {
            "The developer: the service does not know the authority's host; check it, or switch instance discovery off if it \
             is a private one."
        }
        (_, "invalid_client") => {
            "The application's owner: check the registration. A public client must have 'Allow public client flows' on; a \
             confidential one must prove who it is."
        }
        (_, "unauthorized_client") => {
            "The application's owner: allow this flow in the application's registration."
        }
        (_, "invalid_scope") => {
            "The developer: check the scopes; the resource and the permission must both exist."
        }
        (_, "invalid_request") => "The developer: the service found the request wrong; its text says where.",
        (_, "temporarily_unavailable") => "The application: try again later.",
        _ => "The developer: read the service's own text; give the correlation id to its support.",
    }
}

const NOT_CONFIRMED: &str = "The developer: check the authority's host. If it is right and login.microsoftonline.com cannot \
     be reached from here, switch instance discovery off.";

/// What an AADSTS number means for these flows: whose turn it is and what to do. Numbers are matched whole.
#[must_use]
pub fn explain(code: u32) -> Option<&'static str> {
    Some(match code {
        16000 => "The user: sign in interactively; the account is not in this tenant.",
        50008 | 50013 => {
            "The administrator: the service did not accept the federation server's assertion; check the server's \
             token-signing certificate against the one that the tenant trusts."
        }
        50020 | 90072 => {
            "The administrator: invite the account into this tenant; or use its own tenant as authority."
        }
        50034 => "The user: check the user name; the tenant has no such account.",
        50053 => {
            "The user: wait, then try again; the account is locked after too many wrong passwords, or the address is blocked."
        }
        50055 | 50144 => "The user: the password has expired; change it by signing in interactively.",
        50056 => "The user: sign in interactively; the directory holds no password for this account.",
        50057 => "The administrator: the account is disabled.",
        50072 | 50074 | 50076 | 50079 => {
            "The user: a second factor is required, or must be set up, and no silent flow can do that; sign in \
             interactively or with a device code."
        }
        50097 | 50129 | 50131 | 53000 | 53001 | 53002 | 53003 | 53004 | 530_032 | 530_035 => {
            "The user: sign in interactively on a device that the organization's policy accepts; else the administrator \
             changes the policy."
        }
        50105 => "The administrator: assign the user to the application.",
        50107 => {
            "The administrator: the federation settings of the domain do not match the server that issued the assertion."
        }
        50126 => "The user: user name or password is wrong. Entrada sent them once and does not try again.",
        50128 | 90002 => "The developer: the authority names a tenant that does not exist.",
        50158 => "The user: sign in interactively; the tenant wants a check by another provider.",
        50173 | 70008 | 70043 | 700_082 => {
            "The user: sign in again; the earlier sign-in was revoked or has expired."
        }
        50196 => {
            "The developer: the application asks in a loop; keep the tokens that it gets and stop when refused."
        }
        54005 => "The developer: an authorization code can be redeemed once; use the refresh token.",
        65001 => {
            "The user or an administrator: consent to the application's permissions, once and interactively."
        }
        65004 => "The user: consent was declined; nothing can be got without it.",
        70000 | 7_500_514 => {
            "The administrator: the service could not use the federation server's assertion; check that the server issues \
             SAML 1.1 or 2.0 bearer assertions for the tenant."
        }
        70002 | 7_000_218 => {
            "The application's owner: the registration treats this application as confidential; set 'Allow public client \
             flows' (allowPublicClient) to yes."
        }
        80001 | 80002 | 80005 | 80007 | 80010 => {
            "The administrator: the on-premises agent of pass-through authentication did not answer; check it, then try again."
        }
        81004..=81012 => {
            "The administrator: seamless single sign-on failed; check the Kerberos ticket and the AZUREADSSOACC account. The \
             user can sign in another way meanwhile."
        }
        90010 | 9_001_023 => {
            "The developer: this flow does not work with /common or /consumers; use the tenant, or /organizations, as authority."
        }
        90013 | 90014 | 900_144 => {
            "The developer: the request lacks a parameter or holds a wrong one; please report it."
        }
        90055 => "The application: the tenant sends too many requests; try again later.",
        90094 => {
            "The administrator: grant consent for the whole organization; users may not consent to this themselves."
        }
        700_016 => "The developer: the tenant has no application with this client id; check both.",
        _ => return None,
    })
}

fn federation(fault: &FederationFault) -> String {
    if let Some((_, text)) = explained(&fault.error_codes) {
        return text.to_owned();
    }
    let text = match fault.subcode.as_deref() {
        Some("FailedAuthentication") if fault.integrated => {
            "The user: sign in to the domain again, or kinit; the server did not accept the Kerberos ticket, or the account may \
             not sign in here"
        }
        Some("FailedAuthentication") => {
            "The user: user name or password is wrong, or the account may not sign in here. Entrada sent them once and does \
             not try again"
        }
        Some("RequestFailed") => {
            "The federation server's administrator: check that the relying party trust for Microsoft 365 exists"
        }
        Some("MessageExpired" | "InvalidTimeRange") => {
            "The operator: set this machine's clock; the server refused the time of the request"
        }
        Some("InvalidSecurityToken" | "UnsupportedSecurityToken") => {
            "The federation server's administrator: allow user name and password at this endpoint"
        }
        _ => "The federation server's administrator: look for this call in the server's own log",
    };
    format!("{text}.")
}

fn violation(rule: &Violation) -> &'static str {
    match rule {
        Violation::DiscoveryNotJson => NOT_CONFIRMED,
        Violation::RealmNotJson | Violation::RealmWithoutAccountType => {
            "The operator: something else than the service answered, such as a proxy's page; check the authority's host."
        }
        Violation::Metadata(_) => {
            "The federation server's administrator: repair the metadata document; until then the application can supply one \
             itself."
        }
        Violation::Assertion(_) => {
            "The federation server's administrator: the account may not be eligible for this flow, or a policy or a proxy \
             stands between; look for this call in the server's own log."
        }
        Violation::TokenNotJson | Violation::RefusalNotJson => {
            "The operator: something else than the token endpoint answered, such as a proxy's page; check the authority."
        }
        Violation::AccessTokenMissing => {
            "The developer: ask for at least one scope of an API, not only for openid and its like."
        }
        Violation::TokenTypeMissing | Violation::TokenTypeMismatch => {
            "The service's operator: the answer breaks RFC 6749; give its support the correlation id."
        }
    }
}

fn unsupported(reason: &Unsupported) -> &'static str {
    match reason {
        Unsupported::ManagedUser => {
            "The developer: this account lives in the cloud, without a federation server; sign it in interactively, with a \
             device code, or with user name and password."
        }
        Unsupported::PasswordRequired => "The user: give the password.",
        Unsupported::PersonalAccount => {
            "The user: personal accounts sign in interactively or with a device code."
        }
        Unsupported::UnknownUserType => {
            "The user: check the user name; no tenant has its domain. On a domain machine the name in the directory may \
             differ from the one in the cloud: give the cloud's."
        }
        Unsupported::FederationProtocol(_) => {
            "The user: sign in interactively or with a device code; a domain that is federated without WS-Trust has no silent way in."
        }
        Unsupported::NoFederationMetadata => {
            "The administrator: set the metadata exchange address of the federated domain; until then the application can \
             supply the document itself."
        }
        Unsupported::NoEndpoint(_) => {
            "The federation server's administrator: enable the endpoint (13/windowstransport for integrated sign-in, \
             13/usernamemixed for passwords) over https."
        }
        Unsupported::InsecureEndpoint(_) => {
            "The administrator: publish this address with https; Entrada sends no credential over plain http."
        }
    }
}

fn transport(service: Service, kind: TransportErrorKind) -> String {
    let what = match kind {
        TransportErrorKind::Connect => "check the name, the network and the proxy settings",
        TransportErrorKind::Timeout => "check the network and try again",
        TransportErrorKind::Tls => {
            "add the certificate authority of the server, or of the inspecting proxy, to those trusted"
        }
        TransportErrorKind::TooLarge => "something else than the service answered; check the address",
        TransportErrorKind::Negotiate => {
            "get a Kerberos ticket (sign in to the domain, or kinit) and check the service's name"
        }
        TransportErrorKind::Other => {
            "try again; if it stays so, look at what stands between this machine and the server"
        }
    };
    format!("The operator: {what} ({service}).")
}

fn envelope(error: &EnvelopeError) -> &'static str {
    match error {
        EnvelopeError::Username | EnvelopeError::Password => {
            "The user: use no control characters; the federation server's protocol cannot carry them."
        }
        EnvelopeError::Time => "The operator: set this machine's clock.",
        _ => {
            "The operator: the user realm holds an audience that XML cannot carry; check the authority's host."
        }
    }
}

fn misused(misuse: &Misuse) -> &'static str {
    match misuse {
        Misuse::Authority { .. } => {
            "The developer: give an address such as https://login.microsoftonline.com/contoso.com, without user name, query or \
             fragment."
        }
        Misuse::AuthorityKind(_) => "The developer: use a Microsoft Entra ID tenant as authority.",
        Misuse::Tenant(_) => {
            "The developer: this flow does not work with /common or /consumers; use the tenant, or /organizations, as authority. \
             Personal accounts sign in interactively."
        }
        Misuse::NoUsername => "The developer: give the user name, in the form of joe@contoso.com.",
        Misuse::Argument { .. } => "The developer: correct the argument.",
        Misuse::FederationMetadata(_) => {
            "The developer: supply the document as the server wrote it: a WSDL in XML, without a DTD."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_matched_whole() {
        assert_ne!(explain(90010), explain(9001));
        assert_eq!(explain(90010), explain(9_001_023));
        assert_eq!(explain(7000), None);
        assert_eq!(explain(500_207), None);
    }
}
