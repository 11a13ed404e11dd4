//! What one emulator knows and remembers.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::assertion::Issued;
use crate::config::Config;
use crate::faults::Fault;
use crate::jwt::Keys;
use crate::negotiate::Negotiate;

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
    pub(crate) keys: Keys,
    pub(crate) faults: Mutex<Vec<Fault>>,
    pub(crate) negotiate: Mutex<Negotiate>,
    pub(crate) log: Mutex<Vec<Recorded>>,
    pub(crate) violations: Mutex<Vec<String>>,
    pub(crate) memory: Mutex<Memory>,
}

/// What earlier requests have left behind.
#[derive(Default)]
pub(crate) struct Memory {
    /// The identifiers of messages that came.
    pub(crate) messages: HashSet<String>,
    /// The correlation identifiers and names under which passwords came to the token endpoint.
    pub(crate) passwords: HashSet<(String, String)>,
    /// Wrong passwords, by user.
    pub(crate) wrong: HashMap<String, u32>,
    /// Assertions that were issued.
    pub(crate) assertions: Vec<Issued>,
    /// Refresh tokens that were issued, with their user and application.
    pub(crate) refresh: HashMap<String, (String, String)>,
}

impl State {
    /// Records that a rule was broken.
    pub(crate) fn violate(&self, rule: impl Into<String>) {
        lock(&self.violations).push(rule.into());
    }

    /// The emulator's time, in seconds since the Unix epoch.
    pub(crate) fn now(&self) -> i64 {
        Timestamp::now().as_second().saturating_add(self.config.clock_offset_seconds)
    }

    /// Whether the user's account is locked, by configuration or by wrong passwords.
    pub(crate) fn locked(&self, upn: &str) -> bool {
        let wrong = lock(&self.memory).wrong.get(&upn.to_lowercase()).copied().unwrap_or(0);
        self.config.lockout_threshold.is_some_and(|limit| wrong >= limit)
    }

    /// Compares a password, and counts a wrong one.
    pub(crate) fn password_is_right(&self, upn: &str, password: &str) -> bool {
        let right = self.config.user(upn).is_some_and(|user| user.password == password);
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

fn written(second: i64, format: &str) -> String {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH).strftime(format).to_string()
}
