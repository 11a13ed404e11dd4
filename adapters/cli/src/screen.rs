//! A device code on standard error: where to go and what to type, and on a terminal how long that holds.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use entrada_core::flow::device_code::Prompt;
use entrada_core::time::Timestamp;

use crate::report::{plain, time};

/// What standard error can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Whether a line can be written over.
    live: bool,
    /// Whether letters may be bold.
    styled: bool,
}

impl Terminal {
    /// As it is found: <https://no-color.org> is honoured, and a terminal that can do nothing.
    fn found() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let live = io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self { live, styled: live && !is_set("NO_COLOR") }
    }
}

/// Shows codes on standard error. Clones are the same screen.
#[derive(Clone)]
pub(crate) struct Screen {
    terminal: Terminal,
    countdown: Arc<Mutex<Option<Countdown>>>,
}

impl Screen {
    pub(crate) fn new() -> Self {
        Self { terminal: Terminal::found(), countdown: Arc::default() }
    }

    /// Whether a line is written over while a code is shown, so that nothing else should be written.
    pub(crate) const fn is_live(&self) -> bool {
        self.terminal.live
    }

    /// Shows a code, and returns at once.
    pub(crate) fn show(&self, prompt: &Prompt) {
        // A screen that is gone is told by what is written to it next.
        let _ = io::stderr().write_all(card(prompt, self.terminal, entrada_host::now()).as_bytes());
        let countdown = self.terminal.live.then(|| Countdown::new(prompt.expires_at));
        *self.countdown.lock().unwrap_or_else(PoisonError::into_inner) = countdown;
    }

    /// Takes the countdown away, before anything else is written.
    pub(crate) fn close(&self) {
        self.countdown.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A line that says each second how much time is left. It ends, and the line goes, when it is dropped.
struct Countdown {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Countdown {
    fn new(until: Timestamp) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            loop {
                let left = left(until, entrada_host::now());
                let _ = write!(io::stderr(), "\r\u{1b}[K  expires in {left}");
                if stopped.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is shown of a prompt; address and code stand alone, to be copied.
fn card(prompt: &Prompt, terminal: Terminal, now: Timestamp) -> String {
    let (bold, normal) = if terminal.styled { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    let mut card = format!(
        "{}\n\n  address: {}\n  code:    {bold}{}{normal}\n",
        plain(&prompt.message),
        prompt.verification_uri,
        plain(&prompt.user_code)
    );
    if let Some(link) = &prompt.verification_uri_complete {
        card += &format!("  or both: {link}\n");
    }
    if !terminal.live {
        card += &format!("  expires: {}, in {}\n", time(prompt.expires_at), left(prompt.expires_at, now));
    }
    card + "\n"
}

/// Minutes and seconds.
fn left(until: Timestamp, now: Timestamp) -> String {
    let seconds = until.since(now).as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entrada_core::application::PublicClientApplication;
    use entrada_core::cache::CacheView;
    use entrada_core::http::Response;
    use entrada_core::secret::SecretBytes;
    use entrada_core::seed::Seed;
    use entrada_core::step::{Flow, Step};
    use http::{HeaderMap, StatusCode};

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    /// A prompt, as a flow asks for it to be shown.
    fn prompt(body: &str) -> Prompt {
        let authority = "https://login.microsoftonline.com/contoso.com".parse().unwrap();
        let flow = PublicClientApplication::new("app", authority).acquire_token_by_device_code(["s"]);
        let Step::Load { resume, .. } = flow.start(NOW, Seed::new([7; 32])).unwrap() else { panic!() };
        let step = resume.with(Ok(CacheView::default()), NOW).unwrap();
        let Step::Send { resume, .. } = step else { panic!() };
        let response = Response::new(StatusCode::OK, HeaderMap::new(), SecretBytes::new(body));
        let Step::Show { prompt, .. } = resume.with(Ok(response), NOW).unwrap() else { panic!() };
        prompt
    }

    const BODY: &str = r#"{"user_code":"ABCD","device_code":"planted","expires_in":900,"interval":5,
        "verification_uri":"https://microsoft.com/devicelogin","message":"Go \u001b[2J there"}"#;

    #[test]
    fn a_card_has_address_and_code_on_lines_of_their_own_and_no_control_character() {
        let card = card(&prompt(BODY), Terminal { live: false, styled: false }, NOW);
        assert_eq!(
            card,
            "Go  [2J there\n\n  address: https://microsoft.com/devicelogin\n  code:    ABCD\n  \
             expires: 2023-11-14T22:28:20Z, in 15:00\n\n"
        );
    }

    #[test]
    fn on_a_terminal_the_code_is_bold_unless_that_is_not_wanted_and_the_countdown_tells_the_rest() {
        let shown = card(&prompt(BODY), Terminal { live: true, styled: true }, NOW);
        assert!(
            shown.contains("  code:    \u{1b}[1mABCD\u{1b}[0m\n") && !shown.contains("expires"),
            "{shown}"
        );
        let plain = card(&prompt(BODY), Terminal { live: true, styled: false }, NOW);
        assert!(!plain.contains('\u{1b}'), "{plain}");
    }

    #[test]
    fn a_link_with_the_code_in_it_is_shown_where_there_is_one() {
        let link = "https://microsoft.com/devicelogin?otc=ABCD";
        let body =
            BODY.replace("\"user_code\"", &format!("\"verification_uri_complete\":\"{link}\",\"user_code\""));
        let shown = card(&prompt(&body), Terminal { live: false, styled: false }, NOW);
        assert!(shown.contains(&format!("\n  or both: {link}\n")), "{shown}");
    }

    #[test]
    fn the_time_that_is_left_is_minutes_and_seconds_and_never_negative() {
        let at = Timestamp::from_secs;
        for (until, now, told) in
            [(1000, 100, "15:00"), (1000, 941, "0:59"), (1000, 1000, "0:00"), (1000, 2000, "0:00")]
        {
            assert_eq!(left(at(until), at(now)), told);
        }
    }
}
