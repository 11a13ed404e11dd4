//! Tokens from Microsoft Entra ID and AD FS, as pure state machines.
//!
//! This crate holds the protocol and does no I/O: it opens no connection, reads no clock, draws no randomness,
//! starts no thread and knows no file. A flow says what it needs next, a [`Step`](step::Step); something else, a
//! *host*, meets the need and gives the reply. `entrada-blocking` and `entrada-tokio` are such hosts; so is the
//! handful of lines below, for any HTTP client or runtime.
//!
//! ```
//! use entrada_core::application::PublicClientApplication;
//! use entrada_core::cache::{CacheQuery, CacheUpdate, CacheView, StoreError};
//! use entrada_core::flow::device_code::Prompt;
//! use entrada_core::http::{Outcome, Request, TransportErrorKind};
//! use entrada_core::seed::Seed;
//! use entrada_core::step::{Flow, Host, run};
//! use entrada_core::time::Timestamp;
//!
//! struct Offline;
//!
//! impl Host for Offline {
//!     fn now(&mut self) -> Timestamp {
//!         Timestamp::from_secs(1_700_000_000)
//!     }
//!     fn send(&mut self, _request: Request) -> Outcome {
//!         Err(TransportErrorKind::Connect.into()) // a failure of the world is a reply
//!     }
//!     fn wait(&mut self, _until: Timestamp) {}
//!     fn show(&mut self, _prompt: Prompt) {}
//!     fn load(&mut self, _query: CacheQuery) -> Result<CacheView, StoreError> {
//!         Ok(CacheView::default()) // nothing is remembered
//!     }
//!     fn save(&mut self, _update: CacheUpdate) -> Result<(), StoreError> {
//!         Ok(())
//!     }
//! }
//!
//! # fn main() -> Result<(), entrada_core::error::Error> {
//! let authority = "https://login.microsoftonline.com/contoso.com".parse()?;
//! let app = PublicClientApplication::new("00001111-aaaa-2222-bbbb-3333cccc4444", authority);
//! let flow = app.acquire_token_by_integrated_windows_auth(["user.read"], "joe@contoso.com");
//! let step = flow.start(Timestamp::from_secs(1_700_000_000), Seed::new([7; 32]))?; // 32 random bytes
//! let error = run(step, &mut Offline, |_event| {}).unwrap_err();
//! assert_eq!(error.code(), "connection_failed");
//! # Ok(())
//! # }
//! ```
//!
//! # Where things are
//!
//! - What does it send or read? [`protocol`]. When, and what then? [`flow`]. What is remembered? [`cache`].
//! - What the caller gives: [`application`], [`authority`], [`seed`], [`time`], [`secret`], [`text`].
//! - What the caller gets: [`result`], [`account`], [`error`].
//! - What lies between: [`step`] and [`http`]; [`negotiate`], the loop for integrated authentication; and
//!   [`listener`], the redirect URI on this machine.

pub mod account;
pub mod application;
mod asked;
pub mod authority;
pub mod cache;
mod context;
pub mod error;
mod federate;
mod fingerprint;
pub mod flights;
pub mod flow;
pub mod http;
pub mod listener;
pub mod negotiate;
mod number;
pub mod preflight;
pub mod protocol;
mod prove;
mod recall;
mod redeem;
mod redeemed;
mod resolve;
pub mod result;
mod retry;
pub mod secret;
pub mod seed;
pub mod signer;
pub mod step;
pub mod text;
pub mod time;
