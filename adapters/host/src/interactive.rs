//! A sign-in in the browser of this machine: what both hosts share of it.

use std::fmt;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use entrada_core::authority::AuthorityKind;
use entrada_core::error::{Error, Fault, Misuse, SignInFault};
use entrada_core::flow::authorization_code::{SignIn, StartSignIn};
use entrada_core::listener::{Listener, ListenerSettings};
use entrada_core::protocol::redirect::ResponseMode;
use url::Url;

use crate::loopback::{self, Address};

/// What opens an address in a browser.
pub type OpenBrowser = dyn Fn(&Url) -> io::Result<()> + Send + Sync;

/// How a host lets a person sign in with the browser of this machine. The default suits most.
///
/// What the service is asked is the flow's: [`StartSignIn`] has the prompt, the hints, the claims and the redirect URI.
///
/// ```
/// use std::time::Duration;
/// use entrada_host::Interactive;
///
/// let mut interactive = Interactive::new();
/// interactive.timeout = Duration::from_secs(120);
/// interactive.success_page = Some("<!doctype html><title>Thanks</title><p>Go back to Contoso.".to_owned());
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Interactive {
    /// The most time that the person gets, from the opening of the browser; 5 minutes by default. There is always an end, as
    /// nobody can see from here that a window was closed.
    pub timeout: Duration,
    /// What opens an address in a browser; by default the system's own way. It runs on a thread of its own and may take
    /// its time.
    pub open: Arc<OpenBrowser>,
    /// What shows the address where no browser could be opened, so that the person can; by default it goes to standard
    /// error. The browser must be on this machine, or its connections to the redirect URI be led here.
    pub show: Arc<dyn Fn(&Url) + Send + Sync>,
    /// A page of HTML to show in the browser after a sign-in, instead of the one that is built in. Scripts, forms and
    /// everything from elsewhere are blocked.
    pub success_page: Option<String>,
    /// The same after the service's refusal. The page that is built in tells the reason; this one cannot.
    pub failure_page: Option<String>,
}

impl Interactive {
    /// The default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the browser, or shows the address, and does not wait for either.
    pub fn open_or_show(&self, url: &Url) {
        let (this, owned) = (self.clone(), url.clone());
        let opening = move || {
            if (this.open)(&owned).is_err() {
                (this.show)(&owned);
            }
        };
        // Not on a runtime's thread: a browser for a terminal returns when the person leaves it.
        if std::thread::Builder::new().name("browser".to_owned()).spawn(opening).is_err() {
            (self.show)(url);
        }
    }

    /// What reads the answer to `sign_in` from the connections to its redirect URI.
    ///
    /// # Errors
    /// [`Misuse::Argument`] if the answer would come in a fragment, which no listener gets to see.
    pub fn listener(&self, sign_in: &SignIn) -> Result<Listener, Error> {
        let path = Url::parse(sign_in.redirect_uri()).map(|url| url.path().to_owned()).unwrap_or_default();
        let mut settings = ListenerSettings::new(path, sign_in.response_mode(), sign_in.state().clone());
        settings.success_page.clone_from(&self.success_page);
        settings.failure_page.clone_from(&self.failure_page);
        Listener::new(settings).map_err(|_| {
            let reason = "a listener takes form_post or query, as a fragment stays in the browser";
            Misuse::Argument { name: "response mode", reason }.into()
        })
    }

    /// The end because no answer came in time.
    #[must_use]
    pub fn timed_out(&self) -> Error {
        Fault::SignIn(SignInFault::TimedOut { seconds: self.timeout.as_secs() }).into()
    }
}

impl Default for Interactive {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(300),
            // It opens nothing but http and https.
            open: Arc::new(|url| webbrowser::open(url.as_str())),
            show: Arc::new(|url| {
                eprintln!("To sign in, open this address in a browser of this machine:\n{url}")
            }),
            success_page: None,
            failure_page: None,
        }
    }
}

impl fmt::Debug for Interactive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interactive")
            .field("timeout", &self.timeout)
            .field("success_page", &self.success_page.is_some())
            .field("failure_page", &self.failure_page.is_some())
            .finish_non_exhaustive()
    }
}

/// A sign-in whose redirect URI is listened at already, before anybody is sent there.
#[derive(Debug)]
pub struct Reception {
    /// The sign-in, its redirect URI with the port.
    pub flow: StartSignIn,
    /// On one address or two of this machine, with the same port. They block.
    pub listeners: Vec<TcpListener>,
}

impl Reception {
    /// Listens where `flow` wants its answer: at `127.0.0.1` and, where the machine has it, `::1` for `localhost`, which
    /// browsers take for either; at the one address that the redirect URI names else. Without a port in the redirect URI
    /// a free one is taken.
    ///
    /// Where the flow does not say how the answer comes, it is asked for as a form that is posted from Entra, B2C and External
    /// ID, so that no code stands in an address; and in the query from everybody else.
    ///
    /// # Errors
    /// [`Misuse::Argument`] if the redirect URI is not of http on this machine;
    /// [`SignInFault::PortInUse`] (`redirect_port_in_use`) or [`SignInFault::NoListener`] (`redirect_listener_failed`) if
    /// it cannot be listened there.
    pub fn open(mut flow: StartSignIn) -> Result<Self, Error> {
        let address = Address::parse(&flow.redirect_uri)?;
        let (listeners, port) = loopback::bind(&address).map_err(Fault::SignIn)?;
        flow.redirect_uri = address.with_port(port);
        if flow.response_mode.is_none() {
            flow.response_mode = match flow.app.authority().kind() {
                AuthorityKind::Entra(_) | AuthorityKind::B2c { .. } | AuthorityKind::ExternalId(_) => {
                    Some(ResponseMode::FormPost)
                }
                _ => None,
            };
        }
        Ok(Self { flow, listeners })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entrada_core::application::PublicClientApplication;

    fn flow(authority: &str, redirect_uri: &str) -> StartSignIn {
        PublicClientApplication::new("app", authority.parse().unwrap()).sign_in(["s"], redirect_uri)
    }

    #[test]
    fn a_form_is_asked_for_where_it_is_known_to_be_posted() {
        for (authority, mode) in [
            ("https://login.microsoftonline.com/common", Some(ResponseMode::FormPost)),
            ("https://contoso.ciamlogin.com/", Some(ResponseMode::FormPost)),
            ("https://sts.contoso.com/adfs", None),
        ] {
            let opened = Reception::open(flow(authority, "http://localhost")).unwrap();
            assert_eq!(opened.flow.response_mode, mode, "{authority}");
            let mut chosen = flow(authority, "http://localhost");
            chosen.response_mode = Some(ResponseMode::Query);
            assert_eq!(Reception::open(chosen).unwrap().flow.response_mode, Some(ResponseMode::Query));
        }
    }

    #[test]
    fn the_redirect_uri_gets_the_port_that_is_listened_on() {
        let opened = Reception::open(flow("https://sts.contoso.com/adfs", "http://localhost/done")).unwrap();
        let port = opened.listeners[0].local_addr().unwrap().port();
        assert_eq!(opened.flow.redirect_uri, format!("http://localhost:{port}/done"));
        assert!(opened.listeners.iter().all(|listener| {
            let address = listener.local_addr().unwrap();
            address.ip().is_loopback() && address.port() == port
        }));
        let again = Reception::open(flow("https://sts.contoso.com/adfs", &opened.flow.redirect_uri));
        let error = again.unwrap_err();
        assert_eq!(error.code(), "redirect_port_in_use");
        assert!(error.to_string().contains(&port.to_string()), "{error}");
    }

    #[test]
    fn where_no_browser_opens_the_address_is_shown() {
        let (shown, told) = std::sync::mpsc::channel();
        let mut interactive = Interactive::new();
        interactive.open = Arc::new(|_| Err(io::ErrorKind::NotFound.into()));
        interactive.show = Arc::new(move |url| shown.send(url.clone()).unwrap());
        let url: Url = "https://login.example/authorize?x=y".parse().unwrap();
        interactive.open_or_show(&url);
        assert_eq!(told.recv_timeout(Duration::from_secs(5)).unwrap(), url);
    }
}
