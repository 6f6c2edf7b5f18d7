//! Workflows and what is found in their files.

use std::sync::Arc;

use attune_core::diagnostics::Diagnostic;
use attune_core::spec::yaml;
use attune_core::{Digest, pack_of};
use attune_driver::port::WorkflowRecord;
use serde::Serialize;
use utoipa::ToSchema;

use super::time::Time;
use crate::extract::AnyJson;
use crate::resolve::Source;

/// A workflow, without its content.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WorkflowSummary)]
pub(crate) struct WorkflowSummaryView {
    /// A number of its ref, the same for all revisions.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    id: u64,
    /// `pack.name`.
    #[serde(rename = "ref")]
    #[schema(example = "demo.hello")]
    pub(crate) reference: Arc<str>,
    /// Its pack.
    pack: String,
    /// For people.
    label: Option<Arc<str>>,
    /// For people.
    description: Option<Arc<str>>,
    /// The author's own version label.
    version: Option<Arc<str>>,
    /// The server's number of this content.
    revision: u32,
    /// SHA-256 of the source.
    digest: String,
    /// Tags.
    tags: Vec<Arc<str>>,
    /// Whether it may start runs.
    enabled: bool,
    /// When the ref was first created.
    created: Time,
    /// When this revision was.
    updated: Time,
}

/// A workflow.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Workflow)]
pub(crate) struct WorkflowView {
    #[serde(flatten)]
    summary: WorkflowSummaryView,
    /// JSON Schema of the parameters.
    param_schema: AnyJson,
    /// JSON Schema of the output, if the file gives one.
    out_schema: AnyJson,
    /// The file as JSON.
    definition: AnyJson,
    /// What was found doubtful.
    warnings: Vec<DiagnosticView>,
}

/// What checking a file found.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Validation)]
pub(crate) struct ValidationView {
    /// Whether the file would be accepted.
    pub(crate) valid: bool,
    /// Every problem, in the order of its place.
    pub(crate) diagnostics: Vec<DiagnosticView>,
}

/// A problem of a file.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Diagnostic)]
pub(crate) struct DiagnosticView {
    /// `E_…` or `W_…`.
    #[schema(example = "E_UNKNOWN_TASK")]
    code: &'static str,
    /// `error` or `warning`.
    severity: &'static str,
    /// One sentence.
    message: String,
    /// JSON pointer into the file.
    pointer: String,
    /// Line, from 1; 0 without a place.
    line: u32,
    /// Column, from 1; 0 without a place.
    column: u32,
    /// Line where the place ends.
    end_line: u32,
    /// Column behind the place.
    end_column: u32,
    /// What to write instead.
    fix: Option<String>,
}

/// What a list may be filtered by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// All of these tags.
    pub(crate) tags: Vec<String>,
    /// Only enabled or disabled ones.
    pub(crate) enabled: Option<bool>,
    /// Text within ref, label or description, any case.
    pub(crate) search: Option<String>,
    /// Of this pack.
    pub(crate) pack: Option<Arc<str>>,
}

impl Wanted {
    /// Tells whether a workflow is wanted.
    pub(crate) fn matches(&self, record: &WorkflowRecord) -> bool {
        let has = |tag: &String| record.tags.iter().any(|own| **own == **tag);
        self.tags.iter().all(has)
            && self.enabled.is_none_or(|enabled| enabled == record.enabled)
            && self
                .pack
                .as_deref()
                .is_none_or(|pack| pack == pack_of(&record.reference))
            && self.search.as_deref().is_none_or(|text| {
                let texts = [
                    Some(&record.reference),
                    record.label.as_ref(),
                    record.description.as_ref(),
                ];
                contains(&texts, text)
            })
    }
}

/// Tells whether one of the texts has `part` in it, any case.
pub(crate) fn contains(texts: &[Option<&Arc<str>>], part: &str) -> bool {
    let part = part.to_lowercase();
    texts
        .iter()
        .flatten()
        .any(|text| text.to_lowercase().contains(&part))
}

impl From<&WorkflowRecord> for WorkflowSummaryView {
    fn from(record: &WorkflowRecord) -> Self {
        Self {
            id: id(&record.reference),
            reference: record.reference.clone(),
            pack: pack_of(&record.reference).to_owned(),
            label: record.label.clone(),
            description: record.description.clone(),
            version: record.version.clone(),
            revision: record.revision,
            digest: format!("sha256:{}", record.digest),
            tags: record.tags.clone(),
            enabled: record.enabled,
            created: record.created.into(),
            updated: record.updated.into(),
        }
    }
}

/// Returns the number of a ref: 52 bits of its hash, and one that keeps it above zero.
fn id(reference: &str) -> u64 {
    let digest = Digest::of(reference.as_bytes()).0;
    let high = digest
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    (1 << 52) | (high >> 12)
}

impl WorkflowView {
    /// Makes the view of a stored workflow.
    pub(crate) fn new(record: &WorkflowRecord, source: &Source) -> Self {
        let definition = &source.definition;
        let output = definition.output.as_ref();
        Self {
            summary: record.into(),
            param_schema: definition.parameters.json().clone().into(),
            out_schema: output
                .map(|schema| schema.json().clone())
                .unwrap_or_default()
                .into(),
            // It was accepted, so it is YAML.
            definition: yaml::to_value(&source.text).unwrap_or_default().into(),
            warnings: source.warnings.iter().map(DiagnosticView::from).collect(),
        }
    }
}

impl From<&Diagnostic> for DiagnosticView {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity.as_str(),
            message: diagnostic.message.clone(),
            pointer: diagnostic.pointer.clone(),
            line: diagnostic.line,
            column: diagnostic.column,
            end_line: diagnostic.end_line,
            end_column: diagnostic.end_column,
            fix: diagnostic.fix.clone(),
        }
    }
}
