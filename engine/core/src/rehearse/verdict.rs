//! What a case expects, against what happened.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::definition::{Definition, TaskKind};
use crate::diagnostics::{Diagnostic, Severity};
use crate::event::{EventKind, RerunTask, RunStarted, Trigger};
use crate::id::Digest;
use crate::pin::{Pins, WorkflowPin, pack_of};
use crate::run::{RunStatus, TaskFilter};
use crate::spec::{self, Options, Parsed};
use crate::step::Refusal;
use crate::value::{Map, Value};

use super::Find;
use super::case::{Case, Expect, Rerun};
use super::mock::Mocks;
use super::op::Planned;
use super::world::{ROOT, World};

/// How a case went.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// What differed from what was expected; empty if the case passed.
    pub differences: Vec<Difference>,
    /// Problems of the workflow file, warnings too.
    pub diagnostics: Vec<Diagnostic>,
    /// What happened, if anything ran.
    pub happened: Option<Happened>,
}

/// What a rehearsed run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// Its status at the end.
    pub status: RunStatus,
    /// Tasks in the order of dispatch, one entry per visit.
    pub sequence: Vec<Arc<str>>,
    /// Its output.
    pub output: Value,
    /// Types of its unhandled failures.
    pub errors: Vec<Arc<str>>,
}

/// One thing that differed.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What was looked at: a field of `expect`.
    pub what: String,
    /// What the case says.
    pub expected: Json,
    /// What happened.
    pub actual: Json,
}

impl Verdict {
    /// Tells whether all was as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }

    fn differs(&mut self, what: impl Into<String>, expected: Json, actual: Json) {
        self.differences.push(Difference {
            what: what.into(),
            expected,
            actual,
        });
    }

    fn compare(&mut self, what: impl Into<String>, expected: Json, actual: Json) {
        if expected != actual {
            self.differs(what, expected, actual);
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\n  expected {}\n  actual   {}",
            self.what, self.expected, self.actual
        )
    }
}

/// Runs a case and compares.
pub(super) fn judge(case: &Case, find: Find<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    if let Some(why) = &case.broken {
        verdict.differs("case", json!("readable"), json!(why));
        return verdict;
    }
    let parsed = match load(&case.workflow, None, find) {
        Ok(parsed) => parsed,
        Err(path) => {
            verdict.differs("workflow", json!(path), json!("there is no such file"));
            return verdict;
        }
    };
    verdict.diagnostics = parsed.diagnostics;
    let definition = check_file(&case.expect, parsed.definition, &mut verdict);
    let Some(definition) = definition.map(Arc::new) else {
        return verdict;
    };
    let Some(children) = load_children(case, find, &mut verdict) else {
        return verdict;
    };
    let inputs = case.inputs.clone().unwrap_or_else(|| json!({}));
    let parameters = match definition.parameters.prepare(Value::from_serde(&inputs)) {
        Ok(parameters) => parameters,
        Err(mismatches) => {
            if !case.expect.input_error {
                let why: Vec<_> = mismatches
                    .iter()
                    .map(|m| format!("{} {}", m.pointer, m.message))
                    .collect();
                verdict.differs("inputs", json!("valid"), json!(why));
            }
            return verdict;
        }
    };
    if case.expect.input_error {
        verdict.differs("input_error", json!(true), json!(false));
        return verdict;
    }
    let world = run(case, &definition, children, parameters, &mut verdict);
    if let Some(world) = world {
        compare_end(&case.expect, &world, &mut verdict);
        let root = world.root();
        verdict.happened = Some(Happened {
            status: root.status(),
            sequence: world.sequence.clone(),
            output: root.output().clone(),
            errors: root
                .errors()
                .into_iter()
                .map(|error| error.failure.kind)
                .collect(),
        });
    }
    verdict
}

/// Reads a workflow that stands in the case, or at a path.
fn load(workflow: &Json, reference: Option<&str>, find: Find<'_>) -> Result<Parsed, String> {
    let options = Options {
        default_ref: reference,
        ..Options::inline()
    };
    let Some(path) = workflow.as_str() else {
        return Ok(spec::parse_value(&Value::from_serde(workflow), &options));
    };
    let text = find(path).ok_or_else(|| path.to_owned())?;
    Ok(spec::parse_with(&text, &options))
}

fn check_file(
    expect: &Expect,
    definition: Option<Definition>,
    verdict: &mut Verdict,
) -> Option<Definition> {
    let codes = |severity| -> Vec<&'static str> {
        let problems = verdict.diagnostics.iter();
        problems
            .filter(|problem| problem.severity == severity)
            .map(|problem| problem.code)
            .collect()
    };
    let (errors, warnings) = (codes(Severity::Error), codes(Severity::Warning));
    let missing = expect
        .warnings
        .iter()
        .any(|code| !warnings.contains(&&**code));
    if missing {
        verdict.differs("warnings", json!(expect.warnings), json!(warnings));
    }
    match &expect.invalid {
        Some(wanted) => {
            let all = wanted.iter().all(|code| errors.contains(&&**code));
            if definition.is_some() || !all {
                verdict.differs("invalid", json!(wanted), json!(errors));
            }
            None
        }
        None => {
            if definition.is_none() {
                let told = verdict
                    .diagnostics
                    .iter()
                    .filter(|problem| problem.is_error());
                let told: Vec<_> = told
                    .map(|p| format!("{} {}: {}", p.code, p.pointer, p.message))
                    .collect();
                verdict.differs("workflow", json!("valid"), json!(told));
            }
            definition
        }
    }
}

fn load_children(
    case: &Case,
    find: Find<'_>,
    verdict: &mut Verdict,
) -> Option<BTreeMap<Arc<str>, Arc<Definition>>> {
    let mut children = BTreeMap::new();
    for (reference, workflow) in &case.workflows {
        let parsed = load(workflow, Some(reference), find);
        let (definition, why) = match parsed {
            Ok(parsed) => {
                let why: Vec<_> = parsed
                    .diagnostics
                    .iter()
                    .map(|p| format!("{}: {}", p.code, p.message))
                    .collect();
                (parsed.definition, json!(why))
            }
            Err(path) => (None, json!(format!("there is no file {path}"))),
        };
        match definition {
            Some(definition) => {
                children.insert(Arc::from(reference.as_str()), Arc::new(definition));
            }
            None => verdict.differs(format!("workflows.{reference}"), json!("valid"), why),
        }
    }
    verdict.passed().then_some(children)
}

/// Runs a case to its end; `None` if a rerun was refused.
fn run(
    case: &Case,
    definition: &Arc<Definition>,
    children: BTreeMap<Arc<str>, Arc<Definition>>,
    parameters: Value,
    verdict: &mut Verdict,
) -> Option<World> {
    let request = request(case, definition, &children, parameters);
    let kv = case
        .kv
        .iter()
        .map(|(key, value)| (key.clone(), Value::from_serde(value)));
    let ops = case.ops.iter().map(Planned::new).collect();
    let mut world = World::new(children, kv.collect(), ops);
    world.mocks = Mocks::new(&case.mocks);
    world.start(Arc::clone(definition), request);
    world.settle();
    let Some(rerun) = &case.rerun else {
        return Some(world);
    };
    if let Some(mocks) = &rerun.mocks {
        world.mocks = Mocks::new(mocks);
    }
    let told = world.tell(ROOT, rerun_event(rerun, &world));
    let actual = told.err().map(|refusal| rerun_code(&refusal));
    verdict.compare("rerun_error", json!(case.expect.rerun_error), json!(actual));
    if actual.is_some() {
        // What the first end left is compared all the same.
        return Some(world);
    }
    world.settle();
    Some(world)
}

fn rerun_event(rerun: &Rerun, world: &World) -> EventKind {
    let mut names: Vec<Arc<str>> = rerun
        .tasks
        .iter()
        .map(|name| Arc::from(name.as_str()))
        .collect();
    if names.is_empty() && rerun.reset {
        names = world
            .root()
            .errors()
            .into_iter()
            .filter_map(|error| error.task)
            .collect();
    }
    let task = |name| RerunTask {
        name,
        reset_items: rerun.reset,
    };
    EventKind::RerunRequested {
        tasks: names.into_iter().map(task).collect(),
        by: "tester".into(),
    }
}

fn rerun_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::RerunActive => "rerun_active",
        Refusal::RerunNothing => "rerun_nothing",
        Refusal::RerunNotRun(_) => "rerun_not_run",
        Refusal::Stale | Refusal::Forbidden(_) | Refusal::NotWaiting(_) | Refusal::Illegal(_) => {
            "refused"
        }
    }
}

fn request(
    case: &Case,
    definition: &Arc<Definition>,
    children: &BTreeMap<Arc<str>, Arc<Definition>>,
    parameters: Value,
) -> RunStarted {
    let pin = |reference: &Arc<str>| WorkflowPin {
        reference: Arc::clone(reference),
        revision: 1,
        digest: Digest([0; 32]),
    };
    let config = case
        .pack_config
        .as_ref()
        .map_or_else(|| Value::Map(Arc::new(Map::new())), Value::from_serde);
    let mut pins = Pins::default();
    for known in children.values().chain([definition]) {
        pins.configs
            .insert(pack_of(&known.reference).into(), config.clone());
        for task in &known.tasks {
            if let TaskKind::Workflow { reference } = &task.kind {
                pins.workflows.insert(Arc::clone(reference), pin(reference));
            }
        }
    }
    for reference in children.keys() {
        pins.workflows.insert(Arc::clone(reference), pin(reference));
    }
    RunStarted {
        pins,
        parameters,
        trigger: Trigger::Cli,
        ..RunStarted::root(ROOT, pin(&definition.reference), "tester")
    }
}

fn compare_end(expect: &Expect, world: &World, verdict: &mut Verdict) {
    let run = world.root();
    if let Some(status) = &expect.status {
        verdict.compare("status", json!(status), json!(run.status().as_str()));
    }
    if let Some(sequence) = &expect.sequence {
        verdict.compare("sequence", json!(sequence), json!(world.sequence));
    }
    for (task, count) in &expect.counts {
        let actual = world
            .sequence
            .iter()
            .filter(|name| ***name == **task)
            .count();
        verdict.compare(format!("counts.{task}"), json!(count), json!(actual));
    }
    for (task, status) in &expect.tasks {
        let actual = run.latest_status(task).map(|status| status.as_str());
        verdict.compare(format!("tasks.{task}"), json!(status), json!(actual));
    }
    for (task, inputs) in &expect.inputs_of {
        let filter = TaskFilter {
            name: Some(task.as_str().into()),
            status: Vec::new(),
        };
        let rows = run.task_rows(None, usize::MAX, &filter);
        let rows = rows.iter().filter(|row| row.attempt > 0);
        let actual: Vec<Json> = rows.map(|row| row.input.to_public_serde()).collect();
        verdict.compare(format!("inputs_of.{task}"), json!(inputs), json!(actual));
    }
    if let Some(output) = &expect.output {
        verdict.compare("output", output.clone(), run.output().to_public_serde());
    }
    let errors = run.errors();
    let kinds: Vec<&str> = errors.iter().map(|error| &*error.failure.kind).collect();
    if expect.errors.iter().any(|kind| !kinds.contains(&&**kind)) {
        let told: Vec<_> = errors
            .iter()
            .map(|e| format!("{}: {}", e.failure.kind, e.failure.message))
            .collect();
        verdict.differs("errors", json!(expect.errors), json!(told));
    } else if let Some(wrong) = verdict.differences.iter().position(|d| d.what == "status") {
        // A run that failed against expectation says why.
        let told: Vec<_> = errors
            .iter()
            .map(|e| format!("{}: {}", e.failure.kind, e.failure.message))
            .collect();
        if !told.is_empty() {
            verdict.differences[wrong].actual =
                json!({"status": run.status().as_str(), "errors": told});
        }
    }
}
