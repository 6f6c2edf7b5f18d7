//! Log lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_driver::port::{LogLevel, LogRecord};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time::Time;

/// One line that an attempt wrote.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LogLine)]
pub(crate) struct LogView {
    /// Place within the run's log; a cursor.
    pub(crate) id: u64,
    /// The task execution.
    task_id: u64,
    /// Its attempt.
    attempt: u32,
    /// When.
    at: Time,
    /// How important.
    level: LevelView,
    /// Where it was written: `log`, `stdout` or `stderr`.
    stream: Arc<str>,
    /// The text.
    message: Arc<str>,
    /// Fields by name.
    fields: BTreeMap<Arc<str>, Arc<str>>,
}

/// Level of a log line.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = LogLevel)]
pub(crate) enum LevelView {
    /// Finest.
    Trace,
    /// For developers.
    Debug,
    /// Normal.
    Info,
    /// Worth a look.
    Warn,
    /// Something failed.
    Error,
}

impl From<LogLevel> for LevelView {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Trace => Self::Trace,
            LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Warn => Self::Warn,
            LogLevel::Error => Self::Error,
        }
    }
}

impl From<LevelView> for LogLevel {
    fn from(level: LevelView) -> Self {
        match level {
            LevelView::Trace => Self::Trace,
            LevelView::Debug => Self::Debug,
            LevelView::Info => Self::Info,
            LevelView::Warn => Self::Warn,
            LevelView::Error => Self::Error,
        }
    }
}

impl From<LogRecord> for LogView {
    fn from(record: LogRecord) -> Self {
        let line = record.line;
        Self {
            id: record.number,
            task_id: record.task.0,
            attempt: record.attempt,
            at: line.at.into(),
            level: line.level.into(),
            stream: line.stream,
            message: line.message,
            fields: line.fields.into_iter().collect(),
        }
    }
}
