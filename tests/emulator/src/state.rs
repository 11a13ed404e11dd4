//! What one emulator knows and remembers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use crate::assertion::Issued;
use crate::config::{Config, User};
use crate::faults::Fault;
use crate::grant::device::Device;
use crate::grants::{Code, Refresh, SignIn};
use crate::jwt::Keys;
use crate::ledger::{LIMIT, Ledger};
use crate::negotiate::Negotiate;
use crate::sign_in::Pending;
use crate::wia::Context;

/// One request that came, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// Which TCP connection it came on, counted from 1.
    pub connection: u64,
    /// The method.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query, still percent-encoded.
    pub query: Option<String>,
    /// The status that answered it; `None` if the emulator hung up.
    pub status: Option<u16>,
    /// The names of the headers, in lower case and in order.
    pub headers: Vec<String>,
}

/// What the server's tasks share.
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) base_url: String,
    pub(crate) keys: &'static Keys,
    pub(crate) faults: Mutex<Vec<(Fault, u32)>>,
    pub(crate) negotiate: Mutex<Negotiate>,
    pub(crate) log: Mutex<Vec<Recorded>>,
    pub(crate) violations: Mutex<Vec<String>>,
    pub(crate) memory: Mutex<Memory>,
    /// Seconds by which the clock was moved since the start.
    pub(crate) moved: AtomicI64,
}

/// What earlier requests have left behind.
#[derive(Default)]
pub(crate) struct Memory {
    /// The identifiers of messages that came.
    pub(crate) messages: Ledger<()>,
    /// The correlation identifiers and names under which passwords came to the token endpoint.
    pub(crate) passwords: Ledger<()>,
    /// Wrong passwords, by user.
    pub(crate) wrong: HashMap<String, u32>,
    /// Assertions that were issued.
    pub(crate) assertions: Ledger<Issued>,
    /// Sign-ins, each with its user in lower case and whether it was ended.
    pub(crate) sign_ins: Ledger<(String, bool)>,
    /// Who is signed in, by the browser's cookie.
    pub(crate) sessions: Ledger<Vec<SignIn>>,
    /// Who is signed in at AD FS by his ticket, by the cookie that says so.
    pub(crate) adfs_sessions: Ledger<SignIn>,
    /// How far a sign-in with a ticket has come at AD FS, by its cookie.
    pub(crate) contexts: Ledger<Context>,
    /// Sign-ins that a browser is in the middle of.
    pub(crate) pending: Ledger<Pending>,
    /// Authorization codes that were issued.
    pub(crate) codes: Ledger<Code>,
    /// Refresh tokens that were issued.
    pub(crate) refresh: Ledger<Refresh>,
    /// Device codes that were issued, by themselves.
    pub(crate) devices: Ledger<Device>,
    /// The identifiers of client assertions that came.
    pub(crate) client_assertions: Ledger<()>,
    /// Consents that were given on a page: application and user.
    pub(crate) consents: Ledger<()>,
    /// Users who have registered themselves.
    pub(crate) created: Ledger<User>,
}

impl State {
    /// Records that a rule was broken.
    pub(crate) fn violate(&self, rule: impl Into<String>) {
        let mut violations = lock(&self.violations);
        if violations.len() < LIMIT {
            violations.push(rule.into());
        }
    }

    /// The emulator's time, in seconds since the Unix epoch.
    pub(crate) fn now(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    /// The emulator's time, in milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        let moved = self.config.clock_offset_seconds.saturating_add(self.moved.load(Ordering::Relaxed));
        Timestamp::now().as_millisecond().saturating_add(moved.saturating_mul(1000))
    }

    /// The claims of a token that this emulator has issued; others of the same process have the same key.
    pub(crate) fn own_claims(&self, token: &str) -> Option<Value> {
        let claims = self.keys.claims_of(token)?;
        let issuer = claims.get("iss").and_then(Value::as_str)?;
        issuer.strip_prefix(&self.base_url)?.starts_with('/').then_some(claims)
    }

    /// The user of this name, configured or registered by himself.
    pub(crate) fn user(&self, upn: &str) -> Option<User> {
        let created = || lock(&self.memory).created.get(&upn.to_lowercase()).cloned();
        self.config.user(upn).cloned().or_else(created)
    }

    /// Whether the user's account is locked, by configuration or by wrong passwords.
    pub(crate) fn locked(&self, upn: &str) -> bool {
        let wrong = lock(&self.memory).wrong.get(&upn.to_lowercase()).copied().unwrap_or(0);
        self.config.lockout_threshold.is_some_and(|limit| wrong >= limit)
    }

    /// Compares a password, and counts a wrong one.
    pub(crate) fn password_is_right(&self, upn: &str, password: &str) -> bool {
        let right = self.user(upn).is_some_and(|user| user.password == password);
        let mut memory = lock(&self.memory);
        if right {
            memory.wrong.remove(&upn.to_lowercase());
        } else {
            *memory.wrong.entry(upn.to_lowercase()).or_default() += 1;
        }
        right
    }
}

/// The lock, whether or not a task has died with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A time as XML has it, with milliseconds.
pub(crate) fn xml_time(second: i64) -> String {
    written(second, "%Y-%m-%dT%H:%M:%S.000Z")
}

/// A time as the token endpoint's errors have it.
pub(crate) fn error_time(second: i64) -> String {
    written(second, "%Y-%m-%d %H:%M:%SZ")
}

/// A time as HTTP's headers have it.
pub(crate) fn http_date(second: i64) -> String {
    written(second, "%a, %d %b %Y %H:%M:%S GMT")
}

fn written(second: i64, format: &str) -> String {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH).strftime(format).to_string()
}
