//! Branches come together: an arrival at a join, and what it sets going.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::Join;
use crate::error::{Failure, kind};
use crate::id::TaskIndex;
use crate::run::{Arrival, Fate, Firing, GraphId, Need, Start, VisitId};
use crate::value::Value;

use super::machine::{Flow, Machine};

impl Machine<'_> {
    /// Leads a branch from an ended visit to a task.
    pub(super) fn reach(&mut self, from: VisitId, task: TaskIndex, exempt: bool) -> Flow {
        let source = &self.run.visit(from).start;
        let start = Start {
            task,
            graph: source.graph,
            tier: source.tier,
            exempt: exempt || source.exempt,
            lineage: Arc::clone(&source.lineage),
            cause: Some(from),
            joined: Vec::new(),
            reuse: None,
        };
        if self.definition.task(task).join.is_none() {
            return self.begin(start);
        }
        self.arrive(from, start)
    }

    fn arrive(&mut self, from: VisitId, start: Start) -> Flow {
        let need = self.need(start.task);
        let arrival = Arrival {
            source: self.run.visit(from).task(),
            visit: from,
            lineage: Arc::clone(&start.lineage),
            exempt: start.exempt,
            fate: Fate::Waiting,
        };
        let graph = self.run.graph_mut(start.graph);
        let fired = graph
            .joins
            .entry(start.task)
            .or_default()
            .arrive(need, arrival);
        self.fire(fired, &start)
    }

    fn fire(&mut self, fired: Vec<Firing>, start: &Start) -> Flow {
        for firing in fired {
            self.begin(Start {
                exempt: firing.exempt,
                lineage: firing.lineage,
                joined: firing.visits,
                ..start.clone()
            })?;
        }
        Ok(())
    }

    /// After a rerun has opened joins again: fires those that kept arrivals suffice for.
    pub(super) fn fire_reopened(&mut self, joins: &BTreeSet<TaskIndex>) -> Flow {
        for &join in joins {
            let need = self.need(join);
            let book = self.run.graph_mut(GraphId::default()).joins.get_mut(&join);
            let Some(book) = book else { continue };
            for firing in book.fire_waiting(need) {
                let from = firing.visits[0];
                let start = Start {
                    task: join,
                    reuse: None,
                    cause: Some(from),
                    ..self.run.visit(from).start.clone()
                };
                self.fire(vec![firing], &start)?;
            }
        }
        Ok(())
    }

    fn need(&self, index: TaskIndex) -> Need {
        let task = self.definition.task(index);
        let all = task.inbound.len().max(1) as u32;
        let (sources, absorbs) = match task.join {
            Some(Join::Count(count)) => (count.clamp(1, all), true),
            Some(Join::All) | None => (all, false),
        };
        Need {
            join: index,
            sources,
            absorbs,
            in_cycle: task.in_cycle,
        }
    }

    /// At the end of a graph: fails it for every join with arrivals that nothing came of.
    pub(super) fn report_unreachable(&mut self, graph: GraphId) {
        let joins: Vec<TaskIndex> = self.run.graph(graph).joins.keys().copied().collect();
        for join in joins {
            let Some(book) = self.run.graph_mut(graph).joins.get_mut(&join) else {
                continue;
            };
            let left = book.report_left_over();
            if left.is_empty() {
                continue;
            }
            let names =
                |arrival: &Arrival| Value::Text(Arc::clone(self.task_named(arrival.source)));
            let from = Value::list(left.iter().map(names).collect());
            let message = format!(
                "join `{}` was reached but never completed",
                self.task_named(join)
            );
            let failure = Failure::engine(kind::UNREACHABLE_JOIN, message)
                .with_details(Value::map([("arrived", from)]));
            self.record_failure(graph, None, Some(join), failure);
        }
    }
}
