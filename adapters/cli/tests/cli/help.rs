//! The help texts.

use crate::command::run;

#[test]
fn the_command_names_its_subcommands() {
    let ran = run(&["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for name in ["demo", "token", "accounts", "logout", "explain", "preflight", "session", "emulator"] {
        assert!(ran.out.lines().any(|line| line.trim_start().starts_with(name)), "{name}: {}", ran.out);
    }
}

#[test]
fn every_subcommand_names_its_options() {
    for (name, options) in [
        ("demo", &["--flow", "--backend", "iwa", "username-password", "blocking", "tokio"][..]),
        (
            "token",
            &[
                "--client-id",
                "--authority",
                "--scope",
                "--flow",
                "--username",
                "--password-stdin",
                "--output",
                "--json",
                "--quiet",
                "--backend",
                "--ca-certificate",
                "--allow-http-loopback",
                "--no-instance-discovery",
                "--claims",
                "--federation-metadata",
                "--correlation-id",
                "--tenant",
                "--authority-kind",
                "--login-hint",
                "--client-secret-env",
                "--client-secret-stdin",
                "--certificate",
                "--send-x5c",
                "--pfx-password-env",
                "--client-assertion-file",
                "--assertion-stdin",
                "--refresh-token-stdin",
                "--region",
                "--fmi-path",
                "--no-browser",
                "--cache",
                "--no-cache",
                "--cache-key-env",
                "--force-refresh",
                "--why",
                "--account",
                "silent",
                "plain:PATH",
                "Where there is no keyring, as on a Linux without a desktop, nothing is kept unless you choose",
                "device-code",
                "interactive",
                "client-credentials",
                "on-behalf-of",
                "refresh-token",
                "Exit codes: 0 a token, 2 wrong usage",
                "--flow iwa signs in whoever is signed in to this machine",
            ],
        ),
        ("whoami", &["--username", "--authority", "--offline", "--json", "--ca-certificate", "Exit code 0"]),
        ("accounts", &["--client-id", "--every-cloud", "--json", "--cache", "ENTRADA_CACHE"]),
        ("logout", &["--account", "--username", "--all", "--revoke", "--cache", "ENTRADA_CACHE"]),
        ("explain", &["--json", "AADSTS50079", "standard input"]),
        ("preflight", &["--flow", "--authority", "--confidential", "--all", "--json"]),
        ("session", &["one object a line"]),
        ("emulator", &["--port", "--https", "--config", "--write-ca-certificate", "no security boundary"]),
    ] {
        let ran = run(&[name, "--help"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name}");
        for option in options {
            assert!(ran.out.contains(option), "{name} {option}: {}", ran.out);
        }
    }
}

#[test]
fn no_option_takes_a_secret() {
    let ran = run(&["token", "--help"]);
    for name in
        ["password", "client-secret", "assertion", "client-assertion", "refresh-token", "pfx-password"]
    {
        assert!(
            !ran.out.contains(&format!("--{name} ")) && !ran.out.contains(&format!("--{name}=")),
            "{name}"
        );
    }
    assert!(!ran.out.contains("<PASSWORD>") && !ran.out.contains("<SECRET>"));
}

#[test]
fn the_version_is_told_and_nonsense_is_wrong_usage() {
    assert_eq!(run(&["--version"]).out, format!("entrada {}\n", env!("CARGO_PKG_VERSION")));
    for args in [&[][..], &["magic"], &["demo", "--magic"], &["session", "x"]] {
        let ran = run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains("Usage: "), "{}", ran.err);
    }
}
