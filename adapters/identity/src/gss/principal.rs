//! Whose credentials the library would use.
#![allow(unsafe_code)]

use std::ptr;

use super::abi::{Buffer, ERRORS, Handle, INDEFINITE, INITIATE, KERBEROS, OidSet};
use super::failure;
use super::library::Gss;

/// The principal of the default credentials, which a client keytab may be; or why there is none.
///
/// With a client keytab and no ticket yet, the library asks the KDC.
pub(crate) fn default_principal(gss: &Gss) -> Result<String, String> {
    let wanted = OidSet { count: 1, elements: &KERBEROS };
    let (mut minor, mut credential): (u32, Handle) = (0, ptr::null_mut());
    // SAFETY: the set and its one mechanism outlive the call; what is not wanted is null; the rest are locals.
    let major = unsafe {
        (gss.acquire_cred)(
            &mut minor,
            ptr::null_mut(),
            INDEFINITE,
            &wanted,
            INITIATE,
            &mut credential,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    if major & ERRORS != 0 {
        return Err(failure::words(gss, major, minor, &KERBEROS));
    }
    let mut name: Handle = ptr::null_mut();
    // SAFETY: the credential came from `acquire_cred`; what is not wanted is null.
    let major = unsafe {
        (gss.inquire_cred)(
            &mut minor,
            credential,
            &mut name,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    let found = match major & ERRORS {
        0 => shown(gss, name),
        _ => Err(failure::words(gss, major, minor, &KERBEROS)),
    };
    // SAFETY: both handles are the library's or null, and are released once.
    unsafe {
        if !name.is_null() {
            (gss.release_name)(&mut minor, &mut name);
        }
        (gss.release_cred)(&mut minor, &mut credential);
    }
    found
}

fn shown(gss: &Gss, name: Handle) -> Result<String, String> {
    if name.is_null() {
        return Err("the credentials have no name".to_owned());
    }
    let (mut minor, mut buffer) = (0, Buffer::EMPTY);
    // SAFETY: the name came from `inquire_cred`; the form of the name is not wanted.
    let major = unsafe { (gss.display_name)(&mut minor, name, &mut buffer, ptr::null_mut()) };
    let text = gss.take(&mut buffer);
    if major & ERRORS != 0 {
        return Err(failure::words(gss, major, minor, &KERBEROS));
    }
    String::from_utf8(text).map_err(|_| "the principal's name is not UTF-8".to_owned())
}
