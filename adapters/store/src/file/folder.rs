//! Where files of this kind belong.

use std::env;
use std::path::PathBuf;

/// Where an application keeps its tokens if nobody says otherwise: in its own folder, among what belongs to this user on
/// this machine.
///
/// | system | file |
/// | --- | --- |
/// | Windows | `%LOCALAPPDATA%\{application}\tokens` |
/// | macOS | `~/Library/Application Support/{application}/tokens` |
/// | others | `$XDG_DATA_HOME/{application}/tokens`, else `~/.local/share/{application}/tokens` |
///
/// `None` if the system does not say where that is.
#[must_use]
pub fn default_path(application: &str) -> Option<PathBuf> {
    Some(data()?.join(application).join("tokens"))
}

#[cfg(windows)]
fn data() -> Option<PathBuf> {
    absolute("LOCALAPPDATA")
}

#[cfg(target_os = "macos")]
fn data() -> Option<PathBuf> {
    Some(absolute("HOME")?.join("Library").join("Application Support"))
}

#[cfg(not(any(windows, target_os = "macos")))]
fn data() -> Option<PathBuf> {
    absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local").join("share")))
}

fn absolute(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}
