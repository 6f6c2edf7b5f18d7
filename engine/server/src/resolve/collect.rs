//! Walks a definition and the workflows it calls, pinning each action and workflow once.

use std::collections::VecDeque;
use std::sync::Arc;

use attune_core::definition::{Task, TaskKind};
use attune_core::pin::{ActionPin, Pins};
use attune_core::{Definition, pack_of};
use attune_driver::port::{ActionRecord, WorkflowRecord};

use super::find::{Found, find};
use super::{Resolver, pin};
use crate::error::{Item, Result};
use crate::limits::REACHABLE_WORKFLOWS;

/// One walk.
pub(super) struct Collector<'a> {
    resolver: &'a Resolver,
    /// Deeper children are refused when they would start, so nothing there needs a pin.
    max_depth: u32,
    pins: Pins,
    missing: Vec<Item>,
    todo: VecDeque<Step>,
}

/// A workflow whose tasks are to be looked at.
struct Step {
    definition: Arc<Definition>,
    /// The root is 1.
    depth: u32,
    /// Where in the root's file the call stands; `None` for the root itself.
    called_at: Option<String>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(resolver: &'a Resolver) -> Self {
        Self {
            resolver,
            max_depth: 1,
            pins: Pins::default(),
            missing: Vec::new(),
            todo: VecDeque::new(),
        }
    }

    /// Walks; returns the pins and what leads nowhere.
    pub(super) async fn collect(mut self, root: &Arc<Definition>) -> Result<(Pins, Vec<Item>)> {
        self.max_depth = root.limits.max_depth;
        self.config(&root.reference).await?;
        self.todo.push_back(Step {
            definition: root.clone(),
            depth: 1,
            called_at: None,
        });
        while let Some(step) = self.todo.pop_front() {
            for task in &step.definition.tasks {
                self.visit(&step, task).await?;
            }
        }
        Ok((self.pins, self.missing))
    }

    async fn visit(&mut self, step: &Step, task: &Task) -> Result<()> {
        let (TaskKind::Action { reference } | TaskKind::Workflow { reference }) = &task.kind else {
            return Ok(());
        };
        if self.pins.actions.contains_key(reference) || self.pins.workflows.contains_key(reference)
        {
            return Ok(());
        }
        let workflow_only = matches!(task.kind, TaskKind::Workflow { .. });
        match find(&*self.resolver.catalog, reference, workflow_only).await? {
            Found::Action(record) => {
                self.config(&record.reference).await?;
                let pin = action_pin(&record);
                self.pins.actions.insert(reference.clone(), pin);
            }
            Found::Workflow(record) => self.descend(step, task, reference, &record).await?,
            Found::Unapproved(_) => self.missing.push(missing(step, task, reference, true)),
            Found::Nothing => self.missing.push(missing(step, task, reference, false)),
        }
        Ok(())
    }

    async fn descend(
        &mut self,
        step: &Step,
        task: &Task,
        reference: &Arc<str>,
        record: &WorkflowRecord,
    ) -> Result<()> {
        if self.pins.workflows.len() >= REACHABLE_WORKFLOWS {
            let message = format!("more than {REACHABLE_WORKFLOWS} workflows can be reached");
            self.missing.push(Item::at("", message).code("E_LIMIT"));
            return Ok(());
        }
        self.config(&record.reference).await?;
        self.pins.workflows.insert(reference.clone(), pin(record));
        if step.depth < self.max_depth {
            self.todo.push_back(Step {
                definition: self.resolver.source(record).await?.definition,
                depth: step.depth + 1,
                called_at: Some(place(step, task)),
            });
        }
        Ok(())
    }

    /// Pins the configuration of a ref's pack, if it has one.
    async fn config(&mut self, reference: &str) -> Result<()> {
        let name = pack_of(reference);
        if self.pins.configs.contains_key(name) {
            return Ok(());
        }
        if let Some(pack) = self.resolver.catalog.pack(name).await?
            && !pack.config.is_null()
        {
            self.pins.configs.insert(pack.name, pack.config);
        }
        Ok(())
    }
}

/// Where in the root's file a task's reference stands.
fn place(step: &Step, task: &Task) -> String {
    step.called_at
        .clone()
        .unwrap_or_else(|| format!("{}/action", pointer(&step.definition, task)))
}

/// The JSON pointer of a task: its place among the tasks of its block.
fn pointer(definition: &Definition, task: &Task) -> String {
    let index = definition
        .tasks
        .iter()
        .filter(|other| other.parent == task.parent)
        .position(|other| other.name == task.name)
        .unwrap_or_default();
    let above = task
        .parent
        .map(|parent| pointer(definition, definition.task(parent)))
        .unwrap_or_default();
    format!("{above}/tasks/{index}")
}

fn missing(step: &Step, task: &Task, reference: &str, unapproved: bool) -> Item {
    let name = &task.name;
    let (what, fix) = if unapproved {
        (
            format!("action `{reference}` of task `{name}` waits for approval"),
            format!("have an admin approve it: attune action approve {reference}"),
        )
    } else {
        (
            format!("action or workflow `{reference}` of task `{name}` does not exist"),
            format!("upload it first, or correct the name `{reference}`"),
        )
    };
    let message = match &step.called_at {
        None => what,
        Some(_) => format!("{what} (in workflow `{}`)", step.definition.reference),
    };
    Item::at(place(step, task), message)
        .code("E_UNKNOWN_ACTION")
        .fix(fix)
}

fn action_pin(record: &ActionRecord) -> ActionPin {
    ActionPin {
        reference: record.reference.clone(),
        revision: record.revision,
        digest: record.digest,
        invocation: record.invocation.clone(),
        pure: record.pure,
        cacheable: record.cacheable,
        limits: record.limits,
        builtin: record.builtin,
    }
}
