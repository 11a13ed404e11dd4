//! Where tokens are kept: `--cache`, `ENTRADA_CACHE`, and what goes without saying.

use entrada_emulator::{Config, Emulator, world};

use crate::command::{Ran, file, folder, run, run_in};

fn token_args(authority: &str) -> Vec<&str> {
    let mut args = vec!["token", "--client-id", world::CLIENT_ID, "--authority", authority];
    args.extend(["--scope", world::SCOPE, "--allow-http-loopback", "--flow", "username-password"]);
    args.extend(["--username", world::MANAGED_USER, "--password-env", "PASSWORD", "--json"]);
    args
}

fn token(emulator: &Emulator, variables: &[(&str, &str)], more: &[&str]) -> Ran {
    let authority = emulator.authority();
    let args = [&token_args(&authority)[..], more].concat();
    run_in(&[variables, &[("PASSWORD", world::PASSWORD)]].concat(), &args, b"")
}

fn emulator() -> Emulator {
    Emulator::start(Config::default()).unwrap()
}

fn is_from_the_cache(ran: &Ran) -> bool {
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out.contains(r#""token_source":"cache""#)
}

/// Keys as `openssl rand -base64 32` draws them.
const KEY: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=";
const OTHER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_file_is_encrypted_with_the_key_that_is_given() {
    let (emulator, folder) = (emulator(), folder("places-key"));
    let path = folder.join("tokens");
    let path = path.to_str().unwrap();
    let more = ["--cache", path, "--cache-key-env", "KEY"];
    assert!(!is_from_the_cache(&token(&emulator, &[("KEY", KEY)], &more)));
    let bytes = std::fs::read(path).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("AccessToken"));
    for key in [KEY, KEY.trim_end_matches('='), &format!("{KEY}\n")] {
        assert!(is_from_the_cache(&token(&emulator, &[("KEY", key)], &more)));
    }
    assert!(is_from_the_cache(&token(&emulator, &[("KEY", KEY), ("ENTRADA_CACHE", path)], &more[2..])));

    for (key, more, code, told) in [
        (OTHER_KEY, &more[..], 1, "error: store_wrong_key: "),
        ("c2hvcnQ=", &more, 2, "in the environment variable KEY is not 32 random bytes in base64"),
        ("planted!", &more, 2, "in the environment variable KEY is not 32 random bytes in base64"),
        (
            KEY,
            &["--cache", &format!("plain:{path}"), "--cache-key-env", "KEY"],
            2,
            "--cache-key-env goes with",
        ),
        (KEY, &["--cache", &format!("plain:{path}")], 1, "error: store_encrypted: "),
        (KEY, &["--no-cache", "--cache-key-env", "KEY"], 2, "--no-cache"),
        (KEY, &["--cache", path, "--cache-key-env", "NOT_THERE"], 2, "NOT_THERE is not there"),
    ] {
        let ran = token(&emulator, &[("KEY", key)], more);
        assert_eq!(ran.code, code, "{told}: {}", ran.err);
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
        assert!(!ran.err.contains("planted") && !ran.err.contains(key), "{}", ran.err);
        assert!(code == 2 || ran.err.contains("\nremedy: The user: "), "{}", ran.err);
    }
    assert_eq!(std::fs::read(path).unwrap(), bytes, "whatever cannot be opened stays as it is");
}

#[test]
fn the_environment_says_where_unless_an_option_does() {
    let (emulator, folder) = (emulator(), folder("places-variable"));
    let place = |name: &str| format!("plain:{}", folder.join(name).display());
    let (one, other) = (place("one"), place("other"));
    assert!(!is_from_the_cache(&token(&emulator, &[("ENTRADA_CACHE", &one)], &[])));
    assert!(is_from_the_cache(&token(&emulator, &[("ENTRADA_CACHE", &one)], &[])));
    for (more, exists) in
        [(&["--no-cache"][..], false), (&["--cache", "memory"], false), (&["--cache", &other], true)]
    {
        assert!(!is_from_the_cache(&token(&emulator, &[("ENTRADA_CACHE", &one)], more)));
        assert_eq!(folder.join("other").exists(), exists);
    }
}

#[test]
fn what_is_no_place_is_wrong_usage_and_not_told() {
    let emulator = emulator();
    let password = "redis://:planted@127.0.0.1/";
    for (variable, more, told) in [
        ("memory", &["--cache", "planted"][..], "--cache: this is none of file, file:PATH"),
        ("planted", &[], "the environment variable ENTRADA_CACHE: this is none of file"),
        ("memory", &["--cache", password], "a secret is never an argument"),
        ("memory", &["--cache", "memory", "--no-cache"], "--no-cache"),
    ] {
        let ran = token(&emulator, &[("ENTRADA_CACHE", variable)], more);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{told}");
        assert!(ran.err.contains(told) && !ran.err.contains("planted"), "{told}: {}", ran.err);
    }
    assert!(emulator.requests().is_empty());
}

/// An address at which nobody listens; the password in it is nobody's business.
fn no_redis() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("redis://:planted@{}/", listener.local_addr().unwrap())
}

#[test]
fn a_token_is_got_though_the_cache_cannot_be_reached() {
    let (emulator, url) = (emulator(), no_redis());
    let ran = token(&emulator, &[("ENTRADA_CACHE", &url)], &["-q", "--account", "x"]);
    assert!(!is_from_the_cache(&ran));
    assert!(ran.err.starts_with("warning: ") && ran.err.contains("store_redis_unreachable"), "{}", ran.err);
    assert!(!ran.err.contains("planted"), "{}", ran.err);
}

#[test]
fn who_asks_for_the_cache_alone_is_told_once_that_it_cannot_be_reached() {
    let emulator = emulator();
    let args = ["--authority", &emulator.authority(), "--allow-http-loopback", "--account", "x"];
    let args = [&["logout", "--client-id", "x"], &args[..]].concat();
    let ran = run_in(&[("ENTRADA_CACHE", &no_redis())], &args, b"");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "forgotten and not knowing are not the same");
    assert!(ran.err.contains("error: token_store_failed: "), "{}", ran.err);
    assert_eq!(ran.err.matches("store_redis_unreachable").count(), 1, "{}", ran.err);
    assert!(!ran.err.contains("planted"), "{}", ran.err);
}

#[test]
fn redis_is_asked_for_accounts_by_their_identifiers_alone() {
    let (emulator, url) = (emulator(), no_redis());
    let variables = [("ENTRADA_CACHE", url.as_str())];
    let ran = token(&emulator, &variables, &[]);
    assert!(!is_from_the_cache(&ran));
    assert!(ran.err.contains("warning: the cache is not asked: Redis finds accounts by "), "{}", ran.err);
    let authority = "https://login.microsoftonline.com/contoso.com";
    for command in [
        &["token", "--flow", "silent", "--username", "x", "--scope", "s"][..],
        &["accounts"],
        &["logout", "--all"],
    ] {
        let args = [command, &["--client-id", "x", "--authority", authority]].concat();
        let ran = run_in(&variables, &args, b"");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command:?}");
        assert!(ran.err.contains("Redis"), "{}", ran.err);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_set_aside_with_a_warning() {
    let emulator = emulator();
    let path = folder("places-damaged").join("tokens.json");
    std::fs::write(&path, "{\"AccessToken\":").unwrap();
    let place = format!("plain:{}", path.display());
    let ran = token(&emulator, &[], &["-q", "--cache", &place]);
    assert!(!is_from_the_cache(&ran));
    assert!(ran.err.starts_with("warning: ") && ran.err.contains("the store begins anew"), "{}", ran.err);
    assert!(is_from_the_cache(&token(&emulator, &[], &["-q", "--cache", &place])));
}

#[test]
fn what_another_library_of_the_family_keeps_is_shared() {
    // As MSAL for Python writes it.
    let cache = format!(
        r#"{{"Account":{{"h.t-login.microsoftonline.com-t":{{"home_account_id":"h.t","environment":"login.microsoftonline.com",
        "realm":"t","local_account_id":"h","username":"ann@contoso.com","authority_type":"MSSTS"}}}},
        "RefreshToken":{{"h.t-login.microsoftonline.com-refreshtoken-app--":{{"credential_type":"RefreshToken",
        "home_account_id":"h.t","environment":"login.microsoftonline.com","client_id":"{}","secret":"planted",
        "target":"user.read"}}}}}}"#,
        "app"
    );
    let path = file("places-msal.json", cache);
    let ran = run(&[
        "accounts",
        "--client-id",
        "app",
        "--authority",
        "https://login.microsoftonline.com/contoso.com",
        "--cache",
        &format!("plain:{}", path.display()),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("account:      ann@contoso.com\nhome account: h.t\n"), "{}", ran.out);
    assert!(!ran.out.contains("planted") && !ran.err.contains("planted"));
}

/// The command of a user with this home and no keyring.
#[cfg(all(unix, not(target_os = "macos")))]
fn without_a_keyring(args: &[&str], home: &std::path::Path) -> std::process::Command {
    let mut command = crate::command::entrada(args);
    command.env_remove("ENTRADA_CACHE").env("PASSWORD", world::PASSWORD);
    command.env("HOME", home).env("XDG_DATA_HOME", home.join("data")).env("XDG_RUNTIME_DIR", home);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus").env("LOCALAPPDATA", home);
    command
}

#[test]
#[cfg(all(unix, not(target_os = "macos")))]
fn where_there_is_no_keyring_nothing_is_kept_and_what_to_do_is_said() {
    let (emulator, home) = (emulator(), folder("places-headless"));
    let authority = emulator.authority();
    let run = |args: &[&str]| Ran::from(without_a_keyring(args, &home).output().unwrap());
    let token = token_args(&authority);
    let ran = run(&token);
    assert!(!is_from_the_cache(&ran));
    assert!(ran.err.starts_with("warning: no token is kept: there is no keyring: "), "{}", ran.err);
    for told in ["\nremedy: The user: ", "--cache-key-env", "--cache plain", "--no-cache"] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    let ran = run(&[&token[..], &["-q"]].concat());
    assert_eq!((is_from_the_cache(&ran), ran.err.as_str()), (false, ""));
    assert!(!home.join("data").exists(), "least of all in plain text");

    // Whoever asks for the cache is told that there is none.
    for args in [
        &[&token[..], &["--cache", "file"]].concat()[..],
        &["accounts", "--client-id", "x", "--authority", "https://login.microsoftonline.com/contoso.com"],
        &["logout", "--client-id", "x", "--authority", "https://login.microsoftonline.com/contoso.com"],
    ] {
        let ran = run(args);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{args:?}");
        assert!(ran.err.starts_with("error: store_no_keyring: "), "{}", ran.err);
    }

    let mine = [&token[..], &["--cache-key-env", "KEY"]].concat();
    let with_key = |key: &str| Ran::from(without_a_keyring(&mine, &home).env("KEY", key).output().unwrap());
    assert_eq!([with_key(KEY), with_key(KEY)].each_ref().map(is_from_the_cache), [false, true]);
    assert!(home.join("data/entrada/tokens").exists());
    assert_eq!(with_key(OTHER_KEY).code, 1, "whoever brings a key wants the cache");

    let plain = [&token[..], &["--cache", "plain"]].concat();
    assert_eq!([run(&plain), run(&plain)].each_ref().map(is_from_the_cache), [false, true]);
    assert!(home.join("data/entrada/tokens.json").exists());
}

#[test]
#[cfg(all(unix, not(target_os = "macos")))]
fn a_user_without_a_home_gets_a_token() {
    let emulator = emulator();
    let authority = emulator.authority();
    let mut command = without_a_keyring(&token_args(&authority), "/nowhere".as_ref());
    let ran = Ran::from(command.env_remove("HOME").env_remove("XDG_DATA_HOME").output().unwrap());
    assert!(!is_from_the_cache(&ran));
    assert!(ran.err.starts_with("warning: no token is kept: "), "{}", ran.err);
}
