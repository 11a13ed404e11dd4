//! What a store did or saw that is no error.

use std::path::PathBuf;

use entrada_core::cache::schema::DocumentError;

use crate::error::holder;

/// What makes a document unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Its end is missing.
    #[error("its end is missing")]
    Incomplete,
    /// It is no JSON.
    #[error("it is not JSON")]
    NotJson,
    /// It is JSON, and not of the schema: a section is not an object.
    #[error("it is not a token cache")]
    NotACache,
    /// An object has the same name twice, so that readers disagree.
    #[error("a name stands twice in an object")]
    NameTwice,
    /// It has more values than a cache of its greatest size would.
    #[error("it has too many values")]
    TooManyValues,
    /// It is encrypted, with this key, and was changed after.
    #[error("it was altered after it was encrypted")]
    Altered,
}

impl From<DocumentError> for Damage {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Incomplete => Self::Incomplete,
            DocumentError::NotJson => Self::NotJson,
            DocumentError::NameTwice => Self::NameTwice,
            DocumentError::TooManyValues => Self::TooManyValues,
            _ => Self::NotACache,
        }
    }
}

/// What a store did or saw that somebody should know of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// A document that cannot be read was given another name, so that nothing of it is lost. The store went on without.
    #[error("{place} cannot be read, as {damage}; it is now {kept_as}, and the store begins anew")]
    SetAside {
        /// Which.
        place: String,
        /// Where it is now.
        kept_as: String,
        /// Why.
        damage: Damage,
    },
    /// Others could read the file, or even write it. Its permissions are 0600 now, if the file system let them.
    #[error("{} was open to others (mode {mode:o}): whoever read it may have the tokens", path.display())]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
        /// What its permissions were.
        mode: u32,
    },
    /// The file was plain text and is encrypted from now on; what the disk keeps of the old one is beyond reach.
    #[error("{place} was not encrypted, and is from now on")]
    WasPlainText {
        /// Which.
        place: String,
    },
    /// A process ended or hung without removing its lock, which was taken over.
    #[error("{} was left behind by {}", path.display(), holder(*pid))]
    AbandonedLock {
        /// The file that is the lock.
        path: PathBuf,
        /// Which process, if it says so.
        pid: Option<u32>,
    },
}
