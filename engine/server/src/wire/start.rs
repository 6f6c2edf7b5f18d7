//! What clients send to start and steer runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_core::Value;
use attune_core::event::{CancelMode, RerunTask};
use serde::Deserialize;
use utoipa::ToSchema;

use super::time::Time;
use crate::error::{ApiError, Code, Item, Result};
use crate::extract::AnyJson;
use crate::limits::{LABEL_VALUE_BYTES, LABELS};

/// Starts a run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Execute, example = json!({"parameters": {"name": "Ada"}}))]
pub(crate) struct ExecuteBody {
    /// The parameters: an object that fits the workflow's schema.
    #[serde(default)]
    pub(crate) parameters: AnyJson,
    /// A revision other than the newest.
    #[schema(minimum = 1)]
    pub(crate) revision: Option<u32>,
    /// Bounds on the whole run.
    pub(crate) limits: Option<RunLimits>,
    /// Up to 16 labels: `^[a-z][a-z0-9_-]{0,31}$` = text up to 64 bytes.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    /// Not before this time.
    pub(crate) start_at: Option<Time>,
    /// Higher goes first.
    pub(crate) priority: Option<i32>,
}

/// Bounds on a whole run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunLimits {
    /// Fuel for all its tasks and children together.
    pub(crate) fuel: Option<u64>,
}

impl ExecuteBody {
    /// Returns the labels, checked.
    pub(crate) fn labels(&self) -> Result<Vec<(Arc<str>, Arc<str>)>> {
        let problem = |name: &str, message: String| {
            ApiError::new(Code::InvalidRequest, message.clone())
                .item(Item::at(format!("/labels/{name}"), message))
        };
        if self.labels.len() > LABELS {
            let message = format!("more than {LABELS} labels");
            return Err(ApiError::new(Code::InvalidRequest, message.clone())
                .item(Item::at("/labels", message)));
        }
        self.labels
            .iter()
            .map(|(name, value)| match label_problem(name, value) {
                None => Ok((name.as_str().into(), value.as_str().into())),
                Some(message) => Err(problem(name, message)),
            })
            .collect()
    }
}

/// Says what is wrong with a label.
pub(crate) fn label_problem(name: &str, value: &str) -> Option<String> {
    let named = name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
    if !named {
        return Some(format!(
            "`{name}` is no label: it must match ^[a-z][a-z0-9_-]{{0,31}}$"
        ));
    }
    (value.len() > LABEL_VALUE_BYTES)
        .then(|| format!("label `{name}` has more than {LABEL_VALUE_BYTES} bytes"))
}

/// Runs a workflow that is not saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Preview)]
pub(crate) struct PreviewBody {
    /// The file, YAML.
    pub(crate) source: String,
    /// The parameters.
    #[serde(default)]
    pub(crate) parameters: AnyJson,
}

/// Pauses a run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Pause)]
pub(crate) struct PauseBody {
    /// Why, for others.
    #[schema(max_length = 1000)]
    pub(crate) reason: Option<String>,
}

/// Cancels a run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Cancel)]
pub(crate) struct CancelBody {
    /// What becomes of what runs.
    #[serde(default)]
    pub(crate) mode: ModeView,
}

/// What becomes of what runs when the run is cancelled.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CancelMode)]
pub(crate) enum ModeView {
    /// It may finish.
    #[default]
    AllowFinish,
    /// It is interrupted.
    CancelRunning,
}

impl From<ModeView> for CancelMode {
    fn from(mode: ModeView) -> Self {
        match mode {
            ModeView::AllowFinish => Self::AllowFinish,
            ModeView::CancelRunning => Self::CancelRunning,
        }
    }
}

/// Returns the word for a mode.
pub(crate) fn mode_name(mode: CancelMode) -> &'static str {
    match mode {
        CancelMode::AllowFinish => "allow_finish",
        CancelMode::CancelRunning => "cancel_running",
    }
}

/// Runs failed or named tasks of a finished run again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Retry)]
pub(crate) struct RetryBody {
    /// Named tasks; none is every unhandled failure.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub(crate) tasks: Vec<RetryTask>,
    /// Only tell what would run again and which results would be kept.
    #[serde(default)]
    pub(crate) preview: bool,
}

/// A task to run again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryTask {
    /// Its name.
    name: String,
    /// Whether items that succeeded run again too.
    #[serde(default = "yes")]
    reset_items: bool,
}

fn yes() -> bool {
    true
}

impl From<RetryTask> for RerunTask {
    fn from(task: RetryTask) -> Self {
        Self {
            name: task.name.into(),
            reset_items: task.reset_items,
        }
    }
}

impl RetryBody {
    /// Returns what two requests with one key must agree on.
    pub(crate) fn canonical(&self) -> Value {
        let tasks = self.tasks.iter().map(|task| {
            Value::map([
                ("name", Value::from(task.name.as_str())),
                ("reset_items", Value::Bool(task.reset_items)),
            ])
        });
        Value::list(tasks.collect())
    }
}

/// Answers an inquiry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Respond)]
pub(crate) struct RespondBody {
    /// The answer: it must fit the inquiry's schema.
    pub(crate) value: AnyJson,
}
