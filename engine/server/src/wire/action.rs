//! Actions and what an uploaded component is.

use std::sync::Arc;

use attune_core::pin::{AttemptLimits, Invocation};
use attune_core::{Value, pack_of};
use attune_driver::port::{ActionRecord, Inspection};
use serde::Serialize;
use utoipa::ToSchema;

use super::grants::DifferenceView;
use super::time::Time;
use crate::extract::AnyJson;

/// An action, without its schemas.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ActionSummary)]
pub(crate) struct ActionSummaryView {
    /// `pack.name`.
    #[serde(rename = "ref")]
    #[schema(example = "demo.greet")]
    pub(crate) reference: Arc<str>,
    /// Its pack.
    pack: String,
    /// The server's number of this content.
    revision: u32,
    /// SHA-256 of the component.
    digest: String,
    /// How it is called: `action`, `typed` or `command`.
    kind: &'static str,
    /// One line.
    summary: Option<Arc<str>>,
    /// More.
    description: Option<Arc<str>>,
    /// Nothing outside can see an attempt of it.
    pure: bool,
    /// Whether it may be used: `active` or `pending_approval`.
    status: &'static str,
    /// Size of the component.
    size_bytes: u64,
    /// Comes with the server.
    builtin: bool,
    /// When the ref was first created.
    created: Time,
    /// When this revision was.
    updated: Time,
}

/// An action.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Action)]
pub(crate) struct ActionView {
    #[serde(flatten)]
    summary: ActionSummaryView,
    #[serde(flatten)]
    component: ComponentView,
}

/// What a component is and wants.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Component)]
struct ComponentView {
    /// What it exports.
    exports: Vec<Arc<str>>,
    /// What it imports.
    imports: Vec<Arc<str>>,
    /// The function that is called, for the kind `typed`.
    export: Option<String>,
    /// The grants it wants.
    grants: AnyJson,
    /// What of them the operator's configuration leaves it once it is approved. Its requests must
    /// fit a pattern of `http_within` too, if that is there.
    effective: AnyJson,
    /// How they differ from those of the revision in use before.
    difference: DifferenceView,
    /// Same input, same bytes: results may be reused.
    cacheable: bool,
    /// What an attempt may use.
    limits: LimitsView,
    /// JSON Schema of the input.
    parameters: AnyJson,
    /// JSON Schema of the result.
    output: AnyJson,
}

/// What an attempt may use.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = AttemptLimits)]
struct LimitsView {
    /// Fuel units.
    fuel: u64,
    /// Wall clock, milliseconds.
    timeout_ms: u64,
    /// All memories together, bytes.
    memory_bytes: u64,
    /// The result, bytes.
    output_bytes: u64,
    /// Log, bytes.
    log_bytes: u64,
}

/// What an upload would become.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Inspection)]
pub(crate) struct InspectionView {
    /// `pack.name`.
    #[serde(rename = "ref")]
    reference: Arc<str>,
    /// SHA-256 of the component that would run.
    digest: String,
    /// How it is called: `action`, `typed` or `command`.
    kind: &'static str,
    /// One line.
    summary: Option<Arc<str>>,
    /// More.
    description: Option<Arc<str>>,
    /// Nothing outside can see an attempt of it.
    pure: bool,
    /// Whether it could be used at once: `active` or `pending_approval`.
    status: &'static str,
    /// Size of the component.
    size_bytes: u64,
    #[serde(flatten)]
    component: ComponentView,
}

impl From<&ActionRecord> for ActionSummaryView {
    fn from(record: &ActionRecord) -> Self {
        Self {
            reference: record.reference.clone(),
            pack: pack_of(&record.reference).to_owned(),
            revision: record.revision,
            digest: format!("sha256:{}", record.digest),
            kind: kind(&record.invocation),
            summary: record.summary.clone(),
            description: record.description.clone(),
            pure: record.pure,
            status: status(record.approved),
            size_bytes: record.size_bytes,
            builtin: record.builtin,
            created: record.created.into(),
            updated: record.updated.into(),
        }
    }
}

impl ActionView {
    /// Makes the view of a revision; `before` is the one in use before it.
    pub(crate) fn new(
        record: &ActionRecord,
        before: Option<&ActionRecord>,
        effective: Value,
    ) -> Self {
        Self {
            summary: record.into(),
            component: ComponentView {
                exports: record.exports.clone(),
                imports: record.imports.clone(),
                export: export(&record.invocation),
                grants: record.grants.clone().into(),
                effective: effective.into(),
                difference: DifferenceView::new(&record.grants, before),
                cacheable: record.cacheable,
                limits: record.limits.into(),
                parameters: record.parameters.clone().into(),
                output: record.output.clone().into(),
            },
        }
    }
}

impl InspectionView {
    /// Makes the view of what an upload to `reference` would become.
    pub(crate) fn new(
        reference: Arc<str>,
        found: &Inspection,
        before: Option<&ActionRecord>,
        effective: Value,
    ) -> Self {
        Self {
            reference,
            digest: format!("sha256:{}", found.digest),
            kind: kind(&found.invocation),
            summary: found.summary.clone(),
            description: found.description.clone(),
            pure: found.pure,
            status: status(!found.needs_approval),
            size_bytes: found.component.len() as u64,
            component: ComponentView {
                exports: found.exports.clone(),
                imports: found.imports.clone(),
                export: export(&found.invocation),
                grants: found.grants.clone().into(),
                effective: effective.into(),
                difference: DifferenceView::new(&found.grants, before),
                cacheable: found.cacheable,
                limits: found.limits.into(),
                parameters: found.parameters.clone().into(),
                output: found.output.clone().into(),
            },
        }
    }
}

impl From<AttemptLimits> for LimitsView {
    fn from(limits: AttemptLimits) -> Self {
        Self {
            fuel: limits.fuel,
            timeout_ms: limits.timeout_ms,
            memory_bytes: limits.memory_bytes,
            output_bytes: limits.output_bytes,
            log_bytes: limits.log_bytes,
        }
    }
}

fn kind(invocation: &Invocation) -> &'static str {
    match invocation {
        Invocation::Handler => "action",
        Invocation::Typed { .. } => "typed",
        Invocation::Command { .. } => "command",
    }
}

fn export(invocation: &Invocation) -> Option<String> {
    match invocation {
        Invocation::Typed {
            interface: Some(interface),
            function,
        } => Some(format!("{interface}#{function}")),
        Invocation::Typed {
            interface: None,
            function,
        } => Some(function.to_string()),
        Invocation::Handler | Invocation::Command { .. } => None,
    }
}

fn status(approved: bool) -> &'static str {
    if approved {
        "active"
    } else {
        "pending_approval"
    }
}
