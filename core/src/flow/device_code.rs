//! Device code: the user signs in on another device, with a code to type there (RFC 8628).
//!
//! ```text
//! memory ──▶ (authority) ──▶ code ──▶ show ──▶ ┌▶ wait ──▶ token ─┬─ pending ──┐
//!                                              └─────────────────────◀─────────┘
//!                                                                 └─ tokens ──▶ kept
//! ```
//!
//! The device may be asked for at any pace of the person; the service is asked at its own. It works for personal
//! accounts and with `common`, too, as the service does today (MSAL's older pages say otherwise). What is waited for can
//! be put down as data and taken up by another process: [`PendingDeviceCode`].

use std::time::Duration;

use url::Url;

use crate::application::{PublicClientApplication, RequestOptions};
use crate::context::{Context, Resolved};
use crate::error::{Error, Fault, Service, Unsupported};
use crate::http::{Outcome, TransportErrorKind};
use crate::preflight::FlowKind;
use crate::protocol::device::{self, DeviceAuthorization};
use crate::protocol::token::Grant;
use crate::redeem::{ExpectRedeemed, redeem};
use crate::redeemed::Redeemed;
use crate::resolve::{Subject, resolve};
use crate::result::AuthenticationResult;
use crate::retry;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Expect, Flow, Step};
use crate::time::Timestamp;

mod pending;

pub use self::pending::{PendingDeviceCode, Prompt};

/// Signs a user in on another device.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DeviceCode {
    /// The application.
    pub app: PublicClientApplication,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// What else to ask for.
    pub options: RequestOptions,
}

impl DeviceCode {
    /// A call without further options.
    #[must_use]
    pub fn new<S: Into<String>>(app: PublicClientApplication, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self { app, scopes, options: RequestOptions::default() }
    }
}

impl Flow for DeviceCode {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let cx = Context::new(FlowKind::DeviceCode, self.app, self.scopes, self.options, seed)?;
        Ok(resolve(cx, Subject::Application, ExpectAuthority))
    }
}

#[derive(Debug)]
struct ExpectAuthority;

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthority {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        _now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let at = resolved?;
        let endpoint =
            at.endpoints.device_authorization().ok_or_else(|| at.cx.fail(Unsupported::NoDeviceEndpoint))?;
        let next = ExpectDeviceCode { at, endpoint };
        Ok(retry::send(next, |state| device::request(&state.at.cx, state.endpoint.clone())))
    }
}

#[derive(Debug)]
struct ExpectDeviceCode {
    at: Resolved,
    endpoint: Url,
}

impl Expect<Outcome, AuthenticationResult> for ExpectDeviceCode {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<AuthenticationResult>, Error> {
        let Self { at, .. } = *self;
        let response = outcome.map_err(|error| at.cx.unreachable(Service::DeviceAuthorization, error))?;
        let loopback = at.cx.authority().options().allow_http_loopback;
        let answer = device::response(&response, loopback, now).map_err(|fault| at.cx.fail(fault))?;
        let DeviceAuthorization { device_code, interval, expires_in, .. } = &answer;
        let pending = PendingDeviceCode {
            authority: at.cx.app().authority().as_str().to_owned(),
            client_id: at.cx.app().client_id().to_owned(),
            scopes: at.cx.scopes().to_vec(),
            claims: at.cx.options().claims.clone(),
            tenant: at.cx.options().tenant.clone(),
            extra_query_parameters: at.cx.options().extra_query_parameters.clone(),
            correlation_id: at.cx.correlation_id().to_owned(),
            device_code: device_code.clone(),
            interval_ms: u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
            expires_at: now.after(*expires_in),
        };
        let prompt = Prompt {
            user_code: answer.user_code,
            verification_uri: answer.verification_uri,
            verification_uri_complete: answer.verification_uri_complete,
            message: answer.message,
            expires_at: pending.expires_at,
            pending: pending.clone(),
        };
        Ok(Step::show(prompt, ExpectShown { polling: Polling::new(at, pending) }))
    }
}

#[derive(Debug)]
struct ExpectShown {
    polling: Polling,
}

impl Expect<(), AuthenticationResult> for ExpectShown {
    fn on(self: Box<Self>, (): (), now: Timestamp) -> Result<Step<AuthenticationResult>, Error> {
        self.polling.pause(now, Duration::ZERO)
    }
}

/// A code that was put down, taken up again by an application.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResumedDeviceCode {
    /// The application: the one that the code was issued to.
    pub app: PublicClientApplication,
    /// What was put down.
    pub pending: PendingDeviceCode,
}

impl Flow for ResumedDeviceCode {
    type Output = AuthenticationResult;

    fn start(self, _now: Timestamp, seed: Seed) -> Result<Step<AuthenticationResult>, Error> {
        let Self { app, pending } = self;
        pending.check(&app)?;
        let options = RequestOptions {
            claims: pending.claims.clone(),
            tenant: pending.tenant.clone(),
            extra_query_parameters: pending.extra_query_parameters.clone(),
            correlation_id: Some(pending.correlation_id.clone()),
            ..RequestOptions::default()
        };
        let cx = Context::new(FlowKind::DeviceCode, app, pending.scopes.clone(), options, seed)?;
        Ok(resolve(cx, Subject::Once, ExpectAuthorityAgain { pending }))
    }
}

#[derive(Debug)]
struct ExpectAuthorityAgain {
    pending: PendingDeviceCode,
}

impl Expect<Result<Resolved, Error>, AuthenticationResult> for ExpectAuthorityAgain {
    fn on(
        self: Box<Self>,
        resolved: Result<Resolved, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        Polling::new(resolved?, self.pending).pause(now, Duration::ZERO)
    }
}

/// What the polling goes by.
#[derive(Debug, Clone)]
struct Polling {
    at: Resolved,
    code: Secret,
    interval: Duration,
    expires_at: Timestamp,
}

/// What `slow_down` adds to the interval, for good (RFC 8628, section 3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// What was put down may come back changed; the service is never asked without a pause.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// The ends that the device code grant has beside tokens (RFC 8628, section 3.5), and Entra's names for them.
const FINAL: [&str; 6] = [
    "access_denied",
    "authorization_declined",
    "bad_verification_code",
    "code_expired",
    "expired_token",
    "invalid_grant",
];

impl Polling {
    fn new(at: Resolved, pending: PendingDeviceCode) -> Self {
        Self {
            at,
            interval: Duration::from_millis(pending.interval_ms).max(SHORTEST_INTERVAL),
            expires_at: pending.expires_at,
            code: pending.device_code,
        }
    }

    /// Waits for the interval, or longer where that was asked for. It ends here if the code expires meanwhile.
    fn pause(self, now: Timestamp, at_least: Duration) -> Result<Step<AuthenticationResult>, Error> {
        let next = now.after(self.interval.max(at_least));
        if next >= self.expires_at {
            return Err(self.at.cx.fail(Fault::CodeExpired));
        }
        Ok(Step::wait(next, ExpectTurn { polling: self }))
    }
}

#[derive(Debug)]
struct ExpectTurn {
    polling: Polling,
}

impl Expect<(), AuthenticationResult> for ExpectTurn {
    fn on(self: Box<Self>, (): (), now: Timestamp) -> Result<Step<AuthenticationResult>, Error> {
        let Self { polling } = *self;
        let grant = Grant::DeviceCode { code: polling.code.clone() };
        redeem(polling.at.clone(), grant, now, ExpectApproval { polling })
    }
}

#[derive(Debug)]
struct ExpectApproval {
    polling: Polling,
}

impl Expect<Result<Redeemed, Error>, AuthenticationResult> for ExpectApproval {
    fn on(
        self: Box<Self>,
        verdict: Result<Redeemed, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        let Self { mut polling } = *self;
        let error = match verdict {
            Ok(redeemed) => return Box::new(ExpectRedeemed).on(Ok(redeemed), now),
            Err(error) => error,
        };
        match error.fault() {
            Fault::Refused(refusal) if refusal.error == "authorization_pending" => {
                polling.pause(now, refusal.retry_after.unwrap_or_default())
            }
            Fault::Refused(refusal) if refusal.error == "slow_down" => {
                polling.interval = polling.interval.saturating_add(SLOW_DOWN);
                polling.pause(now, refusal.retry_after.unwrap_or_default())
            }
            // What says that the code is of no use any more is final, under whatever status.
            Fault::Refused(refusal) if FINAL.contains(&refusal.error.as_str()) => Err(error),
            // The service has trouble of its own: the code is still good.
            fault if fault.is_passing() => {
                let asked = fault.retry_after().unwrap_or_default();
                polling.pause(now, asked)
            }
            // The network has: ask more seldom (RFC 8628, section 3.5).
            Fault::Transport { error: failure, .. }
                if matches!(
                    failure.kind,
                    TransportErrorKind::Timeout | TransportErrorKind::Connect | TransportErrorKind::Other
                ) =>
            {
                polling.interval = polling.interval.saturating_mul(2);
                polling.pause(now, Duration::ZERO)
            }
            _ => Err(error),
        }
    }
}
