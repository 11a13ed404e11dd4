//! `entrada accounts` and `entrada logout`.

use std::path::PathBuf;

use entrada_emulator::{Config, Emulator, world};
use serde_json::{Value, json};

use crate::command::{Ran, assert_no_secret, folder, run, run_with};

struct Place {
    emulator: Emulator,
    path: PathBuf,
}

impl Place {
    /// A cache in which these users have signed in.
    fn new(name: &str, users: &[&str]) -> Self {
        let emulator = Emulator::start(Config::default()).unwrap();
        let place = Self { emulator, path: folder(name).join("tokens.json") };
        for user in users {
            let args = ["--scope", world::SCOPE, "--flow", "username-password", "--username", user];
            let ran = place.run_with("token", &args, world::PASSWORD);
            assert_eq!(ran.code, 0, "{}", ran.err);
        }
        place.emulator.clear_records();
        place
    }

    fn run(&self, command: &str, more: &[&str]) -> Ran {
        let ran = self.run_with(command, more, "");
        assert_no_secret(&ran.out);
        assert_no_secret(&ran.err);
        ran
    }

    fn run_with(&self, command: &str, more: &[&str], input: &str) -> Ran {
        let cache = format!("plain:{}", self.path.display());
        let authority = self.emulator.authority();
        let args = [
            &[command, "--client-id", world::CLIENT_ID, "--authority", &authority, "--cache", &cache][..],
            &["--allow-http-loopback"],
            more,
        ]
        .concat();
        run_with(&args, input.as_bytes())
    }

    fn accounts(&self) -> Vec<Value> {
        let ran = self.run("accounts", &["--json"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        let told: Value = serde_json::from_str(&ran.out).unwrap();
        assert!(self.emulator.requests().is_empty(), "nobody is asked");
        told["accounts"].as_array().unwrap().clone()
    }

    fn file(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }
}

const BOTH: [&str; 2] = [world::MANAGED_USER, world::FEDERATED_USER];

#[test]
fn accounts_are_listed_for_people_and_for_programs() {
    let place = Place::new("accounts-listed", &BOTH);
    let mut names: Vec<_> =
        place.accounts().iter().map(|one| one["username"].as_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, BOTH);
    let one = place.accounts().remove(0);
    assert_eq!(one["tenant_profiles"][0]["tenant_id"], world::TENANT_ID);
    let ran = place.run("accounts", &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for told in
        ["account:      ann@contoso.onmicrosoft.com (Ann Contoso)\n", "home account: ", "tenant:       "]
    {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
}

#[test]
fn nobody_is_no_failure() {
    let place = Place::new("accounts-nobody", &[]);
    let ran = place.run("accounts", &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.starts_with("nobody has signed in"), "{}", ran.err);
    assert_eq!(place.accounts(), Vec::<Value>::new());
    for whom in [&[][..], &["--all"]] {
        let ran = place.run("logout", whom);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    }
}

#[test]
fn the_only_account_is_forgotten_and_the_page_told_that_ends_the_browsers_session() {
    let place = Place::new("logout-only", &[world::MANAGED_USER]);
    assert!(place.file().contains("eyJ"));
    let ran = place.run("logout", &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = format!("{}/oauth2/v2.0/logout", place.emulator.authority());
    assert_eq!(
        ran.out,
        format!("signed out: {}\nto end the browser's session as well, open: {page}\n", world::MANAGED_USER)
    );
    assert!(!place.file().contains("eyJ"), "{}", place.file());
    assert!(place.emulator.requests().is_empty());
    assert_eq!(place.accounts(), Vec::<Value>::new());
}

#[test]
fn of_several_accounts_those_that_are_named_are_forgotten() {
    let place = Place::new("logout-named", &BOTH);
    let ran = place.run("logout", &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--account, or --all: ") && ran.err.contains(BOTH[0]), "{}", ran.err);
    let ran = place.run("logout", &["--username", "nobody@contoso.com"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert_eq!(place.accounts().len(), 2);

    let ran = place.run("logout", &["--username", "JOE@contoso.com"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let left = place.accounts();
    assert_eq!((left.len(), &left[0]["username"]), (1, &json!(world::MANAGED_USER)));
    let ran = place.run("logout", &["--account", left[0]["home_account_id"].as_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(place.accounts().len(), 0);

    let place = Place::new("logout-all", &BOTH);
    let ran = place.run("logout", &["--all"]);
    assert_eq!((ran.code, ran.out.matches("signed out: ").count()), (0, 2), "{}", ran.err);
    assert_eq!(place.accounts().len(), 0);
}

#[test]
fn what_cannot_be_revoked_is_forgotten_and_told() {
    let place = Place::new("logout-revoke", &[world::MANAGED_USER]);
    let ran = place.run("logout", &["--revoke"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("forgotten here, but not revoked: 1;"), "{}", ran.err);
    assert!(ran.out.contains("signed out: "), "{}", ran.out);
    assert_eq!(place.accounts().len(), 0);
}

#[test]
fn a_refresh_token_is_revoked_where_the_provider_can() {
    let place = Place::new("logout-oidc", &[]);
    let issuer = place.emulator.authority_of("oidc");
    let oidc = ["--authority-kind", "oidc", "--authority", &issuer];
    let cache = format!("plain:{}", place.path.display());
    let common = ["--client-id", world::CLIENT_ID, "--cache", &cache, "--allow-http-loopback"];
    let sign_in = ["--scope", world::SCOPE, "--flow", "username-password", "--username", world::MANAGED_USER];
    let args = [&["token"], &oidc[..], &common, &sign_in].concat();
    let ran = run_with(&args, world::PASSWORD.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = run(&[&["logout", "--revoke"], &oidc[..], &common].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("refresh tokens revoked: 1\n"), "{}", ran.out);
    assert!(ran.err.contains("POST ") && ran.err.contains("/revoke\n"), "{}", ran.err);
}

#[test]
fn one_is_named_in_one_way() {
    let place = Place::new("logout-twice", &[]);
    for whom in [&["--all", "--account", "x"][..], &["--username", "x", "--account", "x"]] {
        assert_eq!(place.run("logout", whom).code, 2);
    }
}
