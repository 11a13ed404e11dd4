//! A folder for one test, and programs whose Kerberos is configured in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::process::program;

/// A folder that is removed when this is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        // Apache's children may be another user, who has to get here: the build's folder may be closed to it.
        let folder = tempfile::Builder::new().prefix("entrada-kdc-").tempdir().expect("a folder");
        let folder = Self(folder.keep());
        folder.permit("", 0o755);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder itself, as text for a configuration.
    pub(crate) fn text(&self) -> &str {
        self.0.to_str().expect("text")
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        path
    }

    /// Sets who may do what with a file.
    pub(crate) fn permit(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode))
            .expect("a file of this process");
    }

    /// A program whose Kerberos knows what is configured here, and whose cache is here.
    pub(crate) fn client(&self, name: &str) -> Command {
        let mut command = program(name);
        command
            .env("HOME", &self.0)
            .env("KRB5_CONFIG", self.path("krb5.conf"))
            .env("KRB5CCNAME", format!("FILE:{}", self.path("cache").display()));
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Where a test failed, the logs may tell why.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
