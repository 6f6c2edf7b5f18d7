//! What others may ask of a run.

use std::sync::Arc;

use super::visit::GraphId;
use super::{Declared, Fate, Fuel, Gate, Kind, Ready, Run, RunStatus, Stage, State, Tier, VisitId};
use crate::definition::Overlap;
use crate::effect::{Effect, OpenInquiry, StartChild};
use crate::error::Failure;
use crate::event::{Parent, RunStarted, TimerId, Usage};
use crate::id::{Digest, RunId, TaskId, TaskIndex};
use crate::pin::{ActionPin, Pins, WorkflowPin};
use crate::projection::TaskCounts;
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// A failure that nothing handled.
#[derive(Clone, Debug, PartialEq)]
pub struct RunError {
    /// The task it is of, if it is of one.
    pub task: Option<Arc<str>>,
    /// The task execution, if it is of one.
    pub execution: Option<TaskId>,
    /// What failed.
    pub failure: Failure,
}

/// The machine as bytes: what snapshots hold and forks take over.
impl Run {
    /// Returns the machine as bytes.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a run holds nothing that postcard cannot write")
    }

    /// Reads what [`Run::encode`] wrote; `None` if it is damaged.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// How the run moves: what the driver asks.
impl Run {
    /// Returns the run's status.
    pub fn status(&self) -> RunStatus {
        self.status
    }

    /// Returns the attempt that may start next, or `None` if nothing is ready or every place
    /// (concurrency of the task, `max_parallel` of the run) is taken, or the run is paused.
    /// O(1): called once per dispatched attempt.
    pub fn next_ready(&self) -> Option<Ready> {
        let birth = self.birth.as_deref()?;
        let full = self.flights.len() as u64 >= u64::from(birth.max_parallel);
        if self.pause.is_some() || full {
            return None;
        }
        let visit = self.visit(*self.ready.front()?);
        let no_fuel = self.fuel.is_some_and(|Fuel { left, .. }| left == 0);
        if no_fuel && visit.start.tier == Tier::Main {
            return None;
        }
        let index = visit.work.startable()?;
        let execution = visit.work.execution(index);
        let pure = self.declared(visit.task()).pure;
        Some(Ready {
            task: visit.id(index),
            attempt: execution.map_or(0, |execution| execution.attempt) + 1,
            pure: pure && execution.is_none_or(|execution| !execution.after_crash),
        })
    }

    /// Returns the attempts that were started and have not finished, in order of start.
    pub fn in_flight(&self) -> Vec<(TaskId, u32)> {
        self.flights.values().copied().collect()
    }

    /// Returns the children that have not ended, with the task executions that wait for them.
    pub fn children(&self) -> Vec<(TaskId, RunId)> {
        let live = self
            .visits
            .iter()
            .filter(|visit| visit.stage == Stage::Open);
        live.flat_map(|visit| {
            let executions = visit.work.executions.iter().enumerate();
            executions.filter_map(|(index, execution)| {
                let child = execution
                    .child
                    .filter(|_| execution.state == State::Waiting)?;
                Some((visit.id(index as u32), child))
            })
        })
        .collect()
    }

    /// Returns the timers that are set.
    pub fn timers(&self) -> Vec<(TimerId, Timestamp)> {
        self.timers
            .iter()
            .map(|(id, timer)| (*id, timer.due))
            .collect()
    }

    /// Tells whether nothing is ready or running: only timers, people, children and keys can wake
    /// the run, and it need not be kept in memory.
    pub fn is_idle(&self) -> bool {
        self.flights.is_empty() && (self.ready.is_empty() || self.next_ready().is_none())
    }

    /// Tells whether the run must be in memory: it has ready or running work, children, a
    /// concurrency key held or waited for, or an effect that awaits an answer. O(1).
    pub fn is_runnable(&self) -> bool {
        let keys =
            self.keyed > 0 || self.held_key.is_some() || matches!(self.gate, Some(Gate::Key(_)));
        let children = self.waiting_children > 0 || !self.leaving.is_empty();
        !self.status.is_over() && (!self.is_idle() || keys || children)
    }

    /// Returns the concurrency keys that were granted and not given back, each with the task
    /// execution that holds it (`None` for the run itself).
    pub fn held_keys(&self) -> Vec<(Option<TaskId>, Arc<str>)> {
        let own = self.held_key.iter().map(|key| (None, Arc::clone(key)));
        let visits = self.visits.iter().enumerate();
        let tasks = visits.filter(|(_, visit)| visit.stage != Stage::Keyed);
        let tasks = tasks.filter_map(|(place, visit)| {
            let key = visit.key.as_ref()?;
            let claim = self.claim_of(VisitId(place as u32));
            Some((Some(claim), Arc::clone(key)))
        });
        own.chain(tasks).collect()
    }

    /// Returns the effects that still await an answer event and must be performed again after a
    /// restart: children not yet created or not yet gone, keys not yet granted, inquiries open;
    /// and of a run that is over and has a parent, the report to it.
    pub fn outstanding(&self) -> Vec<Effect> {
        if self.birth.is_none() {
            return Vec::new();
        }
        let mut effects: Vec<Effect> = self.report().into_iter().collect();
        if let Some(Gate::Key(key)) = &self.gate {
            effects.push(Effect::AcquireKey {
                task: None,
                key: Arc::clone(key),
                overlap: self.born().overlap,
                priority: self.born().priority,
            });
        }
        for (&child, &(_, mode)) in &self.leaving {
            effects.push(Effect::CancelChild { child, mode });
        }
        for place in 0..self.visits.len() as u32 {
            self.outstanding_of(VisitId(place), &mut effects);
        }
        effects
    }

    fn outstanding_of(&self, id: VisitId, effects: &mut Vec<Effect>) {
        let visit = self.visit(id);
        let task = self.declared(visit.task());
        if let (Stage::Keyed, Some(key)) = (visit.stage, &visit.key) {
            effects.push(Effect::AcquireKey {
                task: Some(visit.first),
                key: Arc::clone(key),
                overlap: Overlap::Queue,
                priority: task.priority,
            });
        }
        if visit.stage != Stage::Open {
            return;
        }
        for (index, execution) in visit.work.executions.iter().enumerate() {
            if execution.state != State::Waiting {
                continue;
            }
            let index = index as u32;
            if task.kind == Kind::Inquiry {
                let inquiry = self.inquiry_of(id, index);
                effects.extend(inquiry.map(|inquiry| Effect::OpenInquiry(Box::new(inquiry))));
            } else if task.kind == Kind::Child && execution.child.is_none() {
                let child = self.child_to_start(id, index);
                effects.extend(child.map(|child| Effect::StartChild(Box::new(child))));
            }
        }
    }

    /// Returns the child that a waiting execution of a workflow task asks for.
    pub(crate) fn child_to_start(&self, id: VisitId, index: u32) -> Option<StartChild> {
        let visit = self.visit(id);
        let reference = self.declared(visit.task()).reference.as_ref()?;
        let execution = visit.work.execution(index)?;
        Some(StartChild {
            task: visit.id(index),
            reference: Arc::clone(reference),
            parameters: visit.work.inputs.get(index as usize)?.clone(),
            depth: self.born().request.depth + 1,
            fuel: self.fuel.map(|_| execution.reserved_fuel),
        })
    }

    /// Returns the question of a waiting execution of an inquiry.
    pub(crate) fn inquiry_of(&self, id: VisitId, index: u32) -> Option<OpenInquiry> {
        let visit = self.visit(id);
        let input = visit.work.inputs.get(index as usize)?;
        let given = |name| input.get(name).filter(|value| !value.is_null()).cloned();
        let timer = visit.work.execution(index)?.timer;
        let due = timer
            .and_then(|timer| self.timers.get(&timer))
            .map(|timer| timer.due);
        Some(OpenInquiry {
            task: visit.id(index),
            name: Arc::clone(&self.declared(visit.task()).name),
            prompt: given("prompt"),
            schema: given("schema"),
            assigned_to: given("assigned_to"),
            due,
        })
    }

    pub(crate) fn action_of(&self, task: TaskIndex) -> Option<&ActionPin> {
        let reference = self.declared(task).reference.as_ref()?;
        self.born().request.pins.actions.get(reference)
    }

    pub(crate) fn declared(&self, task: TaskIndex) -> &Declared {
        let declared = self.born().tasks.get(task.get());
        declared.expect("indexes of tasks come from the run's own definition")
    }
}

/// What the run is and how it went: what lists and details show.
impl Run {
    /// Returns what the run was started with, as its first event said it (a fork's machine left
    /// out); `None` before that event.
    pub fn birth(&self) -> Option<&RunStarted> {
        self.birth.as_deref().map(|birth| &birth.request)
    }

    /// Returns the run's id; `None` before its first event.
    pub fn id(&self) -> Option<RunId> {
        self.birth().map(|request| request.run)
    }

    /// Returns the exact workflow.
    pub fn workflow(&self) -> Option<&WorkflowPin> {
        self.birth().map(|request| &request.workflow)
    }

    /// Returns the digest of the workflow's source.
    pub fn definition_digest(&self) -> Option<Digest> {
        self.workflow().map(|pin| pin.digest)
    }

    /// Returns all that the run is pinned to.
    pub fn pins(&self) -> Option<&Pins> {
        self.birth().map(|request| &request.pins)
    }

    /// Returns the parent, for a child.
    pub fn parent(&self) -> Option<Parent> {
        self.birth().and_then(|request| request.parent)
    }

    /// Returns the author's version label of the workflow.
    pub fn version(&self) -> Option<&Arc<str>> {
        self.birth
            .as_deref()
            .and_then(|birth| birth.version.as_ref())
    }

    /// Returns the run's priority.
    pub fn priority(&self) -> i32 {
        self.birth.as_deref().map_or(0, |birth| birth.priority)
    }

    /// Returns the labels.
    pub fn labels(&self) -> &[(Arc<str>, Arc<str>)] {
        self.birth().map_or(&[], |request| &request.labels)
    }

    /// Returns the parameters, null before the first event.
    pub fn parameters(&self) -> &Value {
        static NONE: Value = Value::Null;
        self.birth().map_or(&NONE, |request| &request.parameters)
    }

    /// Returns the run's variables.
    pub fn vars(&self) -> Value {
        let root = self.graphs.get(0);
        Value::Map(root.map_or_else(Arc::default, |root| Arc::clone(&root.vars)))
    }

    /// Returns the variables as seen in a graph: those of the graphs around it, overlaid.
    pub(crate) fn vars_seen(&self, graph: GraphId) -> Arc<Map> {
        let state = self.graph(graph);
        let Some((_, outer)) = state.owner else {
            return Arc::clone(&state.vars);
        };
        let around = self.vars_seen(outer);
        if state.vars.is_empty() {
            return around;
        }
        let mut all = (*around).clone();
        all.extend(
            state
                .vars
                .iter()
                .map(|(name, value)| (Arc::clone(name), value.clone())),
        );
        Arc::new(all)
    }

    /// Returns the output; null until the run has ended.
    pub fn output(&self) -> &Value {
        &self.output
    }

    /// Returns the unhandled failures of the run, in order.
    pub fn errors(&self) -> Vec<RunError> {
        let Some(root) = self.graphs.get(0) else {
            return Vec::new();
        };
        let error = |unhandled: &super::Unhandled| RunError {
            task: unhandled.task.and_then(|task| self.task_name(task)),
            execution: unhandled.visit.map(|visit| self.visit(visit).first),
            failure: unhandled.failure.clone(),
        };
        root.failures.iter().map(error).collect()
    }

    /// Returns the first unhandled failure.
    pub fn failure(&self) -> Option<RunError> {
        self.errors().into_iter().next()
    }

    /// Returns the rendered `run_name`.
    pub fn name(&self) -> Option<&Arc<str>> {
        self.name.as_ref()
    }

    /// Returns why the run is paused, if it is and somebody said.
    pub fn pause_reason(&self) -> Option<&Arc<str>> {
        self.pause.as_ref().and_then(|pause| pause.reason.as_ref())
    }

    /// Returns what all attempts have used.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Returns how many executions there are, by outcome.
    pub fn counts(&self) -> TaskCounts {
        self.counts
    }

    /// Returns when the run was accepted.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// Returns when it last changed.
    pub fn updated(&self) -> Timestamp {
        self.updated
    }

    /// Returns when its first task could start.
    pub fn started(&self) -> Option<Timestamp> {
        self.started
    }

    /// Returns when it ended.
    pub fn completed(&self) -> Option<Timestamp> {
        self.completed
    }

    /// Tells whether anything in the run is secret: its events and snapshot must be encrypted.
    pub fn has_secret(&self) -> bool {
        self.secret
    }

    pub(crate) fn task_name(&self, task: TaskIndex) -> Option<Arc<str>> {
        let declared = self.birth.as_deref()?.tasks.get(task.get())?;
        Some(Arc::clone(&declared.name))
    }

    /// Returns the visits of a task, latest first.
    pub(crate) fn visits_of(&self, task: TaskIndex) -> impl Iterator<Item = VisitId> + '_ {
        let latest = self.tasks.get(task.get()).and_then(|slot| slot.0);
        std::iter::successors(latest, |visit| self.visit(*visit).previous)
    }

    /// Tells whether a join of the run's own graph has arrivals that nothing came of.
    pub fn has_unreachable_join(&self) -> bool {
        let books = self.graphs.get(0).map(|root| root.joins.values());
        let mut arrivals = books
            .into_iter()
            .flatten()
            .flat_map(super::JoinBook::arrivals);
        arrivals.any(|arrival| arrival.fate == Fate::LeftOver)
    }
}
