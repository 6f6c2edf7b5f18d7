//! Failures that nothing handled: they are recorded, and `fail_fast` stops what goes on beside
//! them.

use crate::definition::TaskKind;
use crate::error::{Failure, kind};
use crate::id::TaskIndex;
use crate::run::{GraphId, Start, Tier, Unhandled, VisitId};

use super::cut::Cut;
use super::machine::Machine;

impl Machine<'_> {
    /// Records a failure that fails its graph, and stops the graph if it says `fail_fast`.
    pub(super) fn unhandled(&mut self, graph: GraphId, visit: Option<VisitId>, failure: Failure) {
        self.record_failure(graph, visit, None, failure);
        if self.fails_fast(graph) && !self.run.graph(graph).stopped {
            self.run.graph_mut(graph).stopped = true;
            self.cut_stopped();
        }
    }

    pub(super) fn record_failure(
        &mut self,
        graph: GraphId,
        visit: Option<VisitId>,
        task: Option<TaskIndex>,
        failure: Failure,
    ) {
        let task = task.or(visit.map(|visit| self.run.visit(visit).task()));
        self.run.graph_mut(graph).failures.push(Unhandled {
            visit,
            task,
            failure,
        });
    }

    /// Records a failure of the run as a whole.
    pub(super) fn fail_run(&mut self, failure: Failure) {
        self.record_failure(GraphId::default(), None, None, failure);
    }

    fn fails_fast(&self, graph: GraphId) -> bool {
        match self.run.graph(graph).owner {
            None => self.definition.fail_fast,
            Some((block, _)) => {
                let task = self.task(block);
                task.fail_fast && matches!(task.kind, TaskKind::Parallel { .. })
            }
        }
    }

    /// A limit of the run is reached: the run fails and nothing new starts. A rerun goes on with
    /// what did not start.
    pub(super) fn reach_limit(&mut self, start: Start, failure: Failure) {
        let root = GraphId::default();
        self.record_failure(root, None, Some(start.task), failure);
        let graph = start.graph;
        self.run.graph_mut(graph).not_started.push(start);
        self.close_main();
    }

    fn close_main(&mut self) {
        if !self.run.stop.limit {
            let spared = self.spare_fresh();
            self.run.stop.limit = true;
            for visit in self.live_visits() {
                let main = self.run.visit(visit).start.tier == Tier::Main;
                if main && !spared.contains(&visit) {
                    self.cut(visit, Cut::STOPPED);
                }
            }
        }
    }

    /// What this step has made ready before the limit was reached, and has a place for, counts
    /// as started.
    fn spare_fresh(&mut self) -> Vec<VisitId> {
        if self.is_paused() || self.is_out_of_fuel() {
            return Vec::new();
        }
        let most = u64::from(self.run.born().max_parallel);
        let free = most.saturating_sub(self.run.flights.len() as u64);
        let ready = self.run.ready.iter().copied();
        let fresh = ready.filter(|visit| *visit >= self.first_fresh);
        let spared: Vec<VisitId> = fresh.take(free as usize).collect();
        for &visit in &spared {
            self.run.visit_mut(visit).start.exempt = true;
        }
        spared
    }

    /// Tells whether attempts are ready that the fuel budget has nothing left for, and nothing
    /// that runs can give any back.
    pub(super) fn is_out_of_fuel(&self) -> bool {
        let empty = self
            .run
            .fuel
            .is_some_and(|fuel| fuel.left == 0 && fuel.reserved == 0);
        let next = self.run.ready.front();
        empty && next.is_some_and(|visit| self.run.visit(*visit).start.tier == Tier::Main)
    }

    /// The fuel budget is used up: the run fails and nothing new starts.
    pub(super) fn run_dry(&mut self) {
        let message = "the run has used up its fuel (limits.fuel)";
        self.fail_run(Failure::engine(kind::LIMIT_EXCEEDED, message));
        self.close_main();
    }

    /// Cuts off every visit that may start nothing any more.
    fn cut_stopped(&mut self) {
        for visit in self.live_visits() {
            if !self.may_start(visit) {
                self.cut(visit, Cut::STOPPED);
            }
        }
    }

    pub(super) fn live_visits(&self) -> Vec<VisitId> {
        let visits = self.run.visits.iter().enumerate();
        let live = visits.filter(|(_, visit)| !visit.is_over());
        live.map(|(place, _)| VisitId(place as u32)).collect()
    }
}
