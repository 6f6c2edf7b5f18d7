//! The log of the attempt: `info!("charged", order_id = order.id)` and its sisters.
//!
//! The message is a fixed sentence, values are fields. A field is anything that serialises.

use serde::Serialize;
use serde_json::Value;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step, for finding a fault in the action itself.
    Trace,
    /// What helps to understand one run.
    Debug,
    /// Something happened as it should.
    Info,
    /// Something was wrong, and the action coped.
    Warn,
    /// Something was wrong, and the result suffers.
    Error,
}

/// Writes one line; the macros call it.
pub fn write(level: Level, message: &str, fields: &[(&str, Value)]) {
    crate::engine::log(level, message, fields);
}

/// Returns a field's value as JSON, or the reason why it has none.
#[doc(hidden)]
pub fn value(value: &(impl Serialize + ?Sized)) -> Value {
    serde_json::to_value(value).unwrap_or_else(|error| Value::String(error.to_string()))
}

/// Logs at a level: `log_at!(Level::Info, "charged", order_id = id)`.
#[macro_export]
macro_rules! log_at {
    ($level:expr, $message:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::log::write(
            $level,
            ::core::convert::AsRef::<str>::as_ref(&$message),
            &[$((::core::stringify!($name), $crate::log::value(&$value))),*],
        )
    };
}

/// Logs every step, for finding a fault in the action itself.
#[macro_export]
macro_rules! trace {
    ($($line:tt)+) => { $crate::log_at!($crate::log::Level::Trace, $($line)+) };
}

/// Logs what helps to understand one run.
#[macro_export]
macro_rules! debug {
    ($($line:tt)+) => { $crate::log_at!($crate::log::Level::Debug, $($line)+) };
}

/// Logs that something happened as it should.
#[macro_export]
macro_rules! info {
    ($($line:tt)+) => { $crate::log_at!($crate::log::Level::Info, $($line)+) };
}

/// Logs that something was wrong, and the action coped.
#[macro_export]
macro_rules! warn {
    ($($line:tt)+) => { $crate::log_at!($crate::log::Level::Warn, $($line)+) };
}

/// Logs that something was wrong, and the result suffers.
#[macro_export]
macro_rules! error {
    ($($line:tt)+) => { $crate::log_at!($crate::log::Level::Error, $($line)+) };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing;

    #[test]
    fn lines_carry_level_message_and_fields() {
        let name = String::from("Ada");
        crate::info!("greeting", name = name, size = 3);
        crate::error!(format!("no {name}"));
        let logs = testing::logs();
        assert_eq!(
            (logs[0].level, logs[0].message.as_str()),
            (Level::Info, "greeting")
        );
        assert_eq!(
            logs[0].fields,
            [("name".into(), json!("Ada")), ("size".into(), json!(3))]
        );
        assert_eq!(
            (logs[1].level, logs[1].message.as_str()),
            (Level::Error, "no Ada")
        );
    }
}
