//! The codes of errors: MSAL's, the standards' and Entrada's own.

use entrada_core::cache::StoreError;
use entrada_core::error::{
    AdfsFault, Denial, Error, Fault, FederationFault, IdTokenFault, Misuse, NoToken, OWN_CODES, Refusal,
    Service, SignInFault, Unsupported, Violation,
};
use entrada_core::http::{TransportError, TransportErrorKind};
use entrada_core::preflight::FlowKind;
use entrada_core::protocol::cookies::CookieError;
use entrada_core::protocol::mex::MexError;
use entrada_core::protocol::redirect::{RedirectError, ResponseMode};
use entrada_core::protocol::wstrust::RstrError;
use entrada_core::signer::SignerErrorKind;
use entrada_identity::IdentityError;
use http::StatusCode;

use super::Explanation;

/// What is known of a code.
pub(super) fn of(code: &str) -> Option<Explanation> {
    let code = code.to_ascii_lowercase();
    named(&code).or_else(|| raised(&code)).or_else(|| platforms(&code)).or_else(|| own(&code))
}

/// An error of this machine's Kerberos, or of Windows.
fn platforms(code: &str) -> Option<Explanation> {
    IdentityError::by_code(code).map(|error| Explanation {
        code: code.to_owned(),
        meaning: Some(error.to_string()),
        remedy: error.remedy(),
        ..Explanation::default()
    })
}

fn named(code: &str) -> Option<Explanation> {
    NAMED.iter().find(|(name, ..)| *name == code).map(|(name, meaning, remedy)| {
        let remedy = match *remedy {
            "" => refused(name),
            remedy => remedy.to_owned(),
        };
        Explanation {
            code: (*name).to_owned(),
            meaning: Some((*meaning).to_owned()),
            remedy,
            ..Explanation::default()
        }
    })
}

/// What the core says of a refusal by this name.
fn refused(code: &str) -> String {
    let refusal = Refusal::new(StatusCode::BAD_REQUEST, code);
    Error::from(Fault::Refused(Box::new(refusal))).remedy().to_owned()
}

/// An error that the core raises with this code, and what it says of it.
fn raised(code: &str) -> Option<Explanation> {
    faults().into_iter().map(Error::from).find(|error| error.code() == code).map(|error| Explanation {
        code: code.to_owned(),
        meaning: Some(own_meaning(code).map_or_else(|| error.to_string(), str::to_owned)),
        remedy: error.remedy().to_owned(),
        ..Explanation::default()
    })
}

fn own(code: &str) -> Option<Explanation> {
    own_meaning(code).map(|meaning| Explanation {
        code: code.to_owned(),
        meaning: Some(meaning.to_owned()),
        remedy: NO_REMEDY.to_owned(),
        ..Explanation::default()
    })
}

/// For a code whose fault is not listed below.
const NO_REMEDY: &str = "The developer: read the error's own remedy, which knows more of the call.";

fn own_meaning(code: &str) -> Option<&'static str> {
    OWN_CODES.iter().find(|(own, _)| *own == code).map(|(_, meaning)| *meaning)
}

/// The names that a service says, or another library; without a remedy where the core has one.
const NAMED: [(&str, &str, &str); 27] = [
    (
        "invalid_grant",
        "the service did not accept the password, code, token or assertion, or wants more of the user",
        "",
    ),
    ("interaction_required", "the service wants the user to do something that needs a page", ""),
    ("invalid_client", "the service did not accept the application, or how it proves who it is", ""),
    ("unauthorized_client", "the application's registration does not allow this flow", ""),
    ("invalid_scope", "a scope does not exist, or these cannot be asked for together", ""),
    ("invalid_request", "the request lacks something, holds it twice, or does not fit the authority", ""),
    ("invalid_instance", "the service does not know the authority's host", ""),
    ("temporarily_unavailable", "the service is overloaded or under repair", ""),
    (
        "server_error",
        "the service failed",
        "The application: try again later; if it stays so, give the correlation id to the service's support.",
    ),
    (
        "unsupported_grant_type",
        "the service does not know this flow",
        "The developer: use another flow; the authority does not offer this one.",
    ),
    (
        "unsupported_response_type",
        "the service does not answer in this way",
        "The developer: allow this answer in the application's registration, or use an authorization code.",
    ),
    (
        "login_required",
        "nobody is signed in, and no page was to be shown",
        "The user: sign in interactively.",
    ),
    (
        "consent_required",
        "the user or an administrator has not consented to the permissions",
        "The user or an administrator: consent to the application's permissions, once and interactively.",
    ),
    (
        "access_denied",
        "the user or a policy said no",
        "The user: sign in again and consent; nothing can be got without it.",
    ),
    (
        "authorization_declined",
        "the user declined the device code",
        "The user: start again, and approve the code if it is yours.",
    ),
    (
        "authorization_pending",
        "the user has not approved the device code yet",
        "The application: ask again after the interval.",
    ),
    (
        "slow_down",
        "the device code is asked about too often",
        "The application: add five seconds to the interval.",
    ),
    (
        "expired_token",
        "the device code expired before it was approved",
        "The user: start again, and approve the code on the page before it expires.",
    ),
    (
        "bad_verification_code",
        "the service does not know the device code",
        "The developer: ask with the code that the service gave, of the same application and authority.",
    ),
    // What comes with `invalid_grant` as `suberror`.
    (
        "basic_action",
        "the user can mend it with a simple step on a page, such as a second factor",
        "The user: sign in interactively.",
    ),
    (
        "additional_action",
        "the user can mend it with further steps beyond the application, such as enrolling the device",
        "The user: sign in interactively and follow what the page says.",
    ),
    (
        "message_only",
        "the user is told something and cannot mend it now",
        "The user: sign in interactively to read the message.",
    ),
    (
        "user_password_expired",
        "the user's password has expired or must be changed",
        "The user: sign in interactively and change the password.",
    ),
    (
        "client_mismatch",
        "the refresh token belongs to another application of the family",
        "The application: use the refresh token of its own, or let the user sign in again.",
    ),
    (
        "protection_policy_required",
        "the application must be managed by the organization on this device",
        "The administrator: assign an app protection policy; the user then enrolls the application.",
    ),
    // MSAL's own, for what is looked up here after a change of library.
    (
        "user_null",
        "MSAL was asked for a token silently without an account",
        "The developer: pass the account that an earlier sign-in gave, or sign the user in.",
    ),
    (
        "multiple_matching_tokens_detected",
        "MSAL's cache holds several tokens that would do",
        "The developer: say which account, tenant and scopes are meant.",
    ),
];

/// One fault for each code that the core raises by itself.
fn faults() -> Vec<Fault> {
    let mut faults = vec![
        Fault::IntegratedRefused { schemes: vec!["Negotiate".to_owned()] },
        Fault::CodeExpired,
        Fault::Signer(SignerErrorKind::Unavailable.into()),
        Fault::NoRandomness { detail: String::new() },
        Fault::Store(StoreError::new("it says why")),
        Fault::Federation(Box::new(FederationFault::new(StatusCode::INTERNAL_SERVER_ERROR))),
    ];
    faults.extend(
        [
            (Service::FederationMetadata, StatusCode::NOT_FOUND),
            (Service::Token, StatusCode::NOT_FOUND),
            (Service::Token, StatusCode::TOO_MANY_REQUESTS),
            (Service::Token, StatusCode::INTERNAL_SERVER_ERROR),
        ]
        .map(|(service, status)| Fault::Status {
            service,
            status,
            content_type: None,
            retry_after: None,
        }),
    );
    faults.extend(
        [
            Violation::DiscoveryNotJson,
            Violation::ProviderNotJson,
            Violation::IssuerMismatch,
            Violation::DeviceNotJson,
            Violation::RealmNotJson,
            Violation::Metadata(MexError::NoDefinitions),
            Violation::Assertion(RstrError::NoToken),
            Violation::TokenNotJson,
            Violation::RefusalNotJson,
            Violation::AccessTokenMissing,
            Violation::TokenTypeMissing,
            Violation::TokenTypeMismatch,
        ]
        .map(|rule| Fault::Violation { rule, status: StatusCode::OK, content_type: None }),
    );
    faults.extend(
        [
            Unsupported::ManagedUser,
            Unsupported::PasswordRequired,
            Unsupported::PersonalAccount,
            Unsupported::UnknownUserType,
            Unsupported::FederationProtocol("another protocol".to_owned()),
            Unsupported::NoFederationMetadata,
            Unsupported::NoEndpoint("this flow"),
            Unsupported::NoDeviceEndpoint,
            Unsupported::InsecureEndpoint("endpoint"),
        ]
        .map(Fault::Unsupported),
    );
    faults.extend(
        [
            TransportErrorKind::Connect,
            TransportErrorKind::Timeout,
            TransportErrorKind::Tls,
            TransportErrorKind::TooLarge,
            TransportErrorKind::Negotiate,
            TransportErrorKind::Other,
        ]
        .map(|kind| Fault::Transport { service: Service::Token, error: TransportError::from(kind) }),
    );
    faults.extend(
        [
            SignInFault::Unreadable(RedirectError::TooLong),
            SignInFault::Unreadable(RedirectError::DuplicateParameter { name: "code" }),
            SignInFault::Unreadable(RedirectError::Contradictory { answer: "code" }),
            SignInFault::Unreadable(RedirectError::OtherMode {
                expected: ResponseMode::FormPost,
                found: ResponseMode::Query,
            }),
            SignInFault::StateMismatch,
            SignInFault::IssuerMismatch { missing: false },
            SignInFault::OtherCloud { host: "another".to_owned() },
            SignInFault::Without("code"),
            SignInFault::NonceMismatch,
            SignInFault::IdToken(IdTokenFault::Unreadable),
            SignInFault::TimedOut { seconds: 300 },
            SignInFault::PortInUse { port: 8400 },
            SignInFault::NoListener { detail: "it says why".to_owned() },
        ]
        .map(Fault::SignIn),
    );
    let status = StatusCode::OK;
    faults.extend(
        [
            AdfsFault::SignInPage { status },
            AdfsFault::MoreWanted { status },
            AdfsFault::ErrorPage { status, number: 9604 },
            AdfsFault::Elsewhere { host: "another".to_owned() },
            AdfsFault::InCircles { most: 5 },
            AdfsFault::Cookies(CookieError::TooLong),
        ]
        .map(Fault::Adfs),
    );
    faults.extend(
        [
            NoToken::NoAccount,
            NoToken::ManyAccounts,
            NoToken::NoTokens,
            NoToken::NoSession,
            NoToken::OtherUser,
        ]
        .map(Fault::NoToken),
    );
    let mut cancelled = Denial::new("access_denied");
    cancelled.subcode = Some("cancel".to_owned());
    faults.push(Fault::Denied(Box::new(cancelled)));
    let flow = FlowKind::IntegratedWindowsAuth;
    faults.extend(
        [
            Misuse::Authority { authority: "…".to_owned(), reason: "it is not one" },
            Misuse::AuthorityKind { flow, kind: "b2c" },
            Misuse::Audience { flow, needed: "public" },
            Misuse::NoUsername,
            Misuse::Argument { name: "argument", reason: "it is not one" },
        ]
        .map(Fault::Misuse),
    );
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_entradas_own_is_explained() {
        for (code, meaning) in OWN_CODES {
            let told = of(code).unwrap();
            assert_eq!(told.meaning.as_deref(), Some(meaning), "{code}");
            assert!(super::super::turn(&told.remedy).is_some(), "{code}: {}", told.remedy);
            assert_ne!(told.remedy, NO_REMEDY, "{code} is raised by a fault that is not listed here");
        }
    }

    #[test]
    fn codes_stand_once_and_in_lower_case_and_say_whose_turn_it_is() {
        let mut seen = std::collections::BTreeSet::new();
        for (code, ..) in NAMED {
            assert!(seen.insert(code), "{code} stands twice");
            let told = of(&code.to_uppercase()).unwrap();
            assert_eq!(told.code, code);
            assert!(super::super::turn(&told.remedy).is_some(), "{code}: {}", told.remedy);
        }
        for fault in faults() {
            let error = Error::from(fault);
            assert!(of(error.code()).is_some(), "{}", error.code());
        }
    }

    #[test]
    fn a_code_that_nobody_knows_is_not_explained() {
        assert_eq!(of("magic"), None);
        assert_eq!(of(""), None);
    }
}
