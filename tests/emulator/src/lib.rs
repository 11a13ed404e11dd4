//! A small, strict Entra ID and AD FS on loopback, for tests.
//!
//! **This is no security boundary.** Its passwords stand in its source, its signatures on assertions are decoration and its
//! certification authority lives as long as the process. Never let it listen anywhere but on loopback.
//!
//! ```text
//!   client                                   emulator
//!     GET  /common/userrealm/{upn}             realm.rs      managed, federated, unknown
//!     GET  /adfs/services/trust/mex            mex.rs        four endpoints, and decoys
//!     POST /adfs/services/trust/13/…           sts.rs        rst.rs reads, negotiate.rs demands, assertion.rs issues
//!     GET  {service}/authorize                 authorize.rs  sign_in.rs asks by pages.rs, redirect.rs answers
//!     GET  /adfs/oauth2/authorize/wia          wia.rs        AD FS and a ticket: negotiate.rs demands it
//!     POST {service}/token                     token.rs      client.rs knows whose, grant/ judges, issue.rs signs
//!     POST {service}/devicecode                grant/device.rs
//!     GET  {service}/.well-known/…             discovery.rs
//! ```
//!
//! A *service* is Entra ID, B2C, AD FS or a plain OpenID provider, each with its own paths and habits: `service.rs`.
//!
//! A request that breaks a rule is refused in the service's own shape, and the rule is kept for the test to see:
//!
//! ```
//! use entrada_emulator::{Config, Emulator};
//!
//! let emulator = Emulator::start(Config::default())?;
//! println!("{}", emulator.authority());
//! // … let the client under test do its work …
//! assert_eq!(emulator.violations(), Vec::<String>::new());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Requests are parsed by other libraries than the core's, so that the two cannot share a mistake.

mod app;
mod assertion;
mod authorize;
mod browser;
mod challenge;
mod client;
mod client_assertion;
mod config;
mod control;
mod credential;
mod discovery;
mod drive;
mod faults;
mod form;
mod grant;
mod grants;
mod issue;
mod jwt;
mod ledger;
mod mex;
mod negotiate;
#[cfg(feature = "negotiator")]
pub mod negotiator;
mod oauth;
mod pages;
mod realm;
mod redirect;
mod reply;
mod rst;
mod scopes;
mod server;
mod service;
mod sign_in;
mod soap;
mod state;
mod sts;
mod tls;
mod token;
mod wia;
pub mod world;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

pub use crate::app::{App, FederatedCredential, Platform, RedirectUri};
pub use crate::browser::{Browser, Landing, Page, Redirect};
pub use crate::challenge::{Challenge, Satisfaction};
pub use crate::config::{Config, Domain, Federation, Realm, SamlVersion, TrustVersion, User, UserState};
pub use crate::credential::TestCredential;
pub use crate::faults::{Fault, FaultKind};
pub use crate::negotiate::{MUTUAL, Negotiate, NegotiateMode, TOKEN_PREFIX, challenge, client_token};
pub use crate::state::Recorded;

use crate::state::{Memory, State, lock};

/// A running emulator; dropping it closes its port and its connections.
pub struct Emulator {
    state: Arc<State>,
    address: SocketAddr,
    authority_certificate: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Starts an emulator on a thread of its own, ready when this returns.
    ///
    /// # Errors
    ///
    /// The port cannot be had, or keys and certificates cannot be made.
    pub fn start(config: Config) -> io::Result<Emulator> {
        let listener = TcpListener::bind((config.bind, config.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (acceptor, authority_certificate) = match config.tls {
            true => Some(tls::acceptor()?).unzip(),
            false => (None, None),
        };
        let scheme = if config.tls { "https" } else { "http" };
        let state = Arc::new(State {
            base_url: format!("{scheme}://{}:{}", config.host, address.port()),
            keys: jwt::Keys::get()?,
            faults: Mutex::new(faults::unseen(config.faults.clone())),
            negotiate: Mutex::new(config.negotiate.clone()),
            log: Mutex::default(),
            violations: Mutex::default(),
            memory: Mutex::new(Memory::default()),
            moved: AtomicI64::new(0),
            config,
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = Arc::clone(&state);
        let thread = thread::Builder::new().name("entrada-emulator".into()).spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = server::serve(listener, acceptor, shared) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Emulator { state, address, authority_certificate, stop: Some(stop), thread: Some(thread) })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The beginning of all its URLs, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.state.base_url
    }

    /// The authority of its tenant: base URL and tenant name.
    pub fn authority(&self) -> String {
        let tenant = self.state.config.tenant_names.first().unwrap_or(&self.state.config.tenant_id);
        self.authority_of(tenant)
    }

    /// The authority of another tenant's name, or of `common` or `organizations`.
    pub fn authority_of(&self, tenant: &str) -> String {
        format!("{}/{tenant}", self.state.base_url)
    }

    /// The certificate to trust, in PEM, if it speaks https.
    pub fn ca_certificate_pem(&self) -> Option<String> {
        self.authority_certificate.clone()
    }

    /// The configuration it was started with.
    pub fn config(&self) -> &Config {
        &self.state.config
    }

    /// The requests that came, in the order in which they were answered.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.state.log).clone()
    }

    /// The rules that were broken, each with where and how.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.state.violations).clone()
    }

    /// How many wrong passwords were counted for a user since the last right one.
    pub fn wrong_passwords(&self, upn: &str) -> u32 {
        lock(&self.state.memory).wrong.get(&upn.to_lowercase()).copied().unwrap_or(0)
    }

    /// Forgets the requests and the violations; what was issued and counted stays.
    pub fn clear_records(&self) {
        lock(&self.state.log).clear();
        lock(&self.state.violations).clear();
    }

    /// Replaces the faults; an empty list ends all of them.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        *lock(&self.state.faults) = faults::unseen(faults);
    }

    /// Moves its clock forward (or back) by so many seconds: codes and tokens age at once.
    pub fn advance_clock(&self, seconds: i64) {
        self.state.moved.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Ends all of a user's sign-ins, as a new password does: refresh tokens answer AADSTS50173, access tokens are
    /// challenged at `/v1.0/me`, and browsers ask for the password again.
    pub fn revoke_user(&self, upn: &str) {
        self.state.revoke_user(upn);
    }

    /// The certificate that the applications with `test_certificate` have registered, and its key. It is made when it is
    /// first asked for, and the same in the whole process.
    pub fn daemon_credential() -> &'static TestCredential {
        credential::registered()
    }

    /// A certificate of the same name and issuer that nobody has registered: good for trust by subject name, no other.
    pub fn rotated_credential() -> &'static TestCredential {
        credential::rotated()
    }

    /// A certificate of the same name whose issuer nobody trusts.
    pub fn stranger_credential() -> &'static TestCredential {
        credential::stranger()
    }

    /// The key of [`Emulator::daemon_credential`]: PKCS #8 in PEM.
    pub fn daemon_key_pem() -> &'static str {
        &credential::registered().key_pem
    }

    /// The certificate of [`Emulator::daemon_credential`] in PEM.
    pub fn daemon_certificate_pem() -> &'static str {
        &credential::registered().certificate_pem
    }

    /// The certificate of [`Emulator::daemon_credential`] in DER.
    pub fn daemon_certificate_der() -> &'static [u8] {
        &credential::registered().certificate_der
    }

    /// Replaces the way in which Negotiate runs.
    pub fn set_negotiate(&self, negotiate: Negotiate) {
        *lock(&self.state.negotiate) = negotiate;
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator").field("base_url", &self.state.base_url).finish_non_exhaustive()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // The thread may have ended already, which is what is wanted.
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
