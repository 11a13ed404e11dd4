//! `entrada token`: the real thing.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use entrada_core::application::{PublicClientApplication, RequestOptions};
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_tokio::Settings;
use zeroize::Zeroizing;

use crate::args::{FlowKind, Output, TokenArgs};
use crate::backend;
use crate::report::{self, Failure, Progress};

/// Gets a token and prints it.
pub(crate) fn run(args: TokenArgs) -> Result<(), Failure> {
    let output = args.output();
    let mut out = io::stdout().lock();
    match acquire(args) {
        Ok(result) => print(&mut out, output, &result)?,
        Err(failure) => {
            if let (Output::Json, Failure::Flow(error)) = (output, &failure) {
                // Told on standard error as well, with the exit code; that goes before a pipe that is closed.
                let _ = writeln!(out, "{{\"error\":{}}}", entrada_json::error_json(error));
            }
            return Err(failure);
        }
    }
    Ok(out.flush()?)
}

fn acquire(args: TokenArgs) -> Result<AuthenticationResult, Failure> {
    let authority_options = AuthorityOptions::default()
        .allow_http_loopback(args.allow_http_loopback)
        .instance_discovery(!args.no_instance_discovery);
    let authority = Authority::parse(&args.authority, authority_options).map_err(Failure::Flow)?;
    let app = PublicClientApplication::new(args.client_id, authority);
    let mut options = RequestOptions::default();
    options.claims = args.claims;
    options.correlation_id = args.correlation_id;
    options.federation_metadata = args.federation_metadata.as_deref().map(read_text).transpose()?;
    let mut settings = Settings::new();
    settings.extra_root_certificates =
        args.ca_certificates.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    // The flow says what is wrong with a name that is missing.
    let username = args.username.unwrap_or_default();

    let mut progress = Progress::new((!args.quiet).then(io::stderr));
    match args.flow {
        FlowKind::Iwa if args.password_stdin => {
            Err(Failure::Usage("--password-stdin goes with --flow username-password".to_owned()))
        }
        FlowKind::Iwa => {
            let mut flow = app.acquire_token_by_integrated_windows_auth(args.scopes, username);
            flow.options = options;
            backend::acquire(args.backend, settings, flow, |event| progress.on(&event))
        }
        FlowKind::UsernamePassword => {
            let password = password(&username, args.password_stdin)?;
            let mut flow = app.acquire_token_by_username_password(args.scopes, username, password);
            flow.options = options;
            backend::acquire(args.backend, settings, flow, |event| progress.on(&event))
        }
    }
}

fn print(out: &mut impl Write, output: Output, result: &AuthenticationResult) -> io::Result<()> {
    match output {
        Output::Token => writeln!(out, "{}", result.access_token.expose()),
        Output::Json => {
            let json = Zeroizing::new(entrada_json::result_json(result));
            writeln!(out, "{}", *json)
        }
        Output::Text => {
            report::describe(out, result)?;
            writeln!(out, "access token:   {}", result.access_token.expose())
        }
    }
}

/// From the prompt, or from standard input where nobody sits or it was asked for.
fn password(username: &str, from_stdin: bool) -> Result<Secret, Failure> {
    if !from_stdin && io::stdin().is_terminal() {
        let prompt = format!("Password for {}: ", report::plain(username));
        return rpassword::prompt_password(prompt)
            .map(Secret::new)
            .map_err(|error| Failure::Usage(format!("the password cannot be read: {error}")));
    }
    first_line(io::stdin().lock())
}

/// The most bytes of a password that are read.
const LONGEST_PASSWORD: u64 = 4096;

/// All of the input, to the character, but the line break at its end and the mark with which Windows PowerShell begins
/// what it pipes: a password is tried once, and a wrong one counts.
fn first_line(input: impl Read) -> Result<Secret, Failure> {
    let refused = |reason: &str| Failure::Usage(format!("the password on standard input {reason}"));
    // Room enough from the start leaves no outgrown copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_PASSWORD as usize + 64));
    input
        .take(LONGEST_PASSWORD + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refused(&format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > LONGEST_PASSWORD {
        return Err(refused("is longer than 4096 bytes"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| refused("is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if text.contains('\n') {
        return Err(refused("has more than one line"));
    }
    Ok(Secret::new(text))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_| Failure::Usage(format!("{}: not UTF-8", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_read_to_the_character_without_the_line_break_at_its_end() {
        for (input, password) in
            [("p", "p"), ("p\n", "p"), ("p\r\n", "p"), (" p \n", " p "), ("p\r", "p\r"), ("", ""), ("ü", "ü")]
        {
            assert_eq!(first_line(input.as_bytes()).unwrap(), Secret::new(password), "{input:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_before_a_password_is_none_of_it() {
        for (input, password) in
            [("\u{feff}p\r\n", "p"), ("\u{feff}\u{feff}p", "\u{feff}p"), ("p\u{feff}", "p\u{feff}")]
        {
            assert_eq!(first_line(input.as_bytes()).unwrap(), Secret::new(password), "{input:?}");
        }
    }

    #[test]
    fn what_is_no_password_is_refused_and_not_told() {
        for input in [&b"planted\nq"[..], b"planted\xff", &[b'p'; 5000]] {
            let Err(Failure::Usage(reason)) = first_line(input) else { panic!() };
            assert!(!reason.contains("planted"), "{reason}");
        }
    }
}
