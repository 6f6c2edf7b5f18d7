//! What the expressions of a run see: the run's state from one place in the graph.

mod fields;

use std::cell::OnceCell;
use std::sync::Arc;

use crate::definition::Definition;
use crate::error::{Failure, Source};
use crate::event::Facts;
use crate::expr::{Completion, Fields, Iteration, Scope};
use crate::run::{GraphId, Lineage, Phase, Run, TaskStatus, VisitId};
use crate::time::Timestamp;
use crate::value::{Map, Value};

use super::machine::Machine;

use fields::Subject;

pub(super) use fields::{item_status, sub_visits};

/// The run's state from one place in the graph.
pub(super) struct View<'a> {
    run: &'a Run,
    definition: &'a Definition,
    at: Timestamp,
    facts: &'a Arc<Facts>,
    graph: GraphId,
    /// `None`: the latest visit of each task, whatever branch it is of.
    lineage: Option<&'a Lineage>,
    /// The visit that has just ended, or one execution of it whose attempt has.
    own: Option<(VisitId, Option<u32>)>,
    iteration: Option<Iteration>,
    completion: Option<Completion>,
    vars: OnceCell<Value>,
}

impl Machine<'_> {
    /// Returns what the run as a whole sees.
    pub(super) fn run_view(&self) -> View<'_> {
        View {
            run: &*self.run,
            definition: self.definition,
            at: self.at,
            facts: &self.facts,
            graph: GraphId::default(),
            lineage: None,
            own: None,
            iteration: None,
            completion: None,
            vars: OnceCell::new(),
        }
    }

    /// Returns what the fields of a visit see.
    pub(super) fn visit_view(&self, visit: VisitId) -> View<'_> {
        let start = &self.run.visit(visit).start;
        View {
            graph: start.graph,
            lineage: Some(&start.lineage),
            ..self.run_view()
        }
    }

    /// Returns what the transitions of an ended visit see.
    pub(super) fn ended_view(&self, visit: VisitId, has_on_skip: bool) -> View<'_> {
        let ended = self.run.visit(visit);
        let skipped = ended.status == TaskStatus::Skipped;
        let completion = Completion {
            result: ended.result.clone(),
            error: failure_value(ended.failure.as_ref()),
            succeeded: ended.status == TaskStatus::Completed || (skipped && !has_on_skip),
            failed: matches!(ended.status, TaskStatus::Failed | TaskStatus::Abandoned),
            timed_out: ended.status == TaskStatus::Timeout,
            skipped,
            attempt: None,
        };
        View {
            own: Some((visit, None)),
            completion: Some(completion),
            ..self.visit_view(visit)
        }
    }

    /// Returns what the retry policy of an execution sees when an attempt has ended.
    pub(super) fn attempt_view(&self, visit: VisitId, index: u32) -> View<'_> {
        let work = &self.run.visit(visit).work;
        let completion = work.execution(index).map(|execution| Completion {
            result: execution.result.clone(),
            error: failure_value(execution.failure.as_ref()),
            succeeded: execution.status == TaskStatus::Completed,
            failed: matches!(execution.status, TaskStatus::Failed | TaskStatus::Abandoned),
            timed_out: execution.status == TaskStatus::Timeout,
            skipped: false,
            attempt: Some(execution.attempt),
        });
        View {
            own: Some((visit, Some(index))),
            completion,
            ..self
                .visit_view(visit)
                .in_iteration(iteration(&work.iteration, index))
        }
    }
}

/// Returns the place of an execution in its iteration.
pub(super) fn iteration(series: &Option<Box<crate::run::Series>>, index: u32) -> Option<Iteration> {
    let series = series.as_deref()?;
    Some(Iteration {
        item: series.values.get(index as usize)?.clone(),
        index,
        batch: series.batch.map(|batch| batch.place(index)),
    })
}

impl View<'_> {
    pub(super) fn in_iteration(self, iteration: Option<Iteration>) -> Self {
        Self { iteration, ..self }
    }

    /// Finds what `task.<name>` is about: the visit that has just ended, else the latest one on
    /// this branch, else the latest.
    fn subject(&self, name: &str) -> Option<Subject> {
        let index = *self.definition.by_name.get(name)?;
        if let Some((visit, execution)) = self.own
            && self.run.visit(visit).task() == index
        {
            return Some(match execution {
                Some(execution) => Subject::Attempt(visit, execution),
                None => Subject::Visit(visit),
            });
        }
        let mut latest = None;
        for visit in self.run.visits_of(index) {
            let found = self.run.visit(visit);
            if !found.is_over() {
                continue;
            }
            let mine = self
                .lineage
                .is_none_or(|lineage| lineage.agrees(&found.start.lineage));
            if mine {
                return Some(Subject::Visit(visit));
            }
            latest = latest.or(Some(visit));
        }
        Some(latest.map_or(Subject::Unfinished(index), Subject::Visit))
    }
}

impl Scope for View<'_> {
    fn parameters(&self) -> Value {
        self.run.parameters().clone()
    }

    fn vars(&self) -> Value {
        let vars = self
            .vars
            .get_or_init(|| Value::Map(self.run.vars_seen(self.graph)));
        vars.clone()
    }

    fn task(&self, name: &str, fields: &Fields) -> Option<Value> {
        let subject = self.subject(name)?;
        let names = match fields {
            Fields::All => subject.all_names(self.run, self.definition),
            Fields::Named(names) => names.clone(),
        };
        let mut map = Map::new();
        for name in names {
            if let Some(value) = subject.field(self.run, self.definition, &name) {
                map.insert(name, value);
            }
        }
        Some(Value::Map(Arc::new(map)))
    }

    fn config(&self) -> Value {
        let request = &self.run.born().request;
        let pack = self.definition.reference.split('.').next().unwrap_or("");
        request
            .pins
            .configs
            .get(pack)
            .cloned()
            .unwrap_or_else(empty)
    }

    fn system(&self) -> Value {
        let request = &self.run.born().request;
        let id = Value::from(request.run.0);
        let begun = self.run.started.unwrap_or(self.run.created);
        Value::map([
            ("execution_id", id.clone()),
            ("workflow_execution_id", id),
            ("timestamp", seconds(self.at.0)),
            ("now", Value::text(self.at.to_rfc3339())),
            ("workflow_start", Value::text(begun.to_rfc3339())),
            (
                "identity",
                Value::map([("login", Value::Text(Arc::clone(&request.identity)))]),
            ),
            ("status", Value::from(self.run_status())),
            ("errors", self.errors()),
        ])
    }

    fn facts(&self) -> Arc<Facts> {
        Arc::clone(self.facts)
    }

    fn iteration(&self) -> Option<Iteration> {
        self.iteration.clone()
    }

    fn completion(&self) -> Option<Completion> {
        self.completion.clone()
    }
}

impl View<'_> {
    /// Once the run's main part has ended: how it will end.
    fn run_status(&self) -> &'static str {
        if self.run.phase > Phase::Main {
            self.run.prospective_status().as_str()
        } else {
            self.run.status().as_str()
        }
    }

    fn errors(&self) -> Value {
        let error = |error: crate::run::RunError| {
            let mut map = Map::new();
            let task = error.task.map_or(Value::Null, Value::Text);
            map.insert("task".into(), task);
            if let Value::Map(fields) = failure_value(Some(&error.failure)) {
                map.extend(fields.iter().map(|(k, v)| (Arc::clone(k), v.clone())));
            }
            Value::Map(Arc::new(map))
        };
        Value::list(self.run.errors().into_iter().map(error).collect())
    }
}

/// Returns a failure as expressions see it: `{type, source, message, details}` or null.
pub(super) fn failure_value(failure: Option<&Failure>) -> Value {
    let Some(failure) = failure else {
        return Value::Null;
    };
    let source = match failure.source {
        Source::Action => "action",
        Source::Engine | Source::Workflow => "engine",
    };
    Value::map([
        ("type", Value::Text(Arc::clone(&failure.kind))),
        ("source", Value::from(source)),
        ("message", Value::Text(Arc::clone(&failure.message))),
        ("details", failure.details.clone()),
    ])
}

/// Returns milliseconds as seconds: an integer where they are whole.
pub(super) fn seconds(ms: u64) -> Value {
    if ms.is_multiple_of(1000) {
        Value::from(ms / 1000)
    } else {
        Value::from(ms as f64 / 1000.0)
    }
}

fn empty() -> Value {
    Value::Map(Arc::new(Map::new()))
}
