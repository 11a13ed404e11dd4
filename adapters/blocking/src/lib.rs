//! Tokens from Microsoft Entra ID and AD FS, in blocking code.
//!
//! This crate carries out the flows of [`entrada-core`](core) with [ureq](https://docs.rs/ureq). Make one [`HttpHost`]
//! for the life of the application, and ask it:
//!
//! ```no_run
//! use entrada_blocking::{HttpHost, PublicClientApplication, Secret, Settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let authority = "https://login.microsoftonline.com/contoso.com".parse()?;
//! let app = PublicClientApplication::new("00001111-aaaa-2222-bbbb-3333cccc4444", authority);
//! let host = HttpHost::new(Settings::default())?;
//!
//! let password = Secret::new(std::env::var("PASSWORD")?);
//! let flow = app.acquire_token_by_username_password(["user.read"], "joe@contoso.com", password);
//! let result = host.acquire(flow)?;
//! println!("a token for {:?}", result.account);
//! # Ok(())
//! # }
//! ```
//!
//! What else one may want:
//!
//! - *A person who signs in with the browser*: [`HttpHost::acquire_interactive`].
//! - *A private certificate authority or a proxy*: see [`Settings`].
//! - *To see what happens*: [`HttpHost::acquire_observed`] tells each step, free of secrets.
//! - *The token cache*: [`HttpHost::cache`]; it lives as long as the host and is shared by its clones.
//! - *Integrated Windows authentication*: set [`Settings::integrated`] to what makes Negotiate tokens.
//!
//! The host follows no redirect, repeats no request, keeps no cookie, decodes no content encoding and reads no more
//! than the flow allows. It starts no thread but ureq's, which resolves names within the time allowed, and one that opens the
//! browser.

mod connect;
mod failure;
mod flights;
mod host;
mod negotiate;
mod reception;
mod send;
mod settings;
mod tls;

pub use entrada_core as core;
pub use entrada_core::application::{PublicClientApplication, RequestOptions};
pub use entrada_core::authority::Authority;
pub use entrada_core::cache::TokenCache;
pub use entrada_core::error::Error;
pub use entrada_core::negotiate::Negotiator;
pub use entrada_core::result::AuthenticationResult;
pub use entrada_core::secret::Secret;
pub use entrada_core::step::{Flow, StepEvent};
pub use entrada_host::{Interactive, OpenBrowser, Proxy, Settings, SetupError};

pub use host::HttpHost;
