//! What the person is shown, and what can be put down meanwhile.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::ResumedDeviceCode;
use crate::application::PublicClientApplication;
use crate::error::{Error, Misuse};
use crate::result::AuthenticationResult;
use crate::secret::Secret;
use crate::seed::Seed;
use crate::step::{Flow, Step};
use crate::time::Timestamp;

/// What a person must be shown to sign in on another device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prompt {
    /// What to type there.
    pub user_code: String,
    /// Where.
    pub verification_uri: Url,
    /// The same with the code in it, for a QR code or a link, where the service gives one.
    pub verification_uri_complete: Option<Url>,
    /// A sentence that says both, in the service's words where it has some.
    pub message: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// What is waited for, as data. It holds the device code, which is a secret.
    pub pending: PendingDeviceCode,
}

/// A device code that a person has not approved yet, as data: another process can take it up.
///
/// It serialises with the device code in it, so keep it as you would keep a password: whoever has it gets the tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingDeviceCode {
    pub(crate) authority: String,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) extra_query_parameters: Vec<(String, String)>,
    pub(crate) correlation_id: String,
    #[serde(with = "crate::secret::exposed")]
    pub(crate) device_code: Secret,
    pub(crate) interval_ms: u64,
    #[serde(serialize_with = "millis", deserialize_with = "from_millis")]
    pub(crate) expires_at: Timestamp,
}

impl PendingDeviceCode {
    /// The flow that waits for the approval, for the application that asked for the code.
    #[must_use]
    pub fn resume(self, app: PublicClientApplication) -> ResumedDeviceCode {
        ResumedDeviceCode { app, pending: self }
    }

    /// Takes the flow up again: the same as starting what [`resume`](Self::resume) gives.
    ///
    /// # Errors
    /// [`Misuse::Argument`] if the application is not the one that asked for the code.
    pub fn start(
        self,
        app: PublicClientApplication,
        now: Timestamp,
        seed: Seed,
    ) -> Result<Step<AuthenticationResult>, Error> {
        self.resume(app).start(now, seed)
    }

    /// Until when a person can approve it.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    pub(super) fn check(&self, app: &PublicClientApplication) -> Result<(), Error> {
        if self.client_id == app.client_id && self.authority == app.authority.as_str() {
            return Ok(());
        }
        let reason = "it was issued to another application or by another authority";
        Err(Misuse::Argument { name: "pending device code", reason }.into())
    }
}

impl fmt::Debug for PendingDeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingDeviceCode")
            .field("authority", &self.authority)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("interval_ms", &self.interval_ms)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

fn millis<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    time.as_millis().serialize(serializer)
}

fn from_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    u64::deserialize(deserializer).map(Timestamp::from_millis)
}
