//! Files in use, and what Windows leaves to the folder: owners and permissions are those of the user's profile.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::Error;

/// Opens what a link is, not what it leads to; such a thing is then refused.
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
const ERROR_ACCESS_DENIED: i32 = 5;
const ERROR_SHARING_VIOLATION: i32 = 32;
const ERROR_LOCK_VIOLATION: i32 = 33;

pub(in crate::file) fn identity(metadata: &Metadata) -> [u64; 3] {
    [metadata.creation_time(), 0, 0]
}

pub(in crate::file) fn open_existing(path: &Path, write: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(write).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path)
}

pub(in crate::file) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

#[allow(clippy::unnecessary_wraps, reason = "it fails elsewhere")]
pub(in crate::file) const fn check_owner(_: &Path, _: &Metadata) -> Result<(), Error> {
    Ok(())
}

pub(in crate::file) const fn open_to_others(_: &Metadata) -> Option<u32> {
    None
}

#[allow(clippy::unnecessary_wraps, reason = "it fails elsewhere")]
pub(in crate::file) const fn close_to_others(_: &File) -> io::Result<()> {
    Ok(())
}

pub(in crate::file) fn make_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[allow(clippy::unnecessary_wraps, reason = "it fails elsewhere")]
pub(in crate::file) const fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Asking takes calls that no safe library has.
pub(in crate::file) const fn is_alive(_: u32) -> Option<bool> {
    None
}

/// Somebody has it open and shares it with nobody, or it is about to vanish.
pub(in crate::file) fn is_in_use(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(ERROR_ACCESS_DENIED | ERROR_SHARING_VIOLATION | ERROR_LOCK_VIOLATION))
}
