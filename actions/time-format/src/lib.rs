//! The action `time.format`: formats a moment.
//!
//! It reads no clock, so that its result depends on its input alone: workflows have `now()`.

use attune_sdk::prelude::*;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Span as Change, Timestamp, Zoned};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The moment: seconds of the Unix epoch, or text such as `2026-03-01T12:00:00Z`,
    /// `2026-03-01 12:00` and `2026-03-01` (in `zone`), or what `parse` describes.
    at: Moment,
    /// The time zone, as `Europe/Berlin` or `+02:00`: of the result, and of a moment that has none.
    #[serde(default = "utc")]
    zone: String,
    /// The form of the text in `at`, as for `format`.
    parse: Option<String>,
    /// What is added first, by the calendar of the zone: `1 day`, `-2 weeks 3 hours`, `P1M`.
    add: Option<String>,
    /// The form of `text`, in the directives of strftime: `%Y-%m-%d %H:%M`. Without it RFC 3339.
    format: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Moment {
    /// Seconds of the Unix epoch.
    Seconds(f64),
    /// Text.
    Text(String),
}

fn utc() -> String {
    "UTC".to_owned()
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// The moment in the wanted form.
    text: String,
    /// The moment in RFC 3339.
    rfc3339: String,
    /// Milliseconds of the Unix epoch.
    unix_ms: i64,
    /// The year.
    year: i16,
    /// The month, 1 to 12.
    month: i8,
    /// The day of the month.
    day: i8,
    /// The hour, 0 to 23.
    hour: i8,
    /// The minute.
    minute: i8,
    /// The second.
    second: i8,
    /// The day of the week: 1 is Monday.
    weekday: i8,
    /// The number of the week (ISO 8601).
    week: i8,
    /// The day of the year, from 1.
    day_of_year: i16,
}

/// Formats a moment in a time zone, and computes with it.
///
/// The directives are those of strftime: `%Y %m %d %H %M %S %A %B %Z %z` and so on, as
/// [jiff](https://docs.rs/jiff/latest/jiff/fmt/strtime/index.html) has them. Time zones are those
/// of the IANA database that this version carries.
#[action(summary = "Formats a moment in a time zone")]
fn format(input: Input) -> Result<Output, ActionError> {
    let zone = TimeZone::get(&input.zone)
        .or_else(|error| {
            strtime::parse("%:z", &input.zone).and_then(|parsed| {
                let offset = parsed.offset();
                offset.map(TimeZone::fixed).ok_or(error)
            })
        })
        .map_err(|_unknown| {
            wrong(
                "time_zone",
                format!("there is no time zone `{}`", input.zone),
            )
        })?;
    let mut moment = moment(&input.at, input.parse.as_deref(), &zone)?;
    if let Some(add) = &input.add {
        let change: Change = add
            .parse()
            .map_err(|error| wrong("time_span", format!("`add` is no length of time: {error}")))?;
        moment = moment
            .checked_add(change)
            .map_err(|error| wrong("time_range", error.to_string()))?;
    }
    let rfc3339 = moment.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
    let text = match &input.format {
        None => rfc3339.clone(),
        Some(format) => strtime::format(format, &moment)
            .map_err(|error| wrong("time_format", format!("`format` is wrong: {error}")))?,
    };
    Ok(describe(&moment, text, rfc3339))
}

fn wrong(kind: &str, message: String) -> ActionError {
    ActionError::invalid_input(message).with_kind(kind)
}

fn moment(at: &Moment, parse: Option<&str>, zone: &TimeZone) -> Result<Zoned, ActionError> {
    let text = match at {
        Moment::Seconds(seconds) => {
            let timestamp = timestamp(*seconds).ok_or_else(|| {
                wrong(
                    "time_range",
                    format!("{seconds} is beyond the years that can be told"),
                )
            })?;
            return Ok(timestamp.to_zoned(zone.clone()));
        }
        Moment::Text(text) => text,
    };
    let failed =
        |error: jiff::Error| wrong("time_syntax", format!("`{text}` is no moment: {error}"));
    if let Some(form) = parse {
        let parsed = strtime::parse(form, text).map_err(failed)?;
        if let Ok(timestamp) = parsed.to_timestamp() {
            return Ok(timestamp.to_zoned(zone.clone()));
        }
        let midnight = parsed.to_date().map(|date| date.at(0, 0, 0, 0));
        let civil = parsed.to_datetime().or(midnight).map_err(failed)?;
        return civil.to_zoned(zone.clone()).map_err(failed);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp.to_zoned(zone.clone()));
    }
    let civil: DateTime = text.parse().map_err(failed)?;
    civil.to_zoned(zone.clone()).map_err(failed)
}

/// Milliseconds are as fine as a number of seconds tells reliably.
fn timestamp(seconds: f64) -> Option<Timestamp> {
    let milliseconds = (seconds * 1000.0).round();
    let in_range = milliseconds.abs() < 9e15;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is a whole number in range"
    )]
    let milliseconds = in_range.then_some(milliseconds as i64)?;
    Timestamp::from_millisecond(milliseconds).ok()
}

fn describe(moment: &Zoned, text: String, rfc3339: String) -> Output {
    Output {
        text,
        rfc3339,
        unix_ms: moment.timestamp().as_millisecond(),
        year: moment.year(),
        month: moment.month(),
        day: moment.day(),
        hour: moment.hour(),
        minute: moment.minute(),
        second: moment.second(),
        weekday: moment.weekday().to_monday_one_offset(),
        week: moment.date().iso_week_date().week(),
        day_of_year: moment.day_of_year(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&format, include_str!("../examples.json"));
    }

    #[test]
    fn moments_are_understood() {
        for (input, expected) in [
            (json!({"at": 0}), "1970-01-01T00:00:00+00:00"),
            (json!({"at": 1.5}), "1970-01-01T00:00:01.5+00:00"),
            (
                json!({"at": "2026-03-01T12:00:00+02:00"}),
                "2026-03-01T10:00:00+00:00",
            ),
            (
                json!({"at": "2026-03-01 12:00", "zone": "+02:00"}),
                "2026-03-01T12:00:00+02:00",
            ),
            (
                json!({"at": "2026-03-01", "add": "-1 day"}),
                "2026-02-28T00:00:00+00:00",
            ),
            (
                json!({"at": "2026-01-31", "add": "P1M"}),
                "2026-02-28T00:00:00+00:00",
            ),
        ] {
            let output = testing::call(&format, &input).unwrap();
            assert_eq!(output["rfc3339"], expected, "{input}");
        }
    }
}
