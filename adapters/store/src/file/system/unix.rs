//! Owners, permissions, links, processes.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, geteuid, test_kill_process};

use crate::Error;

const OWNER_ALONE: u32 = 0o600;
const OTHERS: u32 = 0o077;

pub(in crate::file) fn identity(metadata: &Metadata) -> [u64; 3] {
    let changed = metadata.ctime().wrapping_mul(1_000_000_000).wrapping_add(metadata.ctime_nsec());
    [metadata.dev(), metadata.ino(), changed.cast_unsigned()]
}

/// Opens a file, not what a link leads to, and waits for no writer of a pipe.
pub(in crate::file) fn open_existing(path: &Path, write: bool) -> io::Result<File> {
    let access = if write { OFlags::RDWR } else { OFlags::RDONLY };
    let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Makes a file that is not there.
pub(in crate::file) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(OWNER_ALONE).open(path)
}

pub(in crate::file) fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    let (owner, user) = (metadata.uid(), geteuid().as_raw());
    if owner == user { Ok(()) } else { Err(Error::OtherOwner { path: path.to_owned(), owner, user }) }
}

/// The permissions, if others have any.
pub(in crate::file) fn open_to_others(metadata: &Metadata) -> Option<u32> {
    let mode = metadata.permissions().mode() & 0o7777;
    (mode & OTHERS != 0).then_some(mode)
}

pub(in crate::file) fn close_to_others(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(OWNER_ALONE))
}

pub(in crate::file) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a change of names survive a power cut.
pub(in crate::file) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems have no such thing.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

/// Whether a process is there; nothing if that cannot be known.
pub(in crate::file) fn is_alive(pid: u32) -> Option<bool> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    Some(test_kill_process(pid) != Err(Errno::SRCH))
}

/// Whether an error says that somebody else has the file in use.
pub(in crate::file) const fn is_in_use(_: &io::Error) -> bool {
    false
}
