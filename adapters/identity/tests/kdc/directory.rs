//! A user of Active Directory, whose name in the cloud is not the account's and whose tickets say much.

use crate::apache::{Farm, Setup};
use crate::child::{Child, assert_says};
use crate::domain::{Domain, REALM};

#[test]
#[ignore = "needs Samba as root, and Apache"]
fn a_user_of_a_domain_gets_a_token() {
    // It takes a while to set up, so that all of this runs against one.
    let domain = Domain::start();
    a_ticket_by_any_name_gives_a_token(&domain);
    a_long_token_needs_a_server_that_takes_it(&domain);
}

/// With an enterprise name the ticket keeps the user's name in the cloud; canonicalised, it has the account's.
fn a_ticket_by_any_name_gives_a_token(domain: &Domain) {
    let farm = Farm::of(domain, &Setup { field_limit: Some(64 * 1024), ..Setup::default() });
    for (options, name, principal, upn) in [
        (["-E"].as_slice(), "joe@contoso.com", r"joe\@contoso.com", "joe@contoso.com"),
        (&["-C", "-E"], "joe@contoso.com", "jdoe", "jdoe@ad.contoso.com"),
        (&[], "jdoe", "jdoe", "jdoe@ad.contoso.com"),
    ] {
        domain.kinit(options, name);
        let (child, authority) = (Child::of(domain), farm.emulator.authority());
        let user = child.user();
        assert!(user.starts_with(&format!("{upn} by the principal {principal}@{REALM} of")), "{user}");
        assert_eq!(child.token(&authority), "token of joe@contoso.com");
        assert_eq!(child.token_over_tokio(&authority), "token of joe@contoso.com");
    }
    assert_eq!(farm.admitted(), 6);
    assert_eq!(farm.emulator.violations(), [""; 0]);
}

/// Base64 adds a third, and the header may have 8 KiB with Apache unless it is told otherwise.
fn a_long_token_needs_a_server_that_takes_it(domain: &Domain) {
    let round = Child::of(domain).round("HTTP/localhost");
    let length = round.split(['(', ')']).nth(1).and_then(|text| text.parse::<usize>().ok());
    assert!(length.is_some_and(|length| length > 8 * 1024), "{round}");

    let farm = Farm::start(domain);
    let (child, authority) = (Child::of(domain), farm.emulator.authority());
    for answer in [child.token(&authority), child.token_over_tokio(&authority)] {
        assert_says(&answer, &["status 400 Bad Request", "look for this call in the server's own log"]);
    }
    assert_eq!(farm.admitted(), 0);
}
