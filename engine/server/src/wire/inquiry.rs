//! Questions to people.

use std::sync::Arc;

use attune_core::effect::OpenInquiry;
use attune_core::{RunId, TaskId};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error};
use utoipa::ToSchema;

use super::time::Time;
use crate::extract::AnyJson;

/// A question that waits for its answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Inquiry)]
pub(crate) struct InquiryView {
    /// Its id: that of the run and that of the task execution.
    #[schema(example = "42-3")]
    pub(crate) id: String,
    /// The run.
    run: u64,
    /// The task execution.
    task_id: u64,
    /// The task's name.
    task: Arc<str>,
    /// What is asked.
    prompt: AnyJson,
    /// JSON Schema of the answer.
    schema: AnyJson,
    /// Who should answer.
    assigned_to: AnyJson,
    /// When it closes.
    due: Option<Time>,
}

impl InquiryView {
    /// Makes the view of a run's inquiry.
    pub(crate) fn new(run: RunId, inquiry: OpenInquiry) -> Self {
        let id = InquiryId {
            run,
            task: inquiry.task,
        };
        Self {
            id: id.to_string(),
            run: run.0,
            task_id: inquiry.task.0,
            task: inquiry.name,
            prompt: inquiry.prompt.unwrap_or_default().into(),
            schema: inquiry.schema.unwrap_or_default().into(),
            assigned_to: inquiry.assigned_to.unwrap_or_default().into(),
            due: inquiry.due.map(Time),
        }
    }
}

/// `RUN-TASK`: a task execution asks at most one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InquiryId {
    /// The run.
    pub(crate) run: RunId,
    /// The task execution.
    pub(crate) task: TaskId,
}

impl InquiryId {
    /// Parses the text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (run, task) = text.split_once('-')?;
        Some(Self {
            run: RunId(run.parse().ok()?),
            task: TaskId(task.parse().ok()?),
        })
    }
}

impl std::fmt::Display for InquiryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.run, self.task)
    }
}

impl<'de> Deserialize<'de> for InquiryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is no inquiry: it must be `RUN-TASK`"))
        })
    }
}
