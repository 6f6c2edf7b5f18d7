//! How mocked actions answer: mocks are used up in order, per task.

use crate::error::{Failure, Source, kind};
use crate::event::Outcome;
use crate::time::Millis;
use crate::value::Value;

use super::case::{Mock, MockStatus};

/// What the engine reports of an attempt and does not try again by default.
const NOT_RETRIED: [&str; 3] = [kind::INVALID_INPUT, kind::EXPRESSION, kind::DENIED];

/// What is left of a case's mocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Mocks {
    left: Vec<Mock>,
}

/// An answer, and how long it takes.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) takes: Millis,
}

impl Answer {
    fn default_success() -> Self {
        Self {
            outcome: Outcome::Succeeded(Value::Null),
            takes: Millis(0),
        }
    }

    fn of(mock: &Mock) -> Self {
        let failed = mock.error.is_some();
        let status = mock.status.unwrap_or(if failed {
            MockStatus::Failed
        } else {
            MockStatus::Succeeded
        });
        let outcome = match status {
            MockStatus::Succeeded => Outcome::Succeeded(Value::from_serde(&mock.result)),
            MockStatus::Failed => Outcome::Failed(failure(mock)),
            MockStatus::Timeout => Outcome::TimedOut,
        };
        Self {
            outcome,
            takes: mock.takes.as_ref().and_then(length).unwrap_or_default(),
        }
    }
}

impl Mocks {
    pub(super) fn new(mocks: &[Mock]) -> Self {
        Self {
            left: mocks.to_vec(),
        }
    }

    /// Uses up the next answer of a task's execution, a success without one.
    pub(super) fn answer(&mut self, task: &str, item: Option<u32>, visit: u32) -> Answer {
        self.given(task, item, visit)
            .unwrap_or_else(Answer::default_success)
    }

    /// Uses up the next answer of a task's execution, if one is given.
    pub(super) fn given(&mut self, task: &str, item: Option<u32>, visit: u32) -> Option<Answer> {
        let fits = |mock: &&mut Mock| {
            mock.task == task
                && mock.times > 0
                && mock.index.is_none_or(|index| index == item.unwrap_or(0))
                && mock.visit.is_none_or(|wanted| wanted == visit)
        };
        let mock = self.left.iter_mut().find(fits)?;
        mock.times -= 1;
        Some(Answer::of(mock))
    }
}

fn failure(mock: &Mock) -> Failure {
    let error = mock.error.as_ref();
    let named = error.and_then(|error| error.kind.as_deref());
    let message = error.and_then(|error| error.message.as_deref());
    let details = error.map(|error| Value::from_serde(&error.details));
    let named = named.unwrap_or(kind::ACTION_FAILED);
    let said = error.and_then(|error| error.retryable.or(error.permanent.map(|never| !never)));
    Failure {
        kind: named.into(),
        source: Source::Action,
        message: message.unwrap_or("the mocked action failed").into(),
        details: details.unwrap_or_default(),
        retryable: said.unwrap_or(!NOT_RETRIED.contains(&named)),
    }
}

/// Reads a duration: seconds or a text with a unit.
pub(super) fn length(json: &serde_json::Value) -> Option<Millis> {
    let seconds = || json.as_f64().and_then(Millis::from_secs_f64);
    json.as_str().map_or_else(seconds, Millis::parse)
}
