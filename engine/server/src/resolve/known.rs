//! The actions and workflows that a file names, looked up before it is checked against them.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_core::Definition;
use attune_core::definition::TaskKind;
use attune_core::spec::{ActionSchemas, Actions};

use super::Resolver;
use super::find::{Found, find};
use crate::error::Result;

/// Names listed for "did you mean": more would take longer than they help.
const NAMES: usize = 1000;

/// What is known of the refs that a file names.
pub(super) struct Known {
    schemas: BTreeMap<Arc<str>, ActionSchemas>,
    names: Vec<String>,
}

impl Known {
    /// Looks up every ref of a definition. It may call itself.
    pub(super) async fn of(resolver: &Resolver, definition: &Definition) -> Result<Self> {
        let mut known = Self {
            schemas: BTreeMap::new(),
            names: Vec::new(),
        };
        let own = ActionSchemas {
            parameters: Some(definition.parameters.json().clone()),
            output: definition
                .output
                .as_ref()
                .map(|schema| schema.json().clone()),
        };
        known.schemas.insert(definition.reference.clone(), own);
        let mut all_found = true;
        for task in &definition.tasks {
            if let TaskKind::Action { reference } | TaskKind::Workflow { reference } = &task.kind
                && !known.schemas.contains_key(reference)
            {
                let workflow_only = matches!(task.kind, TaskKind::Workflow { .. });
                match schemas(resolver, reference, workflow_only).await? {
                    Some(found) => drop(known.schemas.insert(reference.clone(), found)),
                    None => all_found = false,
                }
            }
        }
        if !all_found {
            known.names = names(resolver).await?;
        }
        Ok(known)
    }
}

impl Actions for Known {
    fn lookup(&self, reference: &str) -> Option<ActionSchemas> {
        self.schemas.get(reference).cloned()
    }

    fn references(&self) -> Vec<String> {
        self.names.clone()
    }
}

async fn schemas(
    resolver: &Resolver,
    reference: &str,
    workflow_only: bool,
) -> Result<Option<ActionSchemas>> {
    let given = |schema: &attune_core::Value| (!schema.is_null()).then(|| schema.clone());
    match find(&*resolver.catalog, reference, workflow_only).await? {
        Found::Action(action) | Found::Unapproved(action) => Ok(Some(ActionSchemas {
            parameters: given(&action.parameters),
            output: given(&action.output),
        })),
        Found::Workflow(record) => {
            let definition = resolver.source(&record).await?.definition;
            Ok(Some(ActionSchemas {
                parameters: Some(definition.parameters.json().clone()),
                output: definition
                    .output
                    .as_ref()
                    .map(|schema| schema.json().clone()),
            }))
        }
        Found::Nothing => Ok(None),
    }
}

async fn names(resolver: &Resolver) -> Result<Vec<String>> {
    let actions = resolver.catalog.actions(None, NAMES).await?;
    let workflows = resolver.catalog.workflows(None, NAMES).await?;
    let actions = actions.iter().map(|action| action.reference.to_string());
    let workflows = workflows
        .iter()
        .map(|workflow| workflow.reference.to_string());
    Ok(actions.chain(workflows).collect())
}
