//! Against a real KDC (MIT's) and a real server (Apache with mod_auth_gssapi, over https), which lets users
//! through to the emulator's federation server.
//!
//! ```text
//! this test ──▶ itself as a child, with an environment of its own ──▶ Apache ──▶ emulator
//!     │                               └──▶ KDC
//!     └── starts and stops all of them
//! ```
//!
//! Each test has its own KDC, folder and ports. They need `krb5-kdc krb5-admin-server krb5-user apache2
//! libapache2-mod-auth-gssapi curl` of Debian, and Linux, where every address of 127.0.0.0/8 is one's own.
#![cfg(target_os = "linux")]

mod apache;
mod asked;
mod certificate;
mod child;
mod cutting;
mod failures;
mod folder;
mod hostile;
mod ntlm;
mod pressed;
mod process;
mod realm;
mod tokens;
mod users;
