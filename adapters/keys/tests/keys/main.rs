//! Keys and certificates made for the occasion, read back, and signatures checked by another library.

mod certificates;
mod pair;
mod pem;
#[cfg(feature = "pfx")]
mod pfx;
mod ring_of_keys;
mod signing;
mod support;
