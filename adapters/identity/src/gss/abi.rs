//! The types and numbers of the C interface, RFC 2744 appendix A, as MIT and Heimdal both have them.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr;

/// `OM_uint32`
pub(crate) type Status = u32;
/// `gss_ctx_id_t`, `gss_name_t` and `gss_cred_id_t`: pointers into the library.
pub(crate) type Handle = *mut c_void;

/// `gss_buffer_desc`
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Buffer {
    pub(crate) length: usize,
    pub(crate) value: *mut c_void,
}

impl Buffer {
    pub(crate) const EMPTY: Self = Self { length: 0, value: ptr::null_mut() };

    /// Bytes that the library reads and does not change; the buffer must not outlive them.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
    }
}

/// `gss_OID_desc`; Apple's headers pack it on Intel.
#[cfg_attr(not(all(target_vendor = "apple", target_arch = "x86_64")), repr(C))]
#[cfg_attr(all(target_vendor = "apple", target_arch = "x86_64"), repr(C, packed(2)))]
#[derive(Clone, Copy)]
pub(crate) struct Oid {
    length: u32,
    elements: *const c_void,
}

// SAFETY: the elements are constants of this module, or of the library, which is never unloaded; nothing writes to them.
unsafe impl Sync for Oid {}

impl Oid {
    const fn new(elements: &'static [u8]) -> Self {
        // The longest here has eleven bytes.
        Self { length: elements.len() as u32, elements: elements.as_ptr().cast() }
    }

    /// The length of the elements and where they are.
    pub(crate) fn parts(self) -> (usize, *const u8) {
        (self.length as usize, self.elements.cast())
    }
}

/// `gss_OID_set_desc`
#[cfg_attr(not(all(target_vendor = "apple", target_arch = "x86_64")), repr(C))]
#[cfg_attr(all(target_vendor = "apple", target_arch = "x86_64"), repr(C, packed(2)))]
pub(crate) struct OidSet {
    pub(crate) count: usize,
    pub(crate) elements: *const Oid,
}

/// `struct gss_channel_bindings_struct`
#[cfg_attr(not(all(target_vendor = "apple", target_arch = "x86_64")), repr(C))]
#[cfg_attr(all(target_vendor = "apple", target_arch = "x86_64"), repr(C, packed(2)))]
pub(crate) struct Bindings {
    pub(crate) initiator_address_type: u32,
    pub(crate) initiator_address: Buffer,
    pub(crate) acceptor_address_type: u32,
    pub(crate) acceptor_address: Buffer,
    pub(crate) application_data: Buffer,
}

/// 1.3.6.1.5.5.2, RFC 4178
pub(crate) static SPNEGO: Oid = Oid::new(b"\x2b\x06\x01\x05\x05\x02");
/// 1.2.840.113554.1.2.2, RFC 4121
pub(crate) const KERBEROS_BYTES: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
pub(crate) static KERBEROS: Oid = Oid::new(KERBEROS_BYTES);
/// 1.3.6.1.4.1.311.2.2.10
pub(crate) const NTLM_BYTES: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
/// What every message of NTLM begins with, in SPNEGO or alone; MS-NLMP 2.2.1.
pub(crate) const NTLM_SIGNATURE: &[u8] = b"NTLMSSP\0";
/// `GSS_C_NT_HOSTBASED_SERVICE`: `HTTP@sts.contoso.com`
pub(crate) static HOST_BASED_SERVICE: Oid = Oid::new(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04");
/// `GSS_KRB5_NT_PRINCIPAL_NAME`: `HTTP/sts.contoso.com@CONTOSO.COM`
pub(crate) static PRINCIPAL_NAME: Oid = Oid::new(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01");

/// `GSS_C_MUTUAL_FLAG`. That for delegation, 1, is not named here, so that it cannot be asked for.
pub(crate) const MUTUAL: u32 = 2;
/// `GSS_C_INITIATE`
pub(crate) const INITIATE: i32 = 1;
/// `GSS_C_INDEFINITE`
pub(crate) const INDEFINITE: u32 = u32::MAX;
/// `GSS_C_GSS_CODE` and `GSS_C_MECH_CODE`
pub(crate) const GSS_CODE: i32 = 1;
pub(crate) const MECHANISM_CODE: i32 = 2;

pub(crate) const COMPLETE: Status = 0;
pub(crate) const CONTINUE_NEEDED: Status = 1;
/// Calling errors and routine errors; what is below them is no error.
pub(crate) const ERRORS: Status = 0xffff_0000;
pub(crate) const NO_CREDENTIAL: Status = 7 << 16;
pub(crate) const DEFECTIVE_TOKEN: Status = 9 << 16;
pub(crate) const CREDENTIALS_EXPIRED: Status = 11 << 16;
