//! The host against servers on loopback that behave in every way: the tests of the blocking adapter, and its own.

mod blocked;
mod cancellation;
#[path = "../../../blocking/tests/loopback/http_host.rs"]
mod http_host;
#[path = "../../../blocking/tests/loopback/interactive.rs"]
mod interactive;
#[path = "../../../blocking/tests/loopback/negotiate.rs"]
mod negotiate;
#[path = "../../../blocking/tests/loopback/proxy.rs"]
mod proxy;
#[path = "../../../blocking/tests/loopback/script.rs"]
mod script;
#[path = "../../../blocking/tests/loopback/server.rs"]
mod server;
#[path = "../../../blocking/tests/loopback/tls.rs"]
mod tls;

use blocked::HttpHost;

/// Whether plain http goes through a proxy's tunnel, as https does.
const PLAIN_HTTP_IS_TUNNELLED: bool = false;
