//! One execution of a workflow: the machine's state and the questions one may ask it.
//!
//! Changed only by [`step`](crate::step::step). Every invariant of the state is checked after
//! each step in debug builds.

mod chunked;
mod graph;
#[cfg(debug_assertions)]
mod invariant;
mod joins;
mod lineage;
mod list;
mod query;
mod row;
mod status;
mod visit;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::definition::Overlap;
use crate::event::{CancelMode, RunStarted, TimerId, Usage};
use crate::id::{RunId, TaskId, TaskIndex};
use crate::projection::TaskCounts;
use crate::time::Timestamp;
use crate::value::Value;

pub use list::{TaskFilter, TaskNames};
pub use query::RunError;
pub use row::{AttemptRow, Ready, TaskRow};
pub use status::{RunStatus, TaskStatus};

pub(crate) use chunked::Chunked;
pub(crate) use graph::{Graph, Unhandled};
pub(crate) use joins::{Arrival, Fate, Firing, JoinBook, Need};
pub(crate) use lineage::{Carry, Lineage};
pub(crate) use visit::{
    Batch, Ending, Execution, GraphId, Next, Plan, Series, Stage, Start, State, Tier, Visit,
    VisitId, Work,
};

/// One execution of a workflow.
///
/// `Default` is the run before its first event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    status: RunStatus,
    /// What it was born with; `None` before the first event.
    pub(crate) birth: Option<Arc<Birth>>,
    pub(crate) phase: Phase,
    /// What the run waits for before its first task.
    pub(crate) gate: Option<Gate>,
    /// The run's concurrency key, while it holds it.
    pub(crate) held_key: Option<Arc<str>>,
    /// The timer of the run's timeout.
    pub(crate) timeout: Option<TimerId>,
    pub(crate) stop: Stop,
    pub(crate) pause: Option<Pause>,
    /// What came due or was reached during a pause, in order.
    pub(crate) held: VecDeque<Held>,
    /// Visits that ended, to be followed by what they lead to: first in, first out.
    pub(crate) queue: VecDeque<VisitId>,
    /// Visits with executions that may start now, in order of readiness.
    pub(crate) ready: VecDeque<VisitId>,
    pub(crate) visits: Chunked<Arc<Visit>>,
    /// Latest visit and number of visits of each declared task.
    pub(crate) tasks: Vec<(Option<VisitId>, u32)>,
    /// First execution ids of visits, rising.
    pub(crate) ids: Chunked<(TaskId, VisitId)>,
    pub(crate) next_task: u64,
    /// Visits that were there when the run was last rerun: they do not count for its limits.
    pub(crate) visits_before_rerun: u32,
    /// Input that replaces a task's own, in a fork.
    pub(crate) given_input: Option<(TaskIndex, Value)>,
    /// Children that were asked to cancel and have not ended.
    pub(crate) leaving: BTreeMap<RunId, (TaskId, CancelMode)>,
    /// The run's graph, then those of blocks in order of their start.
    pub(crate) graphs: Chunked<Arc<Graph>>,
    /// Visits that hold or wait for a concurrency key.
    pub(crate) keyed: u32,
    /// Executions that wait for a child.
    pub(crate) waiting_children: u32,
    /// Attempts with runners, in order of start.
    pub(crate) flights: BTreeMap<u64, (TaskId, u32)>,
    pub(crate) next_flight: u64,
    pub(crate) timers: BTreeMap<TimerId, Timer>,
    pub(crate) next_timer: u64,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) output: Value,
    pub(crate) usage: Usage,
    pub(crate) counts: TaskCounts,
    pub(crate) fuel: Option<Fuel>,
    /// Whether anything in the run is secret; never taken back.
    pub(crate) secret: bool,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) started: Option<Timestamp>,
    pub(crate) completed: Option<Timestamp>,
}

/// What a run was born with and never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Birth {
    /// The request, without what a fork takes over.
    pub(crate) request: RunStarted,
    /// The author's version label.
    pub(crate) version: Option<Arc<str>>,
    /// The declared tasks.
    pub(crate) tasks: Vec<Declared>,
    pub(crate) overlap: Overlap,
    pub(crate) priority: i32,
    pub(crate) max_parallel: u32,
    /// Whether expressions of the definition ask for facts, so that a step may turn back.
    pub(crate) reads_facts: bool,
}

/// What lists and the driver need to know of a declared task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Declared {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Kind,
    /// What it calls, as the file writes it.
    pub(crate) reference: Option<Arc<str>>,
    pub(crate) priority: i32,
    /// It calls an action whose attempts may run ahead of the disk.
    pub(crate) pure: bool,
}

/// Who runs a declared task's executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A runner.
    Action,
    /// A child run.
    Child,
    Sleep,
    Inquiry,
    Block,
}

/// How far the run as a whole is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// No task yet.
    #[default]
    Before,
    /// The entry tasks and what is below them.
    Main,
    /// The tasks of `on_failure`.
    OnFailure,
    /// The tasks of `finally`.
    Finally,
    /// Ended.
    Over,
}

/// What a run waits for before its first task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Gate {
    /// `start_at`.
    Time(TimerId),
    /// Its concurrency key.
    Key(Arc<str>),
    /// Nothing but the end of a pause.
    Open,
}

/// What keeps all but the tasks of `finally` from starting, and how the run ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stop {
    pub(crate) cancelled: Option<CancelMode>,
    pub(crate) timed_out: bool,
    /// A limit of the run was reached.
    pub(crate) limit: bool,
}

/// A pause that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pause {
    pub(crate) reason: Option<Arc<str>>,
}

/// Something that a pause holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Held {
    Visit(VisitId),
    /// A timer that came due.
    Due(TimerKind),
}

/// A timer that is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) due: Timestamp,
    pub(crate) kind: TimerKind,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TimerKind {
    /// `start_at` of the run.
    Start,
    /// The run's timeout.
    RunTimeout,
    /// A visit's delay.
    Delay(VisitId),
    /// A visit's deadline.
    Deadline(VisitId),
    /// The next attempt of an execution.
    Retry(VisitId, u32),
    /// The end of a sleep.
    Sleep(VisitId, u32),
    /// The timeout of an inquiry, a child or a block.
    Timeout(VisitId, u32),
}

/// A fuel budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fuel {
    pub(crate) left: u64,
    /// Set aside for what runs.
    pub(crate) reserved: u64,
}

impl Run {
    pub(crate) fn set_status(&mut self, status: RunStatus) {
        self.status = status;
    }

    pub(crate) fn born(&self) -> &Birth {
        self.birth
            .as_deref()
            .expect("only a run that was born is asked")
    }

    pub(crate) fn visit(&self, visit: VisitId) -> &Visit {
        let found = self.visits.get(visit.0 as usize);
        found.expect("ids of visits come from the run itself")
    }

    pub(crate) fn visit_mut(&mut self, visit: VisitId) -> &mut Visit {
        let found = self.visits.get_mut(visit.0 as usize);
        Arc::make_mut(found.expect("ids of visits come from the run itself"))
    }

    pub(crate) fn graph(&self, graph: GraphId) -> &Graph {
        let found = self.graphs.get(graph.0 as usize);
        found.expect("ids of graphs come from the run itself")
    }

    pub(crate) fn graph_mut(&mut self, graph: GraphId) -> &mut Graph {
        let found = self.graphs.get_mut(graph.0 as usize);
        Arc::make_mut(found.expect("ids of graphs come from the run itself"))
    }

    /// Returns the graph and those around it, innermost first.
    pub(crate) fn graphs_around(&self, graph: GraphId) -> impl Iterator<Item = GraphId> + '_ {
        std::iter::successors(Some(graph), |&inner| {
            self.graph(inner).owner.map(|(_, outer)| outer)
        })
    }

    /// Tells whether `fail_fast` of a graph around a visit keeps it from starting anything.
    pub(crate) fn is_stopped(&self, graph: GraphId, exempt: bool) -> bool {
        let state = self.graph(graph);
        if state.stopped && !exempt {
            return true;
        }
        state
            .owner
            .is_some_and(|(block, outer)| self.is_stopped(outer, self.visit(block).start.exempt))
    }

    /// Tells whether nothing of this tier starts any more.
    pub(crate) fn is_closed(&self, tier: Tier) -> bool {
        self.is_ended(tier) || (self.stop.limit && tier == Tier::Main)
    }

    /// Tells whether a visit may start nothing any more.
    pub(crate) fn is_barred(&self, start: &Start) -> bool {
        let limited = self.stop.limit && start.tier == Tier::Main && !start.exempt;
        limited || self.is_ended(start.tier) || self.is_stopped(start.graph, start.exempt)
    }

    /// Tells whether a cancel or the run's timeout has ended this tier for good.
    pub(crate) fn is_ended(&self, tier: Tier) -> bool {
        let ends = self.stop.cancelled.is_some() || self.stop.timed_out;
        ends && tier != Tier::Finally
    }

    /// Returns the id under which a visit asks for its key and gives it back: its first one, also
    /// where its executions were given others later.
    pub(crate) fn claim_of(&self, visit: VisitId) -> TaskId {
        // Every visit has been given one range of ids before the visits after it.
        let ranges = (visit.0 as usize..self.ids.len()).filter_map(|place| self.ids.get(place));
        let mut own = ranges.filter(|(_, owner)| *owner == visit);
        own.next()
            .map_or(self.visit(visit).first, |(first, _)| *first)
    }

    /// Finds the visit and the place of a task execution.
    pub(crate) fn find(&self, task: TaskId) -> Option<(VisitId, u32)> {
        let (mut low, mut high) = (0, self.ids.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.ids.get(middle) {
                Some((first, _)) if *first <= task => low = middle + 1,
                _ => high = middle,
            }
        }
        let (first, visit) = *self.ids.get(low.checked_sub(1)?)?;
        let index = u32::try_from(task.0 - first.0).ok()?;
        let found = self.visit(visit);
        (found.first == first && index < found.rows()).then_some((visit, index))
    }
}
