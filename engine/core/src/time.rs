//! Instants and durations. There is no `now()` here: the shell reads the clock.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest delay, timeout or deadline a file may ask for: 365 days.
pub const MAX_DURATION: Millis = Millis(365 * 24 * 3600 * 1000);

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub u64);

/// A length of time in milliseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Millis(pub u64);

impl Timestamp {
    /// Returns this instant moved `by` into the future, saturating.
    pub fn after(self, by: Millis) -> Self {
        Self(self.0.saturating_add(by.0))
    }

    /// Returns the time from `earlier` to this instant; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the instant as RFC 3339 in UTC with milliseconds.
    ///
    /// The date is computed as in Howard Hinnant's `civil_from_days`.
    pub fn to_rfc3339(self) -> String {
        let (days, ms) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let z = days + 719_468;
        let (era, day_of_era) = (z / 146_097, z % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
        let (second, milli) = (ms / 1000 % 60, ms % 1000);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl Millis {
    /// Returns the duration in seconds, as expressions show it.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Parses `"500ms"`, `"90s"`, `"5m"`, `"1h"`, `"2d"` or a plain number of seconds.
    /// Returns `None` for anything else, for negative values and for more than [`MAX_DURATION`].
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let split = text
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let factor = match unit {
            "ms" => 1.0,
            "s" | "" => 1000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return None,
        };
        Self::from_ms_f64(number.trim().parse::<f64>().ok()? * factor)
    }

    /// Converts a number of seconds; `None` if negative, not finite or over [`MAX_DURATION`].
    pub fn from_secs_f64(seconds: f64) -> Option<Self> {
        Self::from_ms_f64(seconds * 1000.0)
    }

    fn from_ms_f64(ms: f64) -> Option<Self> {
        let fits = ms.is_finite() && ms >= 0.0 && ms <= MAX_DURATION.0 as f64;
        fits.then(|| Self(ms.round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_parse_with_and_without_unit() {
        for (text, expected) in [
            ("500ms", Some(500)),
            ("90s", Some(90_000)),
            ("1.5m", Some(90_000)),
            ("2d", Some(172_800_000)),
            ("7", Some(7_000)),
            ("-1s", None),
            ("1w", None),
            ("", None),
            ("366d", None),
        ] {
            assert_eq!(Millis::parse(text).map(|d| d.0), expected, "{text}");
        }
    }

    #[test]
    fn timestamps_print_as_rfc3339() {
        assert_eq!(Timestamp(0).to_rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Timestamp(951_782_400_123).to_rfc3339(),
            "2000-02-29T00:00:00.123Z"
        );
        assert_eq!(
            Timestamp(1_795_506_179_000).to_rfc3339(),
            "2026-11-24T07:42:59.000Z"
        );
    }
}
