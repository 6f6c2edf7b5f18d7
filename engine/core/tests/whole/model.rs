//! What the language says of transitions, joins, cycles, blocks, skips, retries, commands,
//! iterations, `fail_fast` and limits, as simply as it can be written: one queue, lists that are
//! searched.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::graph::{End, Graph, Join, Target, Task, Transition};
use crate::work::Work;

/// What came of a run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) sequence: Vec<String>,
    pub(crate) failed: bool,
    pub(crate) errors: BTreeSet<&'static str>,
    pub(crate) statuses: BTreeMap<String, &'static str>,
}

/// Bounds of a run, as every file made here has them.
pub(crate) const MAX_TASKS: usize = 60;
pub(crate) const MAX_VISITS: usize = 5;

#[derive(Clone, Debug, Default)]
struct Lineage {
    splits: BTreeMap<String, usize>,
    rounds: BTreeMap<String, usize>,
}

impl Lineage {
    fn agrees(&self, other: &Self) -> bool {
        let same = |(task, visit): (&String, &usize)| {
            other.splits.get(task).is_none_or(|found| found == visit)
        };
        self.splits.iter().all(same)
    }

    fn with(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.splits.extend(other.splits.clone());
        for (task, round) in &other.rounds {
            let known = all.rounds.entry(task.clone()).or_insert(*round);
            *known = (*known).max(*round);
        }
        all
    }
}

struct Visit<'g> {
    place: usize,
    task: &'g Task,
    task_at: usize,
    lineage: Lineage,
    exempt: bool,
    end: End,
    retries: usize,
    commanded: usize,
    /// What an iteration has done, unless the task is none.
    work: Option<Work>,
    /// The turn in which it started.
    turn: usize,
}

/// What ends, in the order it is looked at.
#[derive(Clone, Copy)]
enum Ended {
    Visit(usize),
    Item(usize, usize, End),
}

struct Arrival {
    source: usize,
    round: usize,
    lineage: Lineage,
    exempt: bool,
    used: bool,
}

/// A graph that runs.
struct Place<'g> {
    graph: &'g Graph,
    block: Option<usize>,
    live: usize,
    failures: Vec<&'static str>,
    stopped: bool,
    /// Something did not start because the run was stopped.
    suppressed: bool,
    arrivals: BTreeMap<usize, Vec<Arrival>>,
    firings: BTreeMap<usize, Vec<(usize, Lineage)>>,
}

#[derive(Default)]
struct Run<'g> {
    outcome: Outcome,
    places: Vec<Place<'g>>,
    visits: Vec<Visit<'g>>,
    queue: VecDeque<Ended>,
    counts: BTreeMap<String, usize>,
    answers: BTreeMap<String, usize>,
    over_limit: bool,
    turn: usize,
    /// The turn in which a limit was reached: what it has started counts as started.
    last_turn: Option<usize>,
}

pub(crate) fn run(graph: &Graph) -> Outcome {
    let mut run = Run::default();
    run.enter(graph, None, &Lineage::default());
    while let Some(ended) = run.queue.pop_front() {
        run.turn += 1;
        match ended {
            Ended::Visit(visit) => run.attempt_ended(visit),
            Ended::Item(visit, item, end) => run.item_ended(visit, item, end),
        }
    }
    run.report_left_over(0);
    run.outcome.failed = !run.places[0].failures.is_empty();
    run.outcome.errors = run.places[0].failures.iter().copied().collect();
    run.outcome
}

impl<'g> Run<'g> {
    fn enter(&mut self, graph: &'g Graph, block: Option<usize>, lineage: &Lineage) -> usize {
        let place = self.places.len();
        self.places.push(Place {
            graph,
            block,
            live: 0,
            failures: Vec::new(),
            stopped: false,
            suppressed: false,
            arrivals: BTreeMap::new(),
            firings: BTreeMap::new(),
        });
        for task in &graph.entry {
            self.start(place, *task, lineage.clone(), false);
        }
        place
    }

    fn is_stopped(&self, place: usize, exempt: bool) -> bool {
        let found = &self.places[place];
        let around = |block: usize| {
            let visit = &self.visits[block];
            self.is_stopped(visit.place, visit.exempt)
        };
        self.over_limit || (found.stopped && !exempt) || found.block.is_some_and(around)
    }

    fn start(&mut self, place: usize, at: usize, mut lineage: Lineage, exempt: bool) {
        let task = &self.places[place].graph.tasks[at];
        if self.is_stopped(place, exempt) {
            self.places[place].suppressed = true;
            return;
        }
        let count = self.counts.entry(task.name.clone()).or_default();
        if self.visits.len() >= MAX_TASKS || *count >= MAX_VISITS {
            self.over_limit = true;
            self.last_turn.get_or_insert(self.turn);
            self.places[place].suppressed = true;
            self.places[0].failures.push("limit_exceeded");
            return;
        }
        *count += 1;
        let visit = self.visits.len();
        let graph = self.places[place].graph;
        if task.join.is_none() && graph.inbound(at).len() > 1 && !graph.in_cycle(at) {
            lineage.splits.insert(task.name.clone(), visit);
        }
        self.outcome.sequence.push(task.name.clone());
        self.places[place].live += 1;
        self.visits.push(Visit {
            place,
            task,
            task_at: at,
            lineage,
            exempt,
            end: End::Succeeded,
            retries: 0,
            commanded: 0,
            work: task.items.map(Work::new).filter(|_| !task.skipped),
            turn: self.turn,
        });
        if task.skipped {
            self.visits[visit].end = End::Skipped;
            self.queue.push_back(Ended::Visit(visit));
        } else if task.items.is_some_and(|items| items.count == 0) {
            self.queue.push_back(Ended::Visit(visit));
        } else {
            self.attempt(visit);
        }
    }

    /// Runs a task, or a block: a mock answers when it is asked.
    fn attempt(&mut self, visit: usize) {
        let task = self.visits[visit].task;
        if task.items.is_some() {
            self.start_items(visit);
            return;
        }
        let Some(inner) = &task.block else {
            self.visits[visit].end = self.answer(task);
            self.queue.push_back(Ended::Visit(visit));
            return;
        };
        let lineage = self.visits[visit].lineage.clone();
        let place = self.enter(inner, Some(visit), &lineage);
        if self.places[place].live == 0 {
            self.block_ended(place);
        }
    }

    fn answer(&mut self, task: &Task) -> End {
        let asked = self.answers.entry(task.name.clone()).or_default();
        *asked += 1;
        task.ends.get(*asked - 1).copied().unwrap_or(End::Succeeded)
    }

    /// Starts as many items as there are places, unless the run is stopped.
    fn start_items(&mut self, visit: usize) {
        let task = self.visits[visit].task;
        while !self.is_cut(visit) {
            let Some(item) = self.visits[visit].work.as_mut().and_then(Work::start) else {
                return;
            };
            let end = self.answer(task);
            self.queue.push_back(Ended::Item(visit, item, end));
        }
    }

    /// Tells whether no further item of a visit starts because the run is stopped.
    fn is_cut(&self, visit: usize) -> bool {
        let found = &self.visits[visit];
        let spared = self.last_turn == Some(found.turn);
        self.is_stopped(found.place, found.exempt) && !spared
    }

    fn item_ended(&mut self, visit: usize, item: usize, end: End) {
        let found = &mut self.visits[visit];
        let (place, exempt) = (found.place, found.exempt);
        let retries = found.task.retries.unwrap_or(0);
        let (stopped, cut) = (self.is_stopped(place, exempt), self.is_cut(visit));
        let work = self.visits[visit].work.as_mut().unwrap();
        work.end(item, end, if stopped { 0 } else { retries }, cut);
        self.start_items(visit);
        let work = self.visits[visit].work.as_ref().unwrap();
        let Some(end) = work.outcome(cut) else {
            return;
        };
        self.visits[visit].end = end;
        self.places[place].suppressed |= end == End::Cancelled;
        self.complete(visit);
    }

    fn attempt_ended(&mut self, visit: usize) {
        let found = &self.visits[visit];
        let failed = matches!(found.end, End::Failed | End::TimedOut);
        let single = found.task.block.is_none() && found.task.items.is_none();
        if single && failed && self.tries_again(visit) {
            self.attempt(visit);
            return;
        }
        self.complete(visit);
    }

    fn tries_again(&mut self, visit: usize) -> bool {
        let found = &self.visits[visit];
        let left = found.retries < found.task.retries.unwrap_or(0);
        let again = left && !self.is_stopped(found.place, found.exempt);
        self.visits[visit].retries += usize::from(again);
        again
    }

    fn block_ended(&mut self, place: usize) {
        let block = self.places[place].block.unwrap();
        let (outer, exempt) = (self.visits[block].place, self.visits[block].exempt);
        let cut = self.is_stopped(outer, exempt) && self.places[place].suppressed;
        self.report_left_over(place);
        let failed = !self.places[place].failures.is_empty();
        self.visits[block].end = match (cut, failed) {
            (true, _) => End::Cancelled,
            (false, true) => End::Failed,
            (false, false) => End::Succeeded,
        };
        if cut {
            self.places[outer].suppressed = true;
        } else if failed && self.tries_again(block) {
            self.attempt(block);
            return;
        }
        self.queue.push_back(Ended::Visit(block));
    }

    fn report_left_over(&mut self, place: usize) {
        let place = &mut self.places[place];
        for arrivals in place.arrivals.values() {
            if arrivals.iter().any(|arrival| !arrival.used) {
                place.failures.push("unreachable_join");
            }
        }
    }

    fn complete(&mut self, visit: usize) {
        let (task, end, place) = {
            let found = &self.visits[visit];
            (found.task, found.end, found.place)
        };
        let fired: Vec<&Transition> = match end {
            End::Cancelled => Vec::new(),
            End::Succeeded | End::Failed | End::TimedOut | End::Skipped => task.fired(end),
        };
        let asks = fired.iter().any(|one| one.targets.contains(&Target::Retry));
        let exempt = self.visits[visit].exempt;
        if asks
            && self.visits[visit].commanded < task.retries.unwrap_or(3)
            && !self.is_stopped(place, exempt)
            && end != End::Skipped
            && task.items.is_none_or(|items| items.count > 0)
        {
            self.visits[visit].commanded += 1;
            if let Some(work) = &mut self.visits[visit].work {
                work.reopen();
            }
            self.attempt(visit);
            return;
        }
        // The status of a task is that of its latest visit, whichever ends last.
        let latest = self
            .visits
            .iter()
            .rposition(|one| one.task.name == task.name);
        if latest == Some(visit) {
            self.outcome.statuses.insert(task.name.clone(), end.word());
        }
        let fired: Vec<&Transition> = fired
            .into_iter()
            .filter(|one| !one.targets.contains(&Target::Retry))
            .collect();
        self.go_on(visit, end, &fired);
        self.places[place].live -= 1;
        if self.places[place].live == 0 && self.places[place].block.is_some() {
            self.block_ended(place);
        }
    }

    fn go_on(&mut self, visit: usize, end: End, fired: &[&Transition]) {
        let (place, own) = (self.visits[visit].place, self.visits[visit].exempt);
        let handled = fired.iter().any(|one| {
            let leads = one.targets.iter().any(|target| *target != Target::Continue);
            one.conditional() && leads
        });
        let fails = |one: &Transition| one.targets.contains(&Target::Fail);
        let unhandled = matches!(end, End::Failed | End::TimedOut) && !handled;
        if unhandled {
            let block = self.visits[visit].task.block.is_some();
            let kind = match end {
                End::TimedOut => "timeout",
                _ if block => "parallel",
                _ if self.visits[visit].work.is_some() => "items_failed",
                End::Succeeded | End::Failed | End::Skipped | End::Cancelled => "action",
            };
            self.places[place].failures.push(kind);
        }
        let any_fail = fired.iter().any(|one| fails(one));
        if any_fail {
            self.places[place].failures.push("failed_by_command");
        }
        self.places[place].stopped |= (unhandled || any_fail) && self.places[place].graph.fail_fast;
        let mut reached: Vec<(usize, bool)> = Vec::new();
        for one in fired {
            let spared = fails(one) || ((unhandled || any_fail) && !one.has_condition());
            for target in &one.targets {
                let Target::Task(task) = *target else {
                    continue;
                };
                match reached.iter_mut().find(|(known, _)| *known == task) {
                    Some((_, exempt)) => *exempt |= spared,
                    None => reached.push((task, spared)),
                }
            }
        }
        for (target, spared) in reached {
            self.reach(visit, target, own || spared);
        }
    }

    fn reach(&mut self, from: usize, target: usize, exempt: bool) {
        let (place, source) = (self.visits[from].place, self.visits[from].task_at);
        let lineage = self.visits[from].lineage.clone();
        let graph = self.places[place].graph;
        let Some(join) = graph.tasks[target].join else {
            self.start(place, target, lineage, exempt);
            return;
        };
        let inbound = graph.inbound(target).len();
        let (wanted, absorbs) = match join {
            Join::All => (inbound, false),
            Join::Count(count) => (count, true),
        };
        let name = &graph.tasks[target].name;
        let cyclic = graph.in_cycle(target);
        let arrivals = self.places[place].arrivals.entry(target).or_default();
        let mut round = 0;
        if cyclic {
            round = lineage.rounds.get(name).map_or(0, |last| last + 1);
            while arrivals.iter().any(|other| {
                other.round == round && other.source == source && other.lineage.agrees(&lineage)
            }) {
                round += 1;
            }
        }
        arrivals.push(Arrival {
            source,
            round,
            lineage,
            exempt,
            used: false,
        });
        while let Some((all, exempt)) = self.fire(place, target, (round, wanted, absorbs)) {
            let mut all = all;
            if cyclic {
                all.rounds.insert(graph.tasks[target].name.clone(), round);
            }
            let firings = self.places[place].firings.entry(target).or_default();
            firings.push((round, all.clone()));
            self.start(place, target, all, exempt);
        }
    }

    /// Finds the first arrival not yet used that others complete, and uses them.
    fn fire(
        &mut self,
        place: usize,
        target: usize,
        (round, wanted, absorbs): (usize, usize, bool),
    ) -> Option<(Lineage, bool)> {
        let place = &mut self.places[place];
        let firings = place.firings.entry(target).or_default();
        let arrivals = place.arrivals.get_mut(&target).unwrap();
        if absorbs {
            for arrival in arrivals.iter_mut().filter(|one| one.round == round) {
                arrival.used |= firings
                    .iter()
                    .any(|(fired, way)| *fired == round && way.agrees(&arrival.lineage));
            }
        }
        let of_round: Vec<usize> = (0..arrivals.len())
            .filter(|at| arrivals[*at].round == round)
            .collect();
        let unused = of_round.iter().filter(|at| !arrivals[**at].used);
        let chosen = unused
            .filter_map(|first| complete(arrivals, &of_round, vec![*first], 0, wanted))
            .next()?;
        let (mut all, mut exempt) = (Lineage::default(), false);
        for at in chosen {
            arrivals[at].used = true;
            exempt |= arrivals[at].exempt;
            all = all.with(&arrivals[at].lineage);
        }
        Some((all, exempt))
    }
}

/// Tries every set of arrivals, earlier ones first.
fn complete(
    arrivals: &[Arrival],
    of_round: &[usize],
    chosen: Vec<usize>,
    from: usize,
    wanted: usize,
) -> Option<Vec<usize>> {
    if chosen.len() == wanted {
        return Some(chosen);
    }
    for (next, at) in of_round.iter().enumerate().skip(from) {
        let fits = chosen.iter().all(|other| {
            arrivals[*other].source != arrivals[*at].source
                && arrivals[*other].lineage.agrees(&arrivals[*at].lineage)
        });
        if fits {
            let more = chosen.iter().copied().chain([*at]).collect();
            let found = complete(arrivals, of_round, more, next + 1, wanted);
            if found.is_some() {
                return found;
            }
        }
    }
    None
}
