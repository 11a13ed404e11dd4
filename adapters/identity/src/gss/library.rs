//! The library and those of its functions that are used.
#![allow(unsafe_code)]

use std::error::Error;
use std::ffi::c_int;
use std::mem::ManuallyDrop;

use libloading::Library;

use super::abi::{Bindings, Buffer, Handle, Oid, OidSet, Status};
use crate::error::{IdentityError, line};

/// Where the library is, by order of preference.
#[cfg(target_vendor = "apple")]
const NAMES: [&str; 1] = ["/System/Library/Frameworks/GSS.framework/GSS"];
#[cfg(not(target_vendor = "apple"))]
const NAMES: [&str; 1] = ["libgssapi_krb5.so.2"];

macro_rules! functions {
    ($($field:ident = $symbol:literal: fn($($argument:ty),* $(,)?);)*) => {
        /// The functions, by their names without `gss_`.
        pub(crate) struct Gss {
            $(pub(super) $field: unsafe extern "C" fn($($argument),*) -> Status,)*
        }

        impl Gss {
            fn bind(library: &Library, name: &'static str) -> Result<Self, IdentityError> {
                Ok(Self {
                    // SAFETY: the symbol is that of RFC 2744, whose signature stands beside it; the library is never
                    // unloaded, so the pointer holds.
                    $($field: *unsafe { library.get($symbol) }.map_err(|error| missing(name, &error))?,)*
                })
            }
        }
    };
}

functions! {
    import_name = b"gss_import_name\0": fn(*mut Status, *const Buffer, *const Oid, *mut Handle);
    display_name = b"gss_display_name\0": fn(*mut Status, Handle, *mut Buffer, *mut *const Oid);
    release_name = b"gss_release_name\0": fn(*mut Status, *mut Handle);
    release_buffer = b"gss_release_buffer\0": fn(*mut Status, *mut Buffer);
    display_status =
        b"gss_display_status\0": fn(*mut Status, Status, c_int, *const Oid, *mut Status, *mut Buffer);
    acquire_cred = b"gss_acquire_cred\0": fn(
        *mut Status, Handle, u32, *const OidSet, c_int, *mut Handle, *mut *mut OidSet, *mut u32,
    );
    inquire_cred = b"gss_inquire_cred\0": fn(
        *mut Status, Handle, *mut Handle, *mut u32, *mut c_int, *mut *mut OidSet,
    );
    release_cred = b"gss_release_cred\0": fn(*mut Status, *mut Handle);
    init_sec_context = b"gss_init_sec_context\0": fn(
        *mut Status, Handle, *mut Handle, Handle, *const Oid, u32, u32, *const Bindings, *const Buffer,
        *mut *const Oid, *mut Buffer, *mut u32, *mut u32,
    );
    delete_sec_context = b"gss_delete_sec_context\0": fn(*mut Status, *mut Handle, *mut Buffer);
}

impl Gss {
    /// Loads the platform's library.
    pub(crate) fn load() -> Result<Self, IdentityError> {
        Self::load_any(&NAMES)
    }

    fn load_any(names: &[&'static str]) -> Result<Self, IdentityError> {
        let mut error = None;
        for name in names {
            match open(name) {
                Ok(library) => return Self::bind(&library, name),
                Err(missing) => error = Some(missing),
            }
        }
        Err(error.unwrap_or(IdentityError::LibraryMissing { library: "", detail: String::new() }))
    }

    /// Copies what the library has put into a buffer, and gives the buffer back.
    pub(super) fn take(&self, buffer: &mut Buffer) -> Vec<u8> {
        let mut bytes = Vec::new();
        if !buffer.value.is_null() && buffer.length > 0 {
            // SAFETY: the library filled the buffer: `value` points to `length` bytes, which stay until the release.
            bytes.extend_from_slice(unsafe {
                std::slice::from_raw_parts(buffer.value.cast_const().cast::<u8>(), buffer.length)
            });
        }
        let mut minor = 0;
        // SAFETY: the buffer is the library's or empty; it is set to empty, so a second release does nothing.
        unsafe { (self.release_buffer)(&mut minor, buffer) };
        bytes
    }
}

/// Loads a library for good: its threads and its own libraries may outlive any user of it.
pub(crate) fn open(name: &'static str) -> Result<ManuallyDrop<Library>, IdentityError> {
    // SAFETY: it is one of the platform's libraries, found where the platform looks for them; their initialisers have no
    // preconditions.
    let library = unsafe { Library::new(name) }.map_err(|error| missing(name, &error))?;
    Ok(ManuallyDrop::new(library))
}

pub(crate) fn missing(library: &'static str, error: &libloading::Error) -> IdentityError {
    // The loader's own words are in the source.
    let detail = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    IdentityError::LibraryMissing { library, detail: line(&detail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_not_there_is_named() {
        let Err(error) = Gss::load_any(&["libentrada-no-such-library.so.2"]) else {
            panic!("there is no such library")
        };
        assert_eq!(error.code(), "kerberos_library_missing");
        assert!(error.to_string().contains("libentrada-no-such-library.so.2"), "{error}");
        assert!(error.remedy().contains("install"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_library_without_the_functions_is_refused() {
        let Err(error) = Gss::load_any(&["libc.so.6"]) else { panic!("it has no GSSAPI") };
        assert_eq!(error.code(), "kerberos_library_missing");
        assert!(error.to_string().contains("gss_"), "{error}");
    }
}
