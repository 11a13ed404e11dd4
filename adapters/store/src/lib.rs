//! Tokens kept, for Entrada's flows: in an encrypted file that processes share, in Redis that machines share, in memory.
//!
//! A flow asks for tokens and says what has changed; a [`TokenStore`](core::cache::TokenStore) answers and keeps. There are
//! three here:
//!
//! | store | for | feature |
//! | --- | --- | --- |
//! | [`FileStore`] | programs of one user on one machine: command lines, desktops, daemons | `file` (default) |
//! | `RedisStore` | services on several machines | `redis`, with TLS `redis-tls` |
//! | [`MemoryStore`] | one process, and tests | |
//!
//! Each takes a change as a change: it is made to what is kept by then, so that of two that come at once neither is
//! lost. None of them prints: what somebody should know of comes from `take_warnings`.
//!
//! # Files
//!
//! A file is protected in one of three ways, and there is no default: by a key in the keyring of the operating system
//! (`Keyring`, feature `keyring`), by a key of the caller's ([`Key`]), or by its permissions alone, which has to be asked for by name
//! ([`Protection::PlainText`]). Nothing falls back from one to another.
//!
//! In plain text it is the document that the libraries of the family write, and it is locked as they lock it
//! (`{file}.lockfile`), so that theirs and Entrada's can share a sign-in:
//!
//! | library | what is shared |
//! | --- | --- |
//! | MSAL extensions for Python (`FilePersistence`) | all; it takes turns, as its own processes do |
//! | MSAL extensions for Node (`FilePersistence`) | all; but Node decides whether to read the file *before* it waits for the lock, so it may write over what came meanwhile, also from its own kind |
//! | MSAL extensions for .NET (plain text), Go, Java's documents | the document; their processes were not run against this crate. Java's lock is another: `{folder}/.lockfile` |
//! | what they keep in Keychain, libsecret or DPAPI | nothing: such a file is refused, not replaced |
//!
//! On Unix a file is made with mode 0600, and one that was wider is narrowed, with a warning; one that belongs to another
//! user is refused, as is a symbolic link. On Windows it has the permissions of its folder, which for [`default_path`] is the
//! user's own.
//!
//! Encrypted, it is this:
//!
//! ```text
//! offset  length
//!      0       8  0x89 "Entrada"
//!      8       1  the version of this layout: 1
//!      9       8  the id of the key: HMAC-SHA-256(key, "entrada cache key id"), its first 8 bytes
//!     17      19  the nonce, drawn anew each time
//!     36          the document in pieces of 65,536 bytes, the last as long as it is; each under
//!                 XChaCha20-Poly1305 and 16 bytes longer than it
//! ```
//!
//! A piece has for its nonce that of the document, its number in four bytes (the highest first), and one byte that is 1 for
//! the last and 0 for the others: the construction STREAM, so that no piece can be left out, added or exchanged. The first 17
//! bytes, and in Redis the name of the key, are authenticated along with each.
//!
//! # What goes wrong
//!
//! | what is found | what happens |
//! | --- | --- |
//! | half a document, no JSON, a name twice, wrong types, an altered envelope | it gets another name, with a [`Warning`]; the store begins anew |
//! | a later version, another key, another protection, another owner, a folder, a link, too large | an [`Error`]; it stays as it is |
//! | a lock that a process holds too long | an [`Error`] that names the process; after its end, nothing is left to clear |
//! | a keyring that is locked or absent | an [`Error`]; nothing is written in clear text instead |
//! | a Redis that is late, away or only read from | an [`Error`]; the next call tries again |
//!
//! Each [`Error`] has a stable [`code`](Error::code) and a [`remedy`](Error::remedy), and becomes the text of a
//! [`StoreError`](core::cache::StoreError). A flow goes on without the store and says so in its result.
//!
//! # What stays in memory
//!
//! Keys, documents and tokens are wiped when they are dropped. Beyond reach are the buffers of the libraries for Redis, D-Bus
//! and JSON, and the pages that the operating system keeps of a file.

#![forbid(unsafe_code)]

#[cfg(any(feature = "file", feature = "redis"))]
mod document;
#[cfg(any(feature = "file", feature = "redis"))]
mod envelope;
mod error;
#[cfg(feature = "file")]
mod file;
#[cfg(any(feature = "file", feature = "redis"))]
mod key;
#[cfg(feature = "keyring")]
mod keyring;
mod memory;
#[cfg(any(feature = "file", feature = "redis"))]
mod pieces;
#[cfg(feature = "redis")]
mod redis;
mod warning;

pub use entrada_core as core;

pub use self::error::{Attempt, Error, Obstacle};
#[cfg(feature = "file")]
pub use self::file::{FileOptions, FileStore, Protection, default_path};
pub use self::key::Key;
#[cfg(feature = "keyring")]
pub use self::keyring::Keyring;
pub use self::memory::MemoryStore;
#[cfg(feature = "redis")]
pub use self::redis::{RedisOptions, RedisStore};
pub use self::warning::{Damage, Warning};
