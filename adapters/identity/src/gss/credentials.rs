//! Whose credentials the library would use, and for how long.
#![allow(unsafe_code)]

use std::ptr;

pub(crate) use super::abi::INDEFINITE;
use super::abi::{Buffer, ERRORS, Handle, INITIATE, KERBEROS, OidSet, Status};
use super::failure;
use super::library::Gss;
use crate::error::IdentityError;

/// The default credentials, which a client keytab may be.
pub(crate) struct Credentials {
    /// Whose they are, as the library spells it.
    pub(crate) principal: String,
    /// The seconds until they expire; [`INDEFINITE`] if they do not.
    pub(crate) lifetime: u32,
}

/// The default credentials; or why there are none.
///
/// With a client keytab and no ticket yet, the library asks the KDC.
pub(crate) fn default_credentials(gss: &Gss) -> Result<Credentials, IdentityError> {
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
        return Err(reason(gss, major, minor));
    }
    let (mut name, mut lifetime): (Handle, u32) = (ptr::null_mut(), 0);
    // SAFETY: the credential came from `acquire_cred`; what is not wanted is null; the rest are locals.
    let major = unsafe {
        (gss.inquire_cred)(&mut minor, credential, &mut name, &mut lifetime, ptr::null_mut(), ptr::null_mut())
    };
    let found = match major & ERRORS {
        0 => shown(gss, name).map(|principal| Credentials { principal, lifetime }),
        _ => Err(reason(gss, major, minor)),
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

fn shown(gss: &Gss, name: Handle) -> Result<String, IdentityError> {
    if name.is_null() {
        return Err(failed("the credentials have no name".to_owned()));
    }
    let (mut minor, mut buffer) = (0, Buffer::EMPTY);
    // SAFETY: the name came from `inquire_cred`; the form of the name is not wanted.
    let major = unsafe { (gss.display_name)(&mut minor, name, &mut buffer, ptr::null_mut()) };
    let text = gss.take(&mut buffer);
    if major & ERRORS != 0 {
        return Err(reason(gss, major, minor));
    }
    String::from_utf8(text).map_err(|_| failed("the principal's name is not UTF-8".to_owned()))
}

/// No particular service is asked for here.
const SERVICE: &str = "any service";

fn reason(gss: &Gss, major: Status, minor: Status) -> IdentityError {
    let detail = failure::words(gss, major, minor, &KERBEROS);
    failure::meaning(major, minor, SERVICE, &detail).unwrap_or_else(|| failed(detail))
}

fn failed(detail: String) -> IdentityError {
    IdentityError::Failed { service: SERVICE.to_owned(), detail }
}
