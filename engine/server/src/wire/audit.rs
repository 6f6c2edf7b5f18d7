//! What executing a run's past attempts again showed.

use std::sync::Arc;

use attune_core::run::TaskRow;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::AnyJson;

/// A part of a run, executed again.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Audit)]
pub(crate) struct AuditView {
    /// The run.
    pub(crate) run: u64,
    /// Task executions, by id.
    pub(crate) tasks: Vec<AuditedView>,
    /// Where to go on (`after=`), or null at the end.
    pub(crate) next: Option<String>,
}

/// A task execution, executed again.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Audited)]
pub(crate) struct AuditedView {
    /// Its id.
    id: u64,
    /// The task's name.
    name: Arc<str>,
    /// Place of the item or batch.
    index: Option<u32>,
    /// `pack.name@revision` of what it called.
    action: Option<String>,
    /// `same`, `different` or `skipped`.
    #[schema(example = "same")]
    verdict: &'static str,
    /// Why it was not executed again.
    reason: Option<&'static str>,
    /// What is recorded, where it differs.
    recorded: AnyJson,
    /// What was found now, where it differs.
    found: AnyJson,
}

impl AuditedView {
    /// Nothing was executed.
    pub(crate) fn skipped(row: &TaskRow, reason: &'static str) -> Self {
        let action = row.action.as_ref();
        Self {
            id: row.id.0,
            name: row.name.clone(),
            index: row.index,
            action: action.map(|pin| format!("{}@{}", pin.reference, pin.revision)),
            verdict: "skipped",
            reason: Some(reason),
            recorded: AnyJson::default(),
            found: AnyJson::default(),
        }
    }

    /// The same came out.
    pub(crate) fn same(row: &TaskRow) -> Self {
        Self {
            verdict: "same",
            reason: None,
            ..Self::skipped(row, "")
        }
    }

    /// Something else came out.
    pub(crate) fn different(row: &TaskRow, recorded: AnyJson, found: AnyJson) -> Self {
        Self {
            verdict: "different",
            reason: None,
            recorded,
            found,
            ..Self::skipped(row, "")
        }
    }
}
