//! What must hold of a run after each step.

use super::{GraphId, Phase, Run, Stage, State, VisitId};
use crate::definition::Definition;

/// Runs with more executions than this are looked at whole only now and then, so that large ones
/// stay fast in tests.
const LARGE: u64 = 500;

/// How many attempts lie between two looks at a large run.
const SAMPLE: u64 = 64;

impl Run {
    /// Checks the invariants; a violation is our bug, never the user's input.
    pub(crate) fn check(&self, definition: &Definition) {
        if self.birth.is_none() {
            return;
        }
        assert_eq!(self.tasks.len(), definition.tasks.len());
        self.check_end();
        let sampled = self.next_flight.is_multiple_of(SAMPLE) || self.phase == Phase::Over;
        if self.next_task > LARGE && !sampled {
            return;
        }
        for place in 0..self.visits.len() as u32 {
            self.check_visit(VisitId(place));
        }
        for place in 0..self.graphs.len() as u32 {
            self.check_graph(GraphId(place));
        }
        self.check_flights();
        self.check_progress();
    }

    fn check_end(&self) {
        if self.phase == Phase::Over {
            assert!(self.status().is_over(), "an ended run has an end");
            assert!(self.flights.is_empty() && self.timers.is_empty());
            assert!(self.ready.is_empty() && self.queue.is_empty() && self.next_ready().is_none());
            assert!(self.visits.iter().all(|visit| visit.is_over()));
        } else {
            assert!(!self.status().is_over(), "a run that goes on has no end");
        }
        let counts = self.counts;
        assert!(counts.completed + counts.failed + counts.skipped <= counts.total);
    }

    fn check_visit(&self, id: VisitId) {
        let visit = self.visit(id);
        assert_eq!(self.find(visit.first).map(|(found, _)| found), Some(id));
        let work = &visit.work;
        let executions = || work.executions.iter();
        let occupied = executions()
            .filter(|execution| execution.occupies())
            .count();
        assert_eq!(work.in_flight as usize, occupied, "places of {id:?}");
        let over = executions()
            .filter(|execution| execution.state == State::Over)
            .count();
        assert_eq!(work.over as usize, over, "ended executions of {id:?}");
        assert!(work.executions.len() <= work.total as usize);
        assert!(work.in_flight <= work.limit.max(work.max_in_flight));
        let ready = executions()
            .filter(|execution| execution.state == State::Ready)
            .count();
        assert!(
            visit.is_over() || work.again.len() == ready,
            "ready executions of {id:?}"
        );
        if visit.is_over() {
            assert!(visit.status.is_over() && visit.ended.is_some());
            assert_eq!(work.in_flight, 0, "nothing runs in an ended visit");
        }
        if work.startable().is_some() && visit.stage == Stage::Open {
            assert!(
                visit.queued || self.is_barred(&visit.start),
                "{id:?} can start something and is not queued"
            );
        }
    }

    fn check_graph(&self, id: GraphId) {
        let graph = self.graph(id);
        let inside = |visit: &&std::sync::Arc<super::Visit>| visit.start.graph == id;
        let live = self
            .visits
            .iter()
            .filter(inside)
            .filter(|visit| !visit.is_over())
            .count();
        let queued = self
            .queue
            .iter()
            .filter(|visit| self.visit(**visit).start.graph == id)
            .count();
        assert_eq!(graph.live as usize, live + queued, "live visits of {id:?}");
        assert!(graph.limit.is_none_or(|limit| graph.in_flight <= limit));
        let waits = graph.parked.iter().any(|visit| self.could_start(*visit));
        assert!(
            !waits || graph.is_full() || self.ready_in(id) || self.pause.is_some(),
            "something waits for a place that is free"
        );
    }

    fn could_start(&self, id: VisitId) -> bool {
        let visit = self.visit(id);
        !self.is_barred(&visit.start) && !visit.is_over() && visit.work.startable().is_some()
    }

    fn ready_in(&self, id: GraphId) -> bool {
        let mut ready = self
            .ready
            .iter()
            .map(|visit| self.visit(*visit).start.graph);
        ready.any(|graph| self.graphs_around(graph).any(|around| around == id))
    }

    fn check_flights(&self) {
        for (flight, (task, attempt)) in &self.flights {
            let found = self
                .find(*task)
                .and_then(|(visit, index)| self.visit(visit).work.execution(index));
            let flies = found.is_some_and(|execution| {
                execution.state == State::Flying(*flight) && execution.attempt == *attempt
            });
            assert!(flies, "a flight of {task:?} without an execution");
        }
    }

    /// A run never hangs: as long as it goes on, something will wake it.
    fn check_progress(&self) {
        let waits = !self.flights.is_empty()
            || !self.queue.is_empty()
            || !self.ready.is_empty()
            || !self.timers.is_empty()
            || self.pause.is_some()
            || self.gate.is_some()
            || self.visits.iter().any(|visit| {
                visit.stage == Stage::Keyed
                    || visit
                        .work
                        .executions
                        .iter()
                        .any(|execution| execution.state == State::Waiting)
            });
        let root_pending = self.graph(GraphId::default()).live > 0;
        let live = || {
            self.visits
                .iter()
                .filter(|visit| !visit.is_over())
                .collect::<Vec<_>>()
        };
        assert!(waits || !root_pending, "the run hangs: {:?}", live());
    }
}
