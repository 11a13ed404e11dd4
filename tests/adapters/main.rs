//! Both adapters against the emulator, over real HTTP and HTTPS.

mod adfs;
mod at_once;
mod faults;
mod integrated;
mod password;

use std::sync::Arc;

use entrada_blocking::{Proxy, Settings};
use entrada_core::application::PublicClientApplication;
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::error::Error;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_core::step::Flow;
use entrada_emulator::negotiator::ScriptedNegotiator;
use entrada_emulator::world::{CLIENT_ID, PASSWORD, SCOPE};
use entrada_emulator::{Config, Emulator};

#[derive(Debug, Clone, Copy)]
enum Backend {
    Blocking,
    Tokio,
}

const BACKENDS: [Backend; 2] = [Backend::Blocking, Backend::Tokio];

/// An emulator and what talks to it.
struct Scene {
    emulator: Emulator,
    backend: Backend,
    /// Whose ticket this machine has.
    signed_in: Option<String>,
    /// Whether the emulator's certificate authority is trusted.
    trusted: bool,
}

impl Scene {
    fn new(backend: Backend, config: Config) -> Self {
        let emulator = Emulator::start(config).expect("the emulator starts");
        Self { emulator, backend, signed_in: None, trusted: true }
    }

    fn app(&self) -> PublicClientApplication {
        let options = AuthorityOptions::default().allow_http_loopback(true);
        let authority = Authority::parse(&self.emulator.authority(), options).expect("it is an authority");
        PublicClientApplication::new(CLIENT_ID, authority)
    }

    fn settings(&self) -> Settings {
        let roots: Vec<Vec<u8>> = self
            .emulator
            .ca_certificate_pem()
            .filter(|_| self.trusted)
            .map(String::into_bytes)
            .into_iter()
            .collect();
        let upn = self.signed_in.clone();
        let mut settings = Settings::new();
        settings.extra_root_certificates = roots;
        settings.proxy = Proxy::None;
        settings.integrated = upn.map(|upn| Arc::new(ScriptedNegotiator { upn }) as _);
        settings
    }

    fn run<F>(&self, flow: F) -> Result<AuthenticationResult, Error>
    where
        F: Flow<Output = AuthenticationResult> + Send,
    {
        let settings = self.settings();
        match self.backend {
            Backend::Blocking => {
                entrada_blocking::HttpHost::new(settings).expect("the settings hold").acquire(flow)
            }
            Backend::Tokio => {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                let host = entrada_tokio::HttpHost::new(settings).expect("the settings hold");
                runtime.block_on(host.acquire(flow))
            }
        }
    }

    fn password(&self, user: &str) -> Result<AuthenticationResult, Error> {
        self.run(self.app().acquire_token_by_username_password([SCOPE], user, Secret::new(PASSWORD)))
    }

    fn integrated(&mut self, user: &str) -> Result<AuthenticationResult, Error> {
        self.signed_in = Some(user.to_owned());
        self.run(self.app().acquire_token_by_integrated_windows_auth([SCOPE], user))
    }

    /// The emulator found nothing that the service would not accept.
    fn assert_strict(&self) {
        assert_eq!(self.emulator.violations(), [""; 0], "{:?}", self.backend);
    }
}

/// Both adapters, in clear text and with TLS.
fn scenes() -> impl Iterator<Item = Scene> {
    BACKENDS
        .into_iter()
        .flat_map(|backend| [false, true].map(|tls| Scene::new(backend, Config { tls, ..Config::default() })))
}
