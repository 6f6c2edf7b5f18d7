//! The state of one graph of tasks: the run's own, or one visit's of a parallel block.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::joins::JoinBook;
use super::visit::{GraphId, Start, VisitId};
use crate::error::Failure;
use crate::id::TaskIndex;
use crate::value::{Map, Value};

/// One graph that runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Graph {
    /// The block's visit and the graph it stands in; `None` for the run's own.
    pub(crate) owner: Option<(VisitId, GraphId)>,
    /// Visits that have not ended or whose transitions are still queued.
    pub(crate) live: u32,
    /// Unhandled failures, in order.
    pub(crate) failures: Vec<Unhandled>,
    /// `fail_fast` or a limit: nothing new starts but what is exempt.
    pub(crate) stopped: bool,
    /// The timeout of its block has passed.
    pub(crate) timed_out: bool,
    /// What did not start or was cut off because of that, in order.
    pub(crate) not_started: Vec<Start>,
    /// Variables: all of them for the run, those written inside for a block.
    pub(crate) vars: Arc<Map>,
    /// For a block: which task declared last wrote each variable, and what.
    pub(crate) writers: BTreeMap<Arc<str>, (TaskIndex, Value)>,
    /// Arrivals at joins.
    pub(crate) joins: BTreeMap<TaskIndex, JoinBook>,
    /// How many executions may be in flight.
    pub(crate) limit: Option<u32>,
    pub(crate) in_flight: u32,
    /// Visits that could start executions but for `limit`.
    pub(crate) parked: VecDeque<VisitId>,
    /// Latest visit of each task, for a block's result.
    pub(crate) latest: BTreeMap<TaskIndex, VisitId>,
}

/// A failure that nothing handled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Unhandled {
    /// The visit it is of; `None` for the run as a whole.
    pub(crate) visit: Option<VisitId>,
    /// The task it is about, for a join that was never completed too.
    pub(crate) task: Option<TaskIndex>,
    pub(crate) failure: Failure,
}

impl Graph {
    pub(crate) fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.in_flight >= limit)
    }
}
