//! Both adapters against a real server that nobody here wrote: npm's `oidc-provider`, a certified OpenID provider.
//!
//! They need node, and the package in the folder that `ENTRADA_JUDGES` names (`target/judges` if absent), so they are
//! ignored by default; `.ci/run` installs both and runs them.

mod applications;
mod device;
mod discovery;
mod person;
mod provider;
mod sign_in;

use std::sync::{Arc, Mutex};
use std::thread;

use entrada_blocking::{Proxy, Settings};
use entrada_core::application::{ClientCredential, ConfidentialClientApplication, PublicClientApplication};
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::error::Error;
use entrada_core::secret::Secret;
use entrada_core::signer::{
    AssertionRequest, Signature, Signer, SignerError, SigningAlgorithm, SigningInput,
};
use entrada_core::step::Flow;
use entrada_keys::{KeyRing, PrivateKey};

use crate::person::Person;
use crate::provider::Provider;

/// What the provider knows its applications by.
const NATIVE: &str = "native";
const POST: &str = "post";
const BASIC: &str = "basic: a & b";
const SECRET: &str = "s3cret: 100% of + & = \"all\" of /it?";

#[derive(Debug, Clone, Copy)]
enum Backend {
    Blocking,
    Tokio,
}

/// A provider, and a host that talks to it.
struct Scene {
    provider: &'static Provider,
    host: AnyHost,
    algorithms: Arc<Mutex<Vec<SigningAlgorithm>>>,
}

enum AnyHost {
    Blocking(entrada_blocking::HttpHost),
    Tokio(Box<(entrada_tokio::HttpHost, tokio::runtime::Runtime)>),
}

impl Scene {
    fn new(
        provider: &'static Provider,
        backend: Backend,
        prompts: impl FnMut(&str, &str) + Send + 'static,
    ) -> Self {
        let algorithms = Arc::default();
        let mut settings = provider.settings();
        settings.signer = Some(Arc::new(Keys::new(Arc::clone(&algorithms))));
        let prompts = Mutex::new(prompts);
        settings.show = Arc::new(move |prompt| {
            prompts.lock().expect("nobody panicked")(prompt.verification_uri.as_str(), &prompt.user_code);
        });
        let host = match backend {
            Backend::Blocking => {
                AnyHost::Blocking(entrada_blocking::HttpHost::new(settings).expect("the settings hold"))
            }
            Backend::Tokio => AnyHost::Tokio(Box::new((
                entrada_tokio::HttpHost::new(settings).expect("the settings hold"),
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"),
            ))),
        };
        Self { provider, host, algorithms }
    }

    fn run<F>(&self, flow: F) -> Result<F::Output, Error>
    where
        F: Flow,
        F::Output: Send,
    {
        match &self.host {
            AnyHost::Blocking(host) => host.acquire(flow),
            AnyHost::Tokio(both) => both.1.block_on(both.0.acquire(flow)),
        }
    }

    /// The provider at a path of the server.
    fn oidc(&self, path: &str) -> Authority {
        let address = format!("{}{path}", self.provider.origin);
        Authority::oidc(&address, permitted()).expect("it is an authority")
    }

    /// The provider whose endpoints are where Entra ID has them.
    fn entra(&self) -> Authority {
        let address = format!("{}/contoso.com", self.provider.origin);
        Authority::parse(&address, permitted()).expect("it is an authority")
    }

    fn native(&self) -> PublicClientApplication {
        PublicClientApplication::new(NATIVE, self.oidc(""))
    }

    fn web(&self) -> ConfidentialClientApplication {
        ConfidentialClientApplication::new(POST, self.oidc(""), secret())
    }

    fn person(&self) -> Person {
        Person::new(self.provider)
    }
}

fn permitted() -> AuthorityOptions {
    AuthorityOptions::default().allow_http_loopback(true)
}

fn secret() -> ClientCredential {
    ClientCredential::Secret(Secret::new(SECRET))
}

/// Does the same with both adapters, in clear text and with TLS, side by side.
fn everywhere(act: impl Fn(&Scene) + Sync) {
    everywhere_prompted(|_| |_: &str, _: &str| panic!("there is nothing to show"), act);
}

/// The same; what [`Scene`] is told to show goes to what `prompts` makes.
fn everywhere_prompted<P>(prompts: impl Fn(&'static Provider) -> P + Sync, act: impl Fn(&Scene) + Sync)
where
    P: FnMut(&str, &str) + Send + 'static,
{
    thread::scope(|scope| {
        for provider in provider::both() {
            for backend in [Backend::Blocking, Backend::Tokio] {
                let (prompts, act) = (&prompts, &act);
                let name = format!("{backend:?} at {}", provider.origin);
                thread::Builder::new()
                    .name(name)
                    .spawn_scoped(scope, move || act(&Scene::new(provider, backend, prompts(provider))))
                    .expect("there are threads");
            }
        }
    });
}

/// The key of the applications that sign; it tells how it was asked to.
struct Keys {
    ring: KeyRing,
    algorithms: Arc<Mutex<Vec<SigningAlgorithm>>>,
}

impl Keys {
    const NAME: &str = "the test's";

    fn new(algorithms: Arc<Mutex<Vec<SigningAlgorithm>>>) -> Self {
        let ring = KeyRing::new();
        let key = PrivateKey::from_pem(entrada_emulator::Emulator::daemon_key_pem().as_bytes());
        ring.add(Self::NAME, key.expect("the emulator's key is one"));
        Self { ring, algorithms }
    }
}

impl Signer for Keys {
    fn sign(&self, input: &SigningInput) -> Result<Signature, SignerError> {
        self.algorithms.lock().expect("nobody panicked").push(input.algorithm);
        self.ring.sign(input)
    }

    /// As an application with a format of its own would: without a certificate in the header, by PS256.
    fn assert(&self, request: &AssertionRequest) -> Result<Secret, SignerError> {
        let input = applications::assertion(request);
        let signed =
            self.ring.sign(&SigningInput::new(SigningAlgorithm::Ps256, input.as_bytes(), Self::NAME))?;
        Ok(Secret::new(format!("{input}.{}", applications::base64url(signed.as_bytes()))))
    }
}

impl Provider {
    /// Settings that reach it.
    fn settings(&self) -> Settings {
        let mut settings = Settings::new();
        settings.extra_root_certificates = self.root.clone().into_iter().collect();
        settings.proxy = Proxy::None;
        settings
    }
}
