//! Against Windows itself, or Wine in its place: the session of a local account, without a ticket and with one.
//!
//! Wine takes the tickets of Unix: the tests in `kdc` run this program with one. Nobody has run it on Windows.
#![cfg(windows)]

use std::sync::Arc;

use entrada_blocking::{Authority, HttpHost, Proxy, PublicClientApplication, Settings};
use entrada_core::authority::AuthorityOptions;
use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiator};
use entrada_emulator::world::{CLIENT_ID, FEDERATED_USER, SCOPE};
use entrada_identity::{IdentityError, PlatformNegotiator, WindowsAccount, current_user};

#[test]
#[ignore = "needs the session of a local account"]
fn a_local_account_has_no_user_principal_name() {
    let error = current_user().unwrap_err();
    assert_eq!(error, IdentityError::UserNameFailed { os_error: 1332, account: WindowsAccount::Local });
    assert_eq!(error.code(), "get_user_name_failed");
    assert!(error.remedy().contains("a local account has no user principal name"), "{}", error.remedy());
}

#[test]
#[ignore = "needs a session without a ticket"]
fn without_a_ticket_the_error_says_where_tickets_come_from() {
    let service = ServiceName::new("HTTP/sts.contoso.com");
    let begun = PlatformNegotiator::new().unwrap().begin(&service, None);
    let Err(NegotiateError(text)) = begun.and_then(|mut negotiation| negotiation.step(None)) else {
        panic!("there is a ticket");
    };
    for part in ["(kerberos_ticket_missing)", "HTTP/sts.contoso.com", "0x8009030e", "account of the domain"] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}

#[test]
#[ignore = "needs a session with a ticket, and a KDC"]
fn a_ticket_gives_a_first_token_with_bindings() {
    let service = ServiceName::new(told("ENTRADA_SERVICE"));
    let bindings = ChannelBindings(b"tls-server-end-point:0123456789abcdef".to_vec());
    let mut negotiation = PlatformNegotiator::new().unwrap().begin(&service, Some(bindings)).unwrap();
    let round = negotiation.step(None).unwrap();
    println!("{round:?}");
    assert!(round.token.is_some_and(|token| token.len() > 100));
}

#[test]
#[ignore = "needs a session with a ticket, a KDC and a federation server"]
fn a_ticket_gives_a_token() {
    let options = AuthorityOptions::default().allow_http_loopback(true);
    let authority = Authority::parse(&told("ENTRADA_AUTHORITY"), options).unwrap();
    let app = PublicClientApplication::new(CLIENT_ID, authority);
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    settings.integrated = Some(Arc::new(PlatformNegotiator::new().unwrap()));
    let flow = app.acquire_token_by_integrated_windows_auth([SCOPE], FEDERATED_USER);
    let result = HttpHost::new(settings).unwrap().acquire(flow).unwrap();
    assert_eq!(result.account.unwrap().username, FEDERATED_USER);
}

/// What the tests with a KDC tell in the environment.
fn told(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set"))
}
