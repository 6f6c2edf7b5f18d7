//! The form of a rehearsal file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::event::CancelMode;

/// One case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Names it.
    pub id: String,
    /// For people.
    #[serde(default)]
    pub title: String,
    /// The workflow itself, or a path to it.
    pub workflow: Json,
    /// Children by their ref.
    #[serde(default)]
    pub workflows: BTreeMap<String, Json>,
    /// Parameters.
    #[serde(default)]
    pub inputs: Option<Json>,
    /// `pack.config`.
    #[serde(default)]
    pub pack_config: Option<Json>,
    /// What `kv.get` and `kv.get_secret` find.
    #[serde(default)]
    pub kv: BTreeMap<String, Json>,
    /// How actions answer.
    #[serde(default)]
    pub mocks: Vec<Mock>,
    /// What people do meanwhile.
    #[serde(default)]
    pub ops: Vec<Op>,
    /// A rerun after the first end.
    #[serde(default)]
    pub rerun: Option<Rerun>,
    /// What must come out.
    #[serde(default)]
    pub expect: Expect,
    /// Why the file's words for it make no sense.
    #[serde(skip)]
    pub broken: Option<String>,
}

impl Case {
    pub(super) fn broken(id: String, why: String) -> Self {
        Self {
            id,
            broken: Some(why),
            ..Self::default()
        }
    }
}

/// How an action answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mock {
    /// The task.
    pub task: String,
    /// How the attempt ends.
    #[serde(default)]
    pub status: Option<MockStatus>,
    /// Its error.
    #[serde(default)]
    pub error: Option<MockError>,
    /// Its result.
    #[serde(default)]
    pub result: Json,
    /// For how many attempts.
    #[serde(default = "once")]
    pub times: u32,
    /// Only for this item.
    #[serde(default)]
    pub index: Option<u32>,
    /// Only in this visit.
    #[serde(default)]
    pub visit: Option<u32>,
    /// How long it takes.
    #[serde(default)]
    pub takes: Option<Json>,
}

fn once() -> u32 {
    1
}

/// How a mocked attempt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MockStatus {
    /// With its result.
    Succeeded,
    /// With its error.
    Failed,
    /// By its timeout.
    Timeout,
}

/// The error of a mocked attempt.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MockError {
    /// Its type.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// Its message.
    #[serde(default)]
    pub message: Option<String>,
    /// More.
    #[serde(default)]
    pub details: Json,
    /// Whether a retry may mend it. Without it, only what the engine itself would not try again
    /// is not: an `input`, `expression_error` or `denied`.
    #[serde(default)]
    pub retryable: Option<bool>,
    /// The opposite of `retryable`, in the words of actions.
    #[serde(default)]
    pub permanent: Option<bool>,
}

/// What somebody does while the run goes on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Op {
    /// After this task (`t[1]`: its item 1), before its transitions.
    #[serde(default)]
    pub after: Option<String>,
    /// At a status of the run, or at a virtual time.
    #[serde(default)]
    pub at: Option<Json>,
    /// What.
    pub op: OpKind,
    /// The task that is answered.
    #[serde(default)]
    pub task: Option<String>,
    /// The answer.
    #[serde(default)]
    pub value: Json,
    /// How to cancel.
    #[serde(default)]
    pub mode: CancelMode,
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpKind {
    /// Pauses the run.
    Pause,
    /// Lets it go on.
    Resume,
    /// Cancels it.
    Cancel,
    /// Answers an inquiry.
    Respond,
}

/// A rerun.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rerun {
    /// Named tasks; empty is every unhandled failure.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Whether succeeded items run again too.
    #[serde(default)]
    pub reset: bool,
    /// These replace what is left of the mocks.
    #[serde(default)]
    pub mocks: Option<Vec<Mock>>,
}

/// What must come out; what is not named is not looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The run's status.
    #[serde(default)]
    pub status: Option<String>,
    /// Tasks in the order of dispatch, one entry per visit.
    #[serde(default)]
    pub sequence: Option<Vec<String>>,
    /// Visits per task.
    #[serde(default)]
    pub counts: BTreeMap<String, u32>,
    /// Status of tasks; null for one that was never reached.
    #[serde(default)]
    pub tasks: BTreeMap<String, Option<String>>,
    /// Rendered inputs, one per execution.
    #[serde(default)]
    pub inputs_of: BTreeMap<String, Vec<Json>>,
    /// The output.
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Json>,
    /// Types of unhandled failures, among others.
    #[serde(default)]
    pub errors: Vec<String>,
    /// Codes of warnings, among others.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Codes of errors, among others: the file must be refused.
    #[serde(default)]
    pub invalid: Option<Vec<String>>,
    /// The inputs must be refused.
    #[serde(default)]
    pub input_error: bool,
    /// The rerun must be refused with this code.
    #[serde(default)]
    pub rerun_error: Option<String>,
}

/// Reads a field that may be null but, if it is, was given.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}
