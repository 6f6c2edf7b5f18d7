//! Places: which executions may start, and in which order.
//!
//! A visit stands at most once in the run's queue of ready visits or in a full block's queue of
//! parked ones. Nothing is scanned: a visit that starts or ends an execution is looked at alone.

use crate::run::{Execution, GraphId, Held, Kind, State, TaskStatus, VisitId};

use super::machine::{Flow, Machine};

impl Machine<'_> {
    /// Lets a visit start what it can: the machine's own executions at once, attempts of actions
    /// when the driver asks for them.
    pub(super) fn enqueue(&mut self, visit: VisitId) -> Flow {
        loop {
            let Some(index) = self.startable(visit) else {
                return Ok(());
            };
            if let Some(full) = self.full_graph(visit) {
                self.run.graph_mut(full).parked.push_back(visit);
                self.run.visit_mut(visit).queued = true;
                return Ok(());
            }
            let kind = self.kind(visit);
            if kind == Kind::Action {
                self.lined_up.push(visit);
                self.run.ready.push_back(visit);
                self.run.visit_mut(visit).queued = true;
                return Ok(());
            }
            if self.is_paused() {
                self.run.held.push_back(Held::Visit(visit));
                self.run.visit_mut(visit).queued = true;
                return Ok(());
            }
            self.start_own(visit, index, kind)?;
        }
    }

    /// Returns the execution a visit may start next, unless it is queued for that already.
    fn startable(&self, visit: VisitId) -> Option<u32> {
        let found = self.run.visit(visit);
        if found.queued || found.is_over() || !self.may_start(visit) {
            return None;
        }
        found.work.startable()
    }

    /// Tells whether anything of this visit may still start.
    pub(super) fn may_start(&self, visit: VisitId) -> bool {
        !self.run.is_barred(&self.run.visit(visit).start)
    }

    /// Tells whether an execution of this visit may have another attempt: not after a limit, even
    /// if its first one was spared.
    pub(super) fn may_try_again(&self, visit: VisitId) -> bool {
        !self.run.is_closed(self.run.visit(visit).start.tier) && self.may_start(visit)
    }

    fn full_graph(&self, visit: VisitId) -> Option<GraphId> {
        let graph = self.run.visit(visit).start.graph;
        let mut around = self.run.graphs_around(graph);
        around.find(|graph| self.run.graph(*graph).is_full())
    }

    /// Begins an attempt of an execution: the next fresh one, or one that is ready again.
    pub(super) fn take_place(&mut self, visit: VisitId, index: u32, state: State) {
        let at = self.at;
        let found = self.run.visit_mut(visit);
        if index as usize == found.work.executions.len() {
            found.work.executions.push(Execution::new(at));
        } else {
            found.work.again.pop_front();
        }
        let first = found.started.is_none();
        found.started = found.started.or(Some(at));
        found.status = TaskStatus::Running;
        let execution = found.work.executions.get_mut(index as usize);
        let execution = execution.expect("it was there or was just pushed");
        execution.state = state;
        execution.attempt += 1;
        execution.begun = execution.begun.or(Some(at));
        execution.attempt_at = at;
        execution.updated = at;
        execution.next_at = None;
        if first {
            self.mark_begun(visit);
        }
        self.occupy(visit);
    }

    fn occupy(&mut self, visit: VisitId) {
        let work = &mut self.run.visit_mut(visit).work;
        work.in_flight += 1;
        work.max_in_flight = work.max_in_flight.max(work.in_flight);
        match self.kind(visit) {
            Kind::Block => return,
            Kind::Child => self.run.waiting_children += 1,
            Kind::Action | Kind::Sleep | Kind::Inquiry => {}
        }
        for graph in self.graphs_of(visit) {
            self.run.graph_mut(graph).in_flight += 1;
        }
    }

    /// Gives an execution's place back and lets the longest waiting visit of each graph have it.
    pub(super) fn release_place(&mut self, visit: VisitId) -> Flow {
        self.vacate(visit);
        self.settle_places()
    }

    /// Gives an execution's place back.
    pub(super) fn vacate(&mut self, visit: VisitId) {
        self.run.visit_mut(visit).work.in_flight -= 1;
        match self.kind(visit) {
            Kind::Block => return,
            Kind::Child => self.run.waiting_children -= 1,
            Kind::Action | Kind::Sleep | Kind::Inquiry => {}
        }
        for graph in self.graphs_of(visit) {
            self.run.graph_mut(graph).in_flight -= 1;
            self.freed.push(graph);
        }
    }

    pub(super) fn graphs_of(&self, visit: VisitId) -> Vec<GraphId> {
        let graph = self.run.visit(visit).start.graph;
        self.run.graphs_around(graph).collect()
    }

    /// Hands every freed place to the visit that has waited for it longest, and takes from the
    /// front of the ready queue what can start nothing now, so that the driver may look at the
    /// front alone.
    pub(super) fn settle_places(&mut self) -> Flow {
        loop {
            self.tidy_ready();
            let Some(graph) = self.freed.pop() else {
                if self.is_out_of_fuel() {
                    self.run_dry();
                    continue;
                }
                return Ok(());
            };
            self.unpark(graph)?;
        }
    }

    fn unpark(&mut self, graph: GraphId) -> Flow {
        while !self.run.graph(graph).is_full() {
            let Some(visit) = self.run.graph_mut(graph).parked.pop_front() else {
                return Ok(());
            };
            self.run.visit_mut(visit).queued = false;
            if self.startable(visit).is_some() {
                return self.enqueue(visit);
            }
        }
        Ok(())
    }

    fn tidy_ready(&mut self) {
        while let Some(&visit) = self.run.ready.front() {
            let found = self.run.visit(visit);
            let can = !found.is_over() && found.work.startable().is_some() && self.may_start(visit);
            let full = if can { self.full_graph(visit) } else { None };
            if can && full.is_none() {
                return;
            }
            self.run.ready.pop_front();
            match full {
                Some(graph) => self.run.graph_mut(graph).parked.push_back(visit),
                None => {
                    self.run.visit_mut(visit).queued = false;
                    self.freed.extend(self.graphs_of(visit));
                }
            }
        }
    }
}
