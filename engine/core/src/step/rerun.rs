//! A finished run runs failed or named tasks again: new visits, the same variables.

use std::collections::BTreeSet;

use crate::definition::{Definition, Target};
use crate::error::kind;
use crate::event::{Event, EventKind, Facts, RerunTask};
use crate::id::TaskIndex;
use crate::run::{GraphId, Phase, Run, RunStatus, Start, Stop, Tier, VisitId};
use crate::value::Value;

use super::Refusal;
use super::fork::ForkPreview;
use super::machine::{Flow, Machine};

const ROOT: GraphId = GraphId(0);

/// Tells what a rerun of a finished run would run again and which results it would keep.
///
/// # Errors
/// As the rerun itself: [`Refusal::RerunActive`], [`Refusal::RerunNothing`],
/// [`Refusal::RerunNotRun`].
pub fn preview_rerun(
    definition: &Definition,
    run: &Run,
    tasks: &[RerunTask],
) -> Result<ForkPreview, Refusal> {
    let mut copy = run.clone();
    let event = Event {
        at: run.updated(),
        seed: 0,
        facts: Facts::new(),
        kind: EventKind::RerunRequested {
            tasks: tasks.to_vec(),
            by: "".into(),
        },
    };
    let machine = Machine::new(definition, &mut copy, &event);
    let chosen = machine.chosen(tasks)?;
    let named: Vec<TaskIndex> = chosen
        .iter()
        .map(|(visit, _)| run.visit(*visit).task())
        .collect();
    let below = machine.downstream(&named);
    let stopped = run.graph(ROOT).not_started.iter().map(|start| start.task);
    let again: BTreeSet<TaskIndex> = stopped.chain(named).chain(below).collect();
    let mut preview = ForkPreview::default();
    for visit in run.visits.iter() {
        if visit.start.graph != ROOT || visit.start.tier != Tier::Main {
            continue;
        }
        let list = if again.contains(&visit.task()) {
            &mut preview.again
        } else {
            &mut preview.kept
        };
        if let Some(name) = run.task_name(visit.task())
            && !list.contains(&name)
        {
            list.push(name);
        }
    }
    Ok(preview)
}

impl Machine<'_> {
    pub(super) fn rerun_requested(&mut self, tasks: &[RerunTask]) -> Flow {
        let chosen = self.chosen(tasks)?;
        let named: Vec<TaskIndex> = chosen
            .iter()
            .map(|(visit, _)| self.run.visit(*visit).task())
            .collect();
        let below = self.downstream(&named);
        self.clear_end();
        self.clear_failures(&named, &below);
        self.start_again(chosen, &below)
    }

    /// The visits to run again, none of them downstream of another.
    fn chosen(&self, tasks: &[RerunTask]) -> Result<Vec<(VisitId, bool)>, Refusal> {
        if !self.run.status().is_over() {
            return Err(Refusal::RerunActive);
        }
        let chosen = if tasks.is_empty() {
            self.failed_visits()
        } else {
            self.without_downstream(self.named_visits(tasks)?)
        };
        let stopped = !self.run.graph(ROOT).not_started.is_empty();
        let at_end = self.run.visits.iter().any(|visit| {
            visit.start.tier != Tier::Main && visit.failure.is_some() && visit.start.graph == ROOT
        });
        if chosen.is_empty() && !(tasks.is_empty() && (stopped || at_end)) {
            return Err(Refusal::RerunNothing);
        }
        Ok(chosen)
    }

    /// Every visit of the run's main graph with an unhandled failure, but not what came of another
    /// such visit: it comes of that again.
    fn failed_visits(&self) -> Vec<(VisitId, bool)> {
        let failures = self.run.graph(ROOT).failures.iter();
        let visits: BTreeSet<VisitId> = failures
            .filter_map(|failure| failure.visit)
            .filter(|visit| self.run.visit(*visit).start.tier == Tier::Main)
            .collect();
        let (mut below, mut roots) = (BTreeSet::new(), Vec::new());
        for (place, found) in self.run.visits.iter().enumerate() {
            let visit = VisitId(place as u32);
            if found.start.comes_of(&below) {
                below.insert(visit);
            } else if visits.contains(&visit) {
                below.insert(visit);
                roots.push((visit, false));
            }
        }
        roots
    }

    /// The latest visit of every named task; for one inside a block, the block's.
    fn named_visits(&self, tasks: &[RerunTask]) -> Result<Vec<(VisitId, bool)>, Refusal> {
        let mut chosen: Vec<(VisitId, bool)> = Vec::new();
        for named in tasks {
            let unknown = || Refusal::RerunNotRun(named.name.to_string());
            let index = self
                .definition
                .by_name
                .get(&named.name)
                .ok_or_else(unknown)?;
            let mut visit = self.run.tasks[index.get()].0.ok_or_else(unknown)?;
            while let Some((block, _)) = self.run.graph(self.run.visit(visit).start.graph).owner {
                visit = block;
            }
            match chosen.iter_mut().find(|(other, _)| *other == visit) {
                Some((_, all)) => *all |= named.reset_items,
                None => chosen.push((visit, named.reset_items)),
            }
        }
        Ok(chosen)
    }

    /// Drops what lies downstream of another chosen task: it is reached again anyway.
    fn without_downstream(&self, chosen: Vec<(VisitId, bool)>) -> Vec<(VisitId, bool)> {
        let task = |(visit, _): &(VisitId, bool)| self.run.visit(*visit).task();
        let mut kept: Vec<(VisitId, bool)> = Vec::new();
        for (place, entry) in chosen.iter().enumerate() {
            let covered = chosen.iter().enumerate().any(|(other_place, other)| {
                let leads_here = task(other) != task(entry)
                    && self.downstream(&[task(other)]).contains(&task(entry));
                // Of two that lead to each other, in a cycle, the first stays.
                let and_back = self.downstream(&[task(entry)]).contains(&task(other));
                leads_here && (!and_back || other_place < place)
            });
            if !covered {
                kept.push(*entry);
            }
        }
        kept
    }

    /// Returns all tasks that transitions lead to from these.
    fn downstream(&self, tasks: &[TaskIndex]) -> BTreeSet<TaskIndex> {
        let mut found = BTreeSet::new();
        let mut open = tasks.to_vec();
        while let Some(task) = open.pop() {
            let transitions = self.definition.task(task).transitions.iter();
            for target in transitions.flat_map(|transition| &transition.targets) {
                if let Target::Task(next) = target
                    && found.insert(*next)
                {
                    open.push(*next);
                }
            }
        }
        found
    }

    fn clear_end(&mut self) {
        let run = &mut *self.run;
        run.phase = Phase::Main;
        run.stop = Stop::default();
        run.completed = None;
        run.output = Value::Null;
        run.visits_before_rerun = run.visits.len() as u32;
        self.set_status(RunStatus::Running);
        self.set_run_timeout();
    }

    fn clear_failures(&mut self, named: &[TaskIndex], below: &BTreeSet<TaskIndex>) {
        let tiers: Vec<Tier> = self
            .run
            .graph(ROOT)
            .failures
            .iter()
            .map(|failure| {
                failure
                    .visit
                    .map_or(Tier::Main, |visit| self.run.visit(visit).start.tier)
            })
            .collect();
        let mut tiers = tiers.into_iter();
        self.run.graph_mut(ROOT).failures.retain(|unhandled| {
            let of_run = unhandled.task.is_none();
            let limit =
                unhandled.visit.is_none() && *unhandled.failure.kind == *kind::LIMIT_EXCEEDED;
            let again = unhandled
                .task
                .is_some_and(|task| named.contains(&task) || below.contains(&task));
            let at_end = tiers.next().is_some_and(|tier| tier != Tier::Main);
            // Whether an arrival is of use is judged anew at the new end.
            let unreachable = *unhandled.failure.kind == *kind::UNREACHABLE_JOIN;
            !(of_run || limit || again || at_end || unreachable)
        });
    }

    fn start_again(&mut self, chosen: Vec<(VisitId, bool)>, below: &BTreeSet<TaskIndex>) -> Flow {
        let named: Vec<TaskIndex> = chosen
            .iter()
            .map(|(visit, _)| self.run.visit(*visit).task())
            .collect();
        let again: BTreeSet<TaskIndex> = named.iter().chain(below).copied().collect();
        let rerun = self.descendants(&chosen);
        let graph = self.run.graph_mut(ROOT);
        graph.stopped = false;
        let stopped = std::mem::take(&mut graph.not_started);
        for (join, book) in &mut graph.joins {
            book.revive();
            if below.contains(join) {
                book.reopen(|arrival| again.contains(&arrival.source));
            }
        }
        for (visit, reset_items) in chosen {
            let start = self.run.visit(visit).start.clone();
            self.begin(Start {
                reuse: (!reset_items).then_some(visit),
                exempt: start.exempt && start.tier != Tier::Main,
                ..start
            })?;
        }
        self.fire_reopened(below)?;
        for start in stopped {
            if !self.comes_again(&start, &again, &rerun) {
                // What the stop let run in spite of it needs no leave any more.
                let exempt = start.exempt && start.tier != Tier::Main;
                self.begin(Start { exempt, ..start })?;
            }
        }
        Ok(())
    }

    /// Tells whether a start that was kept back is made again without it: what led to it runs
    /// again itself, or a join that is open again kept all the arrivals that had fired it.
    fn comes_again(
        &self,
        start: &Start,
        again: &BTreeSet<TaskIndex>,
        rerun: &BTreeSet<VisitId>,
    ) -> bool {
        let reopened = again.contains(&start.task) && !start.joined.is_empty();
        let kept = |visit: &VisitId| !again.contains(&self.run.visit(*visit).task());
        start.comes_of(rerun) || (reopened && start.joined.iter().all(kept))
    }

    /// Returns the chosen visits and all that came of them.
    fn descendants(&self, chosen: &[(VisitId, bool)]) -> BTreeSet<VisitId> {
        let mut found: BTreeSet<VisitId> = chosen.iter().map(|(visit, _)| *visit).collect();
        // What a visit came of was made before it.
        for (place, visit) in self.run.visits.iter().enumerate() {
            if visit.start.comes_of(&found) {
                found.insert(VisitId(place as u32));
            }
        }
        found
    }
}
