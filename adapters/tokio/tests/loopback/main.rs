//! The host against servers on loopback that behave in every way.

mod cancellation;
mod http_host;
mod negotiate;
mod proxy;
#[path = "../../../blocking/tests/loopback/script.rs"]
mod script;
#[path = "../../../blocking/tests/loopback/server.rs"]
mod server;
mod tls;
