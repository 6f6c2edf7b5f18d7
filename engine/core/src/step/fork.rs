//! A fork: a new run that takes over what another had recorded before the latest visit of a
//! chosen task, and goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definition::Definition;
use crate::event::Fork;
use crate::id::TaskIndex;
use crate::run::{
    Carry, Graph, GraphId, Phase, Run, RunStatus, Start, Tier, Unhandled, Visit, VisitId,
};

use super::Refusal;
use super::machine::{Flow, Machine};

const ROOT: GraphId = GraphId(0);

/// What a fork would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForkPreview {
    /// Tasks whose visits are forgotten or cut off and that run again, in order of their visits.
    pub again: Vec<Arc<str>>,
    /// Tasks whose recorded results are kept.
    pub kept: Vec<Arc<str>>,
}

/// Tells what a fork of `origin` at a task would run again and what it would keep.
///
/// # Errors
/// [`Refusal::RerunNotRun`] if the task never ran.
pub fn preview_fork(
    definition: &Definition,
    origin: &Run,
    from_task: &str,
) -> Result<ForkPreview, Refusal> {
    let plan = Plan::new(definition, origin, from_task)?;
    let mut preview = ForkPreview::default();
    for (place, visit) in origin.visits.iter().enumerate() {
        if visit.start.graph != ROOT || visit.start.tier != Tier::Main {
            continue;
        }
        let kept = plan.kept.contains_key(&VisitId(place as u32));
        let list = if kept {
            &mut preview.kept
        } else {
            &mut preview.again
        };
        if let Some(name) = origin.task_name(visit.task())
            && !list.contains(&name)
        {
            list.push(name);
        }
    }
    Ok(preview)
}

/// Which visits of the origin are taken over, and what they are called in the new run.
struct Plan {
    kept: BTreeMap<VisitId, VisitId>,
    graphs: BTreeMap<GraphId, GraphId>,
    /// Tasks of the origin by their place in the new definition.
    tasks: Vec<Option<TaskIndex>>,
    /// What starts: the chosen task, and what the origin had not ended.
    starts: Vec<Start>,
}

impl Plan {
    fn new(definition: &Definition, origin: &Run, from_task: &str) -> Result<Self, Refusal> {
        let unknown = || Refusal::RerunNotRun(from_task.to_owned());
        let names = &origin.birth.as_ref().ok_or_else(unknown)?.tasks;
        let known =
            |declared: &crate::run::Declared| definition.by_name.get(&declared.name).copied();
        let tasks: Vec<_> = names.iter().map(known).collect();
        let chosen = names
            .iter()
            .position(|task| &*task.name == from_task)
            .ok_or_else(unknown)?;
        let mut chosen = origin.tasks[chosen].0.ok_or_else(unknown)?;
        while let Some((block, _)) = origin.graph(origin.visit(chosen).start.graph).owner {
            chosen = block;
        }
        let start = &origin.visit(chosen).start;
        if start.tier != Tier::Main || tasks[start.task.get()].is_none() {
            return Err(unknown());
        }
        let mut plan = Self {
            kept: BTreeMap::new(),
            graphs: BTreeMap::from([(ROOT, ROOT)]),
            tasks,
            starts: vec![start.clone()],
        };
        plan.sort(origin, chosen);
        Ok(plan)
    }

    /// Sorts visits into those that are kept, those that are forgotten because they descend from
    /// the chosen one, and those that had not ended and start once more.
    fn sort(&mut self, origin: &Run, chosen: VisitId) {
        let mut forgotten = BTreeSet::from([chosen]);
        for (place, visit) in origin.visits.iter().enumerate() {
            let id = VisitId(place as u32);
            let start = &visit.start;
            let mut causes = start.cause.iter().chain(&start.joined);
            if causes.any(|cause| forgotten.contains(cause)) {
                forgotten.insert(id);
            }
            let known = self.tasks[visit.task().get()].is_some();
            let graph = self.graphs.contains_key(&start.graph);
            if forgotten.contains(&id) || start.tier != Tier::Main || !known || !graph {
                continue;
            }
            if visit.is_over() {
                self.kept.insert(id, VisitId(self.kept.len() as u32));
                self.keep_graphs(visit);
            } else if start.graph == ROOT {
                self.starts.push(start.clone());
                forgotten.insert(id);
            }
        }
        let stopped = origin.graph(ROOT).not_started.iter();
        let stopped =
            stopped.filter(|start| start.cause.is_none_or(|cause| !forgotten.contains(&cause)));
        self.starts.extend(stopped.cloned());
    }

    fn keep_graphs(&mut self, visit: &Visit) {
        for graph in visit
            .work
            .executions
            .iter()
            .filter_map(|execution| execution.graph)
        {
            let next = GraphId(self.graphs.len() as u32);
            self.graphs.insert(graph, next);
        }
    }

    fn start(&self, start: &Start) -> Option<Start> {
        let visit = |id: VisitId| self.kept.get(&id).copied();
        let task = |index: TaskIndex| self.tasks.get(index.get()).copied().flatten();
        let carry = Carry {
            visit: &visit,
            task: &task,
        };
        Some(Start {
            task: task(start.task)?,
            graph: *self.graphs.get(&start.graph)?,
            tier: start.tier,
            exempt: start.exempt,
            lineage: carry.lineage(&start.lineage),
            cause: start.cause.and_then(visit),
            joined: start.joined.iter().filter_map(|id| visit(*id)).collect(),
            reuse: None,
        })
    }
}

impl Machine<'_> {
    pub(super) fn fork(&mut self, fork: &Fork) -> Flow {
        let origin = Run::decode(&fork.machine);
        let origin = origin.ok_or(Refusal::Illegal("the origin's machine is damaged"))?;
        let plan = Plan::new(self.definition, &origin, &fork.from_task)?;
        self.run.secret |= origin.secret || fork.vars.iter().any(|(_, value)| value.has_secret());
        self.take_over_vars(&origin, fork);
        for &old in plan.kept.keys() {
            self.take_over_visit(&origin, &plan, old);
        }
        let mut graphs: Vec<_> = plan.graphs.iter().map(|(old, new)| (*new, *old)).collect();
        graphs.sort_unstable();
        for (new, old) in graphs {
            self.take_over_graph(&origin, &plan, old, new);
        }
        self.name_run()?;
        self.run.phase = Phase::Main;
        self.run.started = Some(self.at);
        self.run.visits_before_rerun = self.run.visits.len() as u32;
        self.set_status(RunStatus::Running);
        self.set_run_timeout();
        let starts: Vec<Start> = plan
            .starts
            .iter()
            .filter_map(|start| plan.start(start))
            .collect();
        if let (Some(first), Some(input)) = (starts.first(), &fork.input) {
            self.run.given_input = Some((first.task, input.clone()));
        }
        for start in starts {
            self.begin(start)?;
        }
        let joins = self.run.graph(ROOT).joins.keys().copied().collect();
        self.fire_reopened(&joins)
    }

    fn take_over_vars(&mut self, origin: &Run, fork: &Fork) {
        let vars = Arc::clone(&origin.graph(ROOT).vars);
        for (name, value) in vars.iter() {
            self.put_var(ROOT, name, value.clone());
        }
        for (name, value) in &fork.vars {
            self.put_var(ROOT, name, value.clone());
        }
    }

    fn take_over_visit(&mut self, origin: &Run, plan: &Plan, old: VisitId) {
        let mut visit = origin.visit(old).clone();
        let Some(start) = plan.start(&visit.start) else {
            return;
        };
        let id = VisitId(self.run.visits.len() as u32);
        let rows = visit.rows();
        visit.first = self.allot(id, rows);
        let slot = &mut self.run.tasks[start.task.get()];
        visit.previous = slot.0.replace(id);
        slot.1 += 1;
        visit.number = slot.1;
        visit.start = start;
        visit.key = None;
        visit.deadline = None;
        for index in 0..visit.work.executions.len() {
            if let Some(execution) = visit.work.executions.get_mut(index) {
                let graph = execution.graph.and_then(|graph| plan.graphs.get(&graph));
                execution.graph = graph.copied();
            }
        }
        self.run.counts.total += rows;
        self.run.visits.push(Arc::new(visit));
        self.count_visit(id);
    }

    fn take_over_graph(&mut self, origin: &Run, plan: &Plan, old: GraphId, new: GraphId) {
        let state = origin.graph(old);
        let visit = |id: VisitId| plan.kept.get(&id).copied();
        let task = |index: TaskIndex| plan.tasks.get(index.get()).copied().flatten();
        let carry = Carry {
            visit: &visit,
            task: &task,
        };
        let failures = state.failures.iter().filter_map(|unhandled| {
            Some(Unhandled {
                visit: Some(visit(unhandled.visit?)?),
                task: unhandled.task.and_then(task),
                failure: unhandled.failure.clone(),
            })
        });
        let failures = failures.collect();
        let joins = state
            .joins
            .iter()
            .filter_map(|(join, book)| Some((task(*join)?, book.carried(&carry))));
        let joins = joins.collect();
        let latest = state
            .latest
            .iter()
            .filter_map(|(index, id)| Some((task(*index)?, visit(*id)?)));
        let latest = latest.collect();
        if new == ROOT {
            let root = self.run.graph_mut(ROOT);
            root.failures = failures;
            root.joins = joins;
            return;
        }
        let owner = state
            .owner
            .and_then(|(block, outer)| Some((visit(block)?, *plan.graphs.get(&outer)?)));
        self.run.graphs.push(Arc::new(Graph {
            owner,
            failures,
            latest,
            vars: Arc::clone(&state.vars),
            ..Graph::default()
        }));
    }
}
