//! From a ref to all that a run needs: the definition, parsed, and pins of everything it can reach.
//!
//! What was resolved is kept while the catalog's generation stays the same, so that starting a
//! known workflow neither reads nor parses anything.

mod collect;
mod find;
mod known;
mod reference;
mod single;

use std::sync::Arc;

use attune_core::diagnostics::Diagnostic;
use attune_core::pin::{Pins, WorkflowPin};
use attune_core::spec::{self, Options, Parsed, yaml};
use attune_core::{Definition, Digest};
use attune_driver::port::{ActionRecord, Catalog, WorkflowRecord};

use crate::cache::Cache;
use crate::error::{ApiError, Code, Result};

use collect::Collector;
use known::Known;

/// Bytes of source of the definitions kept parsed; parsed, they are several times larger.
const KEPT_SOURCE_BYTES: usize = 16 << 20;
/// What an entry of a cache counts beside its source.
const ENTRY_BYTES: usize = 4 << 10;
/// Source above which parsing gets a thread of its own.
const BLOCKING_BYTES: usize = 16 << 10;

/// Ready to start.
#[derive(Debug)]
pub(crate) struct Runnable {
    /// The workflow.
    pub(crate) definition: Arc<Definition>,
    /// Its exact revision.
    pub(crate) workflow: WorkflowPin,
    /// All that it can reach.
    pub(crate) pins: Pins,
    /// Whether it may start runs.
    pub(crate) enabled: bool,
}

/// Finds what refs mean.
pub(crate) struct Resolver {
    catalog: Arc<dyn Catalog>,
    definitions: Cache<Digest, Source>,
    workflows: Cache<(Arc<str>, Option<u32>), Arc<Runnable>>,
    actions: Cache<(Arc<str>, Option<u32>), Arc<Runnable>>,
}

/// A stored source, parsed.
#[derive(Clone)]
pub(crate) struct Source {
    /// The workflow.
    pub(crate) definition: Arc<Definition>,
    /// What was found doubtful.
    pub(crate) warnings: Arc<[Diagnostic]>,
    /// The text as it was sent.
    pub(crate) text: Arc<str>,
}

impl Resolver {
    /// Makes a resolver over a catalog.
    pub(crate) fn new(catalog: Arc<dyn Catalog>) -> Self {
        Self {
            catalog,
            definitions: Cache::new(KEPT_SOURCE_BYTES),
            workflows: Cache::new(KEPT_SOURCE_BYTES),
            actions: Cache::new(KEPT_SOURCE_BYTES),
        }
    }

    /// Resolves a workflow, its newest revision by default.
    pub(crate) async fn workflow(
        &self,
        reference: &Arc<str>,
        revision: Option<u32>,
    ) -> Result<Arc<Runnable>> {
        let generation = self.catalog.generation();
        let key = (reference.clone(), revision);
        if let Some(kept) = generation.and_then(|g| self.workflows.get(g, &key)) {
            return Ok(kept);
        }
        let record = self
            .catalog
            .workflow(reference, revision)
            .await?
            .ok_or_else(|| ApiError::not_found("workflow", reference))?;
        let source = self.source(&record).await?;
        let runnable = Arc::new(Runnable {
            pins: self.pins(&source.definition).await?,
            definition: source.definition,
            workflow: pin(&record),
            enabled: record.enabled,
        });
        if let Some(generation) = generation {
            let weight = source.text.len() + ENTRY_BYTES;
            self.workflows
                .put(generation, key, runnable.clone(), weight);
        }
        Ok(runnable)
    }

    /// Resolves a single action as a workflow of one task.
    pub(crate) async fn action(
        &self,
        reference: &Arc<str>,
        revision: Option<u32>,
    ) -> Result<Arc<Runnable>> {
        let generation = self.catalog.generation();
        let key = (reference.clone(), revision);
        if let Some(kept) = generation.and_then(|g| self.actions.get(g, &key)) {
            return Ok(kept);
        }
        let action = self.usable_action(reference, revision).await?;
        let text = single::source(&action);
        let weight = text.len() + ENTRY_BYTES;
        let parsed = spec::parse_with(&text, &Options::inline());
        let runnable = self.unsaved(text, parsed).await?;
        let runnable = Arc::new(Runnable {
            workflow: WorkflowPin {
                revision: action.revision,
                ..runnable.workflow
            },
            ..runnable
        });
        if let Some(generation) = generation {
            self.actions.put(generation, key, runnable.clone(), weight);
        }
        Ok(runnable)
    }

    async fn usable_action(&self, reference: &str, revision: Option<u32>) -> Result<ActionRecord> {
        let found = self.catalog.action(reference, revision).await?;
        if let Some(action) = found.filter(|action| action.approved) {
            return Ok(action);
        }
        let versions = self.catalog.action_versions(reference).await?;
        let waits = versions
            .iter()
            .any(|version| revision.is_none_or(|wanted| wanted == version.revision));
        if waits {
            Err(ApiError::new(
                Code::PendingApproval,
                format!("action `{reference}` waits for an admin's approval"),
            ))
        } else {
            Err(ApiError::not_found("action", reference))
        }
    }

    /// Keeps the source of a workflow that is not saved, and resolves it.
    pub(crate) async fn unsaved(&self, text: String, parsed: Parsed) -> Result<Runnable> {
        let definition = parsed
            .definition
            .ok_or_else(|| ApiError::workflow(&parsed.diagnostics))?;
        let definition = Arc::new(definition);
        let pins = self.pins(&definition).await?;
        let digest = self.catalog.put_content(text.into()).await?;
        Ok(Runnable {
            workflow: WorkflowPin {
                reference: definition.reference.clone(),
                revision: 0,
                digest,
            },
            pins,
            definition,
            enabled: true,
        })
    }

    /// Checks a file against the actions and workflows that it names. `default_ref` is the ref
    /// that the request names.
    pub(crate) async fn check(&self, text: &str, default_ref: Option<&str>) -> Result<Parsed> {
        let known = match yaml::to_value(text) {
            Ok(file) => Some(Known::of(self, &file, default_ref).await?),
            // Not YAML: the reader says where.
            Err(_) => None,
        };
        parse(text, default_ref, known).await
    }

    /// Pins everything that a definition can reach.
    async fn pins(&self, definition: &Arc<Definition>) -> Result<Pins> {
        let (pins, missing) = Collector::new(self).collect(definition).await?;
        match missing.first() {
            None => Ok(pins),
            Some(first) => {
                let detail = first.message.clone();
                Err(ApiError::new(Code::UnknownAction, detail).items(missing))
            }
        }
    }

    /// Returns a stored workflow's definition and source.
    pub(crate) async fn source(&self, record: &WorkflowRecord) -> Result<Source> {
        if let Some(source) = self.definitions.get(0, &record.digest) {
            return Ok(source);
        }
        let lost = || ApiError::internal(&LostSource(record.reference.clone()));
        let content = self.catalog.content(record.digest).await?;
        let text = content
            .and_then(|bytes| String::from_utf8(bytes.into()).ok())
            .ok_or_else(lost)?;
        let parsed = parse(&text, Some(&record.reference), None).await?;
        let source = Source {
            definition: Arc::new(parsed.definition.ok_or_else(lost)?),
            warnings: parsed.diagnostics.into(),
            text: text.into(),
        };
        let weight = source.text.len() + ENTRY_BYTES;
        self.definitions
            .put(0, record.digest, source.clone(), weight);
        Ok(source)
    }
}

/// A stored workflow cannot be read any more.
#[derive(Debug, thiserror::Error)]
#[error("the source of workflow `{0}` is gone or no longer valid")]
struct LostSource(Arc<str>);

/// Returns the pin of a stored revision.
pub(crate) fn pin(record: &WorkflowRecord) -> WorkflowPin {
    WorkflowPin {
        reference: record.reference.clone(),
        revision: record.revision,
        digest: record.digest,
    }
}

/// Parses a source; a large one on a thread that may be busy.
async fn parse(text: &str, default_ref: Option<&str>, actions: Option<Known>) -> Result<Parsed> {
    if text.len() <= BLOCKING_BYTES {
        return Ok(parse_now(text, default_ref, actions.as_ref()));
    }
    let (text, default_ref) = (text.to_owned(), default_ref.map(str::to_owned));
    tokio::task::spawn_blocking(move || parse_now(&text, default_ref.as_deref(), actions.as_ref()))
        .await
        .map_err(|error| ApiError::internal(&error))
}

fn parse_now(text: &str, default_ref: Option<&str>, actions: Option<&Known>) -> Parsed {
    let options = Options {
        default_ref,
        actions: actions.map(|known| known as &dyn spec::Actions),
        ..Options::default()
    };
    spec::parse_with(text, &options)
}
