//! Steering many runs at once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::start::ModeView;
use super::time::Time;

/// Which runs to steer: the filters of the list of runs, in the query or here.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkFilter, example = json!({"status": ["running"], "dry_run": true}))]
pub(crate) struct BulkBody {
    /// Of this workflow.
    pub(crate) workflow: Option<String>,
    /// In any of these statuses.
    #[serde(default)]
    pub(crate) status: Vec<String>,
    /// Created at or after.
    pub(crate) since: Option<Time>,
    /// Created before.
    pub(crate) until: Option<Time>,
    /// Children of this run.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub(crate) parent: Option<u64>,
    /// With all of these labels, each as `name:value`.
    #[serde(default)]
    pub(crate) label: Vec<String>,
    /// Text within name, workflow or error message, any case.
    pub(crate) search: Option<String>,
    /// Only count.
    #[serde(default)]
    pub(crate) dry_run: bool,
    /// For a cancel: what becomes of what runs.
    pub(crate) mode: Option<ModeView>,
}

/// What became of many runs.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = Bulk)]
pub(crate) struct BulkView {
    /// Whether they were only counted.
    pub(crate) dry_run: bool,
    /// Runs that the filters matched and whose status allows it.
    pub(crate) count: u64,
    /// Those that were told, by id; with `dry_run` empty.
    pub(crate) runs: Vec<u64>,
    /// Those that refused.
    pub(crate) refused: Vec<RefusedView>,
    /// Where to go on (`after=`), if there may be more.
    pub(crate) next: Option<String>,
}

/// A run that was not steered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Refused)]
pub(crate) struct RefusedView {
    /// The run.
    pub(crate) run: u64,
    /// Why.
    pub(crate) detail: String,
}
