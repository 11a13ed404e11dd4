//! Every flow of the core, driven to its end inside a WebAssembly module.
//!
//! A module reaches the world through its imports alone, so one that imports nothing does no I/O. On
//! `wasm32-unknown-unknown` a clock, a thread or a socket of the standard library needs no import, but fails when it is
//! used; so the flows are not only built but run there. `tests/module.rs` does both, on the module that `.ci/wasm`
//! builds.
//!
//! The world is the scripted one of `entrada-tests`, taken in by path: that crate's own dependencies want an operating
//! system.

#[path = "../../src/documents.rs"]
pub mod documents;
pub mod exports;
#[path = "../../src/world.rs"]
pub mod world;
