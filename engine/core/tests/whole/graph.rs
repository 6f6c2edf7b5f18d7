//! Random workflows, and how they are written as files.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::model::{MAX_TASKS, MAX_VISITS};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Succeeded,
    Failed,
    TimedOut,
    Skipped,
    Cancelled,
}

impl End {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "completed",
            Self::Failed => "failed",
            Self::TimedOut => "timeout",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    OnSuccess,
    Decision,
    OnFailure,
    OnTimeout,
    OnSkip,
    OnComplete,
    Next,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cond {
    None,
    True,
    False,
    Succeeded,
    Failed,
    TimedOut,
    Skipped,
    Completed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    Task(usize),
    Noop,
    Continue,
    Fail,
    Retry,
}

#[derive(Clone, Debug)]
pub(crate) struct Transition {
    pub(crate) kind: Kind,
    pub(crate) cond: Cond,
    pub(crate) targets: Vec<Target>,
}

impl Transition {
    pub(crate) fn has_condition(&self) -> bool {
        !matches!(self.kind, Kind::OnComplete | Kind::Next) || self.cond != Cond::None
    }

    /// Tells whether it handles a failure when it fires.
    pub(crate) fn conditional(&self) -> bool {
        self.kind != Kind::OnComplete && self.has_condition()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Join {
    All,
    Count(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) name: String,
    pub(crate) join: Option<Join>,
    pub(crate) transitions: Vec<Transition>,
    /// How its attempts end, one after the other; then they succeed.
    pub(crate) ends: Vec<End>,
    pub(crate) skipped: bool,
    pub(crate) retries: Option<usize>,
    pub(crate) items: Option<Items>,
    pub(crate) block: Option<Graph>,
}

/// What a task iterates over, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items {
    pub(crate) count: usize,
    pub(crate) concurrency: usize,
    pub(crate) tolerated: usize,
    pub(crate) fail_fast: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) tasks: Vec<Task>,
    pub(crate) entry: Vec<usize>,
    pub(crate) fail_fast: bool,
}

impl Graph {
    fn targets(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        let all = self.tasks[from]
            .transitions
            .iter()
            .flat_map(|one| &one.targets);
        all.filter_map(|target| match target {
            Target::Task(task) => Some(*task),
            Target::Noop | Target::Continue | Target::Fail | Target::Retry => None,
        })
    }

    pub(crate) fn inbound(&self, task: usize) -> Vec<usize> {
        let leads = |from: &usize| self.targets(*from).any(|to| to == task);
        (0..self.tasks.len()).filter(leads).collect()
    }

    pub(crate) fn in_cycle(&self, task: usize) -> bool {
        let mut seen = vec![false; self.tasks.len()];
        let mut open: Vec<usize> = self.targets(task).collect();
        while let Some(next) = open.pop() {
            if !std::mem::replace(&mut seen[next], true) {
                open.extend(self.targets(next));
            }
        }
        seen[task]
    }
}

/// Plain numbers that a task is made of.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    fields: Vec<(u8, u8, [u8; 3])>,
    join: u8,
    ends: Vec<u8>,
    extra: u8,
    items: Option<u8>,
    inner: Vec<Self>,
}

fn leaf() -> impl Strategy<Value = Raw> {
    let field = (0..14_u8, 0..8_u8, any::<[u8; 3]>());
    (
        prop::collection::vec(field, 0..4),
        0..8_u8,
        prop::collection::vec(0..6_u8, 0..4),
        any::<u8>(),
        prop::option::weighted(0.2, any::<u8>()),
    )
        .prop_map(|(fields, join, ends, extra, items)| Raw {
            fields,
            join,
            ends,
            extra,
            items,
            inner: Vec::new(),
        })
}

/// A task, and in one of seven a block, whose tasks may be blocks again.
fn raw() -> impl Strategy<Value = Raw> {
    leaf().prop_recursive(2, 12, 4, |inner| {
        let inner = prop_oneof![
            6 => Just(Vec::new()),
            1 => prop::collection::vec(inner, 1..5),
        ];
        (leaf(), inner).prop_map(|(leaf, inner)| Raw { inner, ..leaf })
    })
}

pub(crate) fn graph() -> impl Strategy<Value = Graph> {
    let tasks = prop::collection::vec(raw(), 2..9);
    (tasks, any::<bool>(), 0..3_u8)
        .prop_map(|(raw, fail_fast, cycles)| build("t", &raw, fail_fast, cycles == 0))
}

const KINDS: [Kind; 14] = [
    Kind::OnSuccess,
    Kind::OnSuccess,
    Kind::OnSuccess,
    Kind::OnSuccess,
    Kind::OnSuccess,
    Kind::OnFailure,
    Kind::OnFailure,
    Kind::OnTimeout,
    Kind::OnSkip,
    Kind::OnComplete,
    Kind::Next,
    Kind::Next,
    Kind::Next,
    Kind::Decision,
];

const CONDS: [Cond; 8] = [
    Cond::None,
    Cond::True,
    Cond::False,
    Cond::Succeeded,
    Cond::Failed,
    Cond::TimedOut,
    Cond::Skipped,
    Cond::Completed,
];

fn build(prefix: &str, raw: &[Raw], fail_fast: bool, cycles: bool) -> Graph {
    let count = raw.len();
    let tasks = raw
        .iter()
        .enumerate()
        .map(|(at, raw)| task(prefix, (at, count), raw, cycles))
        .collect();
    let mut graph = Graph {
        tasks,
        entry: Vec::new(),
        fail_fast,
    };
    reach_all(&mut graph);
    graph.entry = (0..count)
        .filter(|at| *at == 0 || graph.inbound(*at).is_empty())
        .collect();
    for (at, raw) in raw.iter().enumerate() {
        let inbound = graph.inbound(at).len();
        graph.tasks[at].join = match raw.join {
            _ if inbound == 0 => None,
            0..=2 => Some(Join::All),
            3 => Some(Join::Count(1)),
            4 => Some(Join::Count(2.min(inbound))),
            _ => None,
        };
    }
    graph
}

/// Lets a task before it lead to every task that nothing reaches.
fn reach_all(graph: &mut Graph) {
    for at in 1..graph.tasks.len() {
        let starts = (0..graph.tasks.len()).filter(|at| *at == 0 || graph.inbound(*at).is_empty());
        let mut open: Vec<usize> = starts.collect();
        let mut seen = vec![false; graph.tasks.len()];
        while let Some(next) = open.pop() {
            if !std::mem::replace(&mut seen[next], true) {
                open.extend(graph.targets(next));
            }
        }
        if !seen[at] {
            graph.tasks[at - 1].transitions.push(Transition {
                kind: Kind::Next,
                cond: Cond::None,
                targets: vec![Target::Task(at)],
            });
        }
    }
}

fn task(prefix: &str, (at, count): (usize, usize), raw: &Raw, cycles: bool) -> Task {
    let name = format!("{prefix}{at}");
    let mut transitions: Vec<Transition> = Vec::new();
    for (kind, cond, targets) in &raw.fields {
        let kind = KINDS[usize::from(*kind)];
        let single = !matches!(kind, Kind::Next | Kind::Decision);
        if single && transitions.iter().any(|one| one.kind == kind) {
            continue;
        }
        let cond = match kind {
            Kind::Next => CONDS[usize::from(*cond)],
            Kind::Decision => [Cond::True, Cond::False][usize::from(*cond) % 2],
            Kind::OnSuccess
            | Kind::OnFailure
            | Kind::OnTimeout
            | Kind::OnSkip
            | Kind::OnComplete => Cond::None,
        };
        let from = at + 1;
        let mut goals: Vec<Target> = Vec::new();
        for number in &targets[..1 + usize::from(targets[2] % 2)] {
            let number = usize::from(*number);
            let goal = match number % 16 {
                0 => Target::Fail,
                1 => Target::Noop,
                2 => Target::Continue,
                3 => Target::Retry,
                4 | 5 if cycles => Target::Task(number / 16 % count),
                _ if from < count => Target::Task(from + number / 16 % (count - from)),
                _ => Target::Continue,
            };
            if !goals.contains(&goal) {
                goals.push(goal);
            }
        }
        transitions.push(Transition {
            kind,
            cond,
            targets: goals,
        });
    }
    if let Some(default) = transitions
        .iter_mut()
        .rfind(|one| one.kind == Kind::Decision)
    {
        default.cond = Cond::None;
    }
    transitions.sort_by(|a, b| a.kind.partial_cmp(&b.kind).unwrap());
    let end = |number: &u8| match number {
        0 | 1 => End::Failed,
        2 => End::TimedOut,
        _ => End::Succeeded,
    };
    let inner = build(&format!("{name}_"), &raw.inner, raw.extra & 64 == 64, false);
    Task {
        name,
        join: None,
        transitions,
        ends: raw.ends.iter().map(end).collect(),
        skipped: raw.extra % 9 == 8,
        retries: (raw.extra % 5 == 4).then_some(usize::from(raw.extra % 3)),
        items: raw.items.filter(|_| raw.inner.is_empty()).map(items),
        block: (!raw.inner.is_empty()).then_some(inner),
    }
}

fn items(bits: u8) -> Items {
    Items {
        count: usize::from(bits % 5),
        concurrency: [1, 2, 9][usize::from(bits / 5 % 3)],
        tolerated: usize::from(bits / 15 % 3),
        fail_fast: bits / 45 % 2 == 1,
    }
}

pub(crate) fn workflow(graph: &Graph) -> Json {
    let entry: Vec<&str> = graph
        .entry
        .iter()
        .map(|at| &*graph.tasks[*at].name)
        .collect();
    json!({
        "allow_cycles": true,
        "fail_fast": graph.fail_fast,
        "entry": entry,
        "limits": {"max_tasks": MAX_TASKS, "max_task_visits": MAX_VISITS},
        "tasks": tasks(graph),
    })
}

fn tasks(graph: &Graph) -> Vec<Json> {
    let write = |task: &Task| {
        let mut json = json!({"name": task.name});
        match &task.block {
            None => json["action"] = json!("n"),
            Some(inner) => {
                json["type"] = json!("parallel");
                json["fail_fast"] = json!(inner.fail_fast);
                json["tasks"] = json!(tasks(inner));
            }
        }
        match task.join {
            None => {}
            Some(Join::All) => json["join"] = json!("all"),
            Some(Join::Count(1)) => json["join"] = json!("any"),
            Some(Join::Count(count)) => json["join"] = json!(count),
        }
        if task.skipped {
            json["when"] = json!(false);
        }
        if let Some(items) = task.items {
            json["with_items"] = (0..items.count).collect();
            json["concurrency"] = json!(items.concurrency);
            json["max_failures"] = json!(items.tolerated);
            json["fail_fast"] = json!(items.fail_fast);
        }
        if let Some(count) = task.retries {
            json["retry"] = json!({"count": count});
        }
        for one in &task.transitions {
            add(&mut json, graph, one);
        }
        json
    };
    graph.tasks.iter().map(write).collect()
}

fn add(json: &mut Json, graph: &Graph, one: &Transition) {
    let name = |target: &Target| match target {
        Target::Task(at) => graph.tasks[*at].name.clone(),
        Target::Noop => "noop".into(),
        Target::Continue => "continue".into(),
        Target::Fail => "fail".into(),
        Target::Retry => "retry".into(),
    };
    let targets: Vec<String> = one.targets.iter().map(name).collect();
    let when = match one.cond {
        Cond::None => None,
        Cond::True => Some("1 == 1"),
        Cond::False => Some("1 == 2"),
        Cond::Succeeded => Some("succeeded()"),
        Cond::Failed => Some("{{ failed() }}"),
        Cond::TimedOut => Some("timed_out()"),
        Cond::Skipped => Some("skipped()"),
        Cond::Completed => Some("completed()"),
    };
    let (field, entry) = match one.kind {
        Kind::OnSuccess => ("on_success", json!(targets)),
        Kind::OnFailure => ("on_failure", json!(targets)),
        Kind::OnTimeout => ("on_timeout", json!(targets)),
        Kind::OnSkip => ("on_skip", json!(targets)),
        Kind::OnComplete => ("on_complete", json!(targets)),
        Kind::Next => match when {
            Some(when) => ("next", json!({"when": when, "do": targets})),
            None => ("next", json!({"do": targets})),
        },
        Kind::Decision => match when {
            Some(when) => ("decision", json!({"when": when, "next": targets})),
            None => ("decision", json!({"default": true, "next": targets})),
        },
    };
    if entry.is_array() {
        json[field] = entry;
    } else if let Some(list) = json[field].as_array_mut() {
        list.push(entry);
    } else {
        json[field] = json!([entry]);
    }
}

/// The same graph without `fail_fast` and joins of some, on any level, whose tasks end alike in
/// every visit and attempt.
pub(crate) fn patient(mut graph: Graph) -> Graph {
    graph.fail_fast = false;
    for task in &mut graph.tasks {
        task.join = task.join.map(|_| Join::All);
        task.ends = vec![*task.ends.first().unwrap_or(&End::Succeeded); 4 * MAX_TASKS];
        task.block = task.block.take().map(patient);
    }
    graph
}

/// How the mocks of a graph answer.
pub(crate) fn mocks(graph: &Graph) -> Vec<Json> {
    let mut all = Vec::new();
    for task in &graph.tasks {
        for end in &task.ends {
            let status = match end {
                End::Failed => "failed",
                End::TimedOut => "timeout",
                End::Succeeded | End::Skipped | End::Cancelled => "succeeded",
            };
            all.push(json!({"task": task.name, "status": status}));
        }
        all.extend(task.block.iter().flat_map(mocks));
    }
    all
}
