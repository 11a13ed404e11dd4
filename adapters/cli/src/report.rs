//! What people and scripts are told: progress, results, failures, exit codes.

use std::io::{self, Write};

use entrada_core::error::{Error, ErrorKind, Fault, SignInFault};
use entrada_core::http::HttpAuth;
use entrada_core::result::AuthenticationResult;
use entrada_core::step::StepEvent;
use entrada_core::time::Timestamp;
use entrada_identity::IdentityError;
use entrada_tokio::SetupError;

use crate::cache;

/// The exit code of wrong usage; clap's own.
pub(crate) const USAGE: u8 = 2;

/// Why the command did not do its job.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An argument, a file or an input that cannot be used.
    Usage(String),
    /// The flow's own end in failure.
    Flow(Error),
    /// Where tokens are kept cannot be used.
    Store(entrada_store::Error),
    /// Nobody knows who the user is.
    Identity(IdentityError),
    /// What is told already, and the exit code.
    Told(u8),
    /// Standard output was closed or cannot be written.
    Output(io::Error),
    /// Something else on this machine.
    Other(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Certificate { .. } | SetupError::Proxy => Self::Usage(error.to_string()),
            // Nothing that was said on the command line is to blame.
            _ => Self::Other(error.to_string()),
        }
    }
}

impl Failure {
    /// Tells what happened on standard error, and gives the exit code.
    pub(crate) fn tell(&self) -> u8 {
        // If standard error is gone too, the exit code still tells.
        let mut err = io::stderr();
        match self {
            Self::Usage(reason) => {
                let _ = writeln!(err, "error: {}", plain(reason));
                USAGE
            }
            Self::Flow(error) => {
                let _ = tell_error(&mut err, error);
                exit_code(error)
            }
            Self::Store(error) => {
                let _ = writeln!(err, "error: {}: {}", error.code(), plain(&error.to_string()));
                let _ = writeln!(err, "remedy: {}", plain(&cache::remedy(error)));
                1
            }
            Self::Identity(error) => {
                let _ = writeln!(err, "error: {}: {}", error.code(), plain(&error.to_string()));
                let _ = writeln!(err, "remedy: {}", plain(&error.remedy()));
                USER_MUST_ACT
            }
            Self::Told(code) => *code,
            // Who closed the pipe has read enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output(error) => {
                let _ = writeln!(err, "error: the output cannot be written: {error}");
                1
            }
            Self::Other(reason) => {
                let _ = writeln!(err, "error: {}", plain(reason));
                1
            }
        }
    }
}

/// The exit code where the user must act, or the account cannot use this flow.
pub(crate) const USER_MUST_ACT: u8 = 3;

/// The exit code that scripts can act on.
fn exit_code(error: &Error) -> u8 {
    if matches!(error.fault(), Fault::Denied(denial) if denial.is_cancelled()) {
        return USER_MUST_ACT;
    }
    match (error.fault(), error.kind()) {
        // Nobody else was at fault: this machine, or what signs for the application.
        (
            Fault::NoRandomness { .. }
            | Fault::Signer(_)
            | Fault::Store(_)
            | Fault::SignIn(SignInFault::PortInUse { .. } | SignInFault::NoListener { .. }),
            _,
        ) => 1,
        // What XML cannot carry came with the arguments, too.
        (Fault::Misuse(_) | Fault::Envelope(_), _) => USAGE,
        (Fault::Unsupported(_) | Fault::CodeExpired | Fault::SignIn(SignInFault::TimedOut { .. }), _)
        | (_, ErrorKind::UiRequired | ErrorKind::ClaimsChallenge) => USER_MUST_ACT,
        (_, ErrorKind::Transport) => 5,
        _ => 4,
    }
}

/// Writes what a failure says.
pub(crate) fn tell_error(err: &mut impl Write, error: &Error) -> io::Result<()> {
    writeln!(err, "error: {}: {}", plain(error.code()), plain(&error.to_string()))?;
    writeln!(err, "remedy: {}", plain(error.remedy()))?;
    if let Some(id) = error.correlation_id() {
        writeln!(err, "correlation id: {}", plain(id))?;
    }
    Ok(())
}

/// Writes each step as it happens.
pub(crate) struct Progress<W> {
    out: Option<W>,
    requests: u32,
    broken: Option<io::Error>,
}

impl<W: Write> Progress<W> {
    /// Writes to `out`, or nowhere.
    pub(crate) fn new(out: Option<W>) -> Self {
        Self { out, requests: 0, broken: None }
    }

    /// Takes what happened.
    pub(crate) fn on(&mut self, event: &StepEvent<'_>) {
        if let Err(error) = self.write(event) {
            // The flow goes on; nothing more is written.
            self.out = None;
            self.broken = Some(error);
        }
    }

    /// Writes nothing more.
    pub(crate) fn mute(&mut self) {
        self.out = None;
    }

    /// Why writing stopped, if it did.
    #[cfg(feature = "emulator")]
    pub(crate) fn end(self) -> io::Result<()> {
        self.broken.map_or(Ok(()), Err)
    }

    fn write(&mut self, event: &StepEvent<'_>) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        match event {
            StepEvent::Sending { method, url, auth } => {
                self.requests = self.requests.saturating_add(1);
                write!(out, "{}. {method} {url}", self.requests)?;
                if let HttpAuth::Negotiate(service) = auth {
                    write!(out, " as the signed-in user, towards {}", plain(service.as_str()))?;
                }
                writeln!(out)?;
            }
            StepEvent::Received { outcome: Ok(status), elapsed } => {
                writeln!(out, "   {status}, {} ms", elapsed.as_millis())?;
            }
            StepEvent::Received { outcome: Err(error), elapsed } => {
                writeln!(out, "   {}, {} ms", plain(&error.to_string()), elapsed.as_millis())?;
            }
            StepEvent::Waiting { until } => writeln!(out, "   waiting until {}", time(*until))?,
            StepEvent::Showing { .. } => writeln!(out, "   a code to type on another device")?,
            StepEvent::Signing { algorithm, key } => {
                writeln!(out, "   signing with {algorithm} and the key {:?}", plain(key))?;
            }
            StepEvent::Asserting { audience } => writeln!(out, "   an assertion for {}", plain(audience))?,
            StepEvent::Saved { kept: Ok(()) } => writeln!(out, "   the cache is up to date")?,
            StepEvent::Saved { kept: Err(_) } => writeln!(out, "   the cache could not be changed")?,
            StepEvent::Loaded { failure: Some(_) } => writeln!(out, "   the cache could not be read")?,
            _ => {}
        }
        out.flush()
    }
}

/// Writes what a result says, but the token.
pub(crate) fn describe(out: &mut impl Write, result: &AuthenticationResult) -> io::Result<()> {
    if let Some(account) = &result.account {
        let name = account.name.as_deref().map(|name| format!(" ({})", plain(name))).unwrap_or_default();
        writeln!(out, "account:        {}{name}", plain(&account.username))?;
        writeln!(out, "home account:   {}", plain(account.home_account_id.as_str()))?;
        writeln!(out, "tenant:         {}", plain(&account.tenant_id))?;
    }
    writeln!(out, "scopes:         {}", plain(&result.scopes.join(" ")))?;
    if !result.declined_scopes.is_empty() {
        writeln!(out, "declined:       {}", plain(&result.declined_scopes.join(" ")))?;
    }
    writeln!(out, "expires:        {}", time(result.expires_on))?;
    writeln!(out, "token type:     {}", plain(&result.token_type))?;
    writeln!(out, "token source:   {}", source(result))?;
    writeln!(out, "correlation id: {}", plain(&result.correlation_id))
}

/// Where a token came from, in words.
pub(crate) fn source(result: &AuthenticationResult) -> String {
    result.token_source.as_str().replace('_', " ")
}

/// A time as people write it, in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    let millis = i64::try_from(at.as_millis()).ok();
    match millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()) {
        Some(time) => format!("{time:.0}"),
        None => "a time that no calendar has".to_owned(),
    }
}

/// A text from elsewhere without the control characters by which it could steer a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_elsewhere_cannot_steer_a_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\r\nc\u{9b}d é"), "a [2Jb  c d é");
    }

    #[test]
    fn a_machine_without_randomness_is_neither_wrong_usage_nor_a_refusal() {
        let error = entrada_core::seed::Seed::draw(|_| Err("none")).unwrap_err();
        assert_eq!(exit_code(&error), 1);
    }

    #[test]
    fn each_fault_has_its_exit_code() {
        use entrada_core::error::Misuse;
        use entrada_core::http::{TransportError, TransportErrorKind};
        use entrada_core::signer::SignerErrorKind;
        for (fault, code) in [
            (Fault::Misuse(Misuse::NoUsername), 2),
            (Fault::CodeExpired, 3),
            (Fault::SignIn(SignInFault::TimedOut { seconds: 1 }), 3),
            (Fault::SignIn(SignInFault::PortInUse { port: 1 }), 1),
            (Fault::SignIn(SignInFault::StateMismatch), 4),
            (Fault::Signer(SignerErrorKind::Unavailable.into()), 1),
            (Fault::Store(entrada_core::cache::StoreError::new("locked")), 1),
            (Fault::NoToken(entrada_core::error::NoToken::NoTokens), 3),
            (
                Fault::Transport {
                    service: entrada_core::error::Service::Token,
                    error: TransportError::from(TransportErrorKind::Timeout),
                },
                5,
            ),
        ] {
            assert_eq!(exit_code(&fault.into()), code);
        }
    }

    #[test]
    fn a_machine_that_trusts_nobody_is_no_wrong_usage() {
        let certificate = SetupError::Certificate { index: 0, reason: "junk".to_owned() };
        for usage in [certificate, SetupError::Proxy] {
            assert!(matches!(Failure::from(usage), Failure::Usage(_)));
        }
        for other in [SetupError::NoRoots(String::new()), SetupError::Client(String::new())] {
            assert!(matches!(Failure::from(other), Failure::Other(_)));
        }
    }

    #[test]
    fn times_are_whole_seconds_in_utc() {
        assert_eq!(time(Timestamp::from_millis(1_700_000_000_999)), "2023-11-14T22:13:20Z");
        assert!(!time(Timestamp::from_millis(u64::MAX)).is_empty());
    }
}
