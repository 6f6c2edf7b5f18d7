//! Variables get values.

use std::sync::Arc;

use crate::definition::{Publish, Task, Transition};
use crate::effect::Change;
use crate::error::{Failure, kind};
use crate::id::TaskIndex;
use crate::run::{GraphId, TaskStatus, VisitId};
use crate::value::Value;

use super::machine::{Flow, Machine, render};

impl<'a> Machine<'a> {
    /// Applies the task-level publish of an ended visit, if it applies to such an end.
    pub(super) fn publish_task(
        &mut self,
        visit: VisitId,
        task: &'a Task,
    ) -> Flow<Result<(), Failure>> {
        let status = self.run.visit(visit).status;
        let succeeded = status == TaskStatus::Completed;
        let failed = status != TaskStatus::Skipped && !succeeded;
        if succeeded || (failed && task.publish_on_failure) {
            self.publish_list(visit, &task.publish, failed)
        } else {
            Ok(Ok(()))
        }
    }

    /// Applies the publishes of the transitions that fire, in order. One that cannot be
    /// evaluated takes its transition out of `fired`. What goes on from a skipped task as if it
    /// had succeeded publishes nothing.
    pub(super) fn publish_transitions(
        &mut self,
        visit: VisitId,
        fired: &mut Vec<&'a Transition>,
        broken: &mut Vec<Failure>,
    ) -> Flow {
        let skipped = self.run.visit(visit).status == TaskStatus::Skipped;
        if skipped && !self.task(visit).has_on_skip {
            return Ok(());
        }
        let mut kept = Vec::with_capacity(fired.len());
        for transition in fired.drain(..) {
            match self.publish_list(visit, &transition.publish, false)? {
                Ok(()) => kept.push(transition),
                Err(failure) => broken.push(failure),
            }
        }
        *fired = kept;
        Ok(())
    }

    /// Applies entries in order; each sees those before it. With `lenient`, entries that cannot
    /// be evaluated are left out.
    pub(super) fn publish_list(
        &mut self,
        visit: VisitId,
        list: &[Publish],
        lenient: bool,
    ) -> Flow<Result<(), Failure>> {
        for entry in list {
            let value = match &entry.value {
                None => Ok(self.run.visit(visit).result.clone()),
                Some(template) => {
                    let has_on_skip = self.task(visit).has_on_skip;
                    render(template, &self.ended_view(visit, has_on_skip))?
                }
            };
            match value {
                Ok(value) => {
                    let start = &self.run.visit(visit).start;
                    let (graph, writer) = (start.graph, start.task);
                    self.publish_var(graph, writer, &entry.name, value);
                }
                Err(_) if lenient => {}
                Err(message) => {
                    let message = format!("publish of `{}`: {message}", entry.name);
                    return Ok(Err(Failure::engine(kind::PUBLISH, message)));
                }
            }
        }
        Ok(Ok(()))
    }

    fn publish_var(&mut self, graph: GraphId, writer: TaskIndex, name: &Arc<str>, value: Value) {
        self.out.changes.push(Change::Published {
            name: Arc::clone(name),
            value: value.clone(),
        });
        let state = self.run.graph_mut(graph);
        if state.owner.is_some() {
            let last = state.writers.get(name).map(|(task, _)| *task);
            if last.is_none_or(|last| last <= writer) {
                let written = (writer, value.clone());
                state.writers.insert(Arc::clone(name), written);
            }
        }
        self.put_var(graph, name, value);
    }

    pub(super) fn put_var(&mut self, graph: GraphId, name: &Arc<str>, value: Value) {
        let vars = Arc::make_mut(&mut self.run.graph_mut(graph).vars);
        vars.insert(Arc::clone(name), value);
    }

    /// When a block ends, what its tasks published reaches the graph around it: for each name
    /// the writer declared last wins.
    pub(super) fn surface_vars(&mut self, inner: GraphId, outer: GraphId) {
        let writers = std::mem::take(&mut self.run.graph_mut(inner).writers);
        for (name, (writer, value)) in writers {
            self.publish_var(outer, writer, &name, value);
        }
    }
}
