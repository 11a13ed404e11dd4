//! The rounds of one exchange, over the sspi crate.

use std::time::Duration;

use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Round};
use sspi::generator::GeneratorState;
use sspi::{
    AuthIdentity, BufferType, ClientRequestFlags, CredentialsBuffers, DataRepresentation, KdcResolution,
    KerberosConfig, Negotiate, NegotiateConfig, SecurityBuffer, SecurityStatus, Sspi, SspiImpl, Username,
};

use super::kdc::Kdc;
use super::{DomainCredentials, failure};
use crate::bindings::packed;
use crate::error::IdentityError;

/// The second of NTLM's three messages, wherever it stands in the server's token.
const NTLM_CHALLENGE: &[u8] = b"NTLMSSP\0\x02\0\0\0";

/// The side that begins: the user's.
pub(super) struct Initiator {
    service: ServiceName,
    credentials: Option<CredentialsBuffers>,
    /// `SEC_CHANNEL_BINDINGS`
    bindings: Option<Vec<u8>>,
    timeout: Duration,
    negotiate: Negotiate,
    state: State,
}

/// How far the exchange is.
enum State {
    Open,
    /// NTLM has said all that it has to say; the server's last word may still come, and be wrong.
    Said,
    Complete,
    Failed,
}

impl Initiator {
    pub(super) fn new(
        credentials: &DomainCredentials,
        service: &ServiceName,
        bindings: Option<ChannelBindings>,
    ) -> Result<Self, IdentityError> {
        let name = service.as_str();
        let whole = |(class, host): (&str, &str)| !class.is_empty() && !host.is_empty();
        let graphic = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'@');
        if !graphic || !name.split_once('/').is_some_and(whole) {
            return Err(IdentityError::ServiceNameMalformed { service: name.escape_default().to_string() });
        }
        let failed = |error| failure::meaning(&error, &Kdc::new(Duration::ZERO), service);
        let config = KerberosConfig {
            kdc_resolution: KdcResolution::KdcUrl(credentials.kdc.as_ref().map(|address| address.url())),
            client_computer_name: credentials.workstation.clone(),
        };
        let packages = if credentials.ntlm { "kerberos,ntlm" } else { "kerberos" };
        let config = NegotiateConfig::new(
            Box::new(config),
            Some(packages.to_owned()),
            credentials.workstation.clone(),
        );
        Ok(Self {
            service: service.clone(),
            credentials: Some(identity(credentials)?),
            bindings: bindings.and_then(|ChannelBindings(data)| packed(&data)),
            timeout: credentials.timeout,
            negotiate: Negotiate::new_client(config).map_err(failed)?,
            state: State::Open,
        })
    }

    fn round(&mut self, challenge: Option<&[u8]>) -> Result<Round, IdentityError> {
        match self.state {
            State::Open | State::Said => {}
            State::Complete => return Ok(Round { token: None, complete: true }),
            State::Failed => return Err(failure::refused(&self.service, "the exchange is over")),
        }
        let round = self.call(challenge);
        let authenticated = challenge.is_some_and(|challenge| {
            challenge.windows(NTLM_CHALLENGE.len()).any(|part| part == NTLM_CHALLENGE)
        });
        self.state = match (&round, &self.state) {
            (Ok(Round { complete: true, .. }), _) => State::Complete,
            (Ok(_), State::Said) => State::Said,
            (Ok(_), _) if authenticated && self.negotiate.negotiated_protocol().is_ntlm() => State::Said,
            (Ok(_), _) => State::Open,
            (Err(_), _) => State::Failed,
        };
        let said = matches!(self.state, State::Said);
        round.map(|round| Round { complete: round.complete || said, ..round })
    }

    /// One call of the crate, with mutual authentication and no delegation. It is complete when the crate has read the
    /// service's proof.
    fn call(&mut self, challenge: Option<&[u8]>) -> Result<Round, IdentityError> {
        let mut input = vec![SecurityBuffer::new(challenge.unwrap_or_default().to_vec(), BufferType::Token)];
        // NTLM reads them with the challenge. Kerberos would read them before: it then sends a flag of two bytes, where MS-KILE
        // has four, and MIT's servers refuse the token.
        if let (Some(bindings), Some(_)) = (&self.bindings, challenge) {
            input.push(SecurityBuffer::new(bindings.clone(), BufferType::ChannelBindings));
        }
        let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
        let mut kdc = Kdc::new(self.timeout);
        let result = {
            let mut builder = self
                .negotiate
                .initialize_security_context()
                .with_credentials_handle(&mut self.credentials)
                .with_context_requirements(ClientRequestFlags::MUTUAL_AUTH)
                .with_target_data_representation(DataRepresentation::Native)
                .with_target_name(self.service.as_str())
                .with_input(&mut input)
                .with_output(&mut output);
            self.negotiate.initialize_security_context_impl(&mut builder).and_then(|mut generator| {
                let mut state = generator.start();
                loop {
                    state = match state {
                        GeneratorState::Suspended(request) => generator.resume(kdc.ask(&request)),
                        GeneratorState::Completed(result) => break result,
                    }
                }
            })
        };
        let result = result.map_err(|error| match challenge {
            Some(_) => failure::of_the_answer(&error, &self.service),
            None => failure::meaning(&error, &kdc, &self.service),
        })?;
        // The crate turns to NTLM after refusals, too, that say something of the user.
        if challenge.is_none()
            && self.negotiate.negotiated_protocol().is_ntlm()
            && let Some(refusal) = failure::of_the_user(&kdc)
        {
            return Err(refusal);
        }
        let [token] = output;
        let token = Some(token.buffer).filter(|token| !token.is_empty());
        Ok(Round { token, complete: result.status == SecurityStatus::Ok })
    }
}

impl Negotiation for Initiator {
    fn step(&mut self, challenge: Option<&[u8]>) -> Result<Round, NegotiateError> {
        Ok(self.round(challenge)?)
    }
}

/// The user as the crate wants it. Its types wipe the password when they are dropped.
fn identity(credentials: &DomainCredentials) -> Result<CredentialsBuffers, IdentityError> {
    let account = &credentials.account;
    let username = match account.qualifier()? {
        "" => Username::parse(&account.name),
        qualifier => Username::new_down_level_logon_name(&account.name, qualifier),
    };
    let username = username.map_err(|_| IdentityError::UserNameMalformed { user: account.name.clone() })?;
    let password = credentials.password.expose().to_owned().into();
    Ok(CredentialsBuffers::AuthIdentity(AuthIdentity { username, password }.into()))
}
