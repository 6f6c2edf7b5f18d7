//! Explanations of tasks: why they ran, wait, were skipped or never came.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use attune_core::event::{
    AttemptFinished, AttemptStarted, Event, EventKind, Facts, Outcome, RunStarted, Usage,
};
use attune_core::explain::{About, Explanation, Reason, Wait, explain};
use attune_core::pin::WorkflowPin;
use attune_core::run::TaskStatus;
use attune_core::spec::{self, Options};
use attune_core::step::step;
use attune_core::{Definition, Digest, Run, RunId, Timestamp, Value};

const SOURCE: &str = "
limits: {max_parallel: 1}
vars: {n: 2}
tasks:
- {name: a, action: n.n, on_success: [b, j], on_failure: h, next: [{when: '{{ vars.n > 5 and succeeded() }}', do: y}]}
- {name: y, action: n.n}
- {name: b, action: n.n, when: false, on_success: c}
- {name: c, action: n.n, delay: 5, on_success: j}
- {name: h, action: n.n}
- {name: j, action: n.n, join: all}
- {name: x, action: n.n}
";

fn request() -> RunStarted {
    let workflow = WorkflowPin {
        reference: "t.t".into(),
        revision: 1,
        digest: Digest([0; 32]),
    };
    RunStarted::root(RunId(1), workflow, "tester")
}

/// Starts the run, lets its first attempt succeed, and returns the journal.
fn journal(definition: &Definition) -> Vec<Event> {
    let mut run = Run::default();
    let mut journal = Vec::new();
    let mut tell = |run: &mut Run, kind| {
        let event = Event {
            at: Timestamp(1000),
            seed: 1,
            facts: Facts::new(),
            kind,
        };
        step(definition, run, &event).unwrap();
        journal.push(event);
    };
    tell(&mut run, EventKind::RunStarted(Box::new(request())));
    let ready = run.next_ready().unwrap();
    let (task, attempt) = (ready.task, ready.attempt);
    tell(
        &mut run,
        EventKind::AttemptStarted(AttemptStarted { task, attempt }),
    );
    tell(
        &mut run,
        EventKind::AttemptFinished(Box::new(AttemptFinished {
            task,
            attempt,
            outcome: Outcome::Succeeded(Value::Null),
            usage: Usage::default(),
        })),
    );
    journal
}

fn about(name: &str) -> Explanation {
    let parsed = spec::parse_with(SOURCE, &Options::inline());
    let definition = parsed.definition.unwrap();
    let journal = journal(&definition);
    explain(&definition, &journal, &About::Name(name.into()))
        .unwrap()
        .unwrap()
}

#[test]
fn an_entry_task_says_where_it_led() {
    let a = about("a");
    assert_eq!(a.status, Some(TaskStatus::Completed));
    assert_eq!(a.reasons[0], Reason::First { of: "entry" });
    let next = ["b", "j"].map(Into::into).to_vec();
    assert!(matches!(&a.reasons[1], Reason::Ended { next: led, .. } if led[..1] == next[..1]));
}

#[test]
fn a_skipped_task_shows_its_condition() {
    let b = about("b");
    assert_eq!(b.status, Some(TaskStatus::Skipped));
    let condition = b.reasons.iter().find_map(|reason| match reason {
        Reason::Condition(seen) => Some(seen),
        Reason::First { .. }
        | Reason::Led { .. }
        | Reason::Unfinished { .. }
        | Reason::Join { .. }
        | Reason::Waits(_)
        | Reason::Ended { .. }
        | Reason::Stopped
        | Reason::Closed { .. } => None,
    });
    assert_eq!(condition.unwrap().held, Ok(false));
}

#[test]
fn a_delayed_task_says_until_when() {
    let c = about("c");
    assert_eq!(c.status, Some(TaskStatus::Waiting));
    let until = Some(Timestamp(6000));
    assert!(c.reasons.contains(&Reason::Waits(Wait::Delay { until })));
}

#[test]
fn a_join_says_what_is_missing() {
    let j = about("j");
    assert_eq!(j.status, None);
    assert!(j.reasons.contains(&Reason::Join {
        needs: 2,
        arrivals: vec![("a".into(), "waiting")],
        missing: vec!["c".into()],
    }));
}

#[test]
fn a_handler_that_was_not_needed_says_so() {
    let h = about("h");
    let led = matches!(&h.reasons[0], Reason::Led { from, led: false, .. } if &**from == "a");
    assert!(led, "{:?}", h.reasons);
}

#[test]
fn a_ready_task_says_who_is_before_it() {
    let x = about("x");
    assert_eq!(x.status, Some(TaskStatus::Scheduled));
    assert!(
        x.reasons
            .contains(&Reason::Waits(Wait::Runner { ahead: 0 }))
    );
}

#[test]
fn a_condition_that_did_not_hold_shows_what_it_saw() {
    let y = about("y");
    let Reason::Led {
        condition: Some(seen),
        led: false,
        ..
    } = &y.reasons[0]
    else {
        panic!("{:?}", y.reasons);
    };
    assert_eq!(seen.held, Ok(false));
    assert_eq!(seen.values, [("vars.n".to_owned(), Value::Int(2))]);
}

#[test]
fn a_task_of_a_run_that_waits_for_its_key_says_so() {
    let source = "
concurrency_key: \"'k'\"
tasks:
- {name: a, action: n.n}
";
    let definition = spec::parse_with(source, &Options::inline())
        .definition
        .unwrap();
    let event = Event {
        at: Timestamp(1000),
        seed: 1,
        facts: Facts::new(),
        kind: EventKind::RunStarted(Box::new(request())),
    };
    let a = explain(&definition, &[event], &About::Name("a".into()))
        .unwrap()
        .unwrap();
    let key = "k".into();
    assert_eq!(a.reasons, [Reason::Waits(Wait::Key { key, queue: None })]);
}

const BLOCK: &str = "
fail_fast: true
tasks:
- name: p
  type: parallel
  tasks:
  - {name: x, action: n.n, on_success: [y, z]}
  - {name: y, action: n.n, delay: 5, on_success: z}
  - {name: z, action: n.n, join: all}
";

#[test]
fn a_join_in_a_block_tells_the_arrivals_of_its_block() {
    let definition = spec::parse_with(BLOCK, &Options::inline())
        .definition
        .unwrap();
    let journal = journal(&definition);
    let z = explain(&definition, &journal, &About::Name("z".into()))
        .unwrap()
        .unwrap();
    assert!(z.reasons.contains(&Reason::Join {
        needs: 2,
        arrivals: vec![("x".into(), "waiting")],
        missing: vec!["y".into()],
    }));
}
