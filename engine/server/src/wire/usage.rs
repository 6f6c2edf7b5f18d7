//! What attempts used, and why they failed.

use std::sync::Arc;

use attune_core::error::{Failure, Source};
use attune_core::event::Usage;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::AnyJson;

/// What attempts used.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
pub(crate) struct UsageView {
    /// Fuel units: a deterministic measure of work.
    fuel: u64,
    /// Wall clock, milliseconds.
    wall_ms: f64,
    /// Highest memory, bytes.
    peak_memory_bytes: u64,
    /// Input, bytes.
    input_bytes: u64,
    /// Result, bytes.
    output_bytes: u64,
    /// HTTP requests.
    http_requests: u32,
    /// Attempts summed up here.
    attempts: u32,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            fuel: usage.fuel,
            wall_ms: usage.wall_us as f64 / 1000.0,
            peak_memory_bytes: usage.peak_memory_bytes,
            input_bytes: usage.input_bytes,
            output_bytes: usage.output_bytes,
            http_requests: usage.http_requests,
            attempts: usage.attempts,
        }
    }
}

/// Why something failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct FailureView {
    /// A stable word of the engine, or the action's own.
    #[serde(rename = "type")]
    #[schema(example = "timeout")]
    kind: Arc<str>,
    /// Who said so.
    #[schema(example = "engine")]
    source: &'static str,
    /// One sentence.
    message: Arc<str>,
    /// The task that failed, for a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<Arc<str>>,
    /// Anything more.
    details: AnyJson,
}

impl From<Failure> for FailureView {
    fn from(failure: Failure) -> Self {
        Self {
            kind: failure.kind,
            source: match failure.source {
                Source::Engine => "engine",
                Source::Action => "action",
                Source::Workflow => "workflow",
            },
            message: failure.message,
            task: None,
            details: failure.details.into(),
        }
    }
}

impl FailureView {
    /// The same failure with the task it is of.
    pub(crate) fn of_task(self, task: Arc<str>) -> Self {
        Self {
            task: Some(task),
            ..self
        }
    }

    /// Returns the sentence.
    pub(crate) fn message(&self) -> Arc<str> {
        self.message.clone()
    }
}
