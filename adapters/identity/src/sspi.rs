//! Windows' own Negotiate: SSPI, with the credentials of the session.
//!
//! The system's policy chooses Kerberos or NTLM. Tokens go into a buffer of this module's, as large as any can be.
#![allow(unsafe_code)]

use std::ptr;

use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Round};
use windows_sys::Win32::Foundation::{
    SEC_E_BAD_BINDINGS, SEC_E_CONTEXT_EXPIRED, SEC_E_INVALID_TOKEN, SEC_E_LOGON_DENIED,
    SEC_E_MUTUAL_AUTH_FAILED, SEC_E_NO_AUTHENTICATING_AUTHORITY, SEC_E_NO_CREDENTIALS, SEC_E_OK,
    SEC_E_TARGET_UNKNOWN, SEC_E_TIME_SKEW, SEC_E_WRONG_PRINCIPAL, SEC_I_COMPLETE_AND_CONTINUE,
    SEC_I_COMPLETE_NEEDED, SEC_I_CONTINUE_NEEDED,
};
use windows_sys::Win32::Security::Authentication::Identity::{
    AcquireCredentialsHandleW, CompleteAuthToken, DeleteSecurityContext, FreeContextBuffer,
    FreeCredentialsHandle, ISC_REQ_CONNECTION, ISC_REQ_MUTUAL_AUTH, ISC_RET_MUTUAL_AUTH,
    InitializeSecurityContextW, QueryContextAttributesW, SECBUFFER_CHANNEL_BINDINGS, SECBUFFER_TOKEN,
    SECBUFFER_VERSION, SECPKG_ATTR_NEGOTIATION_INFO, SECPKG_CRED_OUTBOUND, SECURITY_NATIVE_DREP, SecBuffer,
    SecBufferDesc, SecPkgContext_NegotiationInfoW,
};
use windows_sys::Win32::Security::Credentials::SecHandle;

use crate::bindings::packed;
use crate::error::{IdentityError, line};

/// The longest token that Windows makes: its own `MaxTokenSize` ends here.
const LONGEST_TOKEN: usize = 65_535;

/// The side that begins: the signed-in user's.
pub(crate) struct Initiator {
    service: ServiceName,
    /// The service's name, ending with a zero.
    target: Vec<u16>,
    /// `SEC_CHANNEL_BINDINGS` in words, and its length in bytes.
    bindings: Option<(Vec<u32>, u32)>,
    credentials: Credentials,
    context: Option<Context>,
    state: State,
}

/// How far the exchange is.
enum State {
    Open,
    Complete,
    Failed,
}

impl Initiator {
    pub(crate) fn new(
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<Self, IdentityError> {
        let name = service.as_str();
        if name.is_empty() || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(IdentityError::ServiceNameMalformed { service: name.escape_default().to_string() });
        }
        Ok(Self {
            service: service.clone(),
            target: wide(name),
            bindings: bindings.and_then(|ChannelBindings(data)| packed(&data)).map(|bytes| aligned(&bytes)),
            credentials: Credentials::of_the_session().map_err(|status| meaning(status, service))?,
            context: None,
            state: State::Open,
        })
    }

    /// Takes the server's challenge and makes the next token.
    pub(crate) fn round(&mut self, challenge: Option<&[u8]>) -> Result<Round, IdentityError> {
        match self.state {
            State::Open => {}
            // NTLM is done before the server's last word.
            State::Complete => return Ok(Round { token: None, complete: true }),
            State::Failed => return Err(self.refused("the exchange is over")),
        }
        let round = self.call(challenge);
        self.state = match &round {
            Ok(Round { complete: true, .. }) => State::Complete,
            Ok(_) => State::Open,
            Err(_) => State::Failed,
        };
        round
    }

    /// One call of SSPI, with mutual authentication and no delegation.
    fn call(&mut self, challenge: Option<&[u8]>) -> Result<Round, IdentityError> {
        let mut input = Vec::with_capacity(2);
        if let Some(token) = challenge {
            let length = u32::try_from(token.len()).map_err(|_| self.refused("the challenge is too long"))?;
            input.push(buffer(SECBUFFER_TOKEN, length, token.as_ptr().cast_mut().cast()));
        }
        if let Some((words, length)) = &self.bindings {
            input.push(buffer(SECBUFFER_CHANNEL_BINDINGS, *length, words.as_ptr().cast_mut().cast()));
        }
        let input_list = list(&mut input);
        let mut token = vec![0_u8; LONGEST_TOKEN];
        let mut output = [buffer(SECBUFFER_TOKEN, LONGEST_TOKEN as u32, token.as_mut_ptr().cast())];
        let mut output_list = list(&mut output);
        let (mut attributes, mut expiry, mut handle) = (0, 0, SecHandle::default());
        // SAFETY: the credentials are good until they are dropped; the target ends with a zero; the lists describe buffers
        // that outlive the call, of which SSPI writes to the output alone, and to locals.
        let status = unsafe {
            InitializeSecurityContextW(
                &self.credentials.0,
                self.context.as_ref().map_or(ptr::null(), |context| &raw const context.0),
                self.target.as_ptr(),
                ISC_REQ_MUTUAL_AUTH | ISC_REQ_CONNECTION,
                0,
                SECURITY_NATIVE_DREP,
                if input_list.cBuffers == 0 { ptr::null() } else { &input_list },
                0,
                &mut handle,
                &mut output_list,
                &mut attributes,
                &mut expiry,
            )
        };
        if status < SEC_E_OK {
            return Err(meaning(status, &self.service));
        }
        match &mut self.context {
            Some(context) => context.0 = handle,
            none => *none = Some(Context(handle)),
        }
        if status == SEC_I_COMPLETE_NEEDED || status == SEC_I_COMPLETE_AND_CONTINUE {
            // SAFETY: the context was made above; the list describes the token that came with it.
            let completed = unsafe { CompleteAuthToken(&handle, &output_list) };
            if completed < SEC_E_OK {
                return Err(meaning(completed, &self.service));
            }
        }
        let complete = status != SEC_I_CONTINUE_NEEDED && status != SEC_I_COMPLETE_AND_CONTINUE;
        // NTLM cannot prove the server; the TLS connection on which it runs does.
        if complete && attributes & ISC_RET_MUTUAL_AUTH == 0 && package(&handle).as_deref() != Some("NTLM") {
            return Err(IdentityError::ServerUnproven { service: self.service.to_string() });
        }
        token.truncate(output[0].cbBuffer as usize);
        Ok(Round { token: Some(token).filter(|token| !token.is_empty()), complete })
    }

    fn refused(&self, detail: &str) -> IdentityError {
        IdentityError::ChallengeRefused { service: self.service.to_string(), detail: detail.to_owned() }
    }
}

impl Negotiation for Initiator {
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError> {
        Ok(self.round(challenge)?)
    }
}

/// A handle to the session's credentials.
struct Credentials(SecHandle);

impl Credentials {
    fn of_the_session() -> Result<Self, i32> {
        let name = wide("Negotiate");
        let (mut handle, mut expiry) = (SecHandle::default(), 0);
        // SAFETY: the package's name ends with a zero; no user, no credential and no callback are given, which means the
        // session's; the rest are locals.
        let status = unsafe {
            AcquireCredentialsHandleW(
                ptr::null(),
                name.as_ptr(),
                SECPKG_CRED_OUTBOUND,
                ptr::null(),
                ptr::null(),
                None,
                ptr::null(),
                &mut handle,
                &mut expiry,
            )
        };
        if status == SEC_E_OK { Ok(Self(handle)) } else { Err(status) }
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        // SAFETY: the handle came from `AcquireCredentialsHandleW` and is released once.
        unsafe { FreeCredentialsHandle(&self.0) };
    }
}

/// A handle to a context.
struct Context(SecHandle);

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the handle came from `InitializeSecurityContextW` and is released once.
        unsafe { DeleteSecurityContext(&self.0) };
    }
}

/// What Negotiate has chosen: `Kerberos` or `NTLM`.
fn package(context: &SecHandle) -> Option<String> {
    let mut info = SecPkgContext_NegotiationInfoW::default();
    // SAFETY: the context is good, and the attribute is written to a structure of its own type.
    let status =
        unsafe { QueryContextAttributesW(context, SECPKG_ATTR_NEGOTIATION_INFO, (&raw mut info).cast()) };
    if status != SEC_E_OK || info.PackageInfo.is_null() {
        return None;
    }
    // SAFETY: the call has succeeded, so the pointer is to a package's description, which stays until it is freed below.
    let name = unsafe { (*info.PackageInfo).Name };
    let mut text = Vec::new();
    if !name.is_null() {
        for index in 0..32 {
            // SAFETY: the name ends with a zero, at which reading stops.
            match unsafe { *name.add(index) } {
                0 => break,
                unit => text.push(unit),
            }
        }
    }
    // SAFETY: the description is SSPI's, and is freed once.
    unsafe { FreeContextBuffer(info.PackageInfo.cast()) };
    Some(String::from_utf16_lossy(&text))
}

fn buffer(kind: u32, length: u32, data: *mut std::ffi::c_void) -> SecBuffer {
    SecBuffer { cbBuffer: length, BufferType: kind, pvBuffer: data }
}

/// Describes buffers, which have to outlive the description.
fn list(buffers: &mut [SecBuffer]) -> SecBufferDesc {
    SecBufferDesc {
        ulVersion: SECBUFFER_VERSION,
        cBuffers: u32::try_from(buffers.len()).unwrap_or(0),
        pBuffers: buffers.as_mut_ptr(),
    }
}

/// Bytes in words, for the sake of alignment, and how many bytes they are.
fn aligned(bytes: &[u8]) -> (Vec<u32>, u32) {
    let words = bytes.chunks(4).map(|chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        u32::from_ne_bytes(word)
    });
    // What was packed is no longer than that.
    (words.collect(), bytes.len() as u32)
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// What a status of SSPI means.
fn meaning(status: i32, service: &ServiceName) -> IdentityError {
    let service = service.to_string();
    let words = std::io::Error::from_raw_os_error(status);
    let detail = line(&format!("{words} [0x{status:08x}]"));
    match status {
        SEC_E_NO_CREDENTIALS => IdentityError::TicketMissing { service, detail },
        SEC_E_CONTEXT_EXPIRED => IdentityError::TicketExpired { service, detail },
        SEC_E_TARGET_UNKNOWN => IdentityError::ServiceUnknown { service, detail },
        SEC_E_NO_AUTHENTICATING_AUTHORITY => IdentityError::KdcUnreachable { service, detail },
        SEC_E_TIME_SKEW => IdentityError::ClockSkew { detail },
        SEC_E_WRONG_PRINCIPAL
        | SEC_E_INVALID_TOKEN
        | SEC_E_LOGON_DENIED
        | SEC_E_MUTUAL_AUTH_FAILED
        | SEC_E_BAD_BINDINGS => IdentityError::ChallengeRefused { service, detail },
        _ => IdentityError::Failed { service, detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bindings_have_their_data_after_the_header() {
        let (words, length) = aligned(&packed(b"tls-server-end-point:x").unwrap());
        assert_eq!((words[6], words[7], length), (22, 32, 54));
        assert_eq!(words[8].to_ne_bytes(), *b"tls-");
        assert_eq!(words.len(), 8 + 6);
    }

    #[test]
    fn what_sspi_says_has_a_code() {
        let service = ServiceName::new("HTTP/sts.contoso.com");
        for (status, code) in [
            (SEC_E_NO_CREDENTIALS, "kerberos_ticket_missing"),
            (SEC_E_TARGET_UNKNOWN, "kerberos_service_unknown"),
            (SEC_E_NO_AUTHENTICATING_AUTHORITY, "kerberos_kdc_unreachable"),
            (SEC_E_WRONG_PRINCIPAL, "negotiate_challenge_refused"),
            (-1, "negotiate_failed"),
        ] {
            assert_eq!(meaning(status, &service).code(), code);
        }
    }

    #[test]
    fn what_is_no_challenge_is_refused_with_or_without_credentials() {
        let begun = Initiator::new(&ServiceName::new("HTTP/sts.contoso.com"), None);
        let error = begun.and_then(|mut initiator| initiator.round(Some(b"garbage"))).unwrap_err();
        assert!(error.code().starts_with("kerberos_") || error.code().starts_with("negotiate_"), "{error}");
    }
}
