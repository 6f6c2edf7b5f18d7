//! The actions and workflows that a file names, looked up before it is checked against them.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_core::Value;
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

/// A ref as a file names it.
struct Named {
    reference: Arc<str>,
    /// The task says `type: workflow`.
    workflow_only: bool,
}

impl Known {
    /// Looks up every ref that a file names; the file itself may have errors. `own` is its ref: it
    /// may call itself.
    pub(super) async fn of(resolver: &Resolver, file: &Value, own: Option<&str>) -> Result<Self> {
        let mut known = Self {
            schemas: BTreeMap::new(),
            names: Vec::new(),
        };
        let own = own.or_else(|| file.get("ref").and_then(Value::as_str));
        if let Some(own) = own {
            known.schemas.insert(own.into(), ActionSchemas::default());
        }
        let mut named = Vec::new();
        collect(file, &mut named);
        let mut all_found = true;
        for Named {
            reference,
            workflow_only,
        } in named
        {
            if known.schemas.contains_key(&reference) {
                continue;
            }
            match schemas(resolver, &reference, workflow_only).await? {
                Some(found) => drop(known.schemas.insert(reference, found)),
                None => all_found = false,
            }
        }
        if !all_found {
            known.names = names(resolver).await?;
        }
        Ok(known)
    }
}

/// Finds the refs of the tasks of a file or block. The reader has bounded how deep they are.
fn collect(block: &Value, named: &mut Vec<Named>) {
    let tasks = block.get("tasks").and_then(Value::as_list);
    for task in tasks.into_iter().flatten() {
        if let Some(Value::Text(reference)) = task.get("action") {
            named.push(Named {
                reference: reference.clone(),
                workflow_only: task.get("type").and_then(Value::as_str) == Some("workflow"),
            });
        }
        collect(task, named);
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
    let given = |schema: &Value| (!schema.is_null()).then(|| schema.clone());
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
