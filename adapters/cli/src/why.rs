//! `--why`: what was looked at in the cache, and why it was not used.

use std::io::{self, Write};

use entrada_core::cache::{Considered, ConsideredKind};
use entrada_core::error::Error;
use entrada_core::result::{AuthenticationResult, TokenSource};

use crate::report::{plain, time};

/// Tells on standard error, if that is wanted. It holds no secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Why {
    wanted: bool,
}

impl Why {
    pub(crate) const fn new(wanted: bool) -> Self {
        Self { wanted }
    }

    /// Says something of the cache.
    pub(crate) fn say(self, text: &str) {
        if self.wanted {
            // Who closed standard error does not want to know.
            let _ = writeln!(io::stderr(), "why: {}", plain(text));
        }
    }

    /// Says where a token came from, and what else was looked at.
    pub(crate) fn got(self, result: &AuthenticationResult) {
        self.looked_at(&result.trace);
        self.say(match result.token_source {
            TokenSource::Cache => "the token is from the cache",
            _ => "the token is new, from the service",
        });
    }

    /// Says why there is none, and what was looked at.
    pub(crate) fn failed(self, error: &Error) {
        self.looked_at(error.trace());
        self.say(&format!("no token: {}: {error}", error.code()));
    }

    fn looked_at(self, trace: &[Considered]) {
        for considered in trace {
            self.say(&line(considered));
        }
    }
}

fn line(considered: &Considered) -> String {
    let Considered { kind, client_id, realm, target, expires_on, reason, .. } = considered;
    let mut line = match kind {
        ConsideredKind::AccessToken => "access token",
        ConsideredKind::RefreshToken => "refresh token",
        ConsideredKind::FamilyRefreshToken => "refresh token of the family",
        _ => "token",
    }
    .to_owned();
    if !target.is_empty() {
        line += &format!(" for {target}");
    }
    line += &format!(", application {client_id}");
    if !realm.is_empty() {
        line += &format!(", tenant {realm}");
    }
    if let Some(at) = expires_on {
        line += &format!(", until {}", time(*at));
    }
    line + &format!(": {reason}")
}
