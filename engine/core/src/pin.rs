//! What a run is pinned to: exact revisions of its workflow and of everything it can reach,
//! fixed when it starts, so that later uploads change nothing in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::Digest;
use crate::value::Value;

/// An exact revision of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowPin {
    /// `pack.name`.
    pub reference: Arc<str>,
    /// The server's number of this content.
    pub revision: u32,
    /// SHA-256 of the source.
    pub digest: Digest,
}

/// An exact revision of an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionPin {
    /// `pack.name`.
    pub reference: Arc<str>,
    /// The server's number of this content.
    pub revision: u32,
    /// SHA-256 of the component.
    pub digest: Digest,
    /// Which function of the component is called.
    pub invocation: Invocation,
    /// Nothing outside can see the attempt: it may run ahead of the disk.
    pub pure: bool,
    /// Same input, same bytes: results may be reused.
    pub cacheable: bool,
    /// The action's own limits, within the operator's ceiling.
    pub limits: AttemptLimits,
    /// It comes with the engine, and so works for whoever calls it.
    pub builtin: bool,
}

impl ActionPin {
    /// Returns the pack whose configuration, kv and secrets the action sees when `workflow` calls
    /// it: its own, or the workflow's if it comes with the engine.
    #[must_use]
    pub fn pack<'a>(&'a self, workflow: &'a str) -> &'a str {
        let owner = if self.builtin {
            workflow
        } else {
            &self.reference
        };
        pack_of(owner)
    }
}

/// Returns the pack of a reference, with or without a revision: `shop` of `shop.order@3`.
#[must_use]
pub fn pack_of(reference: &str) -> &str {
    let end = reference.find(['.', '@']);
    end.map_or(reference, |end| &reference[..end])
}

/// How a component is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Invocation {
    /// `attune:action/handler#run`: JSON text to JSON text.
    Handler,
    /// Any other exported function, by WIT values.
    Typed {
        /// The interface with its version, `None` for a bare function.
        interface: Option<Arc<str>>,
        /// The function.
        function: Arc<str>,
    },
    /// `wasi:cli/run`: stdin to stdout.
    Command {
        /// Arguments, each a template over `input`.
        args: Vec<String>,
        /// Environment, each value a template over `input`.
        env: Vec<(String, String)>,
        /// What stands on stdin; `None` is the whole input as JSON.
        stdin: Option<String>,
    },
}

/// What one attempt may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptLimits {
    /// Fuel units.
    pub fuel: u64,
    /// Wall clock, milliseconds.
    pub timeout_ms: u64,
    /// All memories together, bytes.
    pub memory_bytes: u64,
    /// The result, bytes.
    pub output_bytes: u64,
    /// Log, stdout and stderr together, bytes.
    pub log_bytes: u64,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self {
            fuel: 10_000_000_000,
            timeout_ms: 30_000,
            memory_bytes: 64 << 20,
            output_bytes: 1 << 20,
            log_bytes: 256 << 10,
        }
    }
}

/// Everything a run is pinned to. Children share it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pins {
    /// By the reference as the file writes it.
    pub actions: BTreeMap<Arc<str>, ActionPin>,
    /// By the reference as the file writes it: every workflow the run can reach.
    pub workflows: BTreeMap<Arc<str>, WorkflowPin>,
    /// `pack.config` of each pack whose workflow the run can reach.
    pub configs: BTreeMap<Arc<str>, Value>,
}
