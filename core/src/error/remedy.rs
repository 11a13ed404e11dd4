//! What to do about an error, whatever it is.

mod federation;

use http::StatusCode;

use super::aadsts::{WRAPPERS, explain, explained};
use super::{Denial, Fault, Misuse, NoToken, Refusal, Service, SignInFault, Unsupported, Violation};
use crate::context::Context;
use crate::http::TransportErrorKind;
use crate::preflight::FlowKind;
use crate::protocol::wstrust::EnvelopeError;
use crate::signer::SignerErrorKind;

/// Whose turn it is and what to do, in the call that failed, if there was one.
pub(super) fn remedy(fault: &Fault, call: Option<&Context>) -> String {
    match fault {
        Fault::Refused(refusal) => refused(refusal, call),
        Fault::Denied(denial) => denied(denial).to_owned(),
        Fault::SignIn(SignInFault::Unreadable(_) | SignInFault::Without(_))
            if call.is_some_and(|call| call.flow() == FlowKind::AdfsIntegratedAuth) =>
        {
            NO_ANSWER.to_owned()
        }
        Fault::SignIn(fault) => fault.remedy().to_owned(),
        Fault::Adfs(fault) => fault.remedy().to_owned(),
        Fault::Federation(fault) => federation::fault(fault),
        Fault::IntegratedRefused { schemes } => federation::unauthorized(schemes),
        Fault::Status { service: Service::InstanceDiscovery, .. } => NOT_CONFIRMED.to_owned(),
        Fault::Status { service: Service::UserRealm, .. } => {
            "The operator: check that the authority's host is right and reachable, and try again later.".to_owned()
        }
        Fault::Status { service: Service::FederationMetadata, .. } => federation::NO_METADATA.to_owned(),
        Fault::Status {
            service: Service::Federation | Service::Authorization,
            status: StatusCode::BAD_REQUEST | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            ..
        } if call.is_some_and(|call| call.flow().is_integrated()) => {
            federation::LARGE_TICKET.to_owned()
        }
        Fault::Status { service: Service::Federation, .. } => federation::NO_ENVELOPE.to_owned(),
        Fault::Status { service: Service::ProviderMetadata, .. } => {
            "The developer: check the authority; its /.well-known/openid-configuration must be an OpenID provider's metadata."
                .to_owned()
        }
        Fault::Status {
            service: Service::Authorization | Service::DeviceAuthorization | Service::Token,
            retry_after,
            ..
        } => match retry_after {
            Some(pause) => format!("The application: try again in {} seconds.", pause.as_secs()),
            None => "The operator: check the authority, and any proxy between; then try again later.".to_owned(),
        },
        Fault::Violation { rule, .. } => violation(rule).to_owned(),
        Fault::Unsupported(Unsupported::ManagedUser)
            if call.is_some_and(|call| !call.app().client_info_headers()) =>
        {
            MANAGED_WITHOUT_HEADERS.to_owned()
        }
        Fault::Unsupported(reason) => unsupported(reason).to_owned(),
        Fault::Transport { service, error } => transport(*service, error.kind),
        Fault::Envelope(error) => envelope(error).to_owned(),
        Fault::Misuse(misuse) => misused(misuse).to_owned(),
        Fault::Throttled { retry_after, .. } => {
            let seconds = retry_after.as_secs().max(1);
            format!("The application: wait; the service asked to be left alone for another {seconds} seconds.")
        }
        Fault::NoToken(NoToken::ManyAccounts) => {
            "The developer: name the account by its home account id; the user name is that of several.".to_owned()
        }
        Fault::NoToken(NoToken::OtherUser) => {
            "The service's operator: the answer to a refresh must be for the same user; give its support the correlation id."
                .to_owned()
        }
        Fault::NoToken(NoToken::NoSession) => {
            "The application: start the long-running call anew, with the assertion of a call of the user's.".to_owned()
        }
        Fault::NoToken(_) => {
            "The user: sign in, interactively or with another flow; the error's trace says what was in the cache.".to_owned()
        }
        Fault::Store(_) => {
            "The operator: look at where tokens are kept; the message says what is wrong there.".to_owned()
        }
        Fault::CodeExpired => {
            "The user: start again, and approve the code on the page before it expires.".to_owned()
        }
        Fault::Signer(error) => signer(error.kind).to_owned(),
        Fault::NoRandomness { .. } => {
            "The operator: let this process read the operating system's random number generator; early in a start, \
             wait until it is seeded."
                .to_owned()
        }
    }
}

const NO_ANSWER: &str = "The administrator of AD FS: look for the correlation id in the event log (AD FS/Admin); what it sent to \
     the redirect URI is neither a code nor an error.";

const MANAGED_WITHOUT_HEADERS: &str = "The developer: switch client_info_headers on and try again; without these headers the service calls \
     even a user with seamless single sign-on managed. If it does so with them too, sign the account in interactively, \
     with a device code, or with user name and password.";

fn refused(refusal: &Refusal, call: Option<&Context>) -> String {
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
    match (known, explain(65001), call.and_then(Context::consent_url)) {
        (Some((65001, text)), _, Some(url)) => format!("{text} The consent page is {url}"),
        (None, Some(text), Some(url)) if consent => format!("{text} The consent page is {url}"),
        (Some((_, text)), ..) => text.to_owned(),
        (None, ..) => by_name(refusal).to_owned(),
    }
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

fn denied(denial: &Denial) -> &'static str {
    if denial.is_cancelled() {
        return "The user: sign in, and finish; the application lets you begin again.";
    }
    if let Some((_, text)) = explained(&denial.error_codes) {
        return text;
    }
    match denial.error.to_ascii_lowercase().as_str() {
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            "The user: sign in with the pages of the service; the application asks again without prompt=none."
        }
        "access_denied" => {
            "The user: begin again and consent, or ask an administrator to consent; the service was told no."
        }
        "unauthorized_client" => {
            "The application's owner: allow this flow in the application's registration."
        }
        "unsupported_response_type" => {
            "The application's owner: allow this kind of answer in the application's registration; better, use the \
             authorization code flow."
        }
        "invalid_scope" => {
            "The developer: check the scopes; the resource and the permission must both exist."
        }
        "temporarily_unavailable" | "server_error" => {
            "The user: try again later; the service has trouble of its own."
        }
        _ => "The developer: read the service's own text; give the correlation id to its support.",
    }
}

const NOT_CONFIRMED: &str = "The developer: check the authority's host. If it is right and login.microsoftonline.com cannot \
     be reached from here, switch instance discovery off.";

fn violation(rule: &Violation) -> &'static str {
    match rule {
        Violation::DiscoveryNotJson => NOT_CONFIRMED,
        Violation::ProviderNotJson | Violation::ProviderWithout(_) => {
            "The developer: check the authority; its /.well-known/openid-configuration must be an OpenID provider's metadata."
        }
        Violation::IssuerMismatch => {
            "The developer: use the issuer that the provider calls itself as authority, to the character."
        }
        Violation::InsecureProviderEndpoint(_) | Violation::DeviceAddress => {
            "The service's operator: publish this address with https; Entrada sends no credential, and nobody, over plain http."
        }
        Violation::DeviceNotJson | Violation::DeviceWithout(_) => {
            "The operator: something else than the service answered, such as a proxy's page; check the authority."
        }
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
        Unsupported::NoDeviceEndpoint => {
            "The developer: use interactive sign-in; the provider gives no device codes."
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
            "do what the message says: this machine lacks something to prove who the user is, often a Kerberos ticket (sign \
             in to the domain, or kinit)"
        }
        TransportErrorKind::Other => {
            "try again; if it stays so, look at what stands between this machine and the server"
        }
    };
    format!("The operator: {what} ({service}).")
}

fn signer(kind: SignerErrorKind) -> &'static str {
    match kind {
        SignerErrorKind::Unsupported => {
            "The developer: use a key that can sign with RS256 at least: RSA of 2048 bits or more."
        }
        SignerErrorKind::Unavailable => {
            "The operator: give the host the key, or the assertion, that the application's credential names, and check that the \
             vault can be reached."
        }
        SignerErrorKind::Denied => "The operator: allow this process to use the key.",
        SignerErrorKind::Other => "The operator: look into the log of what signs.",
    }
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
        Misuse::AuthorityKind { flow: FlowKind::IntegratedWindowsAuth, kind: "adfs" } => {
            "The developer: this flow asks Entra ID who the user's federation server is. At AD FS alone the signed-in user gets \
             a token with the AD FS integrated flow (adfs_integrated_auth), which needs the redirect URI."
        }
        Misuse::AuthorityKind { flow: FlowKind::AdfsIntegratedAuth, kind: "entra" } => {
            "The developer: this flow is for AD FS without Entra ID. With an authority of Entra ID use integrated Windows \
             authentication (integrated_windows_auth), which finds the user's federation server."
        }
        Misuse::AuthorityKind { flow: FlowKind::AdfsIntegratedAuth, .. } => {
            "The developer: this flow is for AD FS alone, such as https://sts.contoso.com/adfs; interactive sign-in works with \
             every kind of authority."
        }
        Misuse::AuthorityKind { .. } => {
            "The developer: use another flow, or an authority of another kind; interactive sign-in works with every kind."
        }
        Misuse::Audience { needed: "public", .. } => {
            "The developer: use a PublicClientApplication, whose registration has 'Allow public client flows' on."
        }
        Misuse::Audience { .. } => {
            "The developer: use a ConfidentialClientApplication, with a credential of its registration."
        }
        Misuse::Tenant { flow: FlowKind::IntegratedWindowsAuth | FlowKind::UsernamePassword, .. } => {
            "The developer: this flow does not work with /common or /consumers; use the tenant, or /organizations, as authority. \
             Personal accounts sign in interactively."
        }
        Misuse::Tenant { .. } => {
            "The developer: name the one tenant that the token is for, as authority or as the call's tenant; /common, \
             /organizations and /consumers stand for many."
        }
        Misuse::NoUsername => "The developer: give the user name, in the form of joe@contoso.com.",
        Misuse::Argument { .. } => "The developer: correct the argument.",
        Misuse::FederationMetadata(_) => {
            "The developer: supply the document as the server wrote it: a WSDL in XML, without a DTD."
        }
    }
}
