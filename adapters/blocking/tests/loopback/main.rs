//! The host against servers on loopback that behave in every way. Other adapters run the same tests.

mod http_host;
mod interactive;
mod negotiate;
mod proxy;
mod script;
mod server;
mod tls;

use entrada_blocking::HttpHost;

/// Whether plain http goes through a proxy's tunnel, as https does.
const PLAIN_HTTP_IS_TUNNELLED: bool = true;
