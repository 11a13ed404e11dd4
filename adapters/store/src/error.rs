//! Why tokens are not kept or not found, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use entrada_core::cache::StoreError;

/// Why a store cannot do its work. It holds no secret.
///
/// [`code`](Self::code) is stable, [`remedy`](Self::remedy) says what to do. Nothing is lost by any of these: what a
/// store cannot read it leaves as it is, and the token that it cannot keep has been got.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something other than a file has the name of the cache, or of its lock.
    #[error("{} is {what}, not a file", path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What it is.
        what: Obstacle,
    },
    /// The file belongs to another user.
    #[error("{} belongs to user {owner}, and this process is of user {user}", path.display())]
    OtherOwner {
        /// Which file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who runs this process.
        user: u32,
    },
    /// The file system refused.
    #[error("{} {}: {kind}", attempt, path.display())]
    Io {
        /// What was tried.
        attempt: Attempt,
        /// With what.
        path: PathBuf,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The document is larger than is sensible.
    #[error("{place} has {bytes} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// Which.
        place: String,
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        limit: u64,
    },
    /// Another process holds the lock for longer than it takes to write a file.
    #[error("{} is held by {}", path.display(), holder(*pid))]
    Locked {
        /// The file that is the lock.
        path: PathBuf,
        /// Which process, if it says so.
        pid: Option<u32>,
        /// How long was waited.
        waited: Duration,
    },
    /// Others changed the document each time that it was to be written.
    #[error("{place} was changed by others {attempts} times in a row")]
    Contended {
        /// Which.
        place: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// A later version of this library wrote it.
    #[error("{place} is of version {version}, which a later release writes")]
    NewerVersion {
        /// Which.
        place: String,
        /// Its version.
        version: u8,
    },
    /// It is encrypted, and plain text was asked for.
    #[error("{place} is encrypted")]
    Encrypted {
        /// Which.
        place: String,
    },
    /// It is plain text, and encryption was asked for.
    #[error("{place} is not encrypted")]
    NotEncrypted {
        /// Which.
        place: String,
    },
    /// Another program protected it with Windows' DPAPI.
    #[error("{place} is protected by Windows for another program")]
    Dpapi {
        /// Which.
        place: String,
    },
    /// It is encrypted with another key.
    #[error("{place} is encrypted with another key")]
    WrongKey {
        /// Which.
        place: String,
    },
    /// The bytes are no key.
    #[error("a key has 32 random bytes, and here are {len}")]
    BadKey {
        /// How many there are.
        len: usize,
    },
    /// The operating system has no random bytes.
    #[error("the operating system has no random bytes")]
    NoRandomness,
    /// The keyring has no key, and the file needs one.
    #[error("the keyring has no key {service:?} of {account:?}")]
    KeyMissing {
        /// The name of the service in the keyring.
        service: String,
        /// The name of the account.
        account: String,
    },
    /// The keyring is locked, and nobody opened it.
    #[error("the keyring is locked: {detail}")]
    KeyringLocked {
        /// The keyring's own words.
        detail: String,
    },
    /// There is no keyring.
    #[error("there is no keyring: {detail}")]
    NoKeyring {
        /// The operating system's own words.
        detail: String,
    },
    /// The keyring has something else under the name of the key, or several.
    #[error("the keyring's entry {service:?} of {account:?} is no key")]
    KeyUnusable {
        /// The name of the service in the keyring.
        service: String,
        /// The name of the account.
        account: String,
    },
    /// Redis did not answer in time.
    #[error("Redis did not answer within {} ms", waited.as_millis())]
    RedisTimeout {
        /// How long was waited.
        waited: Duration,
    },
    /// Redis cannot be reached.
    #[error("Redis cannot be reached: {detail}")]
    RedisUnreachable {
        /// The client library's words.
        detail: String,
    },
    /// It is a Redis that is only read from.
    #[error("this Redis takes no writes")]
    RedisReadOnly,
    /// Redis refused.
    #[error("Redis refused: {detail}")]
    RedisRefused {
        /// Its words.
        detail: String,
    },
    /// A partition is asked for by what it is not kept by.
    #[error("tokens in Redis are kept by account, not by {by}")]
    NotPartitioned {
        /// What was asked for.
        by: &'static str,
    },
}

impl Error {
    /// The stable name of what happened.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAFile { .. } => "store_not_a_file",
            Self::OtherOwner { .. } => "store_other_owner",
            Self::Io { .. } => "store_io",
            Self::TooLarge { .. } => "store_too_large",
            Self::Locked { .. } => "store_locked",
            Self::Contended { .. } => "store_contended",
            Self::NewerVersion { .. } => "store_newer_version",
            Self::Encrypted { .. } => "store_encrypted",
            Self::NotEncrypted { .. } => "store_not_encrypted",
            Self::Dpapi { .. } => "store_dpapi",
            Self::WrongKey { .. } => "store_wrong_key",
            Self::BadKey { .. } => "store_bad_key",
            Self::NoRandomness => "store_no_randomness",
            Self::KeyMissing { .. } => "store_key_missing",
            Self::KeyringLocked { .. } => "store_keyring_locked",
            Self::NoKeyring { .. } => "store_no_keyring",
            Self::KeyUnusable { .. } => "store_key_unusable",
            Self::RedisTimeout { .. } => "store_redis_timeout",
            Self::RedisUnreachable { .. } => "store_redis_unreachable",
            Self::RedisReadOnly => "store_redis_read_only",
            Self::RedisRefused { .. } => "store_redis_refused",
            Self::NotPartitioned { .. } => "store_not_partitioned",
        }
    }

    /// Whose turn it is and what to do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NotAFile { what: Obstacle::SymbolicLink, .. } => {
                "Name the file that the link leads to: replacing the link would leave the old tokens behind."
            }
            Self::NotAFile { .. } => "Move it out of the way, or name another file.",
            Self::OtherOwner { .. } => {
                "Run the program as the owner of the file (not with sudo), or name another file."
            }
            Self::Io { attempt: Attempt::Read | Attempt::Look, .. } => {
                "Let this user read the file and enter the folders above it."
            }
            Self::Io { kind: io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, .. } => {
                "Make room on the disk; the file still holds what it did."
            }
            Self::Io { .. } => {
                "Let this user write to the folder, as the file is replaced and not written into; or name another file."
            }
            Self::TooLarge { .. } => {
                "No sign-in makes so much: look who wrote it, and move it away; or raise `max_bytes`."
            }
            Self::Locked { path, pid, .. } => return locked_remedy(&path.display().to_string(), *pid),
            Self::Contended { .. } => "Try again. If it stays so, look for a program that writes without a lock.",
            Self::NewerVersion { .. } => "Update this program, or give it a place of its own.",
            Self::Encrypted { .. } => "Open it with the key that it was encrypted with, or name another place.",
            Self::NotEncrypted { .. } => {
                "Set `encrypt_existing` to take its tokens over, or open it as plain text, or name another place."
            }
            Self::Dpapi { .. } => "Name another file: only the program that protected this one can open it.",
            Self::WrongKey { .. } => {
                "Use the key that it was encrypted with. If that is gone, call `set_aside` and sign in again."
            }
            Self::BadKey { .. } => "Draw a key with `Key::generate` and keep it in a safe place.",
            Self::NoRandomness => "Repair the operating system: without randomness nothing can be encrypted.",
            Self::KeyMissing { .. } => {
                "Bring the keyring back that had the key. If it is gone, call `set_aside` and sign in again."
            }
            Self::KeyringLocked { .. } => "Unlock the keyring (log in to the desktop), and try again.",
            Self::NoKeyring { .. } => {
                "Start a keyring (on Linux a Secret Service such as gnome-keyring, on a D-Bus session), or give a key \
                 with `Protection::Key`, or ask for `Protection::PlainText`."
            }
            Self::KeyUnusable { .. } => "Remove that entry from the keyring, or use another name.",
            Self::RedisTimeout { .. } => {
                "Look at the load of Redis and the way to it; whether a change was made is not known."
            }
            Self::RedisUnreachable { .. } => "Start Redis, or correct its address, user, password or TLS settings.",
            Self::RedisReadOnly => "Name the primary: this is a replica, or a primary that became one.",
            Self::RedisRefused { .. } => {
                "Let the user of this connection GET, SET, DEL, RENAME, WATCH and MULTI keys with the prefix."
            }
            Self::NotPartitioned { .. } => {
                "Keep the home account id with the user's session, and ask for the account by it."
            }
        }
        .to_owned()
    }
}

fn locked_remedy(path: &str, pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!(
            "Look at process {pid}, and end it if it hangs. If there is no such process, remove {path}."
        ),
        None => format!("Find the process that hangs and end it. If there is none, remove {path}."),
    }
}

pub(crate) fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

/// Text for the host, with the remedy and the code.
impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::new(format!("{error} ({}). {}", error.code(), error.remedy()))
    }
}

/// What has the name of a file and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// A folder.
    #[error("a folder")]
    Directory,
    /// A symbolic link.
    #[error("a symbolic link")]
    SymbolicLink,
    /// A device, a pipe, a socket.
    #[error("a device or a pipe")]
    Other,
}

/// What was tried with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attempt {
    /// To see what is there.
    Look,
    /// To read it.
    Read,
    /// To make the folder.
    MakeFolder,
    /// To lock it.
    Lock,
    /// To replace it.
    Replace,
    /// To give a broken one another name.
    SetAside,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Look => "cannot look at",
            Self::Read => "cannot read",
            Self::MakeFolder => "cannot make the folder",
            Self::Lock => "cannot lock",
            Self::Replace => "cannot replace",
            Self::SetAside => "cannot set aside",
        })
    }
}
