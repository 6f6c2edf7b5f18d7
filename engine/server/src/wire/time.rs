//! Instants as RFC 3339, in and out.

use attune_core::Timestamp;
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00.000Z")]
pub(crate) struct Time(pub(crate) Timestamp);

impl From<Timestamp> for Time {
    fn from(instant: Timestamp) -> Self {
        Self(instant)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("must be an RFC 3339 time like `2026-01-31T12:00:00Z`"))
    }
}

/// Parses RFC 3339 with any offset; parts of a millisecond are cut.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let (millis, zone) = fraction(rest)?;
    let days = days(numbers(date, '-', [4, 2, 2])?)?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    // 60 is a leap second, which has no place in a count of milliseconds: it is the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset(zone)?;
    // Before 1970 there was nothing: any such time is the first there is.
    u64::try_from((seconds * 1000 + millis).max(0))
        .ok()
        .map(Timestamp)
}

/// Splits off the fraction of a second, in milliseconds.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(digits) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    let padded: String = digits.chars().chain("00".chars()).take(3).collect();
    (!digits.is_empty()).then_some(())?;
    Some((padded.parse().ok()?, rest))
}

/// The zone's offset in seconds.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, text) = zone.split_at_checked(1)?;
    let [hours, minutes] = numbers(text, ':', [2, 2])?;
    let seconds = hours * 3600 + minutes * 60;
    match sign {
        _ if hours > 23 || minutes > 59 => None,
        "+" => Some(seconds),
        "-" => Some(-seconds),
        _ => None,
    }
}

/// Parses numbers of exactly so many digits.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut out = [0; N];
    let mut parts = text.split(separator);
    for (slot, digits) in out.iter_mut().zip(digits) {
        let part = parts.next()?;
        let plain = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        *slot = part.parse().ok().filter(|_| plain)?;
    }
    parts.next().is_none().then_some(out)
}

/// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`.
fn days([year, month, day]: [i64; 3]) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_instants_parse_back() {
        for ms in [0, 951_782_400_123, 1_795_506_179_000, 4_102_444_799_999] {
            let instant = Timestamp(ms);
            assert_eq!(parse(&instant.to_rfc3339()), Some(instant));
        }
    }

    #[test]
    fn offsets_and_fractions_count_and_nonsense_does_not() {
        let base = parse("2026-01-31T12:00:00Z");
        assert!(base.is_some());
        assert_eq!(parse("2026-01-31T13:30:00+01:30"), base);
        assert_eq!(parse("2026-01-31t11:00:00-01:00"), base);
        assert_eq!(parse("2026-01-31T12:00:00.0009Z"), base);
        assert_eq!(parse("1969-12-31T23:59:59Z"), Some(Timestamp(0)));
        for wrong in [
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-31",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00+99:00",
            "é026-01-31T12:00:00Z",
            "+026-01-31T12:00:00Z",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
