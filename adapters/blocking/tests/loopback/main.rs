//! The host against servers on loopback that behave in every way.

mod http_host;
mod negotiate;
mod proxy;
mod script;
mod server;
mod tls;
