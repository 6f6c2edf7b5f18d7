//! Where a visit stands: what it waits for, and its place in the queue.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::run::{Gate, Kind, Run, Stage, State, TimerKind, Visit, VisitId};
use crate::time::Timestamp;

use super::Wait;

/// Returns what the run as a whole waits for before its first task.
pub(super) fn gate(run: &Run) -> Option<Wait> {
    match run.gate.as_ref()? {
        Gate::Time(_) => Some(Wait::Timer {
            until: due(run, |kind| kind == TimerKind::Start),
        }),
        Gate::Key(key) => Some(Wait::Key {
            key: Arc::clone(key),
            queue: None,
        }),
        Gate::Open => Some(Wait::Resume),
    }
}

/// Returns what one execution of a visit waits for; `None` once it has ended.
pub(super) fn wait(run: &Run, id: VisitId, index: u32) -> Option<Wait> {
    let visit = run.visit(id);
    match visit.stage {
        Stage::Over => None,
        Stage::Held(_) => Some(Wait::Resume),
        Stage::Delayed => Some(Wait::Delay {
            until: due(run, |kind| kind == TimerKind::Delay(id)),
        }),
        Stage::Keyed => Some(Wait::Key {
            key: visit.key.clone().unwrap_or_else(|| Arc::from("")),
            queue: None,
        }),
        Stage::Open => open(run, id, visit, index),
    }
}

fn open(run: &Run, id: VisitId, visit: &Visit, index: u32) -> Option<Wait> {
    let Some(execution) = visit.work.execution(index) else {
        return Some(queued(run, id, visit));
    };
    match execution.state {
        State::Over => None,
        State::Ready => Some(queued(run, id, visit)),
        State::Flying(_) => Some(Wait::Attempt {
            attempt: execution.attempt,
        }),
        State::Backoff => Some(Wait::Retry {
            until: execution.next_at,
        }),
        State::Waiting => Some(match run.declared(visit.task()).kind {
            Kind::Action | Kind::Sleep => Wait::Timer {
                until: due(run, |kind| {
                    kind == TimerKind::Sleep(id, index) || kind == TimerKind::Timeout(id, index)
                }),
            },
            Kind::Inquiry => Wait::Answer,
            Kind::Child => Wait::Child {
                child: execution.child,
            },
            Kind::Block => Wait::Tasks,
        }),
    }
}

/// Returns what keeps an execution that is ready from starting.
fn queued(run: &Run, id: VisitId, visit: &Visit) -> Wait {
    let ahead =
        |queue: &VecDeque<VisitId>| queue.iter().position(|other| *other == id).unwrap_or(0) as u32;
    if run.pause.is_some() {
        return Wait::Resume;
    }
    let mut around = run.graphs_around(visit.start.graph);
    if let Some(full) = around.find(|graph| run.graph(*graph).parked.contains(&id)) {
        let graph = run.graph(full);
        return Wait::Block {
            limit: graph.limit.unwrap_or(u32::MAX),
            ahead: ahead(&graph.parked),
        };
    }
    let limit = visit.work.limit;
    if visit.work.in_flight >= limit {
        return Wait::Concurrency { limit };
    }
    let limit = run.born().max_parallel;
    let ahead = ahead(&run.ready);
    if run.flights.len() as u64 >= u64::from(limit) {
        Wait::Parallel { limit, ahead }
    } else {
        Wait::Runner { ahead }
    }
}

fn due(run: &Run, wanted: impl Fn(TimerKind) -> bool) -> Option<Timestamp> {
    let timer = run.timers.values().find(|timer| wanted(timer.kind));
    timer.map(|timer| timer.due)
}
