//! Parallel blocks: a graph of their own, entered when the block starts and left when nothing in
//! it is pending.

use std::sync::Arc;

use crate::definition::TaskKind;
use crate::error::{Failure, kind};
use crate::run::{Graph, GraphId, Kind, Start, State, TimerKind, Unhandled, VisitId};
use crate::value::Value;

use super::cut::Cut;
use super::machine::{Flow, Machine};
use super::settle::End;
use super::view::sub_visits;

impl Machine<'_> {
    /// Starts an execution that the machine itself runs.
    pub(super) fn start_own(&mut self, visit: VisitId, index: u32, kind: Kind) -> Flow {
        self.take_place(visit, index, State::Waiting);
        match kind {
            Kind::Block => self.enter_block(visit),
            Kind::Child => self.start_child(visit, index),
            Kind::Sleep => self.start_sleep(visit, index),
            Kind::Inquiry => self.open_inquiry(visit, index),
            Kind::Action => Ok(()),
        }
    }

    /// Ends an execution of the machine's own.
    pub(super) fn end_own(&mut self, visit: VisitId, index: u32, end: End) -> Flow {
        self.vacate(visit);
        self.end_attempt(visit, index, end)
    }

    fn enter_block(&mut self, visit: VisitId) -> Flow {
        let task = self.task(visit);
        let TaskKind::Parallel { entry, .. } = &task.kind else {
            return Ok(());
        };
        let limit = match self.concurrency(visit)? {
            Ok(limit) => limit,
            Err(message) => {
                let message = format!("`concurrency`: {message}");
                let failure = Failure::engine(kind::EXPRESSION, message);
                return self.end_own(visit, 0, End::failed(failure));
            }
        };
        let inner = GraphId(self.run.graphs.len() as u32);
        let outer = self.run.visit(visit).start.clone();
        self.run.graphs.push(Arc::new(Graph {
            owner: Some((visit, outer.graph)),
            limit,
            ..Graph::default()
        }));
        self.execution_mut(visit, 0).graph = Some(inner);
        self.show(visit, 0, crate::run::TaskStatus::Running);
        self.set_own_timeout(visit, 0);
        for &task in entry {
            self.begin(Start {
                task,
                graph: inner,
                exempt: false,
                cause: Some(visit),
                joined: Vec::new(),
                reuse: None,
                ..outer.clone()
            })?;
        }
        if self.run.graph(inner).live == 0 {
            self.end_block(inner)?;
        }
        Ok(())
    }

    /// Sets the timer of an execution whose timeout no runner enforces.
    pub(super) fn set_own_timeout(&mut self, visit: VisitId, index: u32) {
        if let Some(timeout) = self.run.visit(visit).work.plan(index).timeout {
            let due = self.at.after(timeout);
            let timer = self.set_timer(due, TimerKind::Timeout(visit, index));
            self.execution_mut(visit, index).timer = Some(timer);
        }
    }

    /// A block's timeout has passed: what is in it is cancelled, and it ends once nothing runs.
    pub(super) fn block_timed_out(&mut self, visit: VisitId) {
        let graph = self
            .run
            .visit(visit)
            .work
            .execution(0)
            .and_then(|block| block.graph);
        let Some(graph) = graph else { return };
        self.run.graph_mut(graph).timed_out = true;
        self.cut_inside(visit, Cut::WITH_BLOCK);
    }

    /// Nothing in a block is pending any more.
    pub(super) fn end_block(&mut self, graph: GraphId) -> Flow {
        let Some((visit, outer)) = self.run.graph(graph).owner else {
            return Ok(());
        };
        let start = self.run.visit(visit).start.clone();
        let ended = self.run.is_ended(start.tier);
        let stopped = self.run.is_closed(start.tier) || self.run.is_stopped(outer, start.exempt);
        if !ended && !self.run.graph(graph).timed_out {
            self.report_unreachable(graph);
        }
        self.surface_vars(graph, outer);
        let state = self.run.graph(graph);
        let cut_off = ended || (stopped && !state.not_started.is_empty());
        let end = if state.timed_out {
            End::timed_out("the block")
        } else if cut_off {
            End::cancelled()
        } else {
            let failure = parallel_failed(&state.failures, self);
            End {
                result: self.block_result(visit),
                ..failure.map_or_else(|| End::ok(Value::Null), End::failed)
            }
        };
        if cut_off && !ended {
            self.run.graph_mut(outer).not_started.push(start);
        }
        self.end_own(visit, 0, end)
    }

    /// Returns the results of a block's tasks by name, in the file's order.
    fn block_result(&self, visit: VisitId) -> Value {
        let results = sub_visits(self.run, self.run.visit(visit)).map(|sub| {
            let found = self.run.visit(sub);
            (
                Arc::clone(self.task_named(found.task())),
                found.result.clone(),
            )
        });
        Value::map(results)
    }
}

fn parallel_failed(failures: &[Unhandled], machine: &Machine<'_>) -> Option<Failure> {
    let first = failures.first()?;
    let names: Vec<Value> = failures
        .iter()
        .filter_map(|unhandled| unhandled.task)
        .map(|task| Value::Text(Arc::clone(machine.task_named(task))))
        .collect();
    let message = format!("a task of the block failed: {}", first.failure.message);
    let by_command = *first.failure.kind == *kind::FAILED_BY_COMMAND;
    let kind = if by_command {
        kind::FAILED_BY_COMMAND
    } else {
        kind::PARALLEL_FAILED
    };
    let failure = Failure::engine(kind, message).retryable();
    Some(failure.with_details(Value::map([("tasks", Value::list(names))])))
}
