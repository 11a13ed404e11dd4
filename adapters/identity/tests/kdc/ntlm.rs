//! NTLM, which takes part in SPNEGO where there is no ticket: three messages, on one connection.

use crate::apache::{Farm, Mechanism, PASSWORDS, Setup};
use crate::child::{Child, WHY, assert_says};
use crate::folder::Folder;

/// A farm that takes `joe` with a password by NTLM alone, far from any KDC.
fn farm(folder: &Folder) -> Farm {
    folder.write(PASSWORDS, "CONTOSO:joe:horse battery\n");
    folder.permit(PASSWORDS, 0o644);
    folder.write("krb5.conf", "[libdefaults]\n default_realm = CONTOSO.COM\n dns_lookup_kdc = false\n");
    Farm::of(folder, &Setup { mechanism: Mechanism::Ntlm, ..Setup::default() })
}

/// A child that is signed in as `joe` with a password of its own.
fn joe<'a>(folder: &'a Folder, password: &str) -> Child<'a> {
    let file = folder.write("signed-in", &format!("CONTOSO:joe:{password}\n"));
    Child::of(folder).with("NTLMUSER", r"CONTOSO\joe").with("NTLM_USER_FILE", file.display().to_string())
}

#[test]
#[ignore = "needs MIT Kerberos, Apache and gss-ntlmssp"]
fn without_a_ticket_ntlm_gives_a_token() {
    let folder = Folder::new();
    let farm = farm(&folder);
    let (child, authority) = (joe(&folder, "horse battery"), farm.emulator.authority());
    for token in [child.token(&authority), child.token_over_tokio(&authority)] {
        assert_eq!(token, "token of joe@contoso.com");
    }
    let rounds = farm.rounds();
    for rounds in rounds.chunks(3) {
        let (ports, statuses): (Vec<_>, Vec<_>) = rounds.iter().cloned().unzip();
        assert_eq!(statuses, ["401", "401", "200"], "none, negotiate, authenticate");
        assert!(ports.iter().all(|port| *port == ports[0]), "{rounds:?}");
    }
    assert_eq!((rounds.len(), farm.admitted()), (6, 2));
    // A binding does no harm at a server that asks for none.
    let bindings = b"tls-server-end-point:0123456789abcdef0123456789abcdef";
    assert_eq!(child.token_bound(&authority, Some(bindings)), "token of joe@contoso.com");
    assert_eq!(farm.emulator.violations(), [""; 0]);
}

#[test]
#[ignore = "needs MIT Kerberos, Apache and gss-ntlmssp"]
fn a_wrong_password_is_told_by_the_server() {
    let folder = Folder::new();
    let farm = farm(&folder);
    let (child, authority) = (joe(&folder, "another"), farm.emulator.authority());
    for answer in [child.token(&authority), child.token_over_tokio(&authority)] {
        assert_says(&answer, &[WHY, "negotiate_ntlm_refused", "the right password", "kinit"]);
    }
    assert_eq!(farm.admitted(), 0);
}
