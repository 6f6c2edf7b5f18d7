//! Forks of runs, and what forks and reruns would do.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_core::Value;
use attune_core::step::ForkPreview;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::AnyJson;

/// Starts a new run that takes over what another had recorded before a task.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Fork, example = json!({"task": "charge", "preview": true}))]
pub(crate) struct ForkBody {
    /// The task from whose latest visit on everything runs again; without one, the task of the
    /// run's error.
    pub(crate) task: Option<String>,
    /// By which definition it goes on.
    #[serde(default)]
    pub(crate) definition: DefinitionView,
    /// Parameters to replace, by name.
    pub(crate) parameters: Option<BTreeMap<String, AnyJson>>,
    /// Variables to replace, by name.
    pub(crate) vars: Option<BTreeMap<String, AnyJson>>,
    /// What the task is given instead of its rendered input.
    pub(crate) input: Option<AnyJson>,
    /// Only tell what would run again and which results would be kept.
    #[serde(default)]
    pub(crate) preview: bool,
}

/// By which definition a fork goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ForkDefinition)]
pub(crate) enum DefinitionView {
    /// That of the run, with the revisions it is pinned to.
    #[default]
    Same,
    /// The newest one of the workflow.
    Newest,
}

impl ForkBody {
    /// Returns what two requests with one key must agree on.
    pub(crate) fn canonical(&self) -> Value {
        let map = |given: &Option<BTreeMap<String, AnyJson>>| {
            let entries = given.as_ref().map(|given| {
                let entries = given.iter();
                Value::map(entries.map(|(name, value)| (name.as_str(), value.0.clone())))
            });
            entries.unwrap_or_default()
        };
        let input = self.input.as_ref().map(|input| input.0.clone());
        Value::map([
            (
                "task",
                self.task.as_deref().map_or(Value::Null, Value::from),
            ),
            (
                "newest",
                Value::Bool(self.definition == DefinitionView::Newest),
            ),
            ("parameters", map(&self.parameters)),
            ("vars", map(&self.vars)),
            ("input", input.unwrap_or_default()),
        ])
    }
}

/// What a rerun or a fork would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RerunPreview)]
pub(crate) struct RerunPreviewView {
    /// Tasks that run again, or may: they lie behind one that does.
    again: Vec<Arc<str>>,
    /// Tasks whose recorded results are kept.
    kept: Vec<Arc<str>>,
}

impl From<ForkPreview> for RerunPreviewView {
    fn from(preview: ForkPreview) -> Self {
        Self {
            again: preview.again,
            kept: preview.kept,
        }
    }
}
