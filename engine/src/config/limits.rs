//! Bounds on what clients may send and hold open: the section `[limits]` of the configuration.

use std::time::Duration;

use attune_server::Limits as Bounds;
use serde::Deserialize;

use super::duration;
use crate::output::error::{CliError, Result};

/// Declares the section: each key sets the bound of the same name.
macro_rules! section {
    (numbers { $($number:ident: $type:ty,)* } times { $($time:ident,)* }) => {
        /// The section as it is written. What is absent has its default.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct Limits {
            $($number: Option<$type>,)*
            $($time: Option<String>,)*
        }

        impl Limits {
            /// Returns the bounds with what the section sets.
            ///
            /// # Errors
            /// If a bound is zero, or more than what stands behind it takes, or a time is none.
            pub(crate) fn apply(&self) -> Result<Bounds> {
                let mut bounds = Bounds::default();
                $(if let Some(number) = self.$number {
                    check(stringify!($number), number as u64)?;
                    bounds.$number = number;
                })*
                $(if let Some(text) = &self.$time {
                    bounds.$time = time(stringify!($time), text)?;
                })*
                Ok(bounds)
            }

            /// Returns key and value of what is set, for `attune config`.
            pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
                let mut rows = Vec::new();
                $(if let Some(number) = self.$number {
                    rows.push((concat!("limits.", stringify!($number)), number.to_string()));
                })*
                $(if let Some(text) = &self.$time {
                    rows.push((concat!("limits.", stringify!($time)), text.clone()));
                })*
                rows
            }
        }
    };
}

section! {
    numbers {
        header_bytes: usize,
        header_count: usize,
        target_bytes: usize,
        json_bytes: usize,
        yaml_bytes: usize,
        component_bytes: usize,
        config_bytes: usize,
        kv_bytes: usize,
        connections: usize,
        streams: usize,
        executes: usize,
        queued_runs: u64,
        failed_logins: u32,
    }
    times {
        header_read,
        body_stall,
        heartbeat,
        wait,
    }
}

/// Bounds that something else has too: a higher one would promise what is not kept.
const MOST: &[(&str, u64, &str)] = &[
    ("header_bytes", 64 << 10, "the HTTP parser reads no more"),
    ("header_count", 1_000, "the HTTP parser reads no more"),
    ("kv_bytes", 64 << 10, "the store takes no larger ones"),
];

fn check(key: &str, number: u64) -> Result<()> {
    if number == 0 {
        return Err(CliError::usage(format!("`limits.{key}` must not be 0")));
    }
    match MOST.iter().find(|(bound, ..)| *bound == key) {
        Some((_, most, why)) if number > *most => Err(CliError::usage(format!(
            "`limits.{key}` must not be more than {most}: {why}"
        ))),
        Some(_) | None => Ok(()),
    }
}

fn time(key: &str, text: &str) -> Result<Duration> {
    let time = duration(text).filter(|time| !time.is_zero());
    time.ok_or_else(|| {
        CliError::usage(format!("`{text}` is no duration for `limits.{key}`"))
            .hint("durations look like `30s`, `5m` or `2d`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(text: &str) -> Result<Bounds> {
        toml::from_str::<Limits>(text).unwrap().apply()
    }

    #[test]
    fn keys_set_the_bounds_of_their_name() {
        let bounds = apply("component_bytes = 1000\nbody_stall = \"5s\"\n").unwrap();
        assert_eq!(bounds.component_bytes, 1000);
        assert_eq!(bounds.body_stall, Duration::from_secs(5));
        assert_eq!(bounds.json_bytes, Bounds::default().json_bytes);
    }

    #[test]
    fn wrong_values_are_named() {
        for (text, key) in [
            ("json_bytes = 0", "limits.json_bytes"),
            ("header_bytes = 70000", "limits.header_bytes"),
            ("header_count = 1001", "more than 1000: the HTTP parser"),
            ("kv_bytes = 65537", "limits.kv_bytes"),
            ("wait = \"long\"", "limits.wait"),
            ("heartbeat = \"0s\"", "limits.heartbeat"),
        ] {
            let error = apply(text).unwrap_err().to_string();
            assert!(error.contains(key), "{text}: {error}");
        }
        assert!(toml::from_str::<Limits>("jsn_bytes = 1").is_err());
    }
}
