use entrada_emulator::world;
use serde_json::Value;

use crate::command::{Ran, assert_no_secret, run_in};
use crate::token::emulator;

fn whoami(user: &str, more: &[&str]) -> Ran {
    run_in(&[("USERPRINCIPALNAME", user)], &[&["whoami"], more].concat(), b"")
}

#[test]
fn without_a_network_the_user_and_what_is_missing_are_told() {
    let ran = whoami("carol@contoso.com", &["--offline"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert_eq!(ran.err, "");
    for part in [
        "user:      carol@contoso.com\n",
        "known by:  the environment variable USERPRINCIPALNAME\n",
        "authority: https://login.microsoftonline.com/organizations/\n",
        "missing:   kerberos_",
        "remedy:    The ",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let ran = whoami("not a name", &["--offline", "--json"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &told["username"]), (3, &Value::Null));
    let code = told["missing"][0]["code"].as_str().unwrap();
    assert!(["unknown_user", "kerberos_library_missing"].contains(&code), "{code}");
}

#[test]
fn where_the_user_would_be_authenticated_is_found_out_without_doing_it() {
    let emulator = emulator();
    let authority = emulator.authority();
    let more = ["--authority", &authority, "--allow-http-loopback", "--username", world::FEDERATED_USER];
    let ran = whoami("carol@contoso.com", &[&more[..], &["--json"]].concat());
    assert_eq!(ran.code, 3, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["username"], world::FEDERATED_USER);
    assert_eq!(
        (told["signed_in"].as_str(), told["is_stated"].as_bool()),
        (Some("carol@contoso.com"), Some(false))
    );
    let integrated = &told["integrated"];
    assert!(integrated["endpoint"].as_str().unwrap().ends_with("/adfs/services/trust/13/windowstransport"));
    assert_eq!(integrated["service"], "HTTP/127.0.0.1");
    assert_eq!(integrated["asked"].as_array().unwrap().len(), 2, "realm and metadata: {integrated}");
    assert_eq!(told["missing"].as_array().unwrap().len(), 1);
    let paths: Vec<_> = emulator.requests().into_iter().map(|request| request.path).collect();
    assert!(paths.len() == 2 && paths.iter().all(|path| !path.contains("windowstransport")), "{paths:?}");

    let ran = whoami("carol@contoso.com", &more);
    assert!(
        ran.out.contains("signed in: carol@contoso.com\n") && ran.out.contains("service:   HTTP/"),
        "{}",
        ran.out
    );
    assert_no_secret(&(ran.out + &ran.err));
}

#[test]
fn an_account_that_cannot_sign_in_so_is_told_with_what_is_missing_here() {
    let emulator = emulator();
    let authority = emulator.authority();
    let ran = whoami(world::MANAGED_USER, &["--authority", &authority, "--allow-http-loopback"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(
        ran.out.contains("missing:   integrated_windows_auth_not_supported_managed_user: "),
        "{}",
        ran.out
    );
    assert_eq!(ran.out.matches("\nmissing: ").count(), 2, "{}", ran.out);
}

#[test]
fn an_authority_that_is_none_is_wrong_usage() {
    let ran = whoami("carol@contoso.com", &["--authority", "nonsense"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
}
