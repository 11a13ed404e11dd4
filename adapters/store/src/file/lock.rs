//! The lock that processes share, of whatever library.
//!
//! It is the file `{cache}.lockfile`, as in the libraries of the family, which use it in two ways. To those in .NET,
//! Python (with `portalocker`), Go and Java, a lock of the operating system on the file counts, which ends with the process that
//! holds it. To those in Node (and to Python's without `portalocker`), the existence of the file counts, whoever made
//! it. So this lock is held by whoever has *made the file, or found it abandoned, and locked it as well*; and it is given
//! back by removing the file and then the lock.
//!
//! ```text
//!              make the file, which must not exist
//!              │ made                      │ exists
//!              │                  what is in it?
//!              │                  ├ "pid entrada" ───────── that process holds it by the system's lock
//!              │                  ├ "pid" or "pid program" ─ existence may be what counts: it stays with that
//!              │                  │                          process while it lives, a minute at most
//!              │                  └ nothing ──────────────── just made, or abandoned before a word was written
//!              │                           │
//!              └──── lock it by the system's lock ──── somebody has it: wait
//!                              │
//!                    is it still the file of that name? ── no: begin again
//!                              │ yes
//!                    write "pid entrada": held
//! ```
//!
//! Both ways round:
//!
//! - A process of Entrada that is killed leaves the file, and no lock. The next one of Entrada takes it over at once, those
//!   of .NET, Go and Python too (Python after its five seconds of trying to make the file), and remove it when done.
//!   Node's waits for one of these to come: it has no means of telling.
//! - A process of Node that is killed leaves the file too; Node's libraries then wait forever. One of Entrada takes it over after
//!   a second if no process has its number, else (and on Windows, where it cannot ask) after a minute, and removes it when
//!   done, which frees Node's as well.
//! - A process that hangs while it has the system's lock is never passed over: the error names it.
//!
//! Some versions of Node's library remove a lock file that is not theirs. The system's lock does not help against that, so the
//! cache file is compared once more before it is replaced.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use fs4::{FileExt, TryLockError};
use same_file::Handle;

use super::disk::{check_kind, failed};
use super::system;
use crate::error::Attempt;
use crate::{Error, Warning};

/// A file that was just made may get its first word yet.
const WORDLESS: Duration = Duration::from_secs(2);
/// A process that is not there may be one of another container, which shows soon.
const UNSEEN: Duration = Duration::from_secs(1);
/// Writing a cache takes milliseconds, and Node's library waits 50 seconds at most.
const ABANDONED: Duration = Duration::from_secs(60);

const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

const NAME: &str = "entrada";

/// The lock, held. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Waits for the lock, at most for so long.
    pub(super) fn acquire(
        path: &Path,
        patience: Duration,
        warn: &mut dyn FnMut(Warning),
    ) -> Result<Self, Error> {
        let start = Instant::now();
        let mut pause = SHORTEST_PAUSE;
        let mut made = None;
        loop {
            let pid = match attempt(path, &mut made) {
                Ok(Attempted::Held(file, abandoned_by)) => {
                    if let Some(pid) = abandoned_by {
                        warn(Warning::AbandonedLock { path: path.to_owned(), pid });
                    }
                    return Ok(Self { path: path.to_owned(), file });
                }
                Ok(Attempted::Gone) => continue,
                Ok(Attempted::InUse(pid)) => pid,
                Err(error) => {
                    if let Ok(metadata) = fs::symlink_metadata(path) {
                        check_kind(path, &metadata)?;
                    }
                    if !system::is_in_use(&error) {
                        return Err(failed(Attempt::Lock, path, &error));
                    }
                    None
                }
            };
            let waited = start.elapsed();
            if waited >= patience {
                return Err(Error::Locked { path: path.to_owned(), pid, waited });
            }
            thread::sleep(pause.min(patience.saturating_sub(waited)));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // If somebody removed the file, the one of that name is another's by now.
        if is_same(&self.file, &self.path).unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

enum Attempted {
    /// Held, with the process that abandoned it if one did.
    Held(File, Option<Option<u32>>),
    InUse(Option<u32>),
    /// The file vanished meanwhile: somebody gave it back.
    Gone,
}

/// Tries once. `made` is the file that an earlier try made and could not lock.
fn attempt(path: &Path, made: &mut Option<File>) -> io::Result<Attempted> {
    if let Some(file) = made.take_if(|file| !is_same(file, path).unwrap_or(false)) {
        drop(file);
    }
    let is_mine = match made {
        Some(_) => true,
        None => match system::create_new(path) {
            Ok(file) => {
                *made = Some(file);
                true
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error),
        },
    };
    let (mut file, abandoned_by) = if is_mine {
        let Some(file) = made.as_ref().map(File::try_clone).transpose()? else { return Ok(Attempted::Gone) };
        (file, None)
    } else {
        let mut file = match system::open_existing(path, true) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attempted::Gone),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let age = SystemTime::now().duration_since(metadata.modified()?).unwrap_or_default();
        let word = Word::read(&mut file)?;
        if !word.may_be_taken(age) {
            return Ok(Attempted::InUse(word.pid()));
        }
        // On Windows a file keeps its name while others look at it, so that one may well have been given back.
        let is_given_back = cfg!(windows) && matches!(word, Word::Entrada(_));
        (file, (!is_given_back).then(|| word.pid()))
    };
    match FileExt::try_lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Attempted::InUse(abandoned_by.flatten())),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    if !is_same(&file, path)? {
        return Ok(Attempted::Gone);
    }
    *made = None;
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{} {NAME}", process::id())?;
    Ok(Attempted::Held(file, abandoned_by))
}

/// Whether the file is the one of that name.
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(false);
    }
    match Handle::from_path(path) {
        Ok(handle) => Ok(handle == Handle::from_file(file.try_clone()?)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a lock file says.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Nothing,
    Entrada(u32),
    Other(u32),
    /// No library writes that.
    Strange,
}

impl Word {
    fn read(file: &mut File) -> io::Result<Self> {
        let mut text = Vec::new();
        file.take(256).read_to_end(&mut text)?;
        Ok(Self::of(&String::from_utf8_lossy(&text)))
    }

    fn of(text: &str) -> Self {
        let text = text.trim();
        let (pid, name) = text.split_once(' ').unwrap_or((text, ""));
        match pid.parse() {
            _ if text.is_empty() => Self::Nothing,
            Ok(pid) if name == NAME => Self::Entrada(pid),
            Ok(pid) => Self::Other(pid),
            Err(_) => Self::Strange,
        }
    }

    const fn pid(&self) -> Option<u32> {
        match self {
            Self::Entrada(pid) | Self::Other(pid) => Some(*pid),
            Self::Nothing | Self::Strange => None,
        }
    }

    /// Whether the system's lock alone decides who holds a lock file of this age.
    fn may_be_taken(&self, age: Duration) -> bool {
        match self {
            Self::Entrada(_) => true,
            Self::Nothing => age >= WORDLESS,
            Self::Other(pid) if system::is_alive(*pid) == Some(false) => age >= UNSEEN,
            Self::Other(_) | Self::Strange => age >= ABANDONED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_says_whose_it_is() {
        assert_eq!(Word::of(""), Word::Nothing);
        assert_eq!(Word::of("42"), Word::Other(42));
        assert_eq!(Word::of("42 python3 main.py"), Word::Other(42));
        assert_eq!(Word::of("42 entrada"), Word::Entrada(42));
        assert_eq!(Word::of("hello"), Word::Strange);
        assert_eq!(Word::of("99999999999"), Word::Strange);
    }

    // Elsewhere a file that somebody has open may keep its name until it is closed, and no other can be made meanwhile.
    #[cfg(unix)]
    #[test]
    fn a_lock_on_a_file_that_lost_its_name_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lockfile");
        let mut made = Some(system::create_new(&path).unwrap());
        assert!(is_same(made.as_ref().unwrap(), &path).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(!is_same(made.as_ref().unwrap(), &path).unwrap());
        fs::write(&path, "1 somebody").unwrap();
        assert!(matches!(attempt(&path, &mut made).unwrap(), Attempted::InUse(Some(1))));
        assert!(made.is_none());
        assert_eq!(fs::read_to_string(&path).unwrap(), "1 somebody");

        // Nor is the file of another removed when the lock is given back.
        fs::remove_file(&path).unwrap();
        let lock = Lock::acquire(&path, Duration::ZERO, &mut |_| panic!("nothing was abandoned")).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "1 somebody").unwrap();
        drop(lock);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1 somebody");
    }

    #[test]
    fn existence_counts_for_as_long_as_its_maker_may_be_at_work() {
        let seconds = Duration::from_secs;
        let me = process::id();
        assert!(Word::Entrada(me).may_be_taken(seconds(0)));
        assert!(!Word::Nothing.may_be_taken(seconds(1)) && Word::Nothing.may_be_taken(seconds(2)));
        assert!(!Word::Other(me).may_be_taken(seconds(59)) && Word::Other(me).may_be_taken(seconds(60)));
        assert!(!Word::Strange.may_be_taken(seconds(59)) && Word::Strange.may_be_taken(seconds(60)));
        if cfg!(unix) {
            let nobody = i32::MAX.cast_unsigned();
            assert!(!Word::Other(nobody).may_be_taken(seconds(0)));
            assert!(Word::Other(nobody).may_be_taken(seconds(1)));
        }
    }
}
