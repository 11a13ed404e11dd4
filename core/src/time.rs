//! Time as the driver tells it.

use std::time::Duration;

/// A point in time: milliseconds since the Unix epoch.
///
/// Every start and every reply carries one, as the core never reads a clock. Arithmetic saturates, so a
/// time from outside can be absurd but never a panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Takes milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Takes seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The time that lies `duration` after this one.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let last = Timestamp::from_millis(u64::MAX);
        assert_eq!(last.after(Duration::from_secs(1)), last);
        assert_eq!(Timestamp::default().since(last), Duration::ZERO);
        assert_eq!(Timestamp::from_secs(u64::MAX), last);
    }

    #[test]
    fn seconds_and_milliseconds_agree() {
        let at = Timestamp::from_secs(1_700_000_000);
        assert_eq!(at.as_millis(), 1_700_000_000_000);
        assert_eq!(at.after(Duration::from_millis(1999)).as_secs(), 1_700_000_001);
    }
}
