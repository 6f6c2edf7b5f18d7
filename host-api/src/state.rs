//! What the host functions of one attempt work on.

use std::sync::{Arc, Mutex, PoisonError};

use attune_core::{AttemptId, Digest, Timestamp, Value};

use crate::backend::Backend;
use crate::grants::Grants;
use crate::http::Placeholders;
use crate::logbook::Logbook;

/// What the attempt is about: everything `context` and `config` answer.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Which attempt.
    pub id: AttemptId,
    /// The action, `pack.name`.
    pub action: Arc<str>,
    /// Its revision.
    pub revision: u32,
    /// Whose configuration, kv and secrets it may see.
    pub pack: Arc<str>,
    /// The pack's configuration.
    pub config: Value,
    /// When the attempt will be ended, by the guest's wall clock.
    pub deadline: Timestamp,
    /// The same for all attempts of the task execution.
    pub idempotency_key: Digest,
}

/// State of one attempt's host functions.
pub struct HostState {
    /// What it is about.
    pub subject: Subject,
    /// What it may do.
    pub grants: Arc<Grants>,
    /// What it wrote; shared with stdout and stderr.
    pub logbook: Arc<Mutex<Logbook>>,
    /// The last `progress`, percent and message.
    pub progress: Option<(u8, Arc<str>)>,
    /// What stands for secrets in headers.
    pub placeholders: Arc<Placeholders>,
    /// Secrets that the guest was given, by name: what it gives back must not show them.
    pub secrets_given: Vec<(String, String)>,
    /// Where kv and secrets are.
    pub backend: Arc<dyn Backend>,
}

impl HostState {
    /// Runs `write` on the log. The lock is never held across a wait.
    pub(crate) fn with_log<T>(&self, write: impl FnOnce(&mut Logbook) -> T) -> T {
        write(&mut self.logbook.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for HostState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostState")
            .field("id", &self.subject.id)
            .field("grants", &self.grants)
            .finish_non_exhaustive()
    }
}
