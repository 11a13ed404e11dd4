//! The default principal of the credential cache: KCM, KEYRING, DIR, FILE or API, as the library is configured.
//!
//! GSSAPI tells the same of good tickets alone; this also knows whose the expired ones are, and where they lie.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use libloading::Library;

use crate::error::{IdentityError, line};
use crate::gss;

#[cfg(target_vendor = "apple")]
const NAME: &str = "/System/Library/Frameworks/Kerberos.framework/Kerberos";
#[cfg(not(target_vendor = "apple"))]
const NAME: &str = "libkrb5.so.3";

/// What the default cache says.
pub(super) struct Default {
    /// Its kind and name.
    pub(super) cache: String,
    /// Its principal, as the library spells it.
    pub(super) principal: String,
}

/// `krb5_context`, `krb5_ccache`, `krb5_principal`: pointers into the library.
type Handle = *mut c_void;

macro_rules! functions {
    ($($field:ident = $symbol:literal: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions, by their names without `krb5_`.
        struct Kerberos {
            $($field: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Kerberos {
            fn bind(library: &Library) -> Result<Self, IdentityError> {
                Ok(Self {
                    // SAFETY: the symbol is that of MIT's krb5.h, whose signature stands beside it; the library is never
                    // unloaded, so the pointer holds.
                    $($field: *unsafe { library.get($symbol) }.map_err(|error| gss::missing(NAME, &error))?,)*
                })
            }
        }
    };
}

functions! {
    init_context = b"krb5_init_context\0": fn(*mut Handle) -> i32;
    free_context = b"krb5_free_context\0": fn(Handle);
    cc_default = b"krb5_cc_default\0": fn(Handle, *mut Handle) -> i32;
    cc_get_type = b"krb5_cc_get_type\0": fn(Handle, Handle) -> *const c_char;
    cc_get_name = b"krb5_cc_get_name\0": fn(Handle, Handle) -> *const c_char;
    cc_get_principal = b"krb5_cc_get_principal\0": fn(Handle, Handle, *mut Handle) -> i32;
    cc_close = b"krb5_cc_close\0": fn(Handle, Handle) -> i32;
    unparse_name = b"krb5_unparse_name\0": fn(Handle, Handle, *mut *mut c_char) -> i32;
    free_unparsed_name = b"krb5_free_unparsed_name\0": fn(Handle, *mut c_char);
    free_principal = b"krb5_free_principal\0": fn(Handle, Handle);
    get_error_message = b"krb5_get_error_message\0": fn(Handle, i32) -> *const c_char;
    free_error_message = b"krb5_free_error_message\0": fn(Handle, *const c_char);
}

/// Reads the default cache.
pub(super) fn default_cache() -> Result<Default, IdentityError> {
    let library = gss::open(NAME)?;
    let kerberos = Kerberos::bind(&library)?;
    let mut context = ptr::null_mut();
    // SAFETY: the library writes to a local.
    let code = unsafe { (kerberos.init_context)(&mut context) };
    if code != 0 {
        // No context, or the configuration cannot be read: there is none to ask for words.
        let detail = format!("the library's error is {code}");
        return Err(IdentityError::ConfigurationUnusable { detail });
    }
    let session = Session { kerberos, context };
    session.default_cache()
}

/// A context of the library.
struct Session {
    kerberos: Kerberos,
    context: Handle,
}

impl Session {
    fn default_cache(&self) -> Result<Default, IdentityError> {
        let mut cache = ptr::null_mut();
        // SAFETY: the context is good until `self` is dropped; the library writes to a local.
        self.judge(unsafe { (self.kerberos.cc_default)(self.context, &mut cache) })?;
        let principal = self.principal(cache);
        // SAFETY: the cache is open, and its type's text is constant.
        let kind = text(unsafe { (self.kerberos.cc_get_type)(self.context, cache) });
        // SAFETY: the cache is open, and its name lives until it is closed.
        let name = text(unsafe { (self.kerberos.cc_get_name)(self.context, cache) });
        // SAFETY: the cache is open, and is closed once. What closing says changes nothing.
        unsafe { (self.kerberos.cc_close)(self.context, cache) };
        Ok(Default { cache: format!("{kind}:{name}"), principal: principal? })
    }

    fn principal(&self, cache: Handle) -> Result<String, IdentityError> {
        let mut principal = ptr::null_mut();
        // SAFETY: context and cache are open; the library writes to a local.
        self.judge(unsafe { (self.kerberos.cc_get_principal)(self.context, cache, &mut principal) })?;
        let mut name = ptr::null_mut();
        // SAFETY: the principal came from the call before; the library writes to a local.
        let code = unsafe { (self.kerberos.unparse_name)(self.context, principal, &mut name) };
        let shown = self.judge(code).map(|()| text(name));
        // SAFETY: both are the library's or null, and are released once.
        unsafe {
            if !name.is_null() {
                (self.kerberos.free_unparsed_name)(self.context, name);
            }
            (self.kerberos.free_principal)(self.context, principal);
        }
        shown
    }

    /// The words of an error.
    fn judge(&self, code: i32) -> Result<(), IdentityError> {
        if code == 0 {
            return Ok(());
        }
        // SAFETY: the context is open; the message is the library's and is released once, below.
        let message = unsafe { (self.kerberos.get_error_message)(self.context, code) };
        let detail = line(&text(message));
        if !message.is_null() {
            // SAFETY: it came from the call before.
            unsafe { (self.kerberos.free_error_message)(self.context, message) };
        }
        Err(IdentityError::UnknownUser { detail })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the context came from `init_context` and is released once; nothing of it is left.
        unsafe { (self.kerberos.free_context)(self.context) };
    }
}

/// A copy of the library's text.
fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: every caller passes a text of the library's, which ends with a zero and lives until after this call.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}
