//! The grants, one file each: clients that keep the rules get tokens, and each rule has somebody who breaks it.

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod assertions;
mod authorize;
mod browser;
mod challenges;
mod clients;
mod code;
mod device;
mod on_behalf_of;
mod pages;
mod refresh;
mod services;
mod wia;
