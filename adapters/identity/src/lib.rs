//! Who is signed in to this machine, and the Negotiate tokens that prove it to a federation server.
//!
//! Three things that the core cannot do by itself, for integrated Windows authentication:
//!
//! - [`current_user`] finds the signed-in user's name, and says where it comes from;
//! - `current_ticket` says how long the user's Kerberos ticket is good, where there is no Windows;
//! - [`PlatformNegotiator`] makes the tokens of HTTP Negotiate with that user's credentials: SSPI on Windows, Kerberos
//!   through GSSAPI elsewhere. It goes into the `integrated` setting of a host.
//!
//! For machines that belong to no domain, the feature `domain-credentials` adds `DomainCredentials`, which makes the tokens
//! with a name and a password, in Rust alone.
//!
//! ```no_run
//! # #[cfg(target_os = "linux")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use entrada_blocking::{Authority, HttpHost, PublicClientApplication, Settings};
//! use entrada_identity::{PlatformNegotiator, current_user};
//!
//! let user = current_user()?;
//! if !user.source.is_stated() {
//!     eprintln!("taking {} for the user, by {}", user.upn, user.source);
//! }
//! let mut settings = Settings::new();
//! settings.integrated = Some(Arc::new(PlatformNegotiator::new()?));
//!
//! let authority = Authority::parse("https://login.microsoftonline.com/contoso.com", Default::default())?;
//! let app = PublicClientApplication::new("11111111-2222-3333-4444-555555555555", authority);
//! let flow = app.acquire_token_by_integrated_windows_auth(["user.read"], &user.upn);
//! let result = HttpHost::new(settings)?.acquire(flow)?;
//! # Ok(())
//! # }
//! # #[cfg(not(target_os = "linux"))]
//! # fn main() {}
//! ```
//!
//! # What it needs
//!
//! Nothing at build time: no C headers, no clang. At run time, on Linux `libgssapi_krb5.so.2` and `libkrb5.so.3` (MIT
//! Kerberos), on macOS the system's frameworks, on Windows the system. What is missing is an [`IdentityError`] with a
//! code and a remedy.
//!
//! # What the platform's libraries do
//!
//! They read their own configuration and environment: `KRB5_CONFIG`, `KRB5CCNAME`, `KRB5_CLIENT_KTNAME`, `KRB5_TRACE`.
//! They ask the KDC for tickets, which takes as long as the network does, so call them where blocking is allowed. They
//! may keep the tickets in the user's credential cache. They are loaded once and never unloaded.
//!
//! # What is never done
//!
//! Credentials are not delegated: the service learns who the user is, and cannot act as the user elsewhere. A Kerberos
//! service that does not prove itself is refused.
//!
//! # Where it was run
//!
//! - *Linux*: against MIT's KDC, Active Directory by Samba, NTLM and Apache, in the tests.
//! - *Windows*: under Wine 8 alone, never on Windows itself. There, `current_user` for a local account, SSPI without a
//!   ticket, and SSPI with the ticket of a real KDC up to a token, the server's proof included. Wine's Negotiate makes bare
//!   Kerberos tokens where that of Windows makes SPNEGO, and no server has judged channel bindings of SSPI. A name that Windows tells, an account of a domain and NTLM were
//!   run nowhere: they rest on Microsoft's documentation, and on tests with a script in the place of Windows.
//! - *macOS*: never. The calls are type-checked.

#[cfg(any(windows, feature = "domain-credentials"))]
mod bindings;
#[cfg(feature = "domain-credentials")]
mod domain;
mod error;
#[cfg(unix)]
mod gss;
mod negotiator;
mod principal;
#[cfg(windows)]
mod sspi;
#[cfg(unix)]
mod ticket;
mod user;

#[cfg(feature = "domain-credentials")]
pub use domain::DomainCredentials;
pub use entrada_core as core;
pub use error::{IdentityError, WindowsAccount};
pub use negotiator::PlatformNegotiator;
pub use principal::Principal;
#[cfg(unix)]
pub use ticket::{Ticket, current_ticket};
pub use user::{CurrentUser, UserSource, current_user, current_user_by};
