//! The name of a service, as the library holds it.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::Arc;

use entrada_core::http::ServiceName;

use super::abi::{Buffer, ERRORS, HOST_BASED_SERVICE, Handle, Oid, PRINCIPAL_NAME};
use super::failure;
use super::library::Gss;
use crate::error::IdentityError;

/// A name that the library has read.
pub(super) struct Name {
    gss: Arc<Gss>,
    pub(super) handle: Handle,
}

impl Name {
    /// Reads `HTTP/sts.contoso.com`, or with its realm `HTTP/sts.contoso.com@CONTOSO.COM`.
    pub(super) fn of(gss: &Arc<Gss>, service: &ServiceName) -> Result<Self, IdentityError> {
        let (text, form) = spelled(service)?;
        let buffer = Buffer::of(text.as_bytes());
        let (mut minor, mut handle) = (0, ptr::null_mut());
        // SAFETY: the buffer's bytes live until the end of this function, the form is a constant, and the library writes
        // to locals.
        let major = unsafe { (gss.import_name)(&mut minor, &buffer, form, &mut handle) };
        if major & ERRORS != 0 {
            let detail = failure::words(gss, major, minor, ptr::null());
            return Err(IdentityError::Failed { service: service.to_string(), detail });
        }
        Ok(Self { gss: Arc::clone(gss), handle })
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the handle came from `import_name` and is released once.
        unsafe { (self.gss.release_name)(&mut minor, &mut self.handle) };
    }
}

/// The library's spelling, and its form.
///
/// A name without a realm is host-based, as with other HTTP clients: the library finds the realm.
fn spelled(service: &ServiceName) -> Result<(String, &'static Oid), IdentityError> {
    let name = service.as_str();
    let malformed = || IdentityError::ServiceNameMalformed { service: name.escape_default().to_string() };
    if !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err(malformed());
    }
    let (class, host) = name.split_once('/').ok_or_else(malformed)?;
    if class.is_empty() || class.contains('@') || host.is_empty() || host.starts_with('@') {
        return Err(malformed());
    }
    Ok(match host.contains(['@', '/']) {
        true => (name.to_owned(), &PRINCIPAL_NAME),
        false => (format!("{class}@{host}"), &HOST_BASED_SERVICE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> Option<String> {
        spelled(&ServiceName::new(name)).ok().map(|(text, _)| text)
    }

    #[test]
    fn a_name_is_host_based_unless_it_has_a_realm() {
        assert_eq!(text("HTTP/sts.contoso.com").as_deref(), Some("HTTP@sts.contoso.com"));
        assert_eq!(text("host/sts.contoso.com").as_deref(), Some("host@sts.contoso.com"));
        assert_eq!(text("HTTP/sts@CONTOSO.COM").as_deref(), Some("HTTP/sts@CONTOSO.COM"));
    }

    #[test]
    fn what_is_no_name_of_a_service_is_refused() {
        for bad in
            ["", "HTTP", "HTTP/", "/sts", "HTTP/@CONTOSO.COM", "a@b/c", "HTTP/a b", "HTTP/a\0b", "HTTP/ä"]
        {
            assert_eq!(text(bad), None, "{bad}");
        }
    }
}
