//! `entrada token` with a cache: what is kept, what is used again, and what is asked anew.

use std::path::PathBuf;

use entrada_emulator::{Challenge, Config, Emulator, world};
use serde_json::Value;

use crate::command::{Ran, assert_no_secret, folder, run_and, run_in};

/// An emulator and a cache for one test, which names it.
struct Place {
    emulator: Emulator,
    path: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        Self::with(name, Config::default())
    }

    fn with(name: &str, config: Config) -> Self {
        Self { emulator: Emulator::start(config).unwrap(), path: folder(name).join("tokens.json") }
    }

    fn cache(&self) -> String {
        format!("plain:{}", self.path.display())
    }

    /// Asks for a token; gives what the command did, and the requests that it made.
    fn token(&self, flow: &str, more: &[&str], input: &str) -> (Ran, Vec<String>) {
        let (authority, cache) = (self.emulator.authority(), self.cache());
        let client = if flow == "client-credentials" { world::DAEMON_CLIENT_ID } else { world::CLIENT_ID };
        let mut args = vec!["token", "--flow", flow, "--client-id", client, "--authority", &authority];
        args.extend(["--allow-http-loopback", "--json"]);
        if !more.contains(&"--no-cache") {
            args.extend(["--cache", &cache]);
        }
        if !more.contains(&"--scope") {
            args.extend(["--scope", world::SCOPE]);
        }
        args.extend(more);
        self.emulator.clear_records();
        let ran = run_in(&[("APP_SECRET", world::CLIENT_SECRET)], &args, input.as_bytes());
        assert_no_secret(&ran.err);
        assert_eq!(self.emulator.violations(), Vec::<String>::new());
        (ran, self.emulator.requests().into_iter().map(|seen| seen.path).collect())
    }

    fn password(&self, user: &str, more: &[&str]) -> (Ran, Vec<String>) {
        self.token("username-password", &[&["--username", user], more].concat(), world::PASSWORD)
    }

    fn sign_in(&self, user: &str) {
        let (ran, _) = self.password(user, &[]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
}

fn result(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

fn source(ran: &Ran) -> String {
    result(ran)["token_source"].as_str().unwrap().to_owned()
}

#[test]
fn a_second_call_needs_neither_a_password_nor_a_request() {
    let place = Place::new("cache-second");
    for user in [world::MANAGED_USER, world::FEDERATED_USER] {
        let (first, _) = place.password(user, &[]);
        assert_eq!(source(&first), "identity_provider");
        for backend in ["blocking", "tokio"] {
            let more = ["--username", user, "--backend", backend];
            let (second, requests) = place.token("username-password", &more, "");
            assert_eq!((source(&second).as_str(), requests.len()), ("cache", 0));
            assert_eq!(result(&second)["access_token"], result(&first)["access_token"]);
            assert_eq!(result(&second)["account"]["username"], user);
        }
    }
}

#[test]
fn the_only_account_needs_no_name_and_of_several_one_must_be_named() {
    let place = Place::new("cache-names");
    let (nobody, requests) = place.token("silent", &[], "");
    assert_eq!((nobody.code, requests.len()), (3, 0), "{}", nobody.err);
    assert!(nobody.err.contains("error: no_account_for_login_hint: "), "{}", nobody.err);

    place.sign_in(world::MANAGED_USER);
    let (only, _) = place.token("silent", &[], "");
    assert_eq!(source(&only), "cache");
    let home = result(&only)["account"]["home_account_id"].as_str().unwrap().to_owned();

    place.sign_in(world::FEDERATED_USER);
    let (either, requests) = place.token("silent", &[], "");
    assert_eq!((either.code, requests.len()), (2, 0));
    assert!(either.err.contains("--account") && either.err.contains(&home), "{}", either.err);
    for named in [&["--account", &home][..], &["--username", "ANN@contoso.onmicrosoft.com"]] {
        let (ran, _) = place.token("silent", named, "");
        assert_eq!(result(&ran)["account"]["username"], world::MANAGED_USER);
    }
}

#[test]
fn a_token_that_does_not_do_is_replaced_with_the_refresh_token() {
    let place = Place::new("cache-refresh");
    place.sign_in(world::MANAGED_USER);
    for more in [&["--scope", "mail.read"][..], &["--force-refresh"]] {
        let (ran, requests) = place.token("silent", more, "");
        assert_eq!((source(&ran).as_str(), requests.len()), ("identity_provider", 1), "{requests:?}");
    }
}

#[test]
fn without_the_cache_nothing_is_used_and_nothing_kept() {
    let place = Place::new("cache-none");
    place.sign_in(world::MANAGED_USER);
    let before = std::fs::read(&place.path).unwrap();
    let (ran, requests) = place.password(world::MANAGED_USER, &["--no-cache"]);
    assert_eq!((source(&ran).as_str(), requests.len()), ("identity_provider", 2));
    assert_eq!(std::fs::read(&place.path).unwrap(), before);
}

#[test]
fn when_the_user_must_act_the_flow_itself_goes_on() {
    let place = Place::new("cache-revoked");
    place.sign_in(world::MANAGED_USER);
    place.emulator.revoke_user(world::MANAGED_USER);
    let (ran, requests) = place.token("silent", &["--force-refresh"], "");
    assert_eq!((ran.code, requests.len()), (3, 1), "{}", ran.err);

    let (ran, requests) = place.password(world::MANAGED_USER, &["--force-refresh"]);
    assert_eq!(source(&ran), "identity_provider");
    assert_eq!(requests.len(), 2, "a dead refresh token is not tried again: {requests:?}");
    place.emulator.revoke_user(world::MANAGED_USER);
    let (ran, requests) = place.password(world::MANAGED_USER, &["--force-refresh"]);
    assert_eq!(source(&ran), "identity_provider");
    assert_eq!(requests.len(), 3, "the refresh token, then the realm and the password: {requests:?}");
}

/// Microsoft Graph, as the emulator names it.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

#[test]
fn what_the_service_demands_goes_along_to_the_flow_that_goes_on() {
    let challenge = Challenge { resource: Some(GRAPH.to_owned()), ..Challenge::default() };
    let place = Place::with("cache-claims", Config { challenges: vec![challenge], ..Config::default() });
    // For another resource nothing is demanded.
    let (ran, _) = place.password(world::MANAGED_USER, &["--scope", world::API_SCOPE]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (ran, requests) = place.password(world::MANAGED_USER, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(requests.len(), 3, "{requests:?}");
}

#[test]
fn a_page_that_was_asked_for_is_shown() {
    let place = Place::new("cache-prompt");
    place.sign_in(world::MANAGED_USER);
    let (ran, requests) = place.token("interactive", &[], "");
    assert_eq!((source(&ran).as_str(), requests.len()), ("cache", 0));

    let (authority, cache) = (place.emulator.authority(), place.cache());
    let args = [
        &["token", "--flow", "interactive", "--client-id", world::CLIENT_ID, "--authority", &authority][..],
        &["--scope", world::SCOPE, "--allow-http-loopback", "--no-browser", "--prompt", "login"],
        &["--cache", &cache, "--json"],
    ]
    .concat();
    let start = format!("{}/", place.emulator.base_url());
    let ran = run_and(&args, &start, |rest| {
        let redirect = place.emulator.sign_in(&format!("{start}{rest}"), world::MANAGED_USER).unwrap();
        redirect.deliver().unwrap();
    });
    assert_eq!(source(&ran), "identity_provider");
}

#[test]
fn an_application_gets_its_own_token_from_the_cache() {
    let place = Place::new("cache-application");
    let secret = ["--client-secret-env", "APP_SECRET", "--scope", world::GRAPH_DEFAULT_SCOPE];
    for (more, kept) in [(&[][..], false), (&[], true), (&["--force-refresh"], false), (&[], true)] {
        let (ran, requests) = place.token("client-credentials", &[&secret[..], more].concat(), "");
        assert_eq!((source(&ran) == "cache", requests.is_empty()), (kept, kept), "{more:?}");
    }
    let (ran, _) = place.token("silent", &[], "");
    assert_eq!(ran.code, 3, "it is nobody's account: {}", ran.err);
}

#[test]
fn a_token_that_is_ageing_is_printed_and_replaced_for_the_next_time() {
    let config = Config { refresh_in_seconds: Some(1800), ..Config::default() };
    let place = Place::with("cache-ageing", config);
    place.sign_in(world::MANAGED_USER);
    let mut tokens: Value = serde_json::from_slice(&std::fs::read(&place.path).unwrap()).unwrap();
    for token in tokens["AccessToken"].as_object_mut().unwrap().values_mut() {
        token["refresh_on"] = "1".into();
    }
    std::fs::write(&place.path, tokens.to_string()).unwrap();

    let (old, requests) = place.token("silent", &["--why"], "");
    assert_eq!((source(&old).as_str(), requests.len()), ("cache", 1));
    assert!(old.err.contains(": a new one is due\n"), "{}", old.err);
    let (new, requests) = place.token("silent", &[], "");
    assert_eq!((source(&new).as_str(), requests.len()), ("cache", 0));
    assert_ne!(result(&old)["access_token"], result(&new)["access_token"]);
}

#[test]
fn why_says_what_was_looked_at_whether_or_not_there_is_a_token() {
    let place = Place::new("cache-why");
    let (ran, _) = place.password(world::MANAGED_USER, &["--why", "-q"]);
    let cache = format!("why: the cache: {}\n", place.path.display());
    for told in [
        cache.as_str(),
        "why: no token: no_account_for_login_hint: the cache has no account of that name\n",
        "why: the token is new, from the service\n",
    ] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    let (ran, _) = place.token("silent", &["--why", "-q"], "");
    assert_eq!(ran.err, format!("{cache}why: the token is from the cache\n"));

    let (ran, _) = place.token("silent", &["--why", "-q", "--scope", "mail.read"], "");
    assert!(ran.err.contains("why: access token for ") && ran.err.contains("user.read"), "{}", ran.err);
    assert!(ran.err.contains(": it lacks a scope\nwhy: the token is new"), "{}", ran.err);

    place.emulator.revoke_user(world::MANAGED_USER);
    let (ran, _) = place.token("silent", &["--why", "-q", "--force-refresh"], "");
    assert_eq!(ran.code, 3);
    for told in
        [": a new one was asked for\n", "why: refresh token, application ", ": the service refused it\n"]
    {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    let (ran, _) = place.token("silent", &["-q"], "");
    assert!(!ran.err.contains("why: "), "{}", ran.err);
}

#[test]
fn options_of_the_cache_go_with_flows_that_ask_it() {
    let place = Place::new("cache-misplaced");
    for (flow, option) in [
        ("refresh-token", &["--force-refresh"][..]),
        ("client-credentials", &["--account", "x"]),
        ("silent", &["--password-stdin"]),
        ("silent", &["--no-browser"]),
    ] {
        let (ran, requests) = place.token(flow, option, "");
        assert_eq!((ran.code, requests.len()), (2, 0));
        assert!(ran.err.contains(&format!("{} goes with --flow ", option[0])), "{}", ran.err);
    }
}
