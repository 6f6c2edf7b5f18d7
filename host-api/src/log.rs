//! `attune:action/log`: lines of the attempt. Needs no grant, never fails.

use crate::bindings::attune::action::log::{Field, Host, Level as WitLevel};
use crate::logbook::Level;
use crate::state::HostState;

impl Host for HostState {
    fn write(&mut self, level: WitLevel, message: String, fields: Vec<Field>) {
        let fields = fields.into_iter().map(|f| (f.name, as_json(f.value)));
        let fields = fields.collect();
        self.with_log(|book| book.write_fields(level.into(), "log", &message, fields));
    }
}

/// Returns `text` if it is JSON, else as a JSON string.
fn as_json(text: String) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() {
        text
    } else {
        serde_json::Value::String(text).to_string()
    }
}

impl From<WitLevel> for Level {
    fn from(level: WitLevel) -> Self {
        match level {
            WitLevel::Trace => Self::Trace,
            WitLevel::Debug => Self::Debug,
            WitLevel::Info => Self::Info,
            WitLevel::Warn => Self::Warn,
            WitLevel::Error => Self::Error,
        }
    }
}
