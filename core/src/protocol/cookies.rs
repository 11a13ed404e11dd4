//! The cookies of one server, for a flow that follows its redirects (RFC 6265, sections 5.2 to 5.4).
//!
//! What is kept goes back to the origin that set it and nowhere else, and is gone with the flow. As every request goes to
//! that origin, `Domain` only ever confirms it, and `Path` is not read: a cookie for one path of the server goes to the
//! others too.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use url::{Origin, Url};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::time::Timestamp;

/// The most cookies that a flow keeps. AD FS sets a handful, and cuts a large one in pieces.
pub const MOST_COOKIES: usize = 32;
/// The most bytes of a cookie's name and value together, as browsers have it.
pub const LONGEST_COOKIE: usize = 4096;

/// The cookies that one origin has set. Their values are secrets: they stand for the user.
pub struct Cookies {
    origin: Origin,
    host: String,
    is_secure: bool,
    kept: Vec<(String, Secret)>,
}

/// Why a server's cookies are not kept: without one of them the next request would be another one than it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// There are more than [`MOST_COOKIES`].
    #[error("the server sets more than {MOST_COOKIES} cookies")]
    TooMany,
    /// One is longer than [`LONGEST_COOKIE`].
    #[error("the server sets a cookie of more than {LONGEST_COOKIE} bytes")]
    TooLong,
}

impl Cookies {
    /// None yet, of the origin of this address.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        Self {
            origin: url.origin(),
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            is_secure: url.scheme() == "https",
            kept: Vec::new(),
        }
    }

    /// Takes what a response to a request to `from` sets, changes and deletes.
    ///
    /// What is not of this origin is passed over, and so is what no server means: a cookie without a name, in other letters
    /// than ASCII, for another domain, or `Secure` over plain http.
    ///
    /// # Errors
    /// If there are too many, or one is too long. Nothing of the response is taken then.
    pub fn take(&mut self, from: &Url, headers: &HeaderMap, now: Timestamp) -> Result<(), CookieError> {
        if from.origin() != self.origin {
            return Ok(());
        }
        let mut kept = self.kept.clone();
        for value in headers.get_all(SET_COOKIE) {
            let Some(cookie) = value.to_str().ok().and_then(Cookie::read) else { continue };
            if cookie.is_secure && !self.is_secure || !cookie.domain.is_none_or(|domain| self.is_in(domain)) {
                continue;
            }
            kept.retain(|(name, _)| name != cookie.name);
            if cookie.ends(now) {
                continue;
            }
            if cookie.name.len().saturating_add(cookie.value.len()) > LONGEST_COOKIE {
                return Err(CookieError::TooLong);
            }
            if kept.len() >= MOST_COOKIES {
                return Err(CookieError::TooMany);
            }
            kept.push((cookie.name.to_owned(), Secret::new(cookie.value)));
        }
        self.kept = kept;
        Ok(())
    }

    /// The value of `Cookie` for a request to `to`, marked sensitive: in the order in which they were set. `None` if there
    /// are none, or they are another origin's.
    #[must_use]
    pub fn header(&self, to: &Url) -> Option<HeaderValue> {
        if self.kept.is_empty() || to.origin() != self.origin {
            return None;
        }
        let length = self.kept.iter().map(|(name, value)| name.len().saturating_add(value.expose().len()));
        let room = length.fold(0_usize, |sum, length| sum.saturating_add(length).saturating_add(3));
        let mut text = Zeroizing::new(String::with_capacity(room));
        for (name, value) in &self.kept {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value.expose());
        }
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether there is a cookie whose name begins like this.
    #[must_use]
    pub fn has(&self, beginning: &str) -> bool {
        self.kept.iter().any(|(name, _)| name.starts_with(beginning))
    }

    fn is_in(&self, domain: &str) -> bool {
        let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
        let above = self.host.strip_suffix(&domain);
        domain.is_empty() || above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}

/// Shows how many there are: a name may say more than one thinks.
impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookies")
            .field("origin", &self.origin.ascii_serialization())
            .field("kept", &self.kept.len())
            .finish()
    }
}

/// What one `Set-Cookie` says.
struct Cookie<'a> {
    name: &'a str,
    value: &'a str,
    domain: Option<&'a str>,
    is_secure: bool,
    /// In seconds; the last one counts, and before `Expires`.
    max_age: Option<i64>,
    /// Since the Unix epoch.
    expires: Option<Duration>,
}

impl<'a> Cookie<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return None;
        }
        let mut cookie = Self { name, value, domain: None, is_secure: false, max_age: None, expires: None };
        for part in parts {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match attribute.trim().to_ascii_lowercase().as_str() {
                "domain" => cookie.domain = Some(value),
                "secure" => cookie.is_secure = true,
                "max-age" => cookie.max_age = seconds(value).or(cookie.max_age),
                "expires" => cookie.expires = date(value).or(cookie.expires),
                _ => {}
            }
        }
        Some(cookie)
    }

    /// Whether it is over already, which is how a server deletes one. A lifetime that lies ahead outlasts the flow.
    fn ends(&self, now: Timestamp) -> bool {
        match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds <= 0,
            (None, Some(date)) => Timestamp::default().after(date) <= now,
            (None, None) => false,
        }
    }
}

/// A number of seconds; one with too many digits is far away.
fn seconds(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// A date in one of HTTP's forms, or with hyphens in it as servers of the nineties wrote it.
fn date(text: &str) -> Option<Duration> {
    let read = |text: &str| httpdate::parse_http_date(text).ok();
    let date = read(text).or_else(|| read(&text.replace('-', " ")))?;
    // What is before the epoch is as over as the epoch is.
    Some(date.duration_since(UNIX_EPOCH).unwrap_or_default())
}
