//! A branch comes to a task: the bounds it must keep, and the new visit.

use std::sync::Arc;

use crate::error::{Failure, kind};
use crate::id::TaskId;
use crate::run::{Held, Next, Stage, Start, TaskStatus, Tier, Visit, VisitId, Work};
use crate::value::Value;

use super::machine::{Flow, Machine};

impl Machine<'_> {
    /// Makes a visit of a task, unless something keeps it from starting.
    pub(super) fn begin(&mut self, start: Start) -> Flow {
        if self.run.is_ended(start.tier) {
            return Ok(());
        }
        let closed = self.run.is_closed(start.tier);
        if closed || self.run.is_stopped(start.graph, start.exempt) {
            let graph = start.graph;
            self.run.graph_mut(graph).not_started.push(start);
            return Ok(());
        }
        if let Some(failure) = self.over_limit(&start) {
            self.reach_limit(start, failure);
            return Ok(());
        }
        let visit = self.add_visit(start);
        self.go_on(visit, Next::Condition)
    }

    /// Takes the next step of a visit, or holds it back during a pause.
    pub(super) fn go_on(&mut self, visit: VisitId, next: Next) -> Flow {
        if self.is_paused() {
            self.run.visit_mut(visit).stage = Stage::Held(next);
            self.run.held.push_back(Held::Visit(visit));
            return Ok(());
        }
        match next {
            Next::Condition => self.check_condition(visit),
            Next::Key => self.ask_for_key(visit),
            Next::Launch => self.launch(visit),
        }
    }

    fn over_limit(&self, start: &Start) -> Option<Failure> {
        let limits = &self.definition.limits;
        let task = self.definition.task(start.task);
        // What ends a run must start even if the run has used up its visits: it gets as many.
        let share = if start.tier == Tier::Main { 1 } else { 2 };
        let visits = self.run.visits.len() as u64 - u64::from(self.run.visits_before_rerun);
        let exceeded = if visits >= u64::from(limits.max_tasks) * share {
            format!(
                "the run has had {} task visits (max_tasks)",
                limits.max_tasks
            )
        } else if self.run.tasks[start.task.get()].1 >= limits.max_task_visits {
            format!(
                "task `{}` was visited {} times (max_task_visits)",
                task.name, limits.max_task_visits
            )
        } else {
            return None;
        };
        Some(Failure::engine(kind::LIMIT_EXCEEDED, exceeded))
    }

    fn add_visit(&mut self, mut start: Start) -> VisitId {
        let task = self.definition.task(start.task);
        let id = VisitId(self.run.visits.len() as u32);
        let first = self.allot(id, 1);
        if task.join.is_none() && task.inbound.len() > 1 && !task.in_cycle {
            start.lineage = start.lineage.through_split(start.task, id);
        }
        let slot = &mut self.run.tasks[start.task.get()];
        let (previous, number) = (slot.0.replace(id), slot.1 + 1);
        slot.1 = number;
        let graph = self.run.graph_mut(start.graph);
        graph.live += 1;
        if graph.owner.is_some() {
            graph.latest.insert(start.task, id);
        }
        self.run.counts.total += 1;
        self.run.visits.push(Arc::new(Visit {
            start,
            number,
            previous,
            first,
            stage: Stage::Held(Next::Condition),
            status: TaskStatus::Requested,
            result: Value::Null,
            failure: None,
            created: self.at,
            started: None,
            ended: None,
            delay: None,
            deadline: None,
            key: None,
            ending: None,
            commanded: 0,
            queued: false,
            work: Work::default(),
        }));
        id
    }

    /// Gives a visit a contiguous range of `count` ids.
    pub(super) fn allot(&mut self, visit: VisitId, count: u32) -> TaskId {
        let first = TaskId(self.run.next_task + 1);
        self.run.next_task += u64::from(count);
        self.run.ids.push((first, visit));
        first
    }

    /// Widens a visit's range of ids to one per execution: in place if it is the latest.
    pub(super) fn widen(&mut self, visit: VisitId, count: u32) {
        let first = self.run.visit(visit).first;
        if count <= 1 {
            return;
        }
        self.run.counts.total += count - 1;
        if first.0 == self.run.next_task {
            self.run.next_task += u64::from(count) - 1;
        } else {
            self.run.visit_mut(visit).first = self.allot(visit, count);
        }
    }
}
