//! The file itself: looked at, read, replaced, set aside.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::NamedTempFile;

use super::system;
use crate::error::{Attempt, Obstacle};
use crate::{Error, Warning};

/// How coarse the times of files are: of most file systems, and of those that keep whole seconds or two.
const TICK: Duration = Duration::from_millis(50);
const COARSE_TICK: Duration = Duration::from_secs(3);

/// By how much a file is younger than the last look of another library that counts in milliseconds.
const CLOCK_OF_OTHERS: Duration = Duration::from_millis(2);

/// How long those who read the file may keep it from being replaced, where they can: on Windows.
const PATIENCE_WITH_READERS: Duration = Duration::from_secs(5);

/// Temporary files older than this were left behind by a process that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// What tells one content of a file from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: SystemTime,
    len: u64,
    identity: [u64; 3],
}

impl Stamp {
    fn of(metadata: &Metadata) -> io::Result<Self> {
        let modified = metadata.modified()?;
        Ok(Self { modified, len: metadata.len(), identity: system::identity(metadata) })
    }

    /// Whether a file that is written to from now on gets another stamp. One that was written to within the last tick of
    /// its file system's clock might not.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let since_epoch = self.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let tick = if since_epoch.subsec_nanos() == 0 { COARSE_TICK } else { TICK };
        now.duration_since(self.modified).is_ok_and(|age| age > tick)
    }
}

/// A file at its place.
#[derive(Debug)]
pub(super) struct Disk {
    path: PathBuf,
}

/// A new content that is not in the file's place yet. It is removed when dropped.
#[derive(Debug)]
pub(super) struct Prepared(NamedTempFile);

/// A file that is there to be read.
pub(super) struct Content {
    pub(super) stamp: Stamp,
    pub(super) file: File,
    pub(super) length: u64,
}

impl Disk {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// What the file is now; nothing if there is none.
    pub(super) fn stamp(&self) -> Result<Option<Stamp>, Error> {
        let metadata = match fs::symlink_metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(Attempt::Look, &self.path, &error)),
        };
        check_kind(&self.path, &metadata)?;
        Stamp::of(&metadata).map(Some).map_err(|error| failed(Attempt::Look, &self.path, &error))
    }

    /// Opens the file, unless it is another user's, or is no file. One that others may read is closed to them.
    pub(super) fn open(&self, warn: &mut dyn FnMut(Warning)) -> Result<Option<Content>, Error> {
        let failed = |error: &io::Error| failed(Attempt::Read, &self.path, error);
        let file = match system::open_existing(&self.path, false) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                // A link or a folder fails to open in ways that differ between systems.
                self.stamp()?;
                return Err(failed(&error));
            }
        };
        let metadata = file.metadata().map_err(|error| failed(&error))?;
        check_kind(&self.path, &metadata)?;
        system::check_owner(&self.path, &metadata)?;
        if let Some(mode) = system::open_to_others(&metadata) {
            // If it cannot be closed to them, the warning is all that can be done: the next write replaces it.
            let _ = system::close_to_others(&file);
            warn(Warning::OpenToOthers { path: self.path.clone(), mode });
        }
        // Looked at again after it was closed to others, which changes when it was changed.
        let stamp = file.metadata().and_then(|now| Stamp::of(&now)).map_err(|error| failed(&error))?;
        Ok(Some(Content { stamp, file, length: metadata.len() }))
    }

    /// Makes the folder, closed to others, if there is none.
    pub(super) fn make_folder(&self) -> Result<(), Error> {
        let folder = self.folder();
        system::make_folder(folder).map_err(|error| failed(Attempt::MakeFolder, folder, &error))
    }

    /// Writes a new content beside the file. Call it under the lock.
    pub(super) fn prepare(
        &self,
        write: impl FnOnce(&mut File) -> Result<(), Error>,
    ) -> Result<Prepared, Error> {
        let failed = |error: &io::Error| failed(Attempt::Replace, &self.path, error);
        let mut file = tempfile::Builder::new()
            .prefix(&self.prefix())
            .suffix(".new")
            .tempfile_in(self.folder())
            .map_err(|error| failed(&error))?;
        write(file.as_file_mut())?;
        // Other libraries read a file again if it is younger than their last look by a clock of milliseconds; that of file
        // systems is coarser and may stand before it.
        let _ = file.as_file().set_modified(SystemTime::now() + CLOCK_OF_OTHERS);
        file.as_file().sync_all().map_err(|error| failed(&error))?;
        Ok(Prepared(file))
    }

    /// Replaces the file as a whole: whoever reads it gets the old content or the new, at any moment, also after a power
    /// cut. Call it under the lock.
    pub(super) fn replace(&self, prepared: Prepared) -> Result<Stamp, Error> {
        self.try_replace(prepared.0).map_err(|error| failed(Attempt::Replace, &self.path, &error))
    }

    fn try_replace(&self, mut file: NamedTempFile) -> io::Result<Stamp> {
        let start = Instant::now();
        let file = loop {
            match file.persist(&self.path) {
                Ok(file) => break file,
                Err(error) if cfg!(windows) && start.elapsed() < PATIENCE_WITH_READERS => {
                    file = error.file;
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) => return Err(error.error),
            }
        };
        system::sync_folder(self.folder())?;
        Stamp::of(&file.metadata()?)
    }

    /// Gives the file another name, which it returns. Call it under the lock.
    pub(super) fn set_aside(&self, now: SystemTime) -> Result<PathBuf, Error> {
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let name = (0..u32::MAX)
            .map(|nth| with_suffix(&self.path, &format!(".set-aside-{}", seconds.saturating_add(nth.into()))))
            .find(|name| fs::symlink_metadata(name).is_err())
            .unwrap_or_else(|| self.path.clone());
        let failed = |error: &io::Error| failed(Attempt::SetAside, &self.path, error);
        fs::rename(&self.path, &name).map_err(|error| failed(&error))?;
        system::sync_folder(self.folder()).map_err(|error| failed(&error))?;
        Ok(name)
    }

    /// Removes what killed processes left behind half-written. Call it under the lock.
    pub(super) fn sweep(&self, now: SystemTime) {
        let prefix = self.prefix();
        for entry in fs::read_dir(self.folder()).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let is_ours =
                name.to_str().is_some_and(|name| name.starts_with(&prefix) && name.ends_with(".new"));
            let is_old = || {
                let modified = entry.metadata().and_then(|metadata| metadata.modified());
                modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > LEFT_BEHIND))
            };
            if is_ours && is_old() {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// How the names of its temporary files begin.
    fn prefix(&self) -> String {
        format!(".{}.", self.path.file_name().unwrap_or_default().to_string_lossy())
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}

/// The path with something after its last name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Refuses what is no file.
pub(super) fn check_kind(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    let what = if metadata.is_file() {
        return Ok(());
    } else if metadata.is_dir() {
        Obstacle::Directory
    } else if metadata.is_symlink() {
        Obstacle::SymbolicLink
    } else {
        Obstacle::Other
    };
    Err(Error::NotAFile { path: path.to_owned(), what })
}

pub(super) fn failed(attempt: Attempt, path: &Path, error: &io::Error) -> Error {
    Error::Io { attempt, path: path.to_owned(), kind: error.kind() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_counts_once_the_clock_of_the_file_system_has_ticked() {
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        let stamp = |modified| Stamp { modified, len: 0, identity: [0; 3] };
        assert!(!stamp(at(1_000_001)).is_settled(at(1_000_001)));
        assert!(!stamp(at(1_000_001)).is_settled(at(1_000_051)));
        assert!(stamp(at(1_000_001)).is_settled(at(1_000_052)));
        assert!(!stamp(at(1_000_000)).is_settled(at(1_002_000)));
        assert!(stamp(at(1_000_000)).is_settled(at(1_003_001)));
        assert!(!stamp(at(9_000_001)).is_settled(at(1_000_000)));
    }
}
