//! `entrada preflight`: the table, without a network.

use serde_json::{Value, json};

use crate::command::run;

const COMMON: &str = "https://login.microsoftonline.com/common";

#[test]
fn a_flow_that_can_work_is_exit_code_0() {
    for flow in ["device-code", "device_code"] {
        let ran = run(&["preflight", "--flow", flow, "--authority", COMMON]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(
            ran.out.contains("the device code flow can work for a public client with https://"),
            "{}",
            ran.out
        );
    }
    let tenant = ["preflight", "--flow", "client-credentials", "--confidential", "--tenant", "contoso.com"];
    assert_eq!(run(&[&tenant[..], &["--authority", COMMON]].concat()).code, 0);
}

#[test]
fn a_flow_that_cannot_work_says_why_and_what_to_do() {
    for (args, code) in [
        (&["--flow", "iwa", "--authority", COMMON][..], "invalid_request"),
        (&["--flow", "device-code", "--authority", COMMON, "--confidential"], "client_type_not_supported"),
        (&["--flow", "client-credentials", "--authority", COMMON], "client_type_not_supported"),
        (&["--flow", "iwa", "--authority", "https://sts.contoso.com/adfs"], "authority_kind_not_supported"),
        (
            &[
                "--flow",
                "user-fic",
                "--confidential",
                "--authority",
                "https://id.example",
                "--authority-kind",
                "oidc",
            ],
            "authority_kind_not_supported",
        ),
        (&["--flow", "iwa", "--authority", "http://contoso.com/x"], "invalid_authority"),
        (&["--flow", "iwa", "--authority", COMMON, "--tenant", "a/b"], "invalid_argument"),
    ] {
        let ran = run(&[&["preflight"], args].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(
            ran.err.contains(&format!("error: {code}: ")) && ran.err.contains("\nremedy: "),
            "{}",
            ran.err
        );
    }
}

#[test]
fn the_verdict_can_be_json() {
    let ran = run(&["preflight", "--json", "--flow", "interactive", "--authority", COMMON]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        told,
        json!({
            "flow": "authorization_code", "confidential": false, "authority": format!("{COMMON}/"),
            "authority_kind": "entra", "works": true, "code": null, "message": null, "remedy": null
        })
    );
    let ran = run(&["preflight", "--json", "--flow", "iwa", "--authority", COMMON]);
    assert_eq!(ran.code, 2);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["works"], &told["code"]), (&json!(false), &json!("invalid_request")));
}

#[test]
fn the_whole_table_of_an_authority_can_be_shown() {
    let ran = run(&["preflight", "--all", "--authority", "https://sts.contoso.com/adfs"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let row = |name: &str| {
        let line = ran.out.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("device-code"), ["yes", "client_type_not_supported"]);
    assert_eq!(row("client-credentials"), ["client_type_not_supported", "yes"]);
    assert_eq!(row("integrated-windows-auth"), ["authority_kind_not_supported", "client_type_not_supported"]);

    let ran = run(&["preflight", "--all", "--json", "--authority", COMMON]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told.as_array().unwrap().len(), 22);
}

#[test]
fn wrong_usage_names_the_flows() {
    let ran = run(&["preflight", "--flow", "magic", "--authority", COMMON]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("device-code") && ran.err.contains("user-fic"), "{}", ran.err);
    assert_eq!(run(&["preflight", "--authority", COMMON]).code, 2);
    assert_eq!(run(&["preflight", "--all", "--flow", "iwa", "--authority", COMMON]).code, 2);
}
