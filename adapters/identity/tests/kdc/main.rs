//! Against a real KDC (MIT's) and a real server (Apache with mod_auth_gssapi, over https), which lets users
//! through to the emulator's federation server.
//!
//! ```text
//! this test ──▶ itself as a child, with an environment of its own ──▶ Apache ──▶ emulator
//!     │                               └──▶ KDC
//!     └── starts and stops all of them
//! ```
//!
//! ```text
//! tokens      Kerberos, and each way to fail          directory   a user of Active Directory, by Samba
//! failures    servers and networks that break off     ntlm        where there is no ticket
//! hostile     what the library must survive           protected   channel bindings that are demanded
//! users       who is signed in                        memory      the same calls under valgrind
//! wine        Windows' own calls, under Wine          domain_credentials   with a name and a password
//! ```
//!
//! Each test has its own KDC, folder and ports. They need Linux, where every address of 127.0.0.0/8 is one's own, and the
//! packages of Debian that `.ci/identity` installs.
#![cfg(target_os = "linux")]

mod apache;
mod asked;
mod certificate;
mod child;
mod cutting;
mod directory;
mod domain;
#[cfg(feature = "domain-credentials")]
mod domain_credentials;
mod failures;
mod folder;
mod hostile;
mod memory;
mod ntlm;
mod process;
mod protected;
mod realm;
mod tokens;
mod users;
mod wine;
mod wrapped;
