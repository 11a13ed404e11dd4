//! The rounds of one exchange.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::Arc;

use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Round};

use super::abi::{
    Bindings, Buffer, COMPLETE, CONTINUE_NEEDED, ERRORS, Handle, KERBEROS, MUTUAL, NTLM_BYTES,
    NTLM_SIGNATURE, Oid, SPNEGO, Status,
};
use super::failure;
use super::library::Gss;
use super::name::Name;
use crate::error::IdentityError;

/// The side that begins: the signed-in user's.
pub(crate) struct Initiator {
    gss: Arc<Gss>,
    service: ServiceName,
    target: Name,
    bindings: Option<ChannelBindings>,
    /// Null before the first round.
    context: Handle,
    state: State,
    /// Whether the server has answered in NTLM; the library says so only in the end.
    ntlm: bool,
}

// SAFETY: the library's handles belong to this value alone and are used by one thread at a time (`&mut self`), which is
// all that RFC 2744 asks for; nothing in them belongs to the thread that made them.
unsafe impl Send for Initiator {}

/// How far the exchange is.
enum State {
    Open,
    Complete,
    Failed,
}

/// What one call yields.
struct Call {
    major: Status,
    minor: Status,
    token: Vec<u8>,
    flags: u32,
    ntlm: bool,
}

impl Initiator {
    pub(crate) fn new(
        gss: &Arc<Gss>,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<Self, IdentityError> {
        let target = Name::of(gss, service)?;
        Ok(Self {
            gss: Arc::clone(gss),
            service: service.clone(),
            target,
            bindings,
            context: ptr::null_mut(),
            state: State::Open,
            ntlm: false,
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
        self.ntlm |= challenge.is_some_and(is_ntlm);
        let call = self.call(&SPNEGO, challenge);
        let round = self.judge(call, challenge.is_some());
        self.state = match &round {
            Ok(Round { complete: true, .. }) => State::Complete,
            Ok(_) => State::Open,
            Err(_) => State::Failed,
        };
        round
    }

    fn judge(&mut self, call: Call, challenged: bool) -> Result<Round, IdentityError> {
        if call.major & ERRORS != 0 {
            return Err(match challenged {
                true => self.refusal(&call),
                false => self.reason(&call),
            });
        }
        let complete = match call.major {
            COMPLETE => true,
            CONTINUE_NEEDED => false,
            _ => return Err(self.refused("a token came twice or out of turn")),
        };
        // NTLM cannot prove the server; the TLS connection on which it runs does.
        if complete && call.flags & MUTUAL == 0 && !call.ntlm {
            return Err(IdentityError::ServerUnproven { service: self.service.to_string() });
        }
        Ok(Round { token: Some(call.token).filter(|token| !token.is_empty()), complete })
    }

    /// One call of the library, with the signed-in user's credentials, mutual authentication and no delegation.
    fn call(&mut self, mechanism: &'static Oid, challenge: Option<&[u8]>) -> Call {
        let input = Buffer::of(challenge.unwrap_or_default());
        let bindings = self.bindings.as_ref().map(|ChannelBindings(data)| Bindings {
            initiator_address_type: 0,
            initiator_address: Buffer::EMPTY,
            acceptor_address_type: 0,
            acceptor_address: Buffer::EMPTY,
            application_data: Buffer::of(data),
        });
        let bindings = bindings.as_ref().map_or(ptr::null(), ptr::from_ref);
        let (mut minor, mut flags, mut lifetime) = (0, 0, 0);
        let mut actual: *const Oid = ptr::null();
        let mut output = Buffer::EMPTY;
        // SAFETY: the target lives as long as `self`, the context is null or came from this function; challenge and bindings
        // outlive the call, which reads them alone; the rest are locals that the library writes to.
        let major = unsafe {
            (self.gss.init_sec_context)(
                &mut minor,
                ptr::null_mut(),
                &mut self.context,
                self.target.handle,
                mechanism,
                MUTUAL,
                0,
                bindings,
                if challenge.is_some() { &input } else { ptr::null() },
                &mut actual,
                &mut output,
                &mut flags,
                &mut lifetime,
            )
        };
        let token = self.gss.take(&mut output);
        Call { major, minor, token, flags, ntlm: is(actual, NTLM_BYTES) }
    }

    fn discard(&mut self) {
        if self.context.is_null() {
            return;
        }
        let mut minor = 0;
        // SAFETY: the context came from `init_sec_context`; it is set to null, so this happens once. No token is asked for.
        unsafe { (self.gss.delete_sec_context)(&mut minor, &mut self.context, ptr::null_mut()) };
    }

    /// Why there is no first token.
    ///
    /// SPNEGO tries one mechanism after the other and tells of the last; Kerberos, asked alone, says what is missing.
    fn reason(&mut self, failed: &Call) -> IdentityError {
        let service = self.service.to_string();
        self.discard();
        let alone = self.call(&KERBEROS, None);
        self.discard();
        if alone.major & ERRORS == 0 {
            let detail = failure::words(&self.gss, failed.major, failed.minor, &SPNEGO);
            return IdentityError::Failed { service, detail };
        }
        let detail = failure::words(&self.gss, alone.major, alone.minor, &KERBEROS);
        failure::meaning(alone.major, alone.minor, &service, &detail)
            .unwrap_or(IdentityError::Failed { service, detail })
    }

    /// Why the server's answer to a token was not accepted.
    fn refusal(&self, failed: &Call) -> IdentityError {
        let detail = failure::words(&self.gss, failed.major, failed.minor, &SPNEGO);
        match self.ntlm {
            true => IdentityError::NtlmRefused { service: self.service.to_string(), detail },
            false if failure::is_skew(&self.gss, failed.minor) => IdentityError::ClockSkew { detail },
            false => self.refused(&detail),
        }
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

impl Drop for Initiator {
    fn drop(&mut self) {
        self.discard();
    }
}

/// Whether a challenge holds a message of NTLM.
fn is_ntlm(challenge: &[u8]) -> bool {
    challenge.windows(NTLM_SIGNATURE.len()).any(|window| window == NTLM_SIGNATURE)
}

/// Whether the library named this mechanism.
fn is(oid: *const Oid, bytes: &[u8]) -> bool {
    if oid.is_null() {
        return false;
    }
    // SAFETY: the library points to a constant of its own, aligned as its headers have it.
    let (length, elements) = unsafe { oid.read() }.parts();
    // SAFETY: a mechanism's elements are as many as it says, and constant.
    !elements.is_null() && unsafe { std::slice::from_raw_parts(elements, length) } == bytes
}
