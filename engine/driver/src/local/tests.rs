//! The pool gives every attempt back exactly once, whatever the runner does.

use std::collections::BTreeSet;

use attune_core::event::AttemptContext;
use attune_core::pin::{ActionPin, AttemptLimits, Invocation};
use attune_core::{Digest, RunId, TaskId, Timestamp, Value};

use super::*;

/// Succeeds, panics or waits to be stopped, by the input.
struct Scripted;

impl Runner for Scripted {
    async fn run(&self, attempt: Attempt, stop: CancellationToken) -> Finished {
        let outcome = match attempt.input.as_str() {
            Some("panic") => panic!("scripted"),
            Some("wait") => {
                stop.cancelled().await;
                Outcome::Interrupted
            }
            _ => Outcome::Succeeded(attempt.input),
        };
        Finished {
            id: attempt.id,
            outcome,
            usage: Usage::default(),
            logs: Vec::new(),
        }
    }
}

fn attempt(task: u64, input: &str) -> Box<Attempt> {
    let id = AttemptId {
        run: RunId(1),
        task: TaskId(task),
        attempt: 1,
    };
    Box::new(Attempt {
        id,
        name: "t".into(),
        action: ActionPin {
            reference: "core.echo".into(),
            revision: 1,
            digest: Digest([0; 32]),
            invocation: Invocation::Handler,
            pure: true,
            cacheable: true,
            limits: AttemptLimits::default(),
            builtin: false,
        },
        pack: "core".into(),
        config: Value::Null,
        input: Value::from(input),
        limits: AttemptLimits::default(),
        context: AttemptContext {
            first_started: Timestamp(0),
            deadline: None,
            timeout: None,
            seed: 0,
            idempotency_key: Digest([0; 32]),
        },
        started: Timestamp(0),
        pure: true,
        cache: None,
    })
}

#[tokio::test]
async fn every_attempt_comes_back_once() {
    let pool = LocalDispatch::new(Arc::new(Scripted), 3, Handle::current());
    pool.offer(attempt(1, "ok")).unwrap();
    pool.offer(attempt(2, "panic")).unwrap();
    pool.offer(attempt(3, "wait")).unwrap();
    assert_eq!(pool.offer(attempt(4, "ok")), Err(Full(attempt(4, "ok"))));
    pool.interrupt(attempt(3, "").id);

    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let finished = pool.finished().await;
        let expected = match finished.id.task.0 {
            1 => matches!(finished.outcome, Outcome::Succeeded(_)),
            2 => matches!(&finished.outcome, Outcome::Failed(f) if f.retryable),
            _ => finished.outcome == Outcome::Interrupted,
        };
        assert!(expected, "{finished:?}");
        assert!(seen.insert(finished.id), "{finished:?} came twice");
    }
    pool.offer(attempt(4, "ok")).unwrap();
    assert_eq!(pool.finished().await.id.task, TaskId(4));
}
