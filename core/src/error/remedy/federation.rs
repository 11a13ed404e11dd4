//! What to do about an answer of the federation server.

use crate::error::FederationFault;
use crate::error::aadsts::explained;

pub(super) const NO_METADATA: &str = "The federation server's administrator: publish the metadata exchange endpoint (MEX); until then the application can \
     supply the document itself.";

pub(super) const NO_ENVELOPE: &str = "The federation server's administrator: look for this call in the server's own log; its answer was no SOAP envelope.";

/// It did not read the request: a ticket lists the user's groups, and stands in a header.
pub(super) const LARGE_TICKET: &str = "The federation server's administrator: allow longer request headers, at the server and at any proxy before it: the \
     tickets of users in many groups take up to 64 KiB (Windows: MaxFieldLength and MaxRequestBytes of HTTP.sys; Apache: \
     LimitRequestFieldSize). If that is not it, look for this call in the server's own log.";

/// It did not take the user who is signed in to this machine.
pub(super) fn unauthorized(schemes: &[String]) -> String {
    let hint = if schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("Negotiate")) {
        "The administrator: look into the federation server's log for why it refused the user's ticket. Often its service \
         principal name is on another account; or it asks for extended protection, and a proxy between puts its own \
         certificate in place of the server's; or a policy blocks Negotiate. The user: get a new ticket (sign in to the \
         domain again, or kinit)"
    } else {
        "The administrator: enable integrated Windows authentication at the federation server; it does not \
         offer Negotiate here"
    };
    format!("{hint}. Else sign in with user name and password or with a device code.")
}

/// What its SOAP fault says.
pub(super) fn fault(fault: &FederationFault) -> String {
    if let Some((_, text)) = explained(&fault.error_codes) {
        return text.to_owned();
    }
    let known = fault.innermost_first().find_map(|subcode| explain_subcode(subcode, fault.integrated));
    let text =
        known.unwrap_or("The federation server's administrator: look for this call in the server's own log");
    format!("{text}.")
}

fn explain_subcode(subcode: &str, integrated: bool) -> Option<&'static str> {
    Some(match subcode {
        "FailedAuthentication" if integrated => {
            "The user: sign in to the domain again, or kinit; the server did not accept the Kerberos ticket, or the account may \
             not sign in here"
        }
        "FailedAuthentication" => {
            "The user: user name or password is wrong, or the account may not sign in here. Entrada sent them once and does \
             not try again"
        }
        "RequestFailed" => {
            "The federation server's administrator: check that the relying party trust for Microsoft 365 exists"
        }
        "MessageExpired" | "InvalidTimeRange" => {
            "The operator: set this machine's clock; the server refused the time of the request"
        }
        "InvalidSecurityToken" | "UnsupportedSecurityToken" => {
            "The federation server's administrator: allow user name and password at this endpoint"
        }
        _ => return None,
    })
}
