//! Puts the reasons of one task together.

use std::sync::Arc;

use crate::definition::{Definition, Join, Target, Task};
use crate::id::TaskIndex;
use crate::run::{Fate, GraphId, Run, Tier, VisitId};
use crate::step::Trace;

use super::place::{gate, wait};
use super::{About, Explanation, Reason, Seen};

/// A replayed run, and the task that is explained.
struct Story<'a> {
    definition: &'a Definition,
    run: &'a Run,
    traces: &'a [Trace],
    index: TaskIndex,
    task: &'a Task,
}

pub(super) fn tell(
    definition: &Definition,
    run: &Run,
    traces: &[Trace],
    about: &About,
) -> Option<Explanation> {
    let (index, place) = match about {
        About::Name(name) => {
            let index = *definition.by_name.get(name)?;
            let latest = run.tasks.get(index.get()).and_then(|slot| slot.0);
            (index, latest.map(|visit| (visit, 0)))
        }
        About::Execution(task) => {
            let (visit, index) = run.find(*task)?;
            (run.visit(visit).task(), Some((visit, index)))
        }
    };
    let story = Story {
        definition,
        run,
        traces,
        index,
        task: definition.task(index),
    };
    let name = Arc::clone(&story.task.name);
    Some(match place {
        None => Explanation {
            task: name,
            execution: None,
            status: None,
            visit: None,
            reasons: story.not_reached(),
        },
        Some((visit, item)) => {
            let id = run.visit(visit).id(item);
            Explanation {
                task: name,
                execution: Some(id),
                status: run.task_row(id).map(|row| row.status),
                visit: Some(run.visit(visit).number),
                reasons: story.of_visit(visit, item),
            }
        }
    })
}

impl Story<'_> {
    fn of_visit(&self, visit: VisitId, item: u32) -> Vec<Reason> {
        let found = self.run.visit(visit);
        let mut reasons = self.origin(visit);
        reasons.extend(self.join(found.start.graph));
        let own = |trace: &&Trace| trace.visit == visit && trace.transition.is_none();
        let condition = self.traces.iter().find(own);
        reasons.extend(condition.map(|trace| Reason::Condition(trace.seen.clone())));
        reasons.extend(wait(self.run, visit, item).map(Reason::Waits));
        if found.is_over() {
            reasons.push(self.end(visit));
        }
        reasons
    }

    /// What led to a visit.
    fn origin(&self, visit: VisitId) -> Vec<Reason> {
        let start = &self.run.visit(visit).start;
        let mut causes: Vec<VisitId> = start.joined.clone();
        if let Some(cause) = start.cause.filter(|cause| !causes.contains(cause)) {
            causes.push(cause);
        }
        let owner = self.run.graph(start.graph).owner;
        if causes.is_empty() || owner.is_some_and(|(block, _)| causes == [block]) {
            let of = match start.tier {
                _ if owner.is_some() => "block",
                Tier::Main => "entry",
                Tier::OnFailure => "on_failure",
                Tier::Finally => "finally",
            };
            return vec![Reason::First { of }];
        }
        causes
            .into_iter()
            .flat_map(|cause| self.led_from(cause))
            .collect()
    }

    /// The transitions of an ended visit that name this task.
    fn led_from(&self, source: VisitId) -> Vec<Reason> {
        let visit = self.run.visit(source);
        let task = self.definition.task(visit.task());
        let led_to = |other: &VisitId| {
            let start = &self.run.visit(*other).start;
            start.cause == Some(source) || start.joined.contains(&source)
        };
        let led = self.run.visits_of(self.index).any(|other| led_to(&other));
        let here = Target::Task(self.index);
        let transitions = task.transitions.iter().enumerate();
        let transitions = transitions.filter(|(_, transition)| transition.targets.contains(&here));
        transitions
            .map(|(place, _)| {
                let condition = self.seen(source, place);
                let held = condition.as_ref().is_none_or(|seen| seen.held == Ok(true));
                Reason::Led {
                    from: Arc::clone(&task.name),
                    visit: visit.number,
                    status: visit.status,
                    led: led && held,
                    condition,
                }
            })
            .collect()
    }

    fn seen(&self, visit: VisitId, place: usize) -> Option<Seen> {
        let found = |trace: &&Trace| trace.visit == visit && trace.transition == Some(place);
        self.traces
            .iter()
            .rev()
            .find(found)
            .map(|trace| trace.seen.clone())
    }

    fn not_reached(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        for &source in &self.task.inbound {
            let name = Arc::clone(&self.definition.task(source).name);
            match self.run.tasks.get(source.get()).and_then(|slot| slot.0) {
                Some(visit) if self.run.visit(visit).is_over() => {
                    reasons.extend(self.led_from(visit));
                }
                Some(visit) => reasons.push(Reason::Unfinished {
                    task: name,
                    status: Some(self.run.visit(visit).status),
                }),
                None => reasons.push(Reason::Unfinished {
                    task: name,
                    status: None,
                }),
            }
        }
        reasons.extend(gate(self.run).map(Reason::Waits));
        let graph = self.latest_graph();
        reasons.extend(self.join(graph));
        let stopped = self.run.graph(graph).not_started.iter();
        if stopped.clone().any(|start| start.task == self.index) {
            reasons.push(Reason::Stopped);
        }
        let stop = self.run.stop;
        let closed = [
            (stop.cancelled.is_some(), "cancelled"),
            (stop.timed_out, "timeout"),
            (stop.limit, "limit"),
        ];
        let closed = closed.into_iter().filter(|(closed, _)| *closed);
        reasons.extend(closed.map(|(_, by)| Reason::Closed { by }));
        reasons
    }

    /// The graph that the task would run in: for one inside a block, the block's latest.
    fn latest_graph(&self) -> GraphId {
        let block = self.task.parent;
        let visit = block.and_then(|block| self.run.tasks.get(block.get())?.0);
        let execution = visit.and_then(|visit| self.run.visit(visit).work.execution(0));
        execution
            .and_then(|execution| execution.graph)
            .unwrap_or_default()
    }

    fn join(&self, graph: GraphId) -> Option<Reason> {
        let needs = match self.task.join? {
            Join::All => self.task.inbound.len() as u32,
            Join::Count(count) => count,
        };
        let book = self.run.graph(graph).joins.get(&self.index);
        let arrivals: Vec<(TaskIndex, Fate)> = book
            .map(|book| {
                book.arrivals()
                    .map(|arrival| (arrival.source, arrival.fate))
                    .collect()
            })
            .unwrap_or_default();
        let name = |index: TaskIndex| Arc::clone(&self.definition.task(index).name);
        let missing = self.task.inbound.iter();
        let missing = missing.filter(|source| arrivals.iter().all(|(from, _)| from != *source));
        Some(Reason::Join {
            needs,
            missing: missing.map(|source| name(*source)).collect(),
            arrivals: arrivals
                .iter()
                .map(|(from, fate)| (name(*from), word(*fate)))
                .collect(),
        })
    }

    fn end(&self, visit: VisitId) -> Reason {
        let own = |trace: &&Trace| trace.visit == visit && trace.transition.is_some();
        let conditions = self
            .traces
            .iter()
            .filter(own)
            .map(|trace| trace.seen.clone());
        let next = self.run.visits.iter().filter(|other| {
            other.start.cause == Some(visit) || other.start.joined.contains(&visit)
        });
        let mut names: Vec<Arc<str>> = Vec::new();
        for name in next.map(|other| &self.definition.task(other.task()).name) {
            if !names.contains(name) {
                names.push(Arc::clone(name));
            }
        }
        Reason::Ended {
            conditions: conditions.collect(),
            next: names,
        }
    }
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Waiting => "waiting",
        Fate::Used => "used",
        Fate::Absorbed => "absorbed",
        Fate::LeftOver => "left_over",
    }
}
