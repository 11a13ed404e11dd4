//! `entrada demo`.

use std::process::Stdio;

use crate::command::{Ran, assert_no_secret, entrada, run};

#[test]
fn both_flows_with_a_federation_server_run_over_both_backends_and_show_no_secret() {
    for (flow, endpoint) in [("iwa", "windowstransport"), ("username-password", "usernamemixed")] {
        for backend in ["blocking", "tokio"] {
            let ran = run(&["demo", "--flow", flow, "--backend", backend]);
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{flow} {backend}: {}", ran.out);
            assert!(ran.out.contains(backend), "{}", ran.out);
            let steps: Vec<_> =
                ran.out.lines().filter(|line| line.contains(". ") && line.contains("http")).collect();
            assert_eq!(steps.len(), 4, "{}", ran.out);
            for (step, (method, path)) in steps.iter().zip([
                ("GET", "/common/userrealm/joe@contoso.com"),
                ("GET", "/adfs/services/trust/mex"),
                ("POST", endpoint),
                ("POST", "/contoso.com/oauth2/v2.0/token"),
            ]) {
                assert!(
                    step.contains(&format!(". {method} https://127.0.0.1:")) && step.contains(path),
                    "{step}"
                );
            }
            assert_eq!(ran.out.matches("200 OK, ").count(), 4, "{}", ran.out);
            for told in
                ["account:        joe@contoso.com", "scopes:         user.read", "expires:", "tid: ", "oid: "]
            {
                assert!(ran.out.contains(told), "{told}: {}", ran.out);
            }
            assert_no_secret(&ran.out);
        }
    }
}

#[test]
fn every_flow_that_the_help_lists_has_its_demonstration() {
    let help = run(&["demo", "--help"]).out;
    for (flow, told) in [
        ("device-code", &["/oauth2/v2.0/devicecode", "code:    ", "account:        ann@"][..]),
        (
            "interactive",
            &["/oauth2/v2.0/authorize?…", "goes back to http://localhost:", "account:        ann@"],
        ),
        (
            "client-credentials",
            &["with its secret", "signing with PS256", "https://graph.microsoft.com/.default"],
        ),
        ("on-behalf-of", &["on behalf of the user", "account:        ann@"]),
        ("refresh-token", &["moves in", "account:        ann@"]),
        (
            "silent",
            &[
                "error: no_account_for_login_hint: ",
                "token source:   identity provider",
                "token source:   cache",
                "a new one is due",
                "signs out",
                "open: https://127.0.0.1:",
            ],
        ),
    ] {
        assert!(help.contains(flow), "{help}");
        for backend in ["blocking", "tokio"] {
            let ran = run(&["demo", "--flow", flow, "--backend", backend]);
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{flow} {backend}: {}", ran.out);
            for told in told {
                assert!(ran.out.contains(told), "{flow} {backend}, {told}: {}", ran.out);
            }
            assert_no_secret(&ran.out);
        }
    }
    let flows = help.lines().filter(|line| line.trim_start().starts_with("- ")).count();
    assert_eq!(flows, 8 + 2, "each flow and each backend: {help}");
}

#[test]
fn the_defaults_need_no_argument() {
    let ran = run(&["demo"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("windowstransport") && ran.out.contains("tokio"), "{}", ran.out);
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    for backend in ["blocking", "tokio"] {
        let mut child = entrada(&["demo", "--backend", backend]).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    }
}
