use std::fmt::Write as _;

use super::*;
use crate::definition::{Join, MaxFailures, Target, TaskKind};
use crate::expr::Template;
use crate::time::Millis;

const HEAD: &str = "ref: demo.flow\nlabel: Flow\nversion: 1.0.0\n";

fn inline(source: &str) -> Definition {
    let parsed = parse_with(source, &Options::inline());
    let shown = format!("{:#?}", parsed.diagnostics);
    parsed.definition.unwrap_or_else(|| panic!("{shown}"))
}

fn codes(parsed: &Parsed) -> Vec<String> {
    let show = |d: &Diagnostic| format!("{} {} {}", d.code, d.pointer, d.message);
    parsed.diagnostics.iter().map(show).collect()
}

/// Shows the transitions of a task as `kind: target target; …`.
fn transitions(definition: &Definition, name: &str) -> String {
    let task = definition.task(definition.by_name[name]);
    let mut shown = String::new();
    for transition in &task.transitions {
        let _ = write!(shown, "{:?}:", transition.kind);
        for target in &transition.targets {
            match target {
                Target::Task(index) => write!(shown, " {}", definition.task(*index).name),
                Target::Noop | Target::Continue | Target::Fail | Target::Retry => {
                    write!(shown, " {target:?}")
                }
            }
            .unwrap();
        }
        shown.push_str("; ");
    }
    shown
}

fn names(definition: &Definition, indexes: &[crate::TaskIndex]) -> Vec<String> {
    let name = |index: &crate::TaskIndex| definition.task(*index).name.to_string();
    indexes.iter().map(name).collect()
}

#[test]
fn a_file_says_who_it_is() {
    let definition = parse(
        "ref: demo.hello\nlabel: Hello\nversion: 1.0\ntags: [a, 2]\nenabled: false\n\
         tasks:\n- {name: a, action: core.echo}\n",
    )
    .definition
    .unwrap();
    assert_eq!(&*definition.reference, "demo.hello");
    assert_eq!(definition.version.as_deref(), Some("1.0"));
    assert_eq!(definition.tags, ["a", "2"]);
    assert_eq!(definition.enabled, Some(false));
    assert_eq!(definition.tasks[0].place.line, 7);
}

#[test]
fn files_must_say_who_they_are_and_inline_workflows_need_not() {
    let tasks = "tasks: [{name: a, action: n}]";
    assert_eq!(
        codes(&parse(tasks)),
        [
            "E_REF  the workflow has no `ref`",
            "E_SCHEMA  the workflow has no `label`",
            "E_SCHEMA  the workflow has no `version`",
        ]
    );
    let named = Options {
        default_ref: Some("demo.flow"),
        ..Options::default()
    };
    let parsed = parse_with(&format!("label: x\nversion: 1\n{tasks}"), &named);
    assert_eq!(&*parsed.definition.unwrap().reference, "demo.flow");
    let other = Options {
        default_ref: Some("demo.other"),
        ..Options::default()
    };
    assert_eq!(
        codes(&parse_with(&format!("{HEAD}{tasks}"), &other)),
        ["E_REF /ref the file says `demo.flow`, the request says `demo.other`"]
    );
    assert!(inline(tasks).reference.contains('.'));
}

#[test]
fn all_fields_become_one_list_of_transitions_in_the_order_of_the_language() {
    let definition = inline(
        "tasks:\n\
         - name: a\n  action: n\n  next: [{do: b}, {do: continue}, {}]\n  on_complete: c\n  on_skip: b\n  \
         on_timeout: noop\n  on_failure: [c, fail]\n  on_success: [{do: b}, {when: true, do: [c, b]}]\n\
         - {name: b, action: n, join: all}\n- {name: c, action: n, join: any}\n\
         - {name: d, action: n, needs: [a, c]}\n- {name: e, action: n, needs: d, join: any}\n",
    );
    assert_eq!(
        transitions(&definition, "a"),
        "OnSuccess: b; OnSuccess: c b; OnSuccess: d; OnFailure: c Fail; OnTimeout: Noop; OnSkip: b; \
         OnComplete: c; Next: b; Next: Continue; Next:; "
    );
    let task = |name: &str| definition.task(definition.by_name[name]);
    assert!(task("a").has_on_skip);
    assert_eq!(task("b").join, Some(Join::All));
    assert_eq!(task("c").join, Some(Join::Count(1)));
    assert_eq!(task("d").join, Some(Join::All));
    assert_eq!(task("e").join, Some(Join::Count(1)));
    assert_eq!(names(&definition, &task("d").inbound), ["a", "c"]);
    assert_eq!(names(&definition, &task("b").inbound), ["a"]);
}

#[test]
fn a_decision_replaces_on_success_but_not_what_others_need() {
    let definition = inline(
        "tasks:\n\
         - name: a\n  action: n\n  on_success: b\n  \
         decision: [{when: true, next: [b, c]}, {default: c}, {when: false, next: fail}]\n\
         - {name: b, action: n}\n- {name: c, action: n, join: any}\n- {name: d, action: n, needs: a}\n",
    );
    assert_eq!(
        transitions(&definition, "a"),
        "Decision { default: false }: b c; Decision { default: true }: c; \
         Decision { default: false }: Fail; Next: d; "
    );
    let needed = definition.tasks[0].transitions.last().unwrap();
    assert_eq!(needed.when_text.as_deref(), Some("succeeded()"));
    assert_eq!(names(&definition, &definition.tasks[1].inbound), ["a"]);
}

#[test]
fn blocks_and_lists_decide_what_comes_first() {
    let definition = inline(
        "on_failure: [page]\nfinally: unlock\nallow_cycles: true\ntasks:\n\
         - name: p\n  type: parallel\n  on_success: after\n  tasks:\n  \
         - {name: x, action: n, on_success: y}\n  - {name: y, action: n, on_failure: y}\n  - {name: z, action: n}\n\
         - {name: after, action: n}\n- {name: page, action: n}\n- {name: unlock, action: n}\n",
    );
    assert_eq!(names(&definition, &definition.entry), ["p"]);
    assert_eq!(names(&definition, &definition.on_failure), ["page"]);
    assert_eq!(names(&definition, &definition.finally), ["unlock"]);
    let TaskKind::Parallel { entry, tasks } = &definition.tasks[0].kind else {
        panic!("a block");
    };
    assert_eq!(names(&definition, entry), ["x", "z"]);
    assert_eq!(names(&definition, tasks), ["x", "y", "z"]);
    let cyclic: Vec<bool> = definition.tasks.iter().map(|task| task.in_cycle).collect();
    assert_eq!(cyclic, [false, false, true, false, false, false, false]);
    assert_eq!(definition.tasks[2].parent, Some(crate::TaskIndex(0)));
}

#[test]
fn kinds_policies_and_defaults_are_read() {
    let definition = inline(
        "defaults: {timeout: 1m, retry: {count: 2}}\ntimeout: 1h\npriority: -3\noverlap: skip\n\
         limits: {max_items: 5, fuel: 1e10}\ntasks:\n\
         - {name: a, action: n, on_success: [b, c, d, e]}\n\
         - {name: b, action: core.sleep, input: {seconds: 1}}\n- {name: c, action: core.inquiry}\n\
         - {name: d, type: workflow, action: p.child}\n\
         - {name: e, action: n, timeout: 5, retry: {delay: 1, jitter: full}, with_items: [1], max_failures: 25%, \
         limits: {memory: 1MiB}, cache: 2m}\n",
    );
    let task = |name: &str| definition.task(definition.by_name[name]);
    assert!(matches!(task("a").kind, TaskKind::Action { .. }));
    assert_eq!(task("b").kind, TaskKind::Sleep);
    assert_eq!(task("c").kind, TaskKind::Inquiry);
    assert!(matches!(task("d").kind, TaskKind::Workflow { .. }));
    let timeouts: Vec<bool> = definition
        .tasks
        .iter()
        .map(|task| task.timeout.is_some())
        .collect();
    assert_eq!(timeouts, [true, false, false, false, true]);
    let retry = task("e").retry.as_ref().unwrap();
    assert!(matches!(&retry.count, Template::Literal(Value::Int(3))));
    assert!((retry.jitter - 1.0).abs() < f64::EPSILON);
    let items = task("e").items.as_ref().unwrap();
    assert_eq!(items.max_failures, MaxFailures::Percent(25.0));
    assert_eq!(task("e").limits.memory_bytes, Some(1 << 20));
    assert_eq!(task("e").cache, Some(Millis(120_000)));
    assert_eq!(definition.timeout, Some(Millis(3_600_000)));
    assert_eq!(definition.limits.max_items, 5);
    assert_eq!(definition.limits.fuel, Some(10_000_000_000));
    assert_eq!(definition.priority, -3);
}

#[test]
fn publish_runs_on_failure_only_where_nothing_else_follows_a_success() {
    let definition = inline(
        "tasks:\n- {name: a, action: n, publish: x, on_complete: c}\n\
         - {name: b, action: n, publish: x, on_complete: c, on_success: c}\n\
         - {name: c, action: n, join: all, publish: x}\n",
    );
    let flags: Vec<bool> = definition
        .tasks
        .iter()
        .map(|t| t.publish_on_failure)
        .collect();
    assert_eq!(flags, [true, false, false]);
    assert!(definition.tasks[0].publish[0].value.is_none());
}

#[test]
fn a_value_is_checked_like_a_file_with_pointers_instead_of_places() {
    let value =
        yaml::to_value("tasks: [{name: a, action: n, on_success: bb}, {name: b, action: n}]");
    let options = Options {
        base: Position { line: 7, column: 3 },
        ..Options::inline()
    };
    let parsed = parse_value(&value.unwrap(), &options);
    let problem = &parsed.diagnostics[0];
    assert_eq!(problem.pointer, "/tasks/0/on_success");
    assert_eq!((problem.line, problem.column), (7, 3));
}

#[test]
fn files_without_bounds_are_refused_at_once() {
    let mut text = String::from("tasks:\n");
    for index in 0..=file::MAX_TASKS {
        let _ = writeln!(text, "- {{name: t{index}, action: n}}");
    }
    let parsed = parse_with(&text, &Options::inline());
    assert_eq!(
        codes(&parsed),
        ["E_LIMIT /tasks the file has 1001 tasks, more than 1000"]
    );
    let many = "{do: b}, ".repeat(file::MAX_TRANSITIONS + 1);
    let text = format!("tasks: [{{name: a, action: n, next: [{many}]}}, {{name: b, action: n}}]");
    let parsed = parse_with(&text, &Options::inline());
    assert_eq!(parsed.diagnostics[0].code, "E_LIMIT");
}

#[test]
fn parameters_must_be_an_object_and_defaults_must_fit() {
    for (parameters, expected) in [
        (
            "{type: string}",
            vec!["E_SCHEMA /parameters parameters are an object: `type: object`"],
        ),
        (
            "{n: {type: integer, default: x}, m: {type: string, required: true}}",
            vec!["E_SCHEMA /parameters/n/default the default must be integer, not string"],
        ),
        (
            "{type: object, properties: {n: {type: object, required: [a], default: {}}}}",
            vec![
                "E_SCHEMA /parameters/properties/n/default the default has no `a`, which is required",
            ],
        ),
        ("{n: {type: string, default: null}}", vec![]),
    ] {
        let source = format!("parameters: {parameters}\ntasks: [{{name: a, action: n}}]");
        assert_eq!(codes(&parse_with(&source, &Options::inline())), expected);
    }
}

/// A few actions with schemas.
struct Known;

impl Actions for Known {
    fn lookup(&self, reference: &str) -> Option<ActionSchemas> {
        let schema = |text: &str| Some(yaml::to_value(text).unwrap());
        let schemas = match reference {
            "mail.send" => ActionSchemas {
                parameters: schema(
                    "{type: object, required: [to], properties: {to: {type: string}, cc: {type: array, \
                     items: {type: string}}, n: {type: integer, maximum: 5}}}",
                ),
                output: schema(
                    "{type: object, properties: {id: {type: string}, list: {type: array, items: {$ref: '#/$defs/x'}}}, \
                     $defs: {x: {type: object, properties: {name: {}}}}}",
                ),
            },
            "core.noop" => ActionSchemas::default(),
            _ => return None,
        };
        Some(schemas)
    }

    fn references(&self) -> Vec<String> {
        vec!["mail.send".into(), "core.noop".into()]
    }
}

#[test]
fn inputs_are_checked_where_actions_are_known() {
    let source = "tasks:\n\
        - {name: a, action: mail.sent, on_success: b}\n\
        - {name: b, action: mail.send, on_success: c}\n\
        - {name: c, action: mail.send, input: {to: 1, tpo: x, cc: [a, 2], n: 9}, on_success: d}\n\
        - {name: d, action: core.noop, input: {any: thing}}\n";
    let options = Options {
        actions: Some(&Known),
        ..Options::inline()
    };
    let parsed = parse_with(source, &options);
    assert_eq!(
        codes(&parsed),
        [
            "E_UNKNOWN_ACTION /tasks/0/action there is no action `mail.sent`",
            "E_INPUT /tasks/1/name the input `to` is required",
            "E_INPUT_TYPE /tasks/2/input/to the input `to` must be string, not integer",
            "E_INPUT /tasks/2/input/tpo the input `tpo` is unknown",
            "E_INPUT_TYPE /tasks/2/input/cc/1 the input `cc.1` must be string, not integer",
            "E_INPUT_TYPE /tasks/2/input/n the input `n` is greater than the maximum of 5",
        ]
    );
    assert_eq!(
        parsed.diagnostics[0].fix.as_deref(),
        Some("did you mean `mail.send`?")
    );
    assert_eq!(parsed.diagnostics[3].line, 4);
}
