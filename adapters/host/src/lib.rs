//! What Entrada's hosts over HTTP have in common, whichever client they use.
//!
//! Applications have no use for this crate: `entrada-blocking` and `entrada-tokio` re-export the [`Settings`] and
//! [`Interactive`] that it holds. For one who writes another host, over another HTTP client, it has besides
//!
//! - the TLS that the settings ask for, the extra certificate authorities as DER, and the check of a proxy's address:
//!   [`tls_config`], [`Settings::extra_roots`] and [`proxy_address`];
//! - what Negotiate is tied to on a connection with TLS: [`tls_server_end_point`];
//! - a body that is read up to a limit and wiped: [`Collected`];
//! - what the core does not read for itself: [`now`] and [`seed`];
//! - a memory that clones of a host share: [`SharedMemory`];
//! - for a sign-in in the browser, its sockets on this machine: [`Reception`].

mod bindings;
mod body;
mod interactive;
mod loopback;
mod memory;
mod settings;
mod tls;

use std::time::{SystemTime, UNIX_EPOCH};

use entrada_core::error::Error;
use entrada_core::seed::Seed;
use entrada_core::time::Timestamp;

pub use bindings::tls_server_end_point;
pub use body::Collected;
pub use interactive::{Interactive, OpenBrowser, Reception};
pub use memory::SharedMemory;
pub use settings::{Proxy, Settings, SetupError, proxy_address};
pub use tls::tls_config;

/// The time by the system's clock.
#[must_use]
pub fn now() -> Timestamp {
    // A clock before 1970 counts as 1970: the flow's arithmetic holds, and the service will say what is wrong.
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().after(elapsed)
}

/// Randomness for one flow, from the operating system.
///
/// # Errors
/// `no_randomness` if the operating system gives none.
pub fn seed() -> Result<Seed, Error> {
    Seed::draw(getrandom::fill)
}
