//! Tokens in a file that processes share.

mod disk;
mod folder;
mod lock;
mod system;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use entrada_core::cache::{CacheUpdate, StoreError, TokenCache, TokenQuery, TokenStore, TokenView};

use self::disk::{Disk, Stamp, with_suffix};
pub use self::folder::default_path;
use self::lock::Lock;
use crate::document::{Codec, Keys, Unreadable};
use crate::{Error, Key, Warning};

/// How a file is protected from whoever gets hold of it. There is no default: plain text has to be asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Protection {
    /// Encrypted with a key in the keyring of the operating system.
    #[cfg(feature = "keyring")]
    Keyring(crate::Keyring),
    /// Encrypted with a key that the caller keeps.
    Key(Key),
    /// Not encrypted: by its permissions alone, which are those of its owner. This is what a Linux without a desktop has,
    /// and what files need that are shared with other libraries.
    PlainText,
}

/// What can be set of a file. Begin with its `Default`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileOptions {
    /// How long to wait for other processes before giving up: 15 seconds by default. They need milliseconds.
    pub patience: Duration,
    /// The largest file that is read or written: 32 MiB by default, which is some 10,000 accounts. One value in it may be
    /// had for 16 bytes of these.
    pub max_bytes: u64,
    /// Whether a file in plain text is taken over and encrypted: not by default, as whoever can write it could slip tokens
    /// in.
    pub encrypt_existing: bool,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self { patience: Duration::from_secs(15), max_bytes: 32 * 1024 * 1024, encrypt_existing: false }
    }
}

/// Tokens in a file that processes share, also with other libraries of the family.
///
/// - It is replaced as a whole, under a lock of the operating system: whoever reads it gets the old or the new content,
///   whoever changes it changes the newest, and a process that is killed takes neither file nor lock along.
/// - It is read again only if it was changed. Between that, lookups are answered from memory.
/// - It is read and written in pieces: beside the tokens that are in it, that takes some 200 KB of memory, or twice as much as its
///   longest entry.
/// - Whatever is in its place that it cannot read is kept: a file that is broken gets another name, with a [`Warning`];
///   one that is another's, of a later version or under another key stays as it is, with an [`Error`].
///
/// Its calls block, for some milliseconds when it writes, and for [`FileOptions::patience`] at most.
///
/// ```
/// use entrada_core::cache::{CacheUpdate, TokenStore};
/// use entrada_store::{FileStore, Key, Protection};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tokens");
/// let key = Key::generate()?; // from wherever the application keeps it
/// let store = FileStore::open(&path, Protection::Key(key))?;
/// store.apply(&CacheUpdate::default())?;
/// for warning in store.take_warnings() {
///     eprintln!("warning: {warning}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileStore {
    disk: Disk,
    lock: PathBuf,
    codec: Codec,
    patience: Duration,
    /// Whoever writes; so that threads wait for each other here, and not at the lock.
    writing: Mutex<()>,
    state: Mutex<State>,
    warnings: Mutex<Vec<Warning>>,
}

/// What was last read or written.
#[derive(Debug, Default)]
struct State {
    tokens: TokenCache,
    /// Whether what was read has to be encrypted.
    is_plain: bool,
    seen: Option<Seen>,
}

/// The file when it was read.
#[derive(Debug, Clone, Copy)]
struct Seen {
    stamp: Option<Stamp>,
    /// Whether any change since then shows in the stamp.
    settled: bool,
}

/// How often a write begins anew if others write without the lock.
const ATTEMPTS: u32 = 5;

/// The most warnings that wait to be taken; the first ones tell what happened.
const MOST_WARNINGS: usize = 32;

impl FileStore {
    /// Opens a file, or prepares to make one. Its folder is made with the first token that is kept.
    ///
    /// # Errors
    /// If it cannot be read, is no file, is another user's, of another protection, key or version. A caller may go on
    /// without a store, or with a [`MemoryStore`](crate::MemoryStore).
    pub fn open(path: impl AsRef<Path>, protection: Protection) -> Result<Self, Error> {
        Self::open_with(path, protection, &FileOptions::default())
    }

    /// As [`open`](Self::open), with other options.
    ///
    /// # Errors
    /// As those.
    pub fn open_with(
        path: impl AsRef<Path>,
        protection: Protection,
        options: &FileOptions,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        let keys = match protection {
            Protection::PlainText => Keys::PlainText,
            Protection::Key(key) => Keys::Given(key),
            #[cfg(feature = "keyring")]
            Protection::Keyring(entry) => Keys::Keyring { entry, known: Mutex::new(None) },
        };
        let store = Self {
            disk: Disk::new(path.to_owned()),
            lock: with_suffix(path, ".lockfile"),
            codec: Codec { keys, max_bytes: options.max_bytes, encrypt_existing: options.encrypt_existing },
            patience: options.patience,
            writing: Mutex::new(()),
            state: Mutex::new(State::default()),
            warnings: Mutex::new(Vec::new()),
        };
        store.codec.keys.prepare()?;
        if store.read()?.is_plain {
            store.change(|_| {})?;
            store.warn(Warning::WasPlainText { place: store.disk.place() });
        }
        Ok(store)
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.disk.path()
    }

    /// What happened that somebody should know of, since this was last asked.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut *locked(&self.warnings))
    }

    /// A copy of what is in the file now.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn tokens(&self) -> Result<TokenCache, Error> {
        Ok(self.read()?.tokens.clone())
    }

    /// Gives the file another name, which it returns, so that the store begins anew: for a file whose key is lost. There
    /// is nothing to do if there is no file.
    ///
    /// # Errors
    /// If that is no file, or cannot be renamed.
    pub fn set_aside(path: impl AsRef<Path>) -> Result<Option<PathBuf>, Error> {
        let path = path.as_ref();
        let disk = Disk::new(path.to_owned());
        if disk.stamp()?.is_none() {
            return Ok(None);
        }
        let patience = FileOptions::default().patience;
        let _lock = Lock::acquire(&with_suffix(path, ".lockfile"), patience, &mut |_| {})?;
        match disk.stamp()? {
            Some(_) => disk.set_aside(SystemTime::now()).map(Some),
            None => Ok(None),
        }
    }

    /// What is in the file now.
    fn read(&self) -> Result<MutexGuard<'_, State>, Error> {
        {
            let mut state = locked(&self.state);
            match self.refresh(&mut state) {
                Ok(()) => return Ok(state),
                Err(Unreadable::Refused(error)) => return Err(error),
                // Perhaps it is just being written to, by a library that does not replace it: the lock will tell.
                Err(Unreadable::Damaged(_)) => {}
            }
        }
        let _writing = locked(&self.writing);
        let _lock = self.lock()?;
        let mut state = locked(&self.state);
        self.refresh_or_set_aside(&mut state)?;
        Ok(state)
    }

    /// Changes what is in the file.
    fn change(&self, change: impl Fn(&mut TokenCache)) -> Result<(), Error> {
        let _writing = locked(&self.writing);
        self.codec.keys.prepare()?;
        self.disk.make_folder()?;
        let _lock = self.lock()?;
        self.disk.sweep(SystemTime::now());
        for _ in 0..ATTEMPTS {
            let mut state = locked(&self.state);
            self.refresh_or_set_aside(&mut state)?;
            let before = state.seen.and_then(|seen| seen.stamp);
            // Until it is written, the file has something else.
            state.seen = None;
            change(&mut state.tokens);
            let place = self.disk.place();
            let prepared = self.disk.prepare(|file| self.codec.encode(&place, &state.tokens, file))?;
            // Somebody may have written without the lock.
            if self.disk.stamp()? != before {
                continue;
            }
            let stamp = self.disk.replace(prepared)?;
            state.seen = Some(Seen { stamp: Some(stamp), settled: false });
            state.is_plain = false;
            return Ok(());
        }
        Err(Error::Contended { place: self.disk.place(), attempts: ATTEMPTS })
    }

    fn lock(&self) -> Result<Lock, Error> {
        Lock::acquire(&self.lock, self.patience, &mut |warning| self.warn(warning))
    }

    /// Reads the file if it was changed. Call it under the lock.
    fn refresh_or_set_aside(&self, state: &mut State) -> Result<(), Error> {
        match self.refresh(state) {
            Ok(()) => Ok(()),
            Err(Unreadable::Refused(error)) => Err(error),
            Err(Unreadable::Damaged(damage)) => {
                let kept_as = self.disk.set_aside(SystemTime::now())?;
                let kept_as = kept_as.display().to_string();
                self.warn(Warning::SetAside { place: self.disk.place(), kept_as, damage });
                *state = State { seen: Some(Seen { stamp: None, settled: false }), ..State::default() };
                Ok(())
            }
        }
    }

    /// Reads the file if it was changed.
    fn refresh(&self, state: &mut State) -> Result<(), Unreadable> {
        let stamp = self.disk.stamp().map_err(Unreadable::Refused)?;
        if let Some(seen) = &mut state.seen {
            // A file that is not there cannot have been changed.
            if seen.stamp == stamp && (seen.settled || stamp.is_none()) {
                return Ok(());
            }
        }
        state.seen = None;
        // Before it is read, so that what is written after has a later time.
        let now = SystemTime::now();
        let content = self.disk.open(&mut |warning| self.warn(warning)).map_err(Unreadable::Refused)?;
        let Some(content) = content else {
            *state = State { seen: Some(Seen { stamp: None, settled: false }), ..State::default() };
            return Ok(());
        };
        // What was read before would be there beside it.
        state.tokens = TokenCache::default();
        let decoded = self.codec.decode(&self.disk.place(), content.file, content.length)?;
        state.tokens = decoded.tokens;
        state.is_plain = decoded.is_plain;
        let settled = content.stamp.is_settled(now);
        state.seen = Some(Seen { stamp: Some(content.stamp), settled });
        Ok(())
    }

    fn warn(&self, warning: Warning) {
        let mut warnings = locked(&self.warnings);
        if warnings.len() < MOST_WARNINGS && !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
}

impl TokenStore for FileStore {
    fn find(&self, query: &TokenQuery) -> Result<TokenView, StoreError> {
        Ok(self.read()?.tokens.find(query))
    }

    fn apply(&self, update: &CacheUpdate) -> Result<(), StoreError> {
        if update.tokens.is_empty() {
            return Ok(());
        }
        Ok(self.change(|tokens| tokens.apply(update))?)
    }
}

/// A thread that panicked while it held this left nothing half-done that would matter: what is in memory counts only
/// while `seen` says so.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::fs;

    const THEIRS: &str = r#"{"Account":{},"theirs":1}"#;

    #[test]
    fn what_is_written_meanwhile_without_the_lock_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let store = FileStore::open(&path, Protection::PlainText).unwrap();
        let times = Cell::new(0);
        let interfere_once = |_: &mut TokenCache| {
            times.set(times.get() + 1);
            if times.get() == 1 {
                fs::write(&path, THEIRS).unwrap();
            }
        };
        store.change(interfere_once).unwrap();
        assert_eq!(times.get(), 2);
        assert!(fs::read_to_string(&path).unwrap().contains("theirs"));

        let always = |_: &mut TokenCache| {
            times.set(times.get() + 1);
            fs::write(&path, format!("{THEIRS}{}", " ".repeat(times.get()))).unwrap();
        };
        assert_eq!(store.change(always).unwrap_err().code(), "store_contended");
        assert!(fs::read_to_string(&path).unwrap().contains("theirs"));
    }
}
