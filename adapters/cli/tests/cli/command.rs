//! Running the command.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The command, free of the proxies, of the cache and of the Kerberos of the machine that it is tested on.
pub(crate) fn entrada(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrada"));
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env("ENTRADA_CACHE", "memory");
    command
        .env("KRB5_CONFIG", "/dev/null")
        .env("KRB5CCNAME", "FILE:/nowhere")
        .env_remove("USERPRINCIPALNAME");
    command.env("KRB5_CLIENT_KTNAME", "FILE:/nowhere");
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What the command did.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let ran = Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }
}

/// Runs it to its end with nothing to read.
pub(crate) fn run(args: &[&str]) -> Ran {
    entrada(args).output().unwrap().into()
}

/// Runs it to its end with `input` to read.
pub(crate) fn run_with(args: &[&str], input: &[u8]) -> Ran {
    let mut child = entrada(args).stdin(Stdio::piped()).spawn().unwrap();
    // A command that fails before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().into()
}

/// Runs it to its end with these environment variables and `input` to read.
pub(crate) fn run_in(variables: &[(&str, &str)], args: &[&str], input: &[u8]) -> Ran {
    let mut child = entrada(args).envs(variables.iter().copied()).stdin(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().into()
}

/// Runs it, and calls `act` with the line of standard error that begins with `start`, without that, while it runs.
pub(crate) fn run_and(args: &[&str], start: &str, act: impl FnOnce(&str)) -> Ran {
    let mut child = entrada(args).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let (mut told, mut act) = (String::new(), Some(act));
    let mut line = String::new();
    while errors.read_line(&mut line).unwrap() > 0 {
        if let (Some(rest), true) = (line.trim_end().strip_prefix(start), act.is_some()) {
            act.take().unwrap()(rest);
        }
        told += &line;
        line.clear();
    }
    Ran { err: told, ..child.wait_with_output().unwrap().into() }
}

/// A file for one test, which names it.
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// A folder for one test, which names it; nothing is in it.
pub(crate) fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Asserts that `text` holds none of the emulator's secrets: a password in any guise, a token, an assertion.
pub(crate) fn assert_no_secret(text: &str) {
    for secret in [
        entrada_emulator::world::PASSWORD,
        "s3cret",   // the clients' secret, in every escaping
        "cjNldH",   // and in base64
        "battery",  // in every escaping of the password
        "YXR0ZXJ5", // and in base64, at whichever of its places
        "dHRlcn",
        "F0dGVye",
        "eyJ", // a JWT
        "Assertion>",
        entrada_emulator::TOKEN_PREFIX,
    ] {
        assert!(!text.contains(secret), "{secret} in: {text}");
    }
}
